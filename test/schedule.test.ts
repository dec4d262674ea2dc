/** Jobs by a clock that is wrong before it is right, on a box whose power is cut every evening. */
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { cronTimes } from '../daemon/cron-times.ts';
import { jobNotes } from '../daemon/job-notes.ts';
import { createLog } from '../daemon/log.ts';
import { createSchedule, type JobNote, type ScheduleOptions } from '../daemon/schedule.ts';
import { openStoreHere } from '../storage/here.ts';
import { zone } from '../storage/model/local-time.ts';
import { emptyStore } from './support/empty-store.ts';
import { temporaryFolder } from './support/folder.ts';
import { storeOptions } from './support/legs.ts';

const DAY = 86_400;
const HOUR = 3_600;
const NIGHTLY = '30 3 * * *';
const at = (text: string) => Date.parse(`${text}Z`) / 1000;

describe('the times of an expression', () => {
  test.each([
    ['the same day', 'Etc/UTC', NIGHTLY, '2026-11-26T03:29:59', '2026-11-26T03:30:00'],
    ['not the moment itself', 'Etc/UTC', NIGHTLY, '2026-11-26T03:30:00', '2026-11-27T03:30:00'],
    ['on the wall, not in UTC', 'America/Los_Angeles', NIGHTLY, '2026-11-26T10:00:00', '2026-11-26T11:30:00'],
    ['lists, ranges, steps and names', 'Etc/UTC', '*/20 8-9 * * mon,wed', '2026-11-26T10:00:00', '2026-11-30T08:00:00'],
    ['a leap day, years away', 'Etc/UTC', '0 0 29 2 *', '2096-03-01T00:00:00', '2104-02-29T00:00:00'],
    ['skipped in spring: an hour later', 'Europe/Berlin', '30 2 * * *', '2027-03-27T12:00:00', '2027-03-28T01:30:00'],
    ['and the day after as ever', 'Europe/Berlin', '30 2 * * *', '2027-03-28T01:30:00', '2027-03-29T00:30:00'],
    [
      'twice on the clock in autumn: the first',
      'Europe/Berlin',
      '30 2 * * *',
      '2027-10-30T12:00:00',
      '2027-10-31T00:30:00',
    ],
    ['and not the second', 'Europe/Berlin', '30 2 * * *', '2027-10-31T00:30:00', '2027-11-01T01:30:00'],
    [
      'from before midnight, where the clock goes back over it',
      'America/Havana',
      '30 0 * * *',
      '2027-11-06T12:00:00',
      '2027-11-07T04:30:00',
    ],
  ])('%s', (_, name, expression, from, next) => {
    expect(cronTimes(expression, zone(name))(at(from))).toBe(at(next));
  });

  test.each([NIGHTLY, '*/5 * * * *'])('%s is counted from now, however long ago the last one was', (expression) => {
    const next = cronTimes(expression, zone('Etc/UTC'));
    expect(next(0)).toBeLessThanOrEqual(DAY);
    expect(next(at('2026-11-26T03:00:00'))).toBeLessThanOrEqual(at('2026-11-26T03:30:00'));
  });

  test.each([
    '30 3 * *',
    '60 3 * * *',
    'daily',
    '0 30 3 * * * *',
    '15 30 3 * * *',
    '0 3 L * *',
    '0 3 * * 1#2',
    '0 3 31 2 *',
  ])('%s is refused', (expression) => {
    expect(() => cronTimes(expression, zone('Etc/UTC'))).toThrow();
  });
});

/** A box with clocks of its own. Timers are vitest's; the wall clock is set apart from what passes. */
function box(start: string | number, notes = new Map<string, JobNote>()) {
  const clock = { wall: (typeof start === 'number' ? start : at(start)) * 1000, passed: 0, idle: true, looks: 0 };
  const log: string[] = [];
  const utc = zone('Etc/UTC');
  const offsetAt = (epoch: number) => {
    clock.looks += 1;
    return utc.offsetAt(epoch);
  };
  const schedule = createSchedule({
    zone: { ...utc, offsetAt },
    log: createLog({ level: 'info', write: (line) => log.push(line), terminal: false }),
    notes: {
      read: async (name) => notes.get(name) ?? null,
      write: async (name, note) => void notes.set(name, note),
    } satisfies ScheduleOptions['notes'],
    isIdle: () => clock.idle,
    now: () => clock.wall + clock.passed,
    mono: () => clock.passed,
    limits: {
      beatMs: 5_000,
      jumpMs: 60_000,
      graceSeconds: 300,
      patienceMs: HOUR * 1000,
      closeMs: 100,
      saneClock: at('2026-01-01T00:00:00'),
    },
  });
  onTestFinished(() => schedule.close());
  return {
    schedule,
    notes,
    clock,
    log,
    /** Lets so many seconds pass. */
    async pass(seconds: number) {
      for (let left = seconds * 1000; left > 0; left -= 5_000) {
        clock.passed += Math.min(5_000, left);
        await vi.advanceTimersByTimeAsync(Math.min(5_000, left));
      }
    },
    /** Somebody sets the clock. */
    set(to: string) {
      clock.wall = at(to) * 1000 - clock.passed;
    },
    text: () => new Date(clock.wall + clock.passed).toISOString().slice(0, 19),
  };
}

/** A job that notes when it was done. */
async function nightly(here: ReturnType<typeof box>, name = 'backup', expression = NIGHTLY) {
  const runs: string[] = [];
  await here.schedule.at(name, expression, async () => void runs.push(here.text()));
  return runs;
}

describe('jobs', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('come at their time, once', async () => {
    const here = box('2026-11-26T12:00:00', new Map([['backup', { doneAt: 0, due: at('2026-11-27T03:30:00') }]]));
    const runs = await nightly(here);
    await here.pass(2 * DAY);
    expect(runs).toEqual(['2026-11-27T03:30:00', '2026-11-28T03:30:00']);
    expect(here.notes.get('backup')).toEqual({ doneAt: at('2026-11-28T03:30:00'), due: at('2026-11-29T03:30:00') });
  });

  test('that the box slept through, or that were never done, come some minutes after its start', async () => {
    const notes = new Map<string, JobNote>();
    const days: string[][] = [];
    // Switched on at eight, off at six, for four days, Friday to Monday with Sunday off.
    for (const day of ['2026-11-27', '2026-11-28', '2026-11-30']) {
      const here = box(`${day}T08:00:00`, notes);
      const runs = await nightly(here);
      await here.pass(10 * HOUR);
      await here.schedule.close();
      days.push(runs);
    }
    expect(days).toEqual([['2026-11-27T08:05:05'], ['2026-11-28T08:05:05'], ['2026-11-30T08:05:05']]);
  });

  test('that were done are not done again by a restart', async () => {
    const notes = new Map<string, JobNote>();
    const first = box('2026-11-27T08:00:00', notes);
    await nightly(first);
    await first.pass(HOUR);
    await first.schedule.close();
    const second = box('2026-11-27T10:00:00', notes);
    const runs = await nightly(second);
    await second.pass(4 * HOUR);
    expect(runs).toEqual([]);
  });

  test('that were missed wait for an idle moment, one for the other, and not for ever', async () => {
    const here = box('2026-11-27T08:00:00');
    here.clock.idle = false;
    const [backup, retention] = [await nightly(here, 'backup'), await nightly(here, 'retention')];
    await here.pass(1_800);
    expect([backup, retention]).toEqual([[], []]);
    here.clock.idle = true;
    await here.pass(5);
    expect([backup, retention]).toEqual([['2026-11-27T08:30:05'], []]);
    await here.pass(5);
    expect(retention).toEqual(['2026-11-27T08:30:10']);

    const busy = box('2026-11-27T08:00:00');
    busy.clock.idle = false;
    const runs = await nightly(busy);
    await busy.pass(2 * HOUR);
    expect(runs).toEqual(['2026-11-27T09:00:05']);
  });

  test('have no time in 1970; when the clock is set they come some minutes later, without a walk over 56 years', async () => {
    const here = box(20, new Map([['backup', { doneAt: 0, due: at('2026-11-26T03:30:00') }]]));
    const backup = await nightly(here);
    const often = await nightly(here, 'often', '* * * * *');
    await here.pass(30 * HOUR);
    expect(here.schedule.jobs().map(({ nextAt }) => nextAt)).toEqual([null, null]);
    expect([backup, often]).toEqual([[], []]);
    here.set('2026-11-27T08:00:00');
    const looks = here.clock.looks;
    await here.pass(5);
    expect(here.clock.looks - looks).toBeLessThan(2_000); // node-cron's own timers walk over 30 million slots
    await here.pass(600);
    expect(backup).toEqual(['2026-11-27T08:05:05']);
    expect(often.slice(0, 2)).toEqual(['2026-11-27T08:05:10', '2026-11-27T08:06:00']);
    expect(here.log.filter((line) => line.includes('the clock is not set'))).toHaveLength(1);
  });

  test('get new times when the clock jumps forward: what it passed over is made up for once', async () => {
    const here = box('2026-11-26T12:00:00', new Map([['often', { doneAt: 0, due: at('2026-11-26T12:05:00') }]]));
    const runs = await nightly(here, 'often', '*/5 * * * *');
    await here.pass(60);
    here.set('2026-12-26T12:00:30');
    await here.pass(600);
    expect(runs).toEqual(['2026-12-26T12:05:35', '2026-12-26T12:10:00']);
    expect(here.log.some((line) => line.includes('the clock has jumped'))).toBe(true);
  });

  test('are not kept away by a note from a clock that was years ahead, nor by one that goes back', async () => {
    const here = box('2099-11-26T12:00:00', new Map([['backup', { doneAt: 0, due: at('2099-11-27T03:30:00') }]]));
    const runs = await nightly(here);
    await here.pass(16 * HOUR);
    here.set('2026-11-27T02:00:00');
    await here.pass(2 * HOUR);
    expect(runs).toEqual(['2099-11-27T03:30:00', '2026-11-27T03:30:00']);
    // Behind a restart, too.
    const next = box('2026-11-28T02:00:00', new Map([['backup', { doneAt: 0, due: at('2099-11-27T03:30:00') }]]));
    const later = await nightly(next);
    await next.pass(2 * HOUR);
    expect(later).toEqual(['2026-11-28T03:30:00']);
  });

  test('a clock that is set by less than a minute, or that drifts, is no jump', async () => {
    const here = box('2026-11-26T12:00:00', new Map([['backup', { doneAt: 0, due: at('2026-11-27T03:30:00') }]]));
    await nightly(here);
    here.set('2026-11-26T12:00:50');
    await here.pass(5);
    for (let hour = 0; hour < 10; hour++) {
      here.clock.wall += 20_000;
      await here.pass(60);
    }
    expect(here.log.filter((line) => line.includes('jumped'))).toEqual([]);
  });

  test('never overlap themselves, and one that fails is tried at its next time and at the next start', async () => {
    const notes = new Map([['often', { doneAt: 7, due: at('2026-11-26T12:05:00') }]]);
    const here = box('2026-11-26T12:00:00', notes);
    const begun: string[] = [];
    let end = (_: Error) => {};
    await here.schedule.at('often', '*/5 * * * *', () => {
      begun.push(here.text());
      return new Promise((_, reject) => (end = reject));
    });
    await here.pass(13 * 60);
    expect(begun).toEqual(['2026-11-26T12:05:00']);
    end(new Error('the stick is gone'));
    await here.pass(3 * 60);
    expect(begun).toEqual(['2026-11-26T12:05:00', '2026-11-26T12:15:00']);
    expect(here.log.filter((line) => line.includes('a job failed'))).toHaveLength(1);
    expect(here.schedule.jobs()).toMatchObject([
      { name: 'often', running: true, doneAt: 7, fault: 'the stick is gone' },
    ]);
    expect(notes.get('often')?.due).toBe(at('2026-11-26T12:05:00'));
  });

  test('can be asked for at once, by two as one', async () => {
    const here = box(20);
    let count = 0;
    await here.schedule.at('backup', NIGHTLY, async () => {
      count += 1;
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    });
    const both = Promise.all([here.schedule.run('backup'), here.schedule.run('backup')]);
    await here.pass(5);
    await both;
    expect(count).toBe(1);
    // In 1970: it is done, and doesn't count as done.
    expect(here.notes.size).toBe(0);
    await expect(here.schedule.run('nothing')).rejects.toThrow('no job');
  });

  test('a stop tells those under way, waits for them, and not for ever', async () => {
    const here = box('2026-11-26T12:00:00');
    let told = false;
    await here.schedule.at(
      'kind',
      NIGHTLY,
      (signal) =>
        new Promise((resolve) =>
          signal.addEventListener('abort', () => {
            told = true;
            resolve();
          }),
        ),
    );
    await here.schedule.at('deaf', NIGHTLY, () => new Promise(() => {}));
    const runs = [here.schedule.run('kind'), here.schedule.run('deaf')];
    const closed = here.schedule.close();
    await here.pass(5);
    await closed;
    expect(told).toBe(true);
    await runs[0];
    expect(here.notes.size).toBe(0); // half a job is not a job done
  });
});

test('the store keeps the notes, and shows them to nobody', async () => {
  const store = openStoreHere(emptyStore(storeOptions(temporaryFolder())));
  onTestFinished(() => store.close());
  const notes = jobNotes(store);
  expect(await notes.read('backup')).toBeNull();
  await notes.write('backup', { doneAt: 1, due: 2 });
  expect(await notes.read('backup')).toEqual({ doneAt: 1, due: 2 });
  expect((await store.ask('auditEntries', { before: null, limit: 1 })).entries).toEqual([]);
});
