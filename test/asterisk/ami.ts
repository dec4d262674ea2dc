/**
 * A listener on Asterisk's AMI for the rig: keeps every byte that arrived, so that a test can show exactly what Asterisk
 * said, and reads it as packets only as far as the tests need. It shares nothing with the daemon's own reader on purpose.
 */
import { createConnection } from 'node:net';

/** One packet: headers in the order they came. */
export interface Packet {
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** First value of a header, or null. */
  get(name: string): string | null;
  /** Performance clock when its last byte arrived, milliseconds. */
  readonly at: number;
}

export interface Ami {
  /** All packets since the log-in, responses too. */
  readonly packets: readonly Packet[];
  /** Byte position now; give it to {@link Ami.raw} later. */
  mark(): number;
  /** Bytes since a mark, as they came. */
  raw(from: number): Buffer;
  /** First packet from index `from` on that satisfies the test; rejects after `ms`. */
  waitFor(what: string, test: (packet: Packet) => boolean, ms: number, from?: number): Promise<Packet>;
  /** Sends an action and waits for its response. */
  action(name: string, headers: Readonly<Record<string, string>>): Promise<Packet>;
  /** Waits until Asterisk says that it is fully booted. */
  booted(ms: number): Promise<void>;
  close(): void;
}

/** A test session's whole stream is some MB; more means that something runs wild. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Connects and logs in; rejects when the port is closed or the log-in refused. */
export function connectAmi(port: number, username: string, secret: string): Promise<Ami> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    const chunks: Buffer[] = [];
    const packets: Packet[] = [];
    const waiters = new Set<() => void>();
    let bytes = 0;
    let rest = '';
    let actions = 0;
    let failed: Error | null = null;

    const wake = (): void => {
      for (const waiter of [...waiters]) waiter();
    };
    const fail = (error: Error): void => {
      failed ??= error;
      reject(error);
      socket.destroy();
      wake();
    };
    socket.on('error', fail);
    socket.on('close', () => fail(new Error('AMI closed the connection')));
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > MAX_BYTES) {
        socket.destroy(new Error('AMI sent more than a test can'));
        return;
      }
      rest += chunk.toString('latin1');
      for (let end = rest.indexOf('\r\n\r\n'); end >= 0; end = rest.indexOf('\r\n\r\n')) {
        packets.push(parsePacket(rest.slice(0, end)));
        rest = rest.slice(end + 4);
      }
      wake();
    });

    const ami: Ami = {
      packets,
      mark: () => bytes,
      raw: (from) => Buffer.concat(chunks).subarray(from),
      waitFor: (what, test, ms, from = 0) =>
        new Promise((found, missing) => {
          let next = from;
          const look = (): void => {
            for (; next < packets.length; next++) {
              const packet = packets[next];
              if (packet !== undefined && test(packet)) {
                settle(() => found(packet));
                return;
              }
            }
            if (failed !== null) {
              const why = failed;
              settle(() => missing(why));
            }
          };
          const timer = setTimeout(() => settle(() => missing(new Error(`no ${what} within ${ms} ms`))), ms);
          const settle = (done: () => void): void => {
            clearTimeout(timer);
            waiters.delete(look);
            done();
          };
          waiters.add(look);
          look();
        }),
      action: (name, headers) => {
        const id = `rig-${++actions}`;
        const from = packets.length;
        const lines = Object.entries(headers).map(([key, value]) => `${key}: ${value}\r\n`);
        socket.write(`Action: ${name}\r\nActionID: ${id}\r\n${lines.join('')}\r\n`);
        const answers = (p: Packet): boolean => p.get('Response') !== null && p.get('ActionID') === id;
        return ami.waitFor(`response to ${name}`, answers, 10_000, from);
      },
      booted: async (ms) => {
        await ami.waitFor('FullyBooted', (p) => p.get('Event') === 'FullyBooted', ms);
      },
      close: () => {
        socket.destroy();
      },
    };
    socket.once('connect', () => {
      ami
        .action('Login', { Username: username, Secret: secret })
        .then((answer) => {
          if (answer.get('Response') !== 'Success') throw new Error(`AMI refused: ${answer.get('Message')}`);
          resolve(ami);
        })
        .catch(fail);
    });
  });
}

function parsePacket(text: string): Packet {
  const headers = text.split('\r\n').flatMap((line) => {
    const colon = line.indexOf(': ');
    // The greeting has no colon; a line that ends in ":" has an empty value.
    return colon < 0 ? [] : [[line.slice(0, colon), line.slice(colon + 2)] as const];
  });
  return {
    headers,
    get: (name) => headers.find(([key]) => key === name)?.[1] ?? null,
    at: performance.now(),
  };
}
