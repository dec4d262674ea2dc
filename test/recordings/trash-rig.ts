/** Deletions of recordings over a real store, the real worker and a real folder; the watcher is played. */
import { type Dirent, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createRecordingDeletions, type RecordingTrash } from '../../daemon/recordings/deletions.ts';
import { createFileClient, type FileClient } from '../../daemon/recordings/file-client.ts';
import { lookAtMedium } from '../../daemon/recordings/medium.ts';
import type { WorkerSettings } from '../../daemon/recordings/protocol.ts';
import type { MediumState, RecordingFigures } from '../../daemon/recordings/recordings.ts';
import { createThreads } from '../../daemon/recordings/step-client.ts';
import type { StoreClient } from '../../storage/client.ts';
import { openStoreHere } from '../../storage/here.ts';
import { type AtEnd, temporaryFolder } from '../support/folder.ts';
import { FIRST_MEDIUM, storeOptions } from '../support/legs.ts';
import { textOf } from '../support/page.ts';

export const FILE_WORKER = new URL('../.build/file-worker.mjs', import.meta.url);
export const BY = { who: 'monitor', address: '192.0.2.7' };

export interface Medium {
  /** What the index calls it; absent: it is the first. */
  id?: number;
  state: MediumState['state'];
  sweeps: number;
  /** What the watcher has proven; absent: whatever is there. */
  place?: string;
}

function settingsOf(dir: string): WorkerSettings {
  return { dir, requireMount: 'no', mountinfo: '/proc/self/mountinfo', blockDevices: '/sys/dev/block' };
}

export function placeOf(dir: string): string {
  return lookAtMedium(settingsOf(dir)).place;
}

/** @param worker Another than the real one. */
export function openClient(
  dir: string,
  medium: Medium,
  { worker = FILE_WORKER, deadlineMs = 5_000, idleMs = 5_000, waitMs = 5_000, threads = createThreads() } = {},
): FileClient {
  return createFileClient({
    worker,
    threads,
    deadlineMs,
    idleMs,
    waitMs,
    settings: settingsOf(dir),
    medium: () => ({
      state: () => ({
        state: medium.state,
        why: medium.state === 'mounted' ? '' : 'pulled out',
        writable: medium.state === 'mounted',
        since: 0,
        place: medium.place ?? placeOf(dir),
      }),
      late: () => () => {},
      figures: () => ({ sweeps: medium.sweeps }) as RecordingFigures,
      async sweepNow() {},
    }),
  });
}

export interface TrashRig {
  readonly dir: string;
  readonly store: StoreClient;
  readonly medium: Medium;
  readonly calls: number[];
  readonly log: string[];
  clock: number;
  /** The settings trash.days and trash.skip. */
  readonly trash: { days: number; skip: boolean };
  /** As a process that starts; the one before it is closed. */
  start(through?: (client: FileClient, store: StoreClient) => readonly [FileClient, StoreClient]): RecordingTrash;
  /** Puts files there and has them found, as the watcher does. */
  record(...paths: readonly string[]): Promise<void>;
  /** The watcher looks at all folders: tells what is new, and what has gone. */
  sweep(): Promise<void>;
  /** Files in their places, and files in the trash by their own paths. */
  files(): { readonly placed: string[]; readonly trashed: string[] };
  /** Paths that 20053 lists. */
  listed(): Promise<string[]>;
}

export function openTrashRig(atEnd: AtEnd = onTestFinished): TrashRig {
  const base = temporaryFolder(atEnd);
  const dir = join(base, 'monitor');
  mkdirSync(dir);
  const store = openStoreHere(storeOptions(base));
  atEnd(() => store.close());
  const medium: Medium = { state: 'mounted', sweeps: 0 };
  const say = (message: string, fields?: object) => {
    rig.log.push(
      `${message} ${JSON.stringify(fields ?? {}, (_, value) => (value instanceof Error ? value.message : value))}`,
    );
  };
  let last: RecordingTrash | null = null;
  atEnd(() => last?.close());
  const rig: TrashRig = {
    dir,
    store,
    medium,
    calls: [],
    log: [],
    clock: Math.floor(Date.now() / 1000),
    trash: { days: 7, skip: false },
    start(through = (client, store) => [client, store]) {
      void last?.close();
      const [client, ownStore] = through(openClient(dir, medium), store);
      last = createRecordingDeletions({
        store: ownStore,
        client,
        log: { info: say, warn: say, error: say },
        trash: { seconds: () => rig.trash.days * 86_400, skip: () => rig.trash.skip },
        now: () => rig.clock,
        medium: () => medium.id ?? FIRST_MEDIUM,
        onCalls: (sequences) => rig.calls.push(...sequences),
        waitMs: 5_000,
      });
      return last;
    },
    async record(...paths) {
      for (const path of paths) {
        mkdirSync(dirname(join(dir, path)), { recursive: true });
        writeFileSync(join(dir, path), `sound of ${path}`);
      }
      await rig.sweep();
    },
    async sweep() {
      const there = new Set(rig.files().placed);
      const known = new Set<string>();
      for (const folder of await store.ask('recordingFolders', FIRST_MEDIUM)) {
        const lines = await store.ask('knownRecordings', { medium: FIRST_MEDIUM, folder });
        for (const line of lines.split('\n').filter((each) => each !== ''))
          known.add(join(folder, line.split('\t')[0] ?? ''));
      }
      const found = [...there].filter((path) => !known.has(path));
      const gone = [...known].filter((path) => !there.has(path));
      const files = found.map((path) => ({ path, size: 9, mtimeMs: 0, seconds: 1, state: 'ok' as const }));
      await store.write({ kind: 'recordings', medium: FIRST_MEDIUM, files });
      await store.write({ kind: 'gone', medium: FIRST_MEDIUM, paths: gone });
    },
    files() {
      const all = filesBelow(dir).map((path) => path.slice(dir.length + 1));
      const trashed = all.filter((path) => path.startsWith('.trash/'));
      return {
        placed: all.filter((path) => !path.startsWith('.trash/')).sort(),
        trashed: trashed.map((path) => path.split('/').slice(2).join('/')).sort(),
      };
    },
    async listed() {
      let text = '';
      const listing = { filter: { wall: {} }, fields: [['path', 'path']] as const, order: 'asc' as const };
      for await (const page of store.pages('recording', listing))
        if (page.rows > 0) text += `${text ? ',' : ''}${textOf(page)}`;
      return (JSON.parse(`[${text}]`) as { path: string }[]).map(({ path }) => path).sort();
    },
  };
  if (!existsSync(FILE_WORKER)) throw new Error('the workers are not built');
  return rig;
}

/** What is there at this moment: the worker may be removing folders meanwhile, which hold nothing then. */
function filesBelow(folder: string): string[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : entry.isFile() ? [path] : [];
  });
}
