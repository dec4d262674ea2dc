/** The AMI and the calls in progress over WebSocket: what a page and a program see, and who is turned away. */
import { createConnection } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import WebSocket from 'ws';
import { startSimulator } from '../simulator/simulator.ts';
import { eventually, logIn, startDaemon } from '../support/daemon.ts';

async function box() {
  const pbx = await startSimulator({ username: 'cdrd', secret: 'ws', zone: 'Etc/GMT+8' });
  onTestFinished(() => pbx.close());
  const daemon = await startDaemon({
    CDRD_ASTERISK_HOST: '127.0.0.1',
    CDRD_ASTERISK_PORT: String(pbx.port),
    CDRD_ASTERISK_SECRET: 'ws',
  });
  await daemon.amiUsers.set({
    name: 'crm',
    secret: 'geheim',
    read: ['cdr', 'call', 'agent'],
    write: ['call'],
    permit: [],
    extras: true,
  });
  await eventually(() => pbx.astdb.get('cdrd/enable') === '1');
  return { pbx, daemon, ws: daemon.url.replace('http:', 'ws:') };
}

function open(url: string, protocols: string[] = [], headers: Record<string, string> = {}) {
  const socket = new WebSocket(url, protocols, { headers });
  onTestFinished(() => socket.terminate());
  const messages: string[] = [];
  socket.on('message', (data) => messages.push(data.toString()));
  const failed = new Promise<string>((resolve) => socket.once('error', (error) => resolve(error.message)));
  return { socket, messages, failed };
}

test('/ami speaks one packet a message, and JSON where it is asked for', async () => {
  const { pbx, ws } = await box();
  const text = open(`${ws}/ami`);
  const json = open(`${ws}/ami`, ['json']);
  await eventually(() => text.messages.length === 1 && json.messages.length === 1);
  expect(text.messages[0]).toBe('Asterisk Call Manager/1.1\r\n');
  expect(JSON.parse(json.messages[0] ?? '')).toEqual({ Greeting: 'Asterisk Call Manager/1.1' });
  text.socket.send('Action: Login\r\nUsername: crm\r\nSecret: geheim\r\nEvents: cdr\r\nActionID: 1');
  json.socket.send(JSON.stringify({ Action: 'Login', Username: 'crm', Secret: 'geheim', Events: 'cdr,agent' }));
  await eventually(() => text.messages.length === 2 && json.messages.length === 2);
  expect(text.messages[1]).toBe('Response: Success\r\nActionID: 1\r\nMessage: Authentication accepted\r\n\r\n');
  expect(JSON.parse(json.messages[1] ?? '')).toEqual({ Response: 'Success', Message: 'Authentication accepted' });
  await pbx.placeCall('internal', { source: '205', destination: '204', ring: 0.1, talk: 1 });
  await eventually(() => json.messages.length === 4);
  expect(text.messages).toHaveLength(3);
  expect(text.messages[2]).toMatch(/^Event: Cdr\r\nPrivilege: cdr,all\r\n/);
  const [cdr, end] = json.messages.slice(2).map((message) => JSON.parse(message));
  expect(cdr).toMatchObject({ Event: 'Cdr', Source: '205', Destination: '204' });
  expect(cdr.EventSequence).toMatch(/^[1-9]\d*$/); // a medium that is slow to be seen comes before
  expect(end).toMatchObject({ Event: 'AutoMixMonitorEnd', 'Source Number': '205', 'Destination Number': '204' });
  expect(end['File Name']).toBe(cdr['Recording File Name']);
});

test('a message is bound by what a packet over TCP is, as JSON too', async () => {
  const { ws } = await box();
  for (const headers of [{ X: 'x'.repeat(1_020) }, { X: Array.from({ length: 128 }, () => 'x') }]) {
    const { socket, messages } = open(`${ws}/ami`, ['json']);
    const closed = new Promise<number>((resolve) => socket.once('close', resolve));
    await eventually(() => messages.length === 1);
    socket.send(JSON.stringify({ Action: 'Ping', ...headers }));
    expect(await closed).toBe(1007);
    expect(messages).toHaveLength(1);
  }
});

test('a client that sends many messages at once is answered to each, in order', async () => {
  const { ws } = await box();
  const { socket, messages } = open(`${ws}/ami`);
  await eventually(() => messages.length === 1);
  socket.send('Action: Login\r\nUsername: crm\r\nSecret: geheim\r\nEvents: off');
  for (let index = 0; index < 2_000; index++) socket.send(`Action: Ping\r\nActionID: ${index}`);
  await eventually(() => messages.length === 2_002);
  const ids = messages.slice(2).map((message) => Number(/ActionID: (\d+)/.exec(message)?.[1]));
  expect(ids).toEqual(Array.from({ length: 2_000 }, (_, index) => index));
});

test('/live tells of calls as they come and go, to the admin alone', async () => {
  const { pbx, daemon, ws } = await box();
  expect(await open(`${ws}/live`).failed).toContain('401');
  const monitor = await logIn(daemon.url, 'monitor');
  expect(await open(`${ws}/live`, [], { Cookie: `cdrd_session=${monitor}` }).failed).toContain('403');
  const admin = await logIn(daemon.url, 'admin');
  const cookie = { Cookie: `cdrd_session=${admin}` };
  expect(await open(`${ws}/live`, [], { ...cookie, Origin: 'http://evil.example' }).failed).toContain('403');
  const { messages } = open(`${ws}/live`, [], { ...cookie, Origin: daemon.url });
  await eventually(() => messages.length === 1);
  expect(JSON.parse(messages[0] ?? '')).toEqual({ asterisk: 'up', now: expect.any(Number), json_array_live: [] });
  await pbx.placeCall('inbound', { ring: 0.5, talk: 1.5 });
  const heard = () => messages.slice(1).map((message) => JSON.parse(message));
  await eventually(() => heard().some(({ ended }) => ended));
  const states = [...new Set(heard().flatMap(({ call }) => (call ? [call.state] : [])))];
  expect(states).toContain('up');
  const talking = heard().find(({ call }) => call?.state === 'up')?.call;
  expect(talking).toMatchObject({ userfield: 'Inbound', channel: expect.stringMatching(/./) });
  expect(heard().at(-1)).toEqual({ ended: talking.id });
});

test('a client that asks for HTTP/2 in passing, as Java does, gets an ordinary answer', async () => {
  const { daemon } = await box();
  const { port } = new URL(daemon.url);
  const socket = createConnection(Number(port), '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  let text = '';
  socket.on('data', (bytes) => {
    text += bytes;
  });
  socket.write(
    'GET /healthz HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nHost: box\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEA\r\n\r\n',
  );
  await eventually(() => text.includes('"status":"ok"'));
  expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
});
