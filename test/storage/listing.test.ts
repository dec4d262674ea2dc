/** The SQL of listings as SQLite plans it: along an index, in its order, and each step over its own stretch only. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CallFilter, Cursor, Field, PageRequest, RecordingFilter } from '../../storage/filter.ts';
import { codesOf, type TruthKind } from '../../storage/model/truth.ts';
import { type Bind, type Database, openDatabase } from '../../storage/sql/database.ts';
import { callCount, callPage, recordingCount, recordingPage } from '../../storage/sql/listing.ts';
import { migrate } from '../../storage/sql/migrate.ts';
import { migrations } from '../../storage/sql/migration/migrations.ts';
import { truthCount, truthPage } from '../../storage/sql/truth.ts';
import { atFileEnd, temporaryFolder } from '../support/folder.ts';
import { textOf } from '../support/page.ts';
import { manyCalls } from './many-calls.ts';

const CALLS = 20_000;
const START = 1_619_082_110;
const CALL_FIELDS: readonly Field[] = [
  ['start', 'start'],
  ['id', 'id'],
  ['src', 'src'],
];
const RECORDING_FIELDS: readonly Field[] = [
  ['time', 'time'],
  ['duration', 'duration'],
  ['path', 'path'],
];

let database: Database;
/** Every statement asked for by listings, with what was bound. */
const asked: (readonly [sql: string, binds: readonly Bind[]])[] = [];

const atEnd = atFileEnd();
beforeAll(() => {
  const file = `${temporaryFolder(atEnd)}/cdrd.db`;
  const real = openDatabase(file);
  afterAll(() => real.close());
  migrate(real, file, migrations);
  real.run(manyCalls(CALLS));
  real.run(`INSERT INTO recording (medium, path, folder, size, mtime_ms, seconds, state, wall_at, answer_at, calltype, trunk, src, dst, call_id, match, found_at)
    SELECT 1, 'p' || id, '', 44, 0, 5, 'ok', start_at - 28800, start_at, 'Internal', '', src, dst, id, 'named', 0 FROM call WHERE id % 2`);
  database = Object.assign(Object.create(real) as Database, {
    all(sql: string, binds: readonly Bind[] = []) {
      asked.push([sql, binds]);
      return real.all(sql, binds);
    },
    first(sql: string, binds: readonly Bind[] = []) {
      asked.push([sql, binds]);
      return real.first(sql, binds);
    },
  });
});

/** How SQLite goes about what was asked since the last look. */
function plans(): string[] {
  return asked
    .splice(0)
    .map(
      ([sql, binds]) => Object.getPrototypeOf(database).all(`EXPLAIN QUERY PLAN ${sql}`, binds) as { detail: string }[],
    )
    .map((rows) => rows.map(({ detail }) => detail).join('; '));
}

const page = (change: Partial<PageRequest<CallFilter>> = {}, filter: Partial<CallFilter> = {}) =>
  callPage(database, {
    fields: CALL_FIELDS,
    order: 'desc',
    after: null,
    scan: 500,
    limit: 500,
    ...change,
    filter: { start: {}, ...filter },
  });
const recordings = (change: Partial<PageRequest<RecordingFilter>> = {}) =>
  recordingPage(database, {
    fields: RECORDING_FIELDS,
    order: 'desc',
    after: null,
    scan: 500,
    limit: 500,
    filter: { wall: {} },
    ...change,
  });

const findings = (kind: TruthKind, within: object = {}) => ({
  filter: { kind, codes: codesOf(kind), start: {}, wall: {}, ...within },
  after: null,
  scan: 500,
});
const found = (kind: TruthKind, within: object = {}) =>
  truthPage(database, {
    ...findings(kind, within),
    fields:
      kind === 'missing'
        ? [
            ['when', 'when'],
            ['reason', 'reason'],
          ]
        : [
            ['apart', 'apart'],
            ['reason', 'reason'],
          ],
    order: 'desc',
    limit: 20,
  });

const DAY = { from: START + 5_000, to: START + 9_999 };
const CURSOR = { key: START + 7_000, id: 7_001 };
const EXACT = { kind: 'literal', value: '207' } as const;
const HEAVY: Partial<CallFilter> = {
  src: [{ kind: 'wildcard', pattern: '2*' }],
  dispositions: ['ANSWERED'],
  billsec: { from: 1 },
  duration: { from: 1, to: 100 },
  trunks: [],
  port: 0,
};

describe('a plan', () => {
  const requests: readonly (readonly [name: string, index: string, work: () => unknown])[] = [
    ['a day', 'call_start', () => page({}, { start: DAY })],
    ['a day, from a cursor', 'call_start', () => page({ after: CURSOR }, { start: DAY })],
    ['a day, upwards from a cursor', 'call_start', () => page({ after: CURSOR, order: 'asc' }, { start: DAY })],
    ['a day, some rows', 'call_start', () => page({ limit: 20 }, { start: DAY })],
    ['a day with every filter', 'call_start', () => page({ limit: 20, after: CURSOR }, { start: DAY, ...HEAVY })],
    ['a day as CSV', 'call_start', () => page({ format: { delimiter: ',', asText: false } }, { start: DAY })],
    ['a day as XML, some rows', 'call_start', () => page({ format: 'xml', limit: 20 }, { start: DAY })],
    ['all', 'call_start', () => page()],
    ['all, the last of it', 'call_start', () => page({ after: { key: START + 100, id: 101 } })],
    ['an open side', 'call_start', () => page({}, { start: { to: START + 900 } })],
    ['since', 'call_changed', () => page({ order: 'asc' }, { since: 17_000 })],
    ['since, within a day', 'call_changed', () => page({ order: 'asc', limit: 5 }, { since: 5_500, start: DAY })],
    ['a number', 'call_src', () => page({ limit: 20, after: CURSOR }, { start: DAY, src: [EXACT] })],
    ['a number called', 'call_dst', () => page({ limit: 20, after: CURSOR }, { start: DAY, dst: [EXACT] })],
    ['a number called, all', 'call_dst_inner', () => page({}, { dst: [EXACT] })],
    [
      'a number counted',
      'call_dst',
      () => callCount(database, { filter: { start: {}, dst: [EXACT] }, after: CURSOR, scan: 500 }),
    ],
    ['a count', 'call_start', () => callCount(database, { filter: { start: DAY }, after: null, scan: 500 })],
    [
      'a count, onwards',
      'call_start',
      () => callCount(database, { filter: { start: DAY, ...HEAVY }, after: CURSOR, scan: 500 }),
    ],
    ['calls without their recording', 'call_start', () => found('missing', { start: DAY })],
    ['the same counted', 'call_start', () => truthCount(database, findings('missing', { start: DAY }))],
    ['files without a call', 'recording_wall', () => found('nocall')],
    ['damaged files', 'recording_wall', () => found('broken')],
    ['files with their calls', 'recording_wall', () => found('match')],
    ['the same, counted', 'recording_wall', () => truthCount(database, findings('match'))],
    [
      'recordings of a day',
      'recording_wall',
      () => recordings({ filter: { wall: { from: START - 28_800, to: START } } }),
    ],
    [
      'recordings by length',
      'recording_wall',
      () => recordings({ limit: 5, filter: { wall: {}, duration: { from: 1 } } }),
    ],
    [
      'recordings counted',
      'recording_wall',
      () => recordingCount(database, { filter: { wall: {}, duration: { from: 1 } }, after: null, scan: 500 }),
    ],
  ];

  test.each(requests)('of %s goes along %s, sorts nothing and scans no table', (_name, index, work) => {
    asked.length = 0;
    work();
    const found = plans();
    expect(found.length).toBeGreaterThan(1);
    for (const plan of found) {
      expect(plan).toContain(index);
      expect(plan).not.toMatch(/TEMP B-TREE/);
      expect(plan).not.toMatch(/SCAN (call|recording)(?! USING)/);
    }
  });

  test('has one bound a side: a step far from the range’s edge doesn’t begin there', () => {
    asked.length = 0;
    page({ after: CURSOR }, { start: DAY });
    page({ after: CURSOR, order: 'asc' }, { start: DAY });
    callCount(database, { filter: { start: DAY }, after: CURSOR, scan: 500 });
    for (const [sql] of asked) {
      expect(sql.match(/\(?start_at(, id\))? <=? /g), sql).toHaveLength(1);
      expect(sql.match(/\(?start_at(, id\))? >=? /g), sql).toHaveLength(1);
    }
  });
});

describe('steps', () => {
  /** All steps of a listing, each as its ids. */
  function walk(change: Partial<PageRequest<CallFilter>>, filter: Partial<CallFilter>): number[][] {
    const steps: number[][] = [];
    let after: Cursor | null = change.after ?? null;
    do {
      const { bytes, rows, next } = page({ ...change, after }, filter);
      const ids = (JSON.parse(`[${textOf({ bytes })}]`) as { id: string }[]).map(({ id }) => Number(id));
      expect(ids).toHaveLength(rows);
      steps.push(ids);
      after = next;
      if (steps.length > 1_000) throw new Error('this never ends');
    } while (after);
    return steps;
  }
  const ids = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

  test.each([
    ['asc', 7],
    ['asc', 500],
    ['desc', 7],
    ['desc', 500],
    ['desc', 5_000],
  ] as const)('%s of %i make up the range, each row once', (order, scan) => {
    const start = { from: START + 100, to: START + 1_099 };
    const steps = walk({ order, scan, limit: scan }, { start });
    const expected = ids(101, 1_100);
    expect(steps.flat()).toEqual(order === 'asc' ? expected : expected.reverse());
    for (const step of steps) expect(step.length).toBeLessThanOrEqual(scan);
  });

  test('look at no more than they may, however little matches', () => {
    const steps = walk({ scan: 500, limit: 500 }, { src: [{ kind: 'wildcard', pattern: '207*' }], start: DAY });
    expect(steps).toHaveLength(11); // 5,000 calls, and the end is known only behind the last
    expect(steps.flat()).toHaveLength(100);
    expect(walk({ scan: 500, limit: 500 }, { src: [{ kind: 'literal', value: 'nobody' }], start: DAY }).flat()).toEqual(
      [],
    );
  });

  test('with a limit go on exactly behind the last row given', () => {
    const steps = walk({ scan: 500, limit: 3 }, { src: [{ kind: 'literal', value: '207' }], start: DAY });
    const all = steps.flat();
    expect(all).toHaveLength(100);
    expect(new Set(all).size).toBe(100);
    for (const step of steps) expect(step.length).toBeLessThanOrEqual(3);
  });

  test('look at the calls of an exact number only', () => {
    expect(walk({ scan: 500, limit: 500 }, { src: [EXACT], start: DAY })).toHaveLength(1);
    expect(
      walk({ scan: 30, limit: 30, order: 'asc' }, { dst: [{ kind: 'literal', value: '307' }], start: DAY }),
    ).toHaveLength(4);
  });

  test('refuse a column that is none of ours', () => {
    expect(() => page({ fields: [['x', 'src, (SELECT hash FROM user)']] })).toThrow('no column');
    expect(() => page({ fields: [['x', 'constructor']] })).toThrow('no column');
    expect(() => page({ format: 'xml', fields: [['x><y', 'src']] })).toThrow('no XML element');
  });
});
