/**
 * Everything that can be asked of a box × everybody who may ask, over the wire, against rights.txt. What the rights let
 * through is stopped by an unknown parameter before any handler, so nothing is done; the order of these two is what tells.
 * Each number's askers come from addresses of their own: what slows down guessing must not answer here.
 */
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { TABLE } from '../../cgi/table.ts';
import { openStatic } from '../../daemon/http/static.ts';
import { SCOPES as ALL_SCOPES, ROLES, type Role, scopesOfPerson } from '../../storage/model/rights.ts';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';
import { atFileEnd } from '../support/folder.ts';
import { leg } from '../support/legs.ts';
import { SCRIPT_PATH, wwwFolder } from '../support/www.ts';
import { ASKERS, type May, NUMBERS, PAGES, PATHS, SCOPES, SETTINGS } from './rights.ts';

const atEnd = atFileEnd();
const www = wwwFolder(atEnd);
let daemon: TestDaemon;
/** What each asker shows, by its name in rights.txt, for those who show the same each time; null: nothing. */
const shows = new Map<string, string | null>();
/** The numbers, halved, and for each half a key that is for it: of any number one holds it, and the other does not. */
const halves: { readonly numbers: readonly number[]; admin: string; monitor: string }[] = [];

/** For a machine that does much besides. */
const PATIENCE_MS = 120_000;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

beforeAll(async () => {
  daemon = await startDaemon({}, { atEnd, www });
  const account = (name: string) => `UserName=${name}&Password=${'5'.repeat(32)}`;
  // By hand, and not by a log-in each: what a password check costs is a second and more on a busy machine.
  const session = (user: string, role: Role) => daemon.sessions.begin({ user, role }).token;
  const as = async (name: string) => {
    await done(`30008?role=admin&${account(name)}`);
    return session(name, 'admin');
  };
  shows.set('nobody', null).set('a token that nobody has', 'x'.repeat(43));
  for (const role of ROLES) shows.set(`a session of ${role}`, session(role, role));
  const left = session('admin', 'admin');
  expect((await ask('/cgi/webserve/30005', left)).status).toBe(200);
  shows.set('a session that logged out', left);
  shows.set('a session of an account that was removed', await as('removed'));
  await done('30009?UserName=removed');
  shows.set('a session from before a new password', await as('changed'));
  await done(`30008?UserName=changed&Password=${'6'.repeat(32)}`);
  shows.set('a session from before another role', await as('demoted'));
  await done('30008?UserName=demoted&role=monitor');

  const key = (role: string, numbers: readonly number[]) => done(`30011?name=x&role=${role}&numbers=${numbers.join()}`);
  const revoked = await key('admin', []);
  await done(`30012?id=${revoked['id']}`);
  shows.set('a revoked key', String(revoked['key']));
  const clock = vi.spyOn(Date, 'now').mockReturnValue(Date.now() - 2 * DAY_MS);
  const over = await done('30011?name=x&role=admin&days=1').finally(() => clock.mockRestore());
  shows.set('a key whose days are over', String(over['key']));
  for (const role of ROLES) shows.set(`a key of ${role}`, String((await key(role, []))['key']));
  for (const odd of [0, 1]) {
    const numbers = [...NUMBERS.keys()].filter((_, index) => index % 2 === odd);
    const monitors = numbers.filter((number) => NUMBERS.get(number)?.may !== 'admin');
    const keys = { admin: await key('admin', numbers), monitor: await key('monitor', monitors) };
    halves.push({ numbers, admin: String(keys.admin['key']), monitor: String(keys.monitor['key']) });
  }
}, PATIENCE_MS);

/** What admin asks of a number, which must succeed. */
async function done(asked: string): Promise<Record<string, unknown>> {
  const answer = await daemon.get(`/cgi/webserve/${asked}`);
  expect(answer.status, asked).toBe(200);
  return (await answer.json()) as Record<string, unknown>;
}

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of 127/8, where the asker is. */
  readonly from?: string;
}

/** @param token As a bearer's. @returns the status, 101 for a WebSocket, and the body. */
function ask(path: string, token: string | null, { method = 'GET', headers = {}, from = '127.0.0.1' }: Asked = {}) {
  return new Promise<{ readonly status: number; readonly body: string }>((resolve, reject) => {
    const sent = request(daemon.url, {
      path,
      method,
      agent: false,
      localAddress: from,
      headers: { ...(token !== null && { Authorization: `Bearer ${token}` }), ...headers },
    });
    sent.once('error', reject);
    sent.once('upgrade', (_answer, socket) => {
      socket.destroy();
      resolve({ status: 101, body: '' });
    });
    sent.once('response', (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      answer.once('end', () => resolve({ status: answer.statusCode ?? 0, body }));
    });
    sent.end();
  });
}

const COOKIE = (token: string | null) => (token === null ? {} : { headers: { Cookie: `cdrd_session=${token}` } });

const UPGRADE = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

/** A session of admin, begun so long ago; used since, if at all, every half an hour less a minute. */
function sessionOf(ageMs: number, used: boolean): string {
  const now = performance.now();
  const clock = vi.spyOn(performance, 'now');
  try {
    clock.mockReturnValue(now - ageMs);
    const { token } = daemon.sessions.begin({ user: 'admin', role: 'admin' });
    for (let ago = ageMs; used && ago > 0; ago -= 29 * MINUTE_MS) {
      clock.mockReturnValue(now - ago);
      expect(daemon.sessions.find(token)).toMatchObject({ user: 'admin' });
    }
    return token;
  } finally {
    clock.mockRestore();
  }
}

/** What an asker shows for a number, or for a path that is for the keys of a number; undefined: there is no such asker. */
function shownBy(asker: string, number: number | null): string | null | undefined {
  if (asker === 'a session unused for 30 minutes') return sessionOf(30 * MINUTE_MS, false);
  if (asker === 'a session older than a day') return sessionOf(DAY_MS, true);
  const [, role, which] = /^a key of (admin|monitor) for (this|everything else)$/.exec(asker) ?? [];
  if (!role) return shows.get(asker);
  const holds = (half: (typeof halves)[number]) => number !== null && half.numbers.includes(number);
  const key = halves.find((half) => holds(half) === (which === 'this'))?.[role as 'admin' | 'monitor'];
  return key;
}

/** An address for each asker of each thing. */
const addressOf = (thing: number, asker: number) => `127.${20 + asker}.${thing}.1`;

const OUTCOMES: Readonly<Record<number, string>> = { 401: 'login', 403: 'denied' };
const outcomeOf = (status: number, through: number) => (status === through ? 'through' : (OUTCOMES[status] ?? status));
const expectedOf = (may: May) => Object.fromEntries([...ASKERS].map(([asker, answers]) => [asker, answers[may]]));

test('every number, path, page and setting has a line, and every line one of them', async () => {
  expect([...NUMBERS.keys()]).toEqual(Object.keys(TABLE).map(Number));
  for (const [number, { right }] of NUMBERS) expect([number, TABLE[number]?.right]).toEqual([number, right]);
  const sources = ['daemon/http/answer.ts', 'daemon/http/server.ts', 'daemon/start.ts']
    .map((file) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8'))
    .join('\n');
  const paths = [...sources.matchAll(/'(\/[a-z][a-z/]*)'/g)].map(([, path]) => path);
  expect([...new Set(paths)].filter((path) => path !== '/').sort()).toEqual([...PATHS.keys()].sort());
  expect((await openStatic(fileURLToPath(www))).paths.toSorted()).toEqual([...PAGES.keys()].sort());
});

describe('a number', () => {
  const numbers = [...NUMBERS].map(([number, { may }], index) => ({ number, may, index }));

  test.each(numbers)('$number is open to $may, whatever carries what one shows', async ({ number, may, index }) => {
    for (const [carrier, howOf] of [
      ['a bearer', () => ({})],
      ['a cookie', (token: string | null) => ({ method: 'POST', ...COOKIE(token) })],
    ] as const) {
      const found = [...ASKERS.keys()].map(async (asker, column) => {
        const shown = shownBy(asker, number);
        if (shown === undefined) throw new Error(`nothing is known of ${asker}`);
        const how = { from: addressOf(index, column), ...howOf(shown) };
        const path = `/cgi/webserve/${number}?Colour=1`;
        const { status } = await ask(path, carrier === 'a bearer' ? shown : null, how);
        return [asker, outcomeOf(status, 400)];
      });
      expect(Object.fromEntries(await Promise.all(found)), carrier).toEqual(expectedOf(may));
    }
  });

  test('is no API key’s whose role may not call it: none is made', async () => {
    for (const { number, may } of numbers) {
      if (may !== 'admin') continue;
      const { status, body } = await ask(`/cgi/webserve/30011?name=x&role=monitor&numbers=${number}`, adminToken());
      expect([number, status, body]).toEqual([number, 400, expect.stringContaining(`monitor may not call ${number}`)]);
    }
  });
});

describe('a scope', () => {
  test('has a line, and is no person’s but by the role', () => {
    expect([...SCOPES.keys()]).toEqual(ALL_SCOPES);
    for (const role of ROLES)
      expect([...scopesOfPerson(role)]).toEqual(ALL_SCOPES.filter((scope) => SCOPES.get(scope)?.person === role));
  });

  test.each([...SCOPES])('%s is given to keys of %o only, and handed on by none without it', async (scope, { may }) => {
    const made = async (role: Role, token: string | null) =>
      (await ask(`/cgi/webserve/30011?name=x&role=${role}&scopes=${scope}`, token)).status;
    for (const role of ROLES) expect(await made(role, adminToken())).toBe(may === role || may === 'both' ? 200 : 400);
    expect(await made('admin', shows.get('a key of admin') ?? null)).toBe(403);
  });
});

const adminToken = () => shows.get('a session of admin') ?? null;
const monitorToken = () => shows.get('a session of monitor') ?? null;

describe('a path', () => {
  /** How each is asked for, and what it answers where the rights let it pass. */
  const HOW: Readonly<Record<string, { path: string; through: number; headers?: Readonly<Record<string, string>> }>> = {
    '/cgi/webserve/': { path: '/cgi/webserve/?Colour=1', through: 400 },
    '/recordings/': { path: '/recordings/20210507/x.wav?Colour=1', through: 400 },
    '/healthz': { path: '/healthz', through: 200 },
    // As a proxy on the box passes it on: what the box itself asks for needs no log-in.
    '/metrics': { path: '/metrics', through: 200, headers: { 'X-Forwarded-For': '192.0.2.7' } },
    '/share/': { path: '/share/x', through: 404 },
    '/live': { path: '/live', through: 101, headers: UPGRADE },
    '/ami': { path: '/ami', through: 101, headers: UPGRADE },
  };
  const paths = [...PATHS].map(([path, rule], index) => ({ path, ...rule, index: 100 + index }));

  test.each(paths)('$path is open to $may', async ({ path, may, key, index }) => {
    const how = HOW[path];
    if (!how) throw new Error(`nothing is known of ${path}`);
    const found: Record<string, unknown> = {};
    for (const [column, asker] of [...ASKERS.keys()].entries()) {
      const shown = shownBy(asker, typeof key === 'number' ? key : (halves[0]?.numbers[0] ?? null)) ?? null;
      const { status } = await ask(how.path, shown, {
        from: addressOf(index, column),
        ...(how.headers && { headers: how.headers }),
      });
      found[asker] = outcomeOf(status, how.through);
    }
    const expected = expectedOf(may);
    if (key === 'never') {
      for (const role of ['monitor', 'admin']) expected[`a key of ${role} for this`] = 'denied';
    }
    expect(found).toEqual(expected);
  });

  test('of a page is the same to all who may have it', async () => {
    for (const [index, [path, may]] of [...PAGES].entries())
      for (const [column, asker] of [...ASKERS.keys()].entries()) {
        const asked = path === '/assets/' ? SCRIPT_PATH : path;
        const { status } = await ask(asked, shownBy(asker, 9006) ?? null, { from: addressOf(120 + index, column) });
        expect([path, asker, outcomeOf(status, 200)]).toEqual([path, asker, ASKERS.get(asker)?.[may]]);
      }
  });

  test('without a number lists what the asker may use, and nothing else', async () => {
    for (const asker of ASKERS.keys()) {
      const shown = shownBy(asker, 9006);
      if (shown === undefined) throw new Error(`nothing is known of ${asker}`);
      const { status, body } = await ask('/cgi/webserve/', shown);
      const listed = (JSON.parse(body) as { json_array_numbers: { number: number }[] }).json_array_numbers;
      const half = halves.find(({ admin, monitor }) => shown === admin || shown === monitor);
      const mine = [...NUMBERS].filter(
        ([number, { may }]) =>
          may === 'anybody' ||
          (ASKERS.get(asker.replace(/ for .*/, ''))?.[may] === 'through' && half?.numbers.includes(number) !== false),
      );
      expect([asker, status, listed.map(({ number }) => number)]).toEqual([asker, 200, mine.map(([number]) => number)]);
    }
  });

  test('spelled otherwise opens nothing, and neither does what only resembles a token', async () => {
    const roads = ['//cgi/webserve/9006', '/cgi/webserve/9006/', '/cgi/webserve/9006;x=1', '/cgi/webserve/09006'];
    roads.push('/cgi/webserve/%39006', '/CGI/WEBSERVE/9006', '/cgi/webserve/../webserve/9006', '/./cgi/webserve/9006');
    roads.push(
      '/cgi/webserve/8404/../9006',
      '/cgi/webserve/9006%00',
      '/cgi/webserve/8404%3F/9006',
      '/cgi/webserve/9006.css',
    );
    roads.push(
      '/healthz/../cgi/webserve/9006',
      '/recordings/../cgi/webserve/9006',
      '/secret/tls.key',
      '/cdrd.db',
      '/assets/../cdrd.db',
    );
    for (const [index, road] of roads.entries())
      for (const path of [road, `http://127.0.0.1${road}`]) {
        const { status } = await ask(path, null, { from: addressOf(150, index) });
        expect([path, status]).toEqual([path, expect.toBeOneOf([400, 401, 404])]);
      }
    const token = adminToken() ?? '';
    const likes: [string, Readonly<Record<string, string>>][] = [
      [`9006?token=${token}`, {}],
      [`9006?cdrd_session=${token}`, {}],
      ['9006', { Authorization: token }],
      ['9006', { Authorization: `Basic ${Buffer.from('admin:admin').toString('base64')}` }],
      ['9006', { Authorization: `Bearer ${token.slice(0, -1)}` }],
      ['9006', { Authorization: `Bearer ${token.toLowerCase()}` }],
      ['9006', { Authorization: 'Bearer null' }],
      ['9006', { Authorization: 'Bearer __proto__' }],
      ['9006', { Cookie: `__Host-cdrd_session=${token}` }],
      ['9006', { Cookie: `CDRD_SESSION=${token}` }],
      ['9006', { Cookie: 'cdrd_session=' }],
      ['9006', { Cookie: 'user=admin; role=admin; username=admin; sid=0' }],
      ['9006', { 'X-Forwarded-For': '127.0.0.1' }],
      ['9006', { 'X-Real-IP': '127.0.0.1', 'X-Forwarded-User': 'admin', 'Remote-User': 'admin' }],
      ['9006', { 'X-HTTP-Method-Override': 'GET', 'X-Original-URL': '/cgi/webserve/8404' }],
    ];
    for (const [index, [asked, headers]] of likes.entries()) {
      const { status } = await ask(`/cgi/webserve/${asked}`, null, { headers, from: addressOf(151, index) });
      expect([asked, headers, status]).toEqual([asked, headers, 401]);
    }
  });
});

test('/healthz tells states to anybody, and what helps an attacker only to the box itself and who has logged in', async () => {
  const elsewhere = { headers: { 'X-Forwarded-For': '192.0.2.7' } };
  const about = async (token: string | null, how = {}) =>
    JSON.parse((await ask('/healthz', token, how)).body) as object;
  const part = { state: expect.any(String) };
  expect(await about(null, elsewhere)).toEqual({
    status: 'ok',
    ...Object.fromEntries(
      ['store', 'asterisk', 'ami', 'cdr_csv', 'recordings', 'https', 'listen', 'backup', 'alarms'].map((each) => [
        each,
        part,
      ]),
    ),
    disks: expect.objectContaining({ state: part }),
  });
  for (const whole of [await about(null), await about(monitorToken(), elsewhere)])
    expect(whole).toMatchObject({
      status: 'ok',
      version: 'test',
      store: { state: 'ok', free_bytes: expect.any(Number) },
    });
});

describe('a setting', () => {
  test('is seen and changed by whom its line says', async () => {
    const list = async (token: string | null) => {
      const { body } = await ask('/cgi/webserve/30016', token);
      const rows = JSON.parse(body) as { json_array_settings: { name: string; value: string; fixed: string | null }[] };
      return rows.json_array_settings;
    };
    const all = await list(adminToken());
    expect(all.map(({ name }) => name)).toEqual([...SETTINGS.keys()]);
    const both = [...SETTINGS].filter(([, may]) => may === 'both').map(([name]) => name);
    expect((await list(monitorToken())).map(({ name }) => name)).toEqual(both);
    for (const { name, value, fixed } of all) {
      const put = async (token: string | null, query: string) =>
        (await ask(`/cgi/webserve/30017?${query}`, token)).status;
      const query = new URLSearchParams({ [name]: value }).toString(); // as it is: nothing changes
      const monitor = both.includes(name) ? (fixed === null ? 200 : 409) : 403;
      const found = [
        await put(null, query),
        await put(monitorToken(), query),
        await put(monitorToken(), `reset=${name}`),
      ];
      expect([name, ...found]).toEqual([name, 401, monitor, monitor]);
      expect([name, await put(adminToken(), query)]).toEqual([name, fixed === null ? 200 : 409]);
    }
    // One that is not its own spoils all of them.
    const { status } = await ask('/cgi/webserve/30017?recording.enable=no&trash.days=1', monitorToken());
    expect([status, (await list(adminToken()))[0]]).toEqual([403, expect.objectContaining({ value: 'yes' })]);
  });
});

test('a deletion is seen and undone by whom may delete its kind', async () => {
  const record = leg(Math.floor(Date.now() / 1000) - 60, { source: '205' });
  await daemon.store.write({ kind: 'leg', leg: record, source: 'ami' });
  await daemon.store.write({ kind: 'close', group: record.uniqueId });
  const undo = String((await done('9004?src=205'))['undo']);
  onTestFinished(async () => void (await done(`30003?undo=${undo}`)));
  for (const asked of [`30003?undo=${undo}`, `30004?undo=${undo}`])
    expect((await ask(`/cgi/webserve/${asked}`, monitorToken())).status).toBe(403);
  const seen = async (token: string | null) =>
    (JSON.parse((await ask('/cgi/webserve/30004', token)).body) as { json_array_deletions: { kind: string }[] })
      .json_array_deletions;
  expect(await seen(monitorToken())).toEqual([]);
  expect(await seen(adminToken())).toMatchObject([{ kind: 'calls' }]);
});
