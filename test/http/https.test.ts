/** HTTPS as the whole daemon speaks it: the same as HTTP, with a cookie of its own and nothing old. */
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { get as secureGet } from 'node:https';
import { connect } from 'node:net';
import { type ConnectionOptions, connect as connectSecure, type TLSSocket } from 'node:tls';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { eventually, logIn, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { atFileEnd } from '../support/folder.ts';
import { leg } from '../support/legs.ts';
import { bytesOf } from '../support/page.ts';
import { endlessPages, startListener } from './listener.ts';
import { ownCertificate } from './own-certificate.ts';
import { answersOf, ask, dial, exchange, receive } from './raw.ts';

let daemon: TestDaemon;
let secure = '';
let token = '';
const atEnd = atFileEnd();
beforeAll(async () => {
  daemon = await startDaemon({ CDRD_HTTPS_LISTEN: '127.0.0.1:0' }, { atEnd });
  secure = `https://127.0.0.1:${daemon.secureAddresses[0]?.port}`;
  token = await logIn(daemon.url, 'admin');
  const record = leg(1_620_378_302, { source: 'Jürgen', destination: '820', cidName: 'Büro Süd' });
  await daemon.store.write({ kind: 'leg', leg: record, source: 'ami' });
  await daemon.store.write({ kind: 'close', group: record.uniqueId });
});

const bearer = () => `Authorization: Bearer ${token}\r\n`;
const plain = (target: string, lines = bearer(), method = 'GET') =>
  `${method} ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${lines}\r\n`;
const LOGIN = '/cgi/webserve/8404?&UserName=admin&Password=21232f297a57a5a743894a0e4a801fc3';
const LISTING = '/cgi/webserve/9006?&startdate=2021-05-07 00:00&enddate=2021-05-07 23:59&IV R=&dst=820(204)&port=-1';
const rowsOf = ({ body }: { body: string }) =>
  (JSON.parse(body) as { json_array_astcdrs: object[] }).json_array_astcdrs;

/** A handshake. @returns the connection, or the fault's code. */
async function shake(options: ConnectionOptions): Promise<TLSSocket | string> {
  const socket = connectSecure({
    host: '127.0.0.1',
    port: Number(new URL(secure).port),
    rejectUnauthorized: false,
    ...options,
  });
  onTestFinished(() => void socket.destroy());
  return new Promise((resolve) => {
    socket.once('secureConnect', () => resolve(socket));
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

describe('the listener', () => {
  test('presents the certificate that lies in the state folder, whose names hold', async () => {
    const path = `${daemon.folder}/state/secret/tls.crt`;
    const cert = readFileSync(path, 'utf8');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const shaken = await shake({ ca: cert, rejectUnauthorized: true, servername: 'localhost' });
    expect(typeof shaken === 'string' ? shaken : shaken.authorized).toBe(true);
    const by = await new Promise<number | undefined>((resolve, reject) => {
      secureGet(`${secure}/healthz`, { ca: cert }, (answer) => resolve(answer.resume().statusCode)).on('error', reject);
    });
    expect(by).toBe(200); // by its address, checked by a client as clients do
    const health = await daemon.json('/healthz');
    expect(health['https']).toEqual({
      state: 'ok',
      why: null,
      self_signed: true,
      ends: new Date(new X509Certificate(cert).validTo).toISOString(),
    });
  });

  test('speaks TLS 1.3 and 1.2 with forward secrecy, and nothing older or weaker', async () => {
    const by = async (options: ConnectionOptions) => {
      const shaken = await shake(options);
      return typeof shaken === 'string' ? shaken : `${shaken.getProtocol()} ${shaken.getCipher().name}`;
    };
    expect(await by({})).toMatch(/^TLSv1\.3 TLS_/);
    expect(await by({ maxVersion: 'TLSv1.2' })).toMatch(/^TLSv1\.2 ECDHE-ECDSA-/);
    expect(await by({ maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-CHACHA20-POLY1305' })).toBe(
      'TLSv1.2 ECDHE-ECDSA-CHACHA20-POLY1305',
    );
    const old = { minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    for (const maxVersion of ['TLSv1', 'TLSv1.1'] as const)
      expect(await by({ ...old, maxVersion })).toBe('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
    for (const ciphers of ['ECDHE-ECDSA-AES128-SHA', 'ECDHE-ECDSA-AES256-SHA384', 'AES128-GCM-SHA256', 'AES128-SHA'])
      expect(await by({ ciphers, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' })).toMatch(/HANDSHAKE_FAILURE/);
  });

  test('answers what HTTP answers, with the same headers', async () => {
    for (const target of [
      '/healthz',
      '/nothing',
      '/cgi/webserve/1',
      '/cgi/webserve/9006?&Colour=1',
      '/cgi/webserve/',
    ]) {
      const [over, under] = await Promise.all([ask(secure, plain(target)), ask(daemon.url, plain(target))]);
      const timeless = ({ date: _, ...headers }: Readonly<Record<string, string>>) => headers;
      expect([over.status, over.body, timeless(over.headers)]).toEqual([
        under.status,
        under.body,
        timeless(under.headers),
      ]);
    }
  });
});

describe('raw blanks in the request line', () => {
  test('are understood over TLS: whole, in pieces, byte by byte, as the second request', async () => {
    const request = plain(LISTING);
    for (const parts of [[request], request.split(/(?=2021|00:|IV)/), [request.slice(0, 2), request.slice(2)]])
      expect(rowsOf(await ask(secure, ...parts))).toHaveLength(1);
    const one = await dial(secure);
    const received = receive(one);
    for (const byte of request) {
      one.write(byte);
      await new Promise(setImmediate);
    }
    expect(rowsOf(answersOf(await received)[0] ?? { body: '' })).toHaveLength(1);
    const second = await exchange(secure, 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n', request);
    expect(answersOf(second).map(({ status }) => status)).toEqual([200, 200]);
    const post = `POST /cgi/webserve/9006?&startdate=2021-05-07 00:00 HTTP/1.1\r\nHost: x\r\n${bearer()}Content-Length: 7\r\n\r\ndst=820`;
    expect(rowsOf(await ask(secure, post))).toHaveLength(1);
  });

  test('log in with the cookie of HTTPS', async () => {
    const bytes = await exchange(secure, plain(`${LOGIN}&random=1 2`, ''));
    expect(bytes).toMatch(/^HTTP\/1\.1 200 /);
    // Of the session, and of the browser that has begun it.
    for (const name of ['session', 'device'])
      expect(bytes).toMatch(
        new RegExp(`^Set-Cookie: __Host-cdrd_${name}=.*; HttpOnly; SameSite=Strict; Secure\r$`, 'm'),
      );
  });

  test('in what never was HTTP, or too long, are refused with a reason', async () => {
    expect(await ask(secure, plain('/healthz?a=b c'))).toMatchObject({ status: 400 });
    expect(await ask(secure, '\x16\x03\x01\x02\x00\r\n\r\n')).toMatchObject({ status: 400 });
    expect(await ask(secure, plain(`/cgi/webserve/9006?&src=1 2${'1,'.repeat(40_000)}`))).toMatchObject({
      status: 413,
    });
  });
});

describe('the session cookie', () => {
  const cookieOf = (answer: Response | { headers: Headers }) => answer.headers.getSetCookie()[0] ?? '';

  async function login(url: string): Promise<string> {
    const bytes = await exchange(url, plain(LOGIN, ''));
    return /^Set-Cookie: (.*)\r$/m.exec(bytes)?.[1] ?? '';
  }

  test('has a name of its own on each listener, is Secure on HTTPS, and opens only its own', async () => {
    const [under, over] = [await login(daemon.url), await login(secure)];
    expect(under).toMatch(/^cdrd_session=[\w-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict$/);
    expect(over).toMatch(/^__Host-cdrd_session=[\w-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict; Secure$/);
    const status = async (url: string, cookie: string) =>
      (await ask(url, plain('/cgi/webserve/9006', `Cookie: ${cookie}\r\n`))).status;
    const [plainPair = '', securePair = ''] = [under, over].map((each) => each.split(';')[0]);
    expect([await status(daemon.url, plainPair), await status(secure, securePair)]).toEqual([200, 200]);
    expect([await status(secure, plainPair), await status(daemon.url, securePair)]).toEqual([401, 401]);
    expect(await status(secure, `${plainPair}; ${securePair}`)).toBe(200);
  });

  test('is taken back by a log-out, on each listener its own', async () => {
    for (const [url, name, attributes] of [
      [daemon.url, 'cdrd_session', 'HttpOnly; SameSite=Strict'],
      [secure, '__Host-cdrd_session', 'HttpOnly; SameSite=Strict; Secure'],
    ] as const) {
      const pair = (await login(url)).split(';')[0];
      const bytes = await exchange(url, plain('/cgi/webserve/30005', `Cookie: ${pair}\r\n`));
      expect(bytes).toContain(`Set-Cookie: ${name}=; Path=/; Max-Age=0; ${attributes}\r\n`);
      expect((await ask(url, plain('/cgi/webserve/9006', `Cookie: ${pair}\r\n`))).status).toBe(401);
    }
    const none = await fetch(`${daemon.url}/cgi/webserve/30005`);
    expect([none.status, cookieOf(none)]).toEqual([401, '']);
  });
});

describe('a client that', () => {
  const NEVER = async function* () {};

  async function listener(
    limits: Parameters<typeof startListener>[1] = {},
    pages: Parameters<typeof startListener>[0] = NEVER,
  ) {
    const { certificate, dir } = await ownCertificate();
    return { ...(await startListener(pages, limits, undefined, certificate)), certificate, dir };
  }

  /** Milliseconds until the other side ends the connection. */
  async function ended(port: number, bytes: string): Promise<number> {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    onTestFinished(() => void socket.destroy());
    const begin = performance.now();
    socket.write(bytes);
    socket.resume();
    await once(socket, 'close');
    return performance.now() - begin;
  }

  test('never shakes hands is dropped in time, and costs nobody else anything', async () => {
    const { secureUrl } = await listener({ handshakeMs: 300 });
    const port = Number(new URL(secureUrl).port);
    const silent = ended(port, '');
    const half = ended(port, '\x16\x03\x01\x02\x00\x01');
    expect((await ask(secureUrl, plain('/healthz', ''))).status).toBe(200);
    for (const ms of await Promise.all([silent, half])) {
      expect(ms).toBeGreaterThan(250);
      expect(ms).toBeLessThan(3_000);
    }
  });

  test('speaks plain HTTP there is dropped at once', async () => {
    const { secureUrl, log } = await listener();
    expect(await ended(Number(new URL(secureUrl).port), plain('/healthz', ''))).toBeLessThan(2_000);
    expect(log).toEqual([]);
  });

  test('never reads, or goes away, stops its own listing only', async () => {
    const made = { pages: 0, ended: false };
    const { secureUrl, authorization } = await listener({ stalledMs: 1_000 }, endlessPages(65_536, made));
    const socket = await dial(secureUrl);
    socket.pause();
    socket.write(`GET /cgi/webserve/9006?&since=0 HTTP/1.1\r\nHost: x\r\n${authorization}\r\n`);
    let seen = -1;
    await eventually(() => {
      const still = seen === made.pages && made.pages > 0;
      seen = made.pages;
      return still;
    });
    expect(seen * 65_536).toBeLessThan(32 * 1024 * 1024);
    expect((await ask(secureUrl, plain('/healthz', ''))).status).toBe(200);
    await eventually(() => made.ended);
  });

  test('comes when all places are taken finds none', async () => {
    const { secureUrl } = await listener({ connections: 3 });
    const held = await Promise.all([1, 2, 3].map(() => dial(secureUrl)));
    const port = Number(new URL(secureUrl).port);
    expect(await ended(port, '')).toBeLessThan(2_000);
    held[0]?.destroy();
    await eventually(async () => (await ask(secureUrl, plain('/healthz', '')).catch(() => null))?.status === 200);
  });

  test('sends requests ahead gets them answered in order', async () => {
    let number = 0;
    const { secureUrl, authorization } = await listener({}, async function* () {
      yield { bytes: bytesOf(`${++number}`), rows: 1, next: null };
    });
    const one = `GET /cgi/webserve/9006?&since=0 HTTP/1.1\r\nHost: x\r\n${authorization}`;
    const answers = answersOf(await exchange(secureUrl, `${`${one}\r\n`.repeat(4)}${one}Connection: close\r\n\r\n`));
    expect(
      answers.map(({ body }) => (JSON.parse(body) as { json_array_astcdrs: number[] }).json_array_astcdrs[0]),
    ).toEqual([1, 2, 3, 4, 5]);
  });

  test('sends its headers too slowly is told so over TLS', async () => {
    const { secureUrl } = await listener({ headersMs: 200, requestMs: 400, lookMs: 50 });
    for (const begin of ['GET /cgi/webserve/9006?', 'GET /cgi/webserve/9006?&src=1 2'])
      expect(await ask(secureUrl, begin)).toMatchObject({
        status: 400,
        body: expect.stringContaining('took too long'),
      });
  });

  test('comes after a replacement sees the new certificate, and one that is there goes on', async () => {
    const { secureUrl, certificate, dir } = await listener();
    const fingerprint = async () => {
      const socket = (await dial(secureUrl)) as TLSSocket;
      return { socket, print: socket.getPeerCertificate().fingerprint256 };
    };
    const before = await fingerprint();
    const other = await listener();
    for (const name of ['tls.key', 'tls.crt']) writeFileSync(`${dir}/${name}`, readFileSync(`${other.dir}/${name}`));
    await certificate.look();
    const after = await fingerprint();
    expect(after.print).toBe(new X509Certificate(other.certificate.current.cert).fingerprint256);
    expect(after.print).not.toBe(before.print);
    before.socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(String((await once(before.socket, 'data'))[0])).toContain('200 OK');
    // What is strong stays so.
    const cipher = (after.socket as TLSSocket).getCipher().name;
    expect(cipher).toMatch(/^TLS_/);
  });
});

test('a stop ends idle connections over TLS and lets answers under way finish', async () => {
  const own = await startDaemon({ CDRD_HTTPS_LISTEN: '127.0.0.1:0,127.0.0.1:0' });
  expect(own.secureAddresses).toHaveLength(2);
  const url = `https://127.0.0.1:${own.secureAddresses[1]?.port}`;
  const idle = await dial(url);
  const closed = once(idle, 'close');
  idle.resume();
  idle.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(idle, 'data');
  const begin = performance.now();
  await own.close();
  await closed;
  expect(performance.now() - begin).toBeLessThan(4_000);
  await expect(dial(url)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('without https.listen there is no key and no certificate', async () => {
  const own = await startDaemon();
  expect(own.secureAddresses).toEqual([]);
  expect(await own.json('/healthz')).toMatchObject({ https: { state: 'off', why: null } });
  expect(() => statSync(`${own.folder}/state/secret/tls.key`)).toThrow(/ENOENT/);
});
