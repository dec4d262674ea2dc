/**
 * The whole daemon for tests: the very start.ts that ships, on port 0, in a temporary folder. Tests that look at it from
 * outside only can have it as a program of its own as well (outside.ts).
 */
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import { loadConfig } from '../../daemon/config.ts';
import { sessionLimits } from '../../daemon/limits.ts';
import { createLog } from '../../daemon/log.ts';
import { type Running, start } from '../../daemon/start.ts';
import { digestOf } from '../../daemon/state.ts';
import { type AtEnd, temporaryFolder } from './folder.ts';
import { OUTSIDE, startOutside } from './outside.ts';
import { PATIENCE } from './patience.ts';

export const WORKERS = {
  store: new URL('../.build/store-worker.mjs', import.meta.url),
  medium: new URL('../.build/medium-worker.mjs', import.meta.url),
  files: new URL('../.build/file-worker.mjs', import.meta.url),
};
export const WWW = new URL('../.build/www/', import.meta.url);

export interface TestDaemon extends Running {
  readonly folder: string;
  readonly url: string;
  /** What it logged, a line each. */
  readonly log: readonly string[];
  /** GET with the admin's token. */
  get(path: string, init?: RequestInit): Promise<Response>;
  /** GET and the JSON of its answer. */
  json(path: string): Promise<Record<string, unknown>>;
}

/** Starts one with these variables over the test's own; its accounts are admin/admin and monitor/monitor. */
export async function startDaemon(
  env: Record<string, string> = {},
  {
    atEnd = onTestFinished,
    folder = temporaryFolder(atEnd),
    unset = [],
    listen = 'fixed',
    www = WWW,
  }: {
    atEnd?: AtEnd;
    folder?: string /** Variables of the test's own that it must not have. */;
    unset?: readonly string[];
    /** `free`: the listeners are the defaults, so that a page may change them. */
    listen?: 'fixed' | 'free';
    /** The folder of the pages. */
    www?: URL;
  } = {},
): Promise<TestDaemon> {
  mkdirSync(`${folder}/recordings`, { recursive: true });
  const log: string[] = [];
  const variables: Record<string, string> = {
    CDRD_STATE_DIR: `${folder}/state`,
    CDRD_RUN_DIR: `${folder}/run`,
    CDRD_HTTP_LISTEN: '127.0.0.1:0',
    CDRD_AMI_LISTEN: '127.0.0.1:0',
    CDRD_HTTPS_LISTEN: '',
    CDRD_HTTP_NAMES: 'x,box,nexo', // as raw requests of tests call it
    CDRD_RECORDINGS_DIR: `${folder}/recordings`,
    CDRD_RECORDINGS_REQUIRE_MOUNT: 'no',
    CDRD_RECORDINGS_SWEEP_SECONDS: '1',
    CDRD_ASTERISK_HOST: '',
    CDRD_ASTERISK_CDR_CSV: `${folder}/Master.csv`,
    CDRD_TIME_ZONE: 'Etc/GMT+8',
    ...env,
  };
  for (const name of unset) delete variables[name];
  const { running, url } = OUTSIDE
    ? await startOutside(variables, log, atEnd)
    : await startWithin(variables, { log, atEnd, listen, www });
  const token = await logIn(url, 'admin');
  const get = async (path: string, init: RequestInit = {}) => {
    await turn();
    return fetch(url + path, { ...init, headers: { Authorization: `Bearer ${token}`, ...init.headers } });
  };
  return Object.assign(Object.create(running) as Running, {
    folder,
    url,
    log,
    get,
    json: async (path: string) => (await (await get(path)).json()) as Record<string, unknown>,
  });
}

async function startWithin(
  variables: Record<string, string>,
  { log, atEnd, listen, www }: { log: string[]; atEnd: AtEnd; listen: 'fixed' | 'free'; www: URL },
): Promise<{ running: Running; url: string }> {
  const loaded = loadConfig(null, variables);
  const isFree = (key: string) => listen === 'free' && key.endsWith('.listen');
  const config = { ...loaded, fixed: (key: string) => (isFree(key) ? null : loaded.fixed(key)) };
  const running = await start({
    config,
    log: createLog({ level: 'info', write: (line) => log.push(line), terminal: false }),
    workers: WORKERS,
    www,
    version: 'test',
    onFatal: (error) => log.push(`FATAL ${error.message}`),
  });
  atEnd(() => running.close());
  const address = running.addresses[0];
  if (!address) throw new Error('the daemon listens nowhere');
  for (const user of ['admin', 'monitor'] as const) await setPassword(running, user);
  return { running, url: `http://127.0.0.1:${address.port}` };
}

async function setPassword({ store }: Running, user: 'admin' | 'monitor'): Promise<void> {
  const { createAccounts } = await import('../../cgi/access/accounts.ts');
  const accounts = createAccounts(store, null, sessionLimits);
  await accounts.put({ user, role: user, digest: digestOf(user) }, { who: 'test', address: '' });
}

/**
 * One turn of the loop, timers and sockets. A test that has worked for longer than a connection is kept would else ask over
 * one that the daemon, in the same process, closes as soon as it comes to it; a client apart would have seen that.
 */
async function turn(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
  await new Promise((resolve) => setImmediate(resolve));
}

/** @returns the token of a new session. */
export async function logIn(url: string, user: string, password = user): Promise<string> {
  const digest = createHash('md5').update(password).digest('hex');
  const answer = await fetch(`${url}/cgi/webserve/8404?&UserName=${user}&Password=${digest}`, { method: 'POST' });
  return ((await answer.json()) as { token: string }).token;
}

/** Looks every 50 ms until `look` gives something, at most `seconds` long. */
export async function eventually<T>(
  look: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  seconds = 10,
): Promise<T> {
  for (let tries = 0; tries < seconds * PATIENCE * 20; tries++) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nothing within ${seconds} s`);
}
