/**
 * Dial: opens the channels, lets them ring, and finds out who answers, in the order of events of a real Asterisk 16.28
 * (real/internal.ami, outbound.ami, busy.ami, noanswer.ami, failed.ami, ringgroup.ami).
 */
import type { Channel } from './channel.ts';
import { dialEvent, execute, hangUp, newCallerId, setState, setVariable } from './channel-events.ts';
import type { Pbx } from './pbx.ts';
import type { DialStep, Outcome, Target } from './plan.ts';
import { openSecondHalf, ringThrough } from './play-local.ts';
import { takeOver } from './play-pickup.ts';
import { NORMAL, noteAnswer, type Play, type Rang, type Ringing, SETUP_MS, type Stage } from './stage.ts';

/** Options of Dial: those of the guide's `LastData: SIP/204,30,TtKkWwXx`, and our subroutine at answer. */
const DIAL_OPTIONS = 'TtKkWwXxU(cdrd-answer)';
/** Dial's timeout, seconds; a call that nobody answers rings as long as its plan says. */
const DIAL_TIMEOUT = 30;

export const HOW_IT_ENDS = {
  answered: { dialStatus: 'ANSWER', cause: 16, text: 'Normal Clearing' },
  busy: { dialStatus: 'BUSY', cause: 17, text: 'User busy' },
  noanswer: { dialStatus: 'NOANSWER', cause: 16, text: 'Normal Clearing' },
  failed: { dialStatus: 'CHANUNAVAIL', cause: 20, text: 'Subscriber absent' },
  congestion: { dialStatus: 'CONGESTION', cause: 34, text: 'Circuit/channel congestion' },
  // The caller's own channel, which was cancelled.
  cancelled: { dialStatus: 'CANCEL', cause: 0, text: 'Unknown' },
  elsewhere: { dialStatus: 'CANCEL', cause: 26, text: 'Answered elsewhere' },
} as const satisfies Record<Outcome | 'cancelled' | 'elsewhere', { dialStatus: string; cause: number; text: string }>;

/** What Dial clears on the caller before it starts (apps/app_dial.c), in its order. */
const DIAL_VARIABLES = [
  'DIALSTATUS',
  'DIALEDPEERNUMBER',
  'DIALEDPEERNAME',
  'ANSWEREDTIME',
  'ANSWEREDTIME_MS',
  'DIALEDTIME',
  'DIALEDTIME_MS',
  'RINGTIME',
  'RINGTIME_MS',
  'PROGRESSTIME',
  'PROGRESSTIME_MS',
] as const;

const technologyOf = ({ party, through }: Target): string =>
  through === undefined ? (party.technology ?? 'SIP') : 'Local';

/** `SIP/202&SIP/204,20,…`. */
export function dialData({ targets, timeout }: DialStep): string {
  const noAnswer = targets.every(({ outcome }) => outcome === 'noanswer');
  const seconds = timeout ?? (noAnswer ? Math.round(Math.max(...targets.map(({ ring }) => ring))) : DIAL_TIMEOUT);
  const names = targets.map((target) => {
    const { through } = target;
    if (through === undefined) return `${technologyOf(target)}/${target.dialString}`;
    return `Local/${through.exten}@${through.context}${through.stays ? '/n' : ''}`;
  });
  return `${names.join('&')},${seconds},${DIAL_OPTIONS}`;
}

/** Runs Dial until somebody answers or all have given up. */
export function* ring(stage: Stage, caller: Channel, step: DialStep): Play<Rang> {
  const { pbx } = stage;
  execute(pbx, caller, 'Dial', dialData(step));
  for (const name of DIAL_VARIABLES) setVariable(pbx, caller, name, '');
  const reachable = step.targets.filter(({ outcome }) => outcome !== 'failed');
  if (reachable.length === 0) return { answered: null, outcome: 'failed' };
  const ringing: Ringing[] = reachable.map((target) => ({
    target,
    callee: openCallee(stage, caller, target, 'AppDial'),
  }));
  for (const { target, callee } of ringing) {
    if (callee.technology !== 'Local') dialEvent(pbx, 'DialBegin', caller, callee, target.dialString);
  }
  if (ringing.every(({ target }) => target.through === undefined)) yield SETUP_MS;
  forward(stage, caller, ringing);
  return yield* settle(stage, caller, ringing, step.cancelledAfter, true);
}

/** Opens the callee's channel; its INVITE goes out. `application`: AppDial, or AppQueue. */
export function openCallee(
  stage: Stage,
  caller: Channel,
  target: Target,
  application: 'AppDial' | 'AppQueue',
): Channel {
  const { pbx } = stage;
  const { through } = target;
  const party =
    through === undefined
      ? target.party
      : {
          technology: 'Local' as const,
          peer: `${through.exten}@${through.context}`,
          context: through.context,
          number: '',
          name: '',
        };
  const callee = pbx.openChannel(party, through === undefined ? 's' : through.exten, stage.ledger, { linked: caller });
  pbx.emitChannel('Newchannel', 'call', callee);
  if (through !== undefined) openSecondHalf(stage, caller, callee, through.context);
  if (callee.technology === 'SIP') setVariable(pbx, callee, 'SIPCALLID', callee.sipCallId);
  callee.exten = '';
  setVariable(pbx, callee, 'DIALEDPEERNUMBER', target.dialString);
  // A peer without a caller ID of its own is given the number that was dialled.
  const nameless = callee.callerNumber === '';
  if (nameless) callee.callerNumber = caller.exten;
  callee.connectedNumber = caller.callerNumber;
  callee.connectedName = caller.callerName;
  callee.exten = caller.exten;
  execute(pbx, callee, application, '(Outgoing Line)');
  if (nameless) newCallerId(pbx, callee);
  pbx.emitChannel('NewConnectedLine', 'call', callee);
  return callee;
}

/** A phone that is forwarded answers with 302, and Dial tries the other one in its place. */
function forward(stage: Stage, caller: Channel, ringing: Ringing[]): void {
  const { pbx } = stage;
  for (const who of ringing) {
    const { forwardsTo } = who.target;
    if (forwardsTo === undefined) continue;
    const callee = openCallee(stage, caller, forwardsTo, 'AppDial');
    dialEvent(pbx, 'DialEnd', caller, who.callee, 'CANCEL');
    hangUp(pbx, who.callee, NORMAL.cause, NORMAL.text);
    ringing.splice(ringing.indexOf(who), 1, { target: forwardsTo, callee });
    if (callee.technology !== 'Local') dialEvent(pbx, 'DialBegin', caller, callee, forwardsTo.dialString);
  }
}

/** Rings until the first answer, the last refusal, or the caller's patience (`cancelledAfter` seconds). */
export function* settle(
  stage: Stage,
  caller: Channel,
  ringing: readonly Ringing[],
  cancelledAfter: number | undefined,
  isDial: boolean,
  refused?: (who: Ringing) => void,
): Play<Rang> {
  const { pbx } = stage;
  const [first] = ringing;
  if (first?.target.through !== undefined) {
    const rang = yield* ringThrough(stage, caller, first);
    if (rang.answered !== null) answer(stage, caller, first, [], isDial);
    return rang;
  }
  const begun = pbx.clock.now() - SETUP_MS;
  const here = new Set(ringing);
  const ready = [...ringing].sort((a, b) => due(a.target) - due(b.target));
  for (const who of ringing) if (rings(who.target)) startRinging(stage, caller, who, isDial && ringing.length === 1);
  if (isDial && ringing.some(({ target }) => rings(target))) {
    setVariable(pbx, caller, 'RINGTIME', '0');
    setVariable(pbx, caller, 'RINGTIME_MS', String(SETUP_MS));
  }
  const ringer = ringing.find(({ target }) => rings(target));
  if (ringer !== undefined) dialEvent(pbx, 'DialState', caller, ringer.callee, 'RINGING');
  let worst: Outcome = 'failed';
  for (const who of ready) {
    const { target } = who;
    const at = begun + Math.round(due(target) * 1000);
    const giveUpAt =
      cancelledAfter === undefined ? Number.POSITIVE_INFINITY : begun + Math.round(cancelledAfter * 1000);
    const until = Math.max(0, Math.min(at, giveUpAt) - pbx.clock.now());
    if (until > 0) yield until;
    if (giveUpAt < at) {
      cancel(stage, caller, [...here]);
      return { answered: null, outcome: 'cancelled' };
    }
    if (target.outcome === 'answered') {
      here.delete(who);
      const taken = target.pickedUpBy === undefined ? who : { target, callee: takeOver(stage, caller, who) };
      answer(stage, caller, taken, [...here], isDial);
      return { answered: taken.callee, target };
    }
    const end = HOW_IT_ENDS[target.outcome];
    refused?.(who);
    dialEvent(pbx, 'DialEnd', caller, who.callee, end.dialStatus);
    // Queue says it twice: where it hears of it, and where it hangs up.
    if (!isDial) dialEvent(pbx, 'DialEnd', caller, who.callee, HOW_IT_ENDS.cancelled.dialStatus);
    hangUp(pbx, who.callee, end.cause, end.text);
    here.delete(who);
    worst = target.outcome;
  }
  return { answered: null, outcome: worst };
}

/** Seconds after the INVITE at which the target says yes or no. */
const due = ({ outcome, ring: seconds }: Target): number =>
  outcome === 'busy' || outcome === 'congestion' ? Math.min(seconds, SETUP_MS / 1000) : seconds;
const rings = ({ outcome }: Target): boolean => outcome === 'answered' || outcome === 'noanswer';

function startRinging({ pbx }: Stage, caller: Channel, { target, callee }: Ringing, alone: boolean): void {
  setState(pbx, callee, 'Ringing');
  pbx.emit('DeviceStateChange', 'call', [
    ['Device', `${target.party.technology ?? 'SIP'}/${target.party.peer}`],
    ['State', 'NOT_INUSE'],
  ]);
  if (alone && target.party.number !== '') connectedTo(pbx, caller, callee);
}

function connectedTo(pbx: Pbx, caller: Channel, callee: Channel): void {
  if (caller.connectedNumber === callee.callerNumber && caller.connectedName === callee.callerName) return;
  caller.connectedNumber = callee.callerNumber;
  caller.connectedName = callee.callerName;
  pbx.emitChannel('NewConnectedLine', 'call', caller);
}

/** The caller hangs up while others ring. */
function cancel({ pbx }: Stage, caller: Channel, ringing: readonly Ringing[]): void {
  const { dialStatus } = HOW_IT_ENDS.cancelled;
  pbx.emitChannel('HangupRequest', 'call', caller);
  for (const { callee } of ringing) {
    dialEvent(pbx, 'DialEnd', caller, callee, dialStatus);
    hangUp(pbx, callee, NORMAL.cause, NORMAL.text);
  }
}

/** `who` answers; the `others` stop ringing. Dial and Queue tell it in an order of their own. */
function answer(stage: Stage, caller: Channel, who: Ringing, others: readonly Ringing[], isDial: boolean): void {
  const { pbx } = stage;
  const { callee, target } = who;
  const { dialStatus, cause, text } = HOW_IT_ENDS.elsewhere;
  const elsewhere = (): void => {
    for (const other of others) dialEvent(pbx, 'DialEnd', caller, other.callee, dialStatus);
  };
  const stop = (): void => {
    for (const other of others) hangUp(pbx, other.callee, cause, text);
  };
  if (callee.state !== 'Up') setState(pbx, callee, 'Up');
  if (!isDial) {
    dialEvent(pbx, 'DialEnd', caller, callee, HOW_IT_ENDS.answered.dialStatus);
    elsewhere();
    connectedTo(pbx, caller, callee);
    // Asterisk says it twice (app_queue.c: where the answer is heard, and where the others are hung up).
    elsewhere();
    stop();
    return;
  }
  if (others.length > 0) {
    connectedTo(pbx, caller, callee);
    elsewhere();
    stop();
  }
  setVariable(pbx, caller, 'DIALSTATUS', HOW_IT_ENDS.answered.dialStatus);
  setVariable(pbx, caller, 'DIALEDPEERNAME', callee.name);
  setVariable(pbx, caller, 'DIALEDPEERNUMBER', target.dialString);
  noteAnswer(stage, caller, callee);
  callee.exten = '';
  dialEvent(pbx, 'DialEnd', caller, callee, HOW_IT_ENDS.answered.dialStatus);
  // A Local channel's second half is up when the first has been bridged (play-local.ts).
  if (caller.state !== 'Up' && caller.technology !== 'Local') setState(pbx, caller, 'Up');
}
