/** Settings that the pages change; JSON by name. What stands in cdrd.toml or the environment isn't here. */
import type { Database } from './database.ts';

export function readSetting(database: Database, name: string): unknown {
  const row = database.first('SELECT value FROM setting WHERE name = ?', [name]);
  return row ? JSON.parse(String(row['value'])) : null;
}

/** @param value Anything JSON can hold. @param now Epoch seconds. */
export function writeSetting(database: Database, name: string, value: unknown, now: number): void {
  database.run(
    `INSERT INTO setting (name, value, changed_at) VALUES (?, ?, ?)
     ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at`,
    [name, JSON.stringify(value), now],
  );
}
