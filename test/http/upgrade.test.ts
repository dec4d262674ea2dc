/** What asks for another protocol and doesn't get it: answered over HTTP and HTTPS, and gone when it is over. */
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { CgiError } from '../../cgi/reply.ts';
import { eventually } from '../support/daemon.ts';
import { endlessPages, startListener } from './listener.ts';
import { ownCertificate } from './own-certificate.ts';
import { answersOf, ask, askFrom, dial, pause, receive } from './raw.ts';

const noPages = endlessPages(100, { pages: 0, ended: false }, 1);
const refusing = {
  '/live': { protocols: [], refuse: () => new CgiError('login', 'log in first: 8404'), opened: () => {} },
};
/** A client of its own: the box itself isn't counted. */
const FAR = '127.0.0.9';
const asking = (path: string, upgrade: string) =>
  `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: ${upgrade}\r\n\r\n`;

test('a client that resets the connection behind it ends nothing else', async () => {
  const uncaught: unknown[] = [];
  const note = (error: unknown) => void uncaught.push(error);
  process.on('uncaughtException', note);
  onTestFinished(() => void process.off('uncaughtException', note));
  const { url } = await startListener(noPages, {}, undefined, null, { webSockets: refusing });
  for (const [path, upgrade] of [
    ['/healthz', 'h2c'],
    ['/live', 'websocket'],
  ] as const)
    for (const ms of [0, 5, 50]) {
      const socket = await dial(url);
      socket.write(asking(path, upgrade));
      await pause(ms);
      socket.resetAndDestroy();
    }
  await eventually(
    async () => (await ask(url, 'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).status === 200,
  );
  await pause(100);
  expect(uncaught).toEqual([]);
});

test('one that doesn’t get it gives its place back, whether the client ends its own side or not', async () => {
  const { certificate } = await ownCertificate();
  const limits = { connectionsPerAddress: 2, lingerMs: 200, stalledMs: 200, arrivalBurst: 1000 };
  const { url, secureUrl } = await startListener(noPages, limits, undefined, certificate, { webSockets: refusing });
  for (const each of [url, secureUrl])
    for (const [path, upgrade, stays] of [
      ['/live', 'websocket', false],
      ['/live', 'websocket', true],
      ['/healthz', 'h2c', true],
    ] as const) {
      for (let count = 0; count < 2; count++) {
        const socket = await dial(each, FAR);
        if (stays) socket.allowHalfOpen = true;
        socket.write(asking(path, upgrade));
        socket.resume();
        await once(socket, 'end');
      }
      const free = async () => {
        const answers = await askFrom(FAR, each, 'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n').catch(
          () => [],
        );
        return answers[0]?.status === 200;
      };
      await eventually(free);
    }
});

test('HTTP/2 isn’t spoken: an ordinary answer, by HTTPS as by HTTP', async () => {
  const { certificate } = await ownCertificate();
  const { url, secureUrl } = await startListener(noPages, {}, undefined, certificate);
  for (const each of [url, secureUrl]) {
    const socket = await dial(each);
    const received = receive(socket);
    socket.write(asking('/healthz', 'h2c'));
    const [answer] = answersOf(await received);
    expect([answer?.status, answer?.body]).toEqual([200, '{"status":"ok"}']);
  }
});
