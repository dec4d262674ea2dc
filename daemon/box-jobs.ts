/** What the box does by its clock, unasked: the backup of the night, retention, the trash, and forgetting what has gone. */
import { type StoreClient, workOnFile } from '../storage/client.ts';
import type { StoreError } from '../storage/errors.ts';
import { LANES } from '../storage/lanes.ts';
import type { Zone } from '../storage/model/local-time.ts';
import { createBackups } from './backup/backups.ts';
import { nextBackup, scheduleBackups } from './backup/nightly.ts';
import type { Bus } from './bus.ts';
import { forget } from './forget.ts';
import { jobNotes } from './job-notes.ts';
import type { DeletionJobs } from './jobs.ts';
import type { Log } from './log.ts';
import type { RecordingParts } from './recordings/parts.ts';
import { createRetention } from './retention/retention.ts';
import { createSchedule } from './schedule.ts';
import type { BoxSettings } from './settings.ts';
import { openTrustedClock } from './trusted-clock.ts';

export interface BoxJobsOptions extends Pick<RecordingParts, 'recordings' | 'fileClient' | 'recordingDeletions'> {
  /** `state.dir`. */
  readonly stateDir: string;
  readonly store: StoreClient;
  /** The bundled `store-worker.mjs`. */
  readonly storeWorker: URL;
  /** The store proved damaged. */
  onDamage(error: StoreError): void;
  readonly callDeletions: DeletionJobs;
  readonly settings: BoxSettings;
  readonly bus: Bus;
  readonly log: Log;
  readonly zone: Zone;
  /** Channels that Asterisk has at this moment: jobs wait for a box without calls. */
  channels(): number;
}

export type BoxJobs = Awaited<ReturnType<typeof startBoxJobs>>;

export async function startBoxJobs(options: BoxJobsOptions) {
  const { store, settings, bus, log, zone, callDeletions, recordings, fileClient, recordingDeletions } = options;
  const clock = await openTrustedClock({ store, log, now: Date.now, mono: () => performance.now() });
  const schedule = createSchedule({
    zone,
    log: log.child('jobs'),
    notes: jobNotes(store),
    isIdle: () => options.channels() === 0 && LANES.every((lane) => store.depth(lane) === 0),
    now: Date.now,
    mono: () => performance.now(),
  });
  const stop = async (): Promise<void> => {
    await schedule.close();
    clock.close();
  };
  try {
    const backups = await createBackups({
      store,
      stateDir: options.stateDir,
      ask: async (step) => (await fileClient.ask(step)).value,
      log,
      zone,
      now: clock.now,
      keep: () => Number(settings.value('backup.keep')),
      nextAt: () => nextBackup(schedule, settings),
      prove: (file) => workOnFile(options.storeWorker, 'faultInStill', file),
      onDamage: options.onDamage,
    });
    const retention = await createRetention({
      store,
      schedule,
      callDeletions,
      recordingDeletions,
      recordings: () => recordings,
      settings,
      clock,
      zone,
      log: log.child('jobs'),
    });
    await scheduleBackups({ backups, schedule, bus, settings });
    const lookForLost = () => void backups.look().catch(() => {}); // no medium, or gone again
    bus.on('medium', ({ state }) => {
      if (state === 'mounted') lookForLost();
    });
    lookForLost(); // it may have come before anybody listened
    await schedule.at('trash', '7 * * * *', async () => {
      await callDeletions.expire(clock.now());
      await recordingDeletions.expire(clock.now());
    });
    await schedule.at('forget', '10 4 * * *', (signal) => forget(store, signal));
    return {
      backups,
      retention,
      /** Why the box's clock isn't believed; '' when it is. */
      clockDoubt: clock.doubt,
      /** Breaks off what is under way, and waits for it a moment. */
      async close(): Promise<void> {
        backups.close();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
