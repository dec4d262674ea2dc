/**
 * `cdrd restore FILE` or `--latest`: a backup takes the store's place; what was there is kept beside it. Only while the
 * daemon doesn't run. Calls since the backup come back from the CDR CSV when it is started.
 */
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { zone as zoneOf } from '../../storage/model/local-time.ts';
import { isBeingReplaced, stagedFile } from '../../storage/replaced.ts';
import { type Candidate, newestFirst, onBox, onMedium } from '../backup/candidates.ts';
import { forgetFormer, knownBackups } from '../backup/known.ts';
import { askHere, recordingPlaces } from '../backup/media.ts';
import { type Config, loadConfig } from '../config.ts';
import { EXIT } from '../exit.ts';
import { LockedError } from '../lock.ts';
import { giveFoldersFirst } from '../privileges.ts';
import { becomeOwner, databaseFile, takeState, zoneName } from '../state.ts';
import { type Command, configOption } from './command.ts';
import { copyFile } from './copy-file.ts';
import { complain, print } from './print.ts';

export const restore: Command = {
  usage: 'restore FILE | --latest [--config FILE]',
  about: 'puts a backup in the place of the store, which is kept; stop the daemon first',
  async perform({ args, usage }) {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { ...configOption, latest: { type: 'boolean', default: false } },
      allowPositionals: true,
    });
    const [file, ...more] = positionals;
    if (more.length > 0 || (file === undefined) === !values.latest) throw usage('say which file, or --latest');
    const config = loadConfig(values.config ?? null, process.env);
    // By the caller's own rights, before the command takes those of the state folder's owner.
    const given = file === undefined ? null : fromFile(resolve(file));
    giveFoldersFirst(config);
    await becomeOwner(config.state.dir);
    const lock = await takeState(config.state.dir).catch((error: unknown) => {
      throw error instanceof LockedError ? Object.assign(error, { message: `${error.message}: stop it first` }) : error;
    });
    try {
      const candidates = given ? [given] : await latest(config);
      print(await restored(config, candidates));
    } finally {
      const file = databaseFile(config.state.dir);
      if (!isBeingReplaced(file)) rmSync(stagedFile(file), { force: true }); // one that didn't serve
      await lock.release();
    }
    return EXIT.ok;
  },
};

/** @returns what was done. @throws when none of them serves; then everything is as it was. */
async function restored(config: Config, candidates: readonly Candidate[]): Promise<string> {
  const { fileWork } = await import('../../storage/file-work.ts');
  const file = databaseFile(config.state.dir);
  for (const [index, candidate] of candidates.entries()) {
    const { name } = candidate;
    try {
      await candidate.stage(stagedFile(file));
      const { schema, last } = fileWork.examineStaged(file);
      const at = Math.floor(Date.now() / 1000);
      const told = { from: name, because: 'restored by command', who: 'console', at } as const;
      const aside = fileWork.replace({ file, why: 'before-restore', ...told });
      await forgetFormer(config.state.dir, basename(name));
      const upTo = last === null ? 'no calls' : `calls up to ${zoneOf(zoneName(config)).text(last)}`;
      return [
        `${name} is in place (schema ${schema}, ${upTo})`,
        `what was there is kept: ${join(config.state.dir, aside)}`,
        'start cdrd now: calls since then come from the CDR CSV',
      ].join('\n');
    } catch (error) {
      const { message } = error as Error;
      if (isBeingReplaced(file))
        throw Object.assign(error as Error, {
          message: `${name} takes the place at the next start, which goes on with it: ${message}`,
        });
      if (index === candidates.length - 1) throw Object.assign(error as Error, { message: `${name}: ${message}` });
      complain(`${name} does not serve: ${message}`);
    }
  }
  throw new Error('there is no backup, neither on the medium nor on the box');
}

/** All that there are, those that this box made first: which stick is plugged in is the technician's word. */
async function latest(config: Config): Promise<readonly Candidate[]> {
  const found: Candidate[] = [];
  for (const place of recordingPlaces(config)) {
    try {
      found.push(...(await onMedium(askHere(place), () => true)));
    } catch (error) {
      complain(`${place.dir}: ${(error as Error).message}`);
    }
  }
  return newestFirst(found, await onBox(config.state.dir), (await knownBackups(config.state.dir)).keys());
}

/** @throws what the system throws when the file can't be opened. */
function fromFile(path: string): Candidate {
  const source = openSync(path, 'r');
  const promised = sumBeside(path);
  if (promised === null) complain(`there is no ${path}.sha256: only the database itself is checked`);
  return {
    name: path,
    at: 0,
    schema: null,
    async stage(target) {
      const sum = copyTo(source, target);
      if (promised !== null && sum !== promised) throw new Error('its bytes are not what its checksum says');
    },
  };
}

/** What `FILE.sha256` says of it; null: there is no such file. @throws when that says nothing of it. */
function sumBeside(path: string): string | null {
  let text: string;
  try {
    text = readFileSync(`${path}.sha256`, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  const [, sum = '', name = ''] = /^([0-9a-f]{64}) [ *](.+)$/m.exec(text) ?? [];
  if (basename(name) !== basename(path)) throw new Error(`${path}.sha256 says nothing of ${basename(path)}`);
  return sum;
}

/** @returns the SHA-256. */
function copyTo(source: number, path: string): string {
  const target = openSync(path, 'w', 0o600);
  try {
    return copyFile(source, target);
  } finally {
    closeSync(target);
  }
}
