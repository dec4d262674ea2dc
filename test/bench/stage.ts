/**
 * Where rows are measured: the daemon as it ships on a copy of the bench's store, asked as an admin, and the same tables
 * for the programs that it stands beside.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Box, type Folders, folders, initialPassword, startBox } from '../fault/box.ts';
import setup from '../setup.ts';
import { type BenchSizes, type BenchStore, benchEnv, benchStore } from './generate.ts';
import { type Run, request, type Same } from './measure.ts';
import type { Row } from './row.ts';
import { runFolder } from './run-folder.ts';

export const SIZES = {
  calls: Number(process.env['CDRD_BENCH_CALLS'] || 1_000_000),
  recordings: Number(process.env['CDRD_BENCH_RECORDINGS'] || 100_000),
  files: 1_000,
};
export const ROUNDS = { short: 9, long: 3, cold: 3 };
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

export interface OpenStage extends Stage {
  close(): Promise<void>;
}

export interface StageOptions {
  /** Folder of the recordings; absent: their medium is away. */
  readonly recordings?: string;
  /** Port of a PBX's AMI on this machine; absent: the daemon has none. */
  readonly pbx?: number;
  /** More environment of the daemon: a disk's. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * A copy of the store, for as long as the work lasts. One of ten million calls takes half a minute to be made: it is kept
 * for the parts that come later, which only read it or add some hundred calls.
 */
export async function onCopy(
  work: (store: BenchStore, place: Folders) => Promise<Row[]>,
  sizes: BenchSizes = SIZES,
): Promise<Row[]> {
  setup();
  const store = benchStore(sizes);
  const place = kept.get(store.state) ?? copyOf(store);
  if (sizes.calls > SIZES.calls) kept.set(store.state, place);
  try {
    return await work(store, place);
  } finally {
    if (!kept.has(store.state)) rmSync(place.root, { recursive: true, force: true });
  }
}

/** By the store; they go with the process, as every {@link runFolder}. */
const kept = new Map<string, Folders>();

function copyOf(store: BenchStore): Folders {
  const place = folders(runFolder(store));
  execFileSync('cp', ['-r', '--reflink=auto', '--sparse=always', store.state, place.state]);
  // Else the daemon's first checkpoint has the whole copy to bring to the disk: a fifth of a second in which no record goes in.
  execFileSync('sync', [join(place.state, 'cdrd.db')]);
  return place;
}

/** Starts the daemon as in production, has the rows measured, and ends it. @param recordings Absent: its medium is away. */
export async function onStage(
  store: BenchStore,
  place: Folders,
  measures: readonly ((stage: Stage) => Promise<Row[]>)[],
  recordings?: string,
): Promise<Row[]> {
  const stage = await openStage(store, place, recordings === undefined ? {} : { recordings });
  try {
    const rows: Row[] = [];
    for (const measure of measures) rows.push(...(await measure(stage)));
    return rows;
  } finally {
    await stage.close();
  }
}

/** The daemon as in production, with somebody logged in. */
export async function openStage(
  store: BenchStore,
  place: Folders,
  { recordings, pbx = 0, env = {} }: StageOptions = {},
): Promise<OpenStage> {
  const medium = recordings ?? join(place.root, 'no-medium');
  const box = startBox(place, pbx, {
    ...benchEnv(medium),
    ...(recordings === undefined && { CDRD_RECORDINGS_REQUIRE_MOUNT: 'yes' }),
    CDRD_RECORDINGS_SWEEP_SECONDS: '2', // the daemon's own default
    ...env,
  });
  const close = async () => {
    box.signal('SIGTERM');
    await box.ended;
  };
  try {
    const url = await box.ready;
    return { store, place, box, url, token: await logIn(url, place), close };
  } catch (error) {
    await close();
    throw error;
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

/** Rows of a page and how many there are in all: of 9006, and of the two statements' answers one behind the other. */
export const rowsAndCount: Same = [
  (body) => `${rowsOf(body)} ${JSON.parse(body.toString()).json_obj_filter.totalcount}`,
  (body) => {
    const text = body.toString();
    const at = text.lastIndexOf('[{"n":');
    return `${plainRows(Buffer.from(text.slice(0, at)))} ${JSON.parse(text.slice(at))[0].n}`;
  },
];
