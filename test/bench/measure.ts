/** What every row of the bench does: ours and the peer by turns in one run, medians, spread, and the daemon's memory. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type Agent, request as open } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { isSettled, type Spread, spreadOf } from './arithmetic.ts';

/** Runs once and gives what was sent, where that is wanted: the timed rounds only let it pass. */
export type Run = (keep: boolean) => Promise<Taken>;

export interface Taken {
  readonly bytes: number;
  readonly ms: number;
  /** Empty in timed rounds. */
  readonly body: Buffer;
}

export interface Compared {
  readonly ours: Spread;
  readonly peer: Spread;
  /** Of the medians: ours by the peer's. */
  readonly ratio: number;
  readonly bytes: number;
  readonly rounds: number;
}

/** What an answer says, in one text, of ours and of the peer's: both must agree. */
export type Same = readonly [ours: (body: Buffer) => string, peer: (body: Buffer) => string];

/**
 * An untimed round of each, whose answers must say the same; then timed ones by turns, so that both have the machine's
 * same mood, until both are settled.
 * @param rounds Timed ones at most.
 * @throws when the answers differ.
 */
export async function compare(rounds: number, ours: Run, peer: Run, same: Same): Promise<Compared> {
  const kept = await ours(true);
  agree(same[0](kept.body), same[1]((await peer(true)).body));
  const times: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds && !times.every(isSettled); round++) {
    times[0].push((await ours(false)).ms);
    times[1].push((await peer(false)).ms);
  }
  return comparedOf(times[0], times[1], kept.bytes);
}

/** @throws when two answers differ. */
export function agree(ours: string, peer: string): void {
  const sums = [ours, peer].map((text) => createHash('sha256').update(text).digest('hex').slice(0, 16));
  if (sums[0] !== sums[1]) throw new Error(`ours and the peer's answers differ: ${sums.join(', ')}`);
}

/** @param mine Milliseconds of each round. */
export function comparedOf(mine: readonly number[], theirs: readonly number[], bytes: number): Compared {
  const [ours, peer] = [spreadOf(mine), spreadOf(theirs)];
  return { ours, peer, ratio: ours.median / peer.median, bytes, rounds: mine.length };
}

/** From the beginning to the last byte. */
async function take(begun: number, source: Readable, keep: boolean): Promise<Taken> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of source) {
    bytes += (chunk as Buffer).length;
    if (keep) chunks.push(chunk as Buffer);
  }
  return { bytes, ms: performance.now() - begun, body: Buffer.concat(chunks) };
}

/** A command from its start to its end, as a technician would run it. @throws when it fails. */
export const command = (program: string, ...words: readonly string[]): Run => fed('', program, ...words);

/** The same with something on its standard input: an argument may have 128 KB and no more. */
export function fed(input: string, program: string, ...words: readonly string[]): Run {
  return async (keep) => {
    const begun = performance.now();
    const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdin.on('error', () => {}); // one that doesn't read it may end before
    child.stdin.end(input);
    const ended = once(child, 'exit');
    const taken = await take(begun, child.stdout, keep);
    const [code] = await ended;
    if (code !== 0) throw new Error(`${program} ends with ${code}`);
    return taken;
  };
}

/** The same, with its output sent through a TCP connection on loopback. @throws when it fails. */
export function overLoopback(program: string, ...words: readonly string[]): Run {
  return async (keep) => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const begun = performance.now();
      const accepted = once(server, 'connection') as Promise<[Socket]>;
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
      const [[source]] = await Promise.all([accepted, once(socket, 'connect')]);
      const child = spawn(program, words, { stdio: ['ignore', socket, 'inherit'] });
      const ended = once(child, 'exit');
      socket.destroy(); // the child has its own
      const taken = await take(begun, source, keep);
      const [code] = await ended;
      if (code !== 0) throw new Error(`${program} ends with ${code}`);
      return taken;
    } finally {
      server.close();
    }
  };
}

/**
 * A request to the daemon.
 * @param agent Absent: a connection of its own. @throws unless it is answered 200 to the end.
 */
export function request(url: string, token: string, body?: string, agent: Agent | false = false): Run {
  return async (keep) => {
    const begun = performance.now();
    const headers = {
      Authorization: `Bearer ${token}`,
      ...(body !== undefined && { 'Content-Type': 'application/x-www-form-urlencoded' }),
    };
    const sent = open(url, { method: body === undefined ? 'GET' : 'POST', headers, agent });
    sent.end(body);
    const [answer] = await once(sent, 'response');
    const taken = await take(begun, answer, keep || answer.statusCode !== 200);
    if (answer.statusCode !== 200) throw new Error(`${url} answers ${answer.statusCode}: ${taken.body}`);
    return taken;
  };
}

/**
 * The same, read as the bytes come from the socket, as {@link overLoopback} reads the peer's: of a large answer Node's own
 * HTTP client would take as much of the processor as the daemon. @throws unless it is answered 200.
 */
export function plainRequest(url: string, token: string, body: string): Run {
  const { hostname, port, pathname, search } = new URL(url);
  const head = [
    `POST ${pathname}${search} HTTP/1.1`,
    `Host: ${hostname}:${port}`,
    `Authorization: Bearer ${token}`,
    'Content-Type: application/x-www-form-urlencoded',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  return async (keep) => {
    const begun = performance.now();
    const socket = connect(Number(port), hostname);
    socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
    let first = '';
    socket.once('data', (chunk: Buffer) => {
      first = chunk.toString('latin1', 0, 200);
    });
    const taken = await take(begun, socket, keep);
    if (!first.startsWith('HTTP/1.1 200 ')) throw new Error(`${url} answers ${first}`);
    return { ...taken, body: taken.body.subarray(keep ? taken.body.indexOf('\r\n\r\n') + 4 : 0) };
  };
}

export interface Memory {
  /** MiB: resident, and of that what is the process's own. */
  readonly rss: number;
  readonly anon: number;
}

export function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const mib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024;
  return { rss: mib('VmRSS'), anon: mib('RssAnon') };
}

/** The memory before, the highest that was seen meanwhile, and that after. */
export async function memoryDuring(pid: number, work: () => Promise<unknown>) {
  const before = memoryOf(pid);
  let peak = before;
  const look = setInterval(() => {
    const now = memoryOf(pid);
    peak = { rss: Math.max(peak.rss, now.rss), anon: Math.max(peak.anon, now.anon) };
  }, 50);
  try {
    await work();
  } finally {
    clearInterval(look);
  }
  return { before, peak, after: memoryOf(pid) };
}
