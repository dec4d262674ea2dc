/**
 * Every command, run by root on a box whose daemon has a user of its own: what it leaves in state.dir and run.dir is that
 * user's, whether the daemon runs or not, so that the daemon can go on. A command that isn't in the table fails.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, cpSync, lstatSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { COMMANDS } from '../daemon/command/all.ts';
import { eventually } from './support/daemon.ts';
import { temporaryFolder } from './support/folder.ts';
import { NODE_FLAGS } from './support/production.ts';

const BUNDLE = new URL('.build', import.meta.url).pathname;
const ETC = new URL('../etc', import.meta.url).pathname;
const NOBODY = 65_534;
const PATIENCE_S = 60;

/** Of each verb the ways to call it, with what it reads from standard input. */
const CALLS: Readonly<Record<string, readonly (readonly [words: string, input?: string])[]>> = {
  setup: [['setup --yes --asterisk FOLDER/asterisk --snippets SNIPPETS']],
  user: [['user set admin --role admin', 'a password\n'], ['user totp admin off']],
  'ami-user': [['ami-user set crm --read cdr', 'a secret\n'], ['ami-user list'], ['ami-user remove crm']],
  import: [['import FOLDER/Master.csv']],
  export: [['export'], ['export recordings --to FOLDER/recordings.csv']],
  backup: [['backup'], ['backup --to FOLDER/copy.db']],
  restore: [['restore FOLDER/copy.db'], ['restore --latest']],
  refold: [['refold --from 2026-01-01']],
  verify: [['verify']],
  trace: [['trace 1.1']],
  doctor: [['doctor'], ['doctor --json']],
};

const CSV =
  '"","616","201","internal","616","SIP/616-1","SIP/201-2","Dial","SIP/201","2026-03-29 10:00:00","2026-03-29 10:00:02",' +
  '"2026-03-29 10:00:12",12,10,"ANSWERED","DOCUMENTATION","1774778400.1",""\n';

/** A box: the bundle, a folder for recordings, Asterisk's configuration, and a state folder that is nobody's. */
function box() {
  const folder = temporaryFolder();
  chmodSync(folder, 0o755);
  for (const name of ['state', 'run', 'recordings']) {
    mkdirSync(`${folder}/${name}`, { mode: 0o750 });
    chownSync(`${folder}/${name}`, NOBODY, NOBODY);
  }
  mkdirSync(`${folder}/asterisk`);
  writeFileSync(`${folder}/asterisk/manager.conf`, '[general]\nenabled = no\n');
  writeFileSync(`${folder}/Master.csv`, CSV);
  cpSync(BUNDLE, `${folder}/dist`, { recursive: true });
  const config = `${folder}/cdrd.toml`;
  writeFileSync(
    config,
    `[state]\ndir = "${folder}/state"\n[run]\ndir = "${folder}/run"\n[http]\nlisten = "127.0.0.1:0"\n` +
      `[https]\nlisten = ""\n[ami]\nlisten = ""\n[asterisk]\nhost = ""\n` +
      `[recordings]\ndir = "${folder}/recordings"\nrequire_mount = "no"\n`,
  );
  return { folder, config, program: `${folder}/dist/cdrd.mjs` };
}

const PATH = { PATH: process.env['PATH'] };

type Box = ReturnType<typeof box>;

/** Runs a command as root; what it says of a box that lacks something is no matter here, but it must not be killed. */
function perform({ folder, config, program }: Box, words: string, input = ''): void {
  const args = words.replaceAll('FOLDER', folder).replace('SNIPPETS', `${ETC}/asterisk`).split(' ');
  const done = spawnSync(process.execPath, [...NODE_FLAGS, program, ...args, '--config', config], {
    env: PATH,
    input,
    encoding: 'utf8',
    timeout: PATIENCE_S * 1000,
  });
  expect([words, done.status, done.signal], done.stderr).toEqual([words, expect.any(Number), null]);
  expect(done.stderr, words).not.toMatch(/EACCES|EPERM|usage:|permission denied/i);
}

/** What isn't nobody's in the folders that the daemon writes into. */
const strangers = ({ folder }: Box) =>
  ['state', 'run'].flatMap((top) =>
    ['.', ...readdirSync(`${folder}/${top}`, { recursive: true })]
      .map((name) => `${top}/${String(name)}`)
      .filter((path) => lstatSync(`${folder}/${path}`, { throwIfNoEntry: false })?.uid === 0),
  );

function start({ folder, config, program }: Box) {
  const child = spawn(process.execPath, [...NODE_FLAGS, program, 'run', '--config', config], {
    env: PATH,
    uid: NOBODY,
    gid: NOBODY,
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  const exit = once(child, 'exit').then(([code]) => code as number | null);
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await exit;
  });
  return {
    ready: () => eventually(() => log.includes('cdrd is ready'), PATIENCE_S),
    log: () => log,
    stop: async () => {
      child.kill('SIGTERM');
      return exit;
    },
  };
}

test('every command stands in the table', () => {
  expect(Object.keys(CALLS).sort()).toEqual(Object.keys(COMMANDS).sort());
});

describe.skipIf(process.getuid?.() !== 0)('by root', { timeout: 240_000 }, () => {
  test('while no daemon runs, on a new box, and the daemon starts there', async () => {
    const fresh = box();
    for (const [words, input] of Object.values(CALLS).flat()) {
      perform(fresh, words, input);
      expect(strangers(fresh), words).toEqual([]);
    }
    const daemon = start(fresh);
    await daemon.ready();
    expect(await daemon.stop()).toBe(0);
    expect(daemon.log()).not.toMatch(/EACCES|EPERM/);
  });

  test('while the daemon runs, and it goes on and starts again', async () => {
    const running = box();
    const daemon = start(running);
    await daemon.ready();
    for (const [words, input] of Object.values(CALLS).flat()) {
      perform(running, words, input);
      expect(strangers(running), words).toEqual([]);
    }
    expect(await daemon.stop()).toBe(0);
    const again = start(running);
    await again.ready();
    expect(await again.stop()).toBe(0);
    expect(`${daemon.log()}${again.log()}`).not.toMatch(/EACCES|EPERM/);
  });
});
