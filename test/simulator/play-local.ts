/**
 * Local channels: two halves of one wire. The first is dialled, the second runs the dialplan and dials the phone. When both
 * ends are bridged Asterisk takes the wire out of the call (core_unreal.c and bridge.c), unless it was dialled with `/n`.
 * The records of both halves follow: the caller's with `;1`, `;2`'s with the phone, and without /n a third, of the two
 * people. After captured calls; where Asterisk's two threads race, one of their orders is kept.
 */
import type { Header } from './cdr.ts';
import { type Channel, channelHeaders } from './channel.ts';
import {
  createBridge,
  destroyBridge,
  dialEvent,
  enterBridge,
  execute,
  hangUp,
  leaveBridge,
  newCallerId,
  setState,
} from './channel-events.ts';
import { forgetPeers, marksOf, NORMAL, type Play, type Rang, type Ringing, type Stage, type Wire } from './stage.ts';

const prefixed = (channel: Channel, prefix: string): readonly Header[] =>
  channelHeaders(channel).map(([name, value]) => [`${prefix}${name}`, value] as const);

/** The second half of a Local channel is there as soon as the first; it rings at once. */
export function openSecondHalf(stage: Stage, caller: Channel, first: Channel, context: string): void {
  const party = { technology: 'Local' as const, peer: '', context, number: '', name: '' };
  const second = stage.pbx.openChannel(party, first.exten, stage.ledger, { half: first });
  second.state = 'Ring';
  stage.pbx.emitChannel('Newchannel', 'call', second);
  stage.halves.set(first.uniqueId, second);
  stage.marks.set(second.uniqueId, marksOf(stage, caller));
}

/** Dials through the wire: rings until the phone behind it answers (then `;1` is up too) or does not. */
export function* ringThrough(stage: Stage, caller: Channel, { target, callee: first }: Ringing): Play<Rang> {
  const { pbx } = stage;
  const { through } = target;
  const second = stage.halves.get(first.uniqueId);
  const dial = through?.steps.at(-1);
  if (through === undefined || second === undefined || dial?.do !== 'dial')
    throw new Error('no Local channel that dials');
  second.callerNumber = caller.callerNumber;
  second.callerName = caller.callerName;
  second.connectedNumber = first.callerNumber;
  newCallerId(pbx, second);
  pbx.emitChannel('NewConnectedLine', 'call', second);
  pbx.emit('LocalBridge', 'call', [
    ...prefixed(first, 'LocalOne'),
    ...prefixed(second, 'LocalTwo'),
    ['Context', through.context],
    ['Exten', through.exten],
    ['LocalOptimization', through.stays ? 'No' : 'Yes'],
  ]);
  dialEvent(pbx, 'DialBegin', caller, first, `${through.exten}@${through.context}${through.stays ? '/n' : ''}`);
  second.priority = 0;
  yield* stage.play(stage, second, through.steps.slice(0, -1));
  second.priority = through.steps.length;
  const rang = yield* stage.ring(stage, second, dial);
  if (rang.answered === null) {
    hangUp(pbx, second, NORMAL.cause, NORMAL.text);
    dialEvent(pbx, 'DialEnd', caller, first, 'NOANSWER');
    hangUp(pbx, first, NORMAL.cause, NORMAL.text);
    return rang;
  }
  setState(pbx, first, 'Up');
  stage.wires.set(first.uniqueId, { second, phone: rang.answered, bridge: '', stays: through.stays });
  return { answered: first, target };
}

/** The caller has been bridged with the first half: now the second half is bridged with the phone. */
export function joinFarEnd({ pbx }: Stage, wire: Wire): void {
  setState(pbx, wire.second, 'Up');
  wire.bridge = createBridge(pbx);
  execute(pbx, wire.phone, 'AppDial', '(Outgoing Line)');
  enterBridge(pbx, wire.bridge, wire.phone);
  enterBridge(pbx, wire.bridge, wire.second);
}

/** Takes the wire out: the caller takes the second half's place in the phone's bridge, and both halves end. */
export function optimise(stage: Stage, caller: Channel, near: string, first: Channel, { second, bridge }: Wire): void {
  const { pbx } = stage;
  const id: Header = ['Id', '0'];
  const halves = [...prefixed(first, 'LocalOne'), ...prefixed(second, 'LocalTwo')];
  pbx.emit('LocalOptimizationBegin', 'call', [
    ...halves,
    ...prefixed(caller, 'Source'),
    ['DestUniqueId', second.uniqueId],
    id,
  ]);
  leaveBridge(pbx, near, caller);
  leaveBridge(pbx, bridge, second);
  enterBridge(pbx, bridge, caller);
  pbx.emit('LocalOptimizationEnd', 'call', [...halves, id]);
  pbx.emitChannel('SoftHangupRequest', 'call', second, [['Cause', '16']]);
  pbx.emitChannel('HangupRequest', 'call', first, [['Cause', '16']]);
  hangUp(pbx, second, NORMAL.cause, NORMAL.text);
  leaveBridge(pbx, near, first);
  destroyBridge(pbx, near);
  hangUp(pbx, first, NORMAL.cause, NORMAL.text);
  stage.wires.delete(first.uniqueId);
}

/** The wire's first half has hung up: so do the second and the phone. */
export function endWire(stage: Stage, first: Channel): void {
  const { pbx } = stage;
  const wire = stage.wires.get(first.uniqueId);
  if (wire === undefined) return;
  stage.wires.delete(first.uniqueId);
  forgetPeers(pbx, [wire.second, wire.phone]);
  leaveBridge(pbx, wire.bridge, wire.second);
  hangUp(pbx, wire.second, NORMAL.cause, NORMAL.text);
  leaveBridge(pbx, wire.bridge, wire.phone);
  destroyBridge(pbx, wire.bridge);
  hangUp(pbx, wire.phone, NORMAL.cause, NORMAL.text);
}
