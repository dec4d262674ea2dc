/**
 * Times to filter by: a word that moves along (`period` in the address bar and in saved views), or from and to. Pure: by the
 * box's clock, not by the browser's.
 */
import { PERIODS, type Period } from '../../contract.ts';

/** As the numbers take them; '' on a side: open. */
export interface Dates {
  readonly startdate: string;
  readonly enddate: string;
}

/** Before any call: without it and without an end the numbers would mean today. */
const EVER = '1900-01-01 00:00';
const DAY_MS = 86_400_000;

const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);

export function isPeriod(text: string | null): text is Period {
  return PERIODS.some((each) => each === text);
}

/** @param now The box's clock, as the UTC fields of a date (me.ts). */
export function datesOf(period: Period, now: Date): Dates {
  const today = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate());
  const days = (first: number, last: number) => ({
    startdate: `${dayOf(today + first * DAY_MS)} 00:00`,
    enddate: `${dayOf(today + last * DAY_MS)} 23:59`,
  });
  switch (period) {
    case 'today':
      return days(0, 0);
    case 'yesterday':
      return days(-1, -1);
    case 'week':
      return days(-((now.getUTCDay() + 6) % 7), 0);
    case 'month':
      return days(1 - now.getUTCDate(), 0);
    case '7days':
      return days(-6, 0);
    case '30days':
      return days(-29, 0);
  }
}

/** What the address bar says of times, as the numbers take it; without any of it: ever. */
export function datesAsked(query: URLSearchParams, now: Date): Dates {
  const period = query.get('period');
  if (isPeriod(period)) return datesOf(period, now);
  const startdate = query.get('startdate') ?? '';
  const enddate = query.get('enddate') ?? '';
  return startdate === '' && enddate === '' ? { startdate: EVER, enddate } : { startdate, enddate };
}
