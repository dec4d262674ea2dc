/**
 * `/recordings/x.wav` as players ask for it (a call from its beginning, or a stretch of it), beside nginx that sends the same
 * files by sendfile: requests a second of one, eight and 32 connections that stay open, by wrk, in turns of a second. The
 * bytes of both are compared once. The daemon is asked by a session's cookie, as the page is; nginx asks nobody who he is.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { folders, logIn, startBox, until } from '../fault/box.ts';
import setup from '../setup.ts';
import { wavHeader } from '../simulator/wav.ts';
import { benchEnv } from './generate.ts';
import { comparedOf, memoryDuring } from './measure.ts';
import { startNginx } from './nginx.ts';
import { type Row, stated } from './row.ts';
import { ownFolder } from './run-folder.ts';

/** Of nginx's requests a second. */
const AIM = 0.5;
/** MiB that may be left of what 32 players took. */
const LEFT = 8;
const ROUNDS = 3;
/** Of one run of wrk. */
const SECONDS = 1;
const CONNECTIONS = [1, 8, 32];
/** Seconds behind the last player until the memory is looked at: rooms of reads are kept for two, garbage for ten to twenty. */
const REST = 22;

/** Ten seconds of sound, and a minute. */
const SHORT = { path: '20210616/short.wav', bytes: 160_000 };
const LONG = { path: '20210616/long.wav', bytes: 1_048_576 };
const ASKED = [
  { what: '64 KB of a recording', path: SHORT.path, range: 'bytes=65536-131071' },
  { what: 'a whole recording of 160 KB', path: SHORT.path, range: 'bytes=0-' },
  { what: 'a whole recording of 1 MB', path: LONG.path, range: 'bytes=0-' },
] as const;

export async function servingRows(): Promise<Row[]> {
  execFileSync('sh', ['test/bench/tools.sh'], { stdio: 'inherit' });
  setup();
  const root = ownFolder(process.env['CDRD_CACHE'] || join(homedir(), '.cache', 'cdrd'), 'run');
  const place = folders(root);
  for (const { path, bytes } of [SHORT, LONG]) writeWav(join(place.recordings, path), bytes);
  const nginx = await startNginx(join(root, 'nginx'), place.recordings);
  const box = startBox(place, 0, benchEnv(place.recordings));
  try {
    const url = await box.ready;
    const { token } = await logIn(url, place, 'admin');
    const headers = { Cookie: `cdrd_session=${token}` };
    const there = async () => (await fetch(`${url}/recordings/${SHORT.path}`, { method: 'HEAD', headers })).ok;
    await until('the medium was looked at', there, 30);
    const asked: { name: string; bytes: number; ask: (at: string, connections: number) => number }[] = [];
    for (const { what, path, range } of ASKED) {
      const address = `/recordings/${path}`;
      const told = { ...headers, Range: range };
      const bytes = await sameBytes(url + address, nginx.url + address, told);
      asked.push({ name: what, bytes, ask: (at, connections) => load(at + address, connections, told) });
    }
    const rows: Row[] = [];
    load(`${url}/recordings/${SHORT.path}`, 1, headers); // what is loaded and compiled on first use
    const memory = await memoryDuring(box.pid, async () => {
      load(`${url}/recordings/${LONG.path}`, 32, { ...headers, Range: 'bytes=0-' }, 5);
      await pause(REST * 1000);
    });
    for (const { name, bytes, ask } of asked) {
      for (const connections of CONNECTIONS) {
        const [mine, theirs] = byTurns((at) => ask(at, connections), url, nginx.url);
        rows.push(row(`${name}, ${connections} at a time | nginx, sendfile`, mine, theirs, bytes));
      }
    }
    rows.push(left(memory), ...overhead(url, headers));
    return rows;
  } finally {
    box.signal('SIGTERM');
    await box.ended;
    await nginx.close();
  }
}

/** Requests a second of both, of each round; the first of each is not counted. */
function byTurns(asks: (at: string) => number, ours: string, peer: string): [number[], number[]] {
  const figures: [number[], number[]] = [[], []];
  for (let round = -1; round < ROUNDS; round++) {
    const [mine, theirs] = [asks(ours), asks(peer)];
    if (round < 0) continue;
    figures[0].push(mine);
    figures[1].push(theirs);
  }
  return figures;
}

function row(name: string, mine: readonly number[], theirs: readonly number[], bytes: number): Row {
  // In the bench's own terms, milliseconds a request, so that the file of results reads like all others.
  const each = (rates: readonly number[]) => rates.map((rate) => 1000 / rate);
  const figures = comparedOf(each(mine), each(theirs), bytes);
  const rate = ({ median, min, max }: typeof figures.ours) =>
    `${(1000 / median).toFixed(0)}/s (${(1000 / max).toFixed(0)}–${(1000 / min).toFixed(0)})`;
  const ratio = 1 / figures.ratio;
  return {
    name,
    result: `${ratio.toFixed(2)} × of the requests: ours ${rate(figures.ours)}, peer ${rate(figures.peer)}, ${ROUNDS} rounds`,
    aim: `≥ ${AIM.toFixed(2)} × peer`,
    met: ratio >= AIM,
    figures,
  };
}

function left({ before, peak, after }: Awaited<ReturnType<typeof memoryDuring>>): Row {
  const more = after.rss - before.rss;
  const signed = `${more < 0 ? '−' : '+'}${Math.abs(more).toFixed(1)} MiB`;
  return {
    name: 'memory after 32 players, each a MB again and again',
    short: signed,
    result: `${signed} ${REST} s later, +${(peak.rss - before.rss).toFixed(1)} at most; RSS ${before.rss.toFixed(1)} → ${peak.rss.toFixed(1)} → ${after.rss.toFixed(1)}`,
    aim: `≤ +${LEFT} MiB`,
    met: more <= LEFT,
    figures: { before, peak, after },
  };
}

/** What a request costs that asks for hardly anything. */
function overhead(url: string, headers: Readonly<Record<string, string>>): Row[] {
  const empty = '9006?&startdate=1999-01-01%2000:00&enddate=1999-01-01%2023:59';
  return [
    ['/healthz', '/healthz'],
    ['9006 of a day without calls', `/cgi/webserve/${empty}`],
  ].map(([what, address]) => {
    const rates = CONNECTIONS.map((connections) => load(`${url}${address}`, connections, headers, 3));
    const each = CONNECTIONS.map((connections, n) => `${rates[n]?.toFixed(0)}/s by ${connections}`);
    return stated(`requests of ${what}`, each.join(', '), rates);
  });
}

/** @returns requests a second. @throws when one is not answered well. */
function load(url: string, connections: number, headers: Readonly<Record<string, string>>, seconds = SECONDS): number {
  const told = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const words = ['-t1', `-c${connections}`, `-d${seconds}`, ...told, url];
  const text = execFileSync('wrk', words, { encoding: 'utf8' });
  if (/Non-2xx|Socket errors/.test(text)) throw new Error(`${url}, ${connections} connections: ${text}`);
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]);
}

/** @returns how many. @throws when the two answers differ. */
async function sameBytes(ours: string, peer: string, headers: Readonly<Record<string, string>>): Promise<number> {
  const answers = await Promise.all([ours, peer].map((url) => fetch(url, { headers })));
  const bodies = await Promise.all(answers.map(async (answer) => Buffer.from(await answer.arrayBuffer())));
  const said = answers.map(({ status, headers: told }, n) =>
    [
      status,
      told.get('content-range'),
      createHash('sha256')
        .update(bodies[n] ?? '')
        .digest('hex'),
    ].join(' '),
  );
  if (said[0] !== said[1] || !said[0]?.startsWith('206'))
    throw new Error(`ours and nginx's differ: ${said.join(' | ')}`);
  return bodies[0]?.length ?? 0;
}

function writeWav(path: string, bytes: number): void {
  mkdirSync(join(path, '..'), { recursive: true });
  const sound = Buffer.alloc(bytes);
  for (let at = 0; at < bytes; at += 4) sound.writeInt32LE(Math.imul(at, 0x9e3779b1) | 0, at);
  writeFileSync(path, Buffer.concat([wavHeader(bytes), sound]));
}
