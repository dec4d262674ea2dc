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
