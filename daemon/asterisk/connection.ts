/**
 * The connection to the PBX's own AMI: logs in by MD5 challenge, keeps alive, comes back for ever with back-off and
 * jitter, and says its state. What it hears is handed on in order; what it asks is matched to its answer by ActionID.
 */
import { createHash, randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { asteriskLimits } from '../limits.ts';
import type { Log } from '../log.ts';
import {
  createPacketReader,
  formatPacket,
  type Header,
  type Packet,
  type PacketLimits,
  parsePacket,
  withActionId,
} from '../wire/packet.ts';

/** What `limits.ts` holds and says the reasons of; tests give shorter ones. */
export interface AsteriskLimits extends PacketLimits {
  readonly asked: Pick<PacketLimits, 'line' | 'lines'>;
  readonly answerMs: number;
  readonly pingMs: number;
  readonly retryMs: { readonly first: number; readonly last: number };
  readonly goodbyeMs: number;
  readonly actions: number;
}

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

/** Who had an action forwarded: it hears packets in order, then one of the two ends, once. */
export interface Asker {
  /** The answer, then each event of its list, as Asterisk wrote them but for the ActionID. */
  heard(bytes: Buffer): void;
  done(): void;
  /** Asterisk is away, went away, or did not answer in time. */
  failed(error: Error): void;
}

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

interface Session {
  action: AsteriskConnection['action'];
  list: AsteriskConnection['list'];
  /** The mask has changed. */
  listen(): void;
  uptime: AsteriskConnection['uptime'];
  forward: AsteriskConnection['forward'];
  close(): Promise<void>;
}

interface SessionListener {
  up(): void;
  version(version: string): void;
  /** Called once. */
  down(refused: boolean, why: string): void;
}

/** Whoever waits for the answer to an action: one of the two is called, once. */
interface Waiting {
  answered(packet: Packet): void;
  failed(error: Error): void;
  /** Takes the events that bear the action's id, too. */
  listed?(packet: Packet): void;
  /** Whether nothing comes behind this packet; without it, as lists say it themselves. */
  isLast?(packet: Packet): boolean;
  /** Milliseconds to wait for each packet; without it `limits.answerMs`. */
  readonly ms?: number;
}

/** Classes of events that this daemon needs: records, channels, the state of Asterisk. */
const OWN_CLASSES = ['cdr', 'call', 'system'];

/** Forwarded actions remembered after their answer: an Originate's outcome comes as an event, minutes later. */
const ASKERS_MAX = 256;

/** One TCP connection from its begin to its end. */
function openSession(
  options: AsteriskOptions & { readonly limits: AsteriskLimits; mask(): string },
  figures: { faults: number; events: number },
  listener: SessionListener,
): Session {
  const { log, limits } = options;
  const waiting = new Map<string, Waiting>();
  // A caller can bring lines of his own into this stream by line breaks in his number: he must not know what to answer to.
  const nonce = randomBytes(8).toString('hex');
  const ourIds = Buffer.from(`\nActionID: cdrd-${nonce}-`);
  /** The askers' own ActionIDs by ours, oldest first. */
  const askers = new Map<string, string | null>();
  let lastAction = 0;
  /** What it said of its age at log-in, and when (monotonic milliseconds). */
  let booted: { uptime: number; lastReload: number; at: number } | null = null;
  let loggedIn = false;
  let ended = false;
  let lastHeard = performance.now();
  const socket: Socket = connect({ host: options.host, port: options.port, noDelay: true });
  // By the clock and not by silence: a peer that talks without end and never greets is none either.
  let deadline = endsIn(limits.answerMs, 'no connection');

  const reader = createPacketReader(
    limits,
    {
      greeting: logIn,
      packet,
      fault: dropped,
    },
    { greeting: true },
  );

  socket.on('connect', () => {
    clearTimeout(deadline);
    deadline = endsIn(limits.answerMs, 'connected, but no greeting came');
  });
  socket.on('data', (bytes) => reader.push(bytes));
  socket.on('error', (error: NodeJS.ErrnoException) => end(false, connectFault(error)));
  socket.on('close', () => end(false, loggedIn ? 'it closed the connection' : 'it closed the connection at log-in'));
  let pinging = false;
  /** The mask that Asterisk knows, and whether it is being told another. */
  let toldMask = '';
  let telling = false;
  const beat = setInterval(() => {
    keepAlive();
    listen();
  }, limits.pingMs / 3);

  function packet(packet: Packet): void {
    if (ended) return;
    lastHeard = performance.now();
    switch (packet.first[0]) {
      case 'Event':
        if (loggedIn) event(packet); // Asterisk sends none before
        break;
      case 'Response':
        answer(packet);
        break;
      default:
        dropped('neither an event nor a response');
    }
  }

  function event(packet: Packet): void {
    figures.events++;
    if (packet.first[1] === 'FullyBooted')
      booted = { uptime: Number(packet.get('Uptime')), lastReload: Number(packet.get('LastReload')), at: lastHeard };
    if (!packet.raw.includes(ourIds)) {
      options.onEvent(packet);
      return;
    }
    const id = packet.get('ActionID');
    const theirs = askers.get(id);
    const listed = waiting.get(id)?.listed;
    if (listed) listed(packet);
    // The outcome of what somebody had forwarded is told to everybody, as Asterisk does. What comes too late is nobody's.
    else if (theirs !== undefined) options.onEvent(parsePacket(withActionId(packet.raw, id, theirs)));
  }

  function answer(packet: Packet): void {
    const id = packet.get('ActionID');
    if (beginsList(packet)) askers.delete(id); // its events are for the asker alone, also when that one has given up
    waiting.get(id)?.answered(packet);
  }

  function dropped(fault: string): void {
    figures.faults++;
    log.warn('a packet from Asterisk was dropped', { fault });
  }

  /** In callbacks and not in promises: events in the very bytes of the log-in's answer come after `up`. */
  function logIn(greeting: string): void {
    clearTimeout(deadline);
    if (!/^Asterisk Call Manager/i.test(greeting)) {
      end(false, 'what answers there is not an Asterisk AMI');
      return;
    }
    const failed = (error: Error) => end(false, error.message);
    const refused = (answer: Packet): void =>
      end(true, `it refuses the log-in of ${options.username}: ${answer.get('Message') || 'no reason given'}`);
    const accepted = (answer: Packet) => {
      if (answer.get('Response') !== 'Success') {
        refused(answer);
        return;
      }
      loggedIn = true;
      listener.up();
      listen(); // somebody may have come meanwhile
      ask([['Action', 'CoreSettings']], {
        answered: (settings) => listener.version(settings.get('AsteriskVersion')),
        failed,
      });
    };
    const challenged = (answer: Packet) => {
      const challenge = answer.get('Challenge');
      if (!challenge) {
        refused(answer); // without one, the key would be the secret's plain digest
        return;
      }
      const key = createHash('md5')
        .update(challenge + options.secret)
        .digest('hex');
      toldMask = options.mask();
      ask(
        [
          ['Action', 'Login'],
          ['AuthType', 'MD5'],
          ['Username', options.username],
          ['Key', key],
          ['Events', toldMask],
        ],
        { answered: accepted, failed },
      );
    };
    ask(
      [
        ['Action', 'Challenge'],
        ['AuthType', 'MD5'],
      ],
      { answered: challenged, failed },
    );
  }

  /** @returns the id that it was asked under; '' where it wasn't. */
  function ask(headers: readonly Header[], then: Waiting): string {
    const id = `cdrd-${nonce}-${++lastAction}`;
    const packet = formatPacket([...headers, ['ActionID', id]]);
    const hindrance = ended
      ? 'the connection to Asterisk is gone'
      : waiting.size >= limits.actions
        ? 'too many actions are waiting for Asterisk'
        : tooMuch(packet, limits.asked);
    if (hindrance) {
      then.failed(new Error(hindrance));
      return '';
    }
    const settle = () => {
      clearTimeout(late);
      waiting.delete(id);
    };
    const failed = (error: Error) => {
      settle();
      then.failed(error);
    };
    const { listed, isLast, ms = limits.answerMs } = then;
    const late = setTimeout(() => failed(new Error(`no answer to ${headers[0]?.[1]} within ${ms / 1000} s`)), ms);
    const isOver = (packet: Packet) =>
      isLast?.(packet) ?? (!listed || !(packet.first[0] === 'Response' ? beginsList : goesOn)(packet));
    waiting.set(id, {
      answered(packet) {
        if (isOver(packet)) settle();
        else late.refresh();
        then.answered(packet);
      },
      failed,
      ...(listed && {
        listed(packet: Packet) {
          if (isOver(packet)) settle();
          else late.refresh();
          listed(packet);
        },
      }),
    });
    socket.write(packet);
    return id;
  }

  function forward(headers: readonly Header[], actionId: string | null, asker: Asker): void {
    let id = '';
    const heard = (packet: Packet, over: boolean) => {
      asker.heard(withActionId(packet.raw, id, actionId));
      if (over) asker.done();
    };
    const { failed } = asker;
    if (waitsForCall(headers)) id = originate(headers, heard, failed);
    else
      id = ask(headers, {
        answered: (packet) => heard(packet, !beginsList(packet)),
        listed: (packet) => heard(packet, !goesOn(packet)),
        failed,
      });
    if (id === '') return;
    askers.set(id, actionId);
    const [oldest] = askers.keys();
    if (askers.size > ASKERS_MAX && oldest !== undefined) askers.delete(oldest);
  }

  /**
   * An Originate that is to be answered when the call is: Asterisk's session stands still meanwhile (main/manager.c,
   * `action_originate`), and this one session is everybody's. So it is asked with `Async`, and its outcome is made the
   * answer that the asker would have got.
   */
  function originate(
    headers: readonly Header[],
    heard: (packet: Packet, over: boolean) => void,
    failed: (error: Error) => void,
  ): string {
    const [, timeout = ''] = headers.find(([name]) => /^timeout$/i.test(name)) ?? [];
    const ms = Math.min(Number.parseInt(timeout, 10) || ORIGINATE_MS, ORIGINATE_MAX_MS) + limits.answerMs;
    let id = '';
    id = ask([...headers.filter(([name]) => !/^async$/i.test(name)), ['Async', 'true']], {
      ms,
      isLast: (packet) =>
        packet.first[0] === 'Response' ? packet.first[1] !== 'Success' : packet.first[1] === 'OriginateResponse',
      answered: (packet) => packet.first[1] !== 'Success' && heard(packet, true),
      listed(event) {
        if (event.first[1] !== 'OriginateResponse') return;
        const success = event.get('Response') === 'Success';
        const answer = formatPacket([
          ['Response', success ? 'Success' : 'Error'],
          ['ActionID', id],
          ['Message', success ? 'Originate successfully queued' : 'Originate failed'],
        ]);
        heard(parsePacket(Buffer.from(answer)), true);
      },
      failed,
    });
    return id;
  }

  function action(headers: readonly Header[]): Promise<Packet> {
    return new Promise((answered, failed) => ask(headers, { answered, failed }));
  }

  function list(headers: readonly Header[], heard: (item: Packet) => void): Promise<void> {
    return new Promise((done, failed) =>
      ask(headers, {
        answered(packet) {
          if (!beginsList(packet)) failed(new Error(packet.get('Message') || 'no list came'));
        },
        listed(item) {
          heard(item);
          if (!goesOn(item)) done();
        },
        failed,
      }),
    );
  }

  /** Tells Asterisk of the mask unless it knows; where that goes wrong, the next beat tells it again. */
  function listen(): void {
    const mask = options.mask();
    if (!loggedIn || ended || telling || mask === toldMask) return;
    telling = true;
    const headers: Header[] = [
      ['Action', 'Events'],
      ['EventMask', mask],
    ];
    ask(headers, {
      answered() {
        telling = false;
        toldMask = mask;
        listen();
      },
      failed() {
        telling = false;
      },
    });
  }

  /** One Ping at a time: more of them would tell a slow Asterisk nothing, and crowd out the actions that matter. */
  function keepAlive(): void {
    if (!loggedIn || pinging || performance.now() - lastHeard < limits.pingMs) return;
    pinging = true;
    action([['Action', 'Ping']]).then(
      () => {
        pinging = false;
      },
      (error: Error) => end(false, error.message),
    );
  }

  function endsIn(ms: number, why: string): NodeJS.Timeout {
    return setTimeout(() => end(false, `${why} within ${ms / 1000} s`), ms);
  }

  function end(refused: boolean, why: string): void {
    if (ended) return;
    ended = true;
    clearTimeout(deadline);
    clearInterval(beat);
    socket.destroy();
    for (const { failed } of [...waiting.values()]) failed(new Error(`Asterisk: ${why}`));
    listener.down(refused, why);
  }

  return {
    action,
    list,
    forward,
    listen,
    uptime() {
      if (!booted) return null;
      const since = Math.floor((performance.now() - booted.at) / 1000);
      return { uptime: booted.uptime + since, lastReload: booted.lastReload + since };
    },
    async close() {
      if (loggedIn && !ended) {
        const goodbye = action([['Action', 'Logoff']]).catch(() => {});
        await Promise.race([goodbye, pause(limits.goodbyeMs, undefined, { ref: false })]);
      }
      end(false, 'closed');
    },
  };
}

/** Why Asterisk would not take a packet as one, in its own words; '' = it takes it. */
function tooMuch(packet: string, { line, lines }: AsteriskLimits['asked']): string {
  const written = packet.slice(0, -4).split('\r\n');
  if (written.length > lines) return 'Too many lines in message or allocation failure';
  return written.some((each) => Buffer.byteLength(each) > line) ? 'Failed to parse message: line too long' : '';
}

/** How long an Originate rings by itself, and at most as we wait for it, milliseconds. */
const ORIGINATE_MS = 30_000;
const ORIGINATE_MAX_MS = 300_000;

/** Whether Asterisk would answer only when the call is answered, or has failed. */
function waitsForCall(headers: readonly Header[]): boolean {
  // Asterisk skips blanks before a value alone: `true ` is no yes.
  const value = (wanted: string) => headers.find(([name]) => name.toLowerCase() === wanted)?.[1].trimStart() ?? '';
  return value('action').toLowerCase() === 'originate' && !/^(yes|true|y|t|1|on)$/i.test(value('async'));
}

/** Whether events follow an answer (main/manager.c, `astman_send_listack`); older modules say so in words only. */
function beginsList(answer: Packet): boolean {
  if (answer.get('Response') !== 'Success') return false;
  return /^start$/i.test(answer.get('EventList')) || /will follow/i.test(answer.get('Message'));
}

/** Whether a list goes on behind one of its events. */
function goesOn(event: Packet): boolean {
  return !/^(complete|cancelled)$/i.test(event.get('EventList')) && !/complete$/i.test(event.get('Event'));
}

function connectFault(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ECONNREFUSED':
      return 'nothing listens there';
    case 'ECONNRESET':
      return 'it reset the connection';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'the host name is unknown';
    default:
      return error.message;
  }
}
