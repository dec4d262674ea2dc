/**
 * Three AMI clients from npm as they are published, each behind the same few words, so that one test can put each of them
 * on the daemon's AMI and on Asterisk's own. What they can do by themselves (actions, lists, coming back after a lost
 * connection) is left to them.
 */
import { createRequire } from 'node:module';
import { eventually } from './daemon-process.ts';

/** Headers with names in lower case, as each client writes them differently. */
export type Fields = Readonly<Record<string, string>>;

export interface Answer {
  readonly response: Fields;
  /** Events of the list that it asked for. */
  readonly list: readonly Fields[];
}

export interface PublicClient {
  /** All events so far, but for those of lists where the client keeps them apart. */
  readonly events: readonly Fields[];
  /** Times that it has been connected and logged in. */
  readonly connections: number;
  /** @throws when the client says that it failed; an `Error` answer too, where the client treats it so. */
  action(name: string, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  close(): void;
}

/** Connects and logs in. @throws when it can't. */
export type OpenClient = (port: number, user: string, secret: string) => Promise<PublicClient>;

const ANSWER_MS = 10_000;
const require = createRequire(import.meta.url);

type Raw = Record<string, unknown>;
type Heard = (...parts: never[]) => void;
interface Emitter {
  on(event: string, listener: Heard): void;
  once(event: string, listener: Heard): void;
}

function fieldsOf(raw: Raw): Fields {
  return Object.fromEntries(
    Object.entries(raw).flatMap(([name, value]) => (typeof value === 'string' ? [[name.toLowerCase(), value]] : [])),
  );
}

function within<T>(what: string, work: (resolve: (value: T) => void, reject: (error: Error) => void) => void) {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${what} within ${ANSWER_MS} ms`)), ANSWER_MS);
    const settle =
      <V>(done: (value: V) => void) =>
      (value: V) => {
        clearTimeout(timer);
        done(value);
      };
    work(settle(resolve), settle(reject));
  });
}

const beginsList = (response: Fields): boolean => /^start$/i.test(response['eventlist'] ?? '');
const endsList = (event: Fields): boolean => /^complete$/i.test(event['eventlist'] ?? '');

/** The events of a list, which the client hands over among all others. @param from Index before the action was sent. */
async function listOf(events: readonly Fields[], from: number, id: string, response: Fields): Promise<Fields[]> {
  if (!beginsList(response)) return [];
  const list = () => events.slice(from).filter((event) => event['actionid'] === id);
  await eventually(`end of the list ${id}`, ANSWER_MS, async () => list().some(endsList));
  return list();
}

/** asterisk-manager 0.2.0: logs in by itself, holds actions until then, comes back 10 s after a loss. */
const asteriskManager: OpenClient = async (port, user, secret) => {
  interface Manager extends Emitter {
    action(action: Raw, heard: (error: Raw | undefined, response: Raw) => void): string;
    keepConnected(): void;
    disconnect(): void;
  }
  const open = require('asterisk-manager') as new (...options: unknown[]) => Manager;
  const manager = new open(port, '127.0.0.1', user, secret, true);
  manager.keepConnected();
  const events: Fields[] = [];
  let connections = 0;
  manager.on('managerevent', (event: Raw) => void events.push(fieldsOf(event)));
  let ids = 0;

  const action: PublicClient['action'] = async (name, headers = {}) => {
    const actionid = `manager-${++ids}`;
    const from = events.length;
    const response = await within<Fields>(`answer to ${name} for asterisk-manager`, (resolve) => {
      manager.action({ action: name, actionid, ...headers }, (error, raw) => resolve(fieldsOf(error ?? raw)));
    });
    return { response, list: await listOf(events, from, actionid, response) };
  };
  manager.on('connect', () => {
    // It tells of the connection and not of the log-in; an action is held until then.
    action('Ping').then(
      () => connections++,
      () => {},
    );
  });
  await action('Ping');
  return {
    events,
    get connections() {
      return connections;
    },
    action,
    close: () => manager.disconnect(),
  };
};

/** asterisk-ami-client 1.1.5: promises; asked to, it pings and comes back by itself. */
const asteriskAmiClient: OpenClient = async (port, user, secret) => {
  interface Client extends Emitter {
    connect(user: string, secret: string, options: object): Promise<unknown>;
    action(message: Raw, promise: true): Promise<Raw>;
    disconnect(): void;
  }
  const Client = require('asterisk-ami-client') as new (options: object) => Client;
  const client = new Client({
    reconnect: true,
    maxAttemptsCount: 30,
    attemptsDelay: 500,
    keepAlive: true,
    keepAliveDelay: 1_000,
    dontDeleteSpecActionId: true,
  });
  const events: Fields[] = [];
  let connections = 0;
  client.on('event', (event: Raw) => void events.push(fieldsOf(event)));
  client.on('connect', () => void connections++);
  client.on('internalError', () => {}); // a lost connection is told there too, and it comes back
  await client.connect(user, secret, { host: '127.0.0.1', port });
  let ids = 0;
  return {
    events,
    get connections() {
      return connections;
    },
    async action(name, headers = {}) {
      const ActionID = `client-${++ids}`;
      const from = events.length;
      const response = fieldsOf(await client.action({ Action: name, ActionID, ...headers }, true));
      return { response, list: await listOf(events, from, ActionID, response) };
    },
    close: () => client.disconnect(),
  };
};

/** ami-io 1.2.1: action classes of its own, lists gathered in the answer; asked to, it comes back by itself. */
const amiIo: OpenClient = async (port, user, secret) => {
  interface Client extends Emitter {
    connect(again: boolean, ms: number): void;
    send(action: Raw, heard: (error: unknown, response: Raw) => void): void;
    disconnect(): void;
  }
  interface Library {
    readonly Client: new (config: object) => Client;
    readonly SilentLogger: new () => object;
    readonly Action: Readonly<Record<string, new (name?: string) => Raw>>;
  }
  const { Client, SilentLogger, Action } = require('ami-io') as Library;
  const client = new Client({
    host: '127.0.0.1',
    port,
    login: user,
    password: secret,
    encoding: 'utf8',
    logger: new SilentLogger(),
  });
  const events: Fields[] = [];
  let connections = 0;
  client.on('event', (event: Raw) => void events.push(fieldsOf(event)));
  client.on('connected', () => void connections++);
  await within<void>('log-in of ami-io', (resolve, reject) => {
    client.once('connected', () => resolve());
    client.once('incorrectLogin', () => reject(new Error('ami-io: incorrect log-in')));
    client.once('incorrectServer', () => reject(new Error('ami-io: incorrect server')));
    client.connect(true, 500);
  });
  return {
    events,
    get connections() {
      return connections;
    },
    async action(name, headers = {}) {
      // By its own class where it has one, under the name that it gives the action.
      const own = Object.keys(Action).find((each) => each.toLowerCase() === name.toLowerCase());
      const Made = own === undefined ? Action['Action'] : Action[own];
      if (!Made) throw new Error('ami-io has no actions');
      const action = Object.assign(own === undefined ? new Made(name) : new Made(), headers);
      const raw = await within<Raw>(`answer to ${name} for ami-io`, (resolve, reject) => {
        client.send(action, (error, response) =>
          error instanceof Error ? reject(error) : resolve((error ?? response) as Raw),
        );
      });
      return { response: fieldsOf(raw), list: ((raw['events'] ?? []) as Raw[]).map(fieldsOf) };
    },
    close: () => client.disconnect(),
  };
};

export const publicClients: Readonly<Record<string, OpenClient>> = {
  'asterisk-manager 0.2.0': asteriskManager,
  'asterisk-ami-client 1.1.5': asteriskAmiClient,
  'ami-io 1.2.1': amiIo,
};
