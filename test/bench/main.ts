/**
 * `make bench`: what the daemon costs, measured beside the programs that everybody knows, on a store of a million calls.
 * A row that misses its aim is said to. Run: `npx tsx test/bench/main.ts [PART …]`; parts: see below. README=1 writes the
 * README's table from all that was measured last.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { archiveRows } from './archive.ts';
import { callRows } from './calls.ts';
import { cdrRows } from './cdr-latency.ts';
import { COLDNESS } from './cold.ts';
import { fanoutRows } from './fanout.ts';
import { flashRows } from './flash.ts';
import { growthRows } from './growth.ts';
import { idleRows } from './idle.ts';
import { ingestRows } from './ingest.ts';
import { largeRows } from './large.ts';
import { loginRows } from './login.ts';
import { pageRows } from './pages.ts';
import { betweenMarkers, countLine, type Machine, markdown, plainTable, readResult, writeResult } from './result.ts';
import type { Row } from './row.ts';
import { searchRows } from './search.ts';
import { servingRows } from './serving.ts';
import { shareRows } from './share.ts';
import { stallRows } from './stalls.ts';
import { startRows } from './start.ts';
import { totalsRows } from './totals.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const RESULT = `${ROOT}test/.build/bench.json`;

/** The table, from its top to its end. */
const TABLE: Readonly<Record<string, () => Promise<Row[]>>> = {
  idle: idleRows,
  start: startRows,
  calls: callRows,
  large: largeRows,
  search: searchRows,
  totals: totalsRows,
  archive: archiveRows,
  serving: servingRows,
  ingest: ingestRows,
  cdr: cdrRows,
  fanout: fanoutRows,
  stalls: stallRows,
  flash: flashRows,
  growth: growthRows,
};

/** They run only when they are named. */
const NAMED: Readonly<Record<string, () => Promise<Row[]>>> = { share: shareRows, login: loginRows, pages: pageRows };

const PARTS = { ...TABLE, ...NAMED };

function machineOf(): Machine {
  return {
    date: new Date().toISOString(),
    cpu: `${cpus().length} × ${cpus()[0]?.model.trim()}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    // Above the number of cores others share them: then ratios hold, and times don't.
    load: `load ${loadavg()[0]?.toFixed(1)}`,
    node: `Node ${process.version}`,
    sqlite3: `sqlite3 ${execFileSync('sqlite3', ['--version'], { encoding: 'utf8' }).split(' ')[0]}`,
    cold: COLDNESS,
    commit: execFileSync('git', ['-C', ROOT, 'rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim(),
  };
}

/** A part that fails takes no other with it: it is a row that is missed. */
async function rowsOf(name: string, part: () => Promise<Row[]>): Promise<Row[]> {
  try {
    return await part();
  } catch (error) {
    console.error(error);
    return [{ name, result: `error: ${(error as Error).message}`, aim: 'to be measured', met: false }];
  }
}

const wanted = process.argv.slice(2);
for (const name of wanted)
  if (!Object.hasOwn(PARTS, name)) {
    console.error(`no part ${name}: there are ${Object.keys(PARTS).join(', ')}`);
    process.exit(64);
  }

const rows: Row[] = [];
for (const [name, part] of Object.entries(wanted.length === 0 ? TABLE : PARTS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const begun = performance.now();
  const machine = machineOf();
  const measured = await rowsOf(name, part);
  const seconds = Math.round((performance.now() - begun) / 1000);
  console.log(`${name}, ${seconds} s:\n${plainTable(measured)}`);
  rows.push(...measured);
  // At once: who is interrupted keeps what was measured.
  writeResult(RESULT, { ...readResult(RESULT), [name]: { machine, seconds, rows: measured } });
}

console.log(`\n${Object.values(machineOf()).join(' · ')}\n\n${plainTable(rows)}\nwritten to ${RESULT}`);
if (process.env['README'] === '1') {
  const readme = `${ROOT}README.md`;
  const table = markdown(readResult(RESULT), Object.keys(TABLE));
  writeFileSync(readme, betweenMarkers(readFileSync(readme, 'utf8'), table));
}
console.log(countLine(rows));
process.exit(rows.some(({ met }) => met === false) ? 1 : 0);
