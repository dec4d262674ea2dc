/** Which requests are not asked what they want: by a strange name, from another site's page, too many, or too plain. */

import type { IncomingMessage } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createGuard } from '../../daemon/http/guard.ts';
import { createHosts } from '../../daemon/http/hosts.ts';
import { isForeign } from '../../daemon/http/origin.ts';
import { createRate } from '../../daemon/http/rate.ts';
import { httpLimits } from '../../daemon/limits.ts';
import { eventually } from '../support/daemon.ts';
import { endlessPages, startListener } from './listener.ts';
import { ownCertificate } from './own-certificate.ts';
import { answersOf, ask, askFrom, dial, exchange } from './raw.ts';

const NOTHING = async function* () {};

describe('a name', () => {
  const hosts = createHosts(() => ['pbx.example.com', 'Calls.Example.com'], {
    host: () => 'Nexo.lan',
    resolver: () => '# by the router\ndomain old.example\nnameserver 192.168.1.1\nsearch Fritz.box. office.example\n',
  });

  test.each([
    ...[
      '192.168.1.5',
      '192.168.1.5:8080',
      '[::1]',
      '[fe80::1]:443',
      '[fe80::1%25eth0]',
      '[::ffff:1.2.3.4]',
      'localhost',
      'LOCALHOST:80',
    ],
    ...['nexo.lan', 'nexo.local', 'NEXO.LOCAL:8080', 'nexo.local.', 'pbx.example.com', 'pbx.example.com.:443'],
    ...['calls.example.com', '8.8.8.8', 'localhost:', 'nexo.fritz.box', 'nexo.office.example:80'],
  ])('%s is ours', (name) => expect(hosts.knows(name)).toBe(true));

  test.each([
    ...['', 'evil.example', 'nexo', 'nexo.lan.evil.example', 'evil.example:80', 'localhost.evil.example', 'xlocalhost'],
    ...['192.168.1.5.evil.example', '192.168.1', '2130706433', '0x7f.1', '::1', '[::1', '[evil.example]', '[::1]x'],
    ...['user@192.168.1.5', '192.168.1.5@evil.example', '192.168.1.5/', 'nexo.lan nexo.lan', 'nexo.lan,evil.example'],
    ...[
      'nexo.lan\tx',
      '..',
      '.',
      'nexo.lan..',
      'nexo.old.example',
      'evil.fritz.box',
      'fritz.box',
      '192.168.1.5:port',
      '192.168.1.5:80:80',
      '*',
    ],
  ])('%j is not', (name) => expect(hosts.knows(name)).toBe(false));
});

describe('whether a page of another site has asked', () => {
  const HOST = { host: '192.168.1.5:8080' };
  const OWN = 'http://192.168.1.5:8080';
  const KEY = `cdrd-1234abcd-${'x'.repeat(43)}`;

  test.each<[name: string, headers: Record<string, string>, secure?: boolean]>([
    ['a program', {}],
    ['a program with a key', { authorization: 'Bearer x', cookie: 'cdrd_session=x' }],
    ['a page of ours', { 'sec-fetch-site': 'same-origin', origin: 'https://192.168.1.5:8080' }, true],
    ['a page of ours behind a proxy that changes Host', { 'sec-fetch-site': 'same-origin', origin: 'https://pbx' }],
    ['typed', { 'sec-fetch-site': 'none' }],
    ['a page of ours, by its origin', { origin: OWN }],
    ['a page of ours, by its referrer', { referer: `${OWN}/index.html?x=//evil.example` }],
    ['a page of ours over HTTPS', { origin: 'https://192.168.1.5:8080' }, true],
    ['a page behind a proxy that speaks HTTPS', { origin: 'https://192.168.1.5:8080', 'x-forwarded-proto': 'https' }],
    ['the same by Forwarded', { origin: 'https://192.168.1.5:8080', forwarded: 'for=10.0.0.1;proto=https' }],
    ['a program that says where it got an address from', { authorization: 'Bearer x', referer: 'http://crm/' }],
    ['one with a bare key, as Elastix takes it', { authorization: KEY, referer: 'http://crm/' }],
  ])('%s: no', (_name, headers, secure = false) => expect(isForeign({ ...HOST, ...headers }, secure)).toBe(false));

  test.each<[name: string, headers: Record<string, string>, secure?: boolean]>([
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['another port of this host', { 'sec-fetch-site': 'same-site' }],
    ['another site, whatever its origin says', { 'sec-fetch-site': 'cross-site', origin: OWN }],
    ['two answers at once', { 'sec-fetch-site': 'same-origin, cross-site' }],
    ['another origin', { origin: 'http://evil.example' }],
    ['another port', { origin: 'http://192.168.1.5:8081' }],
    ['no port', { origin: 'http://192.168.1.5' }],
    ['a sandboxed frame or a file', { origin: 'null' }],
    ['an origin that is none', { origin: '' }],
    ['a name that begins likewise', { origin: `${OWN}.evil.example` }],
    ['a page over HTTP, asking HTTPS', { origin: OWN }, true],
    ['a page over HTTPS of another program, asking HTTP', { origin: 'https://192.168.1.5:8080' }],
    [
      'another referrer, behind a proxy with a password of its own',
      { referer: 'http://evil/', authorization: 'Basic x' },
    ],
    ['another referrer, and what is no key', { referer: 'http://evil/', authorization: `Digest ${KEY}` }],
    ['another referrer', { referer: 'http://evil.example/192.168.1.5:8080' }],
    ['a referrer with a name', { referer: 'http://192.168.1.5:8080@evil.example/' }],
    ['a log-in, without a cookie', { origin: 'https://evil.example' }],
    ['a key in another page', { origin: 'https://crm.example', authorization: 'Bearer x' }],
    ['a bare key in another page', { origin: 'https://crm.example', authorization: KEY }],
  ])('%s: yes', (_name, headers, secure = false) => expect(isForeign({ ...HOST, ...headers }, secure)).toBe(true));

  test('a default port may stand there or not', () => {
    expect(isForeign({ host: 'nexo:80', origin: 'http://nexo' }, false)).toBe(false);
    expect(isForeign({ host: 'nexo', origin: 'https://nexo:443' }, true)).toBe(false);
    expect(isForeign({ origin: 'http://nexo' }, false)).toBe(true); // no Host to compare with
  });
});

test('the rate: a burst, then so many a second, of each address; bounded in memory', () => {
  let now = 0;
  const rate = createRate({ burst: 3, rate: 1, counted: 4 }, () => now);
  const taken = (source: string, tries: number) =>
    Array.from({ length: tries }, () => rate.take(source)).filter((wait) => wait === 0).length;
  expect(taken('a', 10)).toBe(3);
  expect(rate.take('a')).toBe(1);
  expect(taken('b', 10)).toBe(3);
  now += 2_000;
  expect(taken('a', 10)).toBe(2);
  now += 3_600_000;
  expect(taken('a', 10)).toBe(3);
  for (let index = 0; index < 1_000; index++) rate.take(`c${index}`);
  expect(rate.size).toBe(4);
  expect(taken('a', 10)).toBe(3); // forgotten, it begins anew
});

describe('a request', () => {
  const get = (target: string, lines = 'Host: 192.168.1.5\r\n', version = '1.1') =>
    `GET ${target} HTTP/${version}\r\n${lines}Connection: close\r\n\r\n`;

  test('by a name of the box is served, by another is not, in whatever form, and is told what to do', async () => {
    const { url, authorization, answers } = await startListener(NOTHING);
    for (const target of ['/healthz', '/cgi/webserve/9006', '/recordings/x.wav', '/metrics', '/'])
      for (const host of ['evil.example', 'evil.example:80', '']) {
        const answer = await ask(url, get(target, `Host: ${host}\r\n${authorization}`));
        expect([answer.status, JSON.parse(answer.body).error.code], `${target} ${host}`).toEqual([421, 'misdirected']);
        expect(answer.body).toContain('http.names');
      }
    expect((await ask(url, get('http://evil.example/healthz'))).status).toBe(421);
    expect((await ask(url, get('http://192.168.1.5/healthz', 'Host: evil.example\r\n'))).status).toBe(421);
    expect((await ask(url, get('http://x:8080/healthz'))).status).toBe(200);
    expect((await ask(url, get('/cgi/webserve/9006?&src=1 2', `Host: evil.example\r\n${authorization}`))).status).toBe(
      421,
    );
    expect((await ask(url, get('/healthz', '', '1.0'))).status).toBe(200);
    expect((await ask(url, get('/healthz', 'Host: evil.example\r\n', '1.0'))).status).toBe(421);
    for (const lines of ['', 'Host: x\r\nHost: x\r\n', 'Host: 192.168.1.5\r\nhost: evil.example\r\n']) {
      const answer = await ask(url, get('/healthz', lines));
      expect([answer.status, JSON.parse(answer.body).error.code], lines).toEqual([400, 'invalid']);
      expect(answer.headers['x-content-type-options']).toBe('nosniff');
    }
    expect((await ask(url, get('/healthz', `Host: x\r\n${'A: b\r\n'.repeat(99)}`))).status).toBe(413);
    expect((await ask(url, get('/healthz', `Host: x\r\n${'A: b\r\n'.repeat(98)}`))).status).toBe(200);
    expect(answers.some(([, status]) => status === 200)).toBe(true);
  });

  test('that another site’s page sets off is refused wherever something is served, /healthz apart', async () => {
    const { url, authorization } = await startListener(NOTHING);
    const { host } = new URL(url);
    for (const target of ['/cgi/webserve/9006', '/cgi/webserve/8404', '/recordings/x.wav', '/metrics']) {
      for (const line of [
        'Sec-Fetch-Site: cross-site',
        'Sec-Fetch-Site: same-site',
        'Origin: null',
        'Origin: http://evil.example',
      ]) {
        const answer = await ask(url, get(target, `Host: ${host}\r\n${authorization}${line}\r\n`));
        expect([answer.status, JSON.parse(answer.body).error.code], `${target} ${line}`).toEqual([403, 'denied']);
      }
      const own = await ask(url, get(target, `Host: ${host}\r\n${authorization}Origin: http://${host}\r\n`));
      expect(own.status, target).not.toBe(403);
    }
    expect((await ask(url, get('/healthz', 'Host: x\r\nSec-Fetch-Site: cross-site\r\n'))).status).toBe(200);
    const referred = (lines: string) =>
      ask(url, get('/cgi/webserve/9006', `Host: ${host}\r\nReferer: http://evil/\r\n${lines}`));
    expect((await referred('Cookie: cdrd_session=x\r\n')).status).toBe(403);
    expect((await referred(authorization)).status).toBe(200);
  });

  test('for a page may be another site’s link, but not another method and not a WebSocket at the same address', async () => {
    const open = { protocols: [], refuse: () => null, opened: () => expect.fail('it was opened') };
    const { url } = await startListener(NOTHING, {}, undefined, null, {
      isPage: (path) => path === '/live',
      webSockets: { '/live': open },
    });
    const foreign = `Host: ${new URL(url).host}\r\nOrigin: http://evil.example\r\n`;
    const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n';
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
    expect((await ask(url, get('/live?a=1', foreign))).status).toBe(404); // this listener has no files
    expect((await ask(url, get('/lives', foreign))).status).toBe(403);
    expect((await ask(url, get('/live', foreign).replace('GET', 'POST'))).status).toBe(403);
    expect((await ask(url, get('/live', `${foreign}${upgrade}${key}`))).status).toBe(403);
  });

  test('is one of a burst: beyond it a stranger waits, while who is logged in, another address and the box go on', async () => {
    const limits = { strangerBurst: 5, strangerRate: 1 / 3600, knownBurst: 50, knownRate: 1 / 3600 };
    const { url, authorization } = await startListener(NOTHING, limits);
    const from = (address: string, request: string) => askFrom(address, url, request);
    const statuses: number[] = [];
    for (let index = 0; index < 7; index++)
      statuses.push(...(await from('127.0.0.2', get('/healthz'))).map(({ status }) => status));
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429]);
    const [told] = await from('127.0.0.2', get('/cgi/webserve/8404'));
    expect(told).toMatchObject({ status: 429, headers: { 'retry-after': '3600', connection: 'close' } });
    // A guess at a session is a stranger's; nothing behind a refused one on its connection is answered.
    const guess = get('/cgi/webserve/9006', 'Host: x\r\nAuthorization: Bearer guess\r\n').replace(
      'Connection: close\r\n',
      '',
    );
    expect((await from('127.0.0.2', guess.repeat(3))).map(({ status }) => status)).toEqual([429]);
    expect((await from('127.0.0.2', get('/cgi/webserve/9006', `Host: x\r\n${authorization}`)))[0]?.status).toBe(200);
    expect((await from('127.0.0.3', get('/healthz')))[0]?.status).toBe(200);
    for (let index = 0; index < 10; index++) expect((await ask(url, get('/healthz'))).status).toBe(200);
  });

  test('whose asker is known only by what stood in it counts with those of the known, once, and gains nothing else', () => {
    const limits = { ...httpLimits, strangerBurst: 3, strangerRate: 1 / 3600, knownBurst: 5, knownRate: 1 / 3600 };
    const hosts = createHosts(() => []);
    const guard = createGuard({ limits, hosts, isKnown: () => false, isPage: () => false, redirectPort: () => null });
    const come = (recognised: boolean) => {
      const socket = { remoteAddress: '192.0.2.7' };
      const about = { method: 'GET', url: '/', rawHeaders: ['Host', '192.168.1.5'], httpVersion: '1.1' };
      const request = { ...about, headers: {}, socket } as unknown as IncomingMessage;
      const isServed = guard(request) === null;
      // Twice: the second time there is nothing to be given back.
      if (isServed && recognised) for (let times = 0; times < 2; times++) guard.recognised(request);
      return isServed;
    };
    const served = (recognised: boolean, most = 20) => {
      let count = 0;
      while (count < most && come(recognised)) count++;
      return count;
    };
    expect(come(false)).toBe(true);
    // Five of the known's, then the two that strangers have left.
    expect(served(true)).toBe(7);
    expect(served(false)).toBe(0);
  });

  test('over HTTP is sent on to HTTPS where that is wanted, with its method, by the name it asked for', async () => {
    const { certificate } = await ownCertificate();
    const { url, secureUrl } = await startListener(NOTHING, {}, undefined, certificate, { redirects: true });
    const port = new URL(secureUrl).port;
    const from = async (request: string, address = '127.0.0.2') => (await askFrom(address, url, request))[0];
    const target = '/cgi/webserve/9006?&src=1%202';
    for (const [request, location] of [
      [get(target, 'Host: x:8080\r\n'), `https://x:${port}${target}`],
      [get(`http://[fd00::5]:80${target}`, 'Host: x\r\n'), `https://[fd00::5]:${port}${target}`],
      [get('//evil.example/'), `https://192.168.1.5:${port}//evil.example/`],
      [get('/', '', '1.0'), `https://127.0.0.1:${port}/`],
    ] as const) {
      const answer = await from(request);
      expect([answer?.status, answer?.headers['location'], answer?.body]).toEqual([308, location, '']);
      expect(answer?.headers['content-security-policy']).toBe("default-src 'none'; frame-ancestors 'none'");
    }
    expect((await from(get('/healthz')))?.status).toBe(200);
    expect((await from(get('/', 'Host: evil.example\r\n')))?.status).toBe(421);
    expect((await from(get('/metrics'), '127.0.0.1'))?.status).toBe(200); // a proxy on the box may speak HTTPS already
    for (const said of ['X-Forwarded-Proto: https', 'Forwarded: for=1.2.3.4;proto=https']) // one elsewhere, too
      expect((await from(get('/', `Host: x\r\n${said}\r\n`)))?.status).toBe(404);
    expect(answersOf(await exchange(secureUrl, get('/healthz')))[0]?.status).toBe(200);
  });
});

test('a request for a protocol that we don’t speak is answered as if it weren’t one, over HTTPS as over HTTP', async () => {
  const { certificate } = await ownCertificate();
  const { url, secureUrl } = await startListener(NOTHING, {}, undefined, certificate);
  for (const [to, protocol] of [
    [url, 'h2c'],
    [secureUrl, 'h2c'],
    [secureUrl, 'websocket'],
  ] as const) {
    const request = `GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`;
    expect(answersOf(await exchange(to, request)).map(({ status }) => status)).toEqual([200]);
  }
});

test.each(['http', 'https'])(
  'a client that takes a little of its answer now and then is cut off, and with it ends the store’s work: %s',
  { timeout: 90_000 },
  async (protocol) => {
    const made = { pages: 0, ended: false };
    const limits = { stalledMs: 4_000, lookMs: 50, slowest: 50_000_000 };
    const { certificate } = await ownCertificate();
    const listener = await startListener(endlessPages(65_536, made), limits, undefined, certificate);
    const { url, secureUrl, authorization, answers } = listener;
    const socket = await dial(protocol === 'http' ? url : secureUrl);
    socket.pause();
    socket.write(`GET /cgi/webserve/9006?&since=0 HTTP/1.1\r\nHost: x\r\n${authorization}\r\n`);
    // Never silent for as long as stalledMs, and far from 50 MB a second.
    const reading = setInterval(() => socket.read(40_000) ?? socket.read(), 20);
    onTestFinished(() => clearInterval(reading));
    await eventually(() => made.ended, 60);
    expect(made.pages).toBeLessThan(20_000);
    expect(answers).toContainEqual(['9006', 499]);
  },
);
