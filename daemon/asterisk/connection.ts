/**
 * The connection to the PBX's own AMI: comes back for ever with back-off and jitter, and says its state. What a session
 * hears is handed on in order; what is asked goes to the session that stands. One that is refused comes back far more slowly,
 * because what refuses log-ins may ban who goes on trying; a new secret in the configuration is tried at once.
 */
import { asteriskLimits } from '../limits.ts';
import type { Log } from '../log.ts';
import type { Header, Packet } from '../wire/packet.ts';
import type { Asker } from './forwarding.ts';
import { type AsteriskLimits, openSession, type Session } from './session.ts';

export type { AsteriskLimits };

/**
 * `off`: no host is configured. `refused`: it doesn't let us in (wrong secret, or the user is missing). `down`: it can't
 * be reached. In each of them but `off` the next try is under way.
 */
export type AsteriskState = 'off' | 'connecting' | 'up' | 'down' | 'refused';

export interface AsteriskStatus {
  readonly state: AsteriskState;
  /** One sentence for people; '' when all is well. */
  readonly why: string;
  /** Epoch milliseconds of the last change. */
  readonly since: number;
  /** What the PBX calls itself: `16.28.0`; '' until it has told, shortly after it is up. */
  readonly version: string;
}

export interface AsteriskOptions {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly secret: string;
  /** Reads the secret anew, as it is configured at this moment. Absent: it never changes. @throws what can't be read. */
  currentSecret?(): string;
  readonly log: Log;
  readonly limits?: AsteriskLimits;
  /** Every event, in Asterisk's order, but for those of lists: they concern the asker alone. */
  onEvent(packet: Packet): void;
  /** Milliseconds for which more is better left with Asterisk, because so much waits to be stored; 0: it may come. */
  restMs?(): number;
  /** Logged in, before the first event is handed on; may ask actions. */
  onUp(connection: AsteriskConnection): void;
  /** The state, the reason or the version has changed. */
  onStatus?(status: AsteriskStatus): void;
}

export interface AsteriskConnection {
  readonly status: AsteriskStatus;
  /** Times that a session was lost, packets dropped (over a limit, or of no known kind), events: for /metrics. */
  readonly figures: { readonly reconnects: number; readonly faults: number; readonly events: number };
  /**
   * Sends one action and gives its answer, an `Error` answer too. An ActionID is added.
   * @throws when the connection is not up or goes away, when no answer comes in time, when too many are waiting, when it is
   * more than Asterisk takes in one packet.
   */
  action(headers: readonly Header[]): Promise<Packet>;
  /**
   * Sends one action that is answered by a list. Settles with the end of it.
   * @param heard Takes each event of the list, the last one too, in its place among all others.
   * @throws as `action` does, and with Asterisk's own words when it refuses.
   */
  list(headers: readonly Header[], heard: (item: Packet) => void): Promise<void>;
  /**
   * Forwards an action for somebody else. Its answer, and the events of the list that it asks for, are heard by the asker
   * alone. @param actionId The asker's own; null: none, and the answer has none.
   */
  forward(headers: readonly Header[], actionId: string | null, asker: Asker): void;
  /**
   * Classes of events that somebody wants besides those that this daemon needs itself; Asterisk sends no others. A
   * dialplan's VarSet flood stays away from a box where nobody listens to it.
   */
  listenTo(classes: readonly string[]): void;
  /** Seconds since Asterisk has started and since its last reload; null while it is away or hasn't told. */
  uptime(): { readonly uptime: number; readonly lastReload: number } | null;
  /**
   * Tries at once, with the secret of this moment: somebody says that what stood in the way is mended. While a session
   * stands or is being opened it does nothing.
   */
  tryNow(): void;
  /** Says goodbye and ends for good; may be called in any state, and again. */
  close(): Promise<void>;
}

/** Classes of events that this daemon needs: records, channels, the state of Asterisk. */
const OWN_CLASSES = ['cdr', 'call', 'system'];

export function connectAsterisk(options: AsteriskOptions): AsteriskConnection {
  const { log, limits = asteriskLimits } = options;
  const peer = `${options.host}:${options.port}`;
  let status: AsteriskStatus = { state: options.host ? 'connecting' : 'off', why: '', since: Date.now(), version: '' };
  let session: Session | null = null;
  let { secret } = options;
  let retry: NodeJS.Timeout | undefined;
  /** Looks for a new secret while this one is refused. */
  let looking: NodeJS.Timeout | undefined;
  /** Failed since the last success: tries in all, and those that were refused. */
  let tries = 0;
  let refusals = 0;
  let unreadable = '';
  let closed = false;
  let mask = OWN_CLASSES.join(',');
  const figures = { reconnects: 0, faults: 0, events: 0 };

  function become(state: AsteriskState, why = ''): void {
    if (state === status.state && why === status.why) return;
    status = { state, why, version: '', since: state === status.state ? status.since : Date.now() };
    if (why) log.warn('Asterisk is away; trying again', { peer, why });
    options.onStatus?.(status);
  }

  function start(): void {
    stopWaiting();
    session = openSession({ ...options, secret, limits, mask: () => mask }, figures, {
      up() {
        tries = 0;
        refusals = 0;
        become('up');
        options.onUp(connection);
      },
      version(version) {
        status = { ...status, version };
        log.info('Asterisk is connected', { peer, version });
        options.onStatus?.(status);
      },
      down(refused, why) {
        session = null;
        if (closed) return;
        if (status.state === 'up') figures.reconnects++;
        become(refused ? 'refused' : 'down', why);
        tries++;
        if (refused) refusals++;
        const wait = refused ? retryDelay(limits.refusedMs, refusals - 1) : retryDelay(limits.retryMs, tries - 1);
        retry = setTimeout(start, wait);
        if (refused && options.currentSecret) looking = setInterval(lookForSecret, limits.secretLookMs);
      },
    });
  }

  function stopWaiting(): void {
    clearTimeout(retry);
    clearInterval(looking);
  }

  /** @returns whether there is another one than before. */
  function takeSecret(): boolean {
    try {
      const current = options.currentSecret?.() ?? secret;
      unreadable = '';
      const isNew = current !== secret;
      secret = current;
      return isNew;
    } catch (error) {
      // A file in the midst of being edited; said once.
      const why = error instanceof Error ? error.message : String(error);
      if (why !== unreadable) log.warn('the secret for Asterisk could not be read anew', { error });
      unreadable = why;
      return false;
    }
  }

  function lookForSecret(): void {
    if (!takeSecret()) return;
    log.info('another secret for Asterisk is configured; trying it', { peer });
    refusals = 0;
    start();
  }

  const connection: AsteriskConnection = {
    get status() {
      return status;
    },
    figures,
    action(headers) {
      return session && status.state === 'up'
        ? session.action(headers)
        : Promise.reject(new Error(`Asterisk is ${status.state}`));
    },
    list(headers, heard) {
      return session && status.state === 'up'
        ? session.list(headers, heard)
        : Promise.reject(new Error(`Asterisk is ${status.state}`));
    },
    forward(headers, actionId, asker) {
      if (session && status.state === 'up') session.forward(headers, actionId, asker);
      else asker.failed(new Error(`Asterisk is ${status.state}`));
    },
    listenTo(classes) {
      const wanted = [...new Set([...OWN_CLASSES, ...classes])].join(',');
      if (wanted === mask) return;
      mask = wanted;
      session?.listen();
    },
    uptime: () => (status.state === 'up' ? (session?.uptime() ?? null) : null),
    tryNow() {
      if (closed || session || !options.host) return;
      takeSecret();
      refusals = 0;
      start();
    },
    async close() {
      closed = true;
      stopWaiting();
      await session?.close();
    },
  };
  if (options.host) start();
  return connection;
}

/**
 * Milliseconds until the next try. Up to half of the wait is left to chance, so that many boxes don't come back to one
 * server in step.
 * @param tries Failed ones since the last success. @param chance 0 to 1.
 */
export function retryDelay(wait: AsteriskLimits['retryMs'], tries: number, chance = Math.random()): number {
  return Math.min(wait.last, wait.first * 2 ** Math.min(tries, 16)) * (0.5 + chance / 2);
}
