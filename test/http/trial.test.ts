/** Changes that may shut out who asks for them: on trial, confirmed by a way in that works, or fallen back. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { logInClient, setUser } from '../ami/client.ts';
import { eventually, logIn, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { temporaryFolder } from '../support/folder.ts';
import { freePort } from '../support/free-port.ts';
import { NODE_FLAGS } from '../support/production.ts';
import { ask, askFrom, dial } from './raw.ts';

const PROGRAM = new URL('../.build/cdrd.mjs', import.meta.url).pathname;

interface Shown {
  readonly token: string;
  readonly what: string[];
  readonly user: string;
  readonly location: string | null;
  readonly by_another: boolean;
}

/** Asks a number over a connection of its own. @returns status and body. */
async function number(url: string, path: string, token: string, from = '127.0.0.1') {
  const { host } = new URL(url);
  const request = `GET /cgi/webserve/${path} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`;
  const [answer] = await askFrom(from, url, request);
  const body = JSON.parse(answer?.body || '{}') as {
    error?: { code: string; message: string; parameter?: string };
    trial?: Shown | null;
    role?: string;
  };
  return { status: answer?.status, body };
}

const health = async (url: string, from = '127.0.0.1') =>
  (await askFrom(from, url, 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n').catch(() => []))[0]
    ?.status;

async function audit(daemon: TestDaemon, action: string): Promise<Record<string, unknown>[]> {
  const { json_array_audit: rows } = await daemon.json(`/cgi/webserve/30018?&action=${action}`);
  return (rows as { who: string; detail: Record<string, unknown> }[]).map(({ who, detail }) => ({ who, ...detail }));
}

const start = (env: Record<string, string> = {}) => startDaemon(env, { unset: ['CDRD_HTTP_NAMES'], listen: 'free' });

test('another port of HTTP serves beside the old one, until it is confirmed by the new one', async () => {
  const daemon = await start();
  const token = await logIn(daemon.url, 'admin');
  const port = await freePort();
  const fresh = `http://127.0.0.1:${port}`;
  const kept = await dial(daemon.url);
  kept.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await once(kept, 'data');
  // Who knows nothing of trials is told that there are, and nothing has changed.
  const plain = await number(daemon.url, `30017?&http.listen=127.0.0.1:${port}`, token);
  expect(plain).toMatchObject({ status: 409, body: { error: { code: 'conflict', parameter: 'http.listen' } } });
  expect(plain.body.error?.message).toContain('confirm=60');
  expect(await health(fresh)).toBeUndefined();

  const begun = await number(daemon.url, `30017?&http.listen=127.0.0.1:${port}&confirm=60`, token);
  expect(begun).toMatchObject({
    status: 200,
    body: { settings: { 'http.listen': `127.0.0.1:${port}` }, trial: { what: ['http.listen'], location: `${fresh}/` } },
  });
  const trial = begun.body.trial?.token;
  expect([await health(fresh), await health(daemon.url)]).toEqual([200, 200]);
  await eventually(() => kept.destroyed || kept.readableEnded); // what waits there is no new connection
  expect((await number(daemon.url, '30038?', token)).body.trial).toMatchObject({ user: 'admin', token: trial });
  const old = await number(daemon.url, `30038?&token=${trial}`, token);
  expect([old.status, old.body.error?.message]).toEqual([409, `confirm it by the new address: ${fresh}/`]);
  // One at a time, of what shuts people out; the rest may be changed meanwhile.
  const second = await number(daemon.url, '30017?&http.names=pbx.example.com', token);
  expect([second.status, second.body.error?.message]).toEqual([
    409,
    expect.stringMatching(/^http\.listen, changed by admin, is on trial for another \d\d s/),
  ]);
  expect((await number(daemon.url, '30017?&trash.days=3', token)).status).toBe(200);
  expect(await daemon.store.ask('setting', 'http.listen')).toBeNull();

  expect(await number(fresh, `30038?&token=${trial}`, token)).toMatchObject({ status: 200 });
  await eventually(async () => (await health(daemon.url)) === undefined);
  expect(await health(fresh)).toBe(200);
  expect(await daemon.store.ask('setting', 'http.listen')).toBe(`127.0.0.1:${port}`);
  expect((await number(fresh, `30038?&token=${trial}`, token)).status).toBe(404);
  const lines = (await daemon.store.ask('auditEntries', { before: null, limit: 50 })).entries;
  expect(
    lines.filter(({ action }) => /^(trial|setting)\./.test(action)).map(({ action, who }) => [action, who]),
  ).toEqual([
    ['trial.confirmed', 'admin'],
    ['setting.changed', 'admin'],
    ['setting.changed', 'admin'],
    ['trial.begun', 'admin'],
  ]);
});

test('not confirmed it falls back by itself; taken back at once', { timeout: 30_000 }, async () => {
  const daemon = await start();
  const token = await logIn(daemon.url, 'admin');
  const port = await freePort();
  const fresh = `http://127.0.0.1:${port}`;
  const change = (seconds: number) =>
    number(daemon.url, `30017?&http.listen=127.0.0.1:${port}&confirm=${seconds}`, token);
  await change(5);
  expect(await health(fresh)).toBe(200);
  await eventually(async () => (await health(fresh)) === undefined, 20);
  expect(await health(daemon.url)).toBe(200);
  expect((await number(daemon.url, '30038?', token)).body).toEqual({ trial: null });
  expect(await audit(daemon, 'trial.fell-back')).toEqual([
    { who: 'cdrd', what: 'http.listen', why: 'nobody confirmed it in time' },
  ]);
  expect(daemon.log.filter((line) => line.includes('has fallen back'))).toHaveLength(1);

  const again = await change(600);
  expect(await number(daemon.url, `30038?&back=1&token=${again.body.trial?.token}`, token)).toMatchObject({
    status: 200,
  });
  await eventually(async () => (await health(fresh)) === undefined);
  expect(await health(daemon.url)).toBe(200);
  expect((await audit(daemon, 'trial.fell-back'))[0]).toMatchObject({ who: 'admin', why: 'it was taken back' });
});

test('a port that can not be had is refused by name, and nothing changes', async () => {
  const daemon = await start();
  const token = await logIn(daemon.url, 'admin');
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  onTestFinished(() => void taken.close());
  const { port } = taken.address() as AddressInfo;
  const free = await freePort();
  for (const name of ['http.listen', 'https.listen', 'ami.listen']) {
    const answer = await number(daemon.url, `30017?&${name}=127.0.0.1:${port}&confirm=60`, token);
    expect([name, answer.status, answer.body.error]).toEqual([
      name,
      409,
      { code: 'conflict', parameter: name, message: `${name}: 127.0.0.1:${port} is taken by another program` },
    ]);
  }
  const both = await number(daemon.url, `30017?&https.listen=127.0.0.1:${free}&ami.listen=127.0.0.1:${port}`, token);
  expect(both.body.error?.parameter).toBe('ami.listen');
  expect(await health(`http://127.0.0.1:${free}`)).toBeUndefined();
  const far = await number(daemon.url, `30017?&ami.listen=203.0.113.9:${free}`, token);
  expect([far.status, far.body.error?.message]).toEqual([400, 'ami.listen: 203.0.113.9 is no address of this box']);
  const off = await number(daemon.url, '30017?&http.listen=&confirm=60', token);
  expect([off.status, off.body.error?.parameter]).toEqual([409, 'http.listen']);
  const same = await number(daemon.url, `30017?&https.listen=127.0.0.1:${free}&ami.listen=127.0.0.1:${free}`, token);
  expect([same.status, same.body.error?.code]).toEqual([400, 'invalid']);
  expect(await health(daemon.url)).toBe(200);
  expect(await audit(daemon, 'setting.changed')).toEqual([]);
});

test('HTTPS is switched on and off while it runs, and HTTP sent on to it', async () => {
  const daemon = await start({ CDRD_HTTP_LISTEN: `127.0.0.1:${await freePort()}` });
  const token = await logIn(daemon.url, 'admin');
  const secure = `https://127.0.0.1:${await freePort()}`;
  expect((await number(daemon.url, `30017?&https.listen=${new URL(secure).host}`, token)).status).toBe(200);
  const get = (target: string) => `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
  expect((await ask(secure, get('/healthz'))).status).toBe(200);
  expect(JSON.parse((await ask(daemon.url, get('/healthz'))).body).https.state).toBe('ok');
  // From elsewhere than the box itself, by HTTP.
  const sent = await number(daemon.url, '30017?&http.redirect=yes&confirm=60', token, '127.0.0.2');
  expect(sent.body.trial).toMatchObject({ what: ['http.redirect'], location: `${secure}/` });
  expect((await number(daemon.url, '30038?', token, '127.0.0.2')).status).toBe(308);
  expect(await number(secure, `30038?&token=${sent.body.trial?.token}`, token, '127.0.0.2')).toMatchObject({
    status: 200,
  });
  expect(
    (await number(secure, '30017?&reset=http.redirect,https.listen&confirm=60', token, '127.0.0.2')).body.trial,
  ).toMatchObject({
    what: ['https.listen'],
    location: `${daemon.url}/`,
  });
});

test('a permit without one’s own address shuts out for so long, and the box itself never', {
  timeout: 30_000,
}, async () => {
  const daemon = await start();
  const token = await logIn(daemon.url, 'admin');
  const begun = await number(daemon.url, '30017?&http.permit=10.0.0.0/8&confirm=5', token, '127.0.0.2');
  expect([begun.status, begun.body.trial?.what]).toEqual([200, ['http.permit']]);
  expect(await eventually(async () => (await health(daemon.url, '127.0.0.2')) === 403)).toBe(true);
  expect(await health(daemon.url)).toBe(200);
  await eventually(async () => (await health(daemon.url, '127.0.0.2')) === 200, 20);
  // Whoever asks from the box itself is never shut out: there is nothing to confirm.
  expect((await number(daemon.url, '30017?&http.permit=10.0.0.0/8&confirm=5', token)).body.trial).toBeUndefined();
});

test('the name by which one has come may be taken off the list on trial', async () => {
  const daemon = await start();
  const token = await logIn(daemon.url, 'admin');
  expect((await number(daemon.url, '30017?&http.names=pbx.example.com', token)).status).toBe(200);
  const by = (path: string) =>
    ask(
      daemon.url,
      `GET /cgi/webserve/${path} HTTP/1.1\r\nHost: pbx.example.com\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`,
    );
  const { trial } = JSON.parse((await by('30017?&http.names=other.example.com&confirm=60')).body) as { trial: Shown };
  expect(trial.what).toEqual(['http.names']);
  await eventually(async () => (await by('30038?')).status === 421); // a name is known for two seconds
  expect((await number(daemon.url, `30038?&back=1&token=${trial.token}`, token)).status).toBe(200);
  expect((await by('30038?')).status).toBe(200);
});

test('a kill within the minute takes it back, and the next start tells', { timeout: 120_000 }, async () => {
  const folder = temporaryFolder();
  const first = await startProcess(folder);
  const token = await first.logIn();
  const begun = await number(first.url, '30017?&http.permit=10.0.0.0/8&confirm=600', token, '127.0.0.2');
  expect(begun.body.trial?.what).toEqual(['http.permit']);
  await eventually(async () => (await health(first.url, '127.0.0.2')) === 403);
  await first.kill();
  const second = await startProcess(folder);
  expect(await health(second.url, '127.0.0.2')).toBe(200);
  const again = await second.logIn();
  expect((await number(second.url, '30038?', again, '127.0.0.2')).body).toEqual({ trial: null });
  const { body } = await number(second.url, '30018?&action=trial.*', again);
  const rows = (body as unknown as { json_array_audit: { action: string; who: string; detail: object }[] })
    .json_array_audit;
  expect(rows.map(({ action, who, detail }) => [action, who, detail])).toEqual([
    ['trial.fell-back', 'cdrd', { what: 'http.permit', why: 'the box was started anew' }],
    ['trial.begun', 'admin', { what: 'http.permit', seconds: 600 }],
  ]);
  expect(second.log()).toContain('a change that was on trial has fallen back');
  await second.kill();
  const third = await startProcess(folder);
  expect(third.log()).not.toContain('fallen back'); // it was told once
});

/** The built daemon as a process of its own, on a port of its own. */
async function startProcess(folder: string) {
  mkdirSync(`${folder}/recordings`, { recursive: true });
  const url = `http://127.0.0.1:${await freePort()}`;
  const child = spawn(process.execPath, [...NODE_FLAGS, PROGRAM, 'run'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      CDRD_STATE_DIR: `${folder}/state`,
      CDRD_RUN_DIR: `${folder}/run`,
      CDRD_HTTP_LISTEN: new URL(url).host,
      CDRD_HTTPS_LISTEN: '',
      CDRD_AMI_LISTEN: '',
      CDRD_RECORDINGS_DIR: `${folder}/recordings`,
      CDRD_RECORDINGS_REQUIRE_MOUNT: 'no',
      CDRD_ASTERISK_HOST: '',
    },
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  onTestFinished(kill);
  await eventually(() => log.includes('cdrd is ready'), 60);
  const [, password = ''] =
    /^admin (.*)$/m.exec(readFileSync(`${folder}/state/secret/initial-passwords`, 'utf8')) ?? [];
  return { url, kill, log: () => log, logIn: () => logIn(url, 'admin', password) };
}

test('one’s own role falls back, or is confirmed by who has logged in with what is left', {
  timeout: 30_000,
}, async () => {
  const daemon = await start();
  const password = '0'.repeat(32);
  await daemon.json(`/cgi/webserve/30008?&UserName=other&role=admin&Password=${password}`);
  const own = await logIn(daemon.url, 'admin');
  const begun = await number(daemon.url, '30008?&UserName=admin&role=monitor&confirm=5', own);
  expect(begun.body.trial).toMatchObject({ what: ['role of admin'], by_another: false });
  await eventually(async () => (await number(daemon.url, '30038?', own)).status === 401);
  const lowered = await logIn(daemon.url, 'admin');
  expect((await number(daemon.url, '30007?', lowered)).status).toBe(403);
  expect((await number(daemon.url, '30038?', lowered)).body.trial?.token).toBe(begun.body.trial?.token);
  expect((await daemon.store.ask('user', 'admin'))?.role).toBe('admin');
  await eventually(async () => (await number(daemon.url, '30038?', lowered)).status === 401, 20);
  const raised = await logIn(daemon.url, 'admin');
  expect((await number(daemon.url, '30007?', raised)).status).toBe(200);

  const second = await number(daemon.url, '30008?&UserName=admin&role=monitor&confirm=60', raised);
  const left = await logIn(daemon.url, 'admin');
  expect(await number(daemon.url, `30038?&token=${second.body.trial?.token}`, left)).toMatchObject({ status: 200 });
  expect((await daemon.store.ask('user', 'admin'))?.role).toBe('monitor');
  expect((await number(daemon.url, '30038?', left)).status).toBe(200);
});

test('one’s own account goes only if another admin says so', async () => {
  const daemon = await start();
  await daemon.json(`/cgi/webserve/30008?&UserName=other&role=admin&Password=${'0'.repeat(32)}`);
  const own = await logIn(daemon.url, 'admin');
  const { body } = await number(daemon.url, '30009?&UserName=admin&confirm=60', own);
  expect(body.trial).toMatchObject({ what: ['account admin'], by_another: true });
  expect(await logIn(daemon.url, 'admin')).toBeUndefined();
  const answer = await fetch(`${daemon.url}/cgi/webserve/8404?&UserName=other&Password=${'0'.repeat(32)}`);
  const { token: other } = (await answer.json()) as { token: string };
  // The other can't go meanwhile: no admin would be left.
  expect((await number(daemon.url, '30009?&UserName=other', other)).status).toBe(409);
  expect((await number(daemon.url, `30038?&token=${body.trial?.token}`, other)).status).toBe(200);
  expect(await daemon.store.ask('user', 'admin')).toBeNull();
});

test('the AMI opens towards the LAN on its own port, and who came from there goes when it closes', async () => {
  const port = await freePort();
  const daemon = await start({ CDRD_AMI_LISTEN: `127.0.0.1:${port}` });
  const token = await logIn(daemon.url, 'admin');
  await setUser(daemon, 'crm', {});
  const near = await logInClient(port, 'crm');
  const lan = Object.values((await import('node:os')).networkInterfaces())
    .flatMap((each) => each ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
  const reach = async (host: string) => {
    const socket = connect({ host, port }).on('error', () => {});
    onTestFinished(() => void socket.destroy());
    await Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => {});
    return socket;
  };
  const to = (listen: string) => number(daemon.url, `30017?&ami.listen=${listen}`, token);
  expect((await to(`0.0.0.0:${port}`)).status).toBe(200);
  expect((await reach('127.0.0.5')).destroyed).toBe(false);
  const far = lan === undefined ? null : await reach(lan);
  expect(far?.destroyed ?? false).toBe(false);
  far?.resume();
  expect((await to(`127.0.0.1:${port}`)).status).toBe(200);
  if (far) await eventually(() => far.destroyed);
  expect((await reach('127.0.0.5')).destroyed).toBe(true);
  expect((await reach('127.0.0.1')).destroyed).toBe(false);
  expect(near.closed).toBe(false); // it has noticed nothing
  const packet = near.text.length;
  near.socket.write('Action: Ping\r\n\r\n');
  await eventually(() => near.text.length > packet);
});
