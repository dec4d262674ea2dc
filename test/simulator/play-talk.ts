/**
 * What follows an answer: the two are in a bridge, talk, and the caller hangs up (real/internal.ami, outbound.ami), or is
 * transferred, parked, or kept waiting for a second call first (captured, but for a parked call that nobody fetches).
 */
import { type Channel, channelHeaders } from './channel.ts';
import {
  type BridgeKind,
  bridgeHeaders,
  createBridge,
  destroyBridge,
  enterBridge,
  execute,
  hangUp,
  leaveBridge,
  setState,
} from './channel-events.ts';
import type { Happening, Talk } from './plan.ts';
import { endWire, joinFarEnd, optimise } from './play-local.ts';
import {
  arrive,
  callIn,
  connect,
  forgetPeers,
  gosub,
  leaveAndHangUp,
  marksOf,
  NORMAL,
  type Play,
  type Stage,
  tellPeers,
  tellTimes,
  wait,
} from './stage.ts';

/** From the moment that a Local channel's ends are bridged until it is gone from the call. */
const OPTIMISE_SECONDS = 0.1;
const PARKING: BridgeKind = {
  type: 'parking',
  technology: 'holding_bridge',
  creator: '<unknown>',
  name: 'default',
  hidden: 0,
};

interface Pair {
  readonly caller: Channel;
  callee: Channel;
  bridge: string;
  readonly dialStart: number;
  readonly answered: number;
  /** The caller is in Dial, which tells its times at the end. */
  inDial: boolean;
}

/** Plays a talk from the answer to the end of the caller's channel. `atEnd` speaks in the callee's thread before he goes. */
export function* converse(
  stage: Stage,
  caller: Channel,
  callee: Channel,
  talk: Talk,
  dialStart: number,
  atEnd: (() => void) | null,
  recordsFirst = false,
): Play {
  const { pbx } = stage;
  const answered = pbx.clock.now();
  const bridge = connect(stage, caller, callee, atEnd === null ? 'Dial' : 'Queue');
  const pair: Pair = { caller, callee, bridge, dialStart, answered, inDial: atEnd === null };
  let { seconds } = talk;
  const wire = stage.wires.get(callee.uniqueId);
  if (wire !== undefined) joinFarEnd(stage, wire);
  if (wire !== undefined && !wire.stays) {
    const short = Math.min(OPTIMISE_SECONDS, seconds);
    yield* wait(stage, short);
    seconds -= short;
    optimise(stage, caller, bridge, callee, wire);
    Object.assign(pair, { callee: wire.phone, bridge: wire.bridge });
    tellPeers(pbx, [pair.callee, caller]);
  }
  yield* wait(stage, seconds);
  if (talk.then !== undefined) {
    const goesOn = yield* happen(stage, pair, talk.then);
    if (!goesOn) return;
  }
  part(stage, pair, talk.calleeLeavesFirst, atEnd, recordsFirst);
}

/** The caller hangs up. Two threads of Asterisk end the call; their events interleave as `calleeLeavesFirst` says. */
function part(
  stage: Stage,
  pair: Pair,
  calleeLeavesFirst: boolean,
  atEnd: (() => void) | null,
  recordsFirst: boolean,
): void {
  const { pbx } = stage;
  const { caller, callee, bridge } = pair;
  const cause = ['Cause', String(NORMAL.cause)] as const;
  pbx.emitChannel('HangupRequest', 'call', caller, [cause]);
  forgetPeers(pbx, [caller, callee]);
  leaveBridge(pbx, bridge, caller);
  const calleeEnds = (): void => {
    destroyBridge(pbx, bridge);
    atEnd?.();
    hangUp(pbx, callee, NORMAL.cause, NORMAL.text);
    endWire(stage, callee);
  };
  if (calleeLeavesFirst) leaveBridge(pbx, bridge, callee);
  if (pair.inDial) tellTimes(stage, caller, pair.dialStart, pair.answered);
  pbx.emitChannel('SoftHangupRequest', 'call', caller, [cause]);
  if (calleeLeavesFirst) calleeEnds();
  hangUp(pbx, caller, NORMAL.cause, NORMAL.text, recordsFirst);
  if (!calleeLeavesFirst) {
    leaveBridge(pbx, bridge, callee);
    calleeEnds();
  }
}

/** True = the pair talks on (with whoever is in it now) and must part; false = all has ended. */
function* happen(stage: Stage, pair: Pair, then: Happening): Play<boolean> {
  switch (then.what) {
    case 'blindTransfer':
      return yield* blindTransfer(stage, pair, then);
    case 'attendedTransfer':
      return yield* attendedTransfer(stage, pair, then);
    case 'park':
      return yield* park(stage, pair, then);
    case 'secondCall':
      return yield* secondCall(stage, pair, then);
  }
}

/** Says that one of the two has sent the other to `exten`. */
function tellBlindTransfer(
  { pbx }: Stage,
  by: Channel,
  sent: Channel,
  bridge: string,
  context: string,
  exten: string,
): void {
  pbx.emit('BlindTransfer', 'call', [
    ['Result', 'Success'],
    ...channelHeaders(by).map(([name, value]) => [`Transferer${name}`, value] as const),
    ...channelHeaders(sent).map(([name, value]) => [`Transferee${name}`, value] as const),
    ...bridgeHeaders(bridge, 2),
    ['IsExternal', 'Yes'],
    ['Context', context],
    ['Extension', exten],
  ]);
}

/** The one who was sent leaves the bridge to run the dialplan; the one who sent him is gone. */
function* blindTransfer(
  stage: Stage,
  { caller, callee, bridge }: Pair,
  then: Extract<Happening, { what: 'blindTransfer' }>,
): Play<boolean> {
  const { pbx } = stage;
  const [by, sent] = then.by === 'callee' ? [callee, caller] : [caller, callee];
  tellBlindTransfer(stage, by, sent, bridge, then.context, then.exten);
  // The new extension is set while the two are still bridged: it stands in the first record too (captured).
  Object.assign(sent, { context: then.context, exten: then.exten, priority: 0 });
  pbx.cdr.changed(sent);
  forgetPeers(pbx, [caller, callee]);
  // Who called leaves first, whichever of them is sent.
  leaveBridge(pbx, bridge, caller);
  leaveBridge(pbx, bridge, callee);
  destroyBridge(pbx, bridge);
  hangUp(pbx, by, NORMAL.cause, NORMAL.text);
  // One who answered before is now a caller himself: what the answer noted no longer holds (cdrd-source).
  if (sent === callee) for (const name of ['recordingfile', 'talkstart'] as const) pbx.cdr.setVariable(sent, name, '');
  yield* stage.play(stage, sent, then.steps);
  return false;
}

function* attendedTransfer(
  stage: Stage,
  pair: Pair,
  then: Extract<Happening, { what: 'attendedTransfer' }>,
): Play<boolean> {
  const { pbx } = stage;
  const { caller, callee, bridge } = pair;
  const second = callIn(stage, then.by, then.exten, { callType: 'Internal' });
  arrive(stage, second, then.by);
  gosub(stage, second, { do: 'gosub', entry: then.entry });
  second.priority += 1;
  const talk = { seconds: then.consult, calleeLeavesFirst: false };
  const rang = yield* stage.ring(stage, second, { do: 'dial', targets: [then.target], talk });
  if (rang.answered === null) {
    hangUp(pbx, second, NORMAL.cause, NORMAL.text);
    return true;
  }
  const target = rang.answered;
  const consulting = connect(stage, second, target, 'Dial');
  yield* wait(stage, then.consult);
  // The caller takes the second channel's place.
  leaveBridge(pbx, bridge, caller);
  leaveBridge(pbx, consulting, second);
  enterBridge(pbx, consulting, caller);
  pbx.emit('AttendedTransfer', 'call', [
    ['Result', 'Success'],
    ...channelHeaders(callee).map(([name, value]) => [`OrigTransferer${name}`, value] as const),
    ...bridgeHeaders(bridge, 2).map(([name, value]) => [`Orig${name}`, value] as const),
    ...channelHeaders(second).map(([name, value]) => [`SecondTransferer${name}`, value] as const),
    ...bridgeHeaders(consulting, 2).map(([name, value]) => [`Second${name}`, value] as const),
    ...channelHeaders(caller).map(([name, value]) => [`Transferee${name}`, value] as const),
    ...channelHeaders(target).map(([name, value]) => [`TransferTarget${name}`, value] as const),
    ['IsExternal', 'Yes'],
    ['DestType', 'Bridge'],
    ['DestBridgeUniqueid', consulting],
  ]);
  leaveBridge(pbx, bridge, callee);
  destroyBridge(pbx, bridge);
  pbx.emitChannel('SoftHangupRequest', 'call', second, [['Cause', String(NORMAL.cause)]]);
  hangUp(pbx, second, NORMAL.cause, NORMAL.text);
  hangUp(pbx, callee, NORMAL.cause, NORMAL.text);
  tellPeers(pbx, [caller, target]);
  Object.assign(pair, { callee: target, bridge: consulting });
  yield* wait(stage, then.talk);
  return true;
}

function* park(stage: Stage, pair: Pair, then: Extract<Happening, { what: 'park' }>): Play<boolean> {
  const { pbx } = stage;
  const { caller } = pair;
  const { callee, bridge: first } = pair;
  const lot = createBridge(pbx, PARKING);
  tellBlindTransfer(stage, callee, caller, first, 'parkedcalls', then.lot);
  forgetPeers(pbx, [caller, callee]);
  leaveBridge(pbx, first, caller);
  const place = [
    ...channelHeaders(caller).map(([name, value]) => [`Parkee${name}`, value] as const),
    ['ParkerDialString', callee.name.replace(/-[^-]*$/, '')],
    ['Parkinglot', 'default'],
    ['ParkingSpace', then.space],
    ['ParkingTimeout', '45'],
    ['ParkingDuration', '0'],
  ] as const;
  pbx.emit('ParkedCall', 'call', place);
  pbx.cdr.parked(caller, `default:${then.space}`);
  caller.bridgeId = lot;
  pbx.emit('BridgeEnter', 'call', [...bridgeHeaders(lot, 1, PARKING), ...channelHeaders(caller)]);
  pbx.emitChannel('HangupRequest', 'call', callee, [['Cause', '16']]);
  leaveAndHangUp(stage, first, callee);
  yield* wait(stage, then.waits);
  const leave = (): void => {
    pbx.cdr.unparked(caller);
    caller.bridgeId = '';
    pbx.emit('BridgeLeave', 'call', [...bridgeHeaders(lot, 0, PARKING), ...channelHeaders(caller)]);
    pbx.bridges.delete(lot);
  };
  if (then.by === null) {
    pbx.emitChannel('HangupRequest', 'call', caller, [['Cause', '16']]);
    pbx.emit('ParkedCallGiveUp', 'call', place);
    leave();
    hangUp(pbx, caller, NORMAL.cause, NORMAL.text);
    return false;
  }
  const fetcher = callIn(stage, then.by, then.space, marksOf(stage, caller));
  arrive(stage, fetcher, then.by);
  execute(pbx, fetcher, 'ParkedCall', `default,${then.space}`);
  setState(pbx, fetcher, 'Up');
  const bridge = createBridge(pbx);
  pbx.emit('UnParkedCall', 'call', [
    ...place,
    ...channelHeaders(fetcher).map(([name, value]) => [`Retriever${name}`, value] as const),
  ]);
  leave();
  enterBridge(pbx, bridge, caller);
  enterBridge(pbx, bridge, fetcher);
  tellPeers(pbx, [caller, fetcher]);
  Object.assign(pair, { callee: fetcher, bridge, inDial: false });
  yield* wait(stage, then.talk);
  return true;
}

function* secondCall(stage: Stage, pair: Pair, then: Extract<Happening, { what: 'secondCall' }>): Play<boolean> {
  const { pbx } = stage;
  const { plan } = then;
  pbx.emitChannel('Hold', 'call', pair.caller);
  const second = callIn(stage, plan.caller, plan.dialled, { callType: plan.callType, trunk: plan.trunk });
  arrive(stage, second, plan.caller);
  second.priority = 0;
  yield* stage.play(stage, second, plan.steps);
  pbx.emitChannel('Unhold', 'call', pair.caller);
  yield* wait(stage, then.talk);
  return true;
}
