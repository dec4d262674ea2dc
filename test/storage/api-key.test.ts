/** API keys as they rest: numbers and scopes they were given, and those of a store from before there were scopes. */
import { expect, onTestFinished, test } from 'vitest';
import { SCOPES } from '../../storage/model/rights.ts';
import { type ApiKey, apiKeys, putApiKey } from '../../storage/sql/api-key.ts';
import { openDatabase } from '../../storage/sql/database.ts';
import { migrate } from '../../storage/sql/migrate.ts';
import { keyScopes } from '../../storage/sql/migration/0017-key-scopes.ts';
import { migrations } from '../../storage/sql/migration/migrations.ts';
import { temporaryFolder } from '../support/folder.ts';
import { storeOptions } from '../support/legs.ts';

function open(schema: number) {
  const { file } = storeOptions(temporaryFolder(onTestFinished));
  const database = openDatabase(file);
  onTestFinished(() => database.close());
  migrate(database, file, migrations.slice(0, schema));
  return { database, file };
}

const KEY: ApiKey = {
  ...{ id: 'abcdefgh', name: 'crm', role: 'admin', numbers: [9006], scopes: SCOPES, hash: 'x', who: 'admin' },
  ...{ createdAt: 100, endsAt: null, usedAt: null },
};

test('a key rests as it was made', () => {
  const { database } = open(migrations.length);
  const other: ApiKey = { ...KEY, id: 'bcdefghi', numbers: null, scopes: [], endsAt: 200 };
  putApiKey(database, KEY);
  putApiKey(database, other);
  expect(apiKeys(database)).toEqual([KEY, other]);
});

test('a key from before there were scopes has none; a word that is none counts for nothing', () => {
  const { database, file } = open(migrations.indexOf(keyScopes));
  const insert = `INSERT INTO api_key (id, name, role, numbers, hash, who, created_at) VALUES ('abcdefgh', 'crm', 'admin', '[9006]', 'x', 'admin', 100)`;
  database.run(insert);
  migrate(database, file, migrations);
  expect(apiKeys(database)).toEqual([{ ...KEY, scopes: [] }]);
  database.run(`UPDATE api_key SET scopes = '["root","firewall"]'`);
  expect(apiKeys(database)[0]?.scopes).toEqual(['firewall']);
});
