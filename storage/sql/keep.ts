/** Recordings marked to be kept: retention never removes them, nor the calls that show them. */
import { type AuditLine, audit } from './audit.ts';
import type { Database } from './database.ts';

/** Of paths, those that are listed, on whatever medium. */
export function listedRecordings(database: Database, paths: readonly string[]): string[] {
  return database
    .all(
      `SELECT DISTINCT path FROM recording
       WHERE path IN (SELECT value FROM json_each(?)) AND gone_at IS NULL AND trash IS NULL`,
      [JSON.stringify(paths)],
    )
    .map(({ path }) => String(path));
}

/**
 * Sets the marks of files, on every medium that has one of that path; one that has gone, or is in the trash, keeps the one
 * that it had. @returns how many paths there were.
 */
export function keepRecordings(
  database: Database,
  paths: readonly string[],
  keep: boolean,
  line: AuditLine,
  now: number,
): number {
  const marked = listedRecordings(database, paths);
  database.run(
    `UPDATE recording SET keep = ?
     WHERE path IN (SELECT value FROM json_each(?)) AND gone_at IS NULL AND trash IS NULL`,
    [keep ? 1 : 0, JSON.stringify(marked)],
  );
  if (marked.length > 0) audit(database, { ...line, detail: { files: marked.length, paths: marked.join(';') } }, now);
  return marked.length;
}
