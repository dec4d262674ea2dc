/**
 * The direction of a call and the outcome of a leg, in the guide's words and in all the spellings that the guide's
 * clients and Asterisk use for them.
 */
import { CALL_TYPES, type CallType, DISPOSITIONS, type Disposition } from './leg.ts';
import type { NumberPlan } from './number-plan.ts';

/** What a call's direction is told from (guide-resolved, "Direction"). */
export interface DirectionFacts {
  /** `CDR(calltype)`, or null where the source lacks it. */
  readonly callType: string | null;
  readonly userField: string;
  /** Trunk names of both sides, '' = none. */
  readonly sourceTrunk: string;
  readonly destinationTrunk: string;
  /** The number called; of `740(202)` the first part counts. */
  readonly destination: string;
  readonly plan: NumberPlan;
}

/**
 * The direction of a call. The dialplan's own word wins (`CDR(calltype)`, then UserField); without one, a conference
 * number makes a Conference whoever called it, a trunk on the caller's side Inbound (even if the other side is one too),
 * a trunk on the other side Outbound, and none Internal.
 */
export function callType(facts: DirectionFacts): CallType {
  const said = parseCallType(facts.callType ?? '') ?? parseCallType(facts.userField);
  if (said) return said;
  const called = facts.destination.split('(', 1)[0] ?? '';
  if (facts.plan.kindOf(called) === 'conference') return 'Conference';
  if (facts.sourceTrunk !== '') return 'Inbound';
  return facts.destinationTrunk === '' ? 'Internal' : 'Outbound';
}

/** Case and blanks do not count: the guide has `CallBack`, `Call Back`, `NO ANSWER` and, broken in print, `N O ANSWER`. */
const plain = (word: string): string => word.replace(/\s+/g, '').toLowerCase();

const CALL_TYPE_WORDS: ReadonlyMap<string, CallType> = new Map([
  ...CALL_TYPES.map((type) => [plain(type), type] as const),
  // The guide's tables say Interval wherever its data say Internal.
  ['interval', 'Internal'],
]);

/** A direction in any of the guide's spellings, or null. `All` is no direction: whoever filters knows that word. */
export function parseCallType(text: string): CallType | null {
  return CALL_TYPE_WORDS.get(plain(text)) ?? null;
}

const DISPOSITION_WORDS: ReadonlyMap<string, Disposition> = new Map([
  ...DISPOSITIONS.map((disposition) => [plain(disposition), disposition] as const),
  // Guide, table of 9004.
  ['faild', 'FAILED'],
]);

/** An outcome in any spelling of Asterisk or the guide, or null (Asterisk's `UNKNOWN`, `All`, anything else). */
export function parseDisposition(text: string): Disposition | null {
  return DISPOSITION_WORDS.get(plain(text)) ?? null;
}

/** The outcome as the report shows it: CONGESTION is FAILED there, though it can be asked for. */
export function shownDisposition(disposition: Disposition): Exclude<Disposition, 'CONGESTION'> {
  return disposition === 'CONGESTION' ? 'FAILED' : disposition;
}
