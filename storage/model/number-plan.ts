/**
 * The number plan: which internal numbers are extensions, IVRs, conferences and so on (guide figure 5). It is the box's
 * configuration (`numbering.*`), and it tells the kind of a number by its value and its count of digits alone.
 */

export const NUMBER_KINDS = ['ivr', 'conference', 'queue', 'ringgroup', 'paging', 'extension'] as const;
export type NumberKind = (typeof NUMBER_KINDS)[number];

/** For each kind its ranges as a person writes them: `100-616`, `100-199,300-399`, a single number, or '' for none. */
export type Numbering = { readonly [kind in NumberKind]: string };

/** Guide figure 5, the ranges of a new box. */
export const GUIDE_NUMBERING: Numbering = {
  extension: '100-616',
  ivr: '620-639',
  conference: '740-749',
  queue: '820-839',
  ringgroup: '920-939',
  paging: '720-729',
};

/** Numbers from `low` to `high`, both included, all with the same count of digits. */
export interface NumberRange {
  readonly low: string;
  readonly high: string;
}

export interface NumberPlan {
  /**
   * The kind of a number, or null. `0202` is not 202. Where ranges of two kinds overlap the special one wins over
   * `extension`, and among the special ones the earlier of {@link NUMBER_KINDS}.
   */
  kindOf(number: string): NumberKind | null;
}

/** A configured range that can't be meant; its message is for the person who wrote it. */
export class NumberPlanError extends Error {
  override readonly name = 'NumberPlanError';
}

/** Enough for any plan written by hand, and a bound on the work for each number. */
const MAX_RANGES = 64;
/** E.164 numbers have at most 15 digits; internal ones are shorter. */
const MAX_DIGITS = 15;

/**
 * Reads `100-199,300-399`: blanks and empty entries are ignored.
 * @throws NumberPlanError for what is no range, has ends of different lengths or is upside down.
 */
export function parseNumberRanges(text: string): NumberRange[] {
  const entries = text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  if (entries.length > MAX_RANGES) throw new NumberPlanError(`more than ${MAX_RANGES} ranges`);
  return entries.map((entry) => {
    const [, low, high = low] = /^(\d+)(?:\s*-\s*(\d+))?$/.exec(entry) ?? [];
    if (low === undefined || high === undefined) {
      throw new NumberPlanError(`"${entry}" is not a range of numbers such as 100-616`);
    }
    if (low.length > MAX_DIGITS) throw new NumberPlanError(`"${entry}" has more than ${MAX_DIGITS} digits`);
    if (low.length !== high.length) {
      throw new NumberPlanError(`"${entry}": both ends of a range need the same count of digits`);
    }
    if (low > high) throw new NumberPlanError(`"${entry}" is upside down: write ${high}-${low}`);
    return { low, high };
  });
}

/** Whether a number lies in a range. Digits of equal length compare as text, so leading zeros keep their meaning. */
export function inRange(number: string, range: NumberRange): boolean {
  return number.length === range.low.length && number >= range.low && number <= range.high && /^[0-9]+$/.test(number);
}

/**
 * A plan from its configuration.
 * @throws NumberPlanError as {@link parseNumberRanges} does.
 */
export function numberPlan(config: Numbering): NumberPlan {
  const plan = NUMBER_KINDS.map((kind) => ({ kind, ranges: parseNumberRanges(config[kind]) }));
  return {
    kindOf: (number) => plan.find(({ ranges }) => ranges.some((range) => inRange(number, range)))?.kind ?? null,
  };
}
