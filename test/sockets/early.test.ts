/** Who connects before the daemon can answer waits within bounds, and is a client like any other afterwards. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { listenOn, openEarly } from '../../daemon/sockets/early.ts';
import { eventually } from '../support/daemon.ts';

async function openOn(limits: { connections: number; waitMs: number }) {
  const early = await openEarly(
    (server) => listenOn(server, () => server.listen({ host: '127.0.0.1', port: 0 })),
    limits,
  );
  onTestFinished(() => early.close());
  return { early, port: early.at?.port ?? 0 };
}

/** Asks for `/` at once. @returns what comes back until the other side ends; '' too when it is cut off. */
function ask(port: number): { socket: Socket; answer: Promise<string> } {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.write('GET / HTTP/1.1\r\nHost: box\r\nConnection: close\r\n\r\n');
  let text = '';
  socket.setEncoding('latin1').on('data', (part: string) => {
    text += part;
  });
  socket.on('error', () => {});
  return { socket, answer: new Promise((resolve) => socket.once('close', () => resolve(text))) };
}

test('what was asked while nobody could answer is answered; the address stays, and new ones are served', async () => {
  const { early, port } = await openOn({ connections: 10, waitMs: 60_000 });
  const first = ask(port);
  await once(first.socket, 'connect');
  const server = createServer((request, response) => response.end(`for ${request.socket.remoteAddress}`));
  onTestFinished(() => void server.close());
  await early.handTo(server);
  expect((server.address() as AddressInfo).port).toBe(port);
  expect(await first.answer).toMatch(/\r\n\r\nfor 127\.0\.0\.1$/);
  expect(await ask(port).answer).toMatch(/\r\n\r\nfor 127\.0\.0\.1$/);
});

test('no more wait than may', async () => {
  const { early, port } = await openOn({ connections: 3, waitMs: 60_000 });
  let ended = 0;
  const asked = Array.from({ length: 8 }, () => ask(port));
  for (const { answer } of asked) void answer.then(() => ended++);
  await eventually(() => ended === 5);
  const server = createServer((_, response) => response.end('served'));
  onTestFinished(() => void server.close());
  await early.handTo(server);
  const answers = await Promise.all(asked.map(({ answer }) => answer));
  expect(answers.filter((answer) => answer === '')).toHaveLength(5);
  expect(answers.filter((answer) => answer.endsWith('served'))).toHaveLength(3);
});

test('nobody waits for ever, and the socket outlives who went', async () => {
  const { early, port } = await openOn({ connections: 3, waitMs: 300 });
  expect(await Promise.all([ask(port).answer, ask(port).answer])).toEqual(['', '']);
  const server = createServer((_, response) => response.end('late'));
  onTestFinished(() => void server.close());
  await early.handTo(server);
  expect(await ask(port).answer).toMatch(/late$/);
});

test('one that nobody has taken keeps nobody waiting, and can be taken later', async () => {
  const { early, port } = await openOn({ connections: 10, waitMs: 60_000 });
  const before = ask(port);
  await once(before.socket, 'connect');
  early.park();
  expect([await before.answer, await ask(port).answer]).toEqual(['', '']);
  const server = createServer((_, response) => response.end('served'));
  onTestFinished(() => void server.close());
  await early.handTo(server);
  expect(await ask(port).answer).toMatch(/served$/);
});
