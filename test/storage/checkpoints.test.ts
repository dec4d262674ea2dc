/** The log is long where there is room, and short near the reserve: what is in it goes into the file at once. */
import { statSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { createCheckpoints } from '../../storage/sql/checkpoints.ts';
import { openDatabase } from '../../storage/sql/database.ts';
import { temporaryFolder } from '../support/folder.ts';

const MIB = 1024 * 1024;
const [SCARCE, BETWEEN, PLENTY] = [31 * MIB, 48 * MIB, 64 * MIB];

function opened() {
  const file = `${temporaryFolder()}/t.db`;
  const database = openDatabase(file);
  onTestFinished(() => database.close());
  database.run('CREATE TABLE t (n INTEGER PRIMARY KEY, content TEXT) STRICT');
  /** So many commits of some 130 pages each. */
  const fill = (commits: number) => {
    for (let commit = 0; commit < commits; commit++)
      database.transaction(() =>
        database.run(
          `WITH RECURSIVE row (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM row WHERE n < 120)
           INSERT INTO t (content) SELECT hex(zeroblob(2000)) FROM row`,
        ),
      );
  };
  const log = () => statSync(`${file}-wal`).size;
  return { checkpoints: createCheckpoints(database), database, fill, log, stored: () => statSync(file).size };
}

test('where there is room 16 MiB gather; when there is none they go into the file with the next commit', () => {
  const { checkpoints, fill, log, stored } = opened();
  checkpoints.fit(PLENTY);
  const before = stored();
  fill(28);
  expect(log()).toBeGreaterThan(12 * MIB);
  expect(stored()).toBe(before);
  checkpoints.fit(BETWEEN); // as it was
  fill(1);
  expect(stored()).toBe(before);
  checkpoints.fit(SCARCE);
  fill(1);
  expect(stored()).toBeGreaterThan(before + 12 * MIB);
  fill(1);
  expect(log()).toBeLessThanOrEqual(4 * MIB);
  checkpoints.fit(BETWEEN); // as it was
  fill(20);
  expect(log()).toBeLessThan(5 * MIB);
});

test('goes on at its own length when there is plenty of room', () => {
  const { checkpoints, fill, log, stored } = opened();
  checkpoints.fit(PLENTY);
  fill(40);
  expect(stored()).toBeGreaterThan(15 * MIB);
  expect(log()).toBeGreaterThan(15 * MIB); // written over from its begin
  expect(log()).toBeLessThan(18 * MIB);
});

test('what is held is brought in by nothing, however much room there is', () => {
  const { checkpoints, fill, log, stored } = opened();
  checkpoints.hold();
  const before = stored();
  checkpoints.fit(PLENTY);
  fill(15);
  checkpoints.fit(SCARCE);
  fill(15);
  expect([stored(), log() > 14 * MIB]).toEqual([before, true]);
  checkpoints.goOn();
  fill(1);
  expect(stored()).toBeGreaterThan(before);
});

test('a file opened anew has a short log until it is told otherwise', () => {
  const { checkpoints, database, fill, log } = opened();
  checkpoints.fit(PLENTY);
  expect(checkpoints.overdueBytes).toBe(32 * MIB);
  checkpoints.begunAnew();
  expect(checkpoints.overdueBytes).toBe(16 * MIB);
  database.first('PRAGMA wal_autocheckpoint=1000'); // as an opening has it
  checkpoints.fit(PLENTY);
  fill(20);
  expect(log()).toBeGreaterThan(8 * MIB);
});
