/**
 * The kinds of call that the simulated PBX can place, one entry each. An entry draws a plan from chance; dial.ts plays it.
 * A kind is added by adding an entry (and a new `Outcome` or step in dial.ts only where Asterisk does something new).
 */
import type { CallType } from '../../storage/model/leg.ts';
import type { Party } from './pbx.ts';
import type { Random } from './random.ts';

/** The box's phones. 209 and 210 have no caller ID of their own, as on the Asterisk that was recorded. */
export const EXTENSIONS = ['202', '203', '204', '205', '206', '207', '208', '209', '210'] as const;
const WITHOUT_CALLER_ID = new Set(['209', '210']);
export const TRUNKS = ['96', '42'] as const;
/** Outside numbers as dialled on the trunk; the caller dials a 9 first. */
const OUTSIDE = ['513', '506', '4930901820', '+493012345678', '0044207946018'] as const;
/** Dialled by mistake: no phone has this number. */
const NOBODY = '888';

/** What becomes of the dialled party. */
export type Outcome = 'answered' | 'busy' | 'noanswer' | 'failed';

export interface CallPlan {
  /** Direction; whether it is recorded depends on it. */
  readonly callType: CallType;
  readonly caller: Party;
  /** As the caller dialled it. */
  readonly dialled: string;
  readonly callee: Party;
  /** The subroutine of etc/asterisk that the dialplan calls before Dial. */
  readonly entry: string;
  /** After `SIP/` in Dial: `204`, `513@96`. */
  readonly dialString: string;
  /** Trunk in the recording's name; '' = none. */
  readonly trunk: string;
  readonly outcome: Outcome;
  /** Seconds until the callee answers or the caller gives up. */
  readonly ring: number;
  /** Seconds of talk; 0 unless answered. */
  readonly talk: number;
  /**
   * Two threads of Asterisk end a call, the caller's and the callee's; their order is chance. True: the callee's Hangup
   * comes before the Cdr (as recorded in outbound.ami), false: after it (internal.ami).
   */
  readonly calleeLeavesFirst: boolean;
}

/** What a test may fix; the rest is drawn. Seconds; numbers as dialled. */
export interface CallOverrides {
  readonly source?: string;
  readonly callerName?: string;
  /** As the caller dials it: `204`, or `9513` for 513 outside. */
  readonly destination?: string;
  readonly trunk?: string;
  readonly ring?: number;
  readonly talk?: number;
  readonly calleeLeavesFirst?: boolean;
}

/** Seconds with milliseconds, from `low` to `high`. */
const seconds = (random: Random, low: number, high: number): number => random.whole(low * 1000, high * 1000) / 1000;

/** A phone of the box. */
function phone(number: string, name = number): Party {
  const known = !WITHOUT_CALLER_ID.has(number);
  return { peer: number, context: `from-ext-${number}`, number: known ? number : '', name: known ? name : '' };
}

/** The phone that places a call: chan_sip takes the number from the INVITE, so a caller always has one. */
const callingPhone = (number: string, name = number): Party => ({ ...phone(number), number, name });

interface Draw {
  readonly random: Random;
  /** Phones that are not in a call, at least one while the box is not fully busy. */
  readonly free: readonly string[];
  readonly overrides: CallOverrides;
}

/** A call between two phones of the box. */
function internal(draw: Draw, outcome: Outcome, times: { ring: number; talk: number }, dialled?: string): CallPlan {
  const { random, free, overrides } = draw;
  const source = overrides.source ?? random.pick(free);
  const others = free.filter((number) => number !== source);
  const destination = overrides.destination ?? dialled ?? random.pick(others);
  return {
    callType: 'Internal',
    caller: callingPhone(source, overrides.callerName),
    dialled: destination,
    callee: phone(destination),
    entry: 'cdrd-internal,s,1',
    dialString: destination,
    trunk: '',
    outcome,
    ring: overrides.ring ?? times.ring,
    talk: overrides.talk ?? times.talk,
    calleeLeavesFirst: overrides.calleeLeavesFirst ?? false,
  };
}

/** A call to the world: the caller dials 9 and a number, the trunk gets the number without the 9. */
function outbound({ random, free, overrides }: Draw): CallPlan {
  const source = overrides.source ?? random.pick(free);
  const dialled = overrides.destination ?? `9${random.pick(OUTSIDE)}`;
  const trunk = overrides.trunk ?? random.pick(TRUNKS);
  return {
    callType: 'Outbound',
    caller: callingPhone(source, overrides.callerName),
    dialled,
    callee: { peer: trunk, context: `from-trunk-${trunk}`, number: '', name: '' },
    entry: `cdrd-outbound,s,1(${trunk})`,
    dialString: `${dialled.replace(/^9/, '')}@${trunk}`,
    trunk,
    outcome: 'answered',
    ring: overrides.ring ?? seconds(random, 1, 4),
    talk: overrides.talk ?? seconds(random, 2, 20),
    calleeLeavesFirst: overrides.calleeLeavesFirst ?? true,
  };
}

interface Scenario {
  /** How often it happens by itself, relative to the others. */
  readonly weight: number;
  readonly plan: (draw: Draw) => CallPlan;
}

const answered = ({ random }: Draw): { ring: number; talk: number } => ({
  ring: seconds(random, 1, 4),
  talk: seconds(random, 2, 20),
});

export const SCENARIOS = {
  internal: { weight: 40, plan: (draw) => internal(draw, 'answered', answered(draw)) },
  outbound: { weight: 40, plan: outbound },
  busy: { weight: 7, plan: (draw) => internal(draw, 'busy', { ring: 0, talk: 0 }) },
  noanswer: { weight: 9, plan: (draw) => internal(draw, 'noanswer', { ring: draw.random.whole(8, 15), talk: 0 }) },
  failed: { weight: 4, plan: (draw) => internal(draw, 'failed', { ring: 0, talk: 0 }, NOBODY) },
} as const satisfies Record<string, Scenario>;

export type CallKind = keyof typeof SCENARIOS;
export const CALL_KINDS = Object.keys(SCENARIOS) as readonly CallKind[];

/** A kind drawn by weight. */
export function drawKind(random: Random): CallKind {
  const total = CALL_KINDS.reduce((sum, kind) => sum + SCENARIOS[kind].weight, 0);
  let rest = random.next() * total;
  for (const kind of CALL_KINDS) {
    rest -= SCENARIOS[kind].weight;
    if (rest < 0) return kind;
  }
  return 'internal';
}
