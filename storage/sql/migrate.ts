/**
 * Brings a database to the newest schema, step by step, each in its own transaction. Before the first step a copy is made of
 * what was: it is what an update is rolled back to, so an update of many steps makes one, and one that is interrupted and
 * gone on with makes no other.
 */
import { StoreError, storeError } from '../errors.ts';
import { backupBefore, hasBackup } from './backup.ts';
import type { Database } from './database.ts';
import type { Migration } from './migration/migration.ts';

/**
 * @returns whether it was an older one: what the steps took of memory, an index of a million calls 70 MB, SQLite keeps.
 * @throws {StoreError} `newer` when a newer cdrd wrote the store; it's left as it is.
 * @throws {StoreError} what its disk says, when it can only be read and is older.
 * @throws {StoreError} naming the migration that failed; the store is left at the schema before it.
 */
export function migrate(database: Database, file: string, migrations: readonly Migration[]): boolean {
  const version = Number(database.first('PRAGMA user_version')?.['user_version']);
  const newest = migrations.length;
  if (version > newest)
    throw new StoreError(
      'newer',
      `the store has schema ${version}, this cdrd knows up to ${newest}: install the newer cdrd again, or go back by cdrd restore --latest`,
    );
  if (database.onlyRead && version < newest)
    throw new StoreError(
      database.onlyRead.code,
      `the store has schema ${version} and can't be read before it is brought to ${newest}: ${database.onlyRead.message}`,
    );
  const begun = schemaBegunWith(database);
  if (version === newest && begun !== 0 && !database.onlyRead) noteBegunWith(database, 0); // the cdrd of in between is back
  for (let next = version + 1; next <= newest; next++) {
    const migration = migrations[next - 1];
    if (!migration) throw new StoreError('internal', `migration ${next} is missing`);
    try {
      if (next === version + 1 && version > 0 && !hasBackup(file, begun)) backupBefore(database, file, version);
      database.transaction(() => {
        carryOut(migration, database);
        const from = next === newest ? 0 : begun || version;
        if (from !== schemaBegunWith(database)) noteBegunWith(database, from);
        database.run(`PRAGMA user_version=${next}`);
      });
    } catch (error) {
      const { code, message } = storeError(error, 'backing up');
      throw new StoreError(code, `migration ${next} failed, the store stays at schema ${next - 1}: ${message}`);
    }
  }
  return version > 0 && version < newest;
}

function carryOut(migration: Migration, database: Database): void {
  for (const step of migration) {
    if (typeof step === 'string') database.run(step);
    else step(database);
  }
}

/**
 * The schema that an update of several steps began with, while it is under way; else 0. It stands in the file's header
 * (`PRAGMA application_id`), which every schema has, and changes with the step.
 */
function schemaBegunWith(database: Database): number {
  return Number(database.first('PRAGMA application_id')?.['application_id']);
}

function noteBegunWith(database: Database, schema: number): void {
  database.run(`PRAGMA application_id=${schema}`);
}
