/**
 * The connection to the PBX's own AMI: logs in by MD5 challenge, keeps alive, comes back for ever with back-off and
 * jitter, and says its state. What it hears is handed on in order; what it asks is matched to its answer by ActionID.
 */
import { createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { asteriskLimits as limits } from '../limits.ts';
import type { Log } from '../log.ts';
import { createPacketReader, formatPacket, type Packet } from '../wire/packet.ts';

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
  /** What the PBX calls itself, once up: `16.28.0`. */
  readonly version: string;
}

export interface AsteriskOptions {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly secret: string;
  readonly log: Log;
  /** Every event, in Asterisk's order. */
  onEvent(packet: Packet): void;
  /** Logged in, before the first event is handed on; may ask actions. */
  onUp(connection: AsteriskConnection): void;
  onStatus?(status: AsteriskStatus): void;
}

export interface AsteriskConnection {
  readonly status: AsteriskStatus;
  /** Times that a session was lost, and packets over a limit: for /metrics. */
  readonly figures: { readonly reconnects: number; readonly faults: number; readonly events: number };
  /** Sends one action and gives its answer, an `Error` answer too. @throws when the connection is or goes away. */
  action(headers: readonly (readonly [name: string, value: string])[]): Promise<Packet>;
  close(): Promise<void>;
}

export function connectAsterisk(options: AsteriskOptions): AsteriskConnection {
  const { log } = options;
  let status: AsteriskStatus = { state: options.host ? 'connecting' : 'off', why: '', since: Date.now(), version: '' };
  let session: Session | null = null;
  let retry: NodeJS.Timeout | undefined;
  let tries = 0;
  let closed = false;
  const figures = { reconnects: 0, faults: 0, events: 0 };

  function become(state: AsteriskState, why = '', version = ''): void {
    const changed = state !== status.state || why !== status.why;
    status = { state, why, version, since: state === status.state ? status.since : Date.now() };
    if (!changed) return;
    const peer = `${options.host}:${options.port}`;
    if (state === 'up') log.info('Asterisk is connected', { peer, version });
    else if (state !== 'connecting') log.warn(`Asterisk: ${why}; trying again`, { peer });
    options.onStatus?.(status);
  }

  function start(): void {
    session = openSession(options, figures, {
      up(version) {
        tries = 0;
        become('up', '', version);
        options.onUp(connection);
      },
      down(refused, why) {
        session = null;
        if (closed) return;
        if (status.state === 'up') figures.reconnects++;
        become(refused ? 'refused' : 'down', why);
        const longest = Math.min(limits.retryMs.last, limits.retryMs.first * 2 ** Math.min(tries++, 16));
        // Up to half of the wait is left to chance, so that many boxes don't come back to one server in step.
        retry = setTimeout(start, longest * (0.5 + Math.random() / 2));
      },
    });
  }

  const connection: AsteriskConnection = {
    get status() {
      return status;
    },
    figures,
    action(headers) {
      return session ? session.action(headers) : Promise.reject(new Error(`Asterisk is ${status.state}`));
    },
    async close() {
      closed = true;
      clearTimeout(retry);
      await session?.close();
    },
  };
  if (options.host) start();
  return connection;
}

interface Session {
  action: AsteriskConnection['action'];
  close(): Promise<void>;
}

interface SessionListener {
  up(version: string): void;
  /** Called once. */
  down(refused: boolean, why: string): void;
}

/** One TCP connection from its begin to its end. */
function openSession(
  options: AsteriskOptions,
  figures: { faults: number; events: number },
  listener: SessionListener,
): Session {
  const { log } = options;
  const waiting = new Map<string, { resolve: (packet: Packet) => void; reject: (error: Error) => void }>();
  let lastAction = 0;
  let loggedIn = false;
  let ended = false;
  let lastHeard = performance.now();
  const socket: Socket = connect({ host: options.host, port: options.port, noDelay: true });
  socket.setTimeout(limits.answerMs, () => end(false, `no connection within ${limits.answerMs / 1000} s`));

  const reader = createPacketReader(
    limits,
    {
      greeting: (line) => void logIn(line),
      packet(packet) {
        if (packet.get('Event')) {
          figures.events++;
          options.onEvent(packet); // none comes before the log-in is accepted
          return;
        }
        const id = packet.get('ActionID');
        waiting.get(id)?.resolve(packet);
        waiting.delete(id);
      },
      fault(fault) {
        figures.faults++;
        log.warn('a packet from Asterisk was dropped', { fault });
      },
    },
    true,
  );

  socket.on('connect', () => socket.setTimeout(limits.answerMs, () => end(false, 'connected, but no greeting came')));
  socket.on('data', (bytes) => {
    lastHeard = performance.now();
    reader.push(bytes);
  });
  socket.on('error', (error: NodeJS.ErrnoException) => end(false, connectFault(error)));
  socket.on('close', () => end(false, loggedIn ? 'it closed the connection' : 'it closed the connection at log-in'));
  const beat = setInterval(keepAlive, limits.pingMs / 3);

  async function logIn(greeting: string): Promise<void> {
    socket.setTimeout(0);
    if (!/^Asterisk Call Manager/i.test(greeting)) return end(false, 'what answers there is not an Asterisk AMI');
    try {
      const challenge = (
        await action([
          ['Action', 'Challenge'],
          ['AuthType', 'MD5'],
        ])
      ).get('Challenge');
      const key = createHash('md5')
        .update(challenge + options.secret)
        .digest('hex');
      const answer = await action([
        ['Action', 'Login'],
        ['AuthType', 'MD5'],
        ['Username', options.username],
        ['Key', key],
        ['Events', 'cdr,call,system'], // what this version uses; a dialplan's VarSet flood stays away
      ]);
      if (answer.get('Response') !== 'Success')
        return end(true, `it refuses the log-in of ${options.username}: ${answer.get('Message')}`);
      const settings = await action([['Action', 'CoreSettings']]);
      loggedIn = true;
      listener.up(settings.get('AsteriskVersion'));
    } catch (error) {
      end(false, (error as Error).message);
    }
  }

  function action(headers: readonly (readonly [string, string])[]): Promise<Packet> {
    if (ended) return Promise.reject(new Error('the connection to Asterisk is gone'));
    if (waiting.size >= limits.actions) return Promise.reject(new Error('too many actions are waiting for Asterisk'));
    const id = `cdrd-${++lastAction}`;
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        waiting.delete(id);
        reject(new Error(`no answer to ${headers[0]?.[1]} within ${limits.answerMs / 1000} s`));
      }, limits.answerMs);
      const settle =
        <T>(how: (value: T) => void) =>
        (value: T) => {
          clearTimeout(late);
          how(value);
        };
      waiting.set(id, { resolve: settle(resolve), reject: settle(reject) });
      socket.write(formatPacket([...headers, ['ActionID', id]]));
    });
  }

  function keepAlive(): void {
    if (!loggedIn || performance.now() - lastHeard < limits.pingMs) return;
    action([['Action', 'Ping']]).catch((error: Error) => end(false, error.message));
  }

  function end(refused: boolean, why: string): void {
    if (ended) return;
    ended = true;
    clearInterval(beat);
    socket.destroy();
    for (const { reject } of waiting.values()) reject(new Error(`Asterisk: ${why}`));
    waiting.clear();
    listener.down(refused, why);
  }

  return {
    action,
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
