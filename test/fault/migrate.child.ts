/**
 * A process that does nothing but bring a store to a newer schema than the released one, so that a migration and the
 * backup before it can be killed: `migrate.child.ts STATE_FOLDER`. It opens the store as the daemon does.
 */
import { loadConfig } from '../../daemon/config.ts';
import { storeOptions, takeState } from '../../daemon/state.ts';
import { openStoreHere } from '../../storage/here.ts';
import { migrations } from '../../storage/sql/migration/migrations.ts';
import { NEXT } from './next-schema.ts';

const [dir = ''] = process.argv.slice(2);
const config = loadConfig(null, { CDRD_STATE_DIR: dir, CDRD_TIME_ZONE: 'Etc/GMT+8' });
const lock = await takeState(dir);
const store = openStoreHere({ ...storeOptions(config), migrations: [...migrations, NEXT] });
await store.close();
await lock.release();
