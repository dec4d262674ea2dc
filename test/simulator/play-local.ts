/**
 * Local channels: two halves of one wire. The first is dialled, the second runs the dialplan and dials the phone. When both
 * ends are bridged Asterisk takes the wire out of the call (core_unreal.c and bridge.c), unless it was dialled with `/n`.
 * The records of both halves follow: the caller's with `;1`, `;2`'s with the phone, and without /n a third, of the two
 * people. No capture of these events: their order is that of the messages in main/core_local.c and main/bridge.c.
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
  setState,
} from './channel-events.ts';
import { forgetPeers, marksOf, NORMAL, type Play, type Rang, type Ringing, type Stage, type Wire } from './stage.ts';

const prefixed = (channel: Channel, prefix: string): readonly Header[] =>
  channelHeaders(channel).map(([name, value]) => [`${prefix}${name}`, value] as const);

/** Dials through the wire: rings until the phone behind it answers (then `;1` is up too) or does not. */
export function* ringThrough(stage: Stage, caller: Channel, { target, callee: first }: Ringing): Play<Rang> {
  const { pbx } = stage;
  const { through } = target;
  if (through === undefined) throw new Error('not a Local channel');
  const party = {
    technology: 'Local' as const,
    peer: '',
    context: through.context,
    number: caller.callerNumber,
    name: caller.callerName,
  };
  const second = pbx.openChannel(party, through.exten, stage.ledger, { half: first });
  pbx.emitChannel('Newchannel', 'call', second);
  stage.marks.set(second.uniqueId, marksOf(stage, caller));
  pbx.emit('LocalBridge', 'call', [
    ...prefixed(first, 'LocalOne'),
    ...prefixed(second, 'LocalTwo'),
    ['Context', through.context],
    ['Exten', through.exten],
    ['LocalOptimization', through.stays ? 'No' : 'Yes'],
  ]);
  dialEvent(pbx, 'DialBegin', caller, first, `${through.exten}@${through.context}${through.stays ? '/n' : ''}`);
  setState(pbx, second, 'Ring');
  const dial = through.steps.at(-1);
  second.priority = 0;
  yield* stage.play(stage, second, through.steps.slice(0, -1));
  if (dial?.do !== 'dial') throw new Error('the last step behind a Local channel dials');
  second.priority = through.steps.length;
  const rang = yield* stage.ring(stage, second, dial);
  if (rang.answered === null) {
    hangUp(pbx, second, NORMAL.cause, NORMAL.text);
    dialEvent(pbx, 'DialEnd', caller, first, 'NOANSWER');
    hangUp(pbx, first, NORMAL.cause, NORMAL.text);
    return rang;
  }
  const phone = rang.answered;
  setState(pbx, first, 'Up');
  const bridge = createBridge(pbx);
  execute(pbx, phone, 'AppDial', '(Outgoing Line)');
  enterBridge(pbx, bridge, phone);
  enterBridge(pbx, bridge, second);
  stage.wires.set(first.uniqueId, { second, phone, bridge, stays: through.stays });
  return { answered: first, target };
}

/** Takes the wire out: the phone moves into the caller's bridge, both halves end. Returns the phone. */
export function optimise(stage: Stage, first: Channel, { second, phone, bridge }: Wire, main: string): Channel {
  const { pbx } = stage;
  const id: Header = ['Id', '0'];
  const halves = [...prefixed(first, 'LocalOne'), ...prefixed(second, 'LocalTwo')];
  pbx.emit('LocalOptimizationBegin', 'call', [...halves, ...prefixed(phone, 'Source'), ['DestUniqueId', main], id]);
  leaveBridge(pbx, bridge, phone);
  leaveBridge(pbx, main, first);
  enterBridge(pbx, main, phone);
  pbx.emit('LocalOptimizationEnd', 'call', [...halves, id]);
  leaveBridge(pbx, bridge, second);
  destroyBridge(pbx, bridge);
  hangUp(pbx, first, NORMAL.cause, NORMAL.text);
  hangUp(pbx, second, NORMAL.cause, NORMAL.text);
  stage.wires.delete(first.uniqueId);
  return phone;
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
