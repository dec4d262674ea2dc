/** 30029 and 30030: counts, pages and their parameters, who may, and what stands in a row. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RecordingHeaders } from '../../cgi/recording/port.ts';
import type { Services } from '../../cgi/verb.ts';
import { FINDINGS } from '../../storage/model/truth.ts';
import { FIRST_MEDIUM, leg } from '../support/legs.ts';
import { at, openBox } from './box.ts';

const asked: unknown[] = [];
const recordingHeaders: RecordingHeaders = {
  async change(paths, change, by) {
    asked.push([paths, change, by]);
    return paths.map((path) => ({ path, result: change === 'repair' ? 'repaired' : 'restored', seconds: 5 }) as const);
  },
};
const recordingFiles = {
  look: async (paths: readonly string[]) => paths.map((path) => (path.includes('none') ? null : ({} as never))),
} as unknown as Services['recordingFiles'];
const box = openBox({ atEnd: afterAll, ports: { recordingHeaders, recordingFiles } });

const NOON = at('2021-05-07 12:00:00');
const name = (epoch: number) => `20210507/20210507-120002-${epoch}-Internal-205-204`;
const named = (start: number) => leg(start, { recordingFile: `/media/usbStorage/monitor/${name(start + 2)}` });

beforeAll(async () => {
  for (const start of [NOON, NOON + 60, NOON + 120]) await box.call(named(start));
  await box.call(named(at('2021-05-06 12:00:00')));
  const file = { size: 44, mtimeMs: NOON * 1_000, seconds: 0, state: 'empty' as const, fault: 'no_sound' as const };
  await box.store.write({
    kind: 'recordings',
    medium: FIRST_MEDIUM,
    files: [{ ...file, path: `${name(NOON + 2)}.wav` }],
  });
});

describe('30029', () => {
  test('without a kind: every code with its count, the range, and the sum of all', async () => {
    const { body } = await box.ask(30029);
    const rows = body['json_array_truth'] as { code: string; count: number; kind: string; sure: string }[];
    expect(rows.map(({ code }) => code)).toEqual(Object.keys(FINDINGS));
    expect(rows.filter(({ count }) => count > 0)).toMatchObject([
      { kind: 'missing', code: 'missing', sure: 'certain', count: 2 },
      { kind: 'broken', code: 'no_sound', count: 1 },
      { kind: 'match', code: 'named', count: 1 },
    ]);
    expect(body['json_obj_filter']).toEqual({
      startdate: '2021-05-07 00:00',
      enddate: '2021-05-07 23:59',
      totalcount: 4,
    });
  });

  test('with a kind: its rows, newest first, in pages with an exact count and a cursor', async () => {
    const query = 'kind=missing&startdate=2021-05-01 00:00&limit=2';
    const { body } = await box.ask(30029, query);
    expect(body['json_array_truth']).toEqual([
      {
        calldate: '2021-05-07 12:02:00',
        src: '205',
        dst: '204',
        userfield: 'Internal',
        billsec: '3',
        'Recording filename': `${name(NOON + 122)}.wav`,
        UniqueID: `${NOON + 120}.0`,
        id: expect.stringMatching(/^\d+$/),
        code: 'missing',
        sure: 'certain',
        reason: FINDINGS['missing']?.reason,
        who: '',
        when: '',
      },
      expect.objectContaining({ UniqueID: `${NOON + 60}.0` }),
    ]);
    const about = body['json_obj_filter'] as { totalcount: number; cursor: string };
    expect(about.totalcount).toBe(3);
    const next = await box.ask(30029, `${query}&cursor=${about.cursor}`);
    expect(next.body['json_array_truth']).toMatchObject([{ calldate: '2021-05-06 12:00:00' }]);
  });

  test.each([
    ['kind=broken', [{ code: 'no_sound', path: `${name(NOON + 2)}.wav`, size: '44', repairable: 'no' }]],
    ['kind=match', [{ code: 'named', sure: 'certain', apart: '0', UniqueID: `${NOON}.0` }]],
    ['kind=nocall', []],
    ['kind=unknown', []],
    ['kind=explained', []],
    ['kind=missing&code=gone', []],
    ['kind=MISSING&code=Missing&order=asc&limit=1', [{ UniqueID: `${NOON + 60}.0` }]],
  ])('%s', async (query, rows) => {
    expect((await box.ask(30029, query)).body['json_array_truth']).toMatchObject(rows);
  });

  test('as CSV, counts and rows', async () => {
    const counts = await box.send(30029, 'format=csv&delimiter=;');
    const lines = counts.text.trimEnd().split('\r\n');
    expect(lines[0]).toBe('kind;code;sure;count;reason');
    expect(lines).toHaveLength(Object.keys(FINDINGS).length + 1);
    expect(lines[1]).toMatch(/^missing;missing;certain;2;/);
    expect(counts.type).toBe('text/csv; charset=utf-8');
    const rows = await box.send(30029, 'kind=broken&format=csv');
    const [head, row] = rows.text.split('\r\n');
    expect(head).toBe('calldate,src,dst,duration,size,path,code,sure,reason,repairable');
    expect(row).toMatch(/^2021-05-07 12:00:02,205,204,0,44,/);
  });

  test.each([
    ['kind=bad', 'kind'],
    ['code=missing', 'code'],
    ['limit=2', 'limit'],
    ['kind=missing&code=no_sound', 'code'],
    ['kind=missing&code=nothing', 'code'],
    ['kind=missing&format=xml', 'format'],
    ['kind=missing&startdate=yesterday', 'startdate'],
  ])('refuses %s by name', async (query, parameter) => {
    expect(await box.ask(30029, query)).toMatchObject({ status: 400, body: { error: { code: 'invalid', parameter } } });
  });

  test('is the admin’s', async () => {
    expect(await box.ask(30029, '', 'monitor')).toMatchObject({ status: 403 });
    expect(await box.ask(30029, '', null)).toMatchObject({ status: 401 });
  });
});

describe('30030', () => {
  test('mends the files that are there and names the others', async () => {
    const { body } = await box.ask(30030, 'wavefiles=20210507/a.wav;20210507/none.wav;20210507/b.wav');
    expect(body).toEqual({
      result: 'success',
      repaired: 2,
      files: [
        { path: '20210507/a.wav', result: 'repaired', seconds: 5 },
        { path: '20210507/b.wav', result: 'repaired', seconds: 5 },
        { path: '20210507/none.wav', result: 'missing' },
      ],
    });
    expect(asked.at(-1)).toEqual([
      ['20210507/a.wav', '20210507/b.wav'],
      'repair',
      { who: 'admin', address: '192.0.2.7' },
    ]);
  });

  test('puts the originals back', async () => {
    const { body } = await box.ask(30030, 'wavefiles=20210507/a.wav&original=1');
    expect(body).toMatchObject({ restored: 1, files: [{ result: 'restored' }] });
  });

  test('takes a bounded number of files, and only from the admin', async () => {
    const many = Array.from({ length: 201 }, (_, index) => `20210507/${index}.wav`).join(';');
    expect(await box.ask(30030, `wavefiles=${many}`)).toMatchObject({
      status: 400,
      body: { error: { parameter: 'wavefiles', message: 'wavefiles names over 200 recordings' } },
    });
    expect(await box.ask(30030, 'wavefiles=20210507/a.wav', 'monitor')).toMatchObject({ status: 403 });
  });
});
