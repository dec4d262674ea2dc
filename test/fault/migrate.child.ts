/**
 * A process that does nothing but bring a store to another schema, so that a migration and the backup before it can be
 * killed or refused: `migrate.child.ts STATE_FOLDER released|next`, to the released schema or one newer. It opens the store
 * as the daemon does.
 */
import { loadConfig } from '../../daemon/config.ts';
import { storeOptions, takeState } from '../../daemon/state.ts';
import { openStoreHere } from '../../storage/here.ts';
import { migrations } from '../../storage/sql/migration/migrations.ts';
import { NEXT } from './next-schema.ts';

const [dir = '', to = ''] = process.argv.slice(2);
if (to !== 'released' && to !== 'next') throw new Error(`to which schema? ${to}`);
const config = loadConfig(null, { CDRD_STATE_DIR: dir, CDRD_TIME_ZONE: 'Etc/GMT+8' });
const lock = await takeState(dir);
const steps = to === 'next' ? [...migrations, NEXT] : migrations;
const store = openStoreHere({ ...storeOptions(config), migrations: steps });
await store.close();
await lock.release();
