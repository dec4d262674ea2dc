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

/** @param now Epoch seconds. */
export function audit(database: Database, line: AuditLine, now: number): void {
  database.run('INSERT INTO audit (at, who, address, action, detail) VALUES (?, ?, ?, ?, ?)', [
    now,
    line.who,
    line.address,
    line.action,
    JSON.stringify(line.detail),
  ]);
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
