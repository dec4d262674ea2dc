/**
 * The backup of every night. Where no medium is in place at that time, or it goes in the middle, it is made when one comes.
 * One that failed otherwise waits for its next night; /healthz says so meanwhile.
 */
import type { Backups } from '../../cgi/backup/port.ts';
import { CgiError } from '../../cgi/reply.ts';
import { BOX } from '../box.ts';
import type { Bus } from '../bus.ts';
import type { Schedule } from '../schedule.ts';
import type { BoxSettings } from '../settings.ts';

/** Its name in the schedule. */
const JOB = 'backup';

/** Tries of one night when a medium comes: a slow share comes and goes by the very copy that is made on it. */
const TRIES = 3;

export interface NightlyOptions {
  readonly backups: Pick<Backups, 'make'>;
  readonly schedule: Schedule;
  readonly bus: Bus;
  readonly settings: Pick<BoxSettings, 'value'>;
}

export async function scheduleBackups({ backups, schedule, bus, settings }: NightlyOptions): Promise<void> {
  let missed = false;
  let triesLeft = TRIES;
  let byMedium = false;
  const [hour, minute] = String(settings.value('backup.time')).split(':').map(Number);
  await schedule.at(JOB, `${minute} ${hour} * * *`, async () => {
    if (!byMedium) triesLeft = TRIES;
    missed = false;
    if (settings.value('backup.enable') !== true) return;
    try {
      await backups.make(BOX);
    } catch (error) {
      missed = error instanceof CgiError && error.code === 'storage_offline';
      throw error;
    }
  });
  bus.on('medium', ({ state }) => {
    if (!missed || triesLeft === 0 || state !== 'mounted') return;
    triesLeft -= 1;
    byMedium = true;
    const tried = schedule.run(JOB).catch(() => {}); // the schedule and the backups tell
    void tried.then(() => {
      byMedium = false;
    });
  });
}

/** When the next is due, epoch seconds; null: none is. */
export function nextBackup(schedule: Pick<Schedule, 'jobs'>, settings: NightlyOptions['settings']): number | null {
  if (settings.value('backup.enable') !== true) return null;
  return schedule.jobs().find(({ name }) => name === JOB)?.nextAt ?? null;
}
