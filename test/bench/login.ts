/**
 * Whether the time of a log-in tells which user names exist: ten thousand wrong log-ins on the built daemon with its real
 * scrypt, half of them of known names and half of unknown ones, shuffled, one after the other, each from an address of its own
 * in 127/8 so that nothing is throttled; two thousand by AMI, by secret and by challenge. Two statistics look at the times:
 * Welch's t at the means, Mann-Whitney's U at the order. A build that answers unknown names early shows that they can tell.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { askDaemon } from '../../daemon/control/client.ts';
import type { ControlRequest } from '../../daemon/control/protocol.ts';
import { digestOf } from '../../daemon/state.ts';
import { MALLOC, NODE_FLAGS } from '../support/production.ts';
import type { Row } from './row.ts';
import { meanOf, medianOf, type Samples, telling } from './telling-apart.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const LOGINS = Number(process.env['CDRD_BENCH_LOGINS'] || 10_000);
const AMI_LOGINS = Number(process.env['CDRD_BENCH_AMI_LOGINS'] || 2_000);
/** Of the build that can be told. */
const CONTROL = { http: 200, ami: 100 };
/** AMI log-ins at a time: each is answered after a second. */
const AT_A_TIME = 20;
const NAMES = 20;
/** Below it the two kinds are called told apart; of the build that answers early far less is asked. */
const P = 0.001;
const P_CONTROL = 1e-9;

/** Bugs of the class that this is about, put into the sources that the control is built of. */
const PLANTED = [
  {
    file: 'cgi/access/password-check.ts',
    from: 'const matches = (await digestMatches(digest, user?.hash ?? NOBODY)) && user !== null;',
    to: 'const matches = user !== null && (await digestMatches(digest, user.hash));',
  },
  {
    file: 'daemon/ami/own-actions.ts',
    from: 'await pause(limits.refusedMs);',
    to: 'if (user) await pause(limits.refusedMs);',
  },
];

const known = Array.from({ length: NAMES }, (_, index) => `user${index + 10}`);
const unknown = Array.from({ length: NAMES }, (_, index) => `user${index + 60}`);

export async function loginRows(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'cdrd-login-'));
  try {
    const good = await build(ROOT, join(folder, 'good'));
    const bad = await build(plantedSources(join(folder, 'sources')), join(folder, 'bad'));
    const rows = await onDaemon(good, join(folder, 'a'), async (box) => [
      row('8404', await httpLogins(box, LOGINS)),
      row('AMI by secret', await amiLogins(box, AMI_LOGINS / 2, false)),
      row('AMI by challenge', await amiLogins(box, AMI_LOGINS / 2, true)),
    ]);
    const controls = await onDaemon(bad, join(folder, 'b'), async (box) => [
      control('8404', await httpLogins(box, CONTROL.http)),
      control('AMI', await amiLogins(box, CONTROL.ami, false)),
    ]);
    return [...rows, ...controls];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function row(name: string, samples: Samples): Row {
  const { text, p } = figures(samples);
  return { name: `log-in, ${name}: known and unknown names`, result: text, aim: `p ≥ ${P}`, met: p >= P };
}

function control(name: string, samples: Samples): Row {
  const { text, p } = figures(samples);
  return {
    name: `the same, ${name}, unknown answered early`,
    result: text,
    aim: `p < ${P_CONTROL}`,
    met: p < P_CONTROL,
  };
}

function figures(samples: Samples): { text: string; p: number } {
  const { welch, rank, error } = telling(samples);
  const { known, unknown } = samples;
  const ms = (value: number) => value.toFixed(3);
  const text = [
    `n ${known.length} + ${unknown.length}`,
    `means ${ms(meanOf(known))}, ${ms(meanOf(unknown))} ms (their difference ± ${ms(error)})`,
    `medians ${ms(medianOf(known))}, ${ms(medianOf(unknown))} ms`,
    `Welch t ${welch.statistic.toFixed(2)}, p ${welch.p.toPrecision(3)}`,
    `Mann-Whitney z ${rank.statistic.toFixed(2)}, p ${rank.p.toPrecision(3)}`,
  ].join('; ');
  return { text, p: Math.min(welch.p, rank.p) };
}

async function build(sources: string, out: string): Promise<string> {
  const run = promisify(execFile);
  await run('npm', ['run', '--silent', 'build'], { cwd: sources, env: { ...process.env, OUT: out } });
  return join(out, 'cdrd.mjs');
}

function plantedSources(folder: string): string {
  mkdirSync(folder);
  for (const name of ['cgi', 'daemon', 'storage', 'package.json'])
    cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  for (const { file, from, to } of PLANTED) {
    const text = readFileSync(join(folder, file), 'utf8');
    if (!text.includes(from)) throw new Error(`${file} has changed: plant the bug anew`);
    writeFileSync(join(folder, file), text.replace(from, to));
  }
  return folder;
}

interface Box {
  readonly http: number;
  readonly ami: number;
}

/** A daemon as in production, with the known names as accounts and as users of the AMI. */
async function onDaemon<T>(bundle: string, folder: string, work: (box: Box) => Promise<T>): Promise<T> {
  mkdirSync(folder);
  const [http = 0, ami = 0] = [await freePort(), await freePort()];
  const daemon = spawn(process.execPath, [...NODE_FLAGS, bundle, 'run'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      ...MALLOC,
      CDRD_STATE_DIR: `${folder}/state`,
      CDRD_RUN_DIR: `${folder}/run`,
      CDRD_HTTP_LISTEN: `0.0.0.0:${http}`,
      CDRD_HTTPS_LISTEN: '',
      CDRD_AMI_LISTEN: `0.0.0.0:${ami}`,
      CDRD_RECORDINGS_DIR: `${folder}/recordings`,
      CDRD_RECORDINGS_REQUIRE_MOUNT: 'no',
      CDRD_ASTERISK_HOST: '',
      CDRD_ASTERISK_CDR_CSV: `${folder}/Master.csv`,
    },
  });
  const log: string[] = [];
  daemon.stderr.setEncoding('utf8').on('data', (text: string) => {
    log.push(text);
    if (log.length > 50) log.shift();
  });
  try {
    await answers(http, daemon, log);
    for (const name of known) {
      const digest = digestOf(`right ${name}`);
      await told(`${folder}/run`, { command: 'user.set', user: name, role: 'monitor', digest });
      const rights = { read: ['cdr'], write: [], permit: ['127.0.0.0/8'], extras: false };
      await told(`${folder}/run`, { command: 'ami-user.set', name, secret: `right ${name}`, ...rights });
    }
    return await work({ http, ami });
  } finally {
    daemon.kill('SIGTERM');
    if (daemon.exitCode === null) await once(daemon, 'exit');
  }
}

/** @throws unless the daemon itself has done it: its control socket comes last. */
async function told(runDir: string, request: ControlRequest): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if ((await askDaemon(runDir, request)) !== null) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the daemon takes no commands');
}

async function answers(port: number, daemon: ChildProcess, log: readonly string[]): Promise<void> {
  for (let tries = 0; tries < 1_200; tries++) {
    if (daemon.exitCode !== null) break;
    const answer = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => null);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`the daemon does not answer:\n${log.join('')}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (!address || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Whose turn it is, half known, in an order of chance. */
function shuffled(count: number): { name: string; isKnown: boolean; host: string }[] {
  const all = Array.from({ length: count }, (_, index) => {
    const isKnown = index % 2 === 0;
    const names = isKnown ? known : unknown;
    return { name: names[(index >> 1) % NAMES] ?? '', isKnown };
  });
  for (let last = all.length - 1; last > 0; last--) {
    const other = randomInt(last + 1);
    const [a, b] = [all[last], all[other]];
    if (a && b) [all[last], all[other]] = [b, a];
  }
  return all.map((each, index) => ({ ...each, host: nextHost(index) }));
}

let round = 0;
/** An address that no earlier log-in came from. */
function nextHost(index: number): string {
  if (index === 0) round++;
  return `127.${round}.${index >> 8}.${index & 255}`;
}

/** Milliseconds from the request to the first byte of its refusal, on a connection that stands already. */
async function httpLogins({ http }: Box, count: number): Promise<Samples> {
  const samples = { known: [] as number[], unknown: [] as number[] };
  const digest = digestOf('wrong');
  for (const { name, isKnown, host } of shuffled(count)) {
    const socket = connect({ host: '127.0.0.1', port: http, localAddress: host, noDelay: true });
    await once(socket, 'connect');
    const begun = performance.now();
    socket.write(
      `GET /cgi/webserve/8404?&UserName=${name}&Password=${digest} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`,
    );
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    const ms = performance.now() - begun;
    socket.destroy();
    const text = bytes.toString('latin1');
    if (!text.startsWith('HTTP/1.1 401 ')) throw new Error(`not refused as a log-in is: ${text}`);
    samples[isKnown ? 'known' : 'unknown'].push(ms);
  }
  return samples;
}

async function amiLogins(box: Box, count: number, byChallenge: boolean): Promise<Samples> {
  const samples = { known: [] as number[], unknown: [] as number[] };
  const waiting = shuffled(count);
  const work = async () => {
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const ms = await amiLogin(box.ami, next.host, next.name, byChallenge);
      samples[next.isKnown ? 'known' : 'unknown'].push(ms);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  return samples;
}

async function amiLogin(port: number, host: string, name: string, byChallenge: boolean): Promise<number> {
  const socket = connect({ host: '127.0.0.1', port, localAddress: host, noDelay: true });
  const heard = async () => String((await once(socket, 'data')) as [Buffer]);
  await heard(); // the greeting
  if (byChallenge) {
    socket.write('Action: Challenge\r\nAuthType: MD5\r\n\r\n');
    await heard();
  }
  const proof = byChallenge ? `AuthType: MD5\r\nKey: ${'0'.repeat(32)}` : 'Secret: wrong';
  const begun = performance.now();
  socket.write(`Action: Login\r\nUsername: ${name}\r\n${proof}\r\n\r\n`);
  const text = await heard();
  const ms = performance.now() - begun;
  socket.destroy();
  if (!text.includes('Authentication failed')) throw new Error(`not refused as a log-in is: ${text}`);
  return ms;
}
