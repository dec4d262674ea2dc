/**
 * The clients of load.ts, in a process of their own: people and programs that ask, look at the answer and ask again. Their
 * message: how much faster they shall ask than at first. Their answer to `tell`: what they waited, and what went wrong.
 */
import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { ascending, quantile } from './arithmetic.ts';
import { listen } from './listener.ts';

export interface ClientsJob {
  readonly url: string;
  readonly token: string;
  readonly ami: number;
}

/** Milliseconds to the last byte. */
export interface Waited {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly worst: number;
}

export interface ClientsFigures {
  readonly waited: Readonly<Record<string, Waited>>;
  /** The first ones, and how many. */
  readonly errors: readonly string[];
  readonly errorCount: number;
}

/** Clients of each kind, and seconds between one's questions: fifty in all. */
const CLIENTS = { report: 13, month: 12, player: 13, ami: 12 };
const EVERY = { report: 2, month: 60, player: 3 };
/** What a player takes of a recording at a time, bytes. */
const STRETCH = 65_536;
const ERRORS_KEPT = 5;
const agent = new Agent({ keepAlive: true });
const playing = (path: string) => `/recordings/${encodeURI(path)}`;

if (process.send) {
  const { url, token, ami } = JSON.parse(process.argv[2] ?? '{}') as ClientsJob;
  const waited = new Map<string, number[]>();
  /** What a client has deleted: another may still have it on its page. */
  const deleted = new Set<string>();
  let errors: string[] = [];
  let errorCount = 0;
  let factor = 1;

  const ask = (kind: string, path: string, { range, body }: { range?: string; body?: string } = {}) =>
    new Promise<Buffer>((resolve, reject) => {
      const begun = performance.now();
      const headers = {
        Authorization: `Bearer ${token}`,
        ...(range && { Range: range }),
        ...(body !== undefined && { 'Content-Type': 'application/x-www-form-urlencoded' }),
      };
      const sent = request(url + path, { agent, headers, method: body === undefined ? 'GET' : 'POST' }, (answer) => {
        const chunks: Buffer[] = [];
        // A month is half a megabyte to several: who downloads it writes it to a file.
        answer.on('data', (chunk: Buffer) => kind !== '9005, a month' && chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () => {
          const text = Buffer.concat(chunks);
          const { statusCode = 0 } = answer;
          const wasDeleted = statusCode === 404 && [...deleted].some((each) => path === playing(each));
          if (statusCode !== 200 && statusCode !== 206 && !wasDeleted)
            reject(new Error(`${kind} answers ${statusCode}: ${text}`));
          waited.set(kind, [...(waited.get(kind) ?? []), performance.now() - begun]);
          resolve(text);
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });

  /** Asks for ever, each at its own moments. */
  const client = async (seconds: number, index: number, of: number, work: (turn: number) => Promise<unknown>) => {
    await pause((seconds * 1000 * index) / of);
    for (let turn = 0; ; turn++) {
      const begun = performance.now();
      await work(turn).catch((error: Error) => {
        if (errorCount++ < ERRORS_KEPT) errors.push(error.message.slice(0, 200));
      });
      await pause(Math.max(1, (seconds * 1000) / factor - (performance.now() - begun)));
    }
  };
  const day = (number: number) => new Date(Date.UTC(2021, 0, 1 + (number % 365))).toISOString().slice(0, 10);
  const report = (turn: number) =>
    ask('9006, a day', `/cgi/webserve/9006?&startdate=${day(turn * 7)}%2000:00&enddate=${day(turn * 7)}%2023:59`);
  const month = (turn: number) => {
    const from = (turn * 30) % 330;
    return ask('9005, a month', `/cgi/webserve/9005?&startdate=${day(from)}%2000:00&enddate=${day(from + 30)}%2023:59`);
  };
  /** The page of recordings, some of one recording, and seldom a deletion. */
  const player = async (turn: number) => {
    const page = await ask('20053', '/cgi/webserve/20053?&limit=50');
    const { json_array_recordings: rows } = JSON.parse(page.toString()) as {
      json_array_recordings: { path: string }[];
    };
    const chosen = rows[turn % Math.max(1, rows.length)];
    if (!chosen) return;
    for (const from of [0, STRETCH])
      await ask('/recordings with Range', playing(chosen.path), {
        range: from === 0 ? `bytes=0-${STRETCH - 1}` : 'bytes=-8192',
      });
    const last = rows.at(-1);
    if (turn % 10 === 9 && last && last !== chosen) {
      deleted.add(last.path);
      await ask('20054', '/cgi/webserve/20054', { body: `wavefiles=${encodeURIComponent(last.path)}` });
    }
  };
  const many = (count: number, seconds: number, work: (turn: number) => Promise<unknown>) => {
    for (let index = 0; index < count; index++)
      void client(seconds, index, count, (turn) => work(turn * count + index));
  };

  for (let index = 0; index < CLIENTS.ami; index++) {
    const socket = await listen(ami, () => {});
    socket.on('close', () => {
      errorCount++;
      errors.push('the AMI has dropped a listener');
    });
  }
  many(CLIENTS.report, EVERY.report, report);
  many(CLIENTS.month, EVERY.month, month);
  many(CLIENTS.player, EVERY.player, player);

  process.on('message', (message: number | 'tell') => {
    if (typeof message === 'number') factor = message;
    const figures: ClientsFigures = {
      waited: Object.fromEntries(
        [...waited].map(([kind, times]) => {
          const sorted = ascending(times);
          const [p50, p99] = [quantile(sorted, 0.5), quantile(sorted, 0.99)];
          return [kind, { count: sorted.length, p50, p99, worst: sorted.at(-1) ?? Number.NaN }];
        }),
      ),
      errors,
      errorCount,
    };
    waited.clear();
    errors = [];
    errorCount = 0;
    process.send?.(figures);
  });
  process.send('ready');
}
