/** What all dialects share: off until switched on, addresses that nobody else has, rights and bounds of the numbers. */
import { Agent, type RequestOptions, request } from 'node:http';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { cookieOf } from '../../cgi/dialect/cookie.ts';
import { readForm } from '../../cgi/dialect/form.ts';
import { morHash } from '../../cgi/dialect/mor/hash.ts';
import { DIALECTS, dialectOf } from '../../cgi/dialect/table.ts';
import { BASE } from '../../cgi/settings/kinds.ts';
import { openStatic } from '../../daemon/http/static.ts';
import { httpLimits } from '../../daemon/limits.ts';
import { StoreError } from '../../storage/errors.ts';
import { exchange } from '../http/raw.ts';
import { PATHS } from '../security/rights.ts';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';
import { atFileEnd } from '../support/folder.ts';
import { wwwFolder } from '../support/www.ts';
import { openElastix } from './elastix-box.ts';

const atEnd = atFileEnd();
let opened: Promise<TestDaemon> | undefined;
/** One box with all of them, for questions that change nothing. */
function allDialects() {
  const env = Object.fromEntries(DIALECTS.map(({ name }) => [`CDRD_${name.toUpperCase()}_ENABLED`, 'yes']));
  opened ??= startDaemon(env, { atEnd });
  return opened;
}

const FIRST = DIALECTS.map((entry) => [entry, `${entry.aliases[0] ?? ''}${entry.paths[0]}`] as const);

test('each is off until it is switched on, by the page too, and gone when it is switched off', async () => {
  const daemon = await startDaemon({}, { atEnd: onTestFinished });
  for (const [{ name }, path] of FIRST) {
    const status = async () => (await fetch(`${daemon.url}${path}`)).status;
    const before = await (await fetch(`${daemon.url}${path}`)).text();
    expect(before).toContain('"not_found"');
    expect((await daemon.get(`/cgi/webserve/30017?${name}.enabled=yes`)).status).toBe(200);
    const on = await (await fetch(`${daemon.url}${path}`)).text();
    expect(on).not.toContain('"not_found"');
    expect((await daemon.get(`/cgi/webserve/30017?${name}.base=/old`)).status).toBe(200);
    expect(await status()).toBe(404);
    expect(await (await fetch(`${daemon.url}/old${path}`)).text()).toBe(on);
    expect((await daemon.get(`/cgi/webserve/30017?${name}.enabled=no`)).status).toBe(200);
    expect(await (await fetch(`${daemon.url}/old${path}`)).text()).toContain('"not_found"');
  }
});

test('a page of another site may link to what only leads on, and have nothing else', async () => {
  const daemon = await startDaemon(
    { CDRD_VOIPMONITOR_ENABLED: 'yes', CDRD_MOR_ENABLED: 'yes' },
    { atEnd: onTestFinished },
  );
  const headers = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate' };
  const status = async (path: string) => (await fetch(`${daemon.url}${path}`, { headers, redirect: 'manual' })).status;
  const found = await Promise.all(
    [
      '/admin.php?cdr_filter={fcaller:205}',
      '/index.php?activecalls=1',
      '/php/api.php?task=getVoipCalls',
      '/callc/login',
    ].map(status),
  );
  expect(found).toEqual([303, 303, 403, 403]);
});

describe('addresses', () => {
  const on = (name: string) => (name.endsWith('.base') ? '' : true);

  test('none is that of two dialects, of a page or of the box itself', async () => {
    const pages = await openStatic(fileURLToPath(wwwFolder(onTestFinished)));
    const all = DIALECTS.flatMap(({ name, paths, aliases }) =>
      (aliases.length > 0 ? aliases : ['']).flatMap((alias) => paths.map((path) => [name, `${alias}${path}`] as const)),
    );
    for (const [name, path] of all) {
      const asked = path.endsWith('/') ? `${path}x` : path;
      expect([asked, dialectOf(asked, on)?.entry.name]).toEqual([asked, name]);
      expect([asked, pages.find(asked)]).toEqual([asked, null]);
      expect(asked).not.toMatch(/^\/(cgi|recordings|healthz|metrics|ami|live|share|assets)\b/);
    }
  });

  test('a base stands in front, an alias behind it, and what is left is as the dialect spells it', () => {
    const at = (base: string) => (name: string) => (name === 'mor.enabled' ? true : name === 'mor.base' ? base : '');
    const found = (path: string, base: string) => dialectOf(path, at(base))?.path;
    expect(found('/billing/api/local_calls_get', '')).toBe('/api/local_calls_get');
    expect(found('/api/local_calls_get', '')).toBe('/api/local_calls_get');
    expect(found('/a/b/billing/stats/call_list', '/a/b')).toBe('/stats/call_list');
    expect(found('/a/bb/stats/call_list', '/a/b')).toBeUndefined();
    expect(found('/stats/call_list', '/a/b')).toBeUndefined();
  });

  test('what is MOR’s as a whole takes no other dialect’s address away', () => {
    const found = (path: string, ...names: string[]) => {
      const value = (name: string) => (name.endsWith('.base') ? '' : names.some((each) => name === `${each}.enabled`));
      const at = dialectOf(path, value);
      return at && `${at.entry.name} ${at.path}`;
    };
    expect(found('/api/api.php', 'elastix', 'mor')).toBe('elastix /api/api.php');
    expect(found('/api/api.php', 'mor')).toBe('mor /api/api.php');
    expect(found('/billing/api/nothing', 'elastix', 'mor')).toBe('mor /api/nothing');
    expect(found('/billing/nothing', 'mor')).toBe('mor /billing/nothing');
    expect(found('/php/api.php', 'mor', 'voipmonitor')).toBe('voipmonitor /php/api.php');
    expect(found('/billing', 'mor')).toBeNull();
    expect(found('/apis/x', 'mor')).toBeNull();
    const below = (name: string) => (name === 'voipmonitor.base' ? '/api/pbx' : name.endsWith('.base') ? '' : true);
    expect(dialectOf('/api/pbx/php/api.php', below)?.entry.name).toBe('voipmonitor');
  });

  test('a base is none of the box: numbers would stand in its place, or pages of other sites lead to it', async () => {
    const { daemon } = await openElastix();
    for (const path of [...PATHS.keys(), '/assets/']) {
      const base = path.replace(/\/$/, '');
      const answer = await daemon.json(`/cgi/webserve/30017?voipmonitor.base=${base}`);
      expect([base, answer]).toMatchObject([base, { error: { code: 'invalid', parameter: 'voipmonitor.base' } }]);
    }
    expect(v.safeParse(BASE, '/share/more').success).toBe(false);
    expect(v.safeParse(BASE, '/shared').success).toBe(true);
  });

  test('two bases never share a cookie', () => {
    const voipmonitor = { cookie: 'PHPSESSID' };
    expect(cookieOf(voipmonitor, '')).toBe('PHPSESSID');
    expect(cookieOf(voipmonitor, '/demo')).toBe('PHPSESSID-demo');
    expect(cookieOf(voipmonitor, '/a/b')).toBe('PHPSESSID-a-b');
  });
});

test('a form is read as PHP reads it: the last of several, names with their case, broken signs as they were sent', () => {
  const form = readForm('a=1&a=2&A=3&b=x+y%20z&c&&d=%zz&e=%C3%A9&f=%31%zz%32%&g=%E9%20x');
  const broken = { d: '%zz', f: '1%zz2%', g: 'é x' };
  expect(Object.fromEntries(form)).toEqual({ a: '2', A: '3', b: 'x y z', c: '', e: 'é', ...broken });
});

test('an address may come with raw blanks, as the dialects’ documents print it', async () => {
  const { url } = await allDialects();
  const ask = (target: string) => exchange(url, `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
  expect(await ask('/api/api.php?cmd=cdrreport&start_date=2026-11-27 00:00:00')).toMatch(/ 200 OK.*key not found$/s);
  expect(await ask('/billing/stats/call_list?period=a b')).toMatch(/ 401 .*<\?xml/s);
  expect(await ask('/php/api.php?task=getVoipCalls&params={"startTime": "2021-01-01 00:00"}')).toMatch(
    / 200 OK.*"success":false/s,
  );
});

test('a listing that fails before anything has been sent is told in the form of the dialect', async () => {
  const { daemon, ask, makeKey } = await openElastix();
  const key = await makeKey('admin');
  // As where too many long ones are read already, which is known with the first rows only.
  vi.spyOn(daemon.store, 'legs').mockImplementation(async function* () {
    yield { legs: [], rows: 0, next: { key: 1, id: 1 } };
    throw new StoreError('busy', 'too many');
  });
  const { status, headers, text } = await ask(key, '?cmd=cdrreport');
  expect({ status, text }).toEqual({ status: 429, text: '{"status": "try again shortly", "code": 429}' });
  expect(headers.get('retry-after')).toBe('2');
});

test('what is refused before anybody is asked is told in the form of the dialect', async () => {
  const daemon = await allDialects();
  const elsewhere = (path: string) =>
    new Promise((resolve, reject) => {
      const sent = request(daemon.url + path, { headers: { Host: 'pbx.example' }, agent: false }, async (answer) =>
        resolve([answer.statusCode, Buffer.concat(await answer.toArray()).toString()]),
      );
      sent.once('error', reject).end();
    });
  const why = '"pbx.example" is no name of this box: list it in http.names, or use its address';
  expect(await elsewhere('/api/api.php?cmd=x')).toEqual([421, `{"status": ${JSON.stringify(why)}, "code": 421}`]);
  expect(await elsewhere('/billing/api/local_calls_get')).toEqual([421, expect.stringMatching(/^<\?xml .*<error>/s)]);
  expect(await elsewhere('/php/api.php')).toEqual([421, JSON.stringify({ success: false, errors: { reason: why } })]);
  // Whoever opens a page of another site is no program of a dialect.
  const foreign = await fetch(`${daemon.url}/php/api.php`, { headers: { Origin: 'http://evil.example' } });
  expect([foreign.status, await foreign.json()]).toMatchObject([403, { error: { code: 'denied' } }]);
});

test('a program with a bare key is no stranger, who may ask less', async () => {
  const { daemon, makeKey } = await openElastix();
  const Authorization = await makeKey('monitor');
  const path = '/api/api.php?cmd=x';
  expect(await statusesFrom('127.66.6.6', `${daemon.url}${path}`, { headers: { Authorization } })).toEqual([200]);
});

test('nor is one whose key, password or hash stands in the request itself', async () => {
  const daemon = await startDaemon(
    { CDRD_MOR_ENABLED: 'yes', CDRD_MOR_GET: 'yes', CDRD_VOIPMONITOR_ENABLED: 'yes' },
    { atEnd: onTestFinished },
  );
  const { key } = await daemon.json('/cgi/webserve/30011?name=shop&role=monitor');
  await daemon.json('/cgi/webserve/30057?dialect=mor&secret=correct-horse');
  const question = '/php/api.php?task=getVoipCalls&params[cdrId]=1';
  const byKey = `${daemon.url}${question}&user=shop&password=${key}`;
  expect(await statusesFrom('127.66.6.7', byKey)).toEqual([200]);
  const byHash = `${daemon.url}/api/local_calls_get?u=admin&s_user=0&hash=${morHash(['0'], 'correct-horse')}`;
  expect(await statusesFrom('127.66.6.8', byHash)).toEqual([200]);
  // A key under another's name is none, and gains nothing.
  expect(await statusesFrom('127.66.6.9', byKey.replace('user=shop', 'user=other'))).toContain(429);
}, 60_000);

/** The statuses of more requests than a stranger may send at once, by one connection from an address that is counted, other than the box's own. */
async function statusesFrom(localAddress: string, url: string, more: RequestOptions = {}): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  const ask = () =>
    new Promise<number>((resolve, reject) => {
      const sent = request(url, { agent, localAddress, ...more }, (answer) => {
        answer.resume().once('end', () => resolve(answer.statusCode ?? 0));
      });
      sent.once('error', reject).end();
    });
  const told = new Set<number>();
  for (let tries = 0; tries < 2 * httpLimits.strangerBurst && !told.has(429); tries++) told.add(await ask());
  return [...told];
}

test.each(['/billing/api/login', '/php/api.php', '/php/model/sql.php'])(
  '%s reads little of a stranger, and says so in its form',
  async (path) => {
    const { url } = await allDialects();
    const ask = (bytes: number) =>
      fetch(`${url}${path}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
        body: `u=${'x'.repeat(bytes - 2)}`,
      });
    const refused = await ask(httpLimits.strangerBody + 1);
    expect([refused.status, await refused.text()]).toEqual([413, expect.stringContaining('the body is over')]);
    expect((await ask(httpLimits.strangerBody)).status).not.toBe(413);
  },
);

test('at what a disk fails is in the log, and not in the answer', async () => {
  const { daemon, ask, makeKey } = await openElastix();
  const key = await makeKey('admin');
  vi.spyOn(daemon.store, 'legs').mockImplementation(() => {
    throw new StoreError('io', 'disk I/O error (SELECT 1)');
  });
  const { status, text } = await ask(key, '?cmd=cdrreport');
  expect({ status, text }).toEqual({
    status: 503,
    text: '{"status": "the disk of the call records fails", "code": 503}',
  });
  expect(daemon.log.join('\n')).toContain('disk I/O error (SELECT 1)');
});

test('how long a guesser has to wait is told whatever form the answer has', async () => {
  const daemon = await startDaemon({ CDRD_MOR_ENABLED: 'yes' }, { atEnd: onTestFinished });
  const body = 'u=admin&p=wrong';
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
  const logIn = () => fetch(`${daemon.url}/billing/api/login`, { method: 'POST', headers, body });
  let answer = await logIn();
  for (let tries = 0; tries < 30 && answer.status !== 429; tries++) answer = await logIn();
  const wait = /wait (\d+) s/.exec(await answer.text())?.[1];
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, wait]);
});
