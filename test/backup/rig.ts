/** Backups over a real store, the real worker and a real folder; the watcher is played. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type BackupsOptions, createBackups } from '../../daemon/backup/backups.ts';
import type { AskMedium } from '../../daemon/backup/pieces.ts';
import type { StoreClient } from '../../storage/client.ts';
import { openStoreHere } from '../../storage/here.ts';
import { zone } from '../../storage/model/local-time.ts';
import { type Medium, openClient } from '../recordings/trash-rig.ts';
import { put, shut } from '../storage/helper.ts';
import { emptyStore } from '../support/empty-store.ts';
import { temporaryFolder } from '../support/folder.ts';
import { leg, storeOptions } from '../support/legs.ts';

const NOON = 1_619_082_110;
/** Its id. */
export const BOX = 'b0b0b0';
export const ADMIN = { who: 'admin', address: '192.0.2.7' };

export interface BackupRig {
  readonly stateDir: string;
  /** Of the backups on the medium. */
  readonly folder: string;
  readonly store: StoreClient;
  readonly medium: Medium;
  readonly ask: AskMedium;
  /** Epoch seconds. */
  clock: number;
  make(options?: Partial<BackupsOptions>): ReturnType<typeof createBackups>;
  /** So many calls come in. */
  calls(count: number): Promise<void>;
  /** Names on the medium. */
  names(): string[];
  audited(): Promise<string[]>;
}

export function openBackupRig(): BackupRig {
  const stateDir = temporaryFolder();
  const dir = join(stateDir, 'monitor');
  mkdirSync(dir);
  mkdirSync(join(stateDir, 'backup'));
  writeFileSync(join(stateDir, 'backup/box'), `${BOX}\n`);
  const store = openStoreHere(emptyStore(storeOptions(stateDir)));
  const medium: Medium = { state: 'mounted', sweeps: 0 };
  const client = openClient(dir, medium);
  onTestFinished(async () => {
    client.close();
    await store.close();
  });
  let calls = 0;
  const folder = join(dir, '.cdrd/backup');
  const rig: BackupRig = {
    stateDir,
    folder,
    store,
    medium,
    ask: async (step) => (await client.ask(step)).value,
    clock: 1_800_000_000,
    make: (options = {}) =>
      createBackups({
        store,
        stateDir,
        ask: rig.ask,
        log: { info() {}, warn() {}, error() {} },
        zone: zone('Etc/UTC'),
        now: () => rig.clock,
        keep: () => 7,
        nextAt: () => null,
        prove: async () => '',
        onDamage() {},
        ...options,
      }),
    async calls(count) {
      for (const end = calls + count; calls < end; calls++) {
        const one = leg(NOON + calls * 10);
        await put(store, one);
        await shut(store, one);
      }
    },
    names: () => readdirSync(folder).sort(),
    async audited() {
      const entries = (await store.ask('auditEntries', { before: null, limit: 20 })).entries;
      return entries.map(({ who, action }) => `${who} ${action}`).reverse();
    },
  };
  return rig;
}
