/**
 * The backup of every night. Where no medium is in place at that time it is made when one comes: once, and not again for
 * every plug that follows. One that failed otherwise waits for its next night; /healthz says so meanwhile.
 */
import type { Backups } from '../../cgi/backup/port.ts';
import { CgiError } from '../../cgi/reply.ts';
import type { Bus } from '../bus.ts';
import type { Schedule } from '../schedule.ts';
import type { BoxSettings } from '../settings.ts';

/** Its name in the schedule. */
const JOB = 'backup';
/** Who makes it, in the audit log. */
const BOX = { who: 'cdrd', address: '' };

export interface NightlyOptions {
  readonly backups: Pick<Backups, 'make'>;
  readonly schedule: Schedule;
  readonly bus: Bus;
  readonly settings: Pick<BoxSettings, 'value'>;
}

export async function scheduleBackups({ backups, schedule, bus, settings }: NightlyOptions): Promise<void> {
  let missed = false;
  const [hour, minute] = String(settings.value('backup.time')).split(':').map(Number);
  await schedule.at(JOB, `${minute} ${hour} * * *`, async () => {
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
    if (!missed || state !== 'mounted') return;
    schedule.run(JOB).catch(() => {}); // the schedule and the backups tell
  });
}

/** When the next is due, epoch seconds; null: none is. */
export function nextBackup(schedule: Pick<Schedule, 'jobs'>, settings: NightlyOptions['settings']): number | null {
  if (settings.value('backup.enable') !== true) return null;
  return schedule.jobs().find(({ name }) => name === JOB)?.nextAt ?? null;
}
