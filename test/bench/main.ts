/**
 * `make bench`: what the budgets say (README, "How fast"), measured beside the programs that everybody knows, on a store
 * of a million calls. A row that misses its aim is said to. Run: `npx tsx test/bench/main.ts [PART …]`; parts: see below.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { archiveRows } from './archive.ts';
import { callRows } from './calls.ts';
import { loginRows } from './login.ts';
import { pageRows } from './pages.ts';
import type { Row } from './row.ts';
import { searchRows } from './search.ts';
import { shareRows } from './share.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const RESULT = `${ROOT}test/.build/bench.json`;

/** The main loop's stall while the disk is slow: a program of its own, which prints its own figures. */
async function stall(): Promise<Row[]> {
  const { status } = spawnSync(process.execPath, ['--import', 'tsx', 'test/fault/stall.bench.ts'], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  return [{ name: 'stall of the main loop, slow disk', result: 'see above', aim: 'p99 ≤ 50 ms', met: status === 0 }];
}

const PARTS: Readonly<Record<string, () => Promise<Row[]>>> = {
  stall,
  calls: callRows,
  search: searchRows,
  archive: archiveRows,
  share: shareRows,
  login: loginRows,
  pages: pageRows,
};

const wanted = process.argv.slice(2);
for (const name of wanted)
  if (!Object.hasOwn(PARTS, name)) {
    console.error(`no part ${name}: there are ${Object.keys(PARTS).join(', ')}`);
    process.exit(64);
  }

const rows: Row[] = [];
for (const [name, part] of Object.entries(PARTS))
  if (wanted.length === 0 || wanted.includes(name)) rows.push(...(await part()));

const machine = {
  date: new Date().toISOString(),
  cpu: `${cpus().length} × ${cpus()[0]?.model.trim()}`,
  memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
  // Above the number of cores others share them: then ratios hold, and times don't.
  load: `load ${loadavg()[0]?.toFixed(1)}`,
  node: process.version,
  sqlite3: execFileSync('sqlite3', ['--version'], { encoding: 'utf8' }).split(' ')[0],
  commit: execFileSync('git', ['-C', ROOT, 'rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim(),
};
console.log(`\n${Object.values(machine).join(' · ')}\n`);
const width = Math.max(...rows.map(({ name }) => name.length));
for (const { name, result, aim, met } of rows) {
  const word = met === null ? 'NOT THERE' : met ? 'met' : 'MISSED';
  console.log(`${name.padEnd(width)}  ${word.padEnd(9)} ${aim.padEnd(16)} ${result}`);
}
mkdirSync(`${ROOT}test/.build`, { recursive: true });
writeFileSync(RESULT, `${JSON.stringify({ machine, rows }, null, 2)}\n`);
console.log(`\nwritten to ${RESULT}`);
const count = (met: boolean | null) => rows.filter((row) => row.met === met).length;
console.log(`${count(true)} passed, ${count(false)} failed${count(null) > 0 ? `, ${count(null)} not there` : ''}`);
process.exitCode = count(false) === 0 ? 0 : 1;
