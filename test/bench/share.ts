/**
 * What a hanging share does to those who need nothing of it: /healthz, 9006 and Ping over AMI, asked every 20 ms, while the
 * share is well and while its server is frozen, by turns on one daemon. The daemon must stay within 20 ms of itself at the
 * 99th percentile, of which each round has its own: in their median a burst of the machine's other work counts once.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createPacketReader, formatPacket, type Packet } from '../../daemon/wire/packet.ts';
import { type Box, openBox, type ShareDaemon, WATCHER } from '../medium/daemon.ts';
import { mountShare, type Share } from '../medium/share.ts';
import { pcmWav } from '../recordings/helper.ts';
import setup from '../setup.ts';
import type { Row } from './row.ts';

const AIM_MS = 20;
/** Rounds of both, and how long each is. */
const ROUNDS = 5;
const ROUND_MS = 25_000;
/** Distance of two questions of a kind. Each is due at its own time, however late the one before is answered. */
const EVERY_MS = 20;

type Ask = () => Promise<unknown>;

/** Milliseconds. */
interface Quantiles {
  readonly p50: number;
  readonly p99: number;
}

/** Of each round. */
interface Rounds {
  readonly well: Quantiles[];
  readonly hung: Quantiles[];
}

export async function shareRows(): Promise<Row[]> {
  if (process.getuid?.() !== 0) return [{ name: 'share', result: 'only root may mount', aim: '', met: null }];
  execFileSync('sh', ['test/medium/tools.sh'], { stdio: 'inherit' });
  setup();
  const ends: (() => void | Promise<void>)[] = [];
  const atEnd = (work: () => void | Promise<void>) => void ends.push(work);
  try {
    return await measured(atEnd);
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

async function measured(atEnd: (work: () => void | Promise<void>) => void): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'cdrd-share-'));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  const share = await mountShare(atEnd);
  const dir = join(share.path, 'monitor');
  for (let day = 10; day < 20; day += 1) {
    mkdirSync(join(dir, `202103${day}`), { recursive: true });
    for (let n = 10; n < 40; n += 1) writeFileSync(join(dir, `202103${day}/${n}.wav`), pcmWav(1));
  }
  const box = await openBox(folder, dir, atEnd);
  const daemon = await box.start();
  await until(daemon, 'mounted');
  const asks: Readonly<Record<string, Ask>> = {
    '/healthz': () => daemon.get('/healthz'),
    '9006': () => daemon.get('/cgi/webserve/9006?'),
    'AMI Ping': await pinger(box, atEnd),
  };
  for (const ask of Object.values(asks)) await asked(ask, 2_000); // warm
  const rounds = new Map(Object.keys(asks).map((name): [string, Rounds] => [name, { well: [], hung: [] }]));
  for (let round = 0; round < ROUNDS; round += 1) {
    await turn(asks, (name, ms) => rounds.get(name)?.well.push(quantiles(ms)));
    await frozen(share, daemon, () => turn(asks, (name, ms) => rounds.get(name)?.hung.push(quantiles(ms))));
  }
  return [...rounds].map(([name, figures]) => rowOf(name, figures));
}

/** The whole of it: the moment it freezes, while it is slow, while it is dead. */
async function frozen(share: Share, daemon: ShareDaemon, work: () => Promise<void>): Promise<void> {
  await share.freeze(daemon.pid);
  await work();
  const { state } = await daemon.medium();
  if (state !== 'dead') throw new Error(`the share was frozen for ${ROUND_MS / 1000} s and is ${state}`);
  share.thaw();
  await until(daemon, 'mounted');
}

async function turn(asks: Readonly<Record<string, Ask>>, take: (name: string, ms: number[]) => void): Promise<void> {
  await Promise.all(Object.entries(asks).map(async ([name, ask]) => take(name, await asked(ask, ROUND_MS))));
}

/** Milliseconds from when each question was due to its answer. */
async function asked(ask: Ask, ms: number): Promise<number[]> {
  const answers: Promise<number>[] = [];
  const end = performance.now() + ms;
  for (let due = performance.now(); due < end; due += EVERY_MS) {
    await pause(Math.max(0, due - performance.now()));
    const at = due;
    answers.push(ask().then(() => performance.now() - at));
  }
  return Promise.all(answers);
}

function rowOf(name: string, rounds: Rounds): Row {
  const [well, hung] = [middle(rounds.well), middle(rounds.hung)];
  const more = hung.p99 - well.p99;
  const shown = ({ p50, p99 }: Quantiles) => `p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)} ms`;
  return {
    name: `${name} while a share hangs`,
    result: `p99 ${more < 0 ? '−' : '+'}${Math.abs(more).toFixed(1)} ms: hung ${shown(hung)}; well ${shown(well)}; ${ROUNDS} rounds`,
    aim: `p99 within ${AIM_MS} ms`,
    met: more <= AIM_MS,
    figures: rounds,
  };
}

/** The median of each over the rounds. */
function middle(rounds: readonly Quantiles[]): Quantiles {
  const of = (name: keyof Quantiles) => quantiles(rounds.map((round) => round[name])).p50;
  return { p50: of('p50'), p99: of('p99') };
}

function quantiles(times: readonly number[]): Quantiles {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (q: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}

async function until(daemon: ShareDaemon, state: string): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if ((await daemon.medium()).state === state) return;
    await pause(100);
  }
  throw new Error(`the medium is not ${state} within a minute`);
}

/** Logs in to the daemon's AMI. @returns what sends a Ping and waits for its answer. */
async function pinger({ ami }: Box, atEnd: (work: () => void) => void): Promise<Ask> {
  const socket = connect(ami, '127.0.0.1');
  atEnd(() => void socket.destroy());
  socket.setNoDelay(true);
  const waiting = new Map<string, (packet: Packet) => void>();
  const reader = createPacketReader(
    { line: 65_536, lines: 1_024, bytes: 131_072 },
    {
      greeting() {},
      packet(packet) {
        const id = packet.get('ActionID');
        waiting.get(id)?.(packet);
        waiting.delete(id);
      },
      fault(fault) {
        throw new Error(fault);
      },
    },
    { greeting: true },
  );
  socket.on('data', (bytes) => reader.push(bytes));
  let last = 0;
  const ask = (...headers: (readonly [string, string])[]) =>
    new Promise<Packet>((resolve) => {
      const id = String(++last);
      waiting.set(id, resolve);
      socket.write(formatPacket([...headers, ['ActionID', id]]));
    });
  const { name, secret } = WATCHER;
  const answer = await ask(['Action', 'Login'], ['Username', name], ['Secret', secret], ['Events', 'off']);
  if (answer.get('Response') !== 'Success') throw new Error('the AMI refuses the log-in');
  return () => ask(['Action', 'Ping']);
}
