/** The audit log: it forgets log-ins before anything that was done, and has an end. */
import { expect, onTestFinished, test } from 'vitest';
import { audit } from '../../storage/sql/audit.ts';
import { openDatabase } from '../../storage/sql/database.ts';
import { migrate } from '../../storage/sql/migrate.ts';
import { migrations } from '../../storage/sql/migration/migrations.ts';
import { temporaryFolder } from '../support/folder.ts';

function fresh() {
  const file = `${temporaryFolder()}/cdrd.db`;
  const database = openDatabase(file);
  onTestFinished(() => database.close());
  migrate(database, file, migrations);
  const note = (action: string, lines = 1) => {
    for (let line = 0; line < lines; line++) audit(database, { who: 'admin', address: '', action, detail: {} }, 0);
  };
  const kept = (action: string) =>
    Number(database.first('SELECT count(*) AS lines FROM audit WHERE action = ?', [action])?.['lines']);
  return { database, note, kept };
}

test('of 12,000 log-ins the last 10,000 are kept, and whatever else was done', () => {
  const { database, note, kept } = fresh();
  database.transaction(() => {
    note('setting.changed');
    for (let round = 0; round < 12; round++) {
      note('login', 900);
      note('login.failed', 99);
      note('calls.delete');
    }
  });
  expect(kept('setting.changed') + kept('calls.delete')).toBe(13);
  expect(kept('login') + kept('login.failed')).toBeGreaterThanOrEqual(9_980);
  expect(kept('login') + kept('login.failed')).toBeLessThan(10_260);
});

test('100,000 lines are kept of all', () => {
  const { database, note, kept } = fresh();
  note('first');
  note('second', 600);
  database.run("UPDATE sqlite_sequence SET seq = 100255 WHERE name = 'audit'");
  note('third', 99);
  expect(kept('first')).toBe(0);
  expect(kept('second')).toBe(600 + 1 - 352);
  expect(kept('third')).toBe(99);
});
