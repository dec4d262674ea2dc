/** The report of a day and the download of all calls, beside the sqlite3 tool on the same tables; what is held afterwards. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { parseCsv } from '../support/csv.ts';
import { command, compare, type Memory, memoryDuring, memoryOf } from './measure.ts';
import { type Question, questionRows } from './question.ts';
import { compared, grown, type Row } from './row.ts';
import {
  ALWAYS,
  ask,
  DAY,
  NEWEST,
  onCopy,
  onStage,
  plainRows,
  REPORT,
  ROUNDS,
  rowsOf,
  SHOWN,
  STATUS,
  type Stage,
} from './stage.ts';

/** Until what is idle is. */
const IDLE_MS = 5_000;
/** With the guide's dates: else the bytes could not be the same. */
const DOWNLOAD = `SELECT replace(replace(strftime('%Y/%m/%d %H:%M:%S', end_at + end_offset, 'unixepoch'), '/0', '/'), ' 0', ' '),
  src, dst, cidname, cidname, ivr, src_trunk, accountcode, dst_trunk, calltype, ${STATUS}, duration, billsec, uniqueid, recording
  FROM call WHERE ${SHOWN} ${NEWEST}`;

/** 9006 of a day, `2021-06-16`. */
export function dayReport(day: string, most = 1.5): Question {
  const from = Date.parse(`${day}T00:00:00-08:00`) / 1000;
  const sql = `${REPORT} AND start_at BETWEEN ${from} AND ${from + 86_399} ${NEWEST}`;
  return {
    name: "9006, a day's report | sqlite3 -json",
    most,
    rounds: ROUNDS.short,
    ours: (stage) => ask(stage, dayTarget(day)),
    peer: ({ native }) => command('sqlite3', '-json', native, sql),
    same: [rowsOf, plainRows],
  };
}

const dayTarget = (day: string) => `9006?&startdate=${day}%2000:00&enddate=${day}%2023:59`;

// The download in a daemon of its own: what others had it take before would hide what it takes.
export const callRows = async (): Promise<Row[]> => [
  ...(await questionRows([dayReport(DAY)])),
  ...(await onCopy((store, place) => onStage(store, place, [download]))),
];

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
  const rows = [compared('9005, all calls | sqlite3 -csv', 2, figures), grown('9005, all calls: memory', memory)];
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
