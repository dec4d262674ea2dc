/** The pages' files over the wire: packed as they lie or unpacked, kept as long as they may be, and nothing but them. */
import { readdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { pagePolicy } from '../../daemon/http/headers.ts';
import { openStatic } from '../../daemon/http/static.ts';
import { eventually, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { atFileEnd, temporaryFolder } from '../support/folder.ts';
import { DOCUMENT, SCRIPT, SCRIPT_PATH, STYLE_PATH, wwwFolder } from '../support/www.ts';

const atEnd = atFileEnd();
let daemon: TestDaemon;
let www: URL;

beforeAll(async () => {
  www = wwwFolder(atEnd, { 'robots.txt': 'User-agent: *\nDisallow: /\n', 'notes.md': 'x', 'empty.txt': '' });
  writeFileSync(fileURLToPath(new URL('../secret.txt', www)), 'secret');
  atEnd(() => rmSync(fileURLToPath(new URL('../secret.txt', www))));
  symlinkSync('/etc/passwd', fileURLToPath(new URL('link.txt', www)));
  daemon = await startDaemon({}, { atEnd, www });
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** As it came. */
  readonly body: Buffer;
}

/** In raw bytes: `fetch` unpacks by itself, and puts paths right. */
async function ask(path: string, lines: Readonly<Record<string, string>> = {}, method = 'GET'): Promise<Answer> {
  const socket = connect(Number(new URL(daemon.url).port), '127.0.0.1');
  const request = { Host: '127.0.0.1', ...lines };
  const head = Object.entries(request).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`${method} ${path} HTTP/1.0\r\n${head.join('')}\r\n`); // 1.0: without chunks
  const pieces: Buffer[] = [];
  for await (const piece of socket) pieces.push(piece as Buffer);
  const all = Buffer.concat(pieces);
  const end = all.indexOf('\r\n\r\n');
  const [first = '', ...rest] = all.subarray(0, end).toString('latin1').split('\r\n');
  const headers = rest.map((line) => [line.split(': ', 1)[0]?.toLowerCase(), line.replace(/^[^:]*: /, '')]);
  return {
    status: Number(first.split(' ')[1]),
    headers: Object.fromEntries(headers),
    body: all.subarray(end + 4),
  };
}

/** How many files of such a name this process holds open. */
function openFiles(name: string): number {
  const targets = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return ''; // the one that listed them
    }
  });
  return targets.filter((target) => target.includes(name)).length;
}

const GZIP = { 'Accept-Encoding': 'gzip, deflate, br' };

describe('a file of the pages', () => {
  test.each(['/', '/calls', '/recording-settings', '/live-calls?state=up', '/account?'])(
    '%s is the document',
    async (path) => {
      const { status, headers, body } = await ask(path, GZIP);
      expect([status, gunzipSync(body).toString()]).toEqual([200, DOCUMENT]);
      expect(headers).toMatchObject({
        'content-type': 'text/html; charset=utf-8',
        'content-encoding': 'gzip',
        'content-length': String(body.length),
        'cache-control': 'no-cache',
        vary: 'Accept-Encoding',
      });
    },
  );

  test('is sent as it lies to who takes gzip, and unpacked to who does not, to the last byte', async () => {
    const packed = await ask(SCRIPT_PATH, GZIP);
    expect(gunzipSync(packed.body).toString()).toBe(SCRIPT);
    for (const accepts of [undefined, '', 'identity', 'br', 'gzip;q=0', 'gzip; q=0.000, *', '*;q=0']) {
      const { headers, body } = await ask(SCRIPT_PATH, accepts === undefined ? {} : { 'Accept-Encoding': accepts });
      expect(body.toString() === SCRIPT, accepts).toBe(true);
      expect(headers['content-encoding'], accepts).toBeUndefined();
      expect(headers).toMatchObject({ 'content-type': 'text/javascript; charset=utf-8', vary: 'Accept-Encoding' });
      // Two forms of one file are not the same to a cache.
      expect(headers['etag']).not.toBe(packed.headers['etag']);
    }
    for (const accepts of ['GZIP', 'x-gzip', '*', 'br;q=1.0, gzip;q=0.1', 'identity;q=0.5, *;q=0.1'])
      expect((await ask(STYLE_PATH, { 'Accept-Encoding': accepts })).headers['content-encoding'], accepts).toBe('gzip');
  });

  test('whose name changes with its content is kept for a year, any other asked for again', async () => {
    for (const path of [SCRIPT_PATH, STYLE_PATH])
      expect((await ask(path, GZIP)).headers['cache-control']).toBe('public, max-age=31536000, immutable');
    for (const path of ['/favicon.svg', '/robots.txt'])
      expect((await ask(path, GZIP)).headers['cache-control']).toBe('no-cache');
    expect((await ask('/favicon.svg', GZIP)).headers['content-type']).toBe('image/svg+xml');
    expect((await ask('/empty.txt', GZIP)).body.length).toBe(0);
    const plain = await ask('/robots.txt', GZIP);
    expect([plain.headers['content-encoding'], plain.body.toString()]).toEqual([
      undefined,
      'User-agent: *\nDisallow: /\n',
    ]);
  });

  test('that one has already is not sent again', async () => {
    for (const lines of [GZIP, {}]) {
      const { headers } = await ask('/', lines);
      const tag = headers['etag'] ?? '';
      for (const tags of [tag, `"x", ${tag}`, '*', tag.startsWith('W/') ? tag.slice(2) : `W/${tag}`]) {
        const again = await ask('/', { ...lines, 'If-None-Match': tags });
        expect([again.status, again.body.length, again.headers['etag']], tags).toEqual([304, 0, tag]);
        expect(again.headers['content-security-policy']).toContain("script-src 'self'");
        expect(again.headers['cache-control']).toBe('no-cache');
      }
      expect((await ask('/', { ...lines, 'If-None-Match': '"other"' })).status).toBe(200);
    }
  });

  test('has a head, and is nothing that is written to', async () => {
    const { status, headers, body } = await ask(SCRIPT_PATH, GZIP, 'HEAD');
    expect([status, body.length, headers['content-encoding']]).toEqual([200, 0, 'gzip']);
    expect(Number(headers['content-length'])).toBe((await ask(SCRIPT_PATH, GZIP)).body.length);
    expect((await ask('/', {}, 'HEAD')).headers['content-length']).toBeUndefined();
    for (const method of ['POST', 'PUT', 'DELETE'])
      expect(await ask('/calls', { 'Content-Length': '0' }, method)).toMatchObject({
        status: 405,
        headers: { allow: 'GET, HEAD' },
      });
  });

  test('that was replaced since the start is not half sent', async () => {
    const path = fileURLToPath(new URL('favicon.svg.gz', www));
    writeFileSync(path, gzipSync('<svg xmlns="http://www.w3.org/2000/svg"><path/></svg>'));
    expect(gunzipSync((await ask('/favicon.svg', GZIP)).body).toString()).toContain('<path/>');
    rmSync(path);
    const gone = await ask('/favicon.svg', GZIP);
    expect([gone.status, gone.body.toString()]).toEqual([404, expect.stringContaining('restart cdrd')]);
    writeFileSync(path, 'no gzip at all');
    const spoilt = await ask('/favicon.svg');
    expect(spoilt.status).toBe(500);
  });

  test('whose client goes away is let go of', async () => {
    for (const lines of [GZIP, {}]) {
      const socket = connect(Number(new URL(daemon.url).port), '127.0.0.1');
      socket.write(
        `GET ${SCRIPT_PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\n${'Accept-Encoding' in lines ? 'Accept-Encoding: gzip\r\n' : ''}\r\n`,
      );
      await new Promise((resolve) => socket.once('readable', resolve));
      socket.resetAndDestroy();
      await eventually(() => openFiles('app-0A1B2C3D') === 0);
    }
    expect(daemon.log.filter((line) => line.includes('a request failed') && line.includes('app-'))).toEqual([]);
  });
});

test('nothing else is there, however it is spelled', async () => {
  for (const path of [
    ...['/cdr', '/calls/', '/Calls', '/calls.html', '/index.html', '/index.html.gz', '/assets', '/assets/', '//calls'],
    ...[
      `${SCRIPT_PATH}.gz`,
      '/assets/../secret.txt',
      '/../secret.txt',
      '/..%2fsecret.txt',
      '/assets/..%2f..%2fsecret.txt',
    ],
    ...[
      '/%2e%2e/secret.txt',
      '/..\\secret.txt',
      '/assets/%00',
      '/notes.md',
      '/link.txt',
      '/constructor',
      '/__proto__',
      '*',
    ],
    ...['/%63alls', '/./calls', '/calls;x', '/calls%3fx', '/favicon.svg/', '/etc/passwd', '//etc/passwd'],
  ]) {
    const { status, body } = await ask(path, GZIP);
    expect([path, status, body.toString()]).toEqual([path, 404, expect.stringContaining('"not_found"')]);
  }
});

test('a person who has mistyped an address is told so by the pages, a program by JSON', async () => {
  const browser = { ...GZIP, Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };
  for (const path of ['/clals', '/calls/', '/etc/passwd', '/a/b?c=d']) {
    const { status, headers, body } = await ask(path, browser);
    expect([path, status, gunzipSync(body).toString()]).toEqual([path, 404, DOCUMENT]);
    expect(headers).toMatchObject({ 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
    expect(headers['content-security-policy']).toContain("script-src 'self'");
    expect(headers['etag']).toBeUndefined();
    expect((await ask(path, { ...browser, 'If-None-Match': '*' })).status).toBe(404);
    expect(await ask(path, browser, 'HEAD')).toMatchObject({ status: 404, body: Buffer.alloc(0) });
  }
  // Numbers and recordings are for programs, whoever asks; and what a page loads is no page.
  for (const path of ['/cgi/webserve/nothing', '/recordings/x.wav'])
    expect((await ask(path, browser)).headers['content-type'], path).toBe('application/json; charset=utf-8');
  for (const accepts of [undefined, '*/*', 'application/json, text/plain, */*', 'image/avif,image/*,*/*;q=0.8'])
    expect((await ask('/clals', accepts === undefined ? {} : { Accept: accepts })).body.toString()).toContain(
      '"not_found"',
    );
});

test('a page may be linked to from anywhere; what it loads, and all else, is for itself', async () => {
  for (const lines of [{ Referer: 'http://wiki.example/' }, { 'Sec-Fetch-Site': 'cross-site' }] as const) {
    for (const path of ['/', '/calls?src=202']) expect((await ask(path, lines)).status).toBe(200);
    for (const path of [SCRIPT_PATH, '/favicon.svg', '/cgi/webserve/9006', '/cdr'])
      expect([path, (await ask(path, lines)).status]).toEqual([path, 403]);
  }
  expect((await ask('/calls', { Host: 'evil.example' })).status).toBe(421);
});

test('without built pages / says so, and every page is a path of nobody', async () => {
  for (const folder of [null, `${temporaryFolder()}/none`, temporaryFolder()]) {
    const pages = await openStatic(folder);
    expect([pages.paths, pages.find('/'), pages.isPage('/calls')]).toEqual([[], null, false]);
  }
  const bare = await startDaemon({}, { www: new URL('file:///nowhere/at/all/') });
  const [front, page] = [await bare.get('/'), await bare.get('/calls')];
  expect([front.status, page.status]).toEqual([404, 404]);
  expect(await front.text()).toContain('the pages are not built');
  expect((await bare.get('/healthz')).status).toBe(200);
});

test.each([
  ['192.168.1.5', false, ' ws://192.168.1.5'],
  ['box:8443', true, ' wss://box:8443'],
  ['[fe80::1]:80', false, ''],
  ['x; script-src *', false, ''],
  [undefined, false, ''],
])('the policy of a page asked for at %s names the address of its WebSockets', (host, secure, sockets) => {
  const policy = new Map(
    pagePolicy(host, secure)
      .split('; ')
      .map((each) => [each.split(' ')[0], each]),
  );
  expect(policy.get('connect-src')).toBe(`connect-src 'self'${sockets}`);
  expect(policy.get('script-src')).toBe("script-src 'self'");
});
