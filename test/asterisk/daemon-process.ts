/**
 * The built daemon as the rig runs it: configured for one Asterisk, in a process of its own that dies with the test.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../support/free-port.ts';
import { MALLOC, NODE_FLAGS } from '../support/production.ts';
import { AMI_SECRET, AMI_USER, type Asterisk, ZONE } from './asterisk.ts';

/** CDRD_BUNDLE tests one built elsewhere. */
const BUNDLE = process.env['CDRD_BUNDLE'] ?? new URL('../../dist/cdrd.mjs', import.meta.url).pathname;

/** The daemon under test, with admin logged in. */
export interface Daemon {
  /** Answer to one of the guide's numbers, as text. */
  ask(number: number, parameters?: string): Promise<string>;
  /** SIGTERM; resolves with the exit code, or the signal that ended it. */
  stop(): Promise<number | string>;
}

/** A configuration for one Asterisk, with an admin in its store; processes of the daemon come and go on it. */
export interface Setup {
  /** The file that `--config` names. */
  readonly config: string;
  readonly state: string;
  /** Where it answers, without a slash at the end. */
  readonly url: string;
  /** TCP port of the AMI that it offers. */
  readonly ami: number;
}

/**
 * Writes a configuration beside an Asterisk of the rig, and makes an admin.
 * @param cdrCsv Which of Asterisk's two CSV files the daemon reads. @param requireMount Whether the recordings must lie on a
 * medium of their own.
 */
export async function setUp(asterisk: Asterisk, cdrCsv: string, requireMount: 'yes' | 'no' = 'no'): Promise<Setup> {
  if (!existsSync(BUNDLE)) throw new Error(`${BUNDLE} is missing: make build`);
  const folder = join(asterisk.run, 'cdrd');
  const file = join(asterisk.run, 'cdrd.toml');
  const [port, ami] = [await freePort(), await freePort()];
  const config = `[state]
dir = "${folder}/state"
[run]
dir = "${folder}/run"
[http]
listen = "127.0.0.1:${port}"
[https]
listen = ""
[ami]
listen = "127.0.0.1:${ami}"
[recordings]
dir = "${asterisk.monitor}"
require_mount = "${requireMount}"
sweep_seconds = 1
[asterisk]
host = "127.0.0.1"
port = ${asterisk.ports.AMI}
username = "${AMI_USER}"
secret = "${AMI_SECRET}"
cdr_csv = "${cdrCsv}"
[time]
zone = "${ZONE}"
[trunks]
names = ["96", "42", "gw-7"]
`;
  await writeFile(file, config, { mode: 0o640 });
  const made = await run(['user', 'set', 'admin', '--role', 'admin', '--config', file], 'admin\n');
  if (made !== 0) throw new Error(`cdrd user ended ${made}`);
  return { config: file, state: join(folder, 'state'), url: `http://127.0.0.1:${port}`, ami };
}

/**
 * Starts the built daemon beside an Asterisk of the rig and waits until it is ready.
 * @param cdrCsv Which of Asterisk's two CSV files it reads.
 */
export async function startDaemon(
  asterisk: Asterisk,
  cdrCsv = asterisk.masterCsv,
  requireMount: 'yes' | 'no' = 'no',
): Promise<Daemon> {
  const setup = await setUp(asterisk, cdrCsv, requireMount);
  const running = launch(setup);
  try {
    await ready(setup);
    return { stop: running.stop, ask: await logIn(setup) };
  } catch (error) {
    await running.stop();
    throw error;
  }
}

/** Makes a user of the AMI that the daemon offers, whether one runs or not. @param rights `--read all --extras on` … */
export async function setAmiUser({ config }: Setup, name: string, secret: string, rights: string): Promise<void> {
  const made = await run(['ami-user', 'set', name, ...rights.split(' '), '--config', config], `${secret}\n`);
  if (made !== 0) throw new Error(`cdrd ami-user ended ${made}`);
}

/** One process of the daemon. */
export interface Running {
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with the exit code, or the signal that ended it. */
  stop(): Promise<number | string>;
}

/** @param output Where its log goes: this process's own, or a file descriptor. */
export function launch({ config }: Setup, output: 'inherit' | number = 'inherit'): Running {
  const child = node(['run', '--config', config], 'ignore', output);
  const ended = new Promise<number | string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  return {
    ended,
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
    stop: async () => {
      child.kill('SIGTERM');
      const end = await Promise.race([ended, sleep(15_000, 'still running 15 s after SIGTERM')]);
      child.kill('SIGKILL');
      return end;
    },
  };
}

/** Waits until the daemon says that it is. */
export async function ready({ url }: Setup): Promise<void> {
  await eventually('healthz', 20_000, async () => (await fetch(`${url}/healthz`).catch(() => null))?.status === 200);
}

/** Logs the admin in; the session ends with the process that gave it. @returns its token. */
export async function tokenOf({ url }: Setup): Promise<string> {
  const digest = createHash('md5').update('admin').digest('hex');
  const login = await fetch(`${url}/cgi/webserve/8404?&UserName=admin&Password=${digest}`, { method: 'POST' });
  const { token } = (await login.json()) as { token: string };
  return token;
}

/** Logs the admin in, and asks for him. */
export async function logIn(setup: Setup): Promise<Daemon['ask']> {
  const token = await tokenOf(setup);
  return async (number, parameters = '') => {
    const answer = await fetch(`${setup.url}/cgi/webserve/${number}?${parameters}`, {
      headers: { Authorization: `Bearer ${token}` },
    });
    if (answer.status !== 200) throw new Error(`${number}: ${answer.status} ${await answer.text()}`);
    return answer.text();
  };
}

/** A command of the daemon's, such as `verify`, with what it printed on both channels. */
export async function command(setup: Setup, verb: string): Promise<{ code: number | null; output: string }> {
  const child = node([verb, '--config', setup.config], 'ignore', 'pipe');
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (end) => resolve(end));
  });
  return { code, output };
}

/** The bundle in a process that dies with this one. The rig's own CDRD_ variables would be unknown keys to it. */
function node(
  args: readonly string[],
  stdin: 'ignore' | 'pipe',
  output: 'inherit' | 'pipe' | number = 'inherit',
): ChildProcess {
  const command = ['--pdeathsig', 'KILL', process.execPath, ...NODE_FLAGS, BUNDLE, ...args];
  const env = { PATH: process.env['PATH'] ?? '', ...MALLOC };
  return spawn('setpriv', command, { stdio: [stdin, output, output], env });
}

function run(args: readonly string[], input: string): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const child = node(args, 'pipe');
    child.once('error', reject);
    child.once('exit', (code) => resolve(code));
    child.stdin?.end(input);
  });
}

/** Looks until it is so, and returns when it was (performance clock); rejects after `ms`. */
export async function eventually(what: string, ms: number, look: () => Promise<boolean>): Promise<number> {
  const until = performance.now() + ms;
  while (performance.now() < until) {
    if (await look()) return performance.now();
    await sleep(50);
  }
  throw new Error(`no ${what} within ${ms} ms`);
}
