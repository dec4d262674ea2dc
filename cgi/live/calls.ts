/** 30019 (ours): the calls in progress at this moment. Who wants to see them change listens to the WebSocket `/live`. */
import * as v from 'valibot';
import type { Contact } from '../../storage/store.ts';
import type { PhoneBook } from '../contact/book.ts';
import type { LiveRow } from '../contract.ts';
import { CgiError, json } from '../reply.ts';
import { verb } from '../verb.ts';
import type { LiveCall } from './port.ts';

export const queryLive = verb({
  about: 'the calls in progress',
  right: 'live.read',
  parameters: v.strictObject({}),
  async handle(_, { live, phoneBook, zone }) {
    const calls = live.calls();
    if (!calls) throw new CgiError('conflict', 'Asterisk is away: nothing is known of its calls');
    return json({ json_array_live: await liveRows(calls, phoneBook, zone.text) });
  },
});

/** Calls in the names of 9006, where they have the same fields. @param text An epoch on the box's clock. */
export async function liveRows(
  calls: readonly LiveCall[],
  phoneBook: Pick<PhoneBook, 'of'>,
  text: (epoch: number) => string,
): Promise<LiveRow[]> {
  const contacts = await phoneBook.of(calls.map(outsider));
  return calls.map((call) => liveRow(call, contacts.get(outsider(call)), text));
}

/** The number whose name a call bears, by the rule of 9006. */
const outsider = ({ callType, src, dst }: LiveCall) => (callType === 'Outbound' ? dst : src);

function liveRow(call: LiveCall, contact: Contact | undefined, text: (epoch: number) => string): LiveRow {
  return {
    id: call.id,
    calldate: text(call.since),
    src: call.src,
    srcname: call.srcName,
    contact: contact?.name ?? '',
    groupname: contact?.group ?? '',
    dst: call.dst,
    channel: call.srcTrunk,
    dstchannel: call.dstTrunk,
    userfield: call.callType,
    state: call.state,
    since: call.since,
    talking: call.talkingSince,
    recording: call.recording ? (call.recording.paused ? 'paused' : 'on') : 'off',
    port: call.port,
  };
}
