/**
 * Whatever the order, repetition or split of a history's records over AMI and CSV, the calls are the same: identity, groups,
 * fold and rows together, on a store in memory that does what storage/store.ts does in SQL.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CallRow } from '../../storage/model/call.ts';
import { conferenceChannels, inConference } from '../../storage/model/conference.ts';
import { type FoldRules, foldLegs } from '../../storage/model/fold.ts';
import { groupKey, groupOf, matchLeg, regroup, type StoredLeg } from '../../storage/model/identity.ts';
import { LEG_SOURCE, type Leg, type LegSource } from '../../storage/model/leg.ts';
import { GUIDE_NUMBERING, numberPlan } from '../../storage/model/number-plan.ts';
import { pairMoved, pairRows } from '../../storage/model/pair.ts';
import { trunkRules } from '../../storage/model/trunk.ts';
import { type Counters, KINDS, type Plan, recordsOf } from './calls/history.ts';

/** 8,000 and a quarter of that for restarts, in some seconds; mutation testing asks for fewer, `make fuzz` for more. */
const HISTORIES = Number(process.env['CDRD_HISTORIES'] ?? 8_000);

const plan = numberPlan(GUIDE_NUMBERING);
const RULES: FoldRules = {
  plan,
  trunks: trunkRules({ names: ['96', '42'], fxo: ['^DAHDI/(\\d+)-'], gsm: ['^GSM/(\\d+)-'], plan }),
  recordingsDir: '/m',
};

interface StoredRow {
  readonly id: number;
  readonly group: string;
  readonly anchor: number;
  readonly row: CallRow;
}

function memoryStore() {
  let legs: StoredLeg[] = [];
  let rows: StoredRow[] = [];
  let lastLeg = 0;
  let lastRow = 0;

  const legsOf = (group: string) => legs.filter((leg) => leg.group === group);
  const legsOfKey = (key: string) => legs.filter(({ group }) => group === key || group.startsWith(`${key}#`));
  const rowsOf = (group: string) => rows.filter((row) => row.group === group);

  function folded(group: string) {
    const own = legsOf(group);
    const channels = conferenceChannels(own, plan);
    const kin = legs.filter((leg) => leg.group !== group && channels.includes(leg.destinationChannel));
    return own.length === 0 ? [] : foldLegs(own, RULES, kin);
  }

  /** Puts these in the place of all rows of the groups. */
  function keep(groups: readonly string[], next: readonly StoredRow[]) {
    rows = [...rows.filter(({ group }) => !groups.includes(group)), ...next].sort((a, b) => a.id - b.id);
  }
  const stored = (
    group: string,
    pairs: ReturnType<typeof pairRows<StoredRow, ReturnType<typeof folded>[number]>>['pairs'],
  ) =>
    pairs.map(([old, { anchor, row }]) => {
      if (!old) lastRow += 1;
      return { id: old?.id ?? lastRow, group, anchor, row };
    });

  function fold(group: string) {
    keep([group], stored(group, pairRows(rowsOf(group), folded(group)).pairs));
  }

  function write(record: Leg, source: LegSource) {
    const known = legs.filter((each) => each.uniqueId === record.uniqueId);
    const match = matchLeg(known, record, source);
    if (match.kind === 'duplicate') return;
    let leg: StoredLeg;
    if (match.kind === 'new') {
      lastLeg += 1;
      leg = {
        ...record,
        id: lastLeg,
        group: groupOf(legsOfKey(groupKey(record)), record),
        sources: LEG_SOURCE[source],
      };
      legs = [...legs, leg];
      fold(leg.group);
    } else {
      const from = match.leg.group;
      leg = { ...match.leg, group: regroup(legsOfKey(groupKey(match.leg)), match.leg) };
      legs = legs.map((each) => (each.id === leg.id ? leg : each));
      if (leg.group === from) fold(from);
      else {
        const moved = pairMoved(
          { stored: rowsOf(from), folded: folded(from) },
          { stored: rowsOf(leg.group), folded: folded(leg.group) },
        );
        keep([from, leg.group], [...stored(from, moved.left), ...stored(leg.group, moved.joined)]);
      }
    }
    if (inConference(leg, plan) && leg.destinationChannel !== '') {
      const named = legs.filter(({ channel, group }) => channel === leg.destinationChannel && group !== leg.group);
      for (const group of new Set(named.map(({ group }) => group))) fold(group);
    }
  }

  return { write, legs: () => legs, rows: () => rows };
}

// ---- histories -----------------------------------------------------------------------------------------------------

const KIND_NAMES = Object.keys(KINDS);
const CALL: fc.Arbitrary<Plan> = fc.record({
  kind: fc.constantFrom(...KIND_NAMES),
  t: fc.integer({ min: 0, max: 30 }),
  a: fc.integer({ min: 1, max: 9 }),
  b: fc.integer({ min: 1, max: 20 }),
});
/** Where every choice of delivery is drawn from; 0 is the plainest. */
const CHOICES = fc.array(fc.nat({ max: 999 }), { minLength: 40, maxLength: 40 });
type Format = 'none' | 'stock' | 'rich';
const FORMAT = fc.constantFrom<Format>('none', 'stock', 'rich');

interface Delivery {
  readonly record: Leg;
  readonly source: LegSource;
}

/** As stock Master.csv has it. */
const stock = (leg: Leg): Leg => ({
  ...leg,
  ...{ sequence: null, linkedId: null, cidName: null, ivr: null, dialled: null, callType: null, talkStart: null },
  recordingFile: '',
});

/** What the sources bring of a history, out of order and partly twice, and each record as it is then known. */
function deliver(records: readonly Leg[], format: Format, choices: readonly number[]) {
  let next = 0;
  const draw = (below: number) => {
    next += 1;
    return (choices[next % choices.length] ?? 0) % below;
  };
  const deliveries: Delivery[] = [];
  const known = records.map((record) => {
    // Of records that only the Sequence tells apart (the two for Hangup) a stock file has all or none.
    const inCsv = format !== 'none' && (draw(3) < 2 || record.lastApplication === 'Hangup');
    // A stock line alone tells no LinkedID: only of a call of one channel it says enough.
    const csvIsEnough = inCsv && (format === 'rich' || record.linkedId === record.uniqueId);
    const byAmi = !csvIsEnough || draw(3) < 2;
    const line = format === 'stock' ? stock(record) : record;
    // A stock file is read once (its offset is kept with its rows), an event or a rich line may come again.
    const lines = !inCsv ? 0 : format === 'stock' ? 1 : 1 + draw(2);
    const events = byAmi ? 1 + draw(3) : 0;
    for (let count = 0; count < lines; count += 1) deliveries.push({ record: line, source: 'csv' });
    for (let count = 0; count < events; count += 1) deliveries.push({ record, source: 'ami' });
    return byAmi ? record : line;
  });
  for (let index = deliveries.length - 1; index > 0; index -= 1) {
    const other = draw(index + 1);
    const [one, two] = [deliveries[index], deliveries[other]];
    if (one && two) [deliveries[index], deliveries[other]] = [two, one];
  }
  return { deliveries, known };
}

/** The rows of calls whose records are all there from the start. */
function expected(calls: readonly (readonly Leg[])[]): CallRow[] {
  let id = 0;
  const legs = calls.flatMap((records, call) =>
    records.map((leg): StoredLeg => {
      id += 1;
      return { ...leg, id, group: `${groupKey(leg)}/${call}`, sources: 1 };
    }),
  );
  return [...new Set(legs.map(({ group }) => group))].flatMap((group) =>
    foldLegs(
      legs.filter((leg) => leg.group === group),
      RULES,
      legs.filter((leg) => leg.group !== group),
    ).map(({ row }) => row),
  );
}

const sorted = (rows: readonly CallRow[]) => rows.map((row) => JSON.stringify(row)).sort();

/** Writes all, and looks after each that no row has changed its id and none stands twice. */
function arrive(store: ReturnType<typeof memoryStore>, deliveries: readonly Delivery[]) {
  for (const { record, source } of deliveries) {
    const before = new Map(store.rows().map(({ anchor, id }) => [anchor, id]));
    store.write(record, source);
    const ids = new Set<number>();
    for (const { anchor, id } of store.rows()) {
      if ((before.get(anchor) ?? id) !== id) expect.fail(`row ${before.get(anchor)} became ${id}`);
      if (ids.has(id)) expect.fail(`two rows have the id ${id}`);
      ids.add(id);
    }
  }
}

const fresh = (): Counters => ({ unique: 0, channel: 0, sequence: 0 });

describe('any order, repetition or split over AMI and CSV gives the same calls', () => {
  test('each kind makes the rows that it should', () => {
    const rows = Object.fromEntries(
      KIND_NAMES.map((kind) => [kind, expected([recordsOf({ kind, t: 0, a: 2, b: 4 }, fresh())]).length]),
    );
    expect(rows).toEqual({
      ...{ internal: 1, outbound: 1, ivr: 1, analogue: 1, gsm: 1, busy: 1, queue: 1, ringGroup: 1, local: 1 },
      ...{ clickToCall: 1, blindTransfer: 2, attendedTransfer: 3, parking: 2, conference: 3 },
    });
  });

  test('several calls', () => {
    fc.assert(
      fc.property(fc.array(CALL, { minLength: 1, maxLength: 3 }), FORMAT, CHOICES, (plans, format, choices) => {
        const counters = fresh();
        const records = plans.flatMap((each) => recordsOf(each, counters));
        const { deliveries, known } = deliver(records, format, choices);
        const store = memoryStore();
        arrive(store, deliveries);
        expect(store.legs().length).toBe(records.length);
        expect(sorted(store.rows().map(({ row }) => row))).toEqual(sorted(expected([known])));
      }),
      { numRuns: HISTORIES },
    );
  }, 120_000);

  test('Asterisk restarts and counts anew, its clock too', () => {
    fc.assert(
      fc.property(
        fc.array(CALL, { minLength: 2, maxLength: 3 }),
        fc.constantFrom<Format>('none', 'rich'),
        CHOICES,
        (plans, format, choices) => {
          const store = memoryStore();
          const calls = plans.map((each, start) => {
            // Later by more than any call lasts: UniqueIDs, channels and Sequences are those of the first.
            const records = recordsOf({ ...each, t: each.t + start * 200 }, fresh());
            const { deliveries, known } = deliver(records, format, choices);
            // The first record of a start is what shows it: each further call begins with its first record.
            const order = (delivery: Delivery) => (start > 0 && delivery.record.sequence === 0 ? 0 : 1);
            arrive(
              store,
              deliveries.sort((a, b) => order(a) - order(b)),
            );
            return known;
          });
          expect(store.legs().length).toBe(calls.flat().length);
          expect(sorted(store.rows().map(({ row }) => row))).toEqual(sorted(expected(calls)));
        },
      ),
      { numRuns: HISTORIES / 4 },
    );
  }, 120_000);
});
