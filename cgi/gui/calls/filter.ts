/**
 * The filter as it stands in the address: the parameters of 9006 by their own names, and `period` for a time that moves along.
 * Pure, so that a saved view, the list, the CSV and what is deleted can't differ.
 */
import type { Parameters } from '../api.ts';
import { dayText } from '../format.ts';

/** Times that move along; `all` and `own` stand in the address as dates. */
export const PERIODS = ['today', 'yesterday', 'week', '7days', 'month', '30days'] as const;
export type Period = (typeof PERIODS)[number];

/** What stands for "all": before any call of any box. */
export const BEGINNING = '2000-01-01 00:00';

/** Behind "More filters". */
export const MORE = [
  'src',
  'dst',
  'minduration',
  'maxduration',
  'minbillsec',
  'maxbillsec',
  'trunk',
  'port',
  'cidname',
  'in_route',
  'IVR',
] as const;
export type MoreName = (typeof MORE)[number];

const NAMES = ['startdate', 'enddate', 'number', 'disposition', 'userfield', ...MORE] as const;

/** What the list, a saved view and the address have in common: filter and order. */
export const KEPT_NAMES: readonly string[] = ['period', ...NAMES, 'sort', 'order'];

/** Words of `disposition` for a call that nobody took. */
export const MISSED = 'NO ANSWER,BUSY,FAILED';

/** @param query Of the address. @param now The box's clock, in UTC fields. */
export function filterOf(query: URLSearchParams, now: Date): Parameters {
  const filter: Record<string, string> = {};
  for (const name of NAMES) {
    const value = query.get(name);
    if (value) filter[name] = value;
  }
  const period = query.get('period');
  return isPeriod(period) ? { ...filter, ...datesOf(period, now) } : filter;
}

export function isPeriod(word: string | null): word is Period {
  return PERIODS.some((period) => period === word);
}

/** Which choice of time an address makes. */
export function periodOf(query: URLSearchParams): Period | 'all' | 'own' {
  const period = query.get('period');
  if (isPeriod(period)) return period;
  const [start, end] = [query.get('startdate'), query.get('enddate')];
  if (!start && !end) return 'today';
  return start === BEGINNING && !end ? 'all' : 'own';
}

const DAY_MS = 86_400_000;

/** Today is what the box takes it for, by giving no dates. */
function datesOf(period: Period, now: Date): { readonly startdate?: string; readonly enddate?: string } {
  if (period === 'today') return {};
  const back = (days: number) => dayText(new Date(now.getTime() - days * DAY_MS));
  const range = (from: string, to = back(0)) => ({ startdate: `${from} 00:00`, enddate: `${to} 23:59` });
  switch (period) {
    case 'yesterday':
      return range(back(1), back(1));
    case 'week':
      return range(back((now.getUTCDay() + 6) % 7));
    case '7days':
      return range(back(6));
    case 'month':
      return range(`${dayText(now).slice(0, 8)}01`);
    case '30days':
      return range(back(29));
  }
}

/** The same with its day named, where today is meant by naming none: for what must not slip into another day, or into all. */
export function pinned(filter: Parameters, now: Date): Parameters {
  if (filter['startdate'] || filter['enddate']) return filter;
  const day = dayText(now);
  return { startdate: `${day} 00:00`, enddate: `${day} 23:59`, ...filter };
}

/** Whether calls that end now belong to it. */
export function reachesNow(filter: Parameters, now: Date): boolean {
  const end = String(filter['enddate'] ?? '');
  return end === '' || end.slice(0, 10) >= dayText(now);
}

/** The query that a saved view keeps, of an address. */
export function keptQuery(query: URLSearchParams): string {
  const kept = new URLSearchParams();
  for (const name of KEPT_NAMES) {
    const value = query.get(name);
    if (value) kept.set(name, value);
  }
  return kept.toString();
}

/** For a datetime control, and back. */
export const toControl = (text: string) => text.trim().replace(' ', 'T').slice(0, 16);
export const fromControl = (text: string) => text.replace('T', ' ');
