/** Numbers found by index: whatever the way, the very calls that the model names, in the very order, page by page. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clientOf, type StoreClient } from '../../storage/client.ts';
import type { CallFilter, Cursor, NumbersStep, Page } from '../../storage/filter.ts';
import { createLanes } from '../../storage/lanes.ts';
import { matchesNumber, parseNumberPattern } from '../../storage/model/number-pattern.ts';
import { numberMatcher, numberSearch } from '../../storage/model/number-search.ts';
import { type Database, openDatabase } from '../../storage/sql/database.ts';
import { migrate } from '../../storage/sql/migrate.ts';
import { migrations } from '../../storage/sql/migration/migrations.ts';
import { openStore, type Store } from '../../storage/store.ts';
import { atFileEnd, temporaryFolder } from '../support/folder.ts';
import { storeOptions } from '../support/legs.ts';
import { textOf } from '../support/page.ts';
import { LANES_ONLY } from './helper.ts';
import { manyCalls } from './many-calls.ts';

interface Call {
  readonly id: number;
  readonly start: number;
  readonly src: string;
  readonly dst: string;
  readonly disposition: string;
  readonly trash: number | null;
  readonly open: number;
}

const CALLS = 4_500;
const START = 1_619_082_110;
/** One that was deleted. */
const GONE = { id: CALLS + 1, changed: CALLS + 2 };

/** Numbers of few digits in many shapes, so that patterns meet them; every tenth call lies far from its neighbours. */
function someCalls(): Call[] {
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * below);
  };
  const digits = (count: number) => Array.from({ length: count }, () => '1250'[random(4)]).join('');
  const number = () =>
    [
      () => digits(3),
      () => `+49${digits(8)}`,
      () => `0${digits(7)}`,
      () => `*9${digits(1)}`,
      () => `${digits(2)}*${digits(2)}`,
    ]
      .concat([
        () => `Anna${digits(2)}`,
        () => `ÄÖ"${digits(2)}`,
        () => '',
        () => 's',
        () => digits(4),
        () => digits(9),
      ])
      .at(random(11))?.() ?? '';
  return Array.from({ length: CALLS }, (_, index) => ({
    id: index + 1,
    start: START + Math.floor(index / 3) - (index % 10 === 9 ? random(1_500) : 0),
    src: number(),
    dst: random(4) === 0 ? `${digits(3)}(${digits(3)})` : number(),
    disposition: ['ANSWERED', 'BUSY'][random(2)] ?? '',
    trash: random(40) === 0 ? 1 : null,
    open: random(40) === 0 ? 1 : 0,
  }));
}

const calls = someCalls();
let store: Store;
let client: StoreClient;
/** How listings were looked for since the last look. */
let asked: string[] = [];

const atEnd = atFileEnd();
beforeAll(() => {
  const options = storeOptions(temporaryFolder(atEnd));
  const database = openDatabase(options.file);
  migrate(database, options.file, migrations);
  database.run(
    `INSERT INTO call (id, trash, open, changed, start_at, src, dst, disposition, call_group, anchor, start_offset, answer_at, end_at, end_offset,
       src_trunk, dst_trunk, port, duration, billsec, calltype, accountcode, cidname, ivr, uniqueid, recording)
     SELECT value ->> 'id', value ->> 'trash', value ->> 'open', iif(value ->> 'open', NULL, value ->> 'id'), value ->> 'start', value ->> 'src', value ->> 'dst', value ->> 'disposition',
       key, key, 0, 0, 0, 0, '', '', 0, 9, 9, 'Internal', '', '', '', key, '' FROM json_each(?)`,
    [JSON.stringify(calls)],
  );
  knowNumbers(database);
  database.run('INSERT INTO call_removed (id, changed) VALUES (?, ?)', [GONE.id, GONE.changed]);
  database.close();
  store = openStore(options);
  afterAll(() => store.close());
  client = clientOver(store);
});

/** As the migration does. */
function knowNumbers(database: Database): void {
  for (const [side, column] of ['src', 'dst_outer', 'dst_inner'].entries())
    database.run(
      `INSERT INTO number SELECT DISTINCT ${side}, ${column} FROM call WHERE trash IS NULL ${side === 2 ? 'AND dst_inner <> dst_outer' : ''}`,
    );
}

function clientOver(store: Store): StoreClient {
  const lanes = createLanes(async ({ operation, argument }) => {
    const value = (store.operations[operation] as (argument: unknown) => unknown)(argument);
    asked.push(operation === 'callNumbers' ? `numbers ${(value as NumbersStep | null)?.rows ?? 'none'}` : operation);
    // So fast that steps grow as they do on a real box, so slow that there is more than one.
    return { value, ms: 10 };
  });
  return clientOf(lanes, LANES_ONLY);
}

const shown = (filter: CallFilter) =>
  calls.filter(
    ({ start, src, dst, disposition, trash, open }) =>
      trash === null &&
      open === 0 &&
      start >= (filter.start.from ?? Number.NEGATIVE_INFINITY) &&
      start <= (filter.start.to ?? Number.POSITIVE_INFINITY) &&
      matchesNumber(filter.src ?? [], src) &&
      matchesNumber(filter.dst ?? [], dst) &&
      (filter.dispositions === undefined || filter.dispositions.includes(disposition as 'BUSY')),
  );
const inOrder = (order: 'asc' | 'desc', found: readonly Call[]) =>
  [...found].sort((a, b) => (order === 'asc' ? 1 : -1) * (a.start - b.start || a.id - b.id)).map(({ id }) => id);

const idsOf = (text: string) => (JSON.parse(`[${text}]`) as { id: string }[]).map(({ id }) => Number(id));
interface Part {
  readonly order: 'asc' | 'desc';
  readonly after?: Cursor | null;
  readonly offset?: number;
  readonly limit?: number;
}

async function pagesOf(filter: CallFilter, part: Part) {
  const ids: number[] = [];
  let last: Page | undefined;
  for await (const page of client.pages('call', { filter, fields: [['id', 'id']], ...part })) {
    ids.push(...idsOf(textOf(page)));
    last = page;
  }
  return { ids, next: last?.next ?? null, total: last?.total };
}

/** Every call looked at in turn. */
function scanned(filter: CallFilter, order: 'asc' | 'desc'): number[] {
  const ids: number[] = [];
  let after: Cursor | null = null;
  do {
    const request = { filter, fields: [['id', 'id']] as const, order, after, scan: 1_000, limit: 1_000 };
    const page: Page = store.operations.callPage(request);
    ids.push(...idsOf(textOf(page)));
    after = page.next;
  } while (after);
  return ids;
}

async function counted(filter: CallFilter): Promise<number> {
  let rows = 0;
  for await (const step of client.count('call', filter)) rows += step.rows;
  return rows;
}

/** What people ask for: mostly parts of numbers that are there. */
const part = fc.integer({ min: 0, max: CALLS - 1 }).chain((index) => {
  const whole = `${calls[index]?.src || '120'}|${calls[index]?.dst || '505'}`.split('|')[index % 2] ?? '';
  return fc
    .tuple(fc.nat(whole.length), fc.integer({ min: 2, max: 7 }))
    .map(([from, length]) => whole.slice(from, from + length));
});
const pattern = fc.oneof(
  part.map((text) => `*${text}*`),
  part.map((text) => `${text}*`),
  part.map((text) => `*${text}`),
  fc.tuple(part, part).map(([a, b]) => `*${a}*${b}`),
  part.map((text) => `*${text.slice(0, 3)}?${text.slice(4)}*`),
  fc.integer({ min: 0, max: CALLS - 1 }).map((index) => calls[index]?.src || '120'),
  fc.integer({ min: 0, max: CALLS - 1 }).map((index) => calls[index]?.dst || '120'),
  fc.constantFrom(
    '100-255',
    '12000000-12599999',
    '1*2',
    '*97',
    '620(',
    '*(120)',
    '5*12',
    'anna*',
    '*anna1*',
    '*äö"*',
    'Ä*',
  ),
);
const numbers = fc.array(pattern, { minLength: 1, maxLength: 3 }).map((list) => list.join(','));
const readable = (text: string) => {
  try {
    return parseNumberPattern(text);
  } catch {
    return undefined;
  }
};
const filters = fc
  .record({
    src: fc.option(numbers),
    dst: fc.option(numbers),
    from: fc.option(fc.nat(800), { freq: 2 }),
    busy: fc.boolean(),
  })
  .map(({ src, dst, from, busy }): CallFilter => {
    const [source, destination] = [src && readable(src), dst && readable(dst)];
    return {
      start: from === null ? {} : { from: START + from, to: START + 1_900 - Math.floor(from / 10) },
      ...(source && source.length > 0 && { src: source }),
      ...(destination && destination.length > 0 && { dst: destination }),
      ...(busy && { dispositions: ['BUSY'] as const }),
    };
  });

test('any filter, any way: the calls of the model, in order, in every part', async () => {
  let byIndex = 0;
  await fc.assert(
    fc.asyncProperty(
      filters,
      fc.constantFrom('asc' as const, 'desc' as const),
      fc.nat(50),
      fc.integer({ min: 1, max: 60 }),
      async (filter, order, offset, limit) => {
        const expected = inOrder(order, shown(filter));
        asked = [];
        const all = await pagesOf(filter, { order });
        if (asked.some((operation) => /^numbers \d/.test(operation))) byIndex += 1;
        expect(all.ids).toEqual(expected);
        expect(all.next).toBeNull();
        expect(all.total ?? expected.length).toBe(expected.length);
        expect(await counted(filter)).toBe(expected.length);
        expect(scanned(filter, order)).toEqual(expected);
        expect((await pagesOf(filter, { order, offset, limit })).ids).toEqual(expected.slice(offset, offset + limit));
        // From cursor to cursor: each call once.
        const walked: number[] = [];
        let after: Cursor | null = null;
        for (let pages = 0; pages < 4; pages++) {
          const page = await pagesOf(filter, { order, after, limit });
          walked.push(...page.ids);
          after = page.next;
          if (!after) break;
        }
        expect(walked).toEqual(expected.slice(0, after ? limit * 4 : undefined));
      },
    ),
    { numRuns: Number(process.env['CDRD_SEARCHES'] ?? 50) },
  );
  expect(byIndex).toBeGreaterThan(3);
});

describe('the way', () => {
  const way = async (filter: CallFilter) => {
    asked = [];
    await pagesOf(filter, { order: 'desc', limit: 600 });
    return asked.map((operation) => operation.replace(/\d+$/, 'found')).join(', ');
  };
  const src = (text: string, start = {}) => way({ start, src: parseNumberPattern(text) });
  /** A look along the starts, what is known of numbers, and the rows that were found. */
  const BY_NUMBER = /^callPage, numbers found(, callPage)?$/;

  test('of a part is by the known numbers, however short it is', async () => {
    for (const text of ['*4912*', '+49125*', '*12512,*50505', '12000000-12099999', '*9?', 'Anna*'])
      expect(await src(text), text).toMatch(BY_NUMBER);
  });

  test('of what is asked besides, or of whole numbers, ends with a look at the calls themselves', async () => {
    const verified = /^callPage(, numbers found)+(, callHits)+(, callPage)?$/;
    expect(await way({ start: {}, dst: parseNumberPattern('120(120)') })).toMatch(verified);
    expect(await way({ start: {}, src: parseNumberPattern('*4912*'), dispositions: ['BUSY'] })).toMatch(verified);
    expect(await way({ start: {}, src: parseNumberPattern('*12*'), dst: parseNumberPattern('*50*') })).toMatch(
      verified,
    );
    expect(await way({ start: {}, dst: parseNumberPattern('*(120)') })).toMatch(/^callPage(, callPage)+$/);
  });

  test('of what matches often, or of few calls, is along the starts', async () => {
    expect(await src('*1*')).toMatch(/^callPage(, callPage)+$/);
    expect(await src('*4912*', { from: START, to: START + 300 })).toMatch(/^callPage, numbers none, callPage/);
  });

  test('of one exact number is along that number’s own calls', async () => {
    expect(await src('120')).toBe('callPage');
    const request = { fields: [['id', 'id']] as const, order: 'desc' as const, after: null, scan: 50, limit: 50 };
    const one = { start: {}, src: parseNumberPattern('120') };
    const found = shown(one);
    // All that there are lie within the first step, and no other was looked at.
    expect(found.length).toBeLessThan(50);
    expect(idsOf(textOf(store.operations.callPage({ ...request, filter: one })))).toEqual(inOrder('desc', found));
    const to = { start: {}, dst: parseNumberPattern('120') };
    expect(shown(to).length).toBeLessThan(50);
    expect(shown(to).some(({ dst }) => dst.includes('('))).toBe(true);
    expect(idsOf(textOf(store.operations.callPage({ ...request, filter: to })))).toEqual(inOrder('desc', shown(to)));
  });
});

test.each([
  ['plain numbers', (call: Call) => call.dst.replace(/\(.*/, '')],
  ['parts of numbers', (call: Call) => `*${call.dst.replace(/\(.*/, '').slice(-2)}`],
  ['whole ones', (call: Call) => `${call.dst.replace(/\(.*/, '')}(120)`],
])('as many %s as may be, with a blank behind each comma', async (_, text) => {
  const known = calls.filter(({ dst }) => /^[0-9]+(\(|$)/.test(dst)).slice(0, 300);
  const patterns = parseNumberPattern(known.map(text).join(', '));
  expect(patterns).toHaveLength(599); // as it stands there, and with the + that a blank may have been
  const filter = { start: {}, src: patterns, dst: patterns };
  const either = { start: {}, dst: patterns };
  for (const each of [filter, either]) {
    expect((await pagesOf(each, { order: 'asc' })).ids).toEqual(inOrder('asc', shown(each)));
    expect(await counted(each)).toBe(shown(each).length);
  }
});

test('as many ranges as may be, apart, side by side and one over the other', async () => {
  const ranges = Array.from({ length: 300 }, (_, index) => {
    const digits = [3, 4, 8][index % 3] ?? 3;
    const low = Math.floor(10 ** (digits - 1) * (1 + (index * 7) / 400));
    const high = low + ([0, 3, 10 ** (digits - 2)][index % 5 > 2 ? 2 : index % 2] ?? 0);
    return `${low}-${high}`;
  });
  const patterns = parseNumberPattern(ranges.join(','));
  expect(patterns).toHaveLength(300);
  for (const each of [
    { start: {}, dst: patterns },
    { start: {}, src: patterns, dst: parseNumberPattern('100-555,120(120)') },
  ]) {
    const expected = inOrder('asc', shown(each));
    expect(expected.length).toBeGreaterThan(0);
    expect((await pagesOf(each, { order: 'asc' })).ids).toEqual(expected);
  }
});

test('what changed is told in that order and with what has gone, whatever numbers are asked for', async () => {
  const filter: CallFilter = { start: {}, src: parseNumberPattern('*125*'), since: 1_000 };
  const changed = shown({ ...filter, start: {} }).filter(({ id }) => id > 1_000); // `changed` is the id here
  expect(changed.length).toBeGreaterThan(20);
  const expected = [...changed.map(({ id }) => id), GONE.changed];
  const fields = [
    ['id', 'id'],
    ['changed', 'changed'],
  ] as const;
  const rows: { id: string; changed: string; removed?: boolean }[] = [];
  for await (const page of client.pages('call', { filter, fields, order: 'asc' }))
    rows.push(...JSON.parse(`[${textOf(page)}]`));
  expect(rows.map(({ changed }) => Number(changed))).toEqual(expected);
  expect(rows.at(-1)).toEqual({ id: String(GONE.id), changed: String(GONE.changed), removed: true });
  expect(await counted(filter)).toBe(expected.length);
});

test('numbers serve where their parts say what is meant', () => {
  const search = (of: 'src' | 'dst', text: string) => numberSearch(of, parseNumberPattern(text));
  expect(search('src', '*12*')?.exact).toBe(true);
  expect(search('src', '*(12')?.exact).toBe(true); // a source is one number, whatever it holds
  expect(search('dst', '620(202)')).toMatchObject({ exact: false, patterns: [{}, { kind: 'literal', value: '620' }] });
  expect(search('src', '204')?.one).toBe(true);
  expect(search('src', '')).toBeNull();
  expect(search('dst', '*(202)')).toBeNull();
});

test('in however small steps the numbers are gone through, each of their calls is named once', () => {
  const wanted = { start: {}, dst: parseNumberPattern('*12*,50?') };
  for (const [scan, most] of [
    [1, 1],
    [3, 7],
    [40, 2],
    [1_000, 60],
  ] as const) {
    const ids = new Map<number, number>();
    for (const side of ['called', 'answered'] as const) {
      let after: NumbersStep['next'] = null;
      let rows = 0;
      do {
        const request = { side, patterns: wanted.dst, start: {}, after, scan, most, named: {} };
        const step = store.operations.callNumbers(request) as NumbersStep;
        expect(step.rows).toBeLessThanOrEqual(most);
        const found = step.text === '' ? [] : step.text.split(',');
        expect(found).toHaveLength(step.rows);
        for (const hit of found) {
          const id = Number(hit.split('.')[1]);
          ids.set(id, (ids.get(id) ?? 0) + 1);
        }
        rows += step.rows;
        after = step.next;
      } while (after);
      expect(rows).toBeGreaterThan(50);
    }
    expect([...ids.keys()].sort((a, b) => a - b)).toEqual(inOrder('asc', shown(wanted)).sort((a, b) => a - b));
  }
});

describe('many calls of few numbers', () => {
  const MANY = 10_000;
  let many: Store;
  beforeAll(() => {
    const options = storeOptions(temporaryFolder(atEnd));
    const database = openDatabase(options.file);
    migrate(database, options.file, migrations);
    database.run(manyCalls(MANY));
    // One number has 4,800 calls, thirty of each half minute, the others a second each.
    database.run(`UPDATE call SET src = CASE WHEN id % 50 < 24 THEN '0305551' ELSE '0305552' || (id % 7) END,
      start_at = start_at / 30 * 30, open = id IN (7, 4000, 4001, 10000), changed = iif(id IN (7, 4000, 4001, 10000), NULL, id)`);
    knowNumbers(database);
    database.close();
    many = openStore(options);
    afterAll(() => many.close());
  });
  const filter = { start: {}, src: parseNumberPattern('*5551*') };

  test('are counted, but for those that are open', async () => {
    let rows = 0;
    for await (const step of clientOver(many).count('call', filter)) rows += step.rows;
    expect(rows).toBe(4_796);
  });

  test.each(['asc', 'desc'] as const)('are listed %s, page by page, with how many there are', async (order) => {
    const sparse = { start: {}, src: parseNumberPattern('*55523*') };
    const expected = many.operations.callPage({
      filter: sparse,
      fields: [['id', 'id']],
      order,
      after: null,
      scan: MANY,
      limit: MANY,
    });
    const ids = idsOf(textOf(expected));
    expect(ids.length).toBeGreaterThan(700);
    const walked: number[] = [];
    let after: Cursor | null = null;
    for (let pages = 0; pages < 6; pages++) {
      for await (const page of clientOver(many).pages('call', {
        filter: sparse,
        fields: [['id', 'id']],
        order,
        after,
        limit: 200,
      })) {
        walked.push(...idsOf(textOf(page)));
        if (page.total !== undefined) expect(page.total).toBe(ids.length);
        after = page.next;
      }
      if (!after) break;
    }
    expect(walked).toEqual(ids);
  });
});

test('with more searches at a time than may hold a list, the next finds the same by looking at every call', async () => {
  const filter = { start: {}, src: parseNumberPattern('*125*'), dispositions: ['BUSY'] as const };
  const held = Array.from({ length: 4 }, () => client.pages('call', { filter, fields: [['id', 'id']], order: 'asc' }));
  for (const pages of held) for (let steps = 0; steps < 2; steps++) await pages.next(); // the first is along the starts
  asked = [];
  const fifth = await pagesOf(filter, { order: 'asc' });
  expect(asked.every((operation) => operation === 'callPage')).toBe(true);
  expect(fifth.ids).toEqual(inOrder('asc', shown(filter)));
  for (const pages of held) await pages.return(undefined);
  asked = [];
  expect((await pagesOf(filter, { order: 'asc' })).ids).toEqual(fifth.ids);
  expect(asked.some((operation) => /^numbers \d/.test(operation))).toBe(true);
});

test('hundreds of patterns made ready say of each number what they mean', () => {
  const shapes = [
    '12',
    '1*',
    '*5',
    '*25*',
    '5?0',
    '?2*0?',
    '100-255',
    '12000000-12599999',
    '120-122',
    '50*',
    '*',
    '**0',
    '',
  ];
  const numbersSeen = [...new Set(calls.flatMap(({ src, dst }) => [src, dst.replace(/\(.*/, '')]))];
  for (let from = 0; from < shapes.length; from++) {
    const patterns = parseNumberPattern(
      shapes.filter((_, index) => index % 5 === from % 5 || index === from).join(',') || '7',
    );
    const matches = numberMatcher(patterns);
    for (const number of numbersSeen)
      expect(matches(number), `${number} by ${JSON.stringify(patterns)}`).toBe(matchesNumber(patterns, number));
  }
});
