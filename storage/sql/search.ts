/**
 * The index for parts of numbers: trigrams of what closed calls show as source and destination. It holds no text of its
 * own (the call does), so whatever changes a call must tell it what was there before.
 */
import type { Database } from './database.ts';

export interface Numbers {
  readonly src: string;
  readonly dst: string;
}

/** @param old What the index holds of the call; null: nothing. @param next What it shall hold; null: nothing. */
export function indexNumbers(database: Database, id: number, old: Numbers | null, next: Numbers | null): void {
  if (old && next && old.src === next.src && old.dst === next.dst) return;
  if (old)
    database.run("INSERT INTO call_number (call_number, rowid, src, dst) VALUES ('delete', ?, ?, ?)", [
      id,
      old.src,
      old.dst,
    ]);
  if (next) database.run('INSERT INTO call_number (rowid, src, dst) VALUES (?, ?, ?)', [id, next.src, next.dst]);
}

/** Takes closed calls that it holds out of the index, or puts such as it doesn't hold in. @param ids A JSON list. */
export function indexMany(database: Database, ids: string, change: 'in' | 'out'): void {
  const [command, value] = change === 'out' ? ['call_number, ', "'delete', "] : ['', ''];
  database.run(
    `INSERT INTO call_number (${command}rowid, src, dst)
     SELECT ${value}call.id, call.src, call.dst FROM json_each(?) CROSS JOIN call ON call.id = value`,
    [ids],
  );
}

/** Pages written by one step of merging: with these it takes 3 to 10 ms. */
const MERGE_PAGES = 8;

/**
 * Merges some of the index's pieces, which each commit adds one of: many make a search slow, and left to the inserts the
 * merging stalls one for a second. Inside a transaction. @param pages Written at most. @returns whether there was anything to merge.
 */
export function mergeNumbers(database: Database, pages = MERGE_PAGES): boolean {
  const changes = () => Number(database.first('SELECT total_changes() AS changes')?.['changes']);
  const before = changes();
  database.run("INSERT INTO call_number (call_number, rank) VALUES ('merge', ?)", [pages]);
  return changes() - before >= 2; // by SQLite's documentation: fewer tell that nothing was left
}
