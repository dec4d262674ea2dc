/** Listeners that change while they serve: opened first, closed afterwards, there again when the change is taken back. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createListeners, ListenError } from '../../daemon/sockets/listeners.ts';
import { ownSockets } from '../../daemon/sockets/sockets.ts';
import { eventually } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';

function open(isForGood = false) {
  const listeners = createListeners<'x'>({
    create: ({ address }) => createServer((socket) => socket.end(`${address.host}`)),
    retire: (server) => new Promise((resolve) => server.close(resolve)),
    sockets: { ...ownSockets, isForGood: () => isForGood },
    log: { error() {}, info() {} },
  });
  onTestFinished(() => listeners.close());
  const at = (port: number, host = '127.0.0.1') => ({ kind: 'x' as const, address: { host, port } });
  return { listeners, at };
}

/** What whoever comes is told: '' = nothing, before it was cut off; null = nobody listens. */
async function told(port: number): Promise<string | null> {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.on('data', (data) => {
    text += data;
  });
  return new Promise((resolve) => {
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code === 'ECONNREFUSED' ? null : text));
    socket.once('close', () => resolve(text));
  });
}

test('what is no longer wanted serves until the change is settled', async () => {
  const { listeners, at } = open();
  const [first, second] = [await freePort(), await freePort()];
  (await listeners.prepare([at(first)])).settle();
  const { settle } = await listeners.prepare([at(second)]);
  expect([await told(first), await told(second)]).toEqual(['127.0.0.1', '127.0.0.1']);
  settle();
  await eventually(async () => (await told(first)) === null);
  expect(await told(second)).toBe('127.0.0.1');
});

test('the wider address takes the place of the narrower one on its port, and gives it back', async () => {
  const { listeners, at } = open();
  const port = await freePort();
  (await listeners.prepare([at(port)])).settle();
  const { takeBack } = await listeners.prepare([at(port, '0.0.0.0')]);
  expect(await told(port)).toBe('0.0.0.0');
  await takeBack();
  expect(await told(port)).toBe('127.0.0.1');
});

test('one that can not be had leaves all as it was, and is named', async () => {
  const { listeners, at } = open();
  const [port, free] = [await freePort(), await freePort()];
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  onTestFinished(() => void other.close());
  const taken = (other.address() as AddressInfo).port;
  (await listeners.prepare([at(port)])).settle();
  const refused = await listeners.prepare([at(free), at(taken)]).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(ListenError);
  expect(refused).toMatchObject({ code: 'EADDRINUSE', address: { port: taken } });
  expect([await told(port), await told(free)]).toEqual(['127.0.0.1', null]);
  expect(listeners.now.map(({ address }) => address.port)).toEqual([port]);
});

test('a socket that could not be opened again is kept, serves nobody, and is there when it is wanted again', async () => {
  const { listeners, at } = open(true);
  const [low, high] = [await freePort(), await freePort()];
  (await listeners.prepare([at(low)])).settle();
  (await listeners.prepare([at(high)])).settle();
  expect([await told(low), await told(high)]).toEqual(['', '127.0.0.1']);
  (await listeners.prepare([at(low)])).settle();
  expect([await told(low), await told(high)]).toEqual(['127.0.0.1', '']);
});
