/** The permitted ranges and the names as settings: changed on the running daemon, acted on at once, never against who asks. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import WebSocket from 'ws';
import { amiPort, logInClient, setUser } from '../ami/client.ts';
import { eventually, logIn, startDaemon } from '../support/daemon.ts';
import { ask, askFrom, dial } from './raw.ts';

test('permits and names hold at once, for HTTP, HTTPS, AMI and WebSockets, and shut out nobody who asks', async () => {
  const daemon = await startDaemon({ CDRD_HTTPS_LISTEN: '127.0.0.1:0' }, { unset: ['CDRD_HTTP_NAMES'] });
  const token = await logIn(daemon.url, 'admin');
  const secureUrl = `https://127.0.0.1:${daemon.secureAddresses[0]?.port}`;
  const get = (target: string, host = 'localhost') =>
    `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`;
  const change = async (query: string, address = '127.0.0.2', url = daemon.url) => {
    const [answer] = await askFrom(address, url, get(`/cgi/webserve/30017?&${query}`));
    return [answer?.status, JSON.parse(answer?.body ?? '{}').error?.parameter];
  };
  const health = async (address: string, url = daemon.url) =>
    (await askFrom(address, url, get('/healthz')).catch(() => []))[0]?.status;

  // The way by which one asks stays open; another may be closed.
  expect(await change('http.permit=10.0.0.0/8')).toEqual([409, 'http.permit']);
  expect(await change('http.permit=')).toEqual([409, 'http.permit']);
  expect(await change('https.permit=10.0.0.0/8', '127.0.0.2', secureUrl)).toEqual([409, 'https.permit']);
  expect(await change('http.permit=lan')).toEqual([400, 'http.permit']);
  expect(await change('https.permit=10.0.0.0/8')).toEqual([200, undefined]);
  expect(await health('127.0.0.2', secureUrl)).toBeUndefined();
  expect([await health('127.0.0.1', secureUrl), await health('127.0.0.2')]).toEqual([200, 200]);
  expect(await change('http.permit=127.0.0.0/29,10.0.0.0/8')).toEqual([200, undefined]);
  expect([await health('127.0.0.9'), await health('127.0.0.3')]).toEqual([403, 200]);

  // Who is there already has to go; the box itself, and who asks from it, may do all.
  const open = await dial(daemon.url, '127.0.0.3');
  open.resume();
  expect(await change('http.permit=', '127.0.0.1')).toEqual([200, undefined]);
  await eventually(() => open.destroyed);
  expect([await health('127.0.0.3'), await health('127.0.0.1')]).toEqual([403, 200]);
  expect(await change('reset=http.permit,https.permit', '127.0.0.1')).toEqual([200, undefined]);
  expect([await health('127.0.0.3'), await health('127.0.0.3', secureUrl)]).toEqual([200, 200]);

  // The AMI: by TCP and by WebSocket, not by the local socket.
  await setUser(daemon, 'crm', { permit: '127.0.0.0/8' });
  const far = connect({ host: '127.0.0.1', port: amiPort(daemon), localAddress: '127.0.0.2' }).on('error', () => {});
  onTestFinished(() => void far.destroy());
  far.write('Action: Login\r\nUsername: crm\r\nSecret: geheim\r\n\r\n');
  await eventually(() => far.bytesRead > 0);
  const webSocket = async (localAddress: string) => {
    const socket = new WebSocket(`${daemon.url.replace('http:', 'ws:')}/ami`, { localAddress });
    onTestFinished(() => socket.terminate());
    return Promise.race([
      once(socket, 'open').then(() => 'open'),
      new Promise<string>((resolve) => socket.once('error', ({ message }) => resolve(message))),
    ]);
  };
  expect(await webSocket('127.0.0.2')).toBe('open');
  expect(await change('ami.permit=10.0.0.0/8')).toEqual([200, undefined]);
  far.resume();
  await eventually(() => far.destroyed);
  const again = connect({ host: '127.0.0.1', port: amiPort(daemon), localAddress: '127.0.0.2' }).on('error', () => {});
  again.resume();
  await once(again, 'close');
  expect(again.bytesRead).toBe(0);
  expect(await webSocket('127.0.0.2')).toContain('403');
  expect(await webSocket('127.0.0.1')).toBe('open');
  for (const way of [amiPort(daemon), daemon.ami.socketPath])
    expect((await (await logInClient(way, 'crm')).ask('Ping')).get('Ping')).toBe('Pong');

  // Names: by the list alone, from the next request on.
  const named = async (host: string) => (await ask(daemon.url, get('/healthz', host))).status;
  expect([await named('pbx.example.com'), await named('localhost')]).toEqual([421, 200]);
  expect(await change('http.names=PBX.example.com')).toEqual([200, undefined]);
  expect([await named('pbx.example.com:8080'), await named('evil.example')]).toEqual([200, 421]);

  // Who would be sent on to where it is refused could not undo it.
  expect(await change('https.permit=10.0.0.0/8&http.redirect=yes')).toEqual([409, 'https.permit']);
  expect(await change('https.permit=10.0.0.0/8')).toEqual([200, undefined]);
  expect(await change('http.redirect=yes')).toEqual([409, 'http.redirect']);
  expect(await change('reset=https.permit')).toEqual([200, undefined]);

  // Sent on to HTTPS, but for the box itself.
  expect(await change('http.redirect=yes')).toEqual([200, undefined]);
  const [sent] = await askFrom('127.0.0.2', daemon.url, get('/cgi/webserve/9006?&limit=1', 'pbx.example.com'));
  expect([sent?.status, sent?.headers['location']]).toEqual([
    308,
    `https://pbx.example.com:${daemon.secureAddresses[0]?.port}/cgi/webserve/9006?&limit=1`,
  ]);
  expect([await health('127.0.0.2'), (await ask(daemon.url, get('/cgi/webserve/'))).status]).toEqual([200, 200]);
});

test('what the file says of permits is fixed', async () => {
  const daemon = await startDaemon({ CDRD_HTTP_PERMIT: 'local,203.0.113.0/24', CDRD_AMI_PERMIT: 'all' });
  const { json_array_settings: all } = await daemon.json('/cgi/webserve/30016');
  const shown = (all as { name: string; value: string; fixed: string | null }[]).filter(({ name }) =>
    name.endsWith('.permit'),
  );
  expect(shown.map(({ name, value, fixed }) => [name, value, fixed])).toEqual([
    ['http.permit', 'local,203.0.113.0/24', 'environment CDRD_HTTP_PERMIT'],
    ['https.permit', 'local', null],
    ['ami.permit', 'all', 'environment CDRD_AMI_PERMIT'],
  ]);
  expect((await daemon.get('/cgi/webserve/30017?&http.permit=all')).status).toBe(409);
});
