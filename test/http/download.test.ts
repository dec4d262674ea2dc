/** A download on the wire: its type and name, and that one which breaks off never looks whole. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { eventually } from '../support/daemon.ts';
import { bytesOf } from '../support/page.ts';
import { endlessPages, startListener } from './listener.ts';
import { ask, dial, pause } from './raw.ts';

const line = (target: string, version = '1.1') => `GET ${target} HTTP/${version}\r\nHost: x\r\n`;

/** Some pages, then a store that fails. */
async function* failing() {
  for (let page = 0; page < 3; page++) {
    yield { bytes: bytesOf('x'.repeat(1_000)), rows: 1, next: { key: 1, id: 1 } };
    await new Promise(setImmediate);
  }
  throw new Error('the disk is gone');
}

/** What came, and how the connection ended. */
async function received(url: string, request: string) {
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port) });
  let text = '';
  let fault: string | undefined;
  socket.on('data', (bytes: Buffer) => {
    text += bytes.toString('latin1');
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    fault = error.code;
  });
  socket.write(request);
  await new Promise((resolve) => socket.once('close', resolve));
  return { text, fault };
}

test('has its type and its name, and no length', async () => {
  const { url, authorization } = await startListener(async function* () {
    yield { bytes: bytesOf('a,b\r\n'), rows: 1, next: null };
  });
  const answer = await ask(
    url,
    `${line('/cgi/webserve/9005?&startdate=2021-04-01%2000:00')}${authorization}Connection: close\r\n\r\n`,
  );
  expect(answer.status).toBe(200);
  expect(answer.headers).toMatchObject({
    'content-type': 'text/csv; charset=utf-8',
    'content-disposition': expect.stringMatching(/^attachment; filename="CDR-2021May02.160000.csv"$/i),
    'transfer-encoding': 'chunked',
  });
  expect(answer.headers['content-length']).toBeUndefined();
  expect(answer.body).toMatch(/^Date,.*\r\na,b\r\n$/);
  const json = await ask(url, `${line('/cgi/webserve/9006?&since=0')}${authorization}Connection: close\r\n\r\n`);
  expect(json.headers['content-type']).toBe('application/json; charset=utf-8');
  expect(json.headers['content-disposition']).toBeUndefined();
});

test('that fails half-way lacks its last chunk', async () => {
  const { url, authorization, log, answers } = await startListener(failing);
  const { text } = await received(
    url,
    `${line('/cgi/webserve/9005?&startdate=2021-04-01%2000:00')}${authorization}\r\n`,
  );
  expect(text).toContain('HTTP/1.1 200');
  expect(text).toContain('xxx');
  expect(text.endsWith('0\r\n\r\n')).toBe(false);
  await expect(
    (async () =>
      (
        await fetch(`${url}/cgi/webserve/9005?&startdate=2021-04-01%2000:00`, { headers: bearer(authorization) })
      ).text())(),
  ).rejects.toThrow();
  await eventually(() => answers.length === 2);
  expect(answers).toEqual([
    ['9005', 499],
    ['9005', 499],
  ]);
  expect(log.join('\n')).toContain('the disk is gone');
});

test.each(['/cgi/webserve/9005?&startdate=2021-04-01%2000:00', '/cgi/webserve/9005?&startdate=2021-04-01 00:00'])(
  'that fails half-way is reset where its end is all that tells the end: %s by HTTP/1.0',
  async (target) => {
    const { url, authorization } = await startListener(failing);
    const { text, fault } = await received(url, `${line(target, '1.0')}${authorization}\r\n`);
    expect(text).not.toContain('Transfer-Encoding');
    expect(fault).toBe('ECONNRESET');
    const whole = await startListener(async function* () {
      yield { bytes: bytesOf('a\r\n'), rows: 1, next: null };
    });
    const good = await received(whole.url, `${line(target, '1.0')}${whole.authorization}\r\n`);
    expect(good.text.endsWith('\r\na\r\n')).toBe(true);
    expect(good.fault).toBeUndefined();
  },
);

test('that cannot begin is answered with a fault', async () => {
  const { url, authorization } = await startListener(async function* () {
    yield* [];
    throw new Error('the disk is gone');
  });
  const answer = await ask(
    url,
    `${line('/cgi/webserve/9005?&startdate=2021-04-01%2000:00')}${authorization}Connection: close\r\n\r\n`,
  );
  expect(answer).toMatchObject({ status: 500, body: expect.stringContaining('"internal"') });
});

test('whose client goes away ends the store’s work on it', async () => {
  const made = { pages: 0, ended: false };
  const { url, authorization, log } = await startListener(endlessPages(10_000, made, 5_000_000));
  const socket = await dial(url);
  socket.write(`${line('/cgi/webserve/9005?&startdate=2021-04-01%2000:00')}${authorization}\r\n`);
  await once(socket, 'data');
  socket.destroy();
  await eventually(() => made.ended);
  const { pages } = made;
  await pause(50);
  expect(made.pages).toBe(pages);
  expect(log).toEqual([]);
});

function bearer(authorization: string): Record<string, string> {
  return { Authorization: authorization.replace('Authorization: ', '').trim() };
}
