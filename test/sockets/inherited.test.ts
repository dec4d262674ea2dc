/** The built daemon with sockets that somebody else opened, as systemd hands them on. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { earlyLimits } from '../../daemon/limits.ts';
import { listenOn } from '../../daemon/sockets/early.ts';
import { eventually, logIn } from '../support/daemon.ts';
import { temporaryFolder } from '../support/folder.ts';
import { freePort } from '../support/free-port.ts';
import { NODE_FLAGS } from '../support/production.ts';

const PROGRAM = new URL('../.build/cdrd.mjs', import.meta.url).pathname;
const PATIENCE_S = 60;

/** A socket that listens. */
async function socketOn(host: string): Promise<{ fd: number; port: number; close(): void }> {
  const server: Server & { _handle?: { fd: number } } = createServer();
  await listenOn(server, () => server.listen({ host, port: 0 }));
  return { fd: server._handle?.fd ?? -1, port: (server.address() as AddressInfo).port, close: () => server.close() };
}

type Handed = Pick<Awaited<ReturnType<typeof socketOn>>, 'fd' | 'close'>;

/** Starts it with these sockets from descriptor 3 on, and keeps none of them. @param pid What LISTEN_PID says; `$$` is the daemon's own. */
function startWith(
  sockets: readonly (Handed | null)[],
  env: Record<string, string>,
  pid = '$$',
  unset: readonly string[] = [],
) {
  const folder = temporaryFolder();
  mkdirSync(`${folder}/recordings`);
  const own: Record<string, string> = { CDRD_HTTPS_LISTEN: '', CDRD_AMI_LISTEN: '' };
  for (const name of unset) delete own[name];
  const child: ChildProcess = spawn(
    'sh',
    ['-c', `LISTEN_PID=${pid} exec "$0" "$@"`, process.execPath, ...NODE_FLAGS, PROGRAM, 'run'],
    {
      stdio: ['ignore', 'ignore', 'pipe', ...sockets.map((socket) => socket?.fd ?? ('ignore' as const))],
      env: {
        PATH: process.env['PATH'],
        CDRD_STATE_DIR: `${folder}/state`,
        CDRD_RUN_DIR: `${folder}/run`,
        ...own,
        CDRD_RECORDINGS_DIR: `${folder}/recordings`,
        CDRD_RECORDINGS_REQUIRE_MOUNT: 'no',
        CDRD_ASTERISK_HOST: '',
        LISTEN_FDS: String(sockets.length),
        ...env,
      },
    },
  );
  for (const socket of sockets) socket?.close();
  let log = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  return { child, folder, log: () => log, ready: () => eventually(() => log.includes('cdrd is ready'), PATIENCE_S) };
}

const health = async (port: number) => (await fetch(`http://127.0.0.1:${port}/healthz`)).status;

test('served by address and by name; what nobody asked for is served by nobody', { timeout: 120_000 }, async () => {
  const [http, https, ami, stray] = [
    await socketOn('127.0.0.1'),
    await socketOn('0.0.0.0'),
    await socketOn('127.0.0.1'),
    await socketOn('127.0.0.1'),
  ];
  const { child, log, ready } = startWith([https, stray, http, ami, null], {
    LISTEN_FDNAMES: 'https:stray:cdrd.socket:x:none',
    CDRD_HTTP_LISTEN: `127.0.0.1:${http.port}`,
    CDRD_HTTPS_LISTEN: '0.0.0.0:443', // by its name: the port is another one
    CDRD_AMI_LISTEN: `127.0.0.1:${ami.port}`,
  });
  // Asked before it runs: it waits, though not for ever.
  const began = performance.now();
  const early = health(http.port).catch(() => 'cut off');
  await ready();
  if (performance.now() - began < earlyLimits.waitMs) expect(await early).toBe(200);
  expect(await health(http.port)).toBe(200);
  expect(log()).toContain(`https=https://0.0.0.0:${https.port}`);
  const client = connect(ami.port, '127.0.0.1');
  onTestFinished(() => void client.destroy());
  expect(String((await once(client, 'data'))[0])).toBe('Asterisk Call Manager/1.1\r\n');
  expect(log()).toMatch(/a socket was handed on that no listen setting asks for.*fd=4 name=stray/);
  expect(log()).toMatch(/what was handed on is no socket that listens fd=7 name=none/);
  child.kill('SIGTERM');
  expect((await once(child, 'exit'))[0]).toBe(0);
});

test('meant for another process, they are left alone', { timeout: 120_000 }, async () => {
  const socket = await socketOn('127.0.0.1');
  const { port } = socket;
  const { child, log } = startWith([socket], { CDRD_HTTP_LISTEN: `127.0.0.1:${port}` }, '1');
  const [code] = await once(child, 'exit');
  expect(code).toBe(1);
  expect(log()).toContain(`another program listens on 127.0.0.1:${port} already`);
});

test('a page chooses other ports: what was handed on is served by nobody then, and again when it is chosen', {
  timeout: 120_000,
}, async () => {
  const [http, https, stray] = [await socketOn('127.0.0.1'), await socketOn('127.0.0.1'), await socketOn('127.0.0.1')];
  const { ready, folder, log } = startWith([http, https, stray], { LISTEN_FDNAMES: 'http:https:x' }, '$$', [
    'CDRD_HTTPS_LISTEN',
  ]);
  await ready();
  expect(await served(stray.port)).toBe(false);
  const env = { CDRD_STATE_DIR: `${folder}/state`, CDRD_RUN_DIR: `${folder}/run` };
  spawnSync(process.execPath, [...NODE_FLAGS, PROGRAM, 'user', 'set', 'admin', '--role', 'admin'], {
    env,
    input: 'a long password\n',
  });
  const url = `http://127.0.0.1:${http.port}`;
  const token = await logIn(url, 'admin', 'a long password');
  const change = async (query: string) =>
    (await fetch(`${url}/cgi/webserve/30017?&${query}`, { headers: { Authorization: `Bearer ${token}` } })).status;
  const free = await freePort();
  expect(await served(https.port)).toBe(true);
  expect(await change(`https.listen=127.0.0.1:${free}`)).toBe(200);
  expect([await served(https.port), await served(free)]).toEqual([false, true]);
  // One that no setting asked for at the start, and the one that it had.
  expect(await change(`https.listen=127.0.0.1:${stray.port}`)).toBe(200);
  expect([await served(stray.port), await served(free)]).toEqual([true, null]);
  expect(await change('reset=https.listen')).toBe(200);
  expect([await served(https.port), await served(stray.port)]).toEqual([true, false]);
  expect(log()).not.toMatch(/could not be opened again/);
});

test('a page’s port is taken at the next start: what was handed on serves all the same', {
  timeout: 120_000,
}, async () => {
  const begin = async (env: Record<string, string> = {}) => {
    const [http, https] = [await socketOn('127.0.0.1'), await socketOn('127.0.0.1')];
    const started = startWith([http, https], { LISTEN_FDNAMES: 'http:https', ...env }, '$$', ['CDRD_HTTPS_LISTEN']);
    await started.ready();
    return { ...started, http, https };
  };
  const first = await begin();
  const env = { CDRD_STATE_DIR: `${first.folder}/state`, CDRD_RUN_DIR: `${first.folder}/run` };
  spawnSync(process.execPath, [...NODE_FLAGS, PROGRAM, 'user', 'set', 'admin', '--role', 'admin'], {
    env,
    input: 'a long password\n',
  });
  const url = `http://127.0.0.1:${first.http.port}`;
  const token = await logIn(url, 'admin', 'a long password');
  const other = createServer();
  onTestFinished(() => void other.close());
  const port = await freePort();
  const changed = await fetch(`${url}/cgi/webserve/30017?&https.listen=127.0.0.1:${port}`, {
    headers: { Authorization: `Bearer ${token}` },
  });
  expect(changed.status).toBe(200);
  first.child.kill('SIGTERM');
  await once(first.child, 'exit');
  await listenOn(other, () => other.listen(port, '127.0.0.1'));
  const second = await begin(env);
  expect(second.log()).toContain('what a page has set can not be listened on');
  expect(await health(second.http.port)).toBe(200);
  expect(await served(second.https.port)).toBe(true);
});

/** Whether who greets as in TLS is answered; false: cut off, null: nobody listens. */
async function served(port: number): Promise<boolean | null> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
  try {
    return await new Promise((resolve) => {
      socket.once('secureConnect', () => resolve(true));
      socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code === 'ECONNREFUSED' ? null : false));
    });
  } finally {
    socket.destroy();
  }
}
