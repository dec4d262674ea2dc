/**
 * ConfBridge: people come and go in one bridge with a hidden announcer (captured with two and with four participants). Each one's own
 * channel is marked and recorded; the records pair them as cdr-engine.ts says.
 */
import type { Header } from './cdr.ts';
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
  setVariable,
} from './channel-events.ts';
import type { ConferenceStep } from './plan.ts';
import { arrive, callIn, marksOf, NORMAL, type Play, record, type Stage, wait } from './stage.ts';

type Guest = ConferenceStep['others'][number];

/** Plays the conference from the moment the caller enters until the last one has left. */
export function* confer(stage: Stage, caller: Channel, step: ConferenceStep): Play {
  const { pbx } = stage;
  const kind: BridgeKind = { type: 'base', technology: 'softmix', creator: 'ConfBridge', name: step.room, hidden: 1 };
  const inside: Channel[] = [];
  let bridge = '';
  const about = (event: string, channel: Channel | null, more: readonly Header[] = []): void => {
    const room: readonly Header[] = [['Conference', step.room], ...bridgeHeaders(bridge, inside.length + 1, kind)];
    pbx.emit(event, 'call', channel === null ? room : [...room, ...channelHeaders(channel), ...more]);
  };
  const tellAll = (): void => {
    for (const one of inside) {
      const peers = inside.filter((other) => other !== one).map(({ name }) => name);
      setVariable(pbx, one, 'BRIDGEPEER', [`CBAnn/${step.room}-00000000;2`, ...peers].join(','));
    }
  };
  const enter = (channel: Channel): void => {
    record(stage, channel, channel.callerNumber, {
      ...marksOf(stage, channel),
      callType: 'Conference',
      destination: step.room,
    });
    channel.priority += 1;
    execute(pbx, channel, 'ConfBridge', step.room);
    if (bridge === '') {
      bridge = createBridge(pbx, kind);
      about('ConfbridgeStart', null);
    }
    inside.push(channel);
    enterBridge(pbx, bridge, channel, kind);
    tellAll();
    about('ConfbridgeJoin', channel, [
      ['Admin', 'No'],
      ['Muted', 'No'],
    ]);
  };
  const leave = (channel: Channel): void => {
    about('ConfbridgeLeave', channel, [['Admin', 'No']]);
    if (inside.length === 1) about('ConfbridgeEnd', null);
    pbx.emitChannel('HangupRequest', 'call', channel);
    inside.splice(inside.indexOf(channel), 1);
    leaveBridge(pbx, bridge, channel, kind);
    setVariable(pbx, channel, 'CONFBRIDGE_RESULT', 'HANGUP');
    if (inside.length === 0) destroyBridge(pbx, bridge, kind);
    pbx.emitChannel('SoftHangupRequest', 'call', channel, [['Cause', String(NORMAL.cause)]]);
    hangUp(pbx, channel, NORMAL.cause, NORMAL.text);
  };

  const present = new Map<Guest, Channel>();
  function* come(guest: Guest): Play {
    const channel = callIn(stage, guest.party, step.room, guest.marks);
    present.set(guest, channel);
    arrive(stage, channel, guest.party);
    channel.priority = 0;
    yield* stage.play(stage, channel, guest.steps);
    enter(channel);
  }
  const moments = [
    { at: step.stays, guest: null, comes: false },
    ...step.others.flatMap((guest) => [
      { at: guest.after, guest, comes: true },
      { at: guest.after + guest.stays, guest, comes: false },
    ]),
  ].sort((one, other) => one.at - other.at);
  const begun = pbx.clock.now();
  enter(caller);
  for (const { at, guest, comes } of moments) {
    yield* wait(stage, Math.max(0, at - (pbx.clock.now() - begun) / 1000));
    if (guest !== null && comes) yield* come(guest);
    else leave(guest === null ? caller : (present.get(guest) ?? caller));
  }
}
