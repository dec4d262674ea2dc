/**
 * The times that a cron expression names, on the box's own clock. node-cron reads the expression; the times are ours:
 * its own clock makes formatters of the whole Intl machinery, measured 9 MB of the daemon's 60, and its timers walk over
 * every slot that a jump of the clock has passed, 25 s of a stalled loop after one from 1970.
 */
import { parse } from 'node-cron';
import { resolveLocal, type Zone } from '../storage/model/local-time.ts';

const DAY = 86_400;
/** No zone has put its clock back by more in this century (Casey station: three hours). */
const BACK_MAX = 3 * 3_600;
/** A date that never comes (31 February) must not be looked for for ever: 29 February may be eight years away. */
const DAYS_MAX = 8 * 366 + 1;

/** Epoch seconds of the first time behind a moment (epoch seconds). */
export type NextTime = (after: number) => number;

/**
 * @param expression Minute, hour, day of month, month, day of week, as cron has them; a day must agree with both of the
 * last. A time that the clock skips in spring comes an hour later, one that it shows twice in autumn comes once.
 * @throws {Error} for anything else, and for days that no calendar has.
 */
export function cronTimes(expression: string, zone: Zone): NextTime {
  const { second, minute, hour, dayOfMonth, month, dayOfWeek } = parse(expression);
  if (second.join() !== '0' || [...dayOfMonth, ...dayOfWeek].some((value) => typeof value !== 'number'))
    throw new Error(`no seconds, no L and no # in a job's times: ${expression}`);
  const times = hour.flatMap((h) => minute.map((m) => h * 3600 + m * 60)).sort((a, b) => a - b);

  function isOn(day: number): boolean {
    const date = new Date(day * 1000);
    return (
      month.includes(date.getUTCMonth() + 1) &&
      dayOfMonth.includes(date.getUTCDate()) &&
      dayOfWeek.includes(date.getUTCDay())
    );
  }

  function next(after: number): number {
    // What stands behind now may still come: the clock may just be about to go back.
    const wall = after + zone.offsetAt(after) - BACK_MAX;
    const first = Math.floor(wall / DAY) * DAY;
    for (let day = first; day < first + DAYS_MAX * DAY; day += DAY) {
      if (!isOn(day)) continue;
      for (const time of times) {
        if (day + time < wall) continue;
        const { epoch } = resolveLocal(day + time, zone);
        if (epoch > after) return epoch;
      }
    }
    throw new Error(`a job's time never comes: ${expression}`);
  }
  next(0);
  return next;
}
