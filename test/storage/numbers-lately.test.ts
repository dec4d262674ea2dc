/** Numbers that calls showed lately are not looked for again; and whatever is undone or goes, none lacks and none stays. */
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { type Bind, type Database, openDatabase } from '../../storage/sql/database.ts';
import { migrate } from '../../storage/sql/migrate.ts';
import { migrations } from '../../storage/sql/migration/migrations.ts';
import { indexMany, indexNumbers, type Numbers } from '../../storage/sql/search.ts';
import { emptyStore } from '../support/empty-store.ts';
import { temporaryFolder } from '../support/folder.ts';
import { storeOptions } from '../support/legs.ts';

function begin() {
  const { file } = emptyStore(storeOptions(temporaryFolder()));
  const database = openDatabase(file);
  onTestFinished(() => database.close());
  migrate(database, file, migrations);
  let looked = 0;
  const counting: Database = Object.create(database, {
    run: {
      value(sql: string, binds?: readonly Bind[]) {
        if (sql.startsWith('INSERT OR IGNORE INTO number')) looked++;
        return database.run(sql, binds);
      },
    },
  });
  return { database: counting, looked: () => looked };
}

const INSERT = `INSERT INTO call (id, open, start_at, src, dst, disposition, call_group, anchor, start_offset, answer_at, end_at,
  end_offset, src_trunk, dst_trunk, port, duration, billsec, calltype, accountcode, cidname, ivr, uniqueid, recording)
  VALUES (?, 1, 0, ?, ?, 'BUSY', '', 0, 0, NULL, 0, 0, '', '', 0, 0, 0, 'Internal', '', '', '', '', '')`;

function show(database: Database, id: number, { src, dst }: Numbers): void {
  database.run(INSERT, [id, src, dst]);
  indexNumbers(database, id, null, { src, dst });
}

function amend(database: Database, id: number, old: Numbers, next: Numbers): void {
  database.run('UPDATE call SET src = ?, dst = ? WHERE id = ?', [next.src, next.dst, id]);
  indexNumbers(database, id, old, next);
}

function take(database: Database, id: number, old: Numbers): void {
  database.run('DELETE FROM call WHERE id = ?', [id]);
  indexNumbers(database, id, old, null);
}

function trash(database: Database, ids: readonly number[]): void {
  const list = JSON.stringify(ids);
  database.run('UPDATE call SET trash = 1 WHERE id IN (SELECT value FROM json_each(?))', [list]);
  indexMany(database, list, 'out');
}

/** What stands there, and what should: as the migration takes it from the calls. */
function numbersOf(database: Database) {
  const all = (sql: string) => database.all(`${sql} ORDER BY side, text`).map(({ side, text }) => `${side} ${text}`);
  return {
    are: all('SELECT side, text FROM number'),
    shall: all(`SELECT 0 AS side, src AS text FROM call WHERE trash IS NULL
      UNION SELECT 1, dst_outer FROM call WHERE trash IS NULL
      UNION SELECT 2, dst_inner FROM call WHERE trash IS NULL AND dst_inner <> dst_outer`),
  };
}

test('the second call of the same numbers looks for none of them, one that shares an end for the other alone', () => {
  const { database, looked } = begin();
  database.transaction(() => show(database, 1, { src: '205', dst: '620(202)' }));
  database.transaction(() => show(database, 2, { src: '205', dst: '620(202)' }));
  expect(looked()).toBe(2);
  database.transaction(() => show(database, 3, { src: '205', dst: '620' }));
  expect(looked()).toBe(3);
});

test('of so many the oldest is forgotten, and looked for again', () => {
  const { database, looked } = begin();
  database.transaction(() => {
    for (let id = 1; id <= 2_500; id++) show(database, id, { src: '205', dst: String(id) });
    const before = looked();
    show(database, 2_501, { src: '205', dst: '2500' });
    expect(looked()).toBe(before);
    show(database, 2_502, { src: '205', dst: '1' });
    expect(looked()).toBe(before + 1);
  });
});

test('a number longer than any of Asterisk is not remembered: thousands of them would take the memory of the box', () => {
  const { database, looked } = begin();
  const call = { src: '1'.repeat(65_000), dst: '620' };
  database.transaction(() => show(database, 1, call));
  expect(looked()).toBe(2);
  database.transaction(() => show(database, 2, call));
  expect(looked()).toBe(3);
  const { are, shall } = numbersOf(database);
  expect(are).toEqual(shall);
});

type Step = readonly ['show' | 'amend' | 'take' | 'trash' | 'fail' | 'attempt', number, Numbers];

test('whatever is undone, amended or goes, the numbers are those of the calls', () => {
  const texts = ['1', '2', '9', '9(1)', '9(2)', '1(9)'];
  const numbers = fc.record({ src: fc.constantFrom('1', '2', '9'), dst: fc.constantFrom(...texts) });
  const step: fc.Arbitrary<Step> = fc.tuple(
    fc.constantFrom('show', 'amend', 'take', 'trash', 'fail', 'attempt'),
    fc.nat(),
    numbers,
  );
  const { database } = begin();
  let lastId = 0;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const calls = new Map<number, Numbers>();
      const one = (at: number) => [...calls.entries()][at % Math.max(1, calls.size)];
      for (const [kind, at, next] of steps) {
        const [id, old] = one(at) ?? [];
        if (kind === 'show') {
          database.transaction(() => show(database, ++lastId, next));
          calls.set(lastId, next);
        } else if (kind === 'fail')
          expect(() =>
            database.transaction(() => {
              show(database, ++lastId, next);
              throw new Error('undone');
            }),
          ).toThrow('undone');
        else if (kind === 'attempt')
          database.transaction(() => {
            database.attempt(() => {
              show(database, ++lastId, next);
              throw new Error('undone');
            });
            show(database, ++lastId, next);
            calls.set(lastId, next);
          });
        else if (id === undefined || !old) continue;
        else if (kind === 'amend') {
          database.transaction(() => amend(database, id, old, next));
          calls.set(id, next);
        } else {
          database.transaction(() => (kind === 'take' ? take(database, id, old) : trash(database, [id])));
          calls.delete(id);
        }
      }
      const { are, shall } = numbersOf(database);
      expect(are).toEqual(shall);
      for (const id of calls.keys()) database.transaction(() => take(database, id, calls.get(id) as Numbers));
    }),
    { numRuns: 100 },
  );
});
