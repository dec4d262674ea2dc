/**
 * Where rows are measured: the daemon as it ships on a copy of the bench's store, asked as an admin, and the same tables
 * for the programs that it stands beside.
 */
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Box, type Folders, folders, initialPassword, startBox } from '../fault/box.ts';
import setup from '../setup.ts';
import { type BenchStore, benchEnv, benchStore } from './generate.ts';
import { type Run, request } from './measure.ts';
import type { Row } from './row.ts';

export const SIZES = {
  calls: Number(process.env['CDRD_BENCH_CALLS'] || 1_000_000),
  recordings: Number(process.env['CDRD_BENCH_RECORDINGS'] || 100_000),
  files: 1_000,
};
export const ROUNDS = { short: 9, long: 3 };
/** A day in the middle of the year, of some 2,740 calls in a million. */
export const DAY = '2021-06-16';
/** Of 9005 and 9006: every call. */
export const ALWAYS = '&startdate=2000-01-01%2000:00';

export const SHOWN = 'open = 0 AND trash IS NULL';
export const NEWEST = 'ORDER BY start_at DESC, id DESC';
export const STATUS = "CASE disposition WHEN 'CONGESTION' THEN 'FAILED' ELSE disposition END";
const clock = (column: string) => `strftime('%Y-%m-%d %H:%M:%S', ${column}_at + ${column}_offset, 'unixepoch')`;
const contact = (column: string) =>
  `coalesce((SELECT ${column} FROM contact WHERE number = CASE calltype WHEN 'Outbound' THEN dst ELSE src END), '')`;
/** The rows of 9006 as the sqlite3 tool gives them with `-json`. */
export const REPORT = `SELECT ${clock('start')} AS calldate, src, ${contact('name')} AS contact, ${contact('groupname')} AS groupname,
  dst, src_trunk AS channel, dst_trunk AS dstchannel, CAST(duration AS TEXT) AS duration, CAST(billsec AS TEXT) AS billsec,
  ${STATUS} AS disposition, calltype AS userfield, accountcode, cidname, cidname AS in_route, ivr AS IVR,
  recording AS "Recording filename", uniqueid AS UniqueID, port, CAST(id AS TEXT) AS id, CAST(changed AS TEXT) AS changed
  FROM call WHERE ${SHOWN}`;

export interface Stage {
  readonly store: BenchStore;
  readonly place: Folders;
  readonly box: Box;
  readonly url: string;
  readonly token: string;
}

/** A copy of the store, for as long as the work lasts. */
export async function onCopy(
  work: (store: BenchStore, place: Folders) => Promise<Row[]>,
  sizes = SIZES,
): Promise<Row[]> {
  setup();
  const store = benchStore(sizes);
  const root = mkdtempSync(join(dirname(store.state), 'run-'));
  const place = folders(root);
  try {
    cpSync(store.state, place.state, { recursive: true });
    return await work(store, place);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Starts the daemon as in production, has the rows measured, and ends it. @param recordings Absent: its medium is away. */
export async function onStage(
  store: BenchStore,
  place: Folders,
  measures: readonly ((stage: Stage) => Promise<Row[]>)[],
  recordings?: string,
): Promise<Row[]> {
  // Of the recordings only the newest lie on disk: with the medium in place the others would be marked as gone.
  const env =
    recordings === undefined
      ? { ...benchEnv(join(place.root, 'no-medium')), CDRD_RECORDINGS_REQUIRE_MOUNT: 'yes' }
      : benchEnv(recordings);
  const box = startBox(place, 0, env);
  try {
    const url = await box.ready;
    const rows: Row[] = [];
    const stage = { store, place, box, url, token: await logIn(url, place) };
    for (const measure of measures) rows.push(...(await measure(stage)));
    return rows;
  } finally {
    box.signal('SIGTERM');
    await box.ended;
  }
}

async function logIn(url: string, place: Folders): Promise<string> {
  const digest = createHash('md5').update(initialPassword(place, 'admin')).digest('hex');
  const answer = await fetch(`${url}/cgi/webserve/8404?&UserName=admin&Password=${digest}`);
  return ((await answer.json()) as { token: string }).token;
}

/** A number with its parameters, `9006?&startdate=…`. */
export const ask = ({ url, token }: Stage, target: string): Run => request(`${url}/cgi/webserve/${target}`, token);
/** The rows of 9006's answer, and those of `sqlite3 -json`. */
export const rowsOf = (body: Buffer) => JSON.stringify(JSON.parse(body.toString()).json_array_astcdrs);
export const plainRows = (body: Buffer) => JSON.stringify(JSON.parse(body.toString().trim() || '[]'));
