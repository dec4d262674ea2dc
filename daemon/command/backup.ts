/**
 * `cdrd backup`: a backup on the medium, as every night. `--to FILE`: into a file that is the caller's own, with its
 * checksum beside it; the store is held still meanwhile, by the running daemon or, while none runs, by the command.
 */
import { closeSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { StillFile } from '../../storage/store.ts';
import { syncPath } from '../../storage/sync-path.ts';
import { type Config, loadConfig } from '../config.ts';
import { askDaemon } from '../control/client.ts';
import { endCopy } from '../control/perform.ts';
import { EXIT } from '../exit.ts';
import { giveFoldersFirst } from '../privileges.ts';
import { actAsOwner, storeOptions, takeState } from '../state.ts';
import { type Command, configOption } from './command.ts';
import { copyFile } from './copy-file.ts';
import { print } from './print.ts';
import { performCommand } from './store-command.ts';

const OWNER_ONLY = 0o600;

export const backup: Command = {
  usage: 'backup [--to FILE] [--config FILE]',
  about:
    'makes a backup of the store, on the medium or into a file, while the daemon runs as well as while it does not',
  async perform({ args }) {
    const { values } = parseArgs({ args: [...args], options: { ...configOption, to: { type: 'string' } } });
    const config = loadConfig(values.config ?? null, process.env);
    const done = values.to
      ? await backupTo(config, resolve(values.to))
      : await performCommand(config, { command: 'backup' });
    print(done);
    return EXIT.ok;
  },
};

/** @throws when the file can't be written, or the store wasn't still: then nothing of it stays. */
async function backupTo(config: Config, file: string): Promise<string> {
  const part = `${file}.part`;
  // By the caller's own rights, before the command takes those of the state folder's owner.
  const target = openSync(part, 'w', OWNER_ONLY);
  try {
    const held = (await holdByDaemon(config, file)) ?? (await holdHere(config, file));
    let changed: string;
    let sum: string;
    try {
      sum = copied(held.still, target);
    } finally {
      changed = await held.end();
    }
    if (changed !== '') throw new Error(changed);
    writeFileSync(`${file}.sha256`, `${sum}  ${basename(file)}\n`, { mode: OWNER_ONLY, flush: true });
    renameSync(part, file);
    syncPath(dirname(file));
    return `${file}: ${held.still.bytes} bytes, schema ${held.still.schema}, SHA-256 ${sum}`;
  } finally {
    closeSync(target);
    rmSync(part, { force: true });
  }
}

/** The store's file, held still. */
interface Held {
  readonly still: StillFile;
  /** @returns why it was not still all the time, for people; '' = it was. */
  end(): Promise<string>;
}

async function holdByDaemon({ run }: Config, to: string): Promise<Held | null> {
  const answer = await askDaemon(run.dir, { command: 'backup.begin' });
  if (answer === null) return null;
  const still = JSON.parse(answer) as StillFile;
  const end = { command: 'backup.end', holder: still.holder, to } as const;
  return { still, end: async () => (await askDaemon(run.dir, end)) ?? 'the daemon has ended meanwhile' };
}

async function holdHere(config: Config, to: string): Promise<Held> {
  const { openStoreHere } = await import('../../storage/here.ts');
  giveFoldersFirst(config);
  const actAsBefore = await actAsOwner(config.state.dir);
  const lock = await takeState(config.state.dir);
  const release = async () => {
    await lock.release();
    actAsBefore();
  };
  try {
    const store = openStoreHere(storeOptions(config));
    const still = await store.work('copyBegin');
    return {
      still,
      async end() {
        const changed = await endCopy(store, still.holder, to);
        await store.close();
        await release();
        return changed;
      },
    };
  } catch (error) {
    await release();
    throw error;
  }
}

/** @returns the SHA-256. */
function copied({ file, bytes }: StillFile, target: number): string {
  const source = openSync(file, 'r');
  try {
    return copyFile(source, target, bytes);
  } finally {
    closeSync(source);
  }
}
