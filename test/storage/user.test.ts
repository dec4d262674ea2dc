/** Accounts as they rest: whose password is whose, also of a store from before it was known, and what goes with an account. */
import { expect, onTestFinished, test } from 'vitest';
import { openDatabase } from '../../storage/sql/database.ts';
import { migrate } from '../../storage/sql/migrate.ts';
import { accountsAndViews } from '../../storage/sql/migration/0013-accounts-views.ts';
import { migrations } from '../../storage/sql/migration/migrations.ts';
import { noteUserUse, putUser, removeUser, userByName } from '../../storage/sql/user.ts';
import { putView, views } from '../../storage/sql/view.ts';
import { temporaryFolder } from '../support/folder.ts';
import { storeOptions } from '../support/legs.ts';

function open(schema: number) {
  const { file } = storeOptions(temporaryFolder(onTestFinished));
  const database = openDatabase(file);
  onTestFinished(() => database.close());
  migrate(database, file, migrations.slice(0, schema));
  return { database, file };
}

test('of an older store the first accounts have their first passwords until they were changed', () => {
  const { database, file } = open(migrations.indexOf(accountsAndViews));
  for (const [name, changed] of [
    ['admin', 100],
    ['monitor', 101],
    ['anna', 100],
  ] as const)
    database.run('INSERT INTO user (name, role, hash, created_at, changed_at) VALUES (?, ?, ?, 100, ?)', [
      name,
      'admin',
      'x',
      changed,
    ]);
  migrate(database, file, migrations);
  expect(['admin', 'monitor', 'anna'].map((name) => userByName(database, name)?.isInitial)).toEqual([
    true,
    false,
    false,
  ]);
});

test('a use is noted without changing the rest; with an account go its own views, and no others', () => {
  const { database } = open(migrations.length);
  const user = { name: 'anna', role: 'admin', hash: 'x', isInitial: true } as const;
  putUser(database, user, 5);
  noteUserUse(database, 'anna', 7);
  putUser(database, { ...user, role: 'monitor' }, 9);
  expect(userByName(database, 'anna')).toEqual({ ...user, role: 'monitor', usedAt: 7 });
  const view = { page: 'calls', query: '', owner: 'anna', isShared: false };
  putView(database, null, { ...view, name: 'hers' }, 1);
  putView(database, null, { ...view, name: 'shared', isShared: true }, 1);
  putView(database, null, { ...view, name: 'eva’s', owner: 'eva' }, 1);
  expect(putView(database, 9, { ...view, name: 'none' }, 1)).toBe(null);
  expect(removeUser(database, 'anna')).toBe(true);
  expect(views(database).map(({ name }) => name)).toEqual(['eva’s', 'shared']);
});
