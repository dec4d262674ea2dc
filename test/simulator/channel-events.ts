/** The things that happen to a channel, each a change of its state and the event that Asterisk sends about it. */
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
  pbx.emitChannel('Newexten', 'dialplan', channel, [
    ['Extension', channel.exten],
    ['Application', application],
    ['AppData', data],
  ]);
}

/** `Event: Newstate`. */
export function setState(pbx: Pbx, channel: Channel, state: ChannelState): void {
  channel.state = state;
  pbx.emitChannel('Newstate', 'call', channel);
}

/** `Event: Hangup`, and the channel is gone. `cause` is a Q.850 number, `text` Asterisk's words for it. */
export function hangUp(pbx: Pbx, channel: Channel, cause: number, text: string): void {
  pbx.emitChannel('Hangup', 'call', channel, [
    ['Cause', String(cause)],
    ['Cause-txt', text],
  ]);
  pbx.closeChannel(channel);
}

/** `DialBegin` (with the dial string), `DialState` and `DialEnd` (with the status): both channels in one event. */
export function dialEvent(
  pbx: Pbx,
  event: 'DialBegin' | 'DialState' | 'DialEnd',
  caller: Channel,
  callee: Channel,
  last: string,
): void {
  const name = event === 'DialBegin' ? 'DialString' : 'DialStatus';
  pbx.emitChannel(event, 'call', caller, [...channelHeaders(callee, 'Dest'), [name, last]]);
}

/** `BridgeCreate`, `BridgeEnter`, `BridgeLeave`, `BridgeDestroy`; `count` channels are in the bridge after it. */
export function bridgeEvent(pbx: Pbx, event: string, id: string, count: number, channel?: Channel): void {
  const bridge: readonly Header[] = [
    ['BridgeUniqueid', id],
    ['BridgeType', 'basic'],
    ['BridgeTechnology', 'simple_bridge'],
    ['BridgeCreator', '<unknown>'],
    ['BridgeName', '<unknown>'],
    ['BridgeNumChannels', String(count)],
    ['BridgeVideoSourceMode', 'none'],
  ];
  pbx.emit(event, 'call', channel === undefined ? bridge : [...bridge, ...channelHeaders(channel)]);
}
