/** What the audit of a killed daemon's store says of one that never got all of its tables. */
import { mkdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadConfig } from '../../daemon/config.ts';
import { databaseFile, storeOptions } from '../../daemon/state.ts';
import { openDatabase } from '../../storage/sql/database.ts';
import { migrate } from '../../storage/sql/migrate.ts';
import { migrations } from '../../storage/sql/migration/migrations.ts';
import { openStore } from '../../storage/store.ts';
import { temporaryFolder } from '../support/folder.ts';
import { audit } from './audit.ts';
import { boxEnv, type Folders, folders } from './box.ts';
import { emptyLedger } from './peer.ts';

/** A new store whose daemon was killed when so many of its migrations were done. */
function killedAfter(count: number): Folders {
  const place = folders(temporaryFolder());
  mkdirSync(place.state);
  const file = databaseFile(place.state);
  const database = openDatabase(file);
  try {
    migrate(database, file, migrations.slice(0, count));
  } finally {
    database.close();
  }
  return place;
}

test('a new store that was killed among its migrations lacks what it acknowledged, and has no other fault', () => {
  for (let count = 0; count < migrations.length; count++) {
    const place = killedAfter(count);
    expect({ count, ...audit(place, emptyLedger()) }).toMatchObject({ count, losses: [], doubles: [], faults: [] });
    const ledger = { ...emptyLedger(), sent: ['1.0/0'], acknowledged: new Set(['1.0/0']) };
    expect(audit(place, ledger).losses).toEqual(['1.0/0']);
  }
});

test('a whole one that is empty has no fault', () => {
  const place = folders(temporaryFolder());
  mkdirSync(place.state);
  openStore(storeOptions(loadConfig(null, boxEnv(place, 0)))).close();
  expect(audit(place, emptyLedger())).toMatchObject({ losses: [], doubles: [], faults: [], calls: 0 });
});
