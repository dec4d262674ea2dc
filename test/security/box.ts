/**
 * A built cdrd in a process of its own, with a scripted Asterisk behind it and a small office's calls, recordings, phone
 * book and users in it. The office is set up once, over HTTP, and copied for each box that is attacked.
 */
import { type ChildProcess, spawn } from 'node:child_process';

import { closeSync, openSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AmiTestClient, connectClient } from '../ami/client.ts';
import { type ScriptedPbx, startPbx } from '../ami/pbx.ts';
import { pcmWav } from '../recordings/helper.ts';
import { MALLOC, NODE_FLAGS } from '../support/production.ts';
import {
  type Answer,
  type Ask,
  form,
  md5,
  openSocket,
  request,
  type SocketClient,
  type SocketOptions,
} from './clients.ts';

/** Seconds for a start or a stop on a machine that has much else to do. */
const START_S = 60;

export const PASSWORDS = { admin: 'Kontor-admin-7391', monitor: 'Kontor-monitor-5520' } as const;
/** Secrets of the AMI users, and of cdrd's own user in Asterisk. */
export const AMI_SECRET = 'ami-Geheimnis-4417';
export const ASTERISK_SECRET = 'asterisk-Geheimnis-9083';
/** What lies outside of the recordings folder and must not come out of it. */
export const CANARY = 'canary-outside-of-the-store-6625';
/** AMI users: name and write classes. All may read all events. */
const AMI_USERS = {
  watcher: '',
  caller: 'call',
  originator: 'originate',
  // Everything that Asterisk's classes grant, but for the two that are one action each.
  clerk: 'system,call,log,verbose,agent,user,config,dtmf,reporting,cdr,dialplan,originate,message,aoc',
} as const;
/** One that may not come from here. */
export const FAR_USER = 'far';

/** All days of the office's calls and recordings. */
export const EVER = 'startdate=2026-01-01%2000:00&enddate=2026-12-31%2023:59';
/** Its calls: who calls whom, and the caller's name. */
const CALLS: readonly (readonly [from: string, to: string, name: string])[] = [
  ['205', '204', 'Anna'],
  ['206', '204', 'Berta'],
  ['205', '206', 'Anna'],
  ['207', '205', 'Cäsar'],
];
/** What ends a line somewhere. Without the line feed and NUL: the one ends a record of Asterisk's CDR file, the other is what a power cut leaves. */
export const BREAKS = ['\r', '\u0085', '\u2028', '\u2029', '\v', '\f', '\u010d\u010a'];
/** Names that a stranger sends, each in a call of its own to {@link STRANGERS_CALL}. */
export const STRANGERS: readonly string[] = [
  ...BREAKS.map((end) => `x${end}${end}Event: Injected${end}Privilege: cdr,all${end}Injected: yes${end}${end}`),
  '=HYPERLINK("http://203.0.113.1/","x")',
  "=cmd|' /C calc'!A0",
  '@SUM(1+9)*cmd',
  '+cmd|x',
  '-2+3+cmd|x',
  '\t=1+1',
  '\r=1+1',
  ';=1+1',
  '"=1+1',
  '",=1+1,"',
  '<script>alert(1)</script>',
  '</row><row>&#38;&lt;',
  "x'; DROP TABLE call; --",
  '\u0024{SHELL(touch canary)} $(touch canary) `touch canary`',
  '\u001b[2J\u001b]0;title\u0007\u202egnp.exe',
];
export const STRANGERS_CALL = '299';
export const RECORDING = '20260102/20260102-100000-1767376800-Internal-205-204.wav';

export interface Box {
  /** Ports of HTTP and AMI on 127.0.0.1. Peers are told apart as IPv6 writes IPv4 addresses, as on `[::]`. */
  readonly port: number;
  readonly ami: number;
  readonly folder: string;
  readonly state: string;
  readonly recordings: string;
  /** The Asterisk behind it, with all that it was asked. */
  readonly pbx: ScriptedPbx;
  /** What it says of itself when the box next connects. */
  readonly asterisk: { version: string };
  readonly pid: number;
  /** Sessions of both roles; '' on a fresh box. */
  readonly tokens: { readonly admin: string; readonly monitor: string };
  /** The same box as another row meets it. */
  forRow(row: number): Box;
  /** An address of this row's own; with a number (1 to 254) another one of it. */
  address(host?: number): string;
  ask(target: string, ask?: Ask): Promise<Answer>;
  /** A number with parameters: as a form, by POST. */
  number(number: number, values?: Readonly<Record<string, string>>, ask?: Ask): Promise<Answer>;
  /** As the guide's clients log in. @returns the whole answer. */
  logIn(user: string, password: string, ask?: Ask): Promise<Answer>;
  /** An open WebSocket. @throws when it is refused. */
  socket(path: string, options?: SocketOptions): Promise<SocketClient>;
  /** The status that answers who wants to open one: 101, it opens. */
  socketStatus(path: string, options?: SocketOptions): Promise<number>;
  /** An AMI client that has said nothing yet. */
  amiClient(from?: string): Promise<AmiTestClient>;
  amiLogIn(user: string, from?: string): Promise<AmiTestClient>;
  /** Everything that it logged. */
  log(): Promise<string>;
  /** SIGTERM. @returns the exit code. */
  stop(): Promise<number | null>;
  /** The same state in a new process, after SIGTERM or, as by a power cut, SIGKILL. */
  restart(signal?: NodeJS.Signals): Promise<void>;
  close(): Promise<void>;
}

/** A line of Master.csv with UniqueID and UserField; the name stands where Asterisk and operators have texts of a caller. */
function masterLine(from: string, to: string, name: string, at: number): string {
  const epoch = 1_767_376_800 + at; // 2026-01-02 10:00:00 at UTC−08:00
  const clock = (seconds: number) =>
    new Date((epoch + seconds - 8 * 3_600) * 1000).toISOString().slice(0, 19).replace('T', ' ');
  const texts = [name, from, to, `from-ext-${from}`, `"${name}" <${from}>`, `SIP/${from}-0a`, `SIP/${to}-0b`];
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  return `${[
    ...[...texts, 'Dial', name, clock(0), clock(2), clock(7)].map(quoted),
    ...['7', '5', '"ANSWERED"', '"DOCUMENTATION"', `"${epoch}.${at}"`, quoted(name)],
  ].join(',')}
`;
}

async function freshFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'cdrd-security-'));
  const day = join(folder, 'recordings', '20260102');
  await mkdir(day, { recursive: true });
  await writeFile(join(folder, 'recordings', RECORDING), pcmWav(1));
  await writeFile(join(folder, 'canary.wav'), CANARY);
  await writeFile(
    join(folder, 'Master.csv'),
    [...CALLS, ...STRANGERS.map((name) => ['203', STRANGERS_CALL, name] as const)]
      .map(([from, to, name], index) => masterLine(from, to, name, index * 60))
      .join(''),
  );
  return folder;
}

/** Sets the office up. @returns a folder to be copied. */
export async function makeOffice(bundle: string): Promise<string> {
  const folder = await freshFolder();
  const box = await startBox(bundle, { folder, row: 0, fresh: true });
  try {
    const first = new Map(
      (await readFile(join(box.state, 'secret', 'initial-passwords'), 'utf8'))
        .split('\n')
        .map((line) => line.split(' ') as [string, string]),
    );
    const token = String((await box.logIn('admin', first.get('admin') ?? '')).field('token'));
    for (const user of ['monitor', 'admin'] as const)
      await must(box.number(30008, { UserName: user, Password: md5(PASSWORDS[user]), role: user }, { token }));
    const admin = String((await box.logIn('admin', PASSWORDS.admin)).field('token'));
    for (const [name, write] of Object.entries(AMI_USERS))
      await must(box.number(30022, { name, secret: AMI_SECRET, read: 'all', write }, { token: admin }));
    await must(
      box.number(30022, { name: FAR_USER, secret: AMI_SECRET, read: 'all', permit: '10.9.8.0/24' }, { token: admin }),
    );
    await must(box.number(30014, { number: '205', name: 'Reception', group: 'Office' }, { token: admin }));
    let seen = '';
    await until('the calls and the recording', async () => {
      const calls = await box.ask(`/cgi/webserve/9006?${EVER}`, { token: admin });
      const files = await box.ask(`/cgi/webserve/20053?${EVER}`, { token: admin });
      seen = `${total(calls)} calls, ${total(files)} recordings`;
      return total(calls) === CALLS.length + STRANGERS.length && total(files) === 1;
    }).catch(async (error: Error) => {
      throw new Error(`${error.message}: ${seen}\n${await box.log()}`);
    });
  } finally {
    await box.stop();
    await box.pbx.close();
  }
  return folder;
}

/** How many rows a listing says there are; −1: it is none. */
export function total(answer: Answer): number {
  const about = answer.field('json_obj_filter') as { totalcount?: number } | undefined;
  return answer.status === 200 ? (about?.totalcount ?? -1) : -1;
}

async function must(answer: Promise<Answer>): Promise<void> {
  const { status, body } = await answer;
  if (status !== 200) throw new Error(`setting the office up: ${status} ${body}`);
}

export interface BoxOptions {
  /** Where its state and recordings lie; without it a copy of `office`. */
  readonly folder?: string;
  readonly office?: string;
  /** The row's place in the table: its addresses. */
  readonly row: number;
  readonly fresh?: boolean;
  /** Flags for Node besides those of production. */
  readonly flags?: readonly string[];
}

export async function startBox(bundle: string, options: BoxOptions): Promise<Box> {
  const folder = options.folder ?? (await freshFolder());
  if (options.office !== undefined) await cp(options.office, folder, { recursive: true, preserveTimestamps: true });
  const ends: (() => void | Promise<void>)[] = [() => rm(folder, { recursive: true, force: true })];
  const atEnd = (work: () => void | Promise<void>) => void ends.push(work);
  const asterisk = { version: '16.28.0' };
  const pbx = await startPbx(options.folder === undefined ? atEnd : () => {}, (request, session) => {
    if (request.get('Action') !== 'CoreSettings') return false;
    session.answer(request, 'Success', ['AsteriskVersion', asterisk.version]);
    return true;
  });
  const core: Core = {
    folder,
    pbx,
    asterisk,
    running: await run(bundle, folder, pbx.port, options.flags),
    tokens: NOBODY,
    bundle,
    ends,
  };
  atEnd(async () => void (await end(core.running.child)));
  const box = boxAt(core, options.row);
  if (options.fresh) return box;
  try {
    const tokenOf = async (user: 'admin' | 'monitor') =>
      String((await box.logIn(user, PASSWORDS[user], { from: '127.76.1.1' })).field('token'));
    core.tokens = { admin: await tokenOf('admin'), monitor: await tokenOf('monitor') };
    return box;
  } catch (error) {
    await box.close();
    throw error;
  }
}

const NOBODY = { admin: '', monitor: '' };

/** What all views of a box share. */
interface Core {
  readonly folder: string;
  readonly bundle: string;
  readonly pbx: ScriptedPbx;
  readonly asterisk: { version: string };
  running: Process;
  tokens: Box['tokens'];
  readonly ends: (() => void | Promise<void>)[];
}

/** The box as one row of the table meets it: from addresses of its own. */
function boxAt(core: Core, row: number): Box {
  const { folder, pbx } = core;
  const address = (host = 1) => `127.77.${row + 1}.${host}`;
  // From ever another address: what one alone may send in a second is not what these attempts are about.
  let asked = 0;
  const ask = (target: string, given: Ask = {}) =>
    request(core.running.port, target, { from: address(100 + (asked++ % 100)), ...given });
  const box: Box = {
    get port() {
      return core.running.port;
    },
    get ami() {
      return core.running.ami;
    },
    get pid() {
      return core.running.child.pid ?? 0;
    },
    get tokens() {
      return core.tokens;
    },
    folder,
    state: join(folder, 'state'),
    recordings: join(folder, 'recordings'),
    pbx,
    asterisk: core.asterisk,
    forRow: (other) => boxAt(core, other),
    address,
    ask,
    number: (number, values = {}, given = {}) =>
      ask(`/cgi/webserve/${number}`, { method: 'POST', body: form(values), ...given }),
    logIn: (user, password, given) => box.number(8404, { UserName: user, Password: md5(password) }, given),
    async socket(path, given = {}) {
      const opened = await openSocket(core.running.port, path, { from: address(), ...given });
      if (typeof opened === 'number') throw new Error(`${path} is refused: ${opened}`);
      return opened;
    },
    async socketStatus(path, given = {}) {
      const opened = await openSocket(core.running.port, path, { from: address(), ...given });
      if (typeof opened === 'number') return opened;
      opened.close();
      return 101;
    },
    amiClient: (from = address()) =>
      connectClient(core.running.ami, { ownAddress: from, atEnd: (work) => void core.ends.push(work) }),
    async amiLogIn(user, from) {
      const client = await box.amiClient(from);
      const answer = await client.ask('Login', { Username: user, Secret: AMI_SECRET });
      if (answer.get('Response') !== 'Success') throw new Error(`${user} can't log in: ${answer.get('Message')}`);
      return client;
    },
    log: () => readFile(join(folder, 'cdrd.log'), 'utf8'),
    stop: () => end(core.running.child),
    async restart(signal) {
      await end(core.running.child, signal);
      core.running = await run(core.bundle, folder, pbx.port);
    },
    async close() {
      for (const work of core.ends.splice(0).reverse()) await work();
    },
  };
  return box;
}

interface Process {
  readonly child: ChildProcess;
  readonly port: number;
  readonly ami: number;
}

/**
 * What the log says when a box is as the attempts have it be. It is ready as soon as it answers, and finds its medium and its
 * Asterisk meanwhile: who asks before is refused a recording, or has a call placed by nobody.
 */
const THERE = ['cdrd is ready', 'recordings: the medium is there', 'Asterisk is connected'];

/** Starts the bundle and waits until all of it is there; it dies with this process. */
async function run(bundle: string, folder: string, asterisk: number, more: readonly string[] = []): Promise<Process> {
  const file = join(folder, 'cdrd.log');
  const before = await readFile(file, 'utf8').catch(() => '');
  const log = openSync(file, 'a');
  const flags = [...NODE_FLAGS, ...more, join(bundle, 'cdrd.mjs'), 'run'];
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', process.execPath, ...flags], {
    stdio: ['ignore', log, log],
    env: {
      PATH: process.env['PATH'] ?? '',
      ...MALLOC,
      CDRD_STATE_DIR: `${folder}/state`,
      CDRD_RUN_DIR: `${folder}/run`,
      CDRD_HTTP_LISTEN: '[::ffff:127.0.0.1]:0',
      CDRD_HTTPS_LISTEN: '',
      CDRD_AMI_LISTEN: '[::ffff:127.0.0.1]:0',
      CDRD_RECORDINGS_DIR: `${folder}/recordings`,
      CDRD_RECORDINGS_REQUIRE_MOUNT: 'no',
      CDRD_RECORDINGS_SWEEP_SECONDS: '1',
      CDRD_ASTERISK_HOST: '127.0.0.1',
      CDRD_ASTERISK_PORT: String(asterisk),
      CDRD_ASTERISK_SECRET: ASTERISK_SECRET,
      CDRD_ASTERISK_CDR_CSV: `${folder}/Master.csv`,
      CDRD_TIME_ZONE: 'Etc/GMT+8',
    },
  });
  closeSync(log);
  const port = (text: string, kind: string) => Number(new RegExp(`listening ${kind}=\\S*:(\\d+)`).exec(text)?.[1]);
  let text = '';
  await until('cdrd to be ready, with medium and Asterisk', async () => {
    text = (await readFile(file, 'utf8')).slice(before.length);
    if (child.exitCode !== null) throw new Error(`cdrd ended with ${child.exitCode}: ${text}`);
    return THERE.every((line) => text.includes(line));
  });
  return { child, port: port(text, 'http'), ami: port(text, 'ami') };
}

async function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await gone;
  }
  return child.exitCode;
}

/** Looks every 50 ms. @throws when it isn't so within a minute. */
export async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  for (let looks = 0; looks < START_S * 20; looks++) {
    if (await holds()) return;
    await sleep(50);
  }
  throw new Error(`no ${what} within ${START_S} s`);
}
