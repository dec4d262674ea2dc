/** 30002: the totals of a filter are what its rows in 9006 add up to, on the clock that the rows show. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TOTALS_GROUPS_MAX } from '../../cgi/cdr/totals.ts';
import type { Dimension, Sums, TotalsStep } from '../../storage/filter.ts';
import type { Leg } from '../../storage/model/leg.ts';
import { zone } from '../../storage/model/local-time.ts';
import { leg } from '../support/legs.ts';
import { openBox } from './box.ts';

const ZONE = 'Europe/Berlin';
const berlin = zone(ZONE);
/** Sunday 2021-10-31 00:00 in Berlin, the day of 25 hours; and 2021-03-28, the day of 23. */
const AUTUMN = Date.UTC(2021, 9, 30, 22) / 1000;
const SPRING = Date.UTC(2021, 2, 27, 23) / 1000;
const EVER = 'startdate=2021-01-01 00:00';

const box = openBox({ atEnd: afterAll, zoneName: ZONE, now: AUTUMN + 3_600 });

const SHAPES: readonly (readonly [name: string, change: Partial<Leg>])[] = [
  ['inside', {}],
  ['inside, another', { source: '201', destination: '205' }],
  ['himself', { source: '205', destination: '205' }],
  ['in', { channel: 'SIP/96-1', source: '0305551234' }],
  ['in by an IVR', { channel: 'SIP/96-1', source: '0305551234', destination: '620' }],
  ['out', { destination: '9513', destinationChannel: 'SIP/42-1' }],
  [
    'out by the trunk it came from',
    { channel: 'SIP/96-2', source: '506', destination: '9506', destinationChannel: 'SIP/96-3' },
  ],
  ['through', { channel: 'SIP/96-1', source: '506', destination: '9506', destinationChannel: 'SIP/42-1' }],
  ['by GSM', { channel: 'GSM/3-1', source: '017099' }],
  ['a feature code', { destination: '*97', destinationChannel: '' }],
  ['callback', { callType: 'CallBack', channel: 'SIP/96-1', source: '506' }],
];
const OUTCOMES = ['ANSWERED', 'ANSWERED', 'BUSY', 'NO ANSWER', 'FAILED', 'CONGESTION'] as const;

beforeAll(async () => {
  for (let index = 0; index < 220; index++) {
    const start = (index % 2 ? AUTUMN : SPRING) + index * 617 - 7_200;
    const [, shape] = SHAPES[index % SHAPES.length] ?? SHAPES[0] ?? ['', {}];
    const disposition = OUTCOMES[(index * 7) % OUTCOMES.length] ?? 'ANSWERED';
    const talk = (index * 37) % 200;
    const moment = (epoch: number) => ({ epoch, offset: berlin.offsetAt(epoch) });
    const answered = disposition === 'ANSWERED';
    await box.call(
      leg(start, {
        uniqueId: `${start}.${index}`,
        linkedId: null,
        ...shape,
        disposition,
        start: moment(start),
        answer: answered ? moment(start + 4) : null,
        end: moment(start + 4 + talk),
        duration: 4 + talk,
        billsec: answered ? talk : 0,
      }),
    );
  }
});

type Figures = Record<string, number | null>;
async function totals(query: string) {
  const { status, body } = await box.ask(30002, query);
  expect(body['error'], query).toBeUndefined();
  expect(status).toBe(200);
  return body as { json_obj_totals: Figures; json_obj_filter: object } & Record<string, unknown>;
}

type CallRow = Readonly<Record<string, string | number>>;
const GROUPS: Readonly<Record<Dimension, (row: CallRow) => readonly (string | number)[]>> = {
  day: (row) => [String(row['calldate']).slice(0, 10)],
  hour: (row) => [Number(String(row['calldate']).slice(11, 13))],
  disposition: (row) => [String(row['disposition'])],
  direction: (row) => [String(row['userfield'])],
  trunk: (row) => [String(row['channel']), String(row['dstchannel'])].filter((name) => name !== ''),
  port: (row) => [Number(row['port'])].filter((port) => port !== 0),
  extension(row) {
    const dst = String(row['dst']);
    const called = /\((.*)\)/.exec(dst)?.[1] ?? dst;
    return [
      row['channel'] === '' && row['userfield'] !== 'Inbound' ? String(row['src']) : '',
      row['dstchannel'] === '' && row['userfield'] !== 'Outbound' ? called : '',
    ].filter((number) => /^\d+$/.test(number));
  },
};
const DIMENSIONS = Object.keys(GROUPS) as Dimension[];

/** A half goes up: 1,901 s of 20 calls are 95.1, though no binary fraction is 95.05. In whole numbers. */
const halfUp = (part: number, whole: number) => Math.floor((2 * part + whole) / (2 * whole));

/** As the doc comment of the verb says it, from what a client sees. */
function figuresOf(rows: readonly CallRow[]): Figures {
  const sum = (value: (row: CallRow) => number) => rows.reduce((total, row) => total + value(row), 0);
  const of = (disposition: string) => sum((row) => (row['disposition'] === disposition ? 1 : 0));
  const billsec = (row: CallRow) => Number(row['billsec']);
  const [count, answered] = [rows.length, of('ANSWERED')];
  const talked = sum((row) => (row['disposition'] === 'ANSWERED' ? billsec(row) : 0));
  return {
    count,
    answered,
    noanswer: of('NO ANSWER'),
    busy: of('BUSY'),
    failed: of('FAILED'),
    duration: sum((row) => Number(row['duration'])),
    billsec: sum(billsec),
    minutes: sum((row) => Math.ceil(billsec(row) / 60)),
    asr: count ? halfUp(10_000 * answered, count) / 100 : null,
    acd: answered ? halfUp(10 * talked, answered) / 10 : null,
  };
}

function groupsOf(rows: readonly CallRow[], dimension: Dimension) {
  const groups = new Map<string | number, CallRow[]>();
  for (const row of rows)
    for (const value of new Set(GROUPS[dimension](row))) groups.set(value, [...(groups.get(value) ?? []), row]);
  return [...groups].map(([value, members]) => ({ [dimension]: value, ...figuresOf(members) }));
}

const sorted = (groups: readonly object[]) => groups.map((group) => JSON.stringify(group)).sort();

async function agrees(query: string): Promise<number> {
  const { rows, about } = await box.list(9006, query);
  const found = await totals(`${query}&by=${DIMENSIONS.join(',')}`);
  expect(found.json_obj_totals).toEqual(figuresOf(rows));
  for (const dimension of DIMENSIONS)
    expect(sorted(found[`json_array_${dimension}`] as object[]), dimension).toEqual(sorted(groupsOf(rows, dimension)));
  expect(found.json_obj_filter).toEqual({ startdate: about.startdate, enddate: about.enddate });
  return rows.length;
}

test('are the sums over the rows of 9006, for any filter', async () => {
  expect(await agrees(EVER)).toBe(220);
  let some = 0;
  const one = (...values: string[]) =>
    fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.constantFrom(...values) });
  const filters = fc.record({
    startdate: one('2021-03-28 01:30', '2021-10-31 00:00', '2021-10-31 02:30', '2021-01-01 00:00'),
    enddate: one('2021-10-31 02:30', '2021-11-01 23:59'),
    src: one('205', '2*', '*0555*', '*1234', '200-299', '506'),
    dst: one('204', '620', '*0*', '9506', '205,9513'),
    disposition: one('ANSWERED', 'FAILED', 'BUSY,NOANSWER'),
    userfield: one('Internal', 'Inbound', 'Outbound,CallBack'),
    minbillsec: one('1', '60'),
    maxduration: one('100'),
    port: one('3', 'GSM3'),
    trunk: one('96', '42'),
  });
  await fc.assert(
    fc.asyncProperty(filters, async (filter) => {
      const query = Object.entries({ ...filter, startdate: filter.startdate ?? '2021-01-01 00:00' })
        .filter(([, value]) => value !== null)
        .map(([name, value]) => `${name}=${value}`)
        .join('&');
      if ((await agrees(query)) > 0) some += 1;
    }),
    { numRuns: 60 },
  );
  expect(some).toBeGreaterThan(20);
});

test('the days on which the clock changes have 25 and 23 hours, by the clock of each call', async () => {
  const live = openBox({ zoneName: ZONE, now: AUTUMN });
  for (const from of [AUTUMN, SPRING])
    for (let hour = 0; hour < 25; hour++) {
      const start = from + hour * 3_600 + 60;
      const moment = { epoch: start, offset: berlin.offsetAt(start) };
      await live.call(
        leg(start, { uniqueId: `${start}.1`, linkedId: null, start: moment, answer: moment, end: moment }),
      );
    }
  const { body } = await live.ask(30002, `${EVER}&by=day,hour`);
  const days = (body['json_array_day'] as { day: string; count: number }[]).map(({ day, count }) => [day, count]);
  expect(days).toEqual([
    ['2021-03-28', 23],
    ['2021-03-29', 2],
    ['2021-10-31', 25],
  ]);
  const hours = new Map(
    (body['json_array_hour'] as { hour: number; count: number }[]).map(({ hour, count }) => [hour, count]),
  );
  expect([hours.get(0), hours.get(1), hours.get(2), hours.get(3)]).toEqual([3, 3, 2, 2]); // 2: twice and never
});

describe('the answer', () => {
  test('has this shape, numbers as numbers', async () => {
    const found = await totals(`${EVER}&by=Disposition, direction&disposition=ANSWERED&src=201`);
    const figures = ['count', 'answered', 'noanswer', 'busy', 'failed', 'duration', 'billsec', 'minutes', 'asr', 'acd'];
    expect(Object.keys(found)).toEqual([
      'json_obj_totals',
      'json_array_disposition',
      'json_array_direction',
      'json_obj_filter',
    ]);
    expect(Object.keys(found.json_obj_totals)).toEqual(figures);
    const [row] = found['json_array_direction'] as Figures[];
    expect(Object.keys(row ?? {})).toEqual(['direction', ...figures]);
  });

  test('of nothing is zeros, and no ratio', async () => {
    const found = await totals('src=nobody&by=day');
    expect(found.json_obj_totals).toEqual(figuresOf([]));
    expect(found['json_array_day']).toEqual([]);
    expect(found.json_obj_filter).toEqual({ startdate: '2021-10-31 00:00', enddate: '2021-10-31 23:59' });
  });

  test('has days, hours and numbers in their order', async () => {
    const found = await totals(`${EVER}&by=day,hour,extension`);
    const values = (name: Dimension) =>
      (found[`json_array_${name}`] as Record<string, unknown>[]).map((row) => row[name]);
    expect(values('day')).toEqual([...values('day')].sort());
    expect(values('hour')).toEqual([...values('hour')].sort((a, b) => Number(a) - Number(b)));
    expect(values('extension')).toEqual(['201', '204', '205', '620']);
  });

  test.each(['week', 'day;hour', 'day,', ','])('by=%s is refused by name', async (by) => {
    const { status, body } = await box.ask(30002, `by=${by}`);
    expect(status).toBe(400);
    expect(body).toMatchObject({ error: { code: 'invalid', parameter: 'by' } });
  });

  test.each(['since=1', 'limit=5', 'cursor=1.1', 'order=asc'])('%s belongs to 9006 alone', async (query) => {
    expect((await box.ask(30002, query)).status).toBe(400);
  });

  test('of too many groups is refused, never cut', async () => {
    const sums: Sums = {
      count: 1,
      answered: 0,
      noanswer: 1,
      busy: 0,
      failed: 0,
      duration: 1,
      billsec: 0,
      talked: 0,
      minutes: 0,
    };
    const step = (from: number, count: number): TotalsStep => ({
      groups: Array.from({ length: count }, (_, index) => ['day', from + index, sums] as const),
      next: null,
    });
    const asking = (...steps: readonly TotalsStep[]) =>
      openBox({
        ports: {
          store: {
            async *totals() {
              yield* steps;
            },
          } as never,
        },
      }).ask(30002, `${EVER}&by=day`);
    const full = await asking(step(0, TOTALS_GROUPS_MAX - 1), step(TOTALS_GROUPS_MAX - 1, 1));
    expect(full.status).toBe(200);
    expect(full.body['json_array_day']).toHaveLength(TOTALS_GROUPS_MAX);
    const over = await asking(step(0, TOTALS_GROUPS_MAX), step(TOTALS_GROUPS_MAX, 1));
    expect(over).toMatchObject({ status: 413, body: { error: { code: 'too_large', parameter: 'by' } } });
  });
});
