/** 9004, its undo (30003), the list of deletions (30004) and the audit log (30018). */
import { describe, expect, test } from 'vitest';
import type { RecordingDeletions } from '../../cgi/recording/port.ts';
import type { Deletion } from '../../storage/store.ts';
import { leg } from '../support/legs.ts';
import { at, openBox } from './box.ts';

const TODAY = '2021-05-07';
const ALL = 'startdate=2021-01-01 00:00';

/** A call of today at this time, and one of every day before. */
async function box() {
  const opened = openBox();
  const call = (text: string, source: string) => opened.call(leg(at(text), { source }));
  await call(`${TODAY} 09:00:00`, '201');
  await call(`${TODAY} 09:00:59`, '202');
  await call('2021-05-06 23:59:59', '203');
  await call('2021-04-01 12:00:00', '204');
  const sources = async (query = ALL) => (await opened.list(9006, query)).rows.map(({ src }) => src);
  return { ...opened, sources };
}

async function deleted(opened: Awaited<ReturnType<typeof box>>, query: string) {
  const { status, body } = await opened.ask(9004, query);
  expect({ status, body }).toMatchObject({ status: 200, body: { result: 'success' } });
  expect(body['undo']).toMatch(/^[\w-]{20,}$/);
  return { count: body['deleted'], undo: String(body['undo']), body };
}

describe('9004', () => {
  test.each([
    ['', 2, ['203', '204']],
    [`enddate=${TODAY} 09:00`, 4, []],
    ['startdate=&enddate=2021-05-06 23:59', 2, ['202', '201']],
    ['enddate=2021-04-30 00:00', 1, ['202', '201', '203']],
    [`startdate=${TODAY} 09:00:01`, 1, ['201', '203', '204']],
    [`${ALL}&src=202,204`, 2, ['201', '203']],
    [`${ALL}&src=2*&disposition=BUSY`, 0, ['202', '201', '203', '204']],
    [`${ALL}&userfield=All`, 4, []],
  ])('%j deletes %i and leaves the rest', async (query, count, left) => {
    const opened = await box();
    const { ask, sources } = opened;
    expect(await ask(9004, `${query}&dryrun=1`)).toEqual({
      status: 200,
      body: { result: 'success', dryrun: true, matches: count },
    });
    expect(await sources()).toHaveLength(4);
    expect((await ask(30004)).body).toEqual({ json_array_deletions: [] });
    const answer = await deleted(opened, query);
    expect(answer.body).toEqual({ result: 'success', deleted: count, undo: answer.undo });
    expect(await sources()).toEqual(left);
    const about = (await opened.list(9006, ALL)).about;
    expect(about.totalcount).toBe(left.length);
  });

  test.each([
    ['since=0', 'since'],
    ['limit=3', 'limit'],
    ['startdate=2021-05-08 00:00&enddate=2021-05-07 00:00', 'startdate'],
    ['disposition=,', 'disposition'],
    ['src=,', 'src'],
    ['dryrun=yes', 'dryrun'],
    ['Source=202', 'Source'],
  ])('%j is refused by name and deletes nothing', async (query, parameter) => {
    const { ask, sources } = await box();
    expect(await ask(9004, query)).toMatchObject({ status: 400, body: { error: { code: 'invalid', parameter } } });
    expect(await sources()).toHaveLength(4);
  });

  test('a deletion that takes longer says so, and how to watch it', async () => {
    const at = { id: 1, token: 'tokentoken', kind: 'call', state: 'deleting', count: 7 } as Deletion;
    const { ask } = openBox({ ports: { callDeletions: { begin: async () => at, undo: async () => at } } });
    expect((await ask(9004)).body).toEqual({
      result: 'success',
      deleted: 7,
      undo: 'tokentoken',
      running: true,
      watch: '/cgi/webserve/30004?&undo=tokentoken',
    });
  });
});

test('20054 that takes longer says so in the same words', async () => {
  const deletion = { id: 1, token: 'tokentoken', kind: 'recording', state: 'deleting', count: 7, bytes: 9 } as Deletion;
  const recordingFiles = {
    look: async () => [{ size: 1, mtimeMs: 0, read: () => Promise.reject(new Error('unread')) }],
  };
  const begin = async () => ({ deletion, missing: [], refused: [], undo: 'tokentoken' });
  const recordingDeletions = { begin, undo: async () => deletion };
  const { ask } = openBox({ ports: { recordingFiles: recordingFiles as never, recordingDeletions } });
  expect((await ask(20054, 'wavefiles=20210507/a.wav')).body).toEqual({
    result: 'success',
    deleted: 7,
    missing: [],
    freed: 9,
    undo: 'tokentoken',
    running: true,
    watch: '/cgi/webserve/30004?&undo=tokentoken',
  });
});

describe('30003', () => {
  test('brings every call back, as it was, with a new changed; twice is once', async () => {
    const opened = await box();
    const { ask, list } = opened;
    const before = (await list(9006, ALL)).rows;
    const { undo } = await deleted(opened, ALL);
    expect((await list(9006, ALL)).rows).toEqual([]);
    for (let times = 0; times < 2; times++)
      expect(await ask(30003, `undo=${undo}`)).toEqual({ status: 200, body: { result: 'success', restored: 4 } });
    const after = (await list(9006, ALL)).rows;
    expect(after.map(({ changed: _, ...row }) => row)).toEqual(before.map(({ changed: _, ...row }) => row));
    const latest = Math.max(...before.map(({ changed }) => Number(changed)));
    for (const { changed } of after) expect(Number(changed)).toBeGreaterThan(latest);
  });

  test('brings back its own calls only', async () => {
    const opened = await box();
    const first = await deleted(opened, `${ALL}&src=201,202`);
    const second = await deleted(opened, ALL);
    expect([first.count, second.count]).toEqual([2, 2]);
    expect((await opened.ask(30003, `undo=${first.undo}`)).body).toMatchObject({ restored: 2 });
    expect(await opened.sources()).toEqual(['202', '201']);
  });

  test.each([
    ['', 400, 'invalid'],
    ['undo=', 400, 'invalid'],
    ["undo=x' OR 1", 400, 'invalid'],
    ['undo=nobodyhasthisone', 404, 'not_found'],
  ])('%j → %i', async (query, status, code) => {
    const { ask } = await box();
    expect(await ask(30003, query)).toMatchObject({ status, body: { error: { code, parameter: 'undo' } } });
  });

  test('a monitor undoes recordings and no calls', async () => {
    const asked: string[] = [];
    const recordingDeletions: RecordingDeletions = {
      begin: () => Promise.reject(new Error('not asked')),
      async undo(token, { who, address }) {
        asked.push(`${who} ${address}`);
        return store.ask('deletion', token);
      },
    };
    const opened = openBox({ ports: { recordingDeletions } });
    const { store, ask } = opened;
    await opened.call(leg(at(`${TODAY} 09:00:00`)));
    const calls = String((await ask(9004)).body['undo']);
    const { deletion } = await store.write({
      kind: 'deletion',
      deletion: { kind: 'recording', who: 'monitor', address: '', expiresAt: 9e9, content: ['20210507/a.wav'] },
      audit: { who: 'monitor', address: '', action: 'recordings.delete', detail: {} },
    });
    const recordings = deletion?.token ?? '';
    expect(await ask(30003, `undo=${calls}`, 'monitor')).toMatchObject({
      status: 403,
      body: { error: { code: 'denied' } },
    });
    expect(await ask(30004, `undo=${calls}`, 'monitor')).toMatchObject({ status: 403 });
    expect(await ask(30003, `undo=${recordings}`, 'monitor')).toMatchObject({ status: 200, body: { restored: 0 } });
    expect(asked).toEqual(['monitor 192.0.2.7']);
    const kinds = async (role: 'admin' | 'monitor') =>
      ((await ask(30004, '', role)).body['json_array_deletions'] as { kind: string }[]).map(({ kind }) => kind);
    expect(await kinds('monitor')).toEqual(['recordings']);
    expect(await kinds('admin')).toEqual(['recordings', 'calls']);
    const [shown] = (await ask(30004, `undo=${recordings}`, 'monitor')).body['json_array_deletions'] as object[];
    expect(shown).toMatchObject({ kind: 'recordings', bytes: 0, what: { wavefiles: '20210507/a.wav' } });
  });
});

test('30004 tells of each deletion what it was, in parameters that mean the same again', async () => {
  const opened = await box();
  const query =
    'enddate=2021-05-06 23:59&src=203,204-299,%2B4*&disposition=FAILED,ANSWERED&minduration=1&maxbillsec=90&port=GSM3';
  const first = await deleted(opened, query);
  const second = await deleted(opened, '');
  const { body } = await opened.ask(30004);
  const what = {
    enddate: '2021-05-06 23:59:59',
    src: '203,204-299,+4*',
    disposition: 'FAILED,ANSWERED',
    minduration: '1',
    maxbillsec: '90',
    trunk: 'GSM3',
  };
  const row = (undo: string) =>
    expect.objectContaining({ undo, kind: 'calls', state: 'deleted', running: false, who: 'admin' });
  expect(body['json_array_deletions']).toEqual([row(second.undo), row(first.undo)]);
  const [older] = (await opened.ask(30004, `undo=${first.undo}`)).body['json_array_deletions'] as Record<
    string,
    unknown
  >[];
  expect(older).toMatchObject({ count: 0, what });
  const again = new URLSearchParams(what).toString();
  expect((await opened.ask(9004, `${again}&dryrun=1`)).body).toMatchObject({ matches: 0 });
  const [newer] = (await opened.ask(30004, 'limit=1')).body['json_array_deletions'] as Record<string, unknown>[];
  expect(newer).toMatchObject({
    undo: second.undo,
    count: 2,
    expires: '2021-05-14 12:00:00',
    what: { startdate: '2021-05-07 00:00:00', enddate: '2021-05-07 23:59:59' },
  });
});

test('30018: deletion and undo stand in the audit log with who, from where, filter and count', async () => {
  const opened = await box();
  const { undo } = await deleted(opened, `${ALL}&src=201,203`);
  await opened.ask(30003, `undo=${undo}`);
  const { body } = await opened.ask(30018);
  const filter = { startdate: '2021-01-01 00:00:00', src: '201,203' };
  const line = (action: string, detail: object) =>
    expect.objectContaining({ who: 'admin', address: '192.0.2.7', action, detail: expect.objectContaining(detail) });
  expect(body['json_array_audit']).toEqual([
    line('calls.restored', { ...filter, count: 2 }),
    line('calls.undo', { ...filter, count: 2 }),
    line('calls.deleted', { ...filter, count: 2 }),
    line('calls.delete', filter),
  ]);
  expect(JSON.stringify(body)).not.toContain(undo);
  const page = (await opened.ask(30018, 'limit=3')).body;
  expect(page['json_array_audit']).toHaveLength(3);
  const rest = (await opened.ask(30018, `limit=3&before=${page['before']}`)).body;
  expect(rest['json_array_audit']).toEqual((body['json_array_audit'] as object[]).slice(3));
  expect(rest).not.toHaveProperty('before');
});

describe('9006 since', () => {
  type Row = Record<string, unknown>;

  test('tells what has gone and come back in order of its change, page by page, and nothing twice', async () => {
    const opened = await box();
    const changes = async (query: string) => {
      const { body } = await opened.ask(9006, query);
      return { rows: body['json_array_astcdrs'] as Row[], about: body['json_obj_filter'] as Row };
    };
    const first = (await changes('since=0')).rows;
    expect(first.map(({ src }) => src)).toEqual(['201', '202', '203', '204']);
    const seen = Number(first.at(-1)?.['changed']);
    const { undo } = await deleted(opened, `${ALL}&src=201,203,204`);
    await opened.call(leg(at(`${TODAY} 11:00:00`), { source: '205' }));
    const gone = (id: unknown) => ({ id, changed: expect.any(String), removed: true });
    const then = await changes(`since=${seen}`);
    expect(then.about).toMatchObject({ totalcount: 4 });
    const [oldest, middle, newest] = [first[3], first[2], first[0]];
    expect(then.rows).toEqual([
      gone(oldest?.['id']), // oldest call first
      gone(middle?.['id']),
      gone(newest?.['id']),
      expect.objectContaining({ src: '205' }),
    ]);
    // A filter can't be held against what has gone: it's told to everybody.
    expect((await changes(`since=${seen}&src=205`)).rows).toEqual(then.rows);
    expect((await changes(`since=${seen}&order=desc`)).rows).toEqual([...then.rows].reverse());

    const paged: Row[] = [];
    let since = seen;
    for (let page = 0; page < 4; page++) {
      const { rows } = await changes(`since=${since}&limit=1`);
      expect(rows).toHaveLength(1);
      paged.push(...rows);
      since = Number(rows[0]?.['changed']);
    }
    expect(paged).toEqual(then.rows);
    let cursor = '';
    const walked: Row[] = [];
    for (let page = 0; page < 2; page++) {
      const { rows, about } = await changes(`since=${seen}&limit=2${cursor && `&cursor=${cursor}`}`);
      expect(about['totalcount']).toBe(4);
      walked.push(...rows);
      cursor = String(about['cursor'] ?? '');
    }
    expect(walked).toEqual(then.rows);
    expect((await changes(`since=${since}`)).rows).toEqual([]);

    await opened.ask(30003, `undo=${undo}`);
    expect((await changes(`since=${since}`)).rows.map(({ src, removed }) => [src, removed])).toEqual([
      ['201', undefined],
      ['203', undefined],
      ['204', undefined],
    ]);
    expect((await changes('since=0')).rows.every((row) => !('removed' in row))).toBe(true);
  });

  test('without since nothing is said of what has gone', async () => {
    const opened = await box();
    await deleted(opened, ALL);
    const { body } = await opened.ask(9006, ALL);
    expect(body).toEqual({
      json_array_astcdrs: [],
      json_obj_filter: { startdate: '2021-01-01 00:00', enddate: '', totalcount: 0 },
    });
  });
});
