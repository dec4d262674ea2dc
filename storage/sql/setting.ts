/** Settings that the pages change; JSON by name. What stands in cdrd.toml or the environment isn't here. */
import type { Database } from './database.ts';

export function readSetting(database: Database, name: string): unknown {
  const row = database.first('SELECT value FROM setting WHERE name = ?', [name]);
  return row ? JSON.parse(String(row['value'])) : null;
}

/** Every setting that somebody has changed, by name. */
export function settings(database: Database): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    database
      .all('SELECT name, value FROM setting')
      .map((row) => [String(row['name']), JSON.parse(String(row['value']))]),
  );
}

/** @param value Anything JSON can hold; null: the default holds again. @param now Epoch seconds. */
export function writeSetting(database: Database, name: string, value: unknown, now: number): void {
  if (value === null) {
    database.run('DELETE FROM setting WHERE name = ?', [name]);
    return;
  }
  database.run(
    `INSERT INTO setting (name, value, changed_at) VALUES (?, ?, ?)
     ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at`,
    [name, JSON.stringify(value), now],
  );
}
