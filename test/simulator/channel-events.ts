/** The things that happen to a channel, each a change of its state, the event that Asterisk sends about it, and its mark in the records. */
import type { Header } from './cdr.ts';
import { type Channel, type ChannelState, channelHeaders } from './channel.ts';
import type { Pbx } from './pbx.ts';

/** `Event: VarSet`. */
export function setVariable(pbx: Pbx, channel: Channel, name: string, value: string): void {
  pbx.emitChannel('VarSet', 'dialplan', channel, [
    ['Variable', name],
    ['Value', value],
  ]);
}

/** `Event: Newexten`: the channel runs a dialplan application. */
export function execute(pbx: Pbx, channel: Channel, application: string, data: string): void {
  channel.application = application;
  channel.applicationData = data;
  pbx.cdr.changed(channel);
  pbx.emitChannel('Newexten', 'dialplan', channel, [
    ['Extension', channel.exten],
    ['Application', application],
    ['AppData', data],
  ]);
}

/** `Event: Newstate`. */
export function setState(pbx: Pbx, channel: Channel, state: ChannelState): void {
  channel.state = state;
  pbx.cdr.changed(channel);
  pbx.emitChannel('Newstate', 'call', channel);
}

/** `Event: NewCallerid`. */
export function newCallerId(pbx: Pbx, channel: Channel): void {
  pbx.emitChannel('NewCallerid', 'call', channel, [['CID-CallingPres', '0 (Presentation Allowed, Not Screened)']]);
}

/**
 * `Event: Hangup`, and the channel is gone; then its records. `cause` is a Q.850 number, `text` Asterisk's words for it.
 * `recordsFirst`: another thread writes the records, and may be quicker than the event (as in the recorded failed.ami).
 */
export function hangUp(pbx: Pbx, channel: Channel, cause: number, text: string, recordsFirst = false): void {
  channel.hangupCause = cause;
  const headers = channelHeaders(channel);
  const records = pbx.closeChannel(channel);
  if (recordsFirst) pbx.writeRecords(channel, records);
  pbx.emit('Hangup', 'call', [...headers, ['Cause', String(cause)], ['Cause-txt', text]]);
  if (!recordsFirst) pbx.writeRecords(channel, records);
}

/** `DialBegin` (with the dial string), `DialState` and `DialEnd` (with the status): both channels in one event. */
export function dialEvent(
  pbx: Pbx,
  event: 'DialBegin' | 'DialState' | 'DialEnd',
  caller: Channel,
  callee: Channel,
  last: string,
): void {
  if (event === 'DialBegin') pbx.cdr.dialBegin(caller, callee);
  if (event === 'DialEnd') pbx.cdr.dialEnd(caller, callee, last);
  const name = event === 'DialBegin' ? 'DialString' : 'DialStatus';
  pbx.emitChannel(event, 'call', caller, [...channelHeaders(callee, 'Dest'), [name, last]]);
}

/** What kind of bridge it is, as its events say. `hidden`: members without events of their own, such as an announcer. */
export interface BridgeKind {
  readonly type: string;
  readonly technology: string;
  readonly creator: string;
  readonly name: string;
  readonly hidden: number;
}
export const TWO_PARTY: BridgeKind = {
  type: 'basic',
  technology: 'simple_bridge',
  creator: '<unknown>',
  name: '<unknown>',
  hidden: 0,
};

/** Headers of a bridge with so many channels in it. */
export function bridgeHeaders(id: string, count: number, kind: BridgeKind = TWO_PARTY): readonly Header[] {
  return [
    ['BridgeUniqueid', id],
    ['BridgeType', kind.type],
    ['BridgeTechnology', kind.technology],
    ['BridgeCreator', kind.creator],
    ['BridgeName', kind.name],
    ['BridgeNumChannels', String(count)],
    ['BridgeVideoSourceMode', 'none'],
  ];
}

const members = (pbx: Pbx, id: string): Channel[] => pbx.bridges.get(id) ?? [];

/** `BridgeCreate`; returns the bridge's id. */
export function createBridge(pbx: Pbx, kind: BridgeKind = TWO_PARTY): string {
  const id = [8, 4, 4, 4, 12].map((length) => pbx.random.hex(length)).join('-');
  pbx.bridges.set(id, []);
  pbx.emit('BridgeCreate', 'call', bridgeHeaders(id, 0, kind));
  return id;
}

/** `BridgeEnter`. Calls that meet in a bridge become one: all members take the LinkedID of the oldest channel. */
export function enterBridge(pbx: Pbx, id: string, channel: Channel, kind: BridgeKind = TWO_PARTY): void {
  const inside = members(pbx, id);
  inside.push(channel);
  channel.bridgeId = id;
  // A conference keeps its participants' LinkedIDs apart: seen in a real one.
  if (kind.type === 'basic') {
    const oldest = inside.reduce((first, next) => (older(next.linkedId, first.linkedId) ? next : first)).linkedId;
    for (const member of inside) {
      if (member.linkedId === oldest) continue;
      member.linkedId = oldest;
      pbx.cdr.changed(member);
    }
  }
  pbx.cdr.bridgeEnter(id, channel, inside);
  pbx.emit('BridgeEnter', 'call', [
    ...bridgeHeaders(id, inside.length + kind.hidden, kind),
    ...channelHeaders(channel),
  ]);
}

/** Of two UniqueIDs, is the first one older? */
function older(one: string, other: string): boolean {
  const [second = 0, serial = 0] = one.split('.').map(Number);
  const [otherSecond = 0, otherSerial = 0] = other.split('.').map(Number);
  return second === otherSecond ? serial < otherSerial : second < otherSecond;
}

/** `BridgeLeave`. */
export function leaveBridge(pbx: Pbx, id: string, channel: Channel, kind: BridgeKind = TWO_PARTY): void {
  const inside = members(pbx, id);
  const at = inside.indexOf(channel);
  if (at >= 0) inside.splice(at, 1);
  if (channel.bridgeId === id) channel.bridgeId = '';
  pbx.cdr.bridgeLeave(id, channel);
  pbx.emit('BridgeLeave', 'call', [
    ...bridgeHeaders(id, inside.length + kind.hidden, kind),
    ...channelHeaders(channel),
  ]);
}

/** `BridgeDestroy`. */
export function destroyBridge(pbx: Pbx, id: string, kind: BridgeKind = TWO_PARTY): void {
  pbx.bridges.delete(id);
  pbx.emit('BridgeDestroy', 'call', bridgeHeaders(id, 0, kind));
}
