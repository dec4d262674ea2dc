/** The report of a day and the download of all calls, beside the sqlite3 tool on the same tables. */
import { createHash } from 'node:crypto';
import { Agent } from 'node:http';
import { parseCsv } from '../support/csv.ts';
import { command, compare, fed, memoryDuring, type Run, request } from './measure.ts';
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

/** With the guide's dates: else the bytes could not be the same. */
const DOWNLOAD = `SELECT replace(replace(strftime('%Y/%m/%d %H:%M:%S', end_at + end_offset, 'unixepoch'), '/0', '/'), ' 0', ' '),
  src, dst, cidname, cidname, ivr, src_trunk, accountcode, dst_trunk, calltype, ${STATUS}, duration, billsec, uniqueid, recording
  FROM call WHERE ${SHOWN} ${NEWEST}`;

/** Days that are asked for one after the other. */
const DAYS = Array.from({ length: 200 }, (_, index) =>
  new Date(Date.UTC(2021, 1, 1) + index * 86_400_000).toISOString().slice(0, 10),
);
/** Between the answers to several questions. */
const BETWEEN = '\0';

/** 9006 of a day, `2021-06-16`. */
export const dayTarget = (day: string) => `9006?&startdate=${day}%2000:00&enddate=${day}%2023:59`;

function daySql(day: string): string {
  const from = Date.parse(`${day}T00:00:00-08:00`) / 1000;
  return `${REPORT} AND start_at BETWEEN ${from} AND ${from + 86_399} ${NEWEST};`;
}

export const dayReport: Question = {
  name: "9006, a day's report | sqlite3 -json",
  most: 1.5,
  rounds: ROUNDS.short,
  ours: (stage) => ask(stage, dayTarget(DAY)),
  peer: ({ native }) => command('sqlite3', '-json', native, daySql(DAY)),
  same: [rowsOf, plainRows],
};

export const manyDays: Question = {
  name: `9006, ${DAYS.length} days' reports over one connection | one sqlite3 -json`,
  most: 2.5,
  rounds: ROUNDS.long,
  ours: (stage) => askInTurn(stage, DAYS.map(dayTarget)),
  peer: ({ native }) => fed(DAYS.map(daySql).join('\n'), 'sqlite3', '-json', native),
  // Each answer is an array of rows; of sqlite3's, a line a row. Its digest, because all of them are a quarter of a GB.
  same: [
    (body) => digests(body.toString().split(BETWEEN), rowsOf),
    (body) => digests(body.toString().split(/\n(?=\[)/), plainRows),
  ],
};

const digests = (answers: readonly string[], rows: (body: Buffer) => string) =>
  answers
    .map((answer) =>
      createHash('sha256')
        .update(rows(Buffer.from(answer)))
        .digest('hex'),
    )
    .join();

/** One after the other, over one connection. */
function askInTurn({ url, token }: Pick<Stage, 'url' | 'token'>, targets: readonly string[]): Run {
  return async (keep) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    try {
      const begun = performance.now();
      const bodies: Buffer[] = [];
      let bytes = 0;
      for (const target of targets) {
        const answer = await request(`${url}/cgi/webserve/${target}`, token, undefined, agent)(keep);
        bytes += answer.bytes;
        if (keep) bodies.push(answer.body, Buffer.from(BETWEEN));
      }
      return { bytes, ms: performance.now() - begun, body: Buffer.concat(bodies.slice(0, -1)) };
    } finally {
      agent.destroy();
    }
  };
}

// The download in a daemon of its own: what others had it take before would hide what it takes.
export const callRows = async (): Promise<Row[]> => [
  ...(await questionRows([dayReport, manyDays])),
  ...(await downloadRows()),
];

const downloadRows = () => onCopy((store, place) => onStage(store, place, [download]));

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
  return [compared('9005, all calls | sqlite3 -csv', 2, figures), grown('9005, all calls: memory', memory)];
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
