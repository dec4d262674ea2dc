/** Who may connect at all: from where, how many of one address, and who gives way when all places are taken. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../support/daemon.ts';
import { startListener } from './listener.ts';
import { ownCertificate } from './own-certificate.ts';
import { answersOf, ask, askFrom, dial, receive } from './raw.ts';

const NOTHING = async function* () {};
const HEALTH = 'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
const KEPT = HEALTH.replace('Connection: close\r\n', '');

/** @param refused Addresses that are not permitted; it may be changed. */
function permitting(refused: Set<string>) {
  const listeners: (() => void)[] = [];
  return {
    permits: (_: unknown, address: string) => !refused.has(address),
    onChange: (listener: () => void) => void listeners.push(listener),
    changed: () => {
      for (const listener of listeners) listener();
    },
  };
}

/** Whether the other side has ended it within 10 s. */
async function ends(socket: Awaited<ReturnType<typeof dial>>): Promise<boolean> {
  socket.resume();
  return eventually(() => socket.destroyed);
}

test('an address that is not permitted is told which key to set, and nothing it sends is read', async () => {
  const { certificate } = await ownCertificate();
  const permits = permitting(new Set(['127.0.0.2']));
  const { url, secureUrl, log, answers } = await startListener(NOTHING, {}, undefined, certificate, { permits });
  const [told, ...more] = await askFrom('127.0.0.2', url, HEALTH.repeat(3));
  expect(told).toMatchObject({ status: 403, headers: { connection: 'close', 'x-content-type-options': 'nosniff' } });
  expect(JSON.parse(told?.body ?? '')).toEqual({
    error: { code: 'denied', message: '127.0.0.2 is not permitted here: http.permit' },
  });
  expect(more).toEqual([]);
  // Over TLS there is nobody to be told: it ends before the handshake.
  const raw = connect({ host: '127.0.0.1', port: Number(new URL(secureUrl).port), localAddress: '127.0.0.2' });
  onTestFinished(() => void raw.destroy());
  raw.on('error', () => {});
  let heard = 0;
  raw.on('data', ({ length }) => {
    heard += length;
  });
  await once(raw, 'close');
  expect(heard).toBe(0);
  expect((await askFrom('127.0.0.3', url, HEALTH))[0]?.status).toBe(200);
  expect((await ask(secureUrl, HEALTH)).status).toBe(200);
  expect(answers.filter(([, status]) => status !== 200)).toEqual([]);
  expect(log.filter((line) => line.includes('a connection was refused'))).toHaveLength(1);
});

test('a flood of such is cut off without a word, and silent ones are not waited for', async () => {
  const { url } = await startListener(NOTHING, { refusals: 2, lingerMs: 300 }, undefined, null, {
    permits: permitting(new Set(['127.0.0.2'])),
  });
  const silent = await Promise.all(Array.from({ length: 8 }, () => dial(url, '127.0.0.2')));
  expect((await ask(url, HEALTH)).status).toBe(200);
  expect(await Promise.all(silent.map(ends))).not.toContain(false);
  expect((await askFrom('127.0.0.2', url, HEALTH))[0]?.status).toBe(403);
});

test('whoever is there when it is permitted no more has to go', async () => {
  const refused = new Set<string>();
  const permits = permitting(refused);
  const { url } = await startListener(NOTHING, {}, undefined, null, { permits });
  const [goes, stays] = [await dial(url, '127.0.0.2'), await dial(url, '127.0.0.3')];
  for (const socket of [goes, stays]) {
    socket.write(KEPT);
    await once(socket, 'data');
  }
  refused.add('127.0.0.2');
  permits.changed();
  expect(await ends(goes)).toBe(true);
  stays.write(KEPT);
  expect(String((await once(stays, 'data'))[0])).toContain('200 OK');
});

test('one address has its share of the connections; the box itself, where a proxy may stand, has no such bound', async () => {
  const { url } = await startListener(NOTHING, { connectionsPerAddress: 2 });
  const held = [await dial(url, '127.0.0.2'), await dial(url, '127.0.0.2')];
  const [told] = await askFrom('127.0.0.2', url, HEALTH);
  expect(told).toMatchObject({ status: 429, headers: { 'retry-after': '2' } });
  expect((await askFrom('127.0.0.3', url, HEALTH))[0]?.status).toBe(200);
  const own = await Promise.all([1, 2, 3, 4].map(() => dial(url)));
  expect((await ask(url, HEALTH)).status).toBe(200);
  for (const socket of own) socket.destroy();
  held[0]?.destroy();
  await eventually(async () => (await askFrom('127.0.0.2', url, HEALTH))[0]?.status === 200);
});

test('refused ones that linger keep no newcomer out', async () => {
  const limits = { connections: 2, connectionsPerAddress: 2, refusals: 2, lingerMs: 10_000 };
  const { url } = await startListener(NOTHING, limits);
  // Two that stay, and two over the share that are to be told so.
  for (let index = 0; index < 4; index++) await dial(url, '127.0.0.2');
  expect((await askFrom('127.0.0.3', url, HEALTH))[0]?.status).toBe(200);
});

test('one address may come again and again only so often, others meanwhile', async () => {
  const { url } = await startListener(NOTHING, { arrivalBurst: 3, arrivalRate: 1 / 3600 });
  const statuses: (number | undefined)[] = [];
  for (let index = 0; index < 4; index++) statuses.push((await askFrom('127.0.0.2', url, HEALTH))[0]?.status);
  expect(statuses).toEqual([200, 200, 200, 429]);
  expect((await askFrom('127.0.0.2', url, HEALTH))[0]?.headers['retry-after']).toBe('3600');
  expect((await askFrom('127.0.0.3', url, HEALTH))[0]?.status).toBe(200);
  for (let index = 0; index < 5; index++) expect((await ask(url, HEALTH)).status).toBe(200);
});

test('when all places are taken a stranger of the address that has most gives way; who is logged in does not', async () => {
  const { url, authorization } = await startListener(NOTHING, { connections: 4 });
  const known = await dial(url, '127.0.0.2');
  known.write(KEPT.replace('\r\n\r\n', `\r\n${authorization}\r\n`));
  await once(known, 'data');
  const greedy = [await dial(url, '127.0.0.2'), await dial(url, '127.0.0.2')];
  const modest = await dial(url, '127.0.0.3');
  for (const socket of [...greedy, modest]) {
    socket.write(KEPT);
    await once(socket, 'data');
  }
  const newcomer = await dial(url, '127.0.0.4');
  newcomer.write(KEPT);
  expect(String((await once(newcomer, 'data'))[0])).toContain('200 OK');
  expect(await ends(greedy[0] as typeof known)).toBe(true);
  for (const socket of [known, greedy[1] as typeof known, modest]) {
    socket.write(socket === known ? KEPT.replace('\r\n\r\n', `\r\n${authorization}\r\n`) : KEPT);
    expect(String((await once(socket, 'data'))[0])).toContain('200 OK');
  }
  // Now each stranger has one: a further connection of one of them finds no place.
  const more = await dial(url, '127.0.0.4');
  const answer = receive(more);
  more.write(HEALTH);
  expect(answersOf(await answer)[0]?.status).toBe(429);
});
