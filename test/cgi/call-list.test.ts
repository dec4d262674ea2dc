/** What the page of the call report asks beside the report itself: another order, places along it, one call with all of it. */
import { afterAll, describe, expect, test } from 'vitest';
import { openDatabase } from '../../storage/sql/database.ts';
import { manyCalls } from '../storage/many-calls.ts';
import { leg } from '../support/legs.ts';
import { at, openBox } from './box.ts';

const CALLS = 3_500;
const START = at('2021-05-01 00:00:00');
const DAYS = 'startdate=2021-04-01 00:00';

const box = openBox({
  atEnd: afterAll,
  prepare: (file) => {
    const database = openDatabase(file);
    database.run(manyCalls(CALLS));
    database.run(`UPDATE call SET duration = 2 + (id * 7919) % 4001, billsec = (id * 7919) % 4001,
      disposition = CASE WHEN id % 5 THEN 'ANSWERED' ELSE 'NO ANSWER' END`);
    database.run('INSERT INTO number SELECT DISTINCT 0, src FROM call UNION ALL SELECT DISTINCT 1, dst FROM call');
    database.close();
  },
});

const ids = async (query: string) => (await box.list(9006, query)).rows.map((row) => Number(row['id']));

describe('nototal', () => {
  test('leaves out the total, and nothing else', async () => {
    const { rows, about } = await box.list(9006, `${DAYS}&limit=3`);
    const without = await box.list(9006, `${DAYS}&limit=3&nototal=1`);
    expect(without.rows).toEqual(rows);
    expect(about.totalcount).toBe(CALLS);
    expect(without.about).toEqual({ startdate: about.startdate, enddate: '', cursor: about.cursor });
  });
});

describe('number', () => {
  test('finds both sides, a call to itself once, by every way in', async () => {
    const own = openBox();
    const start = at('2021-05-07 10:00:00');
    const pairs = [
      ['201', '202'],
      ['202', '201'],
      ['201', '201'],
      ['203', '620'],
      ['202', '203'],
    ] as const;
    for (const [index, [source, destination]] of pairs.entries())
      await own.call(
        leg(start + index, {
          uniqueId: `${start}.${index}`,
          linkedId: `${start}.${index}`,
          accountCode: String(index),
          source,
          destination,
          destinationChannel: `SIP/${destination === '620' ? '201' : destination}-1`,
        }),
      );
    const found = async (query: string) => (await own.list(9006, query)).rows.map((row) => row['accountcode']);
    expect(await found('number=201')).toEqual(['3', '2', '1', '0']);
    expect(await found('number=201&limit=2&offset=1')).toEqual(['2', '1']);
    expect(await found('number=620')).toEqual(['3']);
    expect(await found('number=620(201)')).toEqual(['3']);
    expect(await found('number=201,203&sort=src&order=asc')).toEqual(['2', '0', '4', '1', '3']);
    const totals = (await own.ask(30002, 'number=201')).body['json_obj_totals'];
    expect(totals).toMatchObject({ count: 4 });
    expect((await own.ask(9004, 'number=203&dryrun=1')).body).toMatchObject({ matches: 2 });
  });
});

describe('sort', () => {
  test.each([
    ['duration', 'asc', 1],
    ['duration', 'desc', -1],
    ['billsec', 'desc', -1],
    ['src', 'asc', 1],
    ['disposition', 'desc', -1],
    ['contact', 'asc', 1],
  ] as const)('%s %s puts all that match in order, not a page', async (sort, order, sign) => {
    const { rows } = await box.list(9006, DAYS);
    const key = (row: (typeof rows)[number]) =>
      sort === 'duration' || sort === 'billsec' ? Number(row[sort]) : String(row[sort]);
    const expected = [...rows].sort((a, b) => {
      const [left, right] = [key(a), key(b)];
      return sign * (left < right ? -1 : left > right ? 1 : 0) || Number(b['id']) - Number(a['id']);
    });
    const sorted = await box.list(9006, `${DAYS}&sort=${sort}&order=${order}`);
    expect(sorted.rows).toEqual(expected);
    expect(sorted.about.totalcount).toBe(CALLS);
    expect(await ids(`${DAYS}&sort=${sort}&order=${order}&limit=7&offset=1234`)).toEqual(
      expected.slice(1234, 1241).map((row) => Number(row['id'])),
    );
  });

  test('by cursor gives each row once, and may pass over some', async () => {
    const all = await ids(`${DAYS}&sort=billsec&src=2*`);
    const seen: number[] = [];
    let cursor = '';
    do {
      const page = await box.list(9006, `${DAYS}&sort=billsec&src=2*&limit=999&cursor=${cursor}`);
      seen.push(...page.rows.map((row) => Number(row['id'])));
      cursor = page.about.cursor ?? '';
    } while (cursor !== '');
    expect(seen).toEqual(all);
    const first = await box.list(9006, `${DAYS}&sort=billsec&src=2*&limit=1`);
    expect(await ids(`${DAYS}&sort=billsec&src=2*&limit=2&offset=9&cursor=${first.about.cursor}`)).toEqual(
      all.slice(10, 12),
    );
    expect(await ids(`${DAYS}&sort=billsec&offset=99999&limit=2`)).toEqual([]);
  });

  test('a call that went meanwhile is left out', async () => {
    const own = openBox();
    for (const index of [0, 1, 2])
      await own.call(
        leg(START + index, { uniqueId: `${START}.${index}`, linkedId: `${START}.${index}`, source: `20${index}` }),
      );
    const first = await own.list(9006, `${DAYS}&sort=src&limit=1`);
    await own.ask(9004, `${DAYS}&src=201`);
    const rest = await own.list(9006, `${DAYS}&sort=src&cursor=${first.about.cursor}`);
    expect(rest.rows.map((row) => row['src'])).toEqual(['200']);
  });

  test('stands in a CSV likewise', async () => {
    const { text } = await box.send(9005, `${DAYS}&sort=src&order=desc&limit=2`);
    const rows = text.split('\r\n').slice(1, 3);
    expect(rows.map((row) => row.split(',')[1])).toEqual(['249', '249']);
  });

  test.each([
    [9006, 'sort=uniqueid', 'sort'],
    [9006, 'sort=constructor', 'sort'],
    [9006, 'sort=src,dst', 'sort'],
    [9006, 'since=0&sort=src', 'sort'],
    [9005, 'sort=id', 'sort'],
    [9006, 'nototal=yes', 'nototal'],
    [30052, 'order=up', 'order'],
    [30052, 'limit=3', 'limit'],
    [30053, '', 'id'],
    [30053, 'id=0', 'id'],
    [30053, 'id=1.5', 'id'],
  ])('%i %s is refused by name', async (number, query, parameter) => {
    expect(await box.ask(number, query)).toMatchObject({ status: 400, body: { error: { parameter } } });
  });
});

describe('30052', () => {
  interface Marks {
    readonly json_array_marks: readonly { readonly row: number; readonly cursor: string }[];
    readonly json_obj_filter: object;
  }
  const marksOf = async (query: string) => (await box.ask(30052, query)).body as unknown as Marks;

  test.each(['desc', 'asc'])('its marks say how many rows stand before them, %s', async (order) => {
    const all = await ids(`${DAYS}&order=${order}`);
    const { json_array_marks: marks } = await marksOf(`${DAYS}&order=${order}`);
    expect(marks.length).toBeGreaterThan(0);
    for (const { row, cursor } of marks)
      for (const offset of [0, 3])
        expect(await ids(`${DAYS}&order=${order}&cursor=${cursor}&offset=${offset}&limit=5&nototal=1`)).toEqual(
          all.slice(row + offset, row + offset + 5),
        );
    const rows = [0, ...marks.map(({ row }) => row)];
    for (const [index, row] of rows.entries())
      expect(row - (rows[index - 1] ?? row - 1_000)).toBeGreaterThanOrEqual(1_000);
  });

  test.each([DAYS, `${DAYS}&disposition=BUSY`, `${DAYS}&src=2*`, `${DAYS}&src=*21*`, ''])(
    'its total is that of 9006: %s',
    async (query) => {
      expect((await marksOf(query)).json_obj_filter).toEqual((await box.list(9006, query)).about);
    },
  );

  test('comes a mark a line', async () => {
    const { text } = await box.send(30052, DAYS);
    const lines = text.split('\n').slice(1, -2);
    expect(lines.map((line) => Object.keys(JSON.parse(line.replace(/,$/, ''))).join())).toEqual(
      lines.map(() => 'row,cursor'),
    );
  });
});

describe('30053', () => {
  test('shows the row as 9006 does, and its records', async () => {
    const own = openBox();
    await own.call(leg(START));
    const [row] = (await own.list(9006, DAYS)).rows;
    const { status, body } = await own.ask(30053, `id=${row?.['id']}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      json_obj_call: row,
      offset: -28_800,
      group: `${START}.0`,
      json_array_legs: [
        { uniqueId: row?.['UniqueID'], source: '205', destination: '204', disposition: 'ANSWERED', answer: START + 2 },
      ],
      json_array_calls: [{ id: Number(row?.['id']), rule: 'talk' }],
      json_array_pauses: [],
      json_obj_recording: null,
    });
  });

  test('knows none that isn’t there or lies in the trash', async () => {
    expect(await box.ask(30053, 'id=99999999')).toMatchObject({ status: 404, body: { error: { parameter: 'id' } } });
    const own = openBox();
    await own.call(leg(at('2021-05-07 09:00:00')));
    const [{ id = '' } = {}] = (await own.list(9006, '')).rows;
    const { body } = await own.ask(9004, '');
    expect((await own.ask(30053, `id=${id}`)).status).toBe(404);
    await own.ask(30003, `undo=${body['undo']}`);
    expect((await own.ask(30053, `id=${id}`)).status).toBe(200);
  });
});
