/**
 * Every file that a running daemon leaves, whoever of its threads made it, and though it was started with umask 0: nothing is
 * there for others, nothing but sockets and Asterisk's folders for the group to write, and secrets for the owner alone.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { lstatSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { pcmWav, wav } from './recordings/helper.ts';
import { eventually } from './support/daemon.ts';
import { temporaryFolder } from './support/folder.ts';
import { NODE_FLAGS } from './support/production.ts';

const PROGRAM = new URL('.build/cdrd.mjs', import.meta.url).pathname;
const PATIENCE_S = 90;
const DAY = '20210329';

/** `PATH MODE` of all that is there, but for what the test itself has put there. */
function modes(folder: string, own: ReadonlySet<string>): string[] {
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => !own.has(name))
    .map((name) => {
      const stat = lstatSync(`${folder}/${name}`);
      const kind = stat.isDirectory() ? 'folder' : stat.isSocket() ? 'socket' : 'file';
      return `${name} ${kind} ${(stat.mode & 0o7777).toString(8)}`;
    })
    .sort();
}

/** Whether a line of {@link modes} is as it must be. */
function isTight(line: string): boolean {
  const [name = '', kind = '', octal = ''] = line.split(' ');
  const mode = Number.parseInt(octal, 8);
  if (kind === 'socket') return name === 'run/ami.sock' ? mode === 0o660 : mode === 0o600;
  if (name === `monitor/${DAY}` || name === 'monitor') return mode === 0o2770; // Asterisk records into it
  const isSecret =
    /^state\/(secret|backup)\b/.test(name) || /\.cdrd\/backup\/./.test(name) || name.startsWith('copies/');
  if (kind === 'folder') return (mode & ~(isSecret ? 0o700 : 0o750)) === 0;
  return (mode & ~(isSecret ? 0o600 : 0o640)) === 0;
}

test('after a run with everything in it', { timeout: 300_000 }, async () => {
  const folder = temporaryFolder();
  const env = {
    PATH: process.env['PATH'],
    CDRD_STATE_DIR: `${folder}/state`,
    CDRD_RUN_DIR: `${folder}/run`,
    CDRD_HTTP_LISTEN: '127.0.0.1:0',
    CDRD_HTTPS_LISTEN: '127.0.0.1:0',
    CDRD_AMI_LISTEN: '127.0.0.1:0',
    CDRD_RECORDINGS_DIR: `${folder}/monitor`,
    CDRD_RECORDINGS_REQUIRE_MOUNT: 'no',
    CDRD_RECORDINGS_SWEEP_SECONDS: '1',
    CDRD_ASTERISK_HOST: '',
  };
  // What Asterisk has made there.
  mkdirSync(`${folder}/monitor/${DAY}`, { recursive: true });
  mkdirSync(`${folder}/copies`);
  for (const name of ['one', 'two']) writeFileSync(`${folder}/monitor/${DAY}/${name}.wav`, pcmWav(1));
  const damaged = wav({ dataLength: 64_000, fileLength: 64_044, sound: 32_000 });
  writeFileSync(`${folder}/monitor/${DAY}/cut.wav`, damaged);
  utimesSync(`${folder}/monitor/${DAY}/cut.wav`, 1_617_000_000, 1_617_000_000); // nobody writes it any more
  const files = ['one', 'two', 'cut'].map((name) => `${DAY}/${name}.wav`);

  const inShell = (...args: string[]) =>
    ['sh', ['-c', 'umask 0; exec "$0" "$@"', process.execPath, ...NODE_FLAGS, PROGRAM, ...args]] as const;
  const command = (args: string[], input = '') => {
    const { status, stderr } = spawnSync(...inShell(...args), { env, input, timeout: PATIENCE_S * 1000 });
    expect([status, String(stderr)]).toEqual([0, '']);
  };
  const child: ChildProcess = spawn(...inShell('run'), { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  await eventually(() => log.includes('cdrd is ready'), PATIENCE_S);
  command(['user', 'set', 'bob', '--role', 'admin'], 'some password\n');
  command(['ami-user', 'set', 'crm', '--read', 'cdr', '--permit', '127.0.0.1/32'], 'a secret\n');
  command(['backup', '--to', `${folder}/copies/by-command`]);
  command(['export', '--to', `${folder}/copies/all.csv`]);

  const url = /http=(http:\S+)/.exec(log)?.[1] ?? '';
  const digest = createHash('md5').update('some password').digest('hex');
  const ask = async (number: string, parameters: Record<string, string> = {}) => {
    const body = new URLSearchParams(parameters);
    const answer = await fetch(`${url}/cgi/webserve/${number}`, { method: 'POST', body, headers });
    return (await answer.json()) as Record<string, unknown>;
  };
  let headers: Record<string, string> = {};
  const { token } = await ask('8404', { UserName: 'bob', Password: digest });
  headers = { Authorization: `Bearer ${token}` };

  const known = async () => JSON.stringify(await ask('20053', { startdate: '2020-01-01 00:00' }));
  await eventually(async () => (await known()).includes('two.wav') && (await known()).includes('one.wav'), PATIENCE_S);
  // A damaged one is told apart after some seconds.
  await eventually(
    async () => JSON.stringify(await ask('30030', { wavefiles: files[2] ?? '' })).includes('"result":"repaired"'),
    PATIENCE_S,
  );
  await ask('20054', { wavefiles: files[0] ?? '' });
  const { undo } = (await ask('20054', { wavefiles: files[1] ?? '' })) as { undo: string };
  await ask('30028');
  await eventually(() => readdirSync(`${folder}/monitor/.cdrd`).includes('backup'), PATIENCE_S);
  // The day's folder went meanwhile: the undo makes it anew.
  rmSync(`${folder}/monitor/${DAY}`, { recursive: true });
  await ask('30003', { undo });
  await eventually(() => readdirSync(`${folder}/monitor/${DAY}`).includes('two.wav'), PATIENCE_S);

  const own = new Set(['monitor', 'copies', `monitor/${DAY}/two.wav`]);
  const left = () => modes(folder, own).filter((line) => !/\.wav file 644$/.test(line)); // moved, not made
  const running = left();
  for (const part of [
    ...['state/cdrd.db ', 'state/cdrd.db-wal ', 'state/pid ', 'state/secret/tls.key ', 'state/secret/ami-users.json '],
    ...['state/backup/made.sha256 ', 'run/ami.sock ', 'run/control.sock ', 'monitor/.cdrd/medium ', 'copies/all.csv '],
    ...['copies/by-command.sha256 ', `monitor/.cdrd/header/${DAY}/cut.wav `, `monitor/${DAY} `],
  ])
    expect(
      running.filter((line) => line.startsWith(part)),
      part,
    ).toHaveLength(1);
  expect(running.filter((line) => /^monitor\/\.cdrd\/backup\/.*\.db file/.test(line))).toHaveLength(1);
  expect(running.filter((line) => /^monitor\/\.TRASH\/./i.test(line)).length).toBeGreaterThan(0);
  expect(running.filter((line) => !isTight(line))).toEqual([]);

  // Of its own user, too, nobody opens an inspector in it by a signal.
  child.kill('SIGUSR1');
  await new Promise((resolve) => setTimeout(resolve, 500)); // so long it takes to say that it listens
  child.kill('SIGTERM');
  await once(child, 'exit');
  expect(log).not.toContain('Debugger listening');
  expect(child.exitCode).toBe(0);
  expect(left().filter((line) => !isTight(line))).toEqual([]);
});
