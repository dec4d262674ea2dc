/** How a command reaches the store: through the running daemon, or, while none runs, by opening it itself. */
import { createAccounts } from '../../cgi/access/accounts.ts';
import { zone as zoneOf } from '../../storage/model/local-time.ts';
import { createAmiUserAdmin } from '../ami/user-admin.ts';
import { openAmiUsers } from '../ami/users.ts';
import { createIngest } from '../asterisk/ingest.ts';
import { createBackups } from '../backup/backups.ts';
import { askHere } from '../backup/media.ts';
import { noteDamage } from '../backup/recover.ts';
import { createBus } from '../bus.ts';
import type { Config } from '../config.ts';
import { askDaemon } from '../control/client.ts';
import { createPerform } from '../control/perform.ts';
import type { ControlRequest } from '../control/protocol.ts';
import { sessionLimits } from '../limits.ts';
import { createLog } from '../log.ts';
import { giveFoldersFirst } from '../privileges.ts';
import { openSecondFactors } from '../second-factor-file.ts';
import { openSettings } from '../settings.ts';
import { becomeOwner, storeOptions, takeState, zoneName } from '../state.ts';
import { openTrustedClock } from '../trusted-clock.ts';

/**
 * @param take What is done with each part of an export; the next waits for it.
 * @returns what was done, for people. @throws what is wrong.
 */
export async function performCommand(
  config: Config,
  request: ControlRequest,
  take: (part: string) => Promise<void> = async () => {},
): Promise<string> {
  return (await askDaemon(config.run.dir, request, take)) ?? (await performHere(config, request, take));
}

async function performHere(given: Config, request: ControlRequest, take: (part: string) => Promise<void>) {
  const { openStoreHere } = await import('../../storage/here.ts'); // the running daemon never needs it
  const { fileWork } = await import('../../storage/file-work.ts');
  giveFoldersFirst(given);
  await becomeOwner(given.state.dir);
  const lock = await takeState(given.state.dir);
  try {
    const store = openStoreHere(storeOptions(given));
    const log = createLog({ level: 'warn' });
    const bus = createBus();
    const ingest = createIngest({ store, bus, log, away: () => true, isLive: () => false, readsCsv: () => false });
    try {
      const settings = await openSettings({ config: given, store, log, control: null });
      const { config } = settings;
      const zone = zoneOf(zoneName(config));
      const accounts = createAccounts(store, null, sessionLimits, {
        factors: await openSecondFactors(config.state.dir, log),
      });
      const amiUsers = createAmiUserAdmin(await openAmiUsers(config.state.dir), store, () => []);
      const clock = await openTrustedClock({ store, log, now: Date.now, mono: () => performance.now() });
      clock.close(); // of its looks; a command is over soon
      const backups = await createBackups({
        store,
        stateDir: config.state.dir,
        ask: askHere(config.recordings),
        log,
        zone,
        now: clock.now,
        keep: () => Number(settings.value('backup.keep')),
        nextAt: () => null,
        prove: async (file) => fileWork.faultInStill(file),
        onDamage: (error) => noteDamage({ stateDir: config.state.dir, log, now: clock.now }, error),
      });
      const perform = createPerform({ config, store, accounts, amiUsers, backups, ingest, bus, zone });
      const done = await perform(request);
      if (typeof done === 'string') return done;
      for await (const part of done) await take(typeof part === 'string' ? part : Buffer.from(part).toString('utf8'));
      return '';
    } finally {
      ingest.stop();
      await store.close();
    }
  } finally {
    await lock.release();
  }
}
