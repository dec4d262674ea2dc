/**
 * A store worked on in bulk by the native sqlite3, which sorts and merges several times faster than the daemon's own SQLite
 * and may take memory for it: its indexes, the search index, and more years of the same calls. Nobody else has it open.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';

/** Whoever is interrupted begins anew, so nothing is kept safe meanwhile. The daemon's own way of writing comes last. */
export function nativeSql(file: string, statements: readonly string[]): void {
  rmSync(`${file}-shm`, { recursive: true, force: true }); // the fence against the very program
  const fast = ['locking_mode=EXCLUSIVE', 'journal_mode=OFF', 'synchronous=OFF', 'cache_size=-400000', 'threads=2'];
  const script = [
    '.bail on',
    ...fast.map((pragma) => `PRAGMA ${pragma};`),
    ...statements.map((statement) => `${statement.replace(/;\s*$/, '')};`),
    'PRAGMA journal_mode=WAL;',
  ];
  execFileSync('sqlite3', [file], { input: script.join('\n'), stdio: ['pipe', 'ignore', 'inherit'] });
  mkdirSync(`${file}-shm`, { recursive: true });
}

/** Fills the table of numbers at once. */
export const SEARCH_INDEX = [
  'INSERT INTO number SELECT DISTINCT 0, src FROM call INDEXED BY call_src WHERE trash IS NULL',
  'INSERT INTO number SELECT DISTINCT 1, dst_outer FROM call INDEXED BY call_dst WHERE trash IS NULL',
  `INSERT INTO number SELECT DISTINCT 2, dst_inner FROM call INDEXED BY call_dst_inner
     WHERE trash IS NULL AND dst_inner <> dst_outer`,
];

/** Days: whole weeks. */
const APART = 371;

/** What a table's columns of later years are, where they differ from the first year's. */
type Change = Readonly<Record<string, string>>;

/**
 * More years of the same calls: 371 days apart, so that weekdays stay and no two years share a day, each with ids, UniqueIDs and EventSequences of its
 * own, the base year last. Only that one has recordings, and announcements that may still be asked for.
 * @param base The store of one year, whose tables `main` has, empty. @param columns Of a table, generated ones left out.
 */
export function repeatYears(
  base: string,
  years: number,
  calls: number,
  columns: (table: string) => readonly string[],
): string[] {
  const insert = (table: string, change: Change, where = 'true') => {
    const names = columns(table);
    return `INSERT INTO main.${table} (${names.join(', ')}) SELECT ${names.map((name) => change[name] ?? name).join(', ')} FROM base.${table} WHERE ${where}`;
  };
  const most = (of: string) => `(SELECT n FROM temp.most WHERE name = '${of}')`;
  const year = (index: number) => {
    const old = years - 1 - index;
    const seconds = old * APART * 86_400;
    const earlier = (column: string) => `${column} - ${seconds}`;
    const further = (column: string, of: string) => `${column} + ${index} * ${most(of)}`;
    // `EPOCH.COUNTER`, as Asterisk makes them; history.ts gives each call eight numbers.
    const uniqueId = (column: string) =>
      `(CAST(substr(${column}, 1, instr(${column}, '.') - 1) AS INTEGER) - ${seconds}) || '.' || (CAST(substr(${column}, instr(${column}, '.') + 1) AS INTEGER) + ${index * calls * 8})`;
    const times = Object.fromEntries(['start_at', 'answer_at', 'end_at'].map((name) => [name, earlier(name)]));
    const leg: Change = {
      ...times,
      id: further('id', 'leg'),
      call_group: uniqueId('call_group'),
      uniqueid: uniqueId('uniqueid'),
      linkedid: uniqueId('linkedid'),
      sequence: `sequence + ${index * calls * 8}`,
      ...(old > 0 && { recordingfile: "''" }),
    };
    const call: Change = {
      ...times,
      id: further('id', 'call'),
      call_group: uniqueId('call_group'),
      anchor: further('anchor', 'leg'),
      changed: further('changed', 'changed'),
      uniqueid: uniqueId('uniqueid'),
      ...(old > 0 && { recording: "''" }),
    };
    return [insert('leg', leg), insert('call', call), insert('call_sum', { day: `day - ${old * APART}` })];
  };
  const last = years - 1;
  const ref = `ref + ${last} * CASE kind WHEN 'cdr' THEN ${most('leg')} WHEN 'call' THEN ${most('call')} ELSE 0 END`;
  return [
    `ATTACH 'file:${base}?immutable=1' AS base`,
    `CREATE TEMP TABLE most AS SELECT 'leg' AS name, (SELECT max(id) FROM base.leg) AS n
       UNION ALL SELECT 'call', (SELECT max(id) FROM base.call) UNION ALL SELECT 'changed', (SELECT max(id) FROM base.outbox)`,
    ...Array.from({ length: years }, (_, index) => year(index)).flat(),
    insert('recording', { call_id: `call_id + ${last} * ${most('call')}` }),
    insert('outbox', { id: `id + ${last} * ${most('changed')}`, ref }),
    'DETACH base',
  ];
}
