/** WebSocket `/live` stands and falls with the session that opened it. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { createSessions } from '../../cgi/access/session.ts';
import type { Services } from '../../cgi/verb.ts';
import { createBus } from '../../daemon/bus.ts';
import { tokenOf } from '../../daemon/http/cookies.ts';
import { livePath } from '../../daemon/http/live-path.ts';
import { createWebSockets } from '../../daemon/http/websocket.ts';
import { sessionLimits } from '../../daemon/limits.ts';
import { zone } from '../../storage/model/local-time.ts';
import type { AuditLine } from '../../storage/sql/audit.ts';

async function openLive() {
  const time = { ms: 0 };
  const sessions = createSessions(sessionLimits, () => time.ms);
  const live = { calls: () => [] } as unknown as Services['live'];
  const keys = { find: () => null } as unknown as Services['keys'];
  const refused: [action: string, who: string, detail: object][] = [];
  const notes = {
    refused: ({ action, who, detail }: AuditLine) => void refused.push([action, who, detail]),
  } as unknown as Services['notes'];
  const phoneBook = { of: async () => new Map() } as unknown as Services['phoneBook'];
  const services = { sessions, keys, live, phoneBook, zone: zone('UTC'), notes };
  const bus = createBus();
  const failures: string[] = [];
  const log = { error: (message: string) => void failures.push(message) };
  const paths = { '/live': livePath(services, bus, tokenOf, log) };
  const webSockets = createWebSockets(paths);
  const server = createServer().on('upgrade', webSockets.upgrade).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    webSockets.close();
    server.close();
  });
  /** One that has heard the first message, and how it ends. */
  const watch = async (token: string) => {
    const headers = { Authorization: `Bearer ${token}` };
    const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/live`, { headers });
    await once(socket, 'message');
    const closed = once(socket, 'close').then(([code]) => Number(code));
    return { socket, closed };
  };
  /** One of whom nothing is awaited, and what it hears. */
  const listen = async (token: string) => {
    const headers = { Authorization: `Bearer ${token}` };
    const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/live`, { headers });
    const heard: object[] = [];
    socket.on('message', (text) => heard.push(JSON.parse(String(text)) as object));
    await once(socket, 'open');
    return { socket, heard };
  };
  /** One that is refused. */
  const knock = async (token: string) => {
    const headers = { Authorization: `Bearer ${token}` };
    const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/live`, { headers });
    const [error] = (await once(socket, 'error', { signal: AbortSignal.timeout(20_000) })) as [Error];
    return error.message;
  };
  return { sessions, time, watch, listen, knock, keys, live, phoneBook, bus, refused, failures };
}

test('the end of its session, by whatever way, ends it at once, and nobody else’s', async () => {
  const { sessions, watch } = await openLive();
  const begin = () => sessions.begin({ user: 'admin', role: 'admin' }).token;
  const [byToken, byId, byUser] = [begin(), begin(), begin()];
  const other = await watch(sessions.begin({ user: 'boss', role: 'admin' }).token);
  const first = await watch(byToken);
  sessions.end(byToken);
  expect(await first.closed).toBe(4401);
  const second = await watch(byId);
  sessions.find(byId);
  sessions.endById(String(sessions.list('admin', null)[0]?.id), null);
  expect(await second.closed).toBe(4401);
  const third = await watch(byUser);
  sessions.endUser('admin');
  expect(await third.closed).toBe(4401);
  expect(other.socket.readyState).toBe(WebSocket.OPEN);
});

test('that it stays open is no use of the session, which idles out under it', async () => {
  const { sessions, time, watch } = await openLive();
  const { token } = sessions.begin({ user: 'admin', role: 'admin' });
  const { socket, closed } = await watch(token);
  time.ms += sessionLimits.idleSeconds * 1000 - 1;
  sessions.end(sessions.begin({ user: 'monitor', role: 'monitor' }).token); // every end makes it look
  expect(sessions.list('admin', null)).toHaveLength(1);
  time.ms += 1;
  sessions.end(sessions.begin({ user: 'monitor', role: 'monitor' }).token);
  expect(await closed).toBe(4401);
  socket.terminate();
});

test('calls bear the names of the phone book; while it is asked nothing is overtaken and nothing lost', async () => {
  const box = await openLive();
  const call = { id: 'a', src: '0171', dst: '202', callType: 'Inbound', since: 0, recording: null };
  box.live.calls = () => [call] as never;
  const asked: { numbers: readonly string[]; answer: (names: ReadonlyMap<string, unknown>) => void }[] = [];
  box.phoneBook.of = (numbers) => new Promise((answer) => asked.push({ numbers, answer: answer as never }));
  const { token } = box.sessions.begin({ user: 'admin', role: 'admin' });
  const { heard } = await box.listen(token);
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  // Before the newcomer has been told everything the call changes, and another ends.
  box.bus.emit('live', 'a');
  box.bus.emit('live', 'gone');
  asked[0]?.answer(new Map([['0171', { number: '0171', name: 'Ana', group: 'Friends' }]]));
  await vi.waitFor(() => expect(asked).toHaveLength(2));
  asked[1]?.answer(new Map());
  await vi.waitFor(() => expect(heard).toHaveLength(3));
  expect(heard).toMatchObject([
    { json_array_live: [{ id: 'a', contact: 'Ana', groupname: 'Friends' }] },
    { call: { id: 'a', contact: '', groupname: '' } },
    { ended: 'gone' },
  ]);
  // Of a call that goes out it is the other side's; without the book what goes on is told all the same.
  box.live.calls = () => [{ ...call, callType: 'Outbound' }] as never;
  box.phoneBook.of = (numbers) =>
    numbers.includes('202') ? Promise.reject(new Error('the store has ended')) : Promise.resolve(new Map());
  box.bus.emit('live', 'a');
  await vi.waitFor(() => expect(heard).toHaveLength(4));
  expect(heard[3]).toMatchObject({ call: { id: 'a', userfield: 'Outbound', contact: '' } });
});

test('what can not be told ends nobody but those who watch, and they may come again', async () => {
  const { sessions, watch, live, bus, failures } = await openLive();
  const { token } = sessions.begin({ user: 'admin', role: 'admin' });
  const { closed } = await watch(token);
  const far = { id: 'a', src: '1', dst: '2', callType: 'Inbound', since: 1e15, recording: null }; // no date has it
  live.calls = () => [far] as never;
  bus.emit('live', 'a');
  expect(await closed).toBe(1011);
  live.calls = () => [];
  const next = await watch(token);
  expect([next.socket.readyState, failures]).toEqual([WebSocket.OPEN, ['the calls in progress could not be told']]);
});

test('who is refused stands in the audit log: a key that opens nothing, and one that is for something else', async () => {
  const { sessions, knock, keys, refused } = await openLive();
  expect(await knock(`cdrd-00000000-${'A'.repeat(43)}`)).toContain('401');
  keys.find = () =>
    ({ user: 'key:crm', role: 'admin', numbers: new Set([9006]), scopes: new Set() }) as ReturnType<typeof keys.find>;
  expect(await knock(`cdrd-00000001-${'A'.repeat(43)}`)).toContain('403');
  keys.find = () => null;
  expect(await knock(sessions.begin({ user: 'x', role: 'admin' }).token.replace(/^../, 'xx'))).toContain('401');
  expect(refused).toEqual([
    ['key.refused', '', { id: '00000000' }],
    ['denied', 'key:crm', { path: '/live' }],
  ]);
});
