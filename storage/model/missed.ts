/**
 * Missed calls that wait to be returned: a call that came in and nobody answered, whose caller has since neither talked
 * with somebody here, whoever called whom, nor been ticked off by a person. One entry a caller, with the tries that still
 * count. Numbers are compared from their end, because one caller is written in many ways: `+49 30 1234567` comes in,
 * `9 030 1234567` is dialled.
 */
import type { CallRow } from './call.ts';
import type { NumberPlan } from './number-plan.ts';

/** Characters of a number's end that an index finds it by; what is found is then held against the whole rule. */
export const NUMBER_END = 7;
/** Digits that tell a subscriber from all others, as far as one box is concerned. */
const TELLING_DIGITS = 9;

type Ends = Pick<CallRow, 'callType' | 'src' | 'dst' | 'srcTrunk'>;

/** Whether a call came in and nobody answered it. */
export function isMissed({ callType, disposition }: Pick<CallRow, 'callType' | 'disposition'>): boolean {
  return callType === 'Inbound' && disposition !== 'ANSWERED';
}

/** The number at the other end of the line; '' where none of the two is outside. */
export function outsideNumber({ callType, src, dst, srcTrunk }: Ends): string {
  if (callType === 'Inbound') return src;
  if (callType === 'Outbound') return dst;
  return callType === 'CallBack' ? (srcTrunk === '' ? dst : src) : '';
}

/**
 * Whether somebody here and somebody outside talked. An IVR, a queue or a ring group that answered alone is nobody: then
 * the number dialled stands without who answered (`620`, not `620(202)`).
 */
export function isTalk(row: Ends & Pick<CallRow, 'disposition'>, plan: NumberPlan): boolean {
  if (row.disposition !== 'ANSWERED' || outsideNumber(row) === '') return false;
  const kind = row.callType === 'Inbound' ? plan.kindOf(row.dst) : undefined;
  return kind !== 'ivr' && kind !== 'queue' && kind !== 'ringgroup';
}

/** What one caller's calls have in common: the telling end of his number; '' of one that shows none. */
export function callerKey(number: string): string {
  return digitsOf(number).slice(-TELLING_DIGITS);
}

/**
 * Whether two numbers are one subscriber's: their last nine digits agree, or all of the shorter one's when it has seven or
 * eight (a local number behind a dialled prefix). Shorter ones must be the same; none is the same as none.
 */
export function sameNumber(one: string, other: string): boolean {
  const [a, b] = [digitsOf(one), digitsOf(other)];
  const shorter = Math.min(a.length, b.length);
  if (shorter < NUMBER_END) return shorter > 0 && a === b;
  const telling = Math.min(shorter, TELLING_DIGITS);
  return a.slice(-telling) === b.slice(-telling);
}

function digitsOf(number: string): string {
  return number.replace(/\D/g, '');
}

/** A missed call, as far as the list is concerned. */
export interface MissedTry {
  readonly src: string;
  /** Somebody ticked it off. */
  readonly processed: boolean;
  /** Its caller has talked with somebody since. */
  readonly returned: boolean;
}

/** A caller who waits, or whom somebody has ticked off. */
export interface MissedCaller<Try extends MissedTry> {
  readonly last: Try;
  /** The first of the tries that count. */
  readonly first: Try;
  readonly tries: number;
}

export interface MissedCallers<Try extends MissedTry> {
  /** The next older missed call. */
  add(missed: Try): void;
  /** Those who wait, by their last try, newest first. */
  waiting(): readonly MissedCaller<Try>[];
  /** Those whose last try was ticked off, likewise. */
  tickedOff(): readonly MissedCaller<Try>[];
}

type State = 'waiting' | 'ticked off' | 'returned';

/**
 * Gathers missed calls, newest first. A talk since, or a tick, settles a caller's call and all of his before it; a later
 * try makes him wait again. Callers that show no number are one entry: nobody can call them back, nor know them again.
 */
export function gatherMissed<Try extends MissedTry>(): MissedCallers<Try> {
  const callers = new Map<string, { state: State; last: Try; first: Try; tries: number; closed: boolean }>();
  const those = (state: State) => [...callers.values()].filter((caller) => caller.state === state);
  return {
    add(missed) {
      const key = callerKey(missed.src);
      const known = callers.get(key);
      if (!known) {
        const state = missed.returned ? 'returned' : missed.processed ? 'ticked off' : 'waiting';
        callers.set(key, { state, last: missed, first: missed, tries: 1, closed: false });
        return;
      }
      known.closed ||= missed.returned || (missed.processed && known.state === 'waiting');
      if (known.closed) return;
      known.first = missed;
      known.tries += 1;
    },
    waiting: () => those('waiting'),
    tickedOff: () => those('ticked off'),
  };
}
