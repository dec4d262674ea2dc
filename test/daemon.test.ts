/** The whole daemon beside the simulated PBX: a call and its recording, from the AMI packet and the WAV to the answers. */

import { readFileSync, statSync } from 'node:fs';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { formatLocal } from '../storage/model/local-time.ts';
import { startSimulator } from './simulator/simulator.ts';
import { eventually, logIn, startDaemon, type TestDaemon } from './support/daemon.ts';
import { atFileEnd, temporaryFolder } from './support/folder.ts';
import { freePort } from './support/free-port.ts';
import { leg } from './support/legs.ts';
import { stopwatch } from './support/stopwatch.ts';

async function simulator(options: Partial<Parameters<typeof startSimulator>[0]> = {}) {
  const started = await startSimulator({ username: 'cdrd', secret: 's3cret', zone: 'Etc/GMT+8', ...options });
  onTestFinished(() => started.close());
  return started;
}

/** Of any day: with no dates it would be today's, and the box's midnight may come between a call and the look for it. */
const CALLS = '/cgi/webserve/9006?startdate=2000-01-01 00:00';
const FILES = '/cgi/webserve/20053?startdate=2000-01-01 00:00';

const towards = (port: number, secret = 's3cret') => ({
  CDRD_ASTERISK_HOST: '127.0.0.1',
  CDRD_ASTERISK_PORT: String(port),
  CDRD_ASTERISK_SECRET: secret,
});

describe('beside a PBX', () => {
  test('a call and its recording are there within three seconds of the hang-up', async () => {
    const pbx = await simulator();
    const daemon = await startDaemon(towards(pbx.port));
    await eventually(() => pbx.astdb.get('cdrd/enable') === '1');
    expect(Object.fromEntries(pbx.astdb)).toEqual({
      'cdrd/dir': `${daemon.folder}/recordings`,
      'cdrd/Internal': '1',
      'cdrd/Outbound': '1',
      'cdrd/Inbound': '1',
      'cdrd/CallBack': '1',
      'cdrd/Conference': '1',
      'cdrd/prompt/Inbound': '',
      'cdrd/prompt/Outbound': '',
      'cdrd/prompt/Inbound/record': '',
      'cdrd/prompt/Outbound/record': '',
      'cdrd/enable': '1',
    });
    const placed = await pbx.placeCall('outbound', { ring: 0.2, talk: 1.5 });
    const since = stopwatch();
    const [row] = await eventually(async () => {
      const { json_array_astcdrs: rows } = (await daemon.json(CALLS)) as {
        json_array_astcdrs: Record<string, unknown>[];
      };
      const { json_array_recordings: files } = (await daemon.json(FILES)) as {
        json_array_recordings: unknown[];
      };
      return rows.length > 0 && files.length > 0 && rows;
    });
    expect(since()).toBeLessThan(3_000);
    const [record] = placed.records;
    expect(record).toBeDefined();
    expect(row).toMatchObject({
      src: placed.plan.caller.number,
      channel: '',
      userfield: 'Outbound',
      disposition: 'ANSWERED',
      port: 0,
    });
    expect(row?.['UniqueID']).toBe(placed.uniqueId);
    expect(row?.['Recording filename']).toMatch(/^\d{8}\/\d{8}-\d{6}-\d+-Outbound-(96|42)-\d+-\S+\.wav$/);
    const health = await daemon.json('/healthz');
    expect(health).toMatchObject({
      status: 'ok',
      asterisk: { state: 'up', version: '16.28.0~simulation' },
      recordings: { state: 'mounted' },
    });
  });

  test('records written while nobody listened are fetched from the CDR CSV, each once, and their calls are closed', async () => {
    const folder = temporaryFolder();
    const pbx = await simulator({ customCsvPath: `${folder}/Master.csv` });
    await Promise.all([
      pbx.placeCall('internal', { ring: 0.2, talk: 0.5 }),
      pbx.placeCall('busy', { ring: 0.2 }),
      pbx.placeCall('failed'),
    ]);
    const daemon = await startDaemon(towards(pbx.port), { folder });
    const rows = async () => (await daemon.json(CALLS))['json_array_astcdrs'] as Record<string, unknown>[];
    await eventually(async () => (await rows()).length === 3, 15);
    // One that both sources bring is one row; then nothing new is in the file.
    await eventually(() => pbx.astdb.get('cdrd/enable') === '1');
    await pbx.placeCall('failed');
    await eventually(async () => (await rows()).length === 4);
    await daemon.close();
    const again = await startDaemon(towards(pbx.port), { folder });
    const metrics = async () => (await again.get('/metrics')).text();
    await eventually(
      async () =>
        (await metrics()).includes('cdrd_csv_behind_bytes 0\n') && (await metrics()).includes('cdrd_asterisk_up 1\n'),
    );
    expect((await again.json(CALLS))['json_obj_filter']).toMatchObject({ totalcount: 4 });
    expect(await metrics()).toContain('cdrd_records_total{result="stored"} 0\n');
  });

  test('a call stays open for as long as one of its channels is live', async () => {
    const pbx = await simulator();
    const daemon = await startDaemon(towards(pbx.port));
    await eventually(() => pbx.astdb.get('cdrd/enable') === '1');
    const open = async () => /cdrd_open_calls (\d+)/.exec(await (await daemon.get('/metrics')).text())?.[1];
    const call = pbx.placeCall('internal', { ring: 0.2, talk: 4 });
    const linkedId = await eventually(() => /Linkedid: (\S+)/.exec(pbx.events.join(''))?.[1]);
    // A record of the same call comes in the middle of it, as a queue writes one for each phone that didn't answer.
    const early = leg(Math.floor(Date.now() / 1000), {
      linkedId,
      uniqueId: linkedId,
      sequence: 99,
      disposition: 'NO ANSWER',
      answer: null,
    });
    await daemon.ingest.record(early);
    await new Promise((resolve) => setTimeout(resolve, 3_000)); // longer than the two seconds without a record
    expect(await open()).toBe('1');
    await call;
    await eventually(async () => (await open()) === '0');
    expect((await daemon.json(CALLS))['json_obj_filter']).toMatchObject({ totalcount: 1 });
  });

  test('without an Asterisk everything else works, and the daemon finds it when it comes', async () => {
    const port = await freePort();
    const daemon = await startDaemon(towards(port));
    const state = async () =>
      ((await daemon.json('/healthz')) as { asterisk: { state: string; why: string } }).asterisk;
    await eventually(async () => (await state()).state === 'down');
    expect(await state()).toMatchObject({ why: 'nothing listens there' });
    expect((await daemon.get('/cgi/webserve/9006?')).status).toBe(200);
    await simulator({ port });
    await eventually(async () => (await state()).state === 'up', 15);
  });

  test('a wrong secret is shown, retried, and never logged', async () => {
    const pbx = await simulator();
    const daemon = await startDaemon(towards(pbx.port, 'wr0ng-secret'));
    await eventually(
      async () => ((await daemon.json('/healthz')) as { asterisk: { state: string } }).asterisk.state === 'refused',
    );
    expect(daemon.log.join('')).not.toContain('wr0ng-secret');
    expect((await daemon.get('/cgi/webserve/9006?')).status).toBe(200);
    expect(pbx.astdb.size).toBe(0);
  });

  test('without its stick the daemon serves calls and says what is missing', async () => {
    const pbx = await simulator();
    const daemon = await startDaemon({ ...towards(pbx.port), CDRD_RECORDINGS_REQUIRE_MOUNT: 'yes' });
    const health = () =>
      daemon.json('/healthz') as Promise<{ status: string; recordings: { state: string; why: string } }>;
    await eventually(async () => (await health()).recordings.why !== 'not looked at yet');
    expect(await health()).toMatchObject({
      status: 'ok',
      recordings: { state: 'absent', why: expect.stringMatching(/./) },
    });
    await eventually(() => pbx.astdb.get('cdrd/dir'));
    await pbx.placeCall('busy', { ring: 0.2 });
    await eventually(async () => {
      const { json_array_astcdrs: rows } = await daemon.json(CALLS);
      return (rows as unknown[]).length === 1;
    });
    const listed = await daemon.json(FILES);
    expect(listed['json_array_recordings']).toEqual([]);
  });

  test('hostile packets neither stop the daemon nor cost the calls after them', async () => {
    const pbx = await simulator({ faults: { latin1Names: true, repeatCdr: 2 } });
    const daemon = await startDaemon(towards(pbx.port));
    await eventually(() => pbx.astdb.get('cdrd/enable') === '1');
    pbx.sendLongLine(200_000);
    await pbx.placeCall('busy', { ring: 0.2 });
    const rows = await eventually(async () => {
      const answer = (await daemon.json(CALLS)) as { json_array_astcdrs: Record<string, unknown>[] };
      return answer.json_array_astcdrs.length > 0 && answer.json_array_astcdrs;
    });
    expect(rows).toHaveLength(1); // two records, each sent three times
    expect(rows[0]).toMatchObject({ disposition: 'BUSY', billsec: '0' });
    const metrics = await (await daemon.get('/metrics')).text();
    expect(metrics).toContain('cdrd_asterisk_faults_total 1\n');
    expect(metrics).toContain('cdrd_records_total{result="repeated"} 4\n');
  });
});

describe('who may what', () => {
  test('log-in, roles and refusals', async () => {
    const { url, get } = await startDaemon();
    const status = async (path: string, init?: RequestInit) => (await fetch(url + path, init)).status;
    expect(await status('/healthz')).toBe(200);
    expect(await status('/cgi/webserve/9006?')).toBe(401);
    expect(await status('/cgi/webserve/20053?')).toBe(401);
    expect(await status('/cgi/webserve/9999?')).toBe(404);
    expect(await status('/nothing')).toBe(404);
    expect(await status('/cgi/webserve/9006?', { method: 'DELETE' })).toBe(405);
    expect(await status('/metrics')).toBe(200); // from the box itself
    expect(await status('/metrics', { headers: { 'X-Forwarded-For': '192.0.2.1' } })).toBe(401);
    expect((await get('/metrics', { headers: { 'X-Forwarded-For': '192.0.2.1' } })).status).toBe(200);
    const monitor = await logIn(url, 'monitor');
    const as = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } });
    expect(await status('/cgi/webserve/9006?', as(monitor))).toBe(403);
    expect(await status('/cgi/webserve/20053?', as(monitor))).toBe(200);
    expect(await status('/metrics', { headers: { ...as(monitor).headers, 'X-Forwarded-For': '192.0.2.1' } })).toBe(403);
    expect(await status('/cgi/webserve/20053?', as('x'.repeat(43)))).toBe(401);
  });

  test('the guide’s log-in, by URL, by form and by cookie', async () => {
    const { url } = await startDaemon();
    const digest = '21232f297a57a5a743894a0e4a801fc3';
    const answer = await fetch(`${url}/cgi/webserve/8404?&UserName=admin&Password=${digest.toUpperCase()}`);
    expect(answer.status).toBe(200);
    expect(Object.keys((await answer.json()) as object)).toEqual(['result', 'user', 'role', 'token', 'expires']);
    const [cookie = ''] = answer.headers.getSetCookie();
    expect(cookie).toMatch(/^cdrd_session=[\w-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict$/);
    const listed = await fetch(`${url}/cgi/webserve/9006?`, { headers: { Cookie: `a=b; ${cookie.split(';')[0]}` } });
    expect(listed.status).toBe(200);
    const form = await fetch(`${url}/cgi/webserve/8401`, {
      method: 'POST',
      body: new URLSearchParams({ username: 'admin', PassWord: digest }),
    });
    expect(form.status).toBe(200);
    for (const wrong of [`UserName=admin&Password=${'0'.repeat(32)}`, `UserName=nobody&Password=${digest}`]) {
      const refused = await fetch(`${url}/cgi/webserve/8404?&${wrong}`);
      expect(refused.status).toBe(401);
      expect(await refused.json()).toEqual({
        result: 'failed',
        error: { code: 'login', message: 'unknown user or wrong password' },
      });
    }
  });

  test('a new box has random passwords in a file of its own, gone when changed', async () => {
    const { folder, url } = await startDaemon();
    // The test's own set-up changed both passwords in the store, not by the command: the file is still there.
    const path = `${folder}/state/secret/initial-passwords`;
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(`${folder}/state/secret`).mode & 0o777).toBe(0o700);
    const { askDaemon } = await import('../daemon/control/client.ts');
    const set = (user: string, digest: string) =>
      askDaemon(`${folder}/run`, { command: 'user.set', user, role: 'admin', digest });
    expect(await set('admin', 'bda313358ca9daf69a08ecd18942b644')).toBe('user admin is set, role admin');
    expect(await logIn(url, 'admin', 'max123456')).toMatch(/^[\w-]{43}$/); // guide 4.1
    await set('monitor', '08b5411f848a2581a41672a759c87380');
    expect(() => statSync(path)).toThrow(/ENOENT/);
    await expect(set('bad name', 'bda313358ca9daf69a08ecd18942b644')).rejects.toThrow(/user name/);
    await expect(
      askDaemon(`${folder}/run`, { command: 'user.set', user: 'x', role: 'root', digest: '' }),
    ).rejects.toThrow(/role must be/);
    expect(statSync(`${folder}/run/control.sock`).mode & 0o777).toBe(0o600);
  });

  test('guessing passwords is told to wait, which helps nobody to a session and hinders no other account', async () => {
    const { url, store } = await startDaemon();
    const { freePair, audit } = (await import('../daemon/limits.ts')).sessionLimits;
    const login = (password: string, user = 'admin') =>
      fetch(`${url}/cgi/webserve/8404?&UserName=${user}&Password=${password}`);
    const pause = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1_000 + 100));
    let wrong = 0;
    let told = 0;
    while (told < 2) {
      const answer = await login('0'.repeat(32));
      if (answer.status === 401) wrong++;
      told = Number(answer.headers.get('retry-after') ?? 0);
      if (told === 1) await pause(told);
      expect(wrong).toBeLessThan(20);
    }
    expect(wrong).toBeGreaterThan(freePair);
    const right = await login('21232f297a57a5a743894a0e4a801fc3');
    expect(right.status).toBe(429);
    expect(await right.json()).toMatchObject({
      error: { code: 'busy', message: expect.stringMatching(/^too many wrong passwords: wait \d+ s$/) },
    });
    expect((await login('08b5411f848a2581a41672a759c87380', 'monitor')).status).toBe(200);
    await pause(told);
    expect((await login('21232f297a57a5a743894a0e4a801fc3')).status).toBe(200);
    const lines = await eventually(async () => {
      const all = (await store.ask('auditEntries', { before: null, limit: 50 })).entries;
      return all.some(({ action, who }) => action === 'login' && who === 'monitor') && all;
    });
    expect(audit.seconds).toBe(60);
    expect(lines.filter(({ action }) => action === 'login.failed')).toMatchObject([
      { who: '', address: '127.0.0.1', detail: { user: 'admin' } },
    ]);
  });

  test('an own password, an account and a key over HTTP', async () => {
    const { url, folder } = await startDaemon();
    const initial = () => readFileSync(`${folder}/state/secret/initial-passwords`, 'utf8');
    const token = await logIn(url, 'monitor');
    const as = (key: string, path: string) => fetch(`${url}${path}`, { headers: { Authorization: `Bearer ${key}` } });
    expect(initial()).toMatch(/^monitor /m);
    const max = 'bda313358ca9daf69a08ecd18942b644';
    const change = `/cgi/webserve/30006?&OldPassword=08b5411f848a2581a41672a759c87380&NewPassword=${max}`;
    expect((await as(token, change)).status).toBe(200);
    expect(initial()).not.toMatch(/^monitor /m);
    expect(initial()).toMatch(/^admin /m);
    expect(await logIn(url, 'monitor', 'max123456')).toMatch(/^[\w-]{43}$/);

    const admin = await logIn(url, 'admin');
    const make = async (query: string) =>
      (await (await as(admin, `/cgi/webserve/30011?&name=crm&${query}`)).json()) as { id: string; key: string };
    const scoped = await make('role=admin&numbers=9006');
    expect((await as(scoped.key, '/cgi/webserve/9006?')).status).toBe(200);
    expect((await as(scoped.key, '/cgi/webserve/20053?')).status).toBe(403);
    const listed = (await (await as(scoped.key, '/cgi/webserve/')).json()) as {
      json_array_numbers: { number: number }[];
    };
    expect(listed.json_array_numbers.map(({ number }) => number)).toEqual([8401, 8404, 9006]);
    const far = (key: string) =>
      fetch(`${url}/metrics`, { headers: { Authorization: `Bearer ${key}`, 'X-Forwarded-For': '192.0.2.1' } });
    expect((await far(scoped.key)).status).toBe(403);
    expect((await far((await make('role=admin')).key)).status).toBe(200);
    expect((await as(admin, `/cgi/webserve/30012?&id=${scoped.id}`)).status).toBe(200);
    expect((await as(scoped.key, '/cgi/webserve/9006?')).status).toBe(401);
  });
});

describe('bad parameters', () => {
  let daemon: TestDaemon;
  const atEnd = atFileEnd();
  beforeAll(async () => {
    daemon = await startDaemon({}, { atEnd });
  });

  test.each([
    ['9006', 'startdate=yesterday', 'startdate'],
    ['9006', 'startdate=2021-02-30 00:00', 'startdate'],
    ['9006', 'startdate=2021-05-08 00:00&enddate=2021-05-07 00:00', 'startdate'],
    ['9006', 'enddate=2021-05-07', 'enddate'],
    ['9006', 'src=299-200', 'src'],
    ['9006', 'src=200-29', 'src'],
    ['9006', 'dst=,', 'dst'],
    ['9006', 'disposition=MAYBE', 'disposition'],
    ['9006', 'userfield=Sideways', 'userfield'],
    ['9006', 'minbillsec=-1', 'minbillsec'],
    ['9006', 'minbillsec=9&maxbillsec=3', 'minbillsec'],
    ['9006', 'port=GSM', 'port'],
    ['9006', 'limit=0', 'limit'],
    ['9006', 'cursor=abc', 'cursor'],
    ['9006', 'Colour=blue', 'Colour'],
    ['9006', 'limit=1&limit=2', 'limit'],
    ['9006', 'src=%E0%A4%A', 'src'],
    ['20053', 'calltype=Sideways', 'calltype'],
    ['20053', 'wavefiles=x', 'wavefiles'],
    ['8404', 'UserName=admin', 'Password'],
    ['8404', 'UserName=admin&Password=admin', 'Password'],
  ])('%s?&%s names %s', async (number, query, parameter) => {
    const { get } = daemon;
    const answer = await get(`/cgi/webserve/${number}?&${query.replaceAll(' ', '%20')}`);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      error: { code: 'invalid', parameter },
    });
  });

  test('the guide’s own wild forms are understood', async () => {
    const { json } = daemon;
    const example2 =
      '9006?&startdate=2021-05-07%2000:00&enddate=2021-05-07%2023:59&src=&dst=&disposition=All&userfield=All&minbillsec=&maxbillsec=&cidname=&in_route=&IV%20R=&port=-1';
    expect(await json(`/cgi/webserve/${example2}`)).toEqual({
      json_array_astcdrs: [],
      json_obj_filter: { startdate: '2021-05-07 00:00', enddate: '2021-05-07 23:59', totalcount: 0 },
    });
    const today = () => formatLocal(Math.floor(Date.now() / 1000), -28_800).slice(0, 10);
    const before = today();
    const recent = await json('/cgi/webserve/20053?&_=123&random=4&trunk=All&calltype=Interval,Call%20Back');
    const filterOf = (day: string) => ({ startdate: `${day} 00:00`, enddate: `${day} 23:59`, totalcount: 0 });
    expect([before, today()].map(filterOf)).toContainEqual(recent['json_obj_filter']); // midnight may have come between
  });
});
