/** 30019 (ours): the calls in progress at this moment. Who wants to see them change listens to the WebSocket `/live`. */
import * as v from 'valibot';
import type { LiveRow } from '../contract.ts';
import { CgiError, json } from '../reply.ts';
import { verb } from '../verb.ts';
import type { LiveCall } from './port.ts';

export const queryLive = verb({
  about: 'the calls in progress',
  right: 'live.read',
  parameters: v.strictObject({}),
  handle(_, { live, zone }) {
    const calls = live.calls();
    if (!calls) throw new CgiError('conflict', 'Asterisk is away: nothing is known of its calls');
    return json({ json_array_live: calls.map((call) => liveRow(call, zone.text)) });
  },
});

/** A call in the names of 9006, where it has the same fields. @param text An epoch on the box's clock. */
export function liveRow(call: LiveCall, text: (epoch: number) => string): LiveRow {
  return {
    id: call.id,
    calldate: text(call.since),
    src: call.src,
    srcname: call.srcName,
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
