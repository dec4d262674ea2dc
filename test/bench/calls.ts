/** Reports, downloads and searches of a million calls, beside the sqlite3 tool on the same tables; a tar beside tar. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Box, type Folders, folders, initialPassword, startBox, until } from '../fault/box.ts';
import setup from '../setup.ts';
import { parseCsv } from '../support/csv.ts';
import { type BenchStore, benchEnv, benchStore } from './generate.ts';
import { command, compare, type Memory, memoryDuring, memoryOf, overLoopback, request } from './measure.ts';
import { compared, type Row } from './row.ts';

const SIZES = {
  calls: Number(process.env['CDRD_BENCH_CALLS'] || 1_000_000),
  recordings: Number(process.env['CDRD_BENCH_RECORDINGS'] || 100_000),
  files: 1_000,
};
const ROUNDS = { short: 9, long: 3 };
/** MiB that a full download or a tar may add to what the daemon holds. */
const GROWTH = 8;
/** Until what is idle is. */
const IDLE_MS = 5_000;
const DAY = '2021-06-16';

const SHOWN = 'open = 0 AND trash IS NULL';
const clock = (column: string) => `strftime('%Y-%m-%d %H:%M:%S', ${column}_at + ${column}_offset, 'unixepoch')`;
const contact = (column: string) =>
  `coalesce((SELECT ${column} FROM contact WHERE number = CASE calltype WHEN 'Outbound' THEN dst ELSE src END), '')`;
const STATUS = "CASE disposition WHEN 'CONGESTION' THEN 'FAILED' ELSE disposition END";
const REPORT = `SELECT ${clock('start')} AS calldate, src, ${contact('name')} AS contact, ${contact('groupname')} AS groupname,
  dst, src_trunk AS channel, dst_trunk AS dstchannel, CAST(duration AS TEXT) AS duration, CAST(billsec AS TEXT) AS billsec,
  ${STATUS} AS disposition, calltype AS userfield, accountcode, cidname, cidname AS in_route, ivr AS IVR,
  recording AS "Recording filename", uniqueid AS UniqueID, port, CAST(id AS TEXT) AS id, CAST(changed AS TEXT) AS changed
  FROM call WHERE ${SHOWN}`;
const NEWEST = 'ORDER BY start_at DESC, id DESC';
/** With the guide's dates: else the bytes could not be the same. */
const DOWNLOAD = `SELECT replace(replace(strftime('%Y/%m/%d %H:%M:%S', end_at + end_offset, 'unixepoch'), '/0', '/'), ' 0', ' '),
  src, dst, cidname, cidname, ivr, src_trunk, accountcode, dst_trunk, calltype, ${STATUS}, duration, billsec, uniqueid, recording
  FROM call WHERE ${SHOWN} ${NEWEST}`;
const ALWAYS = '&startdate=2000-01-01%2000:00';

interface Stage {
  readonly store: BenchStore;
  readonly place: Folders;
  readonly box: Box;
  readonly url: string;
  readonly token: string;
}

export async function callRows(): Promise<Row[]> {
  setup();
  const store = benchStore(SIZES);
  const root = mkdtempSync(join(dirname(store.state), 'run-'));
  const place = folders(root);
  try {
    cpSync(store.state, place.state, { recursive: true });
    // Without its medium: of the recordings only the newest lie on disk, and the others would be marked as gone.
    const away = { CDRD_RECORDINGS_REQUIRE_MOUNT: 'yes' };
    const noMedium = join(root, 'no-medium');
    const plain = await onStage(store, place, noMedium, away, [
      dayReport,
      (stage) => search(stage, '*12345*', 0.2),
      (stage) => search(stage, '*12*', 3),
    ]);
    // Each in a daemon of its own: what others had it take before would hide what this one takes.
    const all = await onStage(store, place, noMedium, away, [download]);
    const archive = await onStage(store, place, store.recordings, {}, [tar]);
    return [...plain, ...all, ...archive];
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Starts the daemon as in production, has the rows measured, and ends it. */
async function onStage(
  store: BenchStore,
  place: Folders,
  recordings: string,
  env: Record<string, string>,
  measures: readonly ((stage: Stage) => Promise<Row[]>)[],
): Promise<Row[]> {
  const box = startBox(place, 0, { ...benchEnv(recordings), ...env });
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

const ask = ({ url, token }: Stage, target: string) => request(`${url}/cgi/webserve/${target}`, token);
const rowsOf = (body: Buffer) => JSON.stringify(JSON.parse(body.toString()).json_array_astcdrs);
const plainRows = (body: Buffer) => JSON.stringify(JSON.parse(body.toString().trim() || '[]'));

async function dayReport(stage: Stage): Promise<Row[]> {
  const from = Date.parse(`${DAY}T00:00:00-08:00`) / 1000;
  const sql = `${REPORT} AND start_at BETWEEN ${from} AND ${from + 86_399} ${NEWEST}`;
  const figures = await compare(
    ROUNDS.short,
    ask(stage, `9006?&startdate=${DAY}%2000:00&enddate=${DAY}%2023:59`),
    command('sqlite3', '-json', stage.store.native, sql),
    [rowsOf, plainRows],
  );
  return [compared("9006, a day's report | sqlite3 -json", 3, figures)];
}

/** The newest hundred and how many there are: what a page of the report shows. @param most Times the scan's time at most. */
async function search(stage: Stage, pattern: string, most: number): Promise<Row[]> {
  const matching = `src GLOB '${pattern}'`;
  const figures = await compare(
    ROUNDS.short,
    ask(stage, `9006?${ALWAYS}&src=${pattern}&limit=100`),
    command(
      'sqlite3',
      '-json',
      stage.store.native,
      `${REPORT} AND ${matching} ${NEWEST} LIMIT 100; SELECT count(*) AS n FROM call WHERE ${SHOWN} AND ${matching}`,
    ),
    [
      (body) => `${rowsOf(body)} ${JSON.parse(body.toString()).json_obj_filter.totalcount}`,
      (body) => {
        const text = body.toString();
        const at = text.lastIndexOf('[{"n":');
        return `${plainRows(body.subarray(0, Buffer.byteLength(text.slice(0, at))))} ${JSON.parse(text.slice(at))[0].n}`;
      },
    ],
  );
  return [compared(`9006, src=${pattern}: newest 100 and count | sqlite3, a scan`, most, figures)];
}

async function download(stage: Stage): Promise<Row[]> {
  const all = ask(stage, `9005?${ALWAYS}`);
  await ask(stage, `9005?&startdate=${DAY}%2000:00&enddate=${DAY}%2023:59`)(false); // what is loaded on first use
  const memory = await memoryDuring(stage.box.pid, () => all(false));
  const figures = await compare(
    ROUNDS.long,
    all,
    command('sqlite3', '-csv', '-newline', '\r\n', stage.store.native, DOWNLOAD),
    [(body) => cellsOf(body.subarray(body.indexOf('\n') + 1)), cellsOf],
  );
  const rows = [compared('9005, all calls | sqlite3 -csv', 3, figures), grown('9005, all calls: memory', memory)];
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
  return [...rows, await resident(memoryOf(stage.box.pid))];
}

/** What is held when nothing happens, beside a node that does nothing. */
async function resident({ rss, anon }: Memory): Promise<Row> {
  const bare = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1_000)'], { stdio: 'ignore' });
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const node = memoryOf(bare.pid ?? 0);
  bare.kill('SIGKILL');
  return {
    name: 'memory, idle after full exports | a bare node',
    result: `${(rss / node.rss).toFixed(2)} ×: RSS ${rss.toFixed(1)} MiB, node ${node.rss.toFixed(1)}; private ${anon.toFixed(1)} MiB`,
    aim: '≤ 1.80 ×, ≤ 40 MiB',
    met: rss <= 1.8 * node.rss && anon <= 40,
    figures: { rss, anon, node },
  };
}

/** A digest of every cell: the two quote differently. */
function cellsOf(body: Buffer): string {
  const hash = createHash('sha256');
  let rows = 0;
  // In pieces at ends of lines: as one text a million rows take ten times their bytes.
  for (let from = 0; from < body.length; ) {
    const aim = Math.min(from + 1_000_000, body.length);
    const end = aim === body.length ? aim : body.indexOf('\r\n', aim) + 2;
    for (const row of parseCsv(body.toString('utf8', from, end))) {
      hash.update(`${row.join('\x1f')}\x1e`);
      rows++;
    }
    from = end;
  }
  return `${rows} ${hash.digest('hex')}`;
}

function grown(name: string, memory: Awaited<ReturnType<typeof memoryDuring>>): Row {
  const { before, peak, after } = memory;
  const mib = (value: number) => value.toFixed(1);
  return {
    name,
    result: `+${mib(after.rss - before.rss)} MiB after, +${mib(peak.rss - before.rss)} at most; RSS ${mib(before.rss)} → ${mib(peak.rss)} → ${mib(after.rss)}, RssAnon ${mib(before.anon)} → ${mib(peak.anon)} → ${mib(after.anon)}`,
    aim: `≤ +${GROWTH} MiB`,
    met: peak.rss - before.rss <= GROWTH,
    figures: memory,
  };
}

/** Entries compared by name and content, which a listing of checksums gives of either archive. */
async function tar(stage: Stage): Promise<Row[]> {
  const { url, token, store } = stage;
  const name = `20036, tar of ${SIZES.files} recordings | tar cf - | cat, over loopback too`;
  const paths = readdirSync(store.recordings, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.wav'),
  );
  const list = join(stage.place.root, 'paths');
  writeFileSync(list, paths.join('\n'));
  const body = `wavefiles=${encodeURIComponent(paths.join(';'))}`;
  const ours = request(`${url}/cgi/webserve/20036`, token, body);
  const one = {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/x-www-form-urlencoded' },
    body: `wavefiles=${paths[0]}`,
  };
  const there = async () => (await fetch(`${url}/cgi/webserve/20036`, one)).status === 200;
  await until('the medium was looked at', there, 30);
  // A day's worth, as before the full CSV: what is loaded and compiled on first use.
  const some = encodeURIComponent(paths.slice(0, 274).join(';'));
  await request(`${url}/cgi/webserve/20036`, token, `wavefiles=${some}`)(false);
  const memory = await memoryDuring(stage.box.pid, () => ours(false));
  // From a pipe it would be read without a network; ours can't be had so.
  const peer = overLoopback('sh', '-c', `tar cf - -C "$1" -T "$2" | cat`, 'sh', store.recordings, list);
  const figures = await compare(ROUNDS.short, ours, peer, [entriesOf, entriesOf]);
  return [compared(name, 1 / 0.7, figures), grown('20036: memory', memory)];
}

/** Name and content of each entry of a tar, by its own blocks: plain and ustar headers, GNU and pax long names. */
function entriesOf(archive: Buffer): string {
  const entries: string[] = [];
  let long: string | null = null;
  for (let at = 0; at + 512 <= archive.length && archive[at] !== 0; ) {
    const text = (from: number, length: number) =>
      archive.toString('utf8', at + from, at + from + length).replace(/\0[\s\S]*$/, '');
    const size = Number.parseInt(text(124, 12).trim(), 8);
    const kind = text(156, 1);
    const content = archive.subarray(at + 512, at + 512 + size);
    const prefix = text(257, 5) === 'ustar' && text(345, 155);
    if (kind === 'L') long = content.toString('utf8').replace(/\0+$/, '');
    else if (kind === 'x') long = /\d+ path=(.*)\n/.exec(content.toString('utf8'))?.[1] ?? null;
    else {
      const name = long ?? (prefix ? `${prefix}/${text(0, 100)}` : text(0, 100));
      entries.push(`${name} ${createHash('sha256').update(content).digest('hex')}`);
      long = null;
    }
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return `${entries.length} ${entries.sort().join('\n')}`;
}
