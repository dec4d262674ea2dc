/**
 * One TCP connection to the PBX's AMI from its begin to its end: the log-in by MD5 challenge, life shown by Ping, the mask of
 * events, and what comes handed to whom it concerns, in order.
 */
import { createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '../log.ts';
import { createPacketReader, type Header, type Packet, type PacketLimits } from '../wire/packet.ts';
import { createForwarding, type Forwarding } from './forwarding.ts';
import { createRequests, type RequestLimits, type Requests } from './requests.ts';

/** What `limits.ts` holds and says the reasons of; tests give shorter ones. */
export interface AsteriskLimits extends PacketLimits, RequestLimits {
  readonly pingMs: number;
  readonly retryMs: { readonly first: number; readonly last: number };
  readonly refusedMs: { readonly first: number; readonly last: number };
  readonly secretLookMs: number;
  readonly goodbyeMs: number;
}

export interface SessionOptions {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly secret: string;
  readonly log: Log;
  readonly limits: AsteriskLimits;
  /** Classes of events that are wanted at this moment, a comma list. */
  mask(): string;
  /** Every event, in Asterisk's order, but for those of lists: they concern the asker alone. */
  onEvent(packet: Packet): void;
  /** Milliseconds for which more is better left with Asterisk, because so much waits to be stored; 0: it may come. */
  restMs?(): number;
}

export interface Session {
  action: Requests['action'];
  list: Requests['list'];
  /** The mask has changed. */
  listen(): void;
  /** Seconds since Asterisk has started and since its last reload; null when it hasn't told. */
  uptime(): { readonly uptime: number; readonly lastReload: number } | null;
  forward: Forwarding['forward'];
  close(): Promise<void>;
}

export interface SessionListener {
  up(): void;
  version(version: string): void;
  /** Called once. */
  down(refused: boolean, why: string): void;
}

/**
 * Asterisk writes a caller's number as he sent it, line breaks too: behind an empty line stand packets of his own making. An
 * event in which something follows two line breaks is withheld by Asterisk itself, because here nobody could tell any more.
 * Control characters by their class: a filter can't hold a line break, and regular ones stand in no event of Asterisk's.
 */
const FORGED = '![[:cntrl:]]{4}[^[:cntrl:]]';

/**
 * Bytes read at once behind which more is to be expected. Of a socket that has much libuv reads up to 2 MB before anybody else
 * has a turn: that is some three thousand records.
 */
const MUCH_BYTES = 32_768;

/** One TCP connection from its begin to its end. */
export function openSession(
  options: SessionOptions,
  figures: { faults: number; events: number },
  listener: SessionListener,
): Session {
  const { log, limits } = options;
  /** What it said of its age at log-in, and when (monotonic milliseconds). */
  let booted: { uptime: number; lastReload: number; at: number } | null = null;
  let loggedIn = false;
  let ended = false;
  let lastHeard = performance.now();
  const socket: Socket = connect({ host: options.host, port: options.port, noDelay: true });
  const requests = createRequests(limits, (packet) => void socket.write(packet));
  const { ask, action } = requests;
  const forwarding = createForwarding(requests, limits.answerMs);
  // By the clock and not by silence: a peer that talks without end and never greets is none either.
  let deadline = endsIn(limits.answerMs, 'no connection');

  const reader = createPacketReader(
    limits,
    {
      greeting: logIn,
      packet,
      fault: dropped,
    },
    { greeting: true, crlfOnly: true },
  );

  socket.on('connect', () => {
    clearTimeout(deadline);
    deadline = endsIn(limits.answerMs, 'connected, but no greeting came');
  });
  socket.on('data', (bytes) => {
    reader.push(bytes);
    const rest = options.restMs?.() ?? 0;
    if (rest > 0 || bytes.length >= MUCH_BYTES) restFromReading(rest);
  });
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

  /** Until the others' turn has come, or for so many milliseconds. */
  function restFromReading(ms: number): void {
    const goOn = () => {
      if (!ended) socket.resume();
    };
    socket.pause();
    if (ms > 0) setTimeout(goOn, ms);
    else setImmediate(goOn);
  }

  function packet(packet: Packet): void {
    if (ended) return;
    lastHeard = performance.now();
    switch (packet.first[0]) {
      case 'Event':
        if (loggedIn) event(packet); // Asterisk sends none before
        break;
      case 'Response':
        forwarding.answered(packet);
        requests.answered(packet);
        break;
      default:
        dropped('neither an event nor a response');
    }
  }

  function event(packet: Packet): void {
    figures.events++;
    if (packet.first[1] === 'FullyBooted')
      booted = { uptime: Number(packet.get('Uptime')), lastReload: Number(packet.get('LastReload')), at: lastHeard };
    if (!requests.bearsId(packet)) options.onEvent(packet);
    else if (!requests.listed(packet)) {
      const outcome = forwarding.outcome(packet);
      if (outcome) options.onEvent(outcome);
    }
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
      withholdForged();
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

  function withholdForged(): void {
    const headers: Header[] = [
      ['Action', 'Filter'],
      ['Operation', 'Add'],
      ['Filter', FORGED],
    ];
    ask(headers, {
      answered(answer) {
        if (answer.get('Response') === 'Success') return;
        log.warn('Asterisk does not withhold events that a caller could have forged', { why: answer.get('Message') });
      },
      failed() {}, // the connection is gone
    });
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
    requests.end(why);
    listener.down(refused, why);
  }

  return {
    action,
    list: requests.list,
    forward: forwarding.forward,
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
