/** Listeners that change while they serve: opened first, closed afterwards, there again when the change is taken back. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { portFault } from '../../daemon/doors.ts';
import { createListeners, ListenError } from '../../daemon/sockets/listeners.ts';
import { ownSockets } from '../../daemon/sockets/sockets.ts';
import { eventually } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';

function open(isForGood = false, listen = ownSockets.listen) {
  const listeners = createListeners<'x'>({
    create: ({ address }) => createServer((socket) => socket.end(`${address.host}`)),
    retire: (server) => new Promise((resolve) => server.close(resolve)),
    sockets: { ...ownSockets, isForGood: () => isForGood, listen },
    log: { error() {}, warn() {}, info() {} },
  });
  onTestFinished(() => listeners.close());
  const at = (port: number, host = '127.0.0.1') => ({ kind: 'x' as const, address: { host, port } });
  return { listeners, at };
}

/** What whoever comes is told: '' = nothing, before it was cut off; null = nobody listens. */
const told = (port: number) => toldBy('127.0.0.1', port);

async function toldBy(host: string, port: number): Promise<string | null> {
  const socket = connect(port, host);
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

test('a socket that could not be opened again is kept when a change that took it is taken back', async () => {
  const { listeners, at } = open(true);
  const [port, low] = [await freePort(), await freePort()];
  (await listeners.prepare([at(port)])).settle();
  await (await listeners.prepare([at(port), at(low)])).takeBack();
  expect([await told(port), await told(low)]).toEqual(['127.0.0.1', '']);
  expect(listeners.now.map(({ address }) => address.port)).toEqual([port]);
  (await listeners.prepare([at(low)])).settle();
  expect(await told(low)).toBe('127.0.0.1');
});

describe('a start at which another program has the port that a page chose', () => {
  async function taken() {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    onTestFinished(() => void other.close());
    return (other.address() as AddressInfo).port;
  }

  test('is served by the configuration’s, also by those that could be opened but once', async () => {
    const opened = new Set<number>();
    const { listeners, at } = open(true, async (server, address) => {
      if (opened.has(address.port)) throw Object.assign(new Error('no longer root'), { code: 'EACCES' });
      await ownSockets.listen(server, address);
      opened.add(address.port);
    });
    const [low, standard] = [await freePort(), await freePort()];
    await listeners.begin([at(low), at(await taken())], [at(low), at(standard)]);
    expect([await told(low), await told(standard)]).toEqual(['127.0.0.1', '127.0.0.1']);
    expect(listeners.now.map(({ address }) => address.port)).toEqual([low, standard]);
  });

  test('fails where it is the configuration’s own, and leaves nothing open', async () => {
    const { listeners, at } = open(true);
    const [port, other] = [await freePort(), await taken()];
    const refused = await listeners.begin([at(port), at(other)], [at(other)]).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'EADDRINUSE', address: { port: other } });
    expect(await told(port)).toBe(null);
    expect(listeners.open).toEqual([]);
  });
});

describe('an address that is not there yet', () => {
  /** The network comes when it is told to. */
  function openLate() {
    const network = { there: false };
    const { listeners, at } = open(false, async (server, address) => {
      if (address.host === '127.0.0.9' && !network.there)
        throw Object.assign(new Error('no such address'), { code: 'EADDRNOTAVAIL' });
      await ownSockets.listen(server, address);
    });
    return { network, listeners, at };
  }

  test('is waited for at a start, while the others serve, and taken when it has come', async () => {
    const { network, listeners, at } = openLate();
    const [port, late] = [await freePort(), await freePort()];
    await listeners.begin([at(port), at(late, '127.0.0.9')], []);
    expect(listeners.missing.map(({ address }) => address.host)).toEqual(['127.0.0.9']);
    expect(listeners.now.map(({ address }) => address.port)).toEqual([port]);
    // A page changes something else meanwhile.
    const other = await freePort();
    (await listeners.prepare([at(other), at(late, '127.0.0.9')])).settle();
    expect(listeners.missing).toHaveLength(1);
    network.there = true;
    await eventually(() => listeners.now.length === 2);
    expect(listeners.missing).toEqual([]);
    expect(await toldBy('127.0.0.9', late)).toBe('127.0.0.9');
    expect(await told(other)).toBe('127.0.0.1');
  });

  test('is not waited for once it is wanted no longer', async () => {
    const { network, listeners, at } = openLate();
    const [port, late] = [await freePort(), await freePort()];
    await listeners.begin([at(port), at(late, '127.0.0.9')], []);
    (await listeners.prepare([at(port)])).settle();
    expect(listeners.missing).toEqual([]);
    network.there = true;
    await new Promise((resolve) => setTimeout(resolve, 2_500)); // longer than between two tries
    expect(await toldBy('127.0.0.9', late)).toBe(null);
  });

  test('is stood in for as long as no other is there, and nobody stands in any more once it has come', async () => {
    const { network, listeners, at } = openLate();
    const [port, late] = [await freePort(), await freePort()];
    await listeners.begin([at(late, '127.0.0.9')], [at(port), at(late, '127.0.0.9')]);
    expect(listeners.missing).toHaveLength(1);
    expect([await told(port), await toldBy('127.0.0.9', late)]).toEqual(['127.0.0.1', null]);
    network.there = true;
    await eventually(async () => (await told(port)) === null);
    expect(await toldBy('127.0.0.9', late)).toBe('127.0.0.9');
    expect(listeners.now.map(({ address }) => address.host)).toEqual(['127.0.0.9']);
  });

  test('is stood in for still when a page changes nothing but what else waits', async () => {
    const { network, listeners, at } = openLate();
    const [port, late, later] = [await freePort(), await freePort(), await freePort()];
    await listeners.begin([at(late, '127.0.0.9'), at(later, '127.0.0.9')], [at(port)]);
    (await listeners.prepare([at(late, '127.0.0.9')])).settle();
    expect(await told(port)).toBe('127.0.0.1');
    expect(listeners.now.map(({ address }) => address.port)).toEqual([port]);
    network.there = true;
    await eventually(async () => (await told(port)) === null);
    expect(await toldBy('127.0.0.9', late)).toBe('127.0.0.9');
  });

  test('gives way to who stands in on its port at all addresses only until it has come', async () => {
    const { network, listeners, at } = openLate();
    const port = await freePort();
    await listeners.begin([at(port, '127.0.0.9')], [at(port, '0.0.0.0')]);
    expect(await toldBy('127.0.0.9', port)).toBe('0.0.0.0');
    network.there = true;
    await eventually(async () => (await toldBy('127.0.0.9', port)) === '127.0.0.9');
    expect(await told(port)).toBe(null);
  });

  test('leaves nothing of a try that came to nothing', async () => {
    const made: Server[] = [];
    let closed = 0;
    const listeners = createListeners<'x'>({
      create: () => {
        const server = createServer();
        server.once('close', () => closed++);
        made.push(server);
        return server;
      },
      retire: (server) => new Promise((resolve) => server.close(resolve)),
      sockets: {
        ...ownSockets,
        listen: async () => {
          throw Object.assign(new Error('no such address'), { code: 'EADDRNOTAVAIL' });
        },
      },
      log: { error() {}, warn() {}, info() {} },
    });
    onTestFinished(() => listeners.close());
    await listeners.begin([{ kind: 'x', address: { host: '127.0.0.9', port: 1 } }], []);
    await eventually(() => made.length === 2); // it is tried anew
    await eventually(() => closed === 2);
  });

  test('is an error where a page asks for it', async () => {
    const { listeners, at } = openLate();
    const refused = await listeners.prepare([at(await freePort(), '127.0.0.9')]).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'EADDRNOTAVAIL' });
    expect(listeners.missing).toEqual([]);
  });
});

test('who asks for a port that only root may open is told which others can be had', async () => {
  const listeners = createListeners<'http'>({
    create: () => createServer(),
    retire: async () => {},
    sockets: {
      ...ownSockets,
      given: '[::]:80 and [::]:443',
      listen: async () => {
        throw Object.assign(new Error('no'), { code: 'EACCES' });
      },
    },
    log: { error() {}, warn() {}, info() {} },
  });
  const refused = await listeners
    .prepare([{ kind: 'http', address: { host: '::', port: 81 } }])
    .catch((error: ListenError) => portFault(error).message);
  expect(refused).toBe(
    'http.listen: [::]:81 may be opened by root alone, as ports under 1024 are: choose one from 1024 on, or what the ' +
      'service manager has opened ([::]:80 and [::]:443)',
  );
});

test('what could not be opened again gives way to nobody', async () => {
  const { listeners, at } = open(true);
  const port = await freePort();
  (await listeners.prepare([at(port)])).settle();
  const refused = await listeners.prepare([at(port, '0.0.0.0')]).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: 'EADDRINUSE' });
  expect(await told(port)).toBe('127.0.0.1');
});
