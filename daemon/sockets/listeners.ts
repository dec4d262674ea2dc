/**
 * Servers that listen, changed while the daemon runs. What is new is opened first; what is no longer wanted serves on until
 * the change is settled, and is there again at once when it is taken back. Where the kernel lets both not be at a time
 * (127.0.0.1:5038 and 0.0.0.0:5038), the old one gives way for the moment. At a start an address may not be there yet, the
 * network being slower than this program: then it is waited for, and where none is there, others stand in.
 */
import type { Server, Socket } from 'node:net';
import type { ListenAddress } from '../config.ts';
import type { Log } from '../log.ts';
import { hostAndPort, type Sockets } from './sockets.ts';

/** An address that is to be listened on, and for what. */
export interface Wanted<Kind extends string> {
  readonly kind: Kind;
  readonly address: ListenAddress;
}

/** A server and the address that it was opened for. */
export interface Listening<Kind extends string> extends Wanted<Kind> {
  readonly server: Server;
}

/** An address that can't be listened on. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly kind: string;
  readonly address: ListenAddress;
  readonly code: string;
  /** Addresses that came with the process: see `Sockets`. */
  readonly given: string;
  constructor({ kind, address }: Wanted<string>, cause: unknown, given = '') {
    super((cause as Error).message, { cause });
    this.kind = kind;
    this.address = address;
    this.given = given;
    this.code = String((cause as NodeJS.ErrnoException).code ?? '');
  }
}

/** A change that is made and not settled: what was before still serves. */
export interface Prepared {
  /** Closes what is no longer wanted, once the answers under way are through. */
  settle(): void;
  /** All is as it was. */
  takeBack(): Promise<void>;
}

export interface Listeners<Kind extends string> {
  /** What is wanted at this moment, in its order; behind it what stands in for it. */
  readonly now: readonly Listening<Kind>[];
  /** Everything that listens at this moment, what is to be closed included. */
  readonly open: readonly Listening<Kind>[];
  /** What is wanted and waits for its address. */
  readonly missing: readonly Wanted<Kind>[];
  /**
   * Listens on these, once the change before is settled or taken back.
   * @throws {ListenError}; then nothing has changed.
   */
  prepare(wanted: readonly Wanted<Kind>[]): Promise<Prepared>;
  /**
   * The same at a start: addresses that this box hasn't are waited for, and are no error.
   * @param standIns The configuration's. They are listened on as long as none of those is there, and instead of those when
   * one of them can't be had: a box that nobody reaches can't be mended.
   * @throws {ListenError} where one of these can't be had either, or there are none; then nothing is left open.
   */
  begin(wanted: readonly Wanted<Kind>[], standIns: readonly Wanted<Kind>[]): Promise<void>;
  /** Closes all of them. */
  close(): Promise<void>;
}

export interface ListenersOptions<Kind extends string> {
  /** Makes a server that doesn't listen yet. */
  create(wanted: Wanted<Kind>): Server | Promise<Server>;
  /** Closes one, and settles when its last connection is over. */
  retire(server: Server): Promise<unknown>;
  /** Ends what a server that stays open for later has of connections. */
  quiet?(server: Server): void;
  readonly sockets: Sockets;
  readonly log: Pick<Log, 'error' | 'warn' | 'info'>;
}

interface Entry<Kind extends string> extends Listening<Kind> {
  /** It listens and serves nobody: it couldn't be opened again. What served is kept. */
  parked: boolean;
  served: ((socket: Socket) => void)[];
}

/** Milliseconds before one that could not be opened again, or whose address isn't there, is tried anew. */
const AGAIN_MS = 2_000;

/** What is said of an address that the box hasn't, or whose name or network nobody knows yet. */
const ABSENT: ReadonlySet<string> = new Set(['EADDRNOTAVAIL', 'ENODEV', 'ENOTFOUND', 'EAI_AGAIN']);

/** Whether it may come with the network. */
export function isAbsent(error: unknown): error is ListenError {
  return error instanceof ListenError && ABSENT.has(error.code);
}

export function createListeners<Kind extends string>(options: ListenersOptions<Kind>): Listeners<Kind> {
  const { create, retire, quiet = () => {}, sockets, log } = options;
  const entries = new Map<string, Entry<Kind>>();
  const leaving = new Set<Promise<unknown>>();
  const missing = new Map<string, Wanted<Kind>>();
  let standIns: readonly Entry<Kind>[] = [];
  let order: readonly string[] = [];
  let closing = false;

  function letGo(server: Server): void {
    const gone = retire(server).finally(() => leaving.delete(gone));
    leaving.add(gone);
  }

  function park(entry: Entry<Kind>): void {
    entry.parked = true;
    entry.served = entry.server.listeners('connection') as Entry<Kind>['served'];
    entry.server.removeAllListeners('connection');
    // No bound of 0 connections: Node takes that for none.
    entry.server.on('connection', (socket: Socket) => socket.destroy());
    quiet(entry.server);
  }

  function close(entry: Entry<Kind>): void {
    if (sockets.isForGood(entry.address)) return void park(entry);
    entries.delete(keyOf(entry));
    letGo(entry.server);
  }

  function wake(entry: Entry<Kind>): void {
    entry.parked = false;
    entry.server.removeAllListeners('connection');
    for (const serve of entry.served) entry.server.on('connection', serve);
  }

  /** @param rivals Those that may give way for it. @param given Gets those that did. */
  async function openOne(
    wanted: Wanted<Kind>,
    rivals: readonly Entry<Kind>[],
    given: Entry<Kind>[],
  ): Promise<Entry<Kind>> {
    const server = await create(wanted);
    const listen = () => sockets.listen(server, wanted.address);
    try {
      await listen().catch(async (error: NodeJS.ErrnoException) => {
        // Who may not bind the port at all is told so before; so what gives way can come back. What couldn't, stays.
        const same = rivals.filter(
          ({ address }) => address.port === wanted.address.port && address.port !== 0 && !sockets.isForGood(address),
        );
        if (error.code !== 'EADDRINUSE' || same.length === 0) throw error;
        for (const rival of same) {
          if (given.includes(rival)) continue;
          given.push(rival);
          entries.delete(keyOf(rival));
          letGo(rival.server);
        }
        await listen();
      });
    } catch (error) {
      server.close(); // it never listened, but what tends it lives until it is closed, and an address is waited for for days
      throw new ListenError(wanted, error, sockets.given);
    }
    server.on('error', (error) => log.error('a listener failed', { [wanted.kind]: textOf(wanted), error }));
    const entry: Entry<Kind> = { ...wanted, server, parked: false, served: [] };
    entries.set(keyOf(wanted), entry);
    return entry;
  }

  /** It was there a moment ago: nothing but another program that was quicker keeps it away, and not for ever. */
  async function reopen(wanted: Wanted<Kind>): Promise<void> {
    if (closing || entries.has(keyOf(wanted))) return;
    try {
      await openOne(wanted, [], []);
    } catch (error) {
      log.error('a listener could not be opened again; trying on', { [wanted.kind]: textOf(wanted), error });
      setTimeout(() => {
        if (order.includes(keyOf(wanted))) void reopen(wanted);
      }, AGAIN_MS).unref();
    }
  }

  /** In turn with the changes: one of them may want it no longer. */
  function awaitAddress(wanted: Wanted<Kind>): void {
    const key = keyOf(wanted);
    setTimeout(() => {
      void inTurn(async () => {
        if (closing || !missing.has(key)) return;
        if (!order.includes(key)) return awaitAddress(wanted); // a change is made, and may be taken back
        const given: Entry<Kind>[] = [];
        try {
          await openOne(wanted, standIns, given);
          missing.delete(key);
          for (const each of standIns) if (!given.includes(each)) close(each);
          standIns = [];
          log.info('the address has come: listening', { [wanted.kind]: textOf(wanted) });
        } catch (error) {
          if (!isAbsent(error))
            log.error('a listener could not be opened; trying on', { [wanted.kind]: textOf(wanted), error });
          awaitAddress(wanted);
        }
      });
    }, AGAIN_MS).unref();
  }

  async function standIn(others: readonly Wanted<Kind>[]): Promise<void> {
    const opened: Entry<Kind>[] = [];
    for (const each of others) {
      if (missing.has(keyOf(each))) continue;
      log.warn('until the address comes this one stands in', { [each.kind]: textOf(each) });
      try {
        opened.push(await openOne(each, [], []));
      } catch (error) {
        log.error('it can not be listened on', { [each.kind]: textOf(each), error });
      }
    }
    standIns = opened;
  }

  let last: Promise<unknown> = Promise.resolve();
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = last.then(work);
    last = turn.catch(() => {});
    return turn;
  }

  async function prepare(wanted: readonly Wanted<Kind>[], patient: boolean): Promise<Prepared> {
    const before = order;
    const next = wanted.map(keyOf);
    const going = [...entries.values()].filter((entry) => !entry.parked && !next.includes(keyOf(entry)));
    const fresh: Entry<Kind>[] = [];
    const woken: Entry<Kind>[] = [];
    const given: Entry<Kind>[] = [];
    const late: Wanted<Kind>[] = [];

    async function takeBack(): Promise<void> {
      order = before;
      for (const entry of fresh) close(entry);
      for (const entry of woken) park(entry);
      for (const each of late) missing.delete(keyOf(each));
      for (const entry of given) await reopen({ kind: entry.kind, address: entry.address });
    }

    try {
      for (const each of wanted) {
        const there = entries.get(keyOf(each));
        if (!there && missing.has(keyOf(each))) continue;
        if (!there) {
          const entry = await openOne(each, going, given).catch((error: unknown) => {
            if (!patient || !isAbsent(error)) throw error;
            log.warn('this address is not there yet: it is waited for', { [each.kind]: textOf(each), error });
            late.push(each);
          });
          if (entry) fresh.push(entry);
        } else if (there.parked) {
          wake(there);
          woken.push(there);
        }
      }
    } catch (error) {
      await takeBack();
      throw error;
    }
    order = next;
    for (const each of late) {
      missing.set(keyOf(each), each);
      awaitAddress(each);
    }
    return {
      settle() {
        for (const key of missing.keys()) if (!next.includes(key)) missing.delete(key);
        // As long as all that is wanted waits, who stands in stays.
        const staying = next.some((key) => entries.has(key)) || missing.size === 0 ? [] : standIns;
        for (const entry of going) if (!given.includes(entry) && !staying.includes(entry)) close(entry);
        standIns = staying;
      },
      takeBack,
    };
  }

  /**
   * Another program took the port while the box was off. By these listeners: of sockets that are opened but once they have
   * those which the first try has left.
   */
  async function insteadOf(error: unknown, others: readonly Wanted<Kind>[]): Promise<Prepared> {
    try {
      const isLast = (at: string) => others.length === 0 || others.some((each) => textOf(each) === at);
      if (!(error instanceof ListenError) || isLast(hostAndPort(error.address))) throw error;
      const address = hostAndPort(error.address);
      log.error('what a page has set can not be listened on: the configuration holds', { error, address });
      return await prepare(others, true);
    } catch (last) {
      for (const { server } of entries.values()) letGo(server);
      entries.clear();
      throw last;
    }
  }

  return {
    get now() {
      return [...order.flatMap((key) => entries.get(key) ?? []), ...standIns];
    },
    get open() {
      return [...entries.values()].filter(({ parked }) => !parked);
    },
    get missing() {
      return [...missing.values()];
    },
    prepare: (wanted) => inTurn(() => prepare(wanted, false)),
    begin: (wanted, others) =>
      inTurn(async () => {
        const prepared = await prepare(wanted, true).catch((error: unknown) => insteadOf(error, others));
        prepared.settle();
        if (entries.size === 0 && missing.size > 0) await standIn(others);
      }),
    async close() {
      closing = true;
      for (const { server } of entries.values()) letGo(server);
      entries.clear();
      await Promise.all(leaving);
    },
  };
}

function keyOf({ kind, address }: Wanted<string>): string {
  return `${kind} ${hostAndPort(address)}`;
}

function textOf({ address }: Wanted<string>): string {
  return hostAndPort(address);
}
