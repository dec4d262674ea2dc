/** What Asterisk was told to record, as the store keeps it: a row a change, and found again by its time after a jump. */
import { expect, onTestFinished, test } from 'vitest';
import type { CallType } from '../../storage/model/leg.ts';
import { openDatabase } from '../../storage/sql/database.ts';
import { migrate } from '../../storage/sql/migrate.ts';
import { migrations } from '../../storage/sql/migration/migrations.ts';
import { keepPolicy } from '../../storage/sql/recording-policy.ts';
import { temporaryFolder } from '../support/folder.ts';

function history() {
  const file = `${temporaryFolder()}/cdrd.db`;
  const database = openDatabase(file);
  onTestFinished(() => database.close());
  migrate(database, file, migrations);
  return {
    told: (at: number, ...kinds: CallType[]) => keepPolicy(database, kinds, at),
    rows: () => database.all('SELECT at, records FROM recording_policy ORDER BY id').map((row) => Object.values(row)),
  };
}

test('said again it is one row, whatever the order; a change is another', () => {
  const { told, rows } = history();
  told(1_000, 'Outbound', 'Inbound');
  told(1_030, 'Inbound', 'Outbound');
  told(1_060);
  told(1_090);
  told(1_120, 'Inbound', 'Outbound');
  expect(rows()).toEqual([
    [1_000, 'Inbound,Outbound'],
    [1_060, ''],
    [1_120, 'Inbound,Outbound'],
  ]);
});

test('what a box in 1970 was told is said again when its clock is set, unless that is what held before', () => {
  const { told, rows } = history();
  told(1_780_000_000, 'Inbound');
  told(60);
  told(1_780_100_000);
  told(90);
  expect(rows()).toEqual([
    [1_780_000_000, 'Inbound'],
    [60, ''],
    [1_780_100_000, ''],
    [90, ''],
  ]);
});
