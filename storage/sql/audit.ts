/** Who did what, from where: written in the transaction that did it. No secret ever stands in a detail. */
import type { Database } from './database.ts';

export interface AuditLine {
  /** Account, or `console` for the command line. */
  readonly who: string;
  /** Remote address, '' for the command line. */
  readonly address: string;
  readonly action: string;
  readonly detail: Readonly<Record<string, string | number | boolean>>;
}

/** Who did it, and from where. */
export type By = Pick<AuditLine, 'who' | 'address'>;

/** Lines kept, some 20 MB: what people change in decades. */
const KEPT = 100_000;
/** Of log-ins only among so many: a program that logs in anew for each request has half a million a year. */
const LOGINS_KEPT = 10_000;
const LOGINS = "('login', 'login.failed', 'password.failed', 'code.failed')";
/** Trimmed so many at a time, on every so many-th line. */
const TRIM_STEP = 256;

/** @param now Epoch seconds. */
export function audit(database: Database, line: AuditLine, now: number): void {
  const { id } = database.run('INSERT INTO audit (at, who, address, action, detail) VALUES (?, ?, ?, ?, ?)', [
    now,
    line.who,
    line.address,
    line.action,
    JSON.stringify(line.detail),
  ]);
  if (id % TRIM_STEP !== 0) return;
  database.run('DELETE FROM audit WHERE id <= ?', [id - KEPT]);
  // Only what has come to be that old since the last time: the lines that stay are not looked at again and again.
  const old = id - LOGINS_KEPT;
  database.run(`DELETE FROM audit WHERE id > ? AND id <= ? AND action IN ${LOGINS}`, [old - TRIM_STEP, old]);
}

/** A line as it stands in the log. */
export interface AuditEntry extends AuditLine {
  readonly id: number;
  /** Epoch seconds. */
  readonly at: number;
}

/** Newest first. @param before Only lines with a lower id; null: from the newest on. @param limit Lines at most. */
export function auditEntries(database: Database, before: number | null, limit: number): AuditEntry[] {
  return database
    .all('SELECT * FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?', [before ?? Number.MAX_SAFE_INTEGER, limit])
    .map((row) => ({
      id: Number(row['id']),
      at: Number(row['at']),
      who: String(row['who']),
      address: String(row['address']),
      action: String(row['action']),
      detail: JSON.parse(String(row['detail'])) as AuditLine['detail'],
    }));
}
