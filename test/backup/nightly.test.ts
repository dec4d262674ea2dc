/** The backup of every night, when there is no night for it: no medium, no wish, no luck. */
import { setImmediate as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { LastBackup } from '../../cgi/backup/port.ts';
import { CgiError } from '../../cgi/reply.ts';
import { nextBackup, scheduleBackups } from '../../daemon/backup/nightly.ts';
import { createBus } from '../../daemon/bus.ts';
import type { JobState, Schedule, Work } from '../../daemon/schedule.ts';

const MEDIUM = { why: '', since: 0, writable: true } as const;
const OFFLINE = new CgiError('storage_offline', 'pulled out');

async function night(settings: Record<string, unknown> = {}) {
  const values: Record<string, unknown> = { 'backup.enable': true, 'backup.time': '03:20', ...settings };
  const bus = createBus();
  const asked: string[] = [];
  let job: Work | null = null;
  let expression = '';
  const own = {
    asked,
    /** What the next try meets. */
    fault: null as Error | null,
    expression: () => expression,
    comes: () => job?.(new AbortController().signal),
    /** Settles when what follows has come to its end. */
    async plugged() {
      bus.emit('medium', { ...MEDIUM, state: 'mounted' });
      await pause();
    },
    set(name: string, value: unknown) {
      values[name] = value;
    },
  };
  const schedule = {
    async at(_: string, given: string, work: Work) {
      [expression, job] = [given, work];
    },
    async run() {
      await own.comes();
    },
    jobs: (): readonly JobState[] => [{ name: 'backup', running: false, doneAt: null, nextAt: 7, fault: '' }],
    close: async () => {},
  } satisfies Schedule;
  const backups = {
    async make({ who }: { who: string }): Promise<LastBackup> {
      asked.push(who);
      if (own.fault) throw own.fault;
      return {} as LastBackup;
    },
  };
  const value = (name: string) => values[name] as never;
  await scheduleBackups({ backups, schedule, bus, settings: { value } });
  return { ...own, own, next: () => nextBackup(schedule, { value }) };
}

test('comes at its time, unless it isn’t wanted', async () => {
  const { expression, comes, asked, set, next } = await night({ 'backup.time': '23:05' });
  expect(expression()).toBe('5 23 * * *');
  await comes();
  expect(asked).toEqual(['cdrd']);
  expect(next()).toBe(7);
  set('backup.enable', false);
  await comes();
  expect(asked).toHaveLength(1);
  expect(next()).toBeNull();
});

test('without a medium it is made when one comes: once', async () => {
  const { comes, plugged, asked, own } = await night();
  await plugged();
  expect(asked).toHaveLength(0); // nothing was missed
  own.fault = OFFLINE;
  await expect(comes()).rejects.toBe(OFFLINE);
  await plugged(); // and pulled out at once
  own.fault = null;
  await plugged();
  await plugged();
  expect(asked).toHaveLength(3);
});

test('a medium that comes and goes by the copy itself is tried three times more in a night, not for ever', async () => {
  const { comes, plugged, asked, own } = await night();
  own.fault = OFFLINE;
  for (const tries of [4, 8]) {
    await expect(comes()).rejects.toBe(OFFLINE);
    for (let n = 0; n < 10; n++) await plugged();
    expect(asked).toHaveLength(tries);
  }
});

test('one that failed otherwise waits for its next night, whatever is plugged meanwhile', async () => {
  const { comes, plugged, asked, own } = await night();
  own.fault = new CgiError('disk_full', 'the medium is full');
  await expect(comes()).rejects.toMatchObject({ code: 'disk_full' });
  await plugged();
  expect(asked).toHaveLength(1);
});
