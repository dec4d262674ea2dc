/** Brings a database to the newest schema, step by step, each in its own transaction and after a copy of what was. */
import { StoreError } from '../errors.ts';
import { backupBefore } from './backup.ts';
import type { Database } from './database.ts';
import type { Migration } from './migration/migration.ts';

/** @throws {StoreError} `newer` when a newer cdrd wrote the store; it's left as it is. */
export function migrate(database: Database, file: string, migrations: readonly Migration[]): void {
  const version = Number(database.first('PRAGMA user_version')?.['user_version']);
  const newest = migrations.length;
  if (version > newest)
    throw new StoreError(
      'newer',
      `the store has schema ${version}, this cdrd knows up to ${newest}: install the newer cdrd again, or restore a backup`,
    );
  for (let next = version + 1; next <= newest; next++) {
    const migration = migrations[next - 1];
    if (!migration) throw new StoreError('internal', `migration ${next} is missing`);
    if (version > 0) backupBefore(database, file, next - 1);
    database.transaction(() => {
      for (const statement of migration) database.run(statement);
      database.run(`PRAGMA user_version=${next}`);
    });
  }
}
