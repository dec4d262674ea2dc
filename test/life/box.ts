/** The daemon as it ships, living fast: started, killed and stopped, asked by an API key, and measured from outside. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, openSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { NODE_FLAGS } from '../support/production.ts';
import type { Day } from './day.ts';

const BUNDLE = fileURLToPath(new URL('../../dist/cdrd.mjs', import.meta.url));
const START_MS = 60_000;
const STOP_MS = 15_000;

export interface Figures {
  /** MB. */
  readonly rss: number;
  readonly own: number;
  readonly files: number;
  readonly threads: number;
  readonly store: number;
  readonly recordings: number;
  readonly recordingsMb: number;
}

export interface Box {
  start(): Promise<void>;
  /** @returns how it ended: its exit code, or the signal. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | string>;
  /** Answer of a number as JSON. @throws for another status than 200. */
  ask(number: number, query?: string): Promise<Record<string, unknown>>;
  /** The value of a figure of /metrics with these labels. */
  metric(line: string): Promise<number>;
  figures(): Figures;
  /** `cdrd COMMAND` beside it. @throws when it fails. */
  command(...args: readonly string[]): string;
  /** How it ended by itself; null: it didn't. */
  died(): string | null;
}

/** @param amiPort Where the PBX listens. */
export function openBox(root: string, day: Day, amiPort: number, secret: string, csv: string): Box {
  const recordings = join(root, 'recordings');
  mkdirSync(recordings, { recursive: true });
  const env = {
    PATH: process.env['PATH'] ?? '',
    MALLOC_ARENA_MAX: '1',
    ...day.env,
    CDRD_STATE_DIR: join(root, 'state'),
    CDRD_RUN_DIR: join(root, 'run'),
    CDRD_HTTP_LISTEN: '127.0.0.1:0',
    CDRD_HTTPS_LISTEN: '',
    CDRD_AMI_LISTEN: '127.0.0.1:0',
    CDRD_RECORDINGS_DIR: recordings,
    CDRD_RECORDINGS_REQUIRE_MOUNT: 'no',
    CDRD_RECORDINGS_SWEEP_SECONDS: '1',
    CDRD_ASTERISK_HOST: '127.0.0.1',
    CDRD_ASTERISK_PORT: String(amiPort),
    CDRD_ASTERISK_USERNAME: 'cdrd',
    CDRD_ASTERISK_SECRET: secret,
    CDRD_ASTERISK_CDR_CSV: csv,
    CDRD_TIME_ZONE: 'UTC',
  };
  const logFile = join(root, 'cdrd.log');
  const log = openSync(logFile, 'a');
  let child: ChildProcess | null = null;
  let ended: Promise<number | string> = Promise.resolve(0);
  let died: string | null = null;
  let url = '';
  let key = '';
  const command = (args: readonly string[], input = '') =>
    execFileSync(process.execPath, [...NODE_FLAGS, ...day.flags, BUNDLE, ...args], { env, input, encoding: 'utf8' });

  async function get(path: string, token = key): Promise<Response> {
    const answer = await fetch(url + path, { headers: { Authorization: `Bearer ${token}` } });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  }

  async function makeKey(): Promise<void> {
    const digest = createHash('md5').update('admin').digest('hex');
    const login = await get(`/cgi/webserve/8404?&UserName=admin&Password=${digest}`);
    const { token } = (await login.json()) as { token: string };
    const made = await get('/cgi/webserve/30011?&name=life&role=admin', token);
    ({ key } = (await made.json()) as { key: string });
  }

  return {
    async start() {
      if (key === '') command(['user', 'set', 'admin', '--role', 'admin'], 'admin');
      const from = statSync(logFile).size;
      const own = spawn(process.execPath, [...NODE_FLAGS, ...day.flags, BUNDLE, 'run'], {
        env,
        stdio: ['ignore', log, log],
      });
      child = own;
      ended = new Promise((resolve) => own.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown')));
      void ended.then((how) => {
        if (child === own) died = String(how);
      });
      for (const late = Date.now() + START_MS; ; await pause(50)) {
        const said = readFileSync(logFile, 'utf8').slice(from);
        const listening = /http=(\S+)/.exec(said)?.[1];
        if (listening && said.includes('cdrd is ready')) {
          url = listening;
          break;
        }
        if (died !== null || Date.now() > late) throw new Error(`cdrd did not start: ${said}`);
      }
      if (key === '') await makeKey();
    },
    async end(signal) {
      const own = child;
      child = null;
      own?.kill(signal);
      const how = await Promise.race([ended, pause(STOP_MS, 'it did not end')]);
      if (how === 'it did not end') own?.kill('SIGKILL');
      return how;
    },
    ask: async (number, query = '') =>
      (await (await get(`/cgi/webserve/${number}?&${query}`)).json()) as Record<string, unknown>,
    async metric(line) {
      const text = await (await get('/metrics')).text();
      const found = text.split('\n').find((each) => each.startsWith(`${line} `));
      return Number(found?.slice(line.length + 1) ?? Number.NaN);
    },
    figures() {
      const proc = `/proc/${child?.pid}`;
      const rollup = readFileSync(`${proc}/smaps_rollup`, 'utf8');
      const status = readFileSync(`${proc}/status`, 'utf8');
      const kb = (text: string, name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);
      const files = wavsIn(recordings);
      return {
        rss: kb(rollup, 'Rss') / 1024,
        own: (kb(rollup, 'Private_Clean') + kb(rollup, 'Private_Dirty')) / 1024,
        files: readdirSync(`${proc}/fd`).filter((fd) => !isGone(`${proc}/fd/${fd}`)).length,
        threads: kb(status, 'Threads'),
        store: sizeOf(join(root, 'state'), /^cdrd\.db/) / 1e6,
        recordings: files.length,
        recordingsMb: files.reduce((sum, size) => sum + size, 0) / 1e6,
      };
    },
    command: (...args) => command(args),
    died: () => died,
  };
}

function isGone(link: string): boolean {
  try {
    readlinkSync(link);
    return false;
  } catch {
    return true;
  }
}

/** Sizes of the recordings, what is hidden left out. */
function wavsIn(dir: string): number[] {
  return readdirSync(dir)
    .filter((day) => /^\d{8}$/.test(day))
    .flatMap((day) => readdirSync(join(dir, day)).map((name) => join(dir, day, name)))
    .flatMap((path) => statSync(path, { throwIfNoEntry: false })?.size ?? []);
}

function sizeOf(dir: string, names: RegExp): number {
  return readdirSync(dir)
    .filter((name) => names.test(name))
    .reduce((sum, name) => sum + (statSync(join(dir, name), { throwIfNoEntry: false })?.size ?? 0), 0);
}
