/** Who may ask by VoIPmonitor's scripts, what is noted of it, and answers that are long or can't be given. */
import { createHash } from 'node:crypto';
import { beforeAll, expect, test, vi } from 'vitest';
import { StoreError } from '../../storage/errors.ts';
import { eventually, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { atFileEnd } from '../support/folder.ts';
import { leg } from '../support/legs.ts';

const atEnd = atFileEnd();
const NOON = 1_620_417_600;
const CALLS = '/php/api.php?task=getVoipCalls&params={"startTime":"2021-05-01"}';
const LIST = '/php/model/sql.php?task=LISTING&module=CDR&fdatefrom=2021-05-01';

let daemon: TestDaemon;
let session = '';

const said = async (path: string, init: RequestInit = {}) =>
  (await (await fetch(`${daemon.url}${path}`, init)).json()) as Record<string, unknown> & {
    errors?: { reason: string };
  };
const logIn = (user: string) => said(`/php/model/sql.php?module=bypass_login&user=${user}&pass=${user}`);
const cookie = (sid: unknown) => ({ headers: { Cookie: `PHPSESSID=${sid}` } });

beforeAll(async () => {
  daemon = await startDaemon({ CDRD_VOIPMONITOR_ENABLED: 'yes' }, { atEnd });
  for (let index = 0; index < 30; index++) {
    const call = leg(NOON + index * 60, { callerId: '"</script>\u0007" <205>' });
    await daemon.store.write({ kind: 'leg', leg: call, source: 'ami' });
  }
  for (const group of await daemon.store.ask('openGroups')) await daemon.store.write({ kind: 'close', group });
  session = String((await logIn('admin'))['SID']);
});

test('a session opens all scripts until it ends, and no other cookie does', async () => {
  expect((await said(CALLS, cookie(session)))['success']).toBe(true);
  expect((await said(LIST, cookie(session)))['total']).toBe('30');
  const own = await fetch(`${daemon.url}${LIST}`, { headers: { Cookie: `cdrd_session=${session}` } });
  expect(await own.text()).toContain('unknown user or wrong password');
  const other = String((await logIn('admin'))['SID']);
  await daemon.get('/cgi/webserve/30005', { headers: { Authorization: `Bearer ${other}` } });
  expect((await said(LIST, cookie(other))).errors?.reason).toBe('unknown user or wrong password');
});

test('an API key is a password, or the session itself, for the numbers that it has', async () => {
  const make = async (numbers: string) => {
    const made = await daemon.json(`/cgi/webserve/30011?name=crm&role=admin&numbers=${numbers}`);
    return String(made['key']);
  };
  const key = await make('9006');
  expect((await said(`${CALLS}&user=crm&password=${key}`))['success']).toBe(true);
  expect((await said(`${CALLS}&user=other&password=${key}`)).errors?.reason).toBe('unknown user or wrong password');
  expect((await said(LIST, cookie(key)))['total']).toBe('30');
  const login = await said(`/php/model/sql.php?module=bypass_login&user=crm&pass=${key}`);
  expect(JSON.stringify(login)).not.toContain(key);
  expect(login.errors?.reason).toContain('an API key begins no session');
  const narrow = await make('30019');
  expect((await said(`${CALLS}&user=crm&password=${narrow}`)).errors?.reason).toBe('key:crm may not do this');
});

test('monitor may do nothing with calls, and that he asked is noted', async () => {
  for (const task of ['getVoipCalls', 'listCdrIds', 'reportSummary', 'getPCAP', 'licenseCheck'])
    expect((await said(`/php/api.php?task=${task}&user=monitor&password=monitor`)).errors?.reason).toBe(
      'monitor may not do this',
    );
  const log = JSON.stringify(await daemon.json('/cgi/webserve/30018?who=monitor'));
  expect(log).toContain('"denied"');
});

test('a reason stands in the audit log with what was asked, and none without', async () => {
  await said(`${CALLS}&user=admin&password=admin`);
  await said(`${CALLS}&user=admin&password=admin&auditReason=complaint%207`);
  await said(`${LIST}&fcaller=205&auditReason=list`, cookie(session));
  const { json_array_audit: lines } = (await daemon.json('/cgi/webserve/30018?action=calls.exported')) as {
    json_array_audit: readonly Record<string, unknown>[];
  };
  expect(lines.map(({ reason, detail }) => [reason, detail])).toEqual([
    ['list', { task: 'LISTING', asked: '{"fdatefrom":"2021-05-01","fcaller":"205"}' }],
    ['complaint 7', { task: 'getVoipCalls', asked: '{"startTime":"2021-05-01"}' }],
  ]);
  const long = await said(`${CALLS}&user=admin&password=admin&auditReason=${'x'.repeat(201)}`);
  expect(long.errors?.reason).toBe('auditReason must be 200 characters at most');
});

test('PHP’s curl, which sends an array as multipart, is understood', async () => {
  const form = new FormData();
  for (const [name, value] of Object.entries({ task: 'getVoipCalls', user: 'admin', password: 'admin' }))
    form.set(name, value);
  form.set('params', '{"startTime":"2021-05-07 12:29"}');
  const { cdr } = await said('/php/api.php', { method: 'POST', body: form });
  expect(cdr).toHaveLength(1);
  form.set('file', new Blob(['x']), 'x.txt');
  const refused = await said('/php/api.php', { method: 'POST', body: form });
  expect(refused.errors?.reason).toBe('the body has a file (file), which is not taken');
});

test('HEAD is answered without a list', async () => {
  const searches = (['count', 'pages'] as const).map((walk) => vi.spyOn(daemon.store, walk));
  const head = await fetch(`${daemon.url}${LIST}`, { method: 'HEAD', ...cookie(session) });
  expect([head.status, head.headers.get('content-type'), await head.text()]).toEqual([
    ...[200, 'application/json; charset=utf-8', ''],
  ]);
  for (const search of searches) {
    expect(search).not.toHaveBeenCalled();
    search.mockRestore();
  }
});

test('a part of a Call-ID is refused: it would be found in no call', async () => {
  const reason = async (path: string) => (await said(path, cookie(session))).errors?.reason;
  expect(await reason(`${LIST}&fcallid=%25620417600%25`)).toContain('fcallid must be a whole UniqueID');
  expect(await reason('/php/api.php?task=getVoipCalls&params={"callId":"%25620417600%25"}')).toContain(
    'callId must be a whole UniqueID',
  );
});

test('a filter that stands where none is looked for is told of', async () => {
  for (const params of ['{"fcaller":"999"}', '[]'])
    expect((await said(`${LIST}&params=${params}`, cookie(session))).errors?.reason).toBe(
      'params is not a parameter here: its names stand beside it',
    );
  expect((await said(`${LIST}&params={}`, cookie(session)))['total']).toBe('30');
});

test('a summary is counted, cut and without another order', async () => {
  const group = `${LIST}&group=lastSIPresponse`;
  expect(await said(`${group}&suppress_results=1`, cookie(session))).toEqual({ total: '1' });
  expect(await said(`${group}&start=1`, cookie(session))).toEqual({ total: '1', results: [] });
  for (const [more, why] of [
    ['&orderByCallDuration_asc=1', 'group: comes with most calls first, without sort'],
    ['&fcallid=1.1', 'group: not with fcallid'],
  ])
    expect((await said(`${group}${more}`, cookie(session))).errors?.reason).toBe(why);
  expect((await said(`${LIST}&group=caller`, cookie(session))).errors?.reason).toBe('group must be lastSIPresponse');
});

test('what strangers say comes out as JSON has it', async () => {
  const answer = await fetch(`${daemon.url}${CALLS}`, cookie(session));
  const text = await answer.text();
  expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(text).not.toContain('\u0007');
  expect((JSON.parse(text) as { cdr: { callername: string }[] }).cdr[0]?.callername).toBe('</script>\u0007');
});

test('a fault of HTTP keeps its status, and its form', async () => {
  const put = await fetch(`${daemon.url}/php/api.php`, { method: 'PUT' });
  expect([put.status, await put.json()]).toEqual([405, { success: false, errors: { reason: 'GET, HEAD, POST only' } }]);
  const large = await fetch(`${daemon.url}/php/api.php`, { method: 'POST', body: 'x'.repeat(20_000) });
  expect([large.status, await large.text()]).toEqual([413, expect.stringContaining('"success":false')]);
  const known = await fetch(`${daemon.url}${CALLS}`, {
    method: 'POST',
    body: `a=${'x'.repeat(7_900)}`,
    ...cookie(session),
  });
  expect(known.status).toBe(200);
});

test('who guesses waits', async () => {
  const digest = createHash('md5').update('guess').digest('hex');
  await daemon.get(`/cgi/webserve/30008?UserName=guessed&Password=${digest}&role=monitor`);
  let last: Response | undefined;
  for (let tries = 0; tries < 30 && last?.status !== 429; tries++)
    last = await fetch(`${daemon.url}/php/model/sql.php?module=bypass_login&user=guessed&pass=${tries}`);
  expect(last?.status).toBe(429);
  expect(Number(last?.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await last?.json()).toEqual({ success: false, errors: { reason: expect.any(String) } });
});

test('a link leads nowhere but to our pages', async () => {
  const to = async (path: string) => {
    const answer = await fetch(`${daemon.url}${path}`, { redirect: 'manual' });
    return [answer.status, answer.headers.get('location')];
  };
  expect(await to('/index.php')).toEqual([303, '/']);
  expect(await to('/index.php?activecalls=0')).toEqual([303, '/']);
  expect(await to('/admin.php')).toEqual([303, '/']);
  const [status, location] = await to(
    `/admin.php?cdr_filter=${encodeURIComponent('{fcaller:"//evil.example/\r\nX: y"}')}`,
  );
  expect([status, location]).toEqual([303, expect.stringMatching(/^\/calls\?[\w=&%.:+*-]*$/)]);
  expect(await to(`/admin.php?cdr_filter=${encodeURIComponent('{fcallername:"x"}')}`)).toEqual([200, null]);
});

test.each([
  ['a list', LIST],
  ['a list of api.php', CALLS],
  ['a count', `${LIST}&suppress_results=1`],
  ['a summary', `${LIST}&group=lastSIPresponse`],
])('whoever goes away ends the search for %s', async (_, path) => {
  const search = { begun: false, ended: false, isOver: false };
  async function* endless() {
    search.begun = true;
    try {
      while (!search.isOver) {
        await new Promise(setImmediate);
        yield { rows: 0, next: null, bytes: Buffer.alloc(0), groups: [] };
      }
    } finally {
      search.ended = true;
    }
  }
  const spies = (['count', 'pages', 'totals'] as const).map((walk) =>
    vi.spyOn(daemon.store, walk).mockImplementation(endless as never),
  );
  try {
    const gone = new AbortController();
    const answer = fetch(`${daemon.url}${path}`, { ...cookie(session), signal: gone.signal });
    answer.catch(() => {});
    await eventually(async () => search.begun);
    gone.abort();
    await eventually(async () => search.ended);
  } finally {
    search.isOver = true;
    for (const spy of spies) spy.mockRestore();
  }
});

test('what fails before the first row is told as any fault is', async () => {
  // biome-ignore lint/correctness/useYield: it fails before
  const spy = vi.spyOn(daemon.store, 'count').mockImplementation(async function* () {
    throw new StoreError('busy', 'too many long listings');
  });
  const answer = await fetch(`${daemon.url}${LIST}`, cookie(session));
  spy.mockRestore();
  expect([answer.status, await answer.json()]).toEqual([
    ...[429, { success: false, errors: { reason: 'try again shortly' } }],
  ]);
});

test('times in ISO 8601 tell an hour that the clock showed twice apart', async () => {
  const box = await startDaemon({ CDRD_VOIPMONITOR_ENABLED: 'yes', CDRD_TIME_ZONE: 'Europe/Berlin' });
  // 00:30 and 01:30 UTC on the last Sunday of October 2021.
  for (const [start, offset, endOffset] of [
    [1_635_640_200, 7_200, 3_600],
    [1_635_643_800, 3_600, 3_600],
  ] as const) {
    const at = { start: { epoch: start, offset }, answer: null, end: { epoch: start + 1_800, offset: endOffset } };
    await box.store.write({ kind: 'leg', leg: leg(start, { ...at, disposition: 'NO ANSWER' }), source: 'ami' });
  }
  for (const group of await box.store.ask('openGroups')) await box.store.write({ kind: 'close', group });
  const answer = await fetch(`${box.url}/php/api.php?task=listCdrIds&flags=2&user=admin&password=admin`);
  const { cdr } = (await answer.json()) as { cdr: { calldate: string; callend: string }[] };
  expect(cdr.map(({ calldate, callend }) => [calldate, callend])).toEqual([
    ['2021-10-31T02:30:00+02:00', '2021-10-31T02:00:00+01:00'],
    ['2021-10-31T02:30:00+01:00', '2021-10-31T03:00:00+01:00'],
  ]);
});
