/**
 * Everything that has to do with the files of recordings, on one medium and with one set of threads: who watches it, who
 * reads, deletes and mends files on it, and who is told when it comes or goes.
 */
import type { StoreClient } from '../../storage/client.ts';
import type { Zone } from '../../storage/model/local-time.ts';
import type { PolicyWriter } from '../asterisk/recording-policy.ts';
import type { Bus } from '../bus.ts';
import type { Config } from '../config.ts';
import type { Log } from '../log.ts';
import { keepMediumChanges } from '../medium-changes.ts';
import { createRecordingGate } from '../recording-gate.ts';
import type { TrashRules } from '../trash-rules.ts';
import { createRecordingDeletions } from './deletions.ts';
import { createFileClient } from './file-client.ts';
import { createRecordingFiles } from './files.ts';
import { createRecordingHeaders } from './headers.ts';
import { indexOf } from './index-of-store.ts';
import { demandsMount } from './mountinfo.ts';
import { type Recordings, startRecordings } from './recordings.ts';
import type { Threads } from './step-client.ts';

export interface RecordingPartsOptions {
  readonly config: Config;
  readonly workers: { readonly medium: URL; readonly files: URL };
  readonly threads: Threads;
  readonly store: StoreClient;
  readonly bus: Bus;
  readonly log: Log;
  readonly zone: Zone;
  readonly trash: TrashRules;
  /** What Asterisk is told to record. */
  readonly policy: Pick<PolicyWriter, 'gate'>;
  /** Epoch seconds. */
  now(): number;
}

export type RecordingParts = ReturnType<typeof startRecordingParts>;

/** Starts looking at the medium at once. */
export function startRecordingParts(options: RecordingPartsOptions) {
  const { config, workers, threads, store, bus, log, zone, trash, policy, now } = options;
  const { dir, requireMount, sweepSeconds } = config.recordings;
  const mediumId = () => recordings.state().medium ?? null;

  const fileClient = createFileClient({
    worker: workers.files,
    settings: { dir, requireMount, mountinfo: '/proc/self/mountinfo', blockDevices: '/sys/dev/block' },
    threads,
    medium: () => recordings,
  });
  const recordingDeletions = createRecordingDeletions({
    store,
    client: fileClient,
    log,
    trash,
    now,
    medium: mediumId,
    onCalls: (sequences) => bus.emit('calls', sequences),
  });

  // Whoever is told of the medium listens before the first look at it.
  keepMediumChanges({ store, bus, log });
  bus.on('medium', createRecordingGate({ demanded: demandsMount(dir, requireMount), policy, store, log }));
  bus.on('medium', ({ state }) => {
    if (state === 'mounted') recordingDeletions.resume();
  });
  const recordings: Recordings = startRecordings({
    dir,
    requireMount,
    sweepSeconds,
    worker: workers.medium,
    threads,
    log,
    now: Date.now,
    today: () => zone.text(now()).slice(0, 10).replaceAll('-', ''),
    onState: (state) => bus.emit('medium', state),
    index: indexOf(store, bus),
  });

  return {
    recordings,
    fileClient,
    recordingFiles: createRecordingFiles(fileClient),
    recordingDeletions,
    recordingHeaders: createRecordingHeaders({ store, client: fileClient, medium: mediumId }),
    /** Another place is chosen: everybody goes there at once. */
    moveTo(dir: string): void {
      fileClient.moveTo(dir);
      recordings.moveTo(dir);
    },
    /** Resolves within some seconds, also when the medium hangs. */
    async close(): Promise<void> {
      await recordingDeletions.close();
      await recordings.close();
    },
  };
}
