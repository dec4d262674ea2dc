/**
 * The headers of each kind of answer, from the parser's refusals to a recording's last byte: what SECURITY.md says of them
 * stands on all, none says what runs here, and none opens an answer to other sites.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { beforeAll, expect, test } from 'vitest';
import { makeShare } from '../../cgi/share/shares.ts';
import type { Services } from '../../cgi/verb.ts';
import { answersOf, type RawAnswer, receive } from '../http/raw.ts';
import { pcmWav } from '../recordings/helper.ts';
import { eventually, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { atFileEnd } from '../support/folder.ts';
import { leg } from '../support/legs.ts';
import { SCRIPT_PATH, STYLE_PATH, wwwFolder } from '../support/www.ts';

const atEnd = atFileEnd();
/** Permitted and sent on to HTTPS; permitted; neither. The box itself is never sent on. */
const FROM = { box: '127.0.0.1', house: '127.0.0.9', far: '127.9.9.9' } as const;
const FILE = '20210507/20210507-000000-1620370800-Internal-205-204.wav';
let daemon: TestDaemon;
let token = '';
let shared = '';

beforeAll(async () => {
  daemon = await startDaemon(
    { CDRD_HTTP_PERMIT: '127.0.0.0/16', CDRD_HTTP_REDIRECT: 'yes', CDRD_HTTPS_LISTEN: '127.0.0.1:0' },
    { atEnd, www: wwwFolder(atEnd) },
  );
  token = daemon.sessions.begin({ user: 'admin', role: 'admin' }).token;
  await daemon.store.write({ kind: 'leg', leg: leg(1_620_370_800), source: 'ami' });
  for (const group of await daemon.store.ask('openGroups')) await daemon.store.write({ kind: 'close', group });
  const what = { kind: 'public', calls: [1], recordings: true, days: 7 } as const;
  const now = () => Math.floor(Date.now() / 1000);
  const notes = { acts() {} } as unknown as Services['notes'];
  shared = (await makeShare(what, { store: daemon.store, notes, now }, { who: 'admin', address: '' })).path;
  mkdirSync(`${daemon.folder}/recordings/20210507`);
  writeFileSync(`${daemon.folder}/recordings/${FILE}`, pcmWav(1));
  await eventually(async () => (await daemon.get(`/recordings/${FILE}`)).status === 200, 60);
}, 120_000);

/** Asks in raw bytes. */
async function ask(bytes: string, from: keyof typeof FROM): Promise<RawAnswer> {
  const socket = connect({ port: Number(new URL(daemon.url).port), host: '127.0.0.1', localAddress: FROM[from] });
  socket.on('error', () => {});
  const received = receive(socket);
  socket.write(bytes);
  const [answer] = answersOf(await received);
  if (!answer) throw new Error(`no answer to ${bytes.slice(0, 80)}`);
  return answer;
}

const request =
  (path: string, lines: Readonly<Record<string, string>> = {}, method = 'GET') =>
  () =>
    [
      `${method} ${path} HTTP/1.1`,
      ...Object.entries({ Host: '127.0.0.1', Connection: 'close', ...lines }).map((line) => line.join(': ')),
      '\r\n',
    ].join('\r\n');
const known =
  (path: string, lines = {}, method = 'GET') =>
  () =>
    request(path, { Authorization: `Bearer ${token}`, ...lines }, method)();
const socket = (path: string, lines = {}) =>
  request(path, {
    ...{ Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' },
    ...{ 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', ...lines },
  });

const CGI = '/cgi/webserve';
const DATES = 'startdate=2021-01-01%2000:00';
type Kind = readonly [name: string, status: number, bytes: () => string, from?: keyof typeof FROM];
const DATA: readonly Kind[] = [
  ['health', 200, request('/healthz')],
  ['figures', 200, request('/metrics')],
  ['the list of numbers', 200, request(`${CGI}/`)],
  ['a log-in', 200, request(`${CGI}/8404?UserName=admin&Password=21232f297a57a5a743894a0e4a801fc3`)],
  ['a refused log-in', 401, request(`${CGI}/8404?UserName=admin&Password=${'0'.repeat(32)}`)],
  [
    'a log-out',
    200,
    () =>
      request(`${CGI}/30005`, {
        Cookie: `cdrd_session=${daemon.sessions.begin({ user: 'admin', role: 'admin' }).token}`,
      })(),
  ],
  ['a listing', 200, known(`${CGI}/9006?${DATES}`)],
  ['a listing as CSV', 200, known(`${CGI}/9005?${DATES}`)],
  ['a listing as XML', 200, known(`${CGI}/9006?${DATES}&format=xml`)],
  ['an archive', 200, known(`${CGI}/20036?wavefiles=${encodeURIComponent(FILE)}`)],
  ['a wrong parameter', 400, known(`${CGI}/9006?Colour=1`)],
  ['no log-in', 401, request(`${CGI}/9006`)],
  [
    'no right',
    403,
    () =>
      request(`${CGI}/9006`, {
        Cookie: `cdrd_session=${daemon.sessions.begin({ user: 'monitor', role: 'monitor' }).token}`,
      })(),
  ],
  ['no such number', 404, known(`${CGI}/1`)],
  ['no such path', 404, known('/cdr')],
  ['no such recording', 404, known('/recordings/20210507/none.wav')],
  ['another method', 405, known(`${CGI}/9006`, {}, 'DELETE')],
  [
    'a preflight',
    405,
    request(`${CGI}/9006`, { Origin: 'http://127.0.0.1', 'Access-Control-Request-Method': 'GET' }, 'OPTIONS'),
  ],
  ['a fixed setting', 409, known(`${CGI}/30017?time.zone=UTC`)],
  ['a long body', 413, known(`${CGI}/9006`, { 'Content-Length': '9000000' }, 'POST')],
  ['a long head', 413, request(`/${'x'.repeat(70_000)}`)],
  ['no HTTP', 400, () => 'x\r\n\r\n'],
  ['raw blanks elsewhere', 400, request('/healthz?a=b c')],
  ['another name', 421, request(`${CGI}/`, { Host: 'rebound.example' })],
  ['another site’s page', 403, known(`${CGI}/9006`, { Origin: 'http://other.example' })],
  ['HTTP where HTTPS is wanted', 308, request(`${CGI}/9006?a=1`), 'house'],
  ['a place that is not permitted', 403, request('/healthz'), 'far'],
  ['a WebSocket without log-in', 401, socket('/live')],
  ['a WebSocket for another site', 403, socket('/ami', { Origin: 'http://other.example' })],
];
const RECORDINGS: readonly Kind[] = [
  ['a recording', 200, known(`/recordings/${FILE}`)],
  ['its head', 200, known(`/recordings/${FILE}`, {}, 'HEAD')],
  ['a part of it', 206, known(`/recordings/${FILE}`, { Range: 'bytes=0-3' })],
  ['a part that it has not', 416, known(`/recordings/${FILE}`, { Range: 'bytes=999999-' })],
  ['one to be saved', 200, known(`/recordings/${FILE}?download=1`)],
];

/** A link that somebody was given. */
const SHARES: readonly Kind[] = [
  ['a shared link', 200, () => request(shared)()],
  ['its head', 200, () => request(shared, {}, 'HEAD')()],
  [
    'one that a mail leads to',
    200,
    () => request(shared, { Referer: 'http://mail.example/', 'Sec-Fetch-Site': 'cross-site' })(),
  ],
  ['one that is none', 404, request('/share/x')],
  ['a recording that it has not', 404, () => request(`${shared}/9.wav`)()],
];

const PAGES: readonly Kind[] = [
  ['a page', 200, request('/', { 'Accept-Encoding': 'gzip' })],
  ['a page, unpacked', 200, request('/calls')],
  ['its head', 200, request('/calls', {}, 'HEAD')],
  ['a page that one has', 304, request('/', { 'If-None-Match': '*' })],
];
const ASSETS: readonly Kind[] = [
  ['a script', 200, request(SCRIPT_PATH, { 'Accept-Encoding': 'gzip' })],
  ['a style', 200, request(STYLE_PATH)],
];

/** On every answer. */
const EVERY = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-frame-options': 'deny',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': expect.stringContaining('microphone=()'),
};
const RECORDING = {
  ...EVERY,
  'cache-control': 'private, no-cache',
  'content-security-policy': "default-src 'none'; media-src 'self'; frame-ancestors 'none'",
};
const SHARE = {
  ...EVERY,
  'content-security-policy': expect.stringMatching(
    /^default-src 'none'; style-src 'sha256-[\w+/]{43}='; media-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/i,
  ),
};
const OF_PAGES = { ...EVERY, 'referrer-policy': 'same-origin', vary: 'accept-encoding' };
const PAGE = {
  ...OF_PAGES,
  'cache-control': 'no-cache',
  'content-security-policy': [
    ...[
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self' data:",
      "media-src 'self' blob:",
    ],
    ...["manifest-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"],
    ...["require-trusted-types-for 'script'", "trusted-types 'none'", "connect-src 'self' ws://127.0.0.1"],
  ].join('; '),
};
const ASSET = { ...OF_PAGES, 'cache-control': 'public, max-age=31536000, immutable' };
/** What else an answer may bear: a new header is a decision, and stands here and in SECURITY.md. */
const FURTHER = [
  ...['content-type', 'content-length', 'content-disposition', 'transfer-encoding', 'connection', 'date', 'allow'],
  ...['location', 'retry-after', 'set-cookie', 'etag', 'last-modified', 'accept-ranges', 'content-range'],
  'content-encoding',
];

/** Nothing that a browser runs or shows as a page. */
const RUN = /html|svg|javascript|css/;

const withPlace = (kinds: readonly Kind[]) =>
  kinds.map(([name, status, bytes, from = 'box']) => ({ name, status, bytes, from }));

async function looked({ name, status, bytes, from }: ReturnType<typeof withPlace>[number], expected: object) {
  const answer = await ask(bytes(), from);
  expect([name, answer.status]).toEqual([name, status]);
  expect(answer.headers).toMatchObject(expected);
  const others = Object.keys(answer.headers).filter(
    (header) => !Object.hasOwn(expected, header) && !FURTHER.includes(header),
  );
  expect(others).toEqual([]);
  if (answer.body !== '') expect(answer.headers['content-type']).toMatch(/^(application|text|audio)\//);
  return answer;
}

test.each(withPlace(DATA))('$name ($status) has the headers of data', async (kind) => {
  const { headers } = await looked(kind, EVERY);
  expect(headers['content-type'] ?? '').not.toMatch(RUN);
  expect('set-cookie' in headers).toBe(/^a log-/.test(kind.name));
  for (const cookie of [headers['set-cookie'] ?? []].flat())
    expect(cookie).toMatch(/; path=\/; max-age=\d+; httponly; samesite=strict$/i);
});

test.each(withPlace(SHARES))('$name ($status) has the headers of a shared link, and no cookie', async (kind) => {
  const { headers } = await looked(kind, SHARE);
  expect(headers['content-type']).toBe('text/html; charset=utf-8');
  expect(headers['set-cookie']).toBeUndefined();
});

test.each(withPlace(RECORDINGS))('$name ($status) has the headers of a recording', async (kind) => {
  expect((await looked(kind, RECORDING)).headers['content-type'] ?? '').not.toMatch(RUN);
});

test.each(withPlace(PAGES))('$name ($status) has the headers of a page', async (kind) => {
  await looked(kind, PAGE);
});

test.each(withPlace(ASSETS))('$name ($status) has the headers of what pages load', async (kind) => {
  await looked(kind, ASSET);
});
