/**
 * Many AMI listeners in one process, for fanout.ts: each checks that events come in sequence and hashes what it gets; one
 * of them sleeps. Started as a child: it says `ready`, and on `stop` what it measured.
 */
import { createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';

export interface Job {
  readonly port: number;
  readonly username: string;
  readonly secret: string;
  readonly clients: number;
}

export interface Measured {
  /** Milliseconds from sending the action to an event's arrival, all clients together. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Events of the client that got fewest, and of the one that got most. */
  readonly fewest: number;
  readonly most: number;
  /** Clients whose events were out of sequence. */
  readonly outOfOrder: number;
  /** Different hashes among all clients: 1 if all got the same bytes. */
  readonly hashes: number;
  /** Whether the sleeping client's connection has ended. */
  readonly sleeperDropped: boolean;
}

/** Latencies counted in steps of 0.1 ms up to 10 s. */
const counts = new Uint32Array(100_001);
let max = 0;

class Listener {
  readonly hash = createHash('sha1');
  next = 0;
  events = 0;
  outOfOrder = false;
  private rest = '';

  hear(bytes: string): void {
    const packets = (this.rest + bytes).split('\r\n\r\n');
    this.rest = packets.pop() ?? '';
    const now = performance.timeOrigin + performance.now();
    for (const packet of packets) {
      const [, n, sent] = /UserEvent: Bench\r\n(?:.*\r\n)*?N: (\d+)\r\nSent: ([\d.]+)/.exec(packet) ?? [];
      if (n === undefined) continue;
      if (Number(n) !== this.next) this.outOfOrder = true;
      this.next = Number(n) + 1;
      this.events++;
      this.hash.update(packet);
      const late = now - Number(sent);
      max = Math.max(max, late);
      const step = Math.min(100_000, Math.max(0, Math.round(late * 10)));
      counts[step] = (counts[step] ?? 0) + 1;
    }
  }
}

function quantile(q: number): number {
  const all = counts.reduce((sum, count) => sum + count, 0);
  let seen = 0;
  for (const [step, count] of counts.entries()) {
    seen += count;
    if (seen >= all * q) return step / 10;
  }
  return Number.NaN;
}

async function logIn({ port, username, secret }: Job, heard: (text: string) => void): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.setEncoding('latin1');
  let text = '';
  await new Promise<void>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`no log-in: ${text}`)), 10_000);
    socket.once('error', reject);
    const first = (chunk: string) => {
      text += chunk;
      if (!text.includes('Authentication accepted')) return;
      clearTimeout(late);
      socket.off('data', first);
      resolve();
    };
    socket.on('data', first);
    socket.write(`Action: Login\r\nUsername: ${username}\r\nSecret: ${secret}\r\nEvents: user\r\n\r\n`);
  });
  socket.on('error', () => {});
  socket.on('data', heard);
  return socket;
}

if (process.send) {
  const job = JSON.parse(process.argv[2] ?? '{}') as Job;
  const listeners = Array.from({ length: job.clients - 1 }, () => new Listener());
  await Promise.all(listeners.map((listener) => logIn(job, (text) => listener.hear(text))));
  const sleeper = await logIn(job, () => {});
  sleeper.pause();
  let sleeperDropped = false;
  sleeper.on('close', () => {
    sleeperDropped = true;
  });
  process.send('ready');
  process.once('message', () => {
    // A paused socket tells of its end only when it is read.
    sleeper.resume();
    setTimeout(() => {
      const events = listeners.map((listener) => listener.events);
      const measured: Measured = {
        p50: quantile(0.5),
        p99: quantile(0.99),
        max,
        fewest: Math.min(...events),
        most: Math.max(...events),
        outOfOrder: listeners.filter(({ outOfOrder }) => outOfOrder).length,
        hashes: new Set(listeners.map(({ hash }) => hash.digest('hex'))).size,
        sleeperDropped,
      };
      process.send?.(measured, () => process.exit(0));
    }, 500);
  });
}
