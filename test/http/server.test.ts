/** HTTP as the whole daemon speaks it: what is taken, what is refused, and what every answer carries. */
import { request as httpRequest } from 'node:http';
import { beforeAll, describe, expect, test } from 'vitest';
import { ERROR_STATUS } from '../../cgi/reply.ts';
import { TABLE } from '../../cgi/table.ts';
import { logIn, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { atFileEnd } from '../support/folder.ts';
import { leg } from '../support/legs.ts';
import { answersOf, ask, dial, exchange, receive } from './raw.ts';

let daemon: TestDaemon;
let token = '';
const atEnd = atFileEnd();
beforeAll(async () => {
  daemon = await startDaemon({}, { atEnd });
  token = await logIn(daemon.url, 'admin');
  const record = leg(1_620_378_302, { source: 'Jürgen', destination: '820', cidName: 'Büro Süd' });
  await daemon.store.write({ kind: 'leg', leg: record, source: 'ami' });
  await daemon.store.write({ kind: 'close', group: record.uniqueId });
});

const bearer = () => `Authorization: Bearer ${token}\r\n`;
/** A whole request, whose connection ends with its answer. */
const plain = (target: string, lines = bearer(), method = 'GET', version = '1.1') =>
  `${method} ${target} HTTP/${version}\r\nHost: x\r\nConnection: close\r\n${lines}\r\n`;
const raw = (...parts: readonly (string | Buffer)[]) => ask(daemon.url, ...parts);
const status = async (target: string, lines = bearer(), method = 'GET') =>
  (await raw(plain(target, lines, method))).status;
const RANGE = 'startdate=2021-05-07 00:00&enddate=2021-05-07 23:59';
const ENCODED = RANGE.replaceAll(' ', '%20');
const rowsOf = ({ body }: { body: string }) =>
  (JSON.parse(body) as { json_array_astcdrs: Record<string, string>[] }).json_array_astcdrs;

describe('an address with raw blanks', () => {
  const target = `/cgi/webserve/9006?&${RANGE}&src=&dst=820(204)&disposition=All&IV R=&port=-1`;

  test('is understood whole, byte by byte, over HTTP/1.0 and as POST', async () => {
    const request = plain(target);
    for (const parts of [[request], request.split(/(?=2021|00:|IV)/), [request.slice(0, 2), request.slice(2)]])
      expect(rowsOf(await raw(...parts))).toHaveLength(1);
    const one = await dial(daemon.url);
    const received = receive(one);
    for (const byte of request) {
      one.write(byte);
      await new Promise(setImmediate);
    }
    expect(rowsOf(answersOf(await received)[0] ?? { body: '' })).toHaveLength(1);
    const old = await exchange(daemon.url, plain(target, bearer(), 'GET', '1.0'));
    expect(old.slice(old.indexOf('\r\n\r\n') + 4)).toContain('"totalcount":1');
    const post = `POST /cgi/webserve/9006?&${RANGE} HTTP/1.1\r\nHost: x\r\n${bearer()}Content-Length: 10\r\n\r\n`;
    expect(rowsOf(await raw(`${post}dst=9*,820`))).toHaveLength(1);
    expect(rowsOf(await raw(post, 'dst=999', '999'))).toHaveLength(0);
  });

  test('is understood as the second request of a connection', async () => {
    const first = `GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n`;
    const bytes = await exchange(daemon.url, first, `GET ${target} HTTP/1.1\r\n`, `Host: x\r\n${bearer()}\r\n`);
    const [healthz, listing] = answersOf(bytes);
    expect(healthz?.status).toBe(200);
    expect(listing && rowsOf(listing)).toHaveLength(1);
    expect(listing?.headers['connection']).toBe('close');
  });

  test('ends its connection: what was sent behind it gets no answer, and takes none', async () => {
    const bytes = await exchange(daemon.url, plain(target).replace('Connection: close\r\n', '').repeat(3));
    const answers = answersOf(bytes);
    expect(answers.map(({ status }) => status)).toEqual([200]);
    // The same for a plain one that says it is the last.
    const ended = answersOf(await exchange(daemon.url, `${plain('/cgi/webserve/9006')}garbage behind it\r\n\r\n`));
    expect(ended.map(({ status }) => status)).toEqual([200]);
  });

  test('may hold UTF-8 or Latin-1', async () => {
    for (const encoding of ['utf8', 'latin1'] as const) {
      const answer = await raw(Buffer.from(plain(`/cgi/webserve/9006?&${RANGE}&in_route=Büro Süd-`), encoding));
      expect(rowsOf(answer)).toHaveLength(1);
    }
  });

  test('is refused elsewhere, when too long, and when it never was HTTP', async () => {
    const refusal = { status: 400, body: '{"error":{"code":"invalid","message":"this is not an HTTP request"}}' };
    expect(await raw(plain('/healthz?a=b c'))).toMatchObject(refusal);
    expect(await raw('\x16\x03\x01\x02\x00\x01\x00\x01')).toMatchObject(refusal);
    expect(await raw('GET /cgi/webserve/9006?&src=1 2\r\n\r\n')).toMatchObject(refusal);
    const long = plain(`/cgi/webserve/9006?&${RANGE}&src=${'1,'.repeat(40_000)}`);
    expect(await raw(long)).toMatchObject({ status: 413 });
    expect(await raw(long.slice(0, 100), long.slice(100))).toMatchObject({ status: 413 });
  });

  test('hides from nobody where the request comes from', async () => {
    const before = daemon.log.length;
    expect(await status('/cgi/webserve/9006?&src=1 2', 'Authorization: Bearer wrong\r\n')).toBe(401);
    expect(daemon.log.slice(before)).toEqual([]);
  });
});

describe('a request', () => {
  test('of 60 KB is answered; beyond 64 KB it is told to POST', async () => {
    const values = (bytes: number) => `/cgi/webserve/9006?&${ENCODED}&cidname=${'x'.repeat(bytes)}`;
    expect(await status(values(60_000))).toBe(200);
    for (const bytes of [66_000, 500_000]) {
      const answer = await raw(plain(values(bytes)));
      expect(answer).toMatchObject({ status: 413, headers: { 'content-type': 'application/json; charset=utf-8' } });
      expect(JSON.parse(answer.body)).toEqual({
        error: { code: 'too_large', message: 'the request line and headers are too long: use POST' },
      });
    }
  });

  test.each([
    ['/cgi/webserve/9006/', 404],
    ['/cgi/webserve/09006', 404],
    ['/cgi/webserve/9006.0', 404],
    ['/cgi/webserve/+9006', 404],
    ['/cgi/webserve/9006%00', 404],
    ['/cgi/webserve/%39006', 404],
    ['/cgi/webserve/__proto__', 404],
    ['/cgi/webserve/constructor', 404],
    ['/cgi/webserve', 404],
    ['/cgi/webserve/', 200], // the reference
    ['/cgi/webserve/?', 200],
    ['/cgi/webserve/?number=1', 400],
    ['/cgi/webserve/1e9', 404],
    ['/cgi//webserve/9006', 404],
    ['//cgi/webserve/9006', 404],
    ['/cgi/webserve/../webserve/9006', 404],
    ['/cgi/%2e%2e/cgi/webserve/9006', 404],
    ['/CGI/webserve/9006', 404],
    ['/', 200], // the pages
    ['/cdr', 404],
    ['*', 404],
    ['http://nexo/cgi/webserve/9006', 200],
    ['http://nexo?', 404],
    ['/cgi/webserve/9006?', 200],
    ['/cgi/webserve/9006?&', 200],
    ['/cgi/webserve/9006?&&&&', 200],
  ])('for %s is answered %i', async (target, expected) => {
    expect(await status(target)).toBe(expected);
  });

  test('of another method names those that are allowed', async () => {
    for (const method of ['HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE'])
      expect(await (await fetchLike(method, '/cgi/webserve/9006')).allow).toEqual([405, 'GET, POST']);
    for (const method of ['POST', 'PUT', 'DELETE'])
      expect((await fetchLike(method, '/healthz')).allow).toEqual([405, 'GET, HEAD']);
    expect((await fetchLike('HEAD', '/healthz')).allow).toEqual([200, undefined]);
  });

  /** By Node's own client, which knows that HEAD has no body. */
  function fetchLike(method: string, path: string): Promise<{ allow: [number | undefined, string | undefined] }> {
    return new Promise((resolve, reject) => {
      const headers = { Authorization: `Bearer ${token}` };
      httpRequest(daemon.url + path, { method, headers, agent: false }, (response) => {
        response.resume().once('end', () => resolve({ allow: [response.statusCode, response.headers.allow] }));
      })
        .once('error', reject)
        .end();
    });
  }

  test('by HEAD logs nobody in', async () => {
    const login = '/cgi/webserve/8404?&UserName=admin&Password=21232f297a57a5a743894a0e4a801fc3';
    const bytes = await exchange(daemon.url, plain(login, '', 'HEAD'));
    expect(bytes).toMatch(/^HTTP\/1\.1 405 /);
    expect(bytes).not.toMatch(/set-cookie/i);
  });

  test('may stand in query and body together, and its body be empty of any kind', async () => {
    const post = async (query: string, body: string, type = 'application/x-www-form-urlencoded') => {
      const answer = await daemon.get(`/cgi/webserve/9006?${query}`, {
        method: 'POST',
        body,
        headers: { 'Content-Type': type },
      });
      return { status: answer.status, json: (await answer.json()) as { json_obj_filter?: { totalcount: number } } };
    };
    expect((await post(`&${ENCODED}`, 'dst=820')).json.json_obj_filter?.totalcount).toBe(1);
    expect((await post(`&${ENCODED}&dst=999`, 'dst=820')).json.json_obj_filter?.totalcount).toBe(1); // a list
    expect((await post(`&${ENCODED}&dst=999`, '')).json.json_obj_filter?.totalcount).toBe(0);
    expect((await post(`&${ENCODED}`, `${ENCODED.replaceAll('%20', '+')}&dst=820`)).status).toBe(200);
    expect((await post(`&${ENCODED}`, 'dst=820', 'application/x-www-form-urlencoded; charset=utf-8')).status).toBe(200);
    expect((await post(`&${ENCODED}`, 'dst=820\r\n')).json.json_obj_filter?.totalcount).toBe(1);
    expect(await post('', '', 'text/plain')).toMatchObject({ status: 200 });
    expect(await post('', '{"dst":820}', 'application/json')).toMatchObject({ status: 400 });
    expect(await post('', 'dst=820', 'application/x-www-form-urlencodedX')).toMatchObject({ status: 400 });
    expect(await post('&limit=1', 'limit=2')).toMatchObject({ status: 400, json: { error: { parameter: 'limit' } } });
  });

  test('of over 4 MB is told so, while it is still being sent', async () => {
    for (const bytes of [4 * 1024 * 1024 + 1, 20_000_000]) {
      const body = `dst=${'1'.repeat(bytes - 4)}`;
      const head = `POST /cgi/webserve/9006 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${bearer()}`;
      expect(await raw(`${head}Content-Length: ${bytes}\r\n\r\n${body}`)).toMatchObject({ status: 413 });
      const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n${bytes.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
      expect(await raw(chunked)).toMatchObject({ status: 413 });
    }
    const fits = `dst=${'1'.repeat(4 * 1024 * 1024 - 4)}`;
    const answer = await daemon.get('/cgi/webserve/9006', { method: 'POST', body: new URLSearchParams(fits) });
    expect(await answer.json()).toMatchObject({ error: { code: 'invalid', parameter: 'dst' } });
  });

  test('is one of its sender: header before cookie, the first cookie of the name', async () => {
    const monitor = await logIn(daemon.url, 'monitor');
    const as = (...lines: readonly string[]) =>
      status('/cgi/webserve/9006', lines.map((line) => `${line}\r\n`).join(''));
    expect(await as(`Cookie: cdrd_session=${token}`)).toBe(200);
    expect(await as(`Cookie: a=b;cdrd_session=${token}; c`)).toBe(200);
    expect(await as(`Cookie: cdrd_session=${monitor}`, `Cookie: cdrd_session=${token}`)).toBe(403);
    expect(await as(`Cookie: cdrd_session=${token}`, `Authorization: Bearer ${monitor}`)).toBe(403);
    expect(await as(`Cookie: cdrd_session=${token}`, 'Authorization: Basic YTpi')).toBe(200);
    expect(await as(`Authorization: bearer   ${token}`)).toBe(200);
    expect(await as(`Authorization: Bearer ${token}x`)).toBe(401);
    expect(await as(`Cookie: xcdrd_session=${token}`)).toBe(401);
    expect(await as('Cookie: cdrd_session')).toBe(401);
  });

  test('for figures, refused to who comes by a proxy and may not have them, stands in the audit log', async () => {
    const made = await raw(plain('/cgi/webserve/30011?name=figures&role=admin&numbers=9006'));
    const { key } = JSON.parse(made.body) as { key: string };
    const as = (shown: string) => `X-Forwarded-For: 192.0.2.7\r\nAuthorization: Bearer ${shown}\r\n`;
    expect(await status('/metrics', as(`cdrd-00000000-${'A'.repeat(43)}`))).toBe(401);
    expect(await status('/metrics', as(key))).toBe(403);
    const told = async () => {
      const { entries } = await daemon.store.ask('auditEntries', { chain: 'refused', before: null, limit: 50 });
      return entries.map(({ action, who, detail }) => [action, who, detail]);
    };
    await expect.poll(told, { timeout: 10_000 }).toEqual(
      expect.arrayContaining([
        ['denied', 'key:figures', { path: '/metrics' }],
        ['key.refused', '', { id: '00000000' }],
      ]),
    );
  });

  test('two hundred at a time are all answered', async () => {
    const answers = await Promise.all(
      Array.from({ length: 200 }, async () => {
        const answer = await daemon.get(`/cgi/webserve/9006?&${ENCODED}&limit=1`);
        return [
          answer.status,
          ((await answer.json()) as { json_obj_filter: { totalcount: number } }).json_obj_filter.totalcount,
        ];
      }),
    );
    expect(new Set(answers.map(String))).toEqual(new Set(['200,1']));
  });

  test('more log-ins at a time than are checked are told to come again', async () => {
    const { checks, addressWaiting } = (await import('../../daemon/limits.ts')).sessionLimits;
    const answers = await Promise.all(
      // One account each: of one alone fewer are let in at a time.
      Array.from({ length: checks + addressWaiting + 60 }, async (_, index) => {
        const answer = await fetch(`${daemon.url}/cgi/webserve/8404?&UserName=x${index}&Password=${'0'.repeat(32)}`);
        return [answer.status, Number(answer.headers.get('retry-after'))] as const;
      }),
    );
    const told = answers.filter(([code]) => code === 429);
    expect(told.length).toBeGreaterThan(0);
    expect(told.length).toBeLessThanOrEqual(60);
    expect(told.every(([, seconds]) => seconds >= 1 && seconds <= 2)).toBe(true);
    expect(answers.filter(([code]) => code === 401).length).toBe(answers.length - told.length);
  });
});

describe('every answer', () => {
  const kinds: readonly (readonly [name: string, request: () => string])[] = [
    ['a listing', () => plain(`/cgi/webserve/9006?&${ENCODED}`)],
    ['a log-in', () => plain('/cgi/webserve/8404?&UserName=admin&Password=21232f297a57a5a743894a0e4a801fc3', '')],
    ['health', () => plain('/healthz')],
    ['metrics', () => plain('/metrics')],
    ['a fault', () => plain('/cgi/webserve/9006?&Farbe=gr%C3%BCn%00')],
    ['no number', () => plain('/cgi/webserve/1')],
    ['no path', () => plain('/../../etc/passwd')],
    ['no HTTP', () => 'x\r\n\r\n'],
    ['too long', () => plain(`/${'x'.repeat(70_000)}`)],
  ];

  test.each(kinds)('to %s has the headers that keep browsers safe, and nothing of ours', async (name, request) => {
    const { headers, body } = await raw(request());
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'referrer-policy': 'no-referrer',
    });
    expect(headers['content-type']).toMatch(/; charset=utf-8$/);
    expect('set-cookie' in headers).toBe(name === 'a log-in');
    expect(body).not.toMatch(/node:|\.[mt]s\b|\/work|\/tmp|SELECT| {4}at /);
    if (headers['content-length'] !== undefined) expect(Number(headers['content-length'])).toBe(body.length);
  });

  test('that isn’t ASCII has its length in bytes', async () => {
    const answer = await fetch(`${daemon.url}/cgi/webserve/9006?&F%C3%A4rbe=1`, {
      headers: { Authorization: `Bearer ${token}` },
    });
    const text = await answer.text();
    expect(JSON.parse(text)).toEqual({
      error: { code: 'invalid', parameter: 'Färbe', message: 'Färbe is not a parameter here' },
    });
    expect(answer.headers.get('content-length')).toBe(String(Buffer.byteLength(text)));
    const [row] = rowsOf({
      body: Buffer.from((await raw(plain(`/cgi/webserve/9006?&${ENCODED}`))).body, 'latin1').toString('utf8'),
    });
    expect(row).toMatchObject({ src: 'Jürgen', cidname: 'Büro Süd' });
  });

  test('about a fault has the one shape, and the status of its code', async () => {
    const seen = new Map<string, number>();
    const faults = [
      plain('/cgi/webserve/9006?&a=1'),
      plain('/cgi/webserve/9006', ''),
      plain('/cgi/webserve/9006', `Authorization: Bearer ${await logIn(daemon.url, 'monitor')}\r\n`),
      plain('/cgi/webserve/1'),
      plain('/cgi/webserve/9006', bearer(), 'PUT'),
      plain(`/${'x'.repeat(70_000)}`),
    ];
    for (const fault of faults) {
      const answer = await raw(fault);
      const { error } = JSON.parse(answer.body) as { error: { code: string; message: string } };
      expect(error.message).not.toBe('');
      seen.set(error.code, answer.status);
    }
    expect(Object.fromEntries(seen)).toEqual({
      invalid: 400,
      login: 401,
      denied: 403,
      not_found: 404,
      method: 405,
      too_large: 413,
    });
    for (const [code, expected] of seen) expect(ERROR_STATUS[code as keyof typeof ERROR_STATUS]).toBe(expected);
  });

  test('is counted by its number, and by none that does not exist', async () => {
    for (const target of ['/cgi/webserve/77777', '/cgi/webserve/9999?&a=%zz', '/x']) await status(target);
    await status('/cgi/webserve/55555', bearer(), 'PUT');
    const text = await (await daemon.get('/metrics')).text();
    const numbers = new Set([...text.matchAll(/cdrd_answers_total\{number="([^"]*)"/g)].map(([, number]) => number));
    const unknown = [...numbers].filter((number) => number !== 'other' && !Object.hasOwn(TABLE, String(number)));
    expect([...numbers]).toEqual(expect.arrayContaining(['8404', '9006', 'other']));
    expect(unknown).toEqual([]);
  });
});
