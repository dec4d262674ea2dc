/**
 * A plain socket on an AMI port that keeps what comes to the byte, so that two servers can be laid side by side: what the
 * daemon writes and what Asterisk itself writes to a listener with the same rights, packet by packet.
 */
import { connect } from 'node:net';

/** A test's streams are some 100 KB; more means that something runs wild. */
const MAX_CHARACTERS = 32 * 1024 * 1024;

export interface AmiStream {
  /** First line, without its end; '' before it came. */
  readonly greeting: string;
  /** Whole packets so far, each with its empty line, one character a byte. */
  readonly packets: readonly string[];
  /** Indexes of packets before which an empty line too many stood: some of Asterisk's TestEvents and answers end with one. */
  readonly afterEmptyLine: readonly number[];
  readonly closed: boolean;
  send(text: string): void;
  /** First packet from index `from` on of which it is true. @returns its index. */
  waitFor(what: string, test: (packet: string) => boolean, ms: number, from?: number): Promise<number>;
  /** Resolves when the server has closed. */
  ended(ms: number): Promise<void>;
  close(): void;
}

export function openStream(port: number): AmiStream {
  const socket = connect({ port, host: '127.0.0.1' });
  const packets: string[] = [];
  const waiters = new Set<() => void>();
  let greeting = '';
  let rest = '';
  let closed = false;
  const afterEmptyLine: number[] = [];

  socket.setEncoding('latin1');
  socket.on('error', () => socket.destroy());
  socket.on('data', (text: string) => {
    rest += text;
    if (rest.length > MAX_CHARACTERS) socket.destroy();
    if (greeting === '') {
      const end = rest.indexOf('\r\n');
      if (end < 0) return;
      greeting = rest.slice(0, end);
      rest = rest.slice(end + 2);
    }
    for (;;) {
      for (; rest.startsWith('\r\n'); rest = rest.slice(2)) afterEmptyLine.push(packets.length);
      const end = rest.indexOf('\r\n\r\n');
      if (end < 0) break;
      packets.push(rest.slice(0, end + 4));
      rest = rest.slice(end + 4);
    }
    wake();
  });
  socket.on('close', () => {
    closed = true;
    if (rest !== '') packets.push(rest); // half a packet is a fault that a comparison must show
    wake();
  });

  function wake(): void {
    for (const waiter of [...waiters]) waiter();
  }

  /** @param look undefined: not yet. */
  function until<T>(what: string, ms: number, look: () => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const settle = (done: () => void) => {
        clearTimeout(timer);
        waiters.delete(attempt);
        done();
      };
      const attempt = () => {
        const found = look();
        if (found !== undefined) settle(() => resolve(found));
        else if (closed) settle(() => reject(new Error(`closed before ${what}`)));
      };
      const timer = setTimeout(() => settle(() => reject(new Error(`no ${what} within ${ms} ms`))), ms);
      waiters.add(attempt);
      attempt();
    });
  }

  return {
    get greeting() {
      return greeting;
    },
    packets,
    afterEmptyLine,
    get closed() {
      return closed;
    },
    send: (text) => void socket.write(text, 'latin1'),
    waitFor(what, test, ms, from = 0) {
      return until(what, ms, () => {
        const at = packets.findIndex((packet, index) => index >= from && test(packet));
        return at < 0 ? undefined : at;
      });
    },
    async ended(ms) {
      await until('the end of the connection', ms, () => (closed ? true : undefined));
    },
    close: () => void socket.destroy(),
  };
}

/** Connects, logs in by secret, and waits until that is answered. @param events As in the header `Events`. */
export async function logInStream(port: number, user: string, secret: string, events = 'on'): Promise<AmiStream> {
  const stream = openStream(port);
  stream.send(`Action: Login\r\nUsername: ${user}\r\nSecret: ${secret}\r\nEvents: ${events}\r\n\r\n`);
  const at = await stream.waitFor('answer to the log-in', (packet) => packet.startsWith('Response:'), 10_000);
  if (!stream.packets[at]?.startsWith('Response: Success')) throw new Error(`log-in refused: ${stream.packets[at]}`);
  return stream;
}

/** Value of a packet's first header of that name; '' when it has none. */
export function headerOf(packet: string, name: string): string {
  const line = packet.split('\r\n').find((each) => each.toLowerCase().startsWith(`${name.toLowerCase()}: `));
  return line?.slice(name.length + 2) ?? '';
}
