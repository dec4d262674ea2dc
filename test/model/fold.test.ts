/** Folding: text tables of real calls, and what must hold for any records in any order. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { legOfCdrEvent } from '../../daemon/asterisk/cdr-event.ts';
import { createPacketReader } from '../../daemon/wire/packet.ts';
import { inConference } from '../../storage/model/conference.ts';
import { type FoldRules, foldLegs } from '../../storage/model/fold.ts';
import { groupKey, type StoredLeg } from '../../storage/model/identity.ts';
import { DISPOSITIONS, type Leg } from '../../storage/model/leg.ts';
import { zone } from '../../storage/model/local-time.ts';
import { GUIDE_NUMBERING, numberPlan } from '../../storage/model/number-plan.ts';
import { pairRows } from '../../storage/model/pair.ts';
import { trunkRules } from '../../storage/model/trunk.ts';
import { leg } from '../support/legs.ts';
import { RECORDINGS, tableCases } from './calls/table.ts';

const plan = numberPlan(GUIDE_NUMBERING);
const RULES: FoldRules = {
  plan,
  trunks: trunkRules({ names: ['96', '42', 'gw-7'], fxo: ['^DAHDI/(\\d+)-'], gsm: ['^GSM/(\\d+)-'], plan }),
  recordingsDir: RECORDINGS,
};

const store = (legs: readonly Leg[]): StoredLeg[] =>
  legs.map((leg, index) => ({ ...leg, id: index + 1, group: groupKey(leg), sources: 1 }));

/** All rows of these legs, call by call in order of their first leg; each call is shown the legs of all others. */
function rowsOf(legs: readonly StoredLeg[]) {
  const groups = new Set(legs.map((leg) => leg.group));
  return [...groups].flatMap((group) => {
    const own = legs.filter((leg) => leg.group === group);
    const others = legs.filter((leg) => leg.group !== group);
    return foldLegs(own, RULES, others).map(({ row }) => row);
  });
}

describe('a clock that was set during the call', () => {
  const NOW = 1_795_477_765;
  const spanning = (start: number, end: number, talkStart: number | null) =>
    rowsOf(
      store([
        leg(start, {
          answer: { epoch: start + 2, offset: 0 },
          end: { epoch: end, offset: 0 },
          duration: end - start,
          billsec: end - start - 2,
          talkStart,
        }),
      ]),
    )[0];

  test.each([
    ['for the first time, from 1970', 65, NOW, null],
    ['for the first time, from 1970, with talkstart', 65, NOW, 67],
    ['back', NOW, NOW - 3_600, null],
    ['back into 1970', NOW, 65, null],
  ])('%s: how long it was nobody knows, and no total is spoilt', (_, start, end, talkStart) => {
    const row = spanning(start, end, talkStart);
    expect(row).toMatchObject({ duration: 0, billsec: 0, disposition: 'ANSWERED', start: { epoch: start } });
    expect(row?.end.epoch).toBeGreaterThanOrEqual(start);
  });

  test('in 1970, or in our days, it is as long as it was', () => {
    expect(spanning(65, 125, null)).toMatchObject({ duration: 60, billsec: 58 });
    expect(spanning(NOW, NOW + 60, NOW + 10)).toMatchObject({ duration: 60, billsec: 50 });
  });
});

describe('calls', () => {
  const cases = tableCases();
  test.each(cases.map((each) => [each.title, each] as const))('%s', (_, { legs, rows }) => {
    expect(rowsOf(store(legs))).toEqual(rows);
    expect(rowsOf(store(legs.toReversed())).sort(byUniqueId)).toEqual(rows.toSorted(byUniqueId));
  });

  const captured = cases.filter(({ capture }) => capture !== '');
  test.each(captured.map((each) => [each.title, each] as const))('as in the capture: %s', (_, { capture, legs }) => {
    const bytes = readFileSync(
      new URL(`${capture.startsWith('captured/') ? './calls' : '../asterisk-side/cdr'}/${capture}`, import.meta.url),
    );
    const asterisk: Leg[] = [];
    const there = zone(capture.startsWith('plain/') ? 'UTC' : 'Etc/GMT+8');
    const reader = createPacketReader(
      { line: 65_536, lines: 64, bytes: 65_536 },
      {
        packet: (packet) => asterisk.push(legOfCdrEvent(packet, there)),
        fault: (fault) => expect.unreachable(fault),
      },
    );
    reader.push(bytes);
    // The tables leave out what folding does not look at.
    const shown = asterisk.map((leg) => ({ ...leg, destinationContext: '', lastData: '' }));
    expect(shown).toEqual(legs);
  });
  test('there are captures to compare with', () => expect(captured.length).toBeGreaterThanOrEqual(20));
});

test('records that only their words tell apart give one row, whichever came first', () => {
  const bare = { disposition: 'BUSY', answer: null, sequence: null } as const;
  const records = [
    leg(1_772_474_400, { ...bare, userField: 'Inbound', callerId: 'x' }),
    leg(1_772_474_400, { ...bare, userField: 'Outbound', callerId: 'y' }),
  ];
  const [row] = rowsOf(store(records));
  expect(rowsOf(store(records.toReversed()))).toEqual([row]);
});

const byUniqueId = (a: { uniqueId: string; start: { epoch: number } }, b: typeof a) =>
  a.uniqueId.localeCompare(b.uniqueId) || a.start.epoch - b.start.epoch;

// ---- any records ---------------------------------------------------------------------------------------------------

const EPOCH = 1_772_474_400;
const at = (seconds: number) => ({ epoch: EPOCH + seconds, offset: -28_800 });
const CHANNELS = ['SIP/205-01', 'SIP/204-02', 'SIP/202-03', 'SIP/96-04', 'GSM/3-05', 'Local/202@inside-06;1'];

/** Records of one call: few values, so that they meet often. `seq` says how one leg differs from any other. */
const legOf = (seq: number): fc.Arbitrary<Leg> =>
  fc.record({
    accountCode: fc.constantFrom('', 'sales'),
    source: fc.constantFrom('205', '506', ''),
    destination: fc.constantFrom('204', '620', '820', '740', '9513', 's', 't', ''),
    destinationContext: fc.constant('inside'),
    callerId: fc.constantFrom('"FROM96-506" <506>', '"" <>', '', '"'),
    channel: fc.constantFrom(...CHANNELS),
    destinationChannel: fc.constantFrom('', ...CHANNELS),
    lastApplication: fc.constantFrom('Dial', 'Hangup'),
    lastData: fc.constant(''),
    start: fc.integer({ min: -5, max: 30 }).map(at),
    answer: fc.option(fc.integer({ min: -5, max: 60 }).map(at)),
    end: fc.integer({ min: -5, max: 60 }).map(at),
    duration: fc.integer({ min: -100, max: 100 }),
    billsec: fc.integer({ min: -100, max: 100 }),
    disposition: fc.constantFrom(...DISPOSITIONS),
    amaFlags: fc.constant('DOCUMENTATION'),
    uniqueId: fc.constantFrom('1.0', '1.1'),
    userField: fc.constantFrom('', 'Internal', 'x'),
    recordingFile: fc.constantFrom('', `${RECORDINGS}/20260302/a`, '../x'),
    linkedId: fc.constant('1.0'),
    sequence: fc.constantFrom(null, seq),
    cidName: fc.constantFrom(null, 'FROM96-'),
    ivr: fc.constantFrom(null, 'IVR620-'),
    dialled: fc.constantFrom(null, '620'),
    callType: fc.constantFrom(null, 'CallBack', 'nonsense'),
    talkStart: fc.option(fc.integer({ min: EPOCH - 10, max: EPOCH + 100 })),
    extra: fc.constant([]),
  });

const CALL = fc
  .integer({ min: 1, max: 6 })
  .chain((count) => fc.tuple(...Array.from({ length: count }, (_, seq) => legOf(seq))));
const SHUFFLED = CALL.chain((legs) =>
  fc.tuple(fc.constant(store(legs)), fc.shuffledSubarray(store(legs), { minLength: legs.length })),
);

describe('any records', () => {
  test('the order in which they come changes neither rows nor anchors', () => {
    fc.assert(
      fc.property(SHUFFLED, ([legs, shuffled]) => {
        expect(foldLegs(shuffled, RULES)).toEqual(foldLegs(legs, RULES));
      }),
    );
  });

  test('a row for each two parties that talked and each channel in a conference, otherwise one', () => {
    fc.assert(
      fc.property(CALL, (legs) => {
        const rooms = legs.filter((leg) => inConference(leg, plan));
        const talks = legs.filter((leg) => !rooms.includes(leg) && leg.disposition === 'ANSWERED');
        const pairs = talks
          .filter((leg) => leg.destinationChannel !== '' && leg.destinationChannel !== leg.channel)
          .map((leg) => [leg.channel, leg.destinationChannel].sort().join());
        const folded = foldLegs(store(legs), RULES);
        const rows = new Set(pairs).size + new Set(rooms.map((leg) => leg.channel)).size;
        expect(folded).toHaveLength(Math.max(1, rows));
        expect(new Set(folded.map(({ anchor }) => anchor)).size).toBe(folded.length);
      }),
    );
  });

  test('no row has a negative time, ends before it starts or is billed unanswered', () => {
    fc.assert(
      fc.property(CALL, (legs) => {
        for (const { row } of foldLegs(store(legs), RULES)) {
          expect(row.duration).toBeGreaterThanOrEqual(0);
          expect(row.billsec).toBeGreaterThanOrEqual(0);
          expect(row.duration).toBe(row.end.epoch - row.start.epoch);
          if (row.disposition !== 'ANSWERED') expect([row.billsec, row.answer]).toEqual([0, null]);
        }
      }),
    );
  });

  test('the rows cover every record’s time', () => {
    fc.assert(
      fc.property(CALL, (legs) => {
        const rows = foldLegs(store(legs), RULES).map(({ row }) => row);
        expect(Math.min(...rows.map((row) => row.start.epoch))).toBe(Math.min(...legs.map((leg) => leg.start.epoch)));
        const lastEnd = Math.max(...legs.map((leg) => leg.end.epoch));
        const lastRow = Math.max(...rows.map((row) => row.end.epoch));
        if (lastEnd >= Math.max(...rows.map((row) => row.start.epoch))) expect(lastRow).toBe(lastEnd);
      }),
    );
  });

  test('a row keeps its id however late records come', () => {
    fc.assert(
      fc.property(SHUFFLED, ([, arriving]) => {
        let lastId = 0;
        let stored: { readonly id: number; readonly anchor: number }[] = [];
        arriving.forEach((_, index) => {
          const folded = foldLegs(arriving.slice(0, index + 1), RULES);
          const before = stored;
          const { pairs, left } = pairRows(stored, folded);
          expect(left.length).toBe(Math.max(0, before.length - folded.length));
          stored = pairs.map(([old, { anchor }]) => ({ id: old?.id ?? ++lastId, anchor }));
          expect(new Set(stored.map(({ id }) => id)).size).toBe(folded.length);
          for (const old of before)
            for (const row of stored) if (row.anchor === old.anchor) expect(row.id).toBe(old.id);
        });
        expect(lastId).toBe(stored.length); // and none was given up on the way
      }),
    );
  });
});
