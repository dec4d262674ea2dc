/**
 * Sums over the calls of a filter, a step at a time along the same paths as its listing. The grouping is done by a function
 * that SQLite calls once a row: its own GROUP BY sorts every step's rows anew for each dimension, at four times the cost.
 */
import type { Dimension, Sums, TotalsRequest, TotalsStep } from '../filter.ts';
import { CALL_TYPES } from '../model/leg.ts';
import type { Database } from './database.ts';
import { callStretch, union } from './listing.ts';

/** Dispositions as shown, in the order of their codes: whatever is none of the first three is a failure. */
const OUTCOMES = ['ANSWERED', 'NO ANSWER', 'BUSY', 'FAILED'] as const;
const OUTCOME = `CASE disposition WHEN 'ANSWERED' THEN 0 WHEN 'NO ANSWER' THEN 1 WHEN 'BUSY' THEN 2 ELSE 3 END`;
const DIRECTION = `CASE calltype ${CALL_TYPES.map((name, code) => `WHEN '${name}' THEN ${code}`).join(' ')} END`;

const digits = (column: string) => `${column} <> '' AND ${column} NOT GLOB '*[^0-9]*'`;

/** The function's arguments: always asked, or only for a dimension. */
const ARGUMENTS: readonly (readonly [sql: string, ...dimensions: readonly Dimension[]])[] = [
  // The call's own clock, as it was at its start.
  ['start_at + start_offset', 'day', 'hour'],
  [DIRECTION, 'direction'],
  ['port', 'port'],
  ["nullif(src_trunk, '')", 'trunk'],
  ["nullif(dst_trunk, '')", 'trunk'],
  // The side without a trunk is one of ours, but for what the direction says is outside; `s` and `*97` are no numbers.
  [`CASE WHEN src_trunk = '' AND calltype <> 'Inbound' AND ${digits('src')} THEN src END`, 'extension'],
  [`CASE WHEN dst_trunk = '' AND calltype <> 'Outbound' AND ${digits('dst_inner')} THEN dst_inner END`, 'extension'],
];

type Totals = (request: TotalsRequest) => TotalsStep;

/** Makes the function known to the database. @returns what gives one step's sums. */
export function createCallTotals(database: Database): Totals {
  /** Of each dimension asked for, its values' sums; of null, all. */
  let step = new Map<Dimension | null, Map<string | number, number[]>>();

  database.define(
    'add_call',
    (outcome, duration, billsec, wall, direction, port, srcTrunk, dstTrunk, source, destination) => {
      const add = (dimension: Dimension | null, value: string | number) => {
        const values = step.get(dimension);
        let sums = values?.get(value);
        if (!sums) {
          sums = [0, 0, 0, 0, 0, 0, 0, 0, 0];
          values?.set(value, sums);
        }
        addTo(sums, Number(outcome), Number(duration), Number(billsec));
      };
      add(null, '');
      if (step.has('day')) add('day', Math.floor(Number(wall) / 86_400));
      if (step.has('hour')) add('hour', Math.floor(Number(wall) / 3_600) - Math.floor(Number(wall) / 86_400) * 24);
      if (step.has('disposition')) add('disposition', OUTCOMES[Number(outcome)] ?? '');
      if (direction !== null) add('direction', CALL_TYPES[Number(direction)] ?? '');
      if (port) add('port', Number(port));
      if (srcTrunk !== null) add('trunk', String(srcTrunk));
      if (dstTrunk !== null && dstTrunk !== srcTrunk) add('trunk', String(dstTrunk));
      if (source !== null) add('extension', String(source));
      if (destination !== null && destination !== source) add('extension', String(destination));
      return 1;
    },
  );

  return (request) => {
    const { parts, end } = callStretch(database, request);
    step = new Map([null, ...request.by].map((dimension) => [dimension, new Map()]));
    const asked = ARGUMENTS.map(([sql, ...dimensions]) => (dimensions.some((name) => step.has(name)) ? sql : 'NULL'));
    const values = [OUTCOME, 'duration', 'billsec', ...asked].join(', ');
    const calls = union(parts, `SELECT count(add_call(${values})) AS rows`);
    database.all(calls.text, calls.binds);
    const groups = [...step].flatMap(([dimension, found]) =>
      [...found].map(([value, sums]) => [dimension, value, sumsOf(sums)] as const),
    );
    return { groups, next: end };
  };
}

/** In the order of {@link sumsOf}. */
function addTo(sums: number[], outcome: number, duration: number, billsec: number): void {
  const add = (index: number, value: number) => {
    sums[index] = (sums[index] ?? 0) + value;
  };
  add(0, 1);
  add(1 + outcome, 1);
  add(5, duration);
  add(6, billsec);
  if (outcome === 0) add(7, billsec);
  add(8, Math.ceil(billsec / 60));
}

function sumsOf([count = 0, answered = 0, noanswer = 0, busy = 0, failed = 0, ...times]: readonly number[]): Sums {
  const [duration = 0, billsec = 0, talked = 0, minutes = 0] = times;
  return { count, answered, noanswer, busy, failed, duration, billsec, talked, minutes };
}
