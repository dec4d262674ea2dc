/** What one client can make the listener hold or do: slow, greedy, gone or hostile, it costs the others nothing. */
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { CgiError } from '../../cgi/reply.ts';
import type { Page } from '../../storage/filter.ts';
import { createLongListings } from '../../storage/long-listings.ts';
import { eventually } from '../support/daemon.ts';
import { bytesOf } from '../support/page.ts';
import { endlessPages, startListener } from './listener.ts';
import { answersOf, ask, dial, exchange, pause, receive } from './raw.ts';

const LISTING = 'GET /cgi/webserve/9006?&since=0 HTTP/1.1\r\nHost: x\r\n';

describe('a client that', () => {
  test('never reads stops its own listing and nobody else’s answer, and is dropped', async () => {
    const made = { pages: 0, ended: false };
    const { url, authorization, answers } = await startListener(endlessPages(65_536, made), {
      stalledMs: 1_000,
    });
    const socket = await dial(url);
    socket.pause();
    socket.write(`${LISTING}${authorization}\r\n`);
    let seen = -1;
    await eventually(() => {
      const still = seen === made.pages && made.pages > 0;
      seen = made.pages;
      return still;
    });
    // What was made lies in the kernel's buffers (some MB here); beyond them is one page, not the 1.3 GB of the whole.
    expect(seen * 65_536).toBeLessThan(32 * 1024 * 1024);
    expect(made.ended).toBe(false);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    await eventually(() => made.ended);
    expect(made.pages).toBe(seen);
    expect(answers).toContainEqual(['9006', 499]);
  });

  test('never reads is one of a few: a further long listing is told to come back, and each way to go away makes room', async () => {
    const made = { pages: 0, ended: false };
    const long = createLongListings(3);
    let isShort = false;
    async function* one(): AsyncGenerator<Page> {
      yield { bytes: bytesOf('{}'), rows: 1, next: null };
    }
    const { url, authorization, answers, log } = await startListener(
      () => long.bound(isShort ? one() : endlessPages(65_536, made)(), Number.POSITIVE_INFINITY),
      { stalledMs: 4_000 },
    );
    const [, bearer = ''] = authorization.trim().split(': ');
    const listing = (query = '9006?&since=0') =>
      fetch(`${url}/cgi/webserve/${query}`, { headers: { Authorization: bearer } });
    /** One that reads its head and no more; null when it was refused. */
    const stuck = async () => {
      const socket = await dial(url);
      socket.write(`${LISTING}${authorization}\r\n`);
      const [head] = (await once(socket, 'data')) as [Buffer];
      socket.pause();
      if (head.toString('latin1').startsWith('HTTP/1.1 200 ')) return socket;
      socket.destroy();
      return null;
    };
    const isFull = async () => {
      for (const query of [
        '9006?&since=0',
        '9005?&startdate=2000-01-01%2000:00',
        '9006?&startdate=2000-01-01%2000:00&format=csv',
      ]) {
        const refused = await listing(query);
        expect(refused.status, query).toBe(429);
        expect(refused.headers.get('retry-after')).toBe('2');
        expect(await refused.json()).toEqual({ error: { code: 'busy', message: 'try again shortly' } });
      }
      isShort = true;
      expect((await listing()).status).toBe(200);
      isShort = false;
    };
    const [ended, reset] = [await stuck(), await stuck(), await stuck()];
    await isFull();
    ended?.destroy();
    await eventually(stuck);
    await isFull();
    reset?.resetAndDestroy();
    await eventually(stuck);
    await isFull();
    await eventually(() => answers.filter(([, status]) => status === 499).length === 5); // three of them for their silence
    expect([await stuck(), await stuck(), await stuck()]).not.toContain(null);
    await isFull();
    expect(log).toEqual([]);
  });

  test('goes away in the middle of a listing ends the store’s work on it', async () => {
    const made = { pages: 0, ended: false };
    const { url, authorization, log } = await startListener(endlessPages(1_024, made, 5_000_000));
    const socket = await dial(url);
    socket.write(`${LISTING}${authorization}\r\n`);
    await once(socket, 'data');
    socket.destroy();
    await eventually(() => made.ended);
    const { pages } = made;
    await pause(50);
    expect(made.pages).toBe(pages);
    expect(log).toEqual([]); // that is daily life, no fault
  });

  test('goes away while nothing is found, or while the total is counted, ends that too', async () => {
    const work = { pages: 0, counts: 0, ended: 0 };
    async function* nothing() {
      try {
        for (; ; work.pages++) {
          yield { bytes: bytesOf(''), rows: 0, next: { key: 1, id: 1 } };
          await new Promise(setImmediate);
        }
      } finally {
        work.ended++;
      }
    }
    async function* one() {
      yield { bytes: bytesOf('{}'), rows: 1, next: { key: 1, id: 1 } };
    }
    async function* counting() {
      try {
        for (; ; work.counts++) {
          yield { rows: 1, next: null };
          await new Promise(setImmediate);
        }
      } finally {
        work.ended++;
      }
    }
    const searching = await startListener(nothing);
    const counted = await startListener(one, {}, counting);
    for (const [{ url, authorization }, figure] of [
      [searching, 'pages'],
      [counted, 'counts'],
    ] as const) {
      const socket = await dial(url);
      socket.write(`${LISTING}${authorization}\r\n`);
      await eventually(() => work[figure] > 10);
      socket.destroy();
    }
    await eventually(() => work.ended === 2);
  });

  test('sends its headers too slowly is told so and dropped', async () => {
    const { url } = await startListener(async function* () {}, { headersMs: 200, requestMs: 400, lookMs: 50 });
    const slow = await ask(url, 'GET /cgi/webserve/9006?', '&src=1');
    expect(slow).toMatchObject({ status: 400, body: expect.stringContaining('took too long') });
    // The same where the line is one that will have to be mended.
    const blank = await ask(url, 'GET /cgi/webserve/9006?&src=1 2');
    expect(blank).toMatchObject({ status: 400, body: expect.stringContaining('took too long') });
  });

  test('sends its body too slowly is dropped', async () => {
    const { url, authorization } = await startListener(async function* () {}, {
      headersMs: 200,
      requestMs: 400,
      lookMs: 50,
    });
    const head = `POST /cgi/webserve/9006 HTTP/1.1\r\nHost: x\r\n${authorization}Content-Length: 10\r\n\r\nsrc`;
    expect(await exchange(url, head)).toBe('');
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  test('sends requests ahead gets their answers one after another, in order', async () => {
    let running = 0;
    let most = 0;
    let number = 0;
    const { url, authorization } = await startListener(async function* () {
      running++;
      most = Math.max(most, running);
      await pause(5);
      yield { bytes: bytesOf(`${++number}`), rows: 1, next: null };
      running--;
    });
    const request = `${LISTING}${authorization}\r\n`;
    const last = `${LISTING}${authorization}Connection: close\r\n\r\n`;
    const answers = answersOf(await exchange(url, request.repeat(9) + last));
    expect(
      answers.map(({ body }) => (JSON.parse(body) as { json_array_astcdrs: number[] }).json_array_astcdrs[0]),
    ).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(most).toBe(1);
  });

  test('sends a thousand requests ahead is dropped, and they are not worked on', async () => {
    let begun = 0;
    const { url, authorization, answers } = await startListener(async function* () {
      begun++;
      await pause(50);
      yield { bytes: bytesOf('1'), rows: 1, next: null };
    });
    await exchange(url, `${LISTING}${authorization}\r\n`.repeat(1_000));
    await pause(150);
    expect(begun).toBeLessThanOrEqual(1);
    expect(answers.length).toBeLessThanOrEqual(1);
  });

  test('goes away with requests unanswered leaves none of them hanging', async () => {
    const made = { pages: 0, ended: false };
    let begun = 0;
    const pages = endlessPages(65_536, made);
    const { url, authorization } = await startListener(() => {
      begun++;
      return pages();
    });
    const socket = await dial(url);
    socket.pause();
    socket.write(`${LISTING}${authorization}\r\n`.repeat(5));
    await eventually(() => made.pages > 0);
    socket.destroy();
    await eventually(() => made.ended);
    await pause(50);
    expect(begun).toBe(1);
  });

  test('sends garbage behind a request gets no part of a reply to it into the answer', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let begun = false;
    const { url, authorization } = await startListener(async function* () {
      begun = true;
      await held; // the answer is under way for as long as the connection lasts
      yield { bytes: bytesOf('1'), rows: 1, next: null };
    });
    const socket = await dial(url);
    const received = receive(socket);
    socket.write(`${LISTING}${authorization}\r\n`);
    await eventually(() => begun);
    socket.write('garbage\r\n\r\n');
    expect(await received).toBe('');
    release();
  });
});

describe('a body', () => {
  const post = (length: number | string, lines: string, body = '') =>
    `POST /cgi/webserve/9006 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${lines}Content-Length: ${length}\r\n\r\n${body}`;

  async function* none() {}

  test('over the limit is refused, however its length is told, and the client can read why', async () => {
    const { url, authorization } = await startListener(none, { body: 100_000 });
    const too = { status: 413, body: expect.stringContaining('"too_large"') };
    const form = (size: number) => `src=${'1'.repeat(size - 4)}`;
    expect(await ask(url, post(100_001, authorization, form(100_001)))).toMatchObject(too);
    const large = form(3_000_000);
    expect(await ask(url, post(large.length, authorization, large))).toMatchObject(too);
    const chunked = `POST /cgi/webserve/9006 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${authorization}Transfer-Encoding: chunked\r\n\r\n`;
    const chunk = `${(50_000).toString(16)}\r\n${'x'.repeat(50_000)}\r\n`;
    expect(await ask(url, `${chunked}${chunk.repeat(40)}0\r\n\r\n`)).toMatchObject(too);
    // A length that is told and not kept: all that comes is read, then the request isn't whole.
    const short = await dial(url);
    const received = receive(short);
    short.end(post(500, authorization, 'src=1'));
    expect(await received).toMatch(/^$|400/);
  });

  test('over the limit costs the connection nothing: the next request on it is answered', async () => {
    const { url, authorization } = await startListener(none, { body: 1_000 });
    const body = 'x'.repeat(5_000);
    const first = `POST /cgi/webserve/9006 HTTP/1.1\r\nHost: x\r\n${authorization}Content-Length: ${body.length}\r\n\r\n${body}`;
    const answers = answersOf(
      await exchange(url, `${first}GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`),
    );
    expect(answers.map(({ status }) => status)).toEqual([413, 200]);
  });

  test('of a stranger may be small only, and is not read at all where log-in is asked for', async () => {
    const { url } = await startListener(none);
    const login = (body: string) =>
      `POST /cgi/webserve/8404 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    expect((await ask(url, login('UserName=a&Password=b'))).status).toBe(400);
    expect((await ask(url, login(`UserName=${'a'.repeat(20_000)}`))).status).toBe(413);
    expect((await ask(url, post(3_000_000, '', 'x'.repeat(3_000_000)))).status).toBe(401);
  });

  test('waits for its 100 Continue only where it is wanted', async () => {
    const { url, authorization } = await startListener(none, { body: 100 });
    const expectant = (length: number, lines: string) => post(length, `${lines}Expect: 100-continue\r\n`);
    const wanted = await dial(url);
    const received = receive(wanted);
    wanted.write(expectant(7, authorization));
    await once(wanted, 'data');
    wanted.write('src=201');
    const bytes = await received;
    expect(bytes).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
    for (const [status, request] of [
      [413, expectant(101, authorization)],
      [401, expectant(7, '')],
    ] as const) {
      const answer = await ask(url, request.replace('Connection: close\r\n', ''));
      expect(answer).toMatchObject({ status, headers: { connection: 'close' } });
    }
  });

  test('waits its turn where the room for bodies is taken: 429', async () => {
    const { url, authorization } = await startListener(none, { body: 1_000, bodies: 1_500 });
    const first = await dial(url);
    first.write(post(1_000, authorization, 'x'.repeat(900)));
    await pause(50);
    const refused = await ask(url, post(1_000, authorization, 'y'.repeat(1_000)));
    expect(refused).toMatchObject({ status: 429, headers: { 'retry-after': '2' } });
    first.destroy();
    await pause(50);
    expect((await ask(url, post(7, authorization, 'src=201'))).status).toBe(200);
  });
});

test('what goes wrong before any text is there is told with its own status', async () => {
  let work = 0;
  const { url, authorization, answers } = await startListener(async function* () {
    for (; work < 20; work++) yield { bytes: bytesOf(''), rows: 0, next: { key: 1, id: 1 } };
    throw new CgiError('too_large', 'more groups than are kept', 'by');
  });
  const [answer] = answersOf(await exchange(url, `${LISTING}${authorization}Connection: close\r\n\r\n`));
  expect(work).toBe(20);
  expect(answer?.status).toBe(413);
  expect(JSON.parse(answer?.body ?? '')).toMatchObject({ error: { code: 'too_large', parameter: 'by' } });
  expect(answers).toContainEqual(['9006', 413]);
});
