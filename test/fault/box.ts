/** The daemon as it ships, in a process of its own that may be killed, beside a scripted PBX. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MALLOC, NODE_FLAGS } from '../support/production.ts';

export const BUNDLE = fileURLToPath(new URL('../.build/cdrd.mjs', import.meta.url));

/** A start is a second at most on an idle machine; the tests of other files may keep both cores busy. */
const START_MS = 30_000;
/** Pause between two looks of a bounded wait, ms: short for what comes at once, longer the longer it takes. */
const LOOK_MS = { first: 10, last: 250, growth: 1.2 };

/** A box's folders: `state` is the store's, `own` is for the test's files. */
export interface Folders {
  readonly root: string;
  readonly state: string;
  readonly recordings: string;
}

export function folders(root: string): Folders {
  const made = { root, state: join(root, 'state'), recordings: join(root, 'recordings') };
  mkdirSync(made.recordings, { recursive: true });
  return made;
}

/** What the daemon is told; also for whoever reads the store by its rules. */
export function boxEnv({ root, state, recordings }: Folders, amiPort: number): Record<string, string> {
  return {
    CDRD_STATE_DIR: state,
    CDRD_RUN_DIR: join(root, 'run'),
    CDRD_HTTP_LISTEN: '127.0.0.1:0',
    CDRD_AMI_LISTEN: '127.0.0.1:0',
    CDRD_HTTPS_LISTEN: '',
    CDRD_RECORDINGS_DIR: recordings,
    CDRD_RECORDINGS_REQUIRE_MOUNT: 'no',
    CDRD_RECORDINGS_SWEEP_SECONDS: '1',
    CDRD_ASTERISK_HOST: amiPort > 0 ? '127.0.0.1' : '',
    CDRD_ASTERISK_PORT: String(amiPort || 5039),
    CDRD_ASTERISK_SECRET: 's3cret',
    CDRD_TIME_ZONE: 'Etc/GMT+8',
  };
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Box {
  readonly pid: number;
  /** Where it serves HTTP; rejects when it ends before it is ready. */
  readonly ready: Promise<string>;
  readonly ended: Promise<Ended>;
  /** What it wrote on standard error. */
  log(): string;
  signal(signal: NodeJS.Signals): void;
}

/** Daemons that run: a test that breaks off must leave none behind. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** @param env More environment: a disk's. */
export function startBox(place: Folders, amiPort: number, env: Readonly<Record<string, string>> = {}): Box {
  const child = spawn(process.execPath, [...NODE_FLAGS, BUNDLE, 'run'], {
    env: { PATH: process.env['PATH'] ?? '', ...MALLOC, ...boxEnv(place, amiPort), ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  let log = '';
  child.stderr.setEncoding('utf8');
  const ended = new Promise<Ended>((resolve) => child.once('close', (code, signal) => resolve({ code, signal })));
  const ready = new Promise<string>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`not ready within ${START_MS} ms: ${log}`)), START_MS);
    child.stderr.on('data', (text: string) => {
      log += text;
      const url = /listening http=(\S+)/.exec(log)?.[1];
      if (url && log.includes('cdrd is ready')) {
        clearTimeout(late);
        resolve(url);
      }
    });
    void ended.then(({ code, signal }) => {
      clearTimeout(late);
      reject(new Error(`it ended before it was ready, code ${code}, signal ${signal}: ${log}`));
    });
  });
  ready.catch(() => {}); // who doesn't wait for it wants it dead
  return { pid: child.pid ?? 0, ready, ended, log: () => log, signal: (signal) => void child.kill(signal) };
}

/** One figure of /metrics; null when nobody answers any more. @param name As written there, with its labels. */
export async function figure(url: string, name: string): Promise<number | null> {
  const text = await metrics(url);
  if (text === null) return null;
  const line = text.split('\n').find((each) => each.startsWith(`${name} `));
  if (line === undefined) throw new Error(`/metrics has no ${name}`);
  return Number(line.slice(name.length + 1));
}

export async function metrics(url: string): Promise<string | null> {
  try {
    return await (await fetch(`${url}/metrics`)).text();
  } catch {
    return null;
  }
}

/** Looks until `look` gives something other than false or null, `seconds` long at most. */
export async function until<T>(
  what: string,
  look: () => Promise<T | null | false> | T | null | false,
  seconds: number,
): Promise<T> {
  const end = performance.now() + seconds * 1000;
  let pause = LOOK_MS.first;
  do {
    const found = await look();
    if (found !== null && found !== false) return found;
    await new Promise((resolve) => setTimeout(resolve, pause));
    pause = Math.min(LOOK_MS.last, pause * LOOK_MS.growth);
  } while (performance.now() < end);
  throw new Error(`${what}: not within ${seconds} s`);
}

/** The password that the daemon itself wrote down for a new account: the last line that names it. */
export function initialPassword(place: Folders, user: string): string {
  const path = join(place.state, 'secret', 'initial-passwords');
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
  const line = lines.findLast((each) => each.startsWith(`${user} `));
  if (line === undefined) throw new Error(`no password of ${user} is written down`);
  return line.slice(user.length + 1);
}

/** Logs in by 8404 with the password written down. @returns a request for JSON as that user, which throws unless it's 200. */
export async function logIn(url: string, place: Folders, user: string) {
  const digest = createHash('md5').update(initialPassword(place, user)).digest('hex');
  const answer = await fetch(`${url}/cgi/webserve/8404?&UserName=${user}&Password=${digest}`);
  const { token } = (await answer.json()) as { token?: string };
  if (!token) throw new Error(`${user} is refused with the password that is written down (${answer.status})`);
  const get = async (path: string, init: RequestInit = {}): Promise<Record<string, unknown>> => {
    const got = await fetch(url + path, { ...init, headers: { Authorization: `Bearer ${token}` } });
    if (got.status !== 200) throw new Error(`${path} answers ${got.status}: ${await got.text()}`);
    return (await got.json()) as Record<string, unknown>;
  };
  return Object.assign(get, { token });
}
