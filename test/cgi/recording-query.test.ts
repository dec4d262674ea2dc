/** 20053 over files as the watcher finds them: range by the name's own clock, filters, and the length that is shown. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FIRST_MEDIUM, leg } from '../support/legs.ts';
import { at, openBox } from './box.ts';

const box = openBox({ atEnd: afterAll });

/** A file that is answered at this local time. */
function file(text: string, rest: string, seconds: number) {
  const [day = '', time = ''] = text.replaceAll(/[-:]/g, '').split(' ');
  const path = `${day}/${day}-${time}-${at(text)}-${rest}.wav`;
  return { path, size: 44 + seconds * 16_000, mtimeMs: (at(text) + seconds) * 1_000, seconds, state: 'ok' as const };
}

const FILES = {
  internal: file('2021-05-07 00:00:00', 'Internal-205-204', 11),
  ivr: file('2021-05-07 01:00:00', 'Inbound-96-506-620(202)', 12),
  outbound: file('2021-05-07 02:00:00', 'Outbound-42-202-+49301', 13),
  callback: file('2021-05-07 03:00:00', 'CallBack-96-205-204', 14),
  tied: file('2021-05-07 04:00:02', 'Internal-205-204', 99),
  strange: {
    path: '20210507/holiday song.wav',
    size: 44,
    mtimeMs: at('2021-05-07 05:00:00') * 1_000,
    seconds: 0,
    state: 'empty' as const,
  },
  yesterday: file('2021-05-06 23:59:59', 'Internal-205-204', 5),
};
const nameOf = (path: unknown) => Object.entries(FILES).find(([, known]) => known.path === path)?.[0];

beforeAll(async () => {
  await box.call(leg(at('2021-05-07 04:00:00'))); // answered after 2 s, 3 s of talk
  await box.store.write({ kind: 'recordings', medium: FIRST_MEDIUM, files: Object.values(FILES) });
});

const names = async (query: string) => (await box.list(20053, query)).rows.map((row) => nameOf(row['path']));
const TODAY = ['strange', 'tied', 'callback', 'outbound', 'ivr', 'internal'];

test('20053 with nototal goes on by its cursor, and counts nothing', async () => {
  const first = await box.list(20053, 'nototal=1&limit=2');
  expect(first.about).toEqual({
    startdate: expect.any(String),
    enddate: expect.any(String),
    cursor: expect.any(String),
  });
  const rest = await box.list(20053, `nototal=1&cursor=${first.about.cursor}`);
  expect([...first.rows, ...rest.rows].map(({ path }) => nameOf(path))).toEqual(TODAY);
});

test('20053 with more tells the call that a recording is tied to', async () => {
  const { rows } = await box.list(20053, 'more=1&startdate=2021-05-07 04:00');
  expect(rows.map(({ path, size, call }) => [nameOf(path), size, call])).toEqual([
    ['strange', '44', ''],
    ['tied', String(44 + 99 * 16_000), '1'],
  ]);
});

describe('20053', () => {
  test.each([
    ['', TODAY],
    ['startdate=2021-05-07 00:00:01&enddate=2021-05-07 01:00', ['ivr']],
    ['enddate=2021-05-07 00:00', ['internal', 'yesterday']],
    ['startdate=2021-05-07 04:00', ['strange', 'tied']],
    ['src=506', ['ivr']],
    ['dst=620', ['ivr']],
    ['dst=202', ['ivr']],
    ['dst=620(202)', ['ivr']],
    ['dst=+49301', ['outbound']],
    ['dst=+*', ['outbound']],
    ['trunk=96', ['callback', 'ivr']],
    ['trunk=All', TODAY],
    ['calltype=Interval', ['tied', 'internal']],
    ['calltype=Call Back,Outbound', ['callback', 'outbound']],
    ['minduration=12&maxduration=13', ['outbound', 'ivr']],
    ['minduration=3&maxduration=3', ['tied']], // billsec of its call, not the 99 s of its sound
    ['maxduration=0', ['strange']],
    ['limit=2&offset=1', ['tied', 'callback']],
    ['order=asc&limit=2', ['internal', 'ivr']],
  ])('%s', async (query, expected) => {
    expect(await names(query)).toEqual(expected);
  });

  test('a row has the guide’s fields in its order', async () => {
    const { rows, about } = await box.list(20053, 'src=506');
    expect(JSON.stringify(rows)).toBe(
      JSON.stringify([
        {
          calldate: '2021-05-07 01:00:00',
          src: '506',
          dst: '620(202)',
          trunk: '96',
          duration: '12',
          calltype: 'Inbound',
          path: FILES.ivr.path,
        },
      ]),
    );
    expect(about).toEqual({ startdate: '2021-05-07 00:00', enddate: '2021-05-07 23:59', totalcount: 1 });
    const { rows: strange } = await box.list(20053, 'maxduration=0');
    expect(strange).toEqual([
      {
        calldate: '2021-05-07 05:00:00',
        src: '',
        dst: '',
        trunk: '',
        duration: '0',
        calltype: '',
        path: '20210507/holiday song.wav',
      },
    ]);
  });

  test('a tied recording shows in its call, spelled the same', async () => {
    const { rows } = await box.list(9006, '');
    expect(rows.map((row) => nameOf(row['Recording filename']))).toEqual(['tied']);
  });

  test('goes on behind its cursor', async () => {
    const first = await box.list(20053, 'limit=4');
    expect(first.about.totalcount).toBe(TODAY.length);
    expect(await names(`limit=4&cursor=${first.about.cursor}`)).toEqual(TODAY.slice(4));
  });

  test.each(['disposition=BUSY', 'since=1', 'minbillsec=1', 'format=json', 'minduration=9&maxduration=3'])(
    '%s is refused',
    async (query) => {
      expect(await box.ask(20053, query)).toMatchObject({
        status: 400,
        body: { error: { code: 'invalid', parameter: query.split('=', 1)[0] } },
      });
    },
  );
});
