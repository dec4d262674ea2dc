/**
 * The connection to the PBX's own AMI: comes back for ever with back-off and jitter, and says its state. What a session
 * hears is handed on in order; what is asked goes to the session that stands.
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
  readonly log: Log;
  readonly limits?: AsteriskLimits;
  /** Every event, in Asterisk's order, but for those of lists: they concern the asker alone. */
  onEvent(packet: Packet): void;
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
  let retry: NodeJS.Timeout | undefined;
  let tries = 0;
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
    session = openSession({ ...options, limits, mask: () => mask }, figures, {
      up() {
        tries = 0;
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
        retry = setTimeout(start, retryDelay(limits.retryMs, tries++));
      },
    });
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
    async close() {
      closed = true;
      clearTimeout(retry);
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
