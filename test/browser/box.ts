/**
 * A box for a file of tests: a built cdrd with three weeks of an office in it, beside a simulated PBX that places the calls
 * it is told to, and pages of it in Chromium. A page fails its test by anything that a person at the console would see go
 * wrong: an error there, an exception, something that its policy forbids, a request elsewhere or one that fails.
 */
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, inject, onTestFinished } from 'vitest';
import { loadConfig } from '../../daemon/config.ts';
import { storeOptions } from '../../daemon/state.ts';
import { openStoreHere } from '../../storage/here.ts';
import { type Simulator, startSimulator } from '../simulator/simulator.ts';
import { logIn } from '../support/daemon.ts';
import { PASSWORDS } from './office.ts';
import { type BoxProcess, command, environment, type ProcessOptions, startProcess } from './process.ts';
import { announce, SIZES, type Size, settled, watch } from './watch.ts';

export { CONTACTS, PASSWORDS } from './office.ts';
export { announce, axe, SIZES, type Size, settled, shot, textOf } from './watch.ts';

export type BoxUser = keyof typeof PASSWORDS;

export interface BoxOptions {
  /** `office` (default): calls, recordings, phone book, passwords as names; `empty`: passwords only; `fresh`: as delivered. */
  readonly store?: 'office' | 'empty' | 'fresh';
  /** No PBX: Asterisk is away. */
  readonly alone?: boolean;
  /** Its listeners are settings, which pages can change; not fixed by the environment. */
  readonly freeListeners?: boolean;
  /** Variables of cdrd's configuration, such as CDRD_HTTPS_LISTEN. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface OpenOptions {
  /** Its address: `calls`, `/calls?src=202`; default `/`. */
  readonly page?: string;
  readonly size?: Size;
  /** Who is logged in; null: nobody. Default admin. */
  readonly role?: BoxUser | null;
  readonly dark?: boolean;
  /** Of the browser; default en-GB. */
  readonly language?: string;
  /** Faults that belong to this test, as {@link announce}. */
  readonly expects?: readonly RegExp[];
}

export interface Box {
  readonly url: string;
  /** Of the box's clock. */
  readonly zone: string;
  /** Of its AMI. */
  readonly ami: number;
  readonly pid: number;
  readonly folder: string;
  /** The folder of its recordings. */
  readonly recordings: string;
  /** Calls are placed by `pbx.placeCall('inbound', { source: '5550100', talk: 5 })`. @throws where the box is alone. */
  readonly pbx: Simulator;
  /** A page of it, ready and loaded. Closed when the test ends. */
  open(options?: OpenOptions): Promise<Page>;
  /** A number's answer, asked by somebody logged in. @throws for a status of 400 and more. */
  ask<Answer = Record<string, unknown>>(
    number: number,
    values?: Readonly<Record<string, string>>,
    user?: BoxUser,
  ): Promise<Answer>;
  /** Everything that it logged. */
  log(): string;
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** The same state in a new process, at another port; or at the same one, so that open pages find it again. */
  start(env?: Readonly<Record<string, string>>): Promise<void>;
  /** The simulated PBX goes away, as when Asterisk stops. */
  stopPbx(): Promise<void>;
  /** And comes back, at the same port. */
  startPbx(): Promise<void>;
}

const SECRET = 'asterisk-of-the-tests';

let browser: Promise<Browser> | null = null;

/** To be called at the top of a file or a `describe`: the box is there for its tests, and gone after the last. */
export function useBox(options: BoxOptions = {}): Box {
  let running: Running | null = null;
  beforeAll(async () => {
    running = await begin(options);
  });
  afterAll(async () => {
    await running?.end();
  });
  const now = () => {
    if (!running) throw new Error('the box is not there yet: use it in tests and hooks only');
    return running;
  };
  return {
    get url() {
      return now().process.url;
    },
    get ami() {
      return now().process.ami;
    },
    get pid() {
      return now().process.pid;
    },
    get folder() {
      return now().given.folder;
    },
    get recordings() {
      return `${now().given.folder}/recordings`;
    },
    get pbx() {
      const { pbx } = now();
      if (!pbx) throw new Error('the PBX is away');
      return pbx;
    },
    get zone() {
      return inject('zone');
    },
    open: (how = {}) => open(now().process.url, how),
    ask: (number, values, user) => now().ask(number, values, user),
    log: () => readFileSync(`${now().given.folder}/cdrd.log`, 'utf8'),
    stop: (signal) => now().process.end(signal),
    start: (env) => now().start(env),
    stopPbx: () => now().stopPbx(),
    startPbx: () => now().startPbx(),
  };
}

interface Running {
  readonly given: ProcessOptions;
  readonly process: BoxProcess;
  readonly pbx: Simulator | null;
  ask: Box['ask'];
  start: Box['start'];
  stopPbx: Box['stopPbx'];
  startPbx: Box['startPbx'];
  end(): Promise<void>;
}

async function begin({ store = 'office', alone = false, freeListeners, env = {} }: BoxOptions): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'cdrd-browser-'));
  if (store === 'office') cpSync(inject('office'), folder, { recursive: true, preserveTimestamps: true });
  mkdirSync(`${folder}/recordings`, { recursive: true });
  const simulate = (port = 0) =>
    startSimulator({
      ...{ username: 'cdrd', secret: SECRET, seed: 8, port, zone: inject('zone') },
      customCsvPath: `${folder}/cdrd.csv`,
    });
  let pbx = alone ? null : await simulate();
  const asterisk = pbx && { port: pbx.port, secret: SECRET };
  const given: ProcessOptions = {
    ...{ bundle: inject('bundle'), zone: inject('zone'), folder, env },
    ...(asterisk && { asterisk }),
    ...(freeListeners && {
      listeners: {
        'http.listen': `127.0.0.1:${await freePort()}`,
        'https.listen': '',
        'ami.listen': `127.0.0.1:${await freePort()}`,
      },
    }),
  };
  if (store === 'empty')
    for (const [user, password] of Object.entries(PASSWORDS))
      command(given, ['user', 'set', user, '--role', user], password);
  if (given.listeners) await setListeners(given);
  let box = await startProcess(given);
  const tokens = new Map<string, string>();
  const ask = async (number: number, values: Readonly<Record<string, string>>, user: BoxUser) => {
    const token = tokens.get(user) ?? (await logIn(box.url, user, PASSWORDS[user]));
    tokens.set(user, token);
    return fetch(`${box.url}/cgi/webserve/${number}`, {
      method: 'POST',
      body: new URLSearchParams(values),
      headers: { Authorization: `Bearer ${token}` },
    });
  };
  return {
    given,
    get process() {
      return box;
    },
    get pbx() {
      return pbx;
    },
    async ask<Answer>(number: number, values: Readonly<Record<string, string>> = {}, user: BoxUser = 'admin') {
      let answer = await ask(number, values, user);
      if (answer.status === 401 && tokens.delete(user)) answer = await ask(number, values, user);
      if (!answer.ok) throw new Error(`${number} answers ${answer.status}: ${await answer.text()}`);
      return (await answer.json()) as Answer;
    },
    async start(more = {}) {
      const port = new URL(box.url).port;
      tokens.clear();
      await box.end();
      box = await startProcess({ ...given, env: { CDRD_HTTP_LISTEN: `127.0.0.1:${port}`, ...env, ...more } });
    },
    async stopPbx() {
      await pbx?.close();
      pbx = null;
    },
    async startPbx() {
      pbx ??= await simulate(asterisk?.port);
    },
    async end() {
      await box.end();
      await pbx?.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** As if somebody had set them on the page, before the first start: the defaults are ports of the machine's own. */
async function setListeners(given: ProcessOptions): Promise<void> {
  const store = openStoreHere(storeOptions(loadConfig(null, environment(given))));
  const changes = Object.entries(given.listeners ?? {}).map(([name, value]) => ({
    name,
    value,
    audit: { who: 'test', address: '', action: 'setting.changed', detail: { setting: name } },
  }));
  await store.write({ kind: 'settings', changes });
  await store.close();
}

/** A port that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** From now on the page waits for the answers of a number. @returns how to let them come. */
export async function hold(page: Page, number: number): Promise<() => void> {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route(`**/cgi/webserve/${number}`, async (route) => {
    await released;
    await route.continue();
  });
  return release;
}

/** Name of the session's cookie over HTTP. */
const COOKIE = 'cdrd_session';

async function open(url: string, options: OpenOptions): Promise<Page> {
  const {
    page: address = '/',
    size = 'desktop',
    role = 'admin',
    dark = false,
    language = 'en-GB',
    expects = [],
  } = options;
  browser ??= chromium.connect(inject('chromium'));
  const context = await (await browser).newContext({
    ...SIZES[size],
    baseURL: url,
    colorScheme: dark ? 'dark' : 'light',
    locale: language,
    // Never the box's own, nor whole hours from it: a time that the browser's zone has got into shows.
    timezoneId: 'Asia/Kathmandu',
    reducedMotion: 'reduce',
  });
  if (role !== null)
    await context.addCookies([
      { name: COOKIE, value: await logIn(url, role, PASSWORDS[role]), url, httpOnly: true, sameSite: 'Strict' },
    ]);
  const page = await context.newPage();
  const { faults } = watch(page, url);
  onTestFinished(async () => {
    await context.close();
    const found = faults();
    if (found.length > 0) throw new Error(`the page had faults:\n${found.join('\n')}`);
  });
  for (const pattern of expects) announce(page, pattern);
  // Before anybody has logged in the box is asked who is, and says nobody.
  if (role === null) announce(page, /401/);
  await page.goto(address.startsWith('/') ? address : `/${address}`);
  await page.locator('h1').first().waitFor();
  await settled(page);
  return page;
}
