/**
 * Headers of recordings mended on request: only of files that the index has, because those the watcher has seen finished.
 * What each file says afterwards goes into the index at once, and an audit line with the lengths that it said before.
 */
import type { ChangedHeader, RecordingHeaders } from '../../cgi/recording/port.ts';
import { CgiError } from '../../cgi/reply.ts';
import type { StoreClient } from '../../storage/client.ts';
import type { By } from '../../storage/sql/audit.ts';
import type { FileClient } from './file-client.ts';
import type { HeaderChange } from './file-protocol.ts';

export interface HeadersOptions {
  readonly store: Pick<StoreClient, 'ask' | 'write'>;
  readonly client: FileClient;
  /** The medium in place, by its id in the store; null while it isn't known. */
  medium(): number | null;
}

export function createRecordingHeaders({ store, client, medium }: HeadersOptions): RecordingHeaders {
  async function changeOne(path: string, change: 'repair' | 'restore', by: By): Promise<ChangedHeader> {
    const { value } = await client.ask({ kind: 'header', path, change });
    await note(path, value, by);
    return shown(path, value);
  }

  async function note(path: string, changed: HeaderChange, by: By): Promise<void> {
    const place = medium();
    if (!('size' in changed) || place === null) return;
    const { size, mtimeMs, seconds, fault } = changed;
    const state = fault === '' ? 'ok' : 'damaged';
    await store.write({ kind: 'recordings', medium: place, files: [{ path, size, mtimeMs, seconds, state, fault }] });
    if (changed.result === 'whole') return;
    const before = changed.result === 'repaired' ? { file: changed.before.file, sound: changed.before.sound } : {};
    const detail = { path, seconds: Math.round(seconds), ...before };
    await store.write({ kind: 'audit', audit: { ...by, action: `recording.${changed.result}`, detail } });
  }

  return {
    async change(paths, change, by) {
      client.check();
      const place = medium();
      if (place === null) throw new CgiError('storage_offline', 'it is not known yet which medium is in place');
      const finished = new Set(await store.ask('indexedRecordings', { medium: place, paths }));
      const done: ChangedHeader[] = [];
      let offline = false;
      for (const path of paths) {
        if (offline) done.push({ path, result: 'offline' });
        else if (!finished.has(path)) done.push({ path, result: 'not finished' });
        else
          done.push(
            await changeOne(path, change, by).catch((error: unknown): ChangedHeader => {
              if (!(error instanceof CgiError) || error.code !== 'storage_offline') throw error;
              offline = true;
              return { path, result: 'offline' };
            }),
          );
      }
      return done;
    },
  };
}

function shown(path: string, changed: HeaderChange): ChangedHeader {
  switch (changed.result) {
    case 'repaired':
    case 'restored':
    case 'whole': {
      const { result, seconds, fault } = changed;
      return {
        path,
        result,
        seconds: Math.round(seconds),
        ...(result === 'repaired' && changed.was !== '' && { was: changed.was }),
        ...(fault !== '' && { fault }),
      };
    }
    case 'beyond repair':
      return { path, result: changed.result, fault: changed.fault };
    case 'refused':
      return { path, result: changed.result, code: changed.code };
    default:
      return { path, result: changed.result };
  }
}
