/**
 * Plays one planned call from the INVITE to the last hang-up, and every event on the way in the order in which a real
 * Asterisk 16.28 sends them (test/simulator/real/*.ami; left out are the events that only Debian's test build or RTP
 * statistics raise). Each `yield` is a wait in milliseconds, so a call reads from top to bottom.
 */
import { endRecording } from './answer-subroutine.ts';
import type { CdrRecord } from './cdr.ts';
import type { Channel } from './channel.ts';
import { execute, hangUp, setState, setVariable } from './channel-events.ts';
import type { Pbx } from './pbx.ts';
import type { CallPlan, DialStep, Outcome, Step } from './plan.ts';
import { confer } from './play-conference.ts';
import { HOW_IT_ENDS, ring } from './play-dial.ts';
import { waitInQueue } from './play-queue.ts';
import { converse } from './play-talk.ts';
import { arrive, callIn, gosub, type Play, renameCaller, type Stage, WAV_CLOSE_MS, wait } from './stage.ts';

/** A call that is over (or was lost in a restart, then without records), as it was placed. */
export interface PlacedCall {
  readonly plan: CallPlan;
  /** UniqueID of the caller's channel, which is the LinkedID too. */
  readonly uniqueId: string;
  /** Asterisk's records of it, in the order written. */
  readonly records: readonly CdrRecord[];
  /** Absolute path of the first recording with `.wav`; null = not recorded. */
  readonly recording: string | null;
  /** All of them, in the order in which they began: a transfer has two. */
  readonly recordings: readonly string[];
}

export interface LiveCall {
  readonly plan: CallPlan;
  readonly uniqueId: string;
  /** Records and recordings so far. */
  placed(): PlacedCall;
  /** Milliseconds to wait, step by step, until the call is over. */
  readonly steps: Generator<number, void, void>;
  /** Closes the files of its recordings: properly, or (`crash`) with the sizes still 0. */
  closeRecordings(crash: boolean): void;
}

/** Prepares a call: the caller's channel exists, and nothing is said before the first step. `warn` hears why a recording failed. */
export function dialCall(pbx: Pbx, plan: CallPlan, warn: (message: string) => void): LiveCall {
  const ledger: CdrRecord[] = [];
  const stage: Stage = {
    pbx,
    warn,
    ledger,
    marks: new Map(),
    recordings: [],
    open: new Set(),
    wires: new Map(),
    halves: new Map(),
    ring,
    play: (where, channel, steps) => play(where, channel, steps, false),
  };
  const caller = callIn(stage, plan.caller, plan.dialled, { callType: plan.callType, trunk: plan.trunk });

  function* steps(): Generator<number, void, void> {
    arrive(stage, caller, plan.caller);
    caller.priority = 0;
    yield* play(stage, caller, plan.steps, plan.recordsFirst ?? false);
    if (stage.open.size === 0) return;
    yield WAV_CLOSE_MS;
    for (const notes of stage.open) endRecording(pbx, notes);
    stage.open.clear();
  }

  return {
    plan,
    uniqueId: caller.uniqueId,
    placed: () => {
      const recordings = stage.recordings.map(({ notes }) => `${notes.file}.wav`);
      return { plan, uniqueId: caller.uniqueId, records: [...ledger], recording: recordings[0] ?? null, recordings };
    },
    steps: steps(),
    closeRecordings: (crash) => {
      for (const { recording } of stage.open) {
        if (crash) recording?.abandon();
        else recording?.finish();
      }
      stage.open.clear();
    },
  };
}

/** Runs the dialplan's steps on a channel; the last of them ends it. False = the steps ended first, and it goes on. */
function* play(stage: Stage, channel: Channel, steps: readonly Step[], recordsFirst: boolean): Play<boolean> {
  const { pbx } = stage;
  for (const step of steps) {
    channel.priority += 1;
    switch (step.do) {
      case 'gosub':
        gosub(stage, channel, step);
        break;
      case 'callerName':
        renameCaller(stage, channel, step.name);
        break;
      case 'run':
        execute(pbx, channel, step.application, step.data);
        yield* wait(stage, step.seconds ?? 0);
        break;
      case 'answer':
        execute(pbx, channel, 'Answer', '');
        setState(pbx, channel, 'Up');
        break;
      case 'goto':
        execute(pbx, channel, 'Goto', `${step.context},${step.exten},1`);
        Object.assign(channel, { context: step.context, exten: step.exten, priority: 0 });
        break;
      case 'dial':
        yield* dial(stage, channel, step, recordsFirst);
        return true;
      case 'queue':
        yield* waitInQueue(stage, channel, step);
        return true;
      case 'conference':
        yield* confer(stage, channel, step);
        return true;
    }
  }
  return false;
}

/** Dial, and what follows it to the end of the channel. */
function* dial(stage: Stage, caller: Channel, step: DialStep, recordsFirst: boolean): Play {
  const { pbx } = stage;
  const dialStart = pbx.clock.now();
  const rang = yield* ring(stage, caller, step);
  if (rang.answered !== null) {
    yield* converse(stage, caller, rang.answered, step.talk, dialStart, null);
    return;
  }
  giveUp(pbx, caller, rang.outcome);
  const { cause, text } = HOW_IT_ENDS[rang.outcome];
  hangUp(pbx, caller, cause, text, recordsFirst);
}

/** Dial gave up: the dialplan goes on to Hangup, unless the caller has gone. */
function giveUp(pbx: Pbx, caller: Channel, outcome: Outcome | 'cancelled'): void {
  setVariable(pbx, caller, 'DIALSTATUS', HOW_IT_ENDS[outcome].dialStatus);
  if (outcome !== 'cancelled') {
    caller.priority += 1;
    execute(pbx, caller, 'Hangup', '');
  }
  // The cause is the dialplan's own, not the callee's.
  pbx.emitChannel('SoftHangupRequest', 'call', caller, [['Cause', '16']]);
}
