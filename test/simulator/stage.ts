/**
 * What the parts of a call share: its plan, what the dialplan has marked so far, its recordings; and the moves that every
 * kind of call makes: a channel arrives, runs the dialplan, is bridged, hangs up.
 */
import { type AnswerNotes, answerSubroutine, endRecording } from './answer-subroutine.ts';
import type { CdrRecord } from './cdr.ts';
import type { CdrVariable } from './cdr-engine.ts';
import type { Channel } from './channel.ts';
import {
  createBridge,
  destroyBridge,
  enterBridge,
  execute,
  hangUp,
  leaveBridge,
  newCallerId,
  setState,
  setVariable,
} from './channel-events.ts';
import type { Party, Pbx } from './pbx.ts';
import type { DialStep, Marks, Outcome, Step, Target } from './plan.ts';

/** Milliseconds of waiting, one after another. */
export type Play<T = void> = Generator<number, T, void>;

/** From INVITE to the first ring, and from the callee's hang-up to the closed WAV: milliseconds as seen on real calls. */
export const SETUP_MS = 30;
export const WAV_CLOSE_MS = 20;
export const NORMAL = { cause: 16, text: 'Normal Clearing' } as const;

export interface Stage {
  readonly pbx: Pbx;
  readonly warn: (message: string) => void;
  readonly ledger: CdrRecord[];
  /** Marks of each channel that went through the dialplan, by UniqueID. */
  readonly marks: Map<string, Marks>;
  /** Recordings that were started, in order, and the channels that they hang on. */
  readonly recordings: { readonly notes: AnswerNotes; readonly channel: Channel }[];
  /** Those among them whose files are still open. */
  readonly open: Set<AnswerNotes>;
  /** Second halves of Local channels, by the UniqueID of the first. */
  readonly halves: Map<string, Channel>;
  /** Local channels that are part of the call, by the UniqueID of their first half. */
  readonly wires: Map<string, Wire>;
  /** Plays steps on a channel; false = it has hung up. Given here so that a talk can lead to further steps. */
  readonly ring: (stage: Stage, channel: Channel, step: DialStep) => Play<Rang>;
  readonly play: (stage: Stage, channel: Channel, steps: readonly Step[]) => Play<boolean>;
}

/** One who rings. */
export interface Ringing {
  readonly target: Target;
  readonly callee: Channel;
}
/** How ringing ended: somebody answered, nobody did (then how), or the caller hung up. */
export type Rang =
  | { readonly answered: Channel; readonly target: Target }
  | { readonly answered: null; readonly outcome: Outcome | 'cancelled' };

/** A Local channel in a call: its second half, and who is reached through it. */
export interface Wire {
  readonly second: Channel;
  readonly phone: Channel;
  /** The bridge of those two; '' until they are in it. */
  bridge: string;
  readonly stays: boolean;
}

const NO_MARKS: Marks = { callType: 'Internal', trunk: '', destination: '', dialled: '' };
export const marksOf = (stage: Stage, channel: Channel): Marks => stage.marks.get(channel.uniqueId) ?? NO_MARKS;

/** A channel that somebody opened by calling in: Newchannel, the driver's variables, Ring. */
export function arrive({ pbx }: Stage, channel: Channel, party: Party): void {
  pbx.emitChannel('Newchannel', 'call', channel);
  if (channel.technology === 'SIP') {
    setVariable(pbx, channel, 'SIPURI', `sip:${party.peer}@127.0.0.1:6${party.peer}`);
    setVariable(pbx, channel, 'SIPDOMAIN', '127.0.0.1');
    setVariable(pbx, channel, 'SIPCALLID', channel.sipCallId);
  }
  setState(pbx, channel, 'Ring');
}

/** Opens a channel on which a party calls in, with the marks of its call. */
export function callIn(stage: Stage, party: Party, dialled: string, marks: Partial<Marks>): Channel {
  const channel = stage.pbx.openChannel(party, dialled, stage.ledger);
  stage.marks.set(channel.uniqueId, { ...NO_MARKS, ...marks });
  return channel;
}

/** A subroutine of etc/asterisk that notes what kind of call this is. Its own steps leave no trace but these. */
export function gosub(stage: Stage, channel: Channel, step: Extract<Step, { do: 'gosub' }>): void {
  execute(stage.pbx, channel, 'Gosub', step.entry);
  for (const [name, value] of Object.entries(step.notes ?? {})) {
    stage.pbx.cdr.setVariable(channel, name as CdrVariable, value);
  }
  stage.marks.set(channel.uniqueId, { ...marksOf(stage, channel), ...step.marks });
}

/** `Set(CALLERID(name)=…)` of an inbound route. */
export function renameCaller({ pbx }: Stage, channel: Channel, name: string): void {
  execute(pbx, channel, 'Set', `CALLERID(name)=${name}`);
  channel.callerName = name;
  newCallerId(pbx, channel);
}

/** The subroutine at answer, on the channel that answered a call from `caller`. On a Local channel it does nothing. */
export function noteAnswer(stage: Stage, caller: Channel, callee: Channel): void {
  if (callee.technology === 'Local') return;
  const marks = marksOf(stage, caller);
  record(stage, callee, caller.callerNumber, { ...marks, destination: marks.destination || deviceOf(callee) });
}

/** Notes the answer on `channel`, and starts the recording that its marks ask for. */
export function record(stage: Stage, channel: Channel, source: string, marks: Marks): void {
  const { pbx, warn } = stage;
  const notes = answerSubroutine(pbx, channel, { ...marks, source, answer: pbx.clock.now() }, warn);
  if (notes.file === '') return;
  stage.recordings.push({ notes, channel });
  stage.open.add(notes);
}

/** `202` of `SIP/202-0000000a`. */
const deviceOf = (channel: Channel): string => /\/([^-@]+)/.exec(channel.name)?.[1] ?? '';

/** Waits; recordings of channels that have gone are closed on the way. */
export function* wait(stage: Stage, seconds: number): Play {
  const ms = Math.round(seconds * 1000);
  const closing = stage.recordings.filter(
    ({ notes, channel }) => stage.open.has(notes) && !stage.pbx.channels.has(channel.name),
  );
  if (closing.length === 0) {
    if (ms > 0) yield ms;
    return;
  }
  yield WAV_CLOSE_MS;
  for (const { notes } of closing) {
    endRecording(stage.pbx, notes);
    stage.open.delete(notes);
  }
  if (ms > WAV_CLOSE_MS) yield ms - WAV_CLOSE_MS;
}

/** What Dial does when the callee has answered: both enter a new bridge, whose id is returned. */
export function connect({ pbx }: Stage, caller: Channel, callee: Channel, application: string): string {
  const bridge = createBridge(pbx);
  if (application === 'Dial') execute(pbx, callee, 'AppDial', '(Outgoing Line)');
  enterBridge(pbx, bridge, callee);
  enterBridge(pbx, bridge, caller);
  tellPeers(pbx, [callee, caller]);
  return bridge;
}

/** Both know each other's names, as variables. */
export function tellPeers(pbx: Pbx, pair: readonly [Channel, Channel]): void {
  const [one, other] = pair;
  for (const [channel, peer] of [
    [one, other],
    [other, one],
  ] as const) {
    setVariable(pbx, channel, 'BRIDGEPEER', peer.name);
    if (peer.sipCallId !== '') setVariable(pbx, channel, 'BRIDGEPVTCALLID', peer.sipCallId);
  }
}
export function forgetPeers(pbx: Pbx, channels: readonly Channel[]): void {
  for (const channel of channels) {
    setVariable(pbx, channel, 'BRIDGEPEER', '');
    setVariable(pbx, channel, 'BRIDGEPVTCALLID', '');
  }
}

/** Dial's times, when a talk is over. */
export function tellTimes({ pbx }: Stage, caller: Channel, dialStart: number, answer: number): void {
  for (const [name, since] of [
    ['ANSWEREDTIME', answer],
    ['DIALEDTIME', dialStart],
  ] as const) {
    const ms = pbx.clock.now() - since;
    setVariable(pbx, caller, name, String(Math.floor(ms / 1000)));
    setVariable(pbx, caller, `${name}_MS`, String(ms));
  }
  setVariable(pbx, caller, 'DIALSTATUS', 'ANSWER');
}

/** The last one leaves a two-party bridge, and hangs up. */
export function leaveAndHangUp({ pbx }: Stage, bridge: string, channel: Channel): void {
  leaveBridge(pbx, bridge, channel);
  destroyBridge(pbx, bridge);
  hangUp(pbx, channel, NORMAL.cause, NORMAL.text);
}
