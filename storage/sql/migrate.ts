/** Brings a database to the newest schema, step by step, each in its own transaction and after a copy of what was. */
import { StoreError, storeError } from '../errors.ts';
import { backupBefore } from './backup.ts';
import type { Database } from './database.ts';
import type { Migration } from './migration/migration.ts';

/**
 * @throws {StoreError} `newer` when a newer cdrd wrote the store; it's left as it is.
 * @throws {StoreError} what its disk says, when it can only be read and is older.
 * @throws {StoreError} naming the migration that failed; the store is left at the schema before it.
 */
export function migrate(database: Database, file: string, migrations: readonly Migration[]): void {
  const version = Number(database.first('PRAGMA user_version')?.['user_version']);
  const newest = migrations.length;
  if (version > newest)
    throw new StoreError(
      'newer',
      `the store has schema ${version}, this cdrd knows up to ${newest}: install the newer cdrd again, or restore a backup`,
    );
  if (database.onlyRead && version < newest)
    throw new StoreError(
      database.onlyRead.code,
      `the store has schema ${version} and can't be read before it is brought to ${newest}: ${database.onlyRead.message}`,
    );
  for (let next = version + 1; next <= newest; next++) {
    const migration = migrations[next - 1];
    if (!migration) throw new StoreError('internal', `migration ${next} is missing`);
    try {
      if (version > 0) backupBefore(database, file, next - 1);
      database.transaction(() => {
        for (const step of migration) {
          if (typeof step === 'string') database.run(step);
          else step(database);
        }
        database.run(`PRAGMA user_version=${next}`);
      });
    } catch (error) {
      const { code, message } = storeError(error, 'backing up');
      throw new StoreError(code, `migration ${next} failed, the store stays at schema ${next - 1}: ${message}`);
    }
  }
}
