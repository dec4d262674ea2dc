/** 9006 over calls that entered as Asterisk's records: every filter of guide-resolved, order, pages and the poll loop. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Leg } from '../../storage/model/leg.ts';
import { leg } from '../support/legs.ts';
import { at, openBox } from './box.ts';

/** An unanswered leg. */
const unanswered = (disposition: Leg['disposition']): Partial<Leg> => ({ disposition, answer: null, billsec: 0 });
const talked = (start: number, ring: number, talk: number): Partial<Leg> => ({
  answer: { epoch: start + ring, offset: -28_800 },
  end: { epoch: start + ring + talk, offset: -28_800 },
  duration: ring + talk,
  billsec: talk,
});

/** Each call's accountcode is its name here. */
const CALLS: readonly (readonly [name: string, start: string, change: (start: number) => Partial<Leg>])[] = [
  ['first', '2021-05-07 00:00:00', () => ({})],
  ['ivr', '2021-05-07 01:00:00', (start) => ({ destination: '620', ivr: 'Menu-', ...talked(start, 3, 100) })],
  ['plus', '2021-05-07 02:00:00', () => ({ source: '+4930123', ...unanswered('NO ANSWER') })],
  ['feature', '2021-05-07 03:00:00', () => ({ source: '201', destination: '*97' })],
  ['star12', '2021-05-07 03:30:00', () => ({ source: '201', destination: '5*12' })],
  [
    'busy',
    '2021-05-07 04:00:00',
    () => ({ source: '299', destination: '300', destinationChannel: 'SIP/300-1', ...unanswered('BUSY') }),
  ],
  ['failed', '2021-05-07 05:00:00', () => unanswered('FAILED')],
  ['congested', '2021-05-07 06:00:00', () => unanswered('CONGESTION')],
  [
    'inbound',
    '2021-05-07 07:00:00',
    () => ({
      channel: 'SIP/96-1',
      source: '0305551234',
      callerId: '"FROM96-0305551234" <0305551234>',
      ...talked(0, 0, 0),
    }),
  ],
  [
    'outbound',
    '2021-05-07 08:00:00',
    (start) => ({ destination: '9513', destinationChannel: 'SIP/42-1', ...talked(start, 50, 10) }),
  ],
  ['gsm', '2021-05-07 09:00:00', () => ({ channel: 'GSM/3-1', source: '017099' })],
  ['pstn', '2021-05-07 10:00:00', () => ({ destination: '0301', destinationChannel: 'DAHDI/2-1' })],
  ['callback', '2021-05-07 11:00:00', () => ({ callType: 'CallBack' })],
  ['conference', '2021-05-07 12:00:00', () => ({ destination: '740', destinationChannel: 'SIP/740-1' })],
  ['yesterday', '2021-05-06 23:59:59', () => ({})],
  ['minute', '2021-05-07 23:59:59', () => ({})],
  ['tomorrow', '2021-05-08 00:00:00', () => ({})],
];

const box = openBox({ atEnd: afterAll });
beforeAll(async () => {
  for (const [index, [name, start, change]] of CALLS.entries()) {
    const epoch = at(start);
    const changed = change(epoch);
    // A change that tells no times of its own keeps those of an answered call that rings for 2 s and talks for 3.
    const times = changed.end?.epoch === 0 ? talked(epoch, 2, 3) : {};
    await box.call(
      leg(epoch, { accountCode: name, uniqueId: `${epoch}.${index}`, linkedId: null, ...changed, ...times }),
    );
  }
});

const names = async (query: string) => (await box.list(9006, query)).rows.map((row) => row['accountcode']);
const TODAY = CALLS.map(([name]) => name).filter((name) => name !== 'yesterday' && name !== 'tomorrow');
const newestFirst = [...TODAY].reverse();
const but = (...without: readonly string[]) => newestFirst.filter((name) => !without.includes(name));

describe('the range', () => {
  test.each([
    ['', newestFirst],
    ['startdate=&enddate=', newestFirst],
    ['startdate=2021-05-07 00:00&enddate=2021-05-07 23:59', newestFirst],
    ['startdate=2021-05-07 00:00:01&enddate=2021-05-07 23:59:58', but('first', 'minute')],
    ['startdate=2021-05-07 00:00:00&enddate=2021-05-07 00:00:00', ['first']],
    ['startdate=2021-05-07 12:00', ['tomorrow', 'minute', 'conference']],
    ['enddate=2021-05-07 00:00', ['first', 'yesterday']],
    ['enddate=2021-05-06 23:59:58', []],
  ])('%s', async (query, expected) => {
    expect(await names(query)).toEqual(expected);
  });

  test('stands in the answer as it was sent; today’s where none was', async () => {
    expect((await box.list(9006, '')).about).toEqual({
      startdate: '2021-05-07 00:00',
      enddate: '2021-05-07 23:59',
      totalcount: TODAY.length,
    });
    expect((await box.list(9006, 'enddate=2021-05-07 00:00')).about).toEqual({
      startdate: '',
      enddate: '2021-05-07 00:00',
      totalcount: 2,
    });
  });
});

describe('a filter', () => {
  test.each([
    ['src=205', but('plus', 'feature', 'star12', 'busy', 'inbound', 'gsm')],
    ['src=201', ['star12', 'feature']],
    ['src=201,299', ['busy', 'star12', 'feature']],
    ['src=201&src=299', ['busy', 'star12', 'feature']],
    ['src=200-204', ['star12', 'feature']],
    ['src=206-299', ['busy']],
    ['src=+4930123', ['plus']],
    ['src=%2B4930123', ['plus']],
    ['src=+*', ['plus']],
    ['src=0*', ['gsm', 'inbound']],
    ['src=?1???', []],
    ['src=01????', ['gsm']],
    ['src=20', []],
    ['number=201', ['star12', 'feature']],
    ['number=620', ['ivr']],
    ['number=299,300', ['busy']],
    ['number=300,+4930123', ['busy', 'plus']],
    ['number=*97', ['feature']],
    ['number=0*', ['pstn', 'gsm', 'inbound']],
    ['number=204', but('feature', 'star12', 'busy', 'outbound', 'pstn', 'conference')],
    [
      'number=204&src=205',
      but('feature', 'star12', 'busy', 'outbound', 'pstn', 'conference', 'plus', 'inbound', 'gsm'),
    ],
    ['dst=620', ['ivr']],
    ['dst=620(204)', ['ivr']],
    ['dst=620%28204%29', ['ivr']],
    ['dst=204', but('feature', 'star12', 'busy', 'outbound', 'pstn', 'conference')],
    ['dst=600-699', ['ivr']],
    ['dst=*97', ['feature']],
    ['dst=**97', ['feature']],
    ['dst=*12*', ['star12']],
    ['dst=*12', []],
    ['dst=%23*', []],
    ['dst=300,9513', ['outbound', 'busy']],
    ['dst=[0-9]*', []],
    ['disposition=ANSWERED', but('plus', 'busy', 'failed', 'congested')],
    ['disposition=busy,NOANSWER', ['busy', 'plus']],
    ['disposition=FAILD', ['congested', 'failed']],
    ['disposition=CONGESTION', ['congested']],
    ['disposition=All', newestFirst],
    ['userfield=Interval', but('inbound', 'outbound', 'gsm', 'pstn', 'callback', 'conference')],
    ['userfield=Inbound', ['gsm', 'inbound']],
    ['userfield=Outbound', ['pstn', 'outbound']],
    ['userfield=Call Back,Conference', ['conference', 'callback']],
    ['minbillsec=4', ['outbound', 'ivr']],
    ['minbillsec=10&maxbillsec=10', ['outbound']],
    ['maxbillsec=0', ['congested', 'failed', 'busy', 'plus']],
    ['minduration=50', ['outbound', 'ivr']], // the outbound call's billsec is 10, its duration 60: not hidden
    ['maxduration=4', newestFirst.filter((name) => !['outbound', 'ivr'].includes(name))],
    ['cidname=FROM96', ['inbound']],
    ['cidname=FROM96-', ['inbound']],
    ['cidname=FROM', []],
    ['in_route=FROM96-', ['inbound']],
    ['in_route=FROM96&cidname=x', []],
    ['IVR=Menu', ['ivr']],
    ['ivr=Menu-', ['ivr']],
    ['port=-1', newestFirst],
    ['port=3', ['gsm']],
    ['port=GSM3', ['gsm']],
    ['port=pstn2', ['pstn']],
    ['port=2', []],
    ['trunk=96', ['inbound']],
    ['trunk=42', ['outbound']],
    ['trunk=All', newestFirst],
    ['trunk=96&port=GSM3', []],
    ['userfield=Inbound&disposition=ANSWERED&src=0*&minbillsec=3', ['gsm', 'inbound']],
  ])('%s', async (query, expected) => {
    expect(await names(query)).toEqual(expected);
    expect((await box.list(9006, query)).about.totalcount).toBe(expected.length);
  });

  test('may hold as many numbers as the grammar allows, on both sides', async () => {
    const many = (text: string) => Array.from({ length: 299 }, (_, index) => `${text}${index}*`).join(',');
    expect(await names(`src=${many('9')},205&dst=${many('8')},9513`)).toEqual(['outbound']);
    expect(
      await names(`dst=${Array.from({ length: 300 }, (_, index) => `${9000 + index * 2}-${9001 + index * 2}`)}`),
    ).toEqual(['outbound']);
  });
});

test('a row has the guide’s fields in the guide’s order, then ours', async () => {
  const { rows } = await box.list(9006, 'dst=620');
  const [row] = rows;
  expect(Object.entries(row ?? {})).toEqual([
    ['calldate', '2021-05-07 01:00:00'],
    ['src', '205'],
    ['contact', ''],
    ['groupname', ''],
    ['dst', '620(204)'],
    ['channel', ''],
    ['dstchannel', ''],
    ['duration', '103'],
    ['billsec', '100'],
    ['disposition', 'ANSWERED'],
    ['userfield', 'Internal'],
    ['accountcode', 'ivr'],
    ['cidname', ''],
    ['in_route', ''],
    ['IVR', 'Menu'],
    ['Recording filename', ''],
    ['UniqueID', `${at('2021-05-07 01:00:00')}.1`],
    ['port', 0],
    ['id', '2'],
    ['changed', '4'],
  ]);
  const { rows: trunks } = await box.list(9006, 'userfield=Inbound,Outbound');
  expect(
    trunks.map(({ channel, dstchannel, port, cidname, in_route }) => [channel, dstchannel, port, cidname, in_route]),
  ).toEqual([
    ['', 'pstn2', 0, '', ''],
    ['GSM3', '', 3, '', ''],
    ['', '42', 0, '', ''],
    ['96', '', 0, 'FROM96', 'FROM96'],
  ]);
});

describe('a part', () => {
  test('by limit and offset, with the total of all', async () => {
    const { rows, about } = await box.list(9006, 'limit=4&offset=3');
    expect(rows.map((row) => row['accountcode'])).toEqual(newestFirst.slice(3, 7));
    expect(about.totalcount).toBe(TODAY.length);
    expect(Object.keys(about)).toEqual(['startdate', 'enddate', 'totalcount', 'cursor']);
    expect(await names('offset=13')).toEqual(newestFirst.slice(13));
    expect((await box.list(9006, 'offset=99')).about).toMatchObject({ totalcount: TODAY.length });
    expect(await names('limit=99&order=asc')).toEqual(TODAY);
    expect(await names('sort=CallDate&order=ASC&limit=1')).toEqual(['first']);
  });

  test.each(['asc', 'desc'] as const)('by cursor, each row once, %s', async (order) => {
    const seen: unknown[] = [];
    let cursor = '';
    for (let pages = 0; pages < 20; pages++) {
      const { rows, about } = await box.list(9006, `limit=4&order=${order}&cursor=${cursor}`);
      seen.push(...rows.map((row) => row['accountcode']));
      expect(about.totalcount).toBe(TODAY.length);
      if (about.cursor === undefined) break;
      cursor = about.cursor;
    }
    expect(seen).toEqual(order === 'asc' ? TODAY : newestFirst);
  });

  test('a cursor made up by hand can’t reach out of the range', async () => {
    expect(await names('cursor=9999999999.1')).toEqual(newestFirst);
    expect(await names('cursor=-1.1')).toEqual([]);
    expect(await names('order=asc&cursor=-1.1')).toEqual(TODAY);
    expect(await names('order=asc&cursor=9999999999.1')).toEqual([]);
  });
});

describe('since', () => {
  test('lists what changed, in that order, of every day', async () => {
    const all = await box.list(9006, 'since=0');
    expect(all.rows.map((row) => row['accountcode'])).toEqual(CALLS.map(([name]) => name));
    expect(all.about).toMatchObject({ startdate: '', enddate: '', totalcount: CALLS.length });
    const changed = all.rows.map((row) => Number(row['changed']));
    expect([...changed].sort((a, b) => a - b)).toEqual(changed);
    expect(await names(`since=${changed.at(-3)}`)).toEqual(['minute', 'tomorrow']);
    expect(await names(`since=${changed.at(-1)}`)).toEqual([]);
    expect(await names('since=0&startdate=2021-05-08 00:00')).toEqual(['tomorrow']);
    expect(await names('since=0&order=desc&limit=2')).toEqual(['tomorrow', 'minute']);
  });

  test('polled while calls come and are amended: no gap, and nothing twice unless it changed', async () => {
    const live = openBox();
    const start = at('2021-05-07 13:00:00');
    const versions = new Map<string, string[]>();
    let since = '0';
    const poll = async (limit: number) => {
      const { rows } = await live.list(9006, `since=${since}&limit=${limit}`);
      for (const row of rows) {
        const id = String(row['id']);
        const content = `${row['disposition']} ${row['billsec']}`;
        expect(versions.get(id)?.at(-1)).not.toBe(content);
        versions.set(id, [...(versions.get(id) ?? []), content]);
        since = String(row['changed']);
      }
      return rows.length;
    };
    const record = (index: number, change: Partial<Leg> = {}) =>
      leg(start + index * 10, { uniqueId: `${start}.${index}`, linkedId: `L${index}`, ...change });
    for (let index = 0; index < 40; index++) {
      await live.call(record(index, unanswered('BUSY')));
      if (index % 3 === 0) await poll(2);
      // The phone that was busy calls back within the same call: an earlier row becomes an answered one.
      if (index % 4 === 3)
        await live.store.write({
          kind: 'leg',
          leg: record(index - 2, { sequence: 1, channel: 'SIP/205-2' }),
          source: 'ami',
        });
    }
    for (let rounds = 0; rounds < 100 && (await poll(3)) > 0; rounds++);
    const last = [...versions].map(([id, seen]) => [id, seen.at(-1)]);
    const truth = (await live.list(9006, '')).rows.map((row) => [
      String(row['id']),
      `${row['disposition']} ${row['billsec']}`,
    ]);
    expect(last.sort()).toEqual(truth.sort());
    expect(truth).toHaveLength(40);
    expect(truth.filter(([, content]) => content === 'ANSWERED 3')).toHaveLength(10);
  });
});
