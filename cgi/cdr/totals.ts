/**
 * 30002 (ours): totals of what the call report shows for a filter: how many calls, how they ended, how long was talked; in
 * all, and by day, hour, disposition, direction, trunk, port and extension.
 *
 * A call is a row of 9006, so a transfer counts twice. The figures:
 * - `count`: call attempts; `answered`, `noanswer`, `busy`, `failed` (congestion too): how they ended. They add up to count.
 * - `duration`, `billsec`: seconds, summed over all of them, as 9006 shows them.
 * - `minutes`: of each call its billsec rounded up to whole minutes, summed: minutes begun, as carriers bill.
 * - `asr`: answer-seizure ratio (ITU-T E.411, E.425), answered / count in percent, two decimals; null without a call.
 *   Every attempt that was recorded is taken for a seizure.
 * - `acd`: average call duration, billsec of the answered / answered, seconds, one decimal; null without an answered call.
 *
 * Day and hour are those of the call's start on the clock the box had then. A trunk's figures hold each call that came by it
 * or left by it, so that one which did both, by two trunks, stands under both and the sum over trunks may exceed the whole;
 * calls without a trunk, or without a GSM port, are in the whole only. An extension's figures hold each call in which that
 * inside number took part: the caller unless the call came from outside, and who was called unless it left; of `620(202)`
 * that is 202, who answered. Numbers that are not digits alone (`s`, `*97`) are none.
 */
import * as v from 'valibot';
import type { Dimension, Sums, TotalsStep } from '../../storage/filter.ts';
import * as fields from '../fields.ts';
import { CgiError, type Reply } from '../reply.ts';
import { verb } from '../verb.ts';
import { callFilter, filterOf, rangeOf } from './filter.ts';
import { addSums, NO_SUMS } from './sums.ts';

/** What can be asked for in `by`, and how a group's value is shown. */
const SHOWN: Readonly<Record<Dimension, (value: string | number) => string | number>> = {
  day: (value) => new Date(Number(value) * 86_400_000).toISOString().slice(0, 10),
  hour: Number,
  disposition: String,
  direction: String,
  trunk: String,
  port: Number,
  extension: String,
};
const DIMENSIONS = Object.keys(SHOWN) as Dimension[];

/**
 * Groups of one dimension at most, 200 bytes each: days of 13 years, and more extensions or trunks than a box has. Beyond
 * it the answer is 413, never a part of the truth.
 */
export const TOTALS_GROUPS_MAX = 5_000;

export const callTotals = verb({
  about: 'totals of the calls of a filter: count, outcomes, seconds, minutes, ASR, ACD; also by day, hour, trunk …',
  right: 'cdr.read',
  parameters: v.strictObject({
    ...callFilter.entries,
    by: fields.field(`a comma list of ${DIMENSIONS.join(', ')}`, dimensionsOf),
  }),
  handle(parameters, services): Reply {
    const range = rangeOf(parameters, services);
    const filter = filterOf(parameters, range, services);
    const by = parameters.by ?? [];
    const about = { startdate: range.startdate, enddate: range.enddate };

    // Empty pieces while it is summed up: whoever writes the answer stops asking when the client is gone.
    async function* text(): AsyncGenerator<string> {
      const sums = createSums(by);
      for await (const step of services.store.totals(filter, by)) {
        sums.add(step);
        yield '';
      }
      const arrays = by.map((dimension) => [`json_array_${dimension}`, sums.rows(dimension)] as const);
      const body = { json_obj_totals: sums.all(), ...Object.fromEntries(arrays), json_obj_filter: about };
      yield JSON.stringify(body);
    }
    return { kind: 'rows', text: text() };
  },
});

function dimensionsOf(text: string): readonly Dimension[] | undefined {
  if (text.trim() === '') return undefined;
  const words = text.split(',').map((word) => word.trim().toLowerCase());
  const found = words.map((word) => DIMENSIONS.find((dimension) => dimension === word));
  const known = found.filter((dimension) => dimension !== undefined);
  if (known.length < found.length) throw new fields.Wrong(`must be a comma list of ${DIMENSIONS.join(', ')}`);
  return [...new Set(known)];
}

/** Adds up the steps of one question. */
function createSums(by: readonly Dimension[]) {
  let all = NO_SUMS;
  const groups = new Map<Dimension, Map<string | number, Sums>>(by.map((dimension) => [dimension, new Map()]));
  return {
    /** @throws {CgiError} `too_large` when a dimension has more groups than are kept. */
    add({ groups: found }: TotalsStep): void {
      for (const [dimension, value, sums] of found) {
        if (dimension === null) {
          all = addSums(all, sums);
          continue;
        }
        const known = groups.get(dimension);
        known?.set(value, addSums(known.get(value) ?? NO_SUMS, sums));
        if (known && known.size > TOTALS_GROUPS_MAX)
          throw new CgiError(
            'too_large',
            `by=${dimension} gives more than ${TOTALS_GROUPS_MAX} groups: ask for a shorter range or for fewer calls`,
            'by',
          );
      }
    },
    all: () => figures(all),
    rows: (dimension: Dimension) =>
      [...(groups.get(dimension) ?? [])]
        .sort(([a], [b]) => (typeof a === 'number' ? a - Number(b) : compareText(a, String(b))))
        .map(([value, sums]) => ({ [dimension]: SHOWN[dimension](value), ...figures(sums) })),
  };
}

/** Numbers of one length in their order, shorter ones first: 99, 205, 9506. */
function compareText(a: string, b: string): number {
  const digits = /^\d+$/;
  if (digits.test(a) && digits.test(b) && a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}

function figures({ talked, ...sums }: Sums) {
  const { count, answered } = sums;
  // Divided last: a quotient that ends in a half is then exact, and goes up.
  return {
    ...sums,
    asr: count > 0 ? Math.round((answered * 10_000) / count) / 100 : null,
    acd: answered > 0 ? Math.round((talked * 10) / answered) / 10 : null,
  };
}
