/** What init systems are given: the SysV script starts the built daemon as root, and the systemd unit stays as tight as it is. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../daemon/config.ts';
import { listenOn } from '../daemon/sockets/early.ts';
import { eventually } from './support/daemon.ts';
import { temporaryFolder } from './support/folder.ts';
import { freePort } from './support/free-port.ts';
import { MALLOC, NODE_FLAGS } from './support/production.ts';

const ETC = new URL('../etc', import.meta.url).pathname;
const BUNDLE = new URL('.build', import.meta.url).pathname;
const SCRIPT = `${ETC}/init.d/cdrd`;
const PATIENCE_S = 60;

test('whatever starts the daemon starts it alike', () => {
  const flags = NODE_FLAGS.join(' ');
  const malloc = Object.entries(MALLOC).map(([name, value]) => `${name}=${value}`);
  for (const path of ['bin/cdrd', 'init.d/cdrd', '../Makefile', '../README.md', '../test/simulator/run.sh']) {
    const text = readFileSync(`${ETC}/${path}`, 'utf8');
    for (const word of [flags, ...malloc]) expect(text, `${path}: ${word}`).toContain(word);
  }
});

test('make run says who else has its address, before it would take that for its own', async () => {
  const other = createServer((socket) => socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'));
  await listenOn(other, () => other.listen({ host: '127.0.0.1', port: 0 }));
  onTestFinished(() => void other.close());
  const { port } = other.address() as AddressInfo;
  const run = spawn('sh', [`${ETC}/../test/simulator/run.sh`], {
    env: { ...process.env, CDRD_HTTP_LISTEN: `127.0.0.1:${port}` },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [told, faults, [status]] = await Promise.all([text(run.stdout), text(run.stderr), once(run, 'exit')]);
  expect([status, told]).toEqual([1, '']);
  expect(faults).toContain(`another program listens on 127.0.0.1:${port} already`);
});

test('every shell takes the script', () => {
  execFileSync('sh', ['-n', SCRIPT]);
  expect(statSync(SCRIPT).mode & 0o111).toBe(0o111);
  expect(spawnSync('sh', [SCRIPT], { env: { CDRD_DEFAULTS: '/nowhere' } }).status).toBe(2);
});

test.skipIf(process.getuid?.() !== 0)(
  'SysV: started as root it becomes its user, is told of, and stops',
  { timeout: 180_000 },
  async () => {
    const folder = temporaryFolder();
    chmodSync(folder, 0o755);
    mkdirSync(`${folder}/recordings`);
    chownSync(`${folder}/recordings`, 65_534, 65_534);
    cpSync(BUNDLE, `${folder}/dist`, { recursive: true });
    const port = await freePort();
    writeFileSync(
      `${folder}/cdrd.toml`,
      `[state]\ndir = "${folder}/state"\n[run]\ndir = "${folder}/run"\n[http]\nlisten = "127.0.0.1:${port}"\n` +
        `[https]\nlisten = ""\n[ami]\nlisten = ""\n[asterisk]\nhost = ""\n` +
        `[recordings]\ndir = "${folder}/recordings"\nrequire_mount = "no"\n`,
    );
    // The log goes to a file here; the machine's own is nobody's business.
    mkdirSync(`${folder}/bin`);
    writeFileSync(
      `${folder}/bin/logger`,
      `#!/bin/sh\n[ "$1" = --help ] && echo ' --prio-prefix' && exit\necho "$*" >>${folder}/args\nexec cat >>${folder}/log\n`,
      { mode: 0o755 },
    );
    const pidFile = `${folder}/cdrd.pid`;
    writeFileSync(
      `${folder}/default`,
      `CDRD_USER=nobody\nCDRD_CONFIG=${folder}/cdrd.toml\nCDRD_NODE=${process.execPath}\n` +
        `CDRD_PROGRAM=${folder}/dist/cdrd.mjs\nCDRD_PIDFILE=${pidFile}\n`,
    );
    const env = {
      PATH: `${folder}/bin:${process.env['PATH']}`,
      CDRD_DEFAULTS: `${folder}/default`,
      NODE_OPTIONS: '--inspect=127.0.0.1:0', // of whoever restarts it
    };
    const say = (verb: string) => {
      const { status, stdout } = spawnSync(SCRIPT, [verb], { env, encoding: 'utf8', timeout: 60_000 });
      return [status, stdout];
    };
    onTestFinished(() => void say('stop'));
    const ready = () =>
      eventually(
        () =>
          fetch(`http://127.0.0.1:${port}/healthz`).then(
            ({ ok }) => ok,
            () => false,
          ),
        PATIENCE_S,
      );

    expect(say('status')).toEqual([3, 'cdrd does not run\n']);
    expect(say('start')).toEqual([0, '']);
    await ready();
    const pid = readFileSync(pidFile, 'utf8').trim();
    expect(say('status')).toEqual([0, `cdrd runs, pid ${pid}\n`]);
    expect(say('start')).toEqual([0, 'cdrd runs already\n']);
    expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toContain('\nUid:\t65534\t65534\t65534\t65534\n');
    expect(readFileSync(`/proc/${pid}/limits`, 'utf8')).toMatch(/^Max core file size +0 +0 /m);
    expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toContain('NODE_OPTIONS');
    expect(readFileSync(`${folder}/log`, 'utf8')).toMatch(/no longer root user=nobody/);
    expect(readFileSync(`${folder}/args`, 'utf8')).toBe('-t cdrd -p daemon.info --prio-prefix\n');
    expect(readFileSync(`${folder}/log`, 'utf8')).toMatch(/^<6>/);
    expect(say('reload')[0]).toBe(0);

    expect(say('restart')).toEqual([0, '']);
    await ready();
    expect(readFileSync(pidFile, 'utf8').trim()).not.toBe(pid);
    // A number that another process has since is not stopped: this test's own.
    const own = readFileSync(pidFile, 'utf8');
    writeFileSync(pidFile, `${process.pid}\n`);
    expect(say('status')[0]).toBe(3);
    expect(say('stop')).toEqual([0, '']);
    writeFileSync(pidFile, own);
    expect(say('stop')).toEqual([0, '']);
    expect(existsSync(pidFile)).toBe(false);
    expect(say('status')[0]).toBe(3);
    expect(existsSync(`${folder}/run/control.sock`)).toBe(false);

    // Where its process comes late, what is asked right behind the start finds it all the same.
    writeFileSync(`${folder}/bin/setsid`, '#!/bin/sh\nsleep 1\nexec "$@"\n', { mode: 0o755 });
    expect(say('start')).toEqual([0, '']);
    expect(say('status')[0]).toBe(0);
    expect(say('start')).toEqual([0, 'cdrd runs already\n']);
    expect(say('stop')).toEqual([0, '']);
    expect(say('status')[0]).toBe(3);
    // One that ends at once is not waited for.
    writeFileSync(`${folder}/cdrd.toml`, 'no key\n');
    expect(say('start')).toEqual([0, '']);
    await eventually(() => readFileSync(`${folder}/log`, 'utf8').includes('cdrd.toml:1'));
    expect(say('status')[0]).toBe(3);
  },
);

test('systemd: the sockets are those of the built-in addresses, and the unit names what the program does', () => {
  const { http, https, state, run } = loadConfig(null, {});
  const socket = readFileSync(`${ETC}/systemd/cdrd.socket`, 'utf8');
  const ports = [...socket.matchAll(/^ListenStream=(\d+)$/gm)].map(([, port]) => Number(port));
  expect(ports).toEqual([...http.listen, ...https.listen].map(({ port }) => port));
  const unit = readFileSync(`${ETC}/systemd/cdrd.service`, 'utf8');
  const value = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(unit)?.[1];
  expect([`/var/lib/${value('StateDirectory')}`, `/run/${value('RuntimeDirectory')}`]).toEqual([state.dir, run.dir]);
  // The command has the flags and variables of production.
  expect(unit).toMatch(/^ +CDRD_NOTIFY=\$\$p exec \/usr\/bin\/cdrd run --config \/etc\/cdrd\/cdrd\.toml'$/m);
  expect([value('UMask'), value('LimitCORE'), value('CapabilityBoundingSet')]).toEqual(['0027', '0', '']);
  expect([value('Type'), value('Restart'), value('SuccessExitStatus')]).toEqual(['notify', 'always', 'SIGKILL']);
});

test('systemd itself finds no fault with the unit, and rates it 2.0 or better', { timeout: 60_000 }, (context) => {
  const rated = spawnSync('systemd-analyze', ['security', '--offline=true', `${ETC}/systemd/cdrd.service`], {
    encoding: 'utf8',
  });
  if (rated.error) return context.skip('systemd-analyze is not here');
  // It names keys that it doesn't know on standard error.
  expect(rated.stderr).toBe('');
  const exposure = Number(/Overall exposure level for cdrd\.service: (\d+\.\d+)/.exec(rated.stdout)?.[1]);
  expect(exposure).toBeLessThanOrEqual(2);
});
