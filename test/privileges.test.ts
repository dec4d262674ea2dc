/** Started as root with run.user: what it binds, whose its files are, and that there is no way back. Only root can try. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  cpSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { listenOn } from '../daemon/sockets/early.ts';
import { eventually } from './support/daemon.ts';
import { temporaryFolder } from './support/folder.ts';
import { NODE_FLAGS } from './support/production.ts';

const BUNDLE = new URL('.build', import.meta.url).pathname;
const NOBODY = 65_534;
const PATIENCE_S = 60;

/** A folder that anybody may enter, with the bundle in it: the user that it becomes may not read a checkout of root's. */
function openFolder(): string {
  const folder = temporaryFolder();
  chmodSync(folder, 0o755);
  mkdirSync(`${folder}/recordings`, { mode: 0o777 });
  chownSync(`${folder}/recordings`, NOBODY, NOBODY);
  cpSync(BUNDLE, `${folder}/dist`, { recursive: true });
  return folder;
}

function start(folder: string, env: Record<string, string>, args = ['run'], input = '') {
  const child: ChildProcess = spawn(process.execPath, [...NODE_FLAGS, `${folder}/dist/cdrd.mjs`, ...args], {
    stdio: ['pipe', 'ignore', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      CDRD_STATE_DIR: `${folder}/new/state`,
      CDRD_RUN_DIR: `${folder}/run`,
      CDRD_HTTP_LISTEN: '127.0.0.1:0',
      CDRD_HTTPS_LISTEN: '127.0.0.1:0',
      CDRD_AMI_LISTEN: '127.0.0.1:0',
      CDRD_RECORDINGS_DIR: `${folder}/recordings`,
      CDRD_RECORDINGS_REQUIRE_MOUNT: 'no',
      CDRD_ASTERISK_HOST: '',
      CDRD_RUN_USER: 'nobody',
      ...env,
    },
  });
  child.stdin?.end(input);
  let log = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  const exit = once(child, 'exit').then(([code]) => code as number | null);
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await exit;
  });
  const ready = () => eventually(() => log.includes('cdrd is ready'), PATIENCE_S);
  return { pid: child.pid ?? 0, log: () => log, exit, ready, end: () => child.kill('SIGTERM') };
}

/** A free port of 127.0.0.1 under 1024. */
async function privilegedPort(): Promise<number> {
  for (let port = 1023; port > 600; port--) {
    const server = createServer();
    const free = await listenOn(server, () => server.listen({ host: '127.0.0.1', port })).then(
      () => true,
      () => false,
    );
    if (!free) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
  throw new Error('no free port');
}

const owners = (folder: string) =>
  new Set(['.', ...readdirSync(folder, { recursive: true })].map((name) => lstatSync(`${folder}/${name}`).uid));

describe.skipIf(process.getuid?.() !== 0)('as root', { timeout: 180_000 }, () => {
  test('binds, gives its folders away and becomes the user, in every thread and for good', async () => {
    const folder = openFolder();
    const port = await privilegedPort();
    const daemon = start(folder, { CDRD_HTTP_LISTEN: `127.0.0.1:${port}` });
    await daemon.ready();
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
    const threads = readdirSync(`/proc/${daemon.pid}/task`);
    expect(threads.length).toBeGreaterThan(3);
    for (const thread of threads) {
      const status = readFileSync(`/proc/${daemon.pid}/task/${thread}/status`, 'utf8');
      const all = [NOBODY, NOBODY, NOBODY, NOBODY].join('\t');
      expect(status).toContain(`\nUid:\t${all}\nGid:\t${all}\n`);
      expect(status).toMatch(/\nGroups:\t65534 ?\n/);
      expect(status).toMatch(/\nCapPrm:\t0+\nCapEff:\t0+\n/);
    }
    expect(owners(`${folder}/new/state`)).toEqual(new Set([NOBODY]));
    expect(owners(`${folder}/run`)).toEqual(new Set([NOBODY]));
    expect(lstatSync(`${folder}/new`).mode & 0o777).toBe(0o755);
    // The recordings are worked on by links in /proc/self/fd, which a process that was root may still follow.
    await eventually(() => readdirSync(`${folder}/recordings`).includes('.cdrd'), PATIENCE_S);
    expect(daemon.log()).toMatch(/no longer root user=nobody/);
    expect(daemon.log()).not.toContain('runs as root');
    daemon.end();
    expect(await daemon.exit).toBe(0);
  });

  test('what root’s own runs and commands left is the user’s with the first run that has one', async () => {
    const folder = openFolder();
    mkdirSync(`${folder}/new`);
    const rooted = start(folder, { CDRD_RUN_USER: '' });
    await rooted.ready();
    expect(rooted.log().match(/runs as root/g)).toHaveLength(1);
    rooted.end();
    expect(await rooted.exit).toBe(0);
    expect(owners(`${folder}/new/state`)).toEqual(new Set([0]));
    chownSync(`${folder}/recordings/.cdrd`, NOBODY, NOBODY);
    writeFileSync(`${folder}/outside`, '');
    symlinkSync(`${folder}/outside`, `${folder}/new/state/link`);
    const set = start(folder, {}, ['user', 'set', 'admin', '--role', 'admin'], 'some password\n');
    expect([await set.exit, set.log()]).toEqual([0, '']);
    expect(owners(`${folder}/new/state`)).toEqual(new Set([NOBODY]));
    expect(lstatSync(`${folder}/outside`).uid).toBe(0);
    const daemon = start(folder, {});
    await daemon.ready();
    daemon.end();
    expect(await daemon.exit).toBe(0);
    expect(owners(`${folder}/new/state`)).toEqual(new Set([NOBODY]));
  });

  test('who can’t be become, and folders that are not to be given away: exit 78, and nothing is changed', async () => {
    const folder = openFolder();
    const refused = async (env: Record<string, string>, message: string) => {
      const { exit, log } = start(folder, env);
      expect([await exit, log()]).toEqual([78, `${message}\n`]);
    };
    await Promise.all([
      refused(
        { CDRD_RUN_USER: 'nobody-at-all' },
        'environment CDRD_RUN_USER: run.user: there is no user nobody-at-all on this system',
      ),
      refused(
        { CDRD_RUN_GROUP: 'no-such-group' },
        'environment CDRD_RUN_GROUP: run.group: there is no group no-such-group on this system',
      ),
      refused(
        { CDRD_RUN_USER: 'root' },
        'environment CDRD_RUN_USER: run.user: is root; leave the key out to stay root',
      ),
    ]);
    mkdirSync(`${folder}/etc/ssl`, { recursive: true });
    mkdirSync(`${folder}/shared`);
    chmodSync(`${folder}/shared`, 0o777);
    mkdirSync(`${folder}/other`);
    chownSync(`${folder}/other`, 1, 1);
    await Promise.all([
      refused(
        { CDRD_STATE_DIR: `${folder}/etc` },
        `environment CDRD_STATE_DIR: state.dir: ${folder}/etc is root's and holds ssl: is it a folder of its own?`,
      ),
      refused(
        { CDRD_STATE_DIR: `${folder}/shared` },
        `environment CDRD_STATE_DIR: state.dir: ${folder}/shared is root's and others may write in it: give it to nobody by hand`,
      ),
      refused(
        { CDRD_STATE_DIR: `${folder}/other` },
        `environment CDRD_STATE_DIR: state.dir: ${folder}/other belongs to user 1, not to nobody`,
      ),
    ]);
    expect(owners(`${folder}/etc`)).toEqual(new Set([0]));
    expect(owners(`${folder}/shared`)).toEqual(new Set([0]));
  });
});
