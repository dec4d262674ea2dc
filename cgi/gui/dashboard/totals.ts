/** Figures of 30002 as the charts and tiles want them. */

/** Of all calls, or of one group. */
export interface Sums {
  readonly count: number;
  readonly answered: number;
  readonly noanswer: number;
  readonly busy: number;
  readonly failed: number;
  readonly minutes: number;
  /** Percent; null: there were no calls. */
  readonly asr: number | null;
}

/** 30002 with `by`. */
export interface Totals {
  readonly json_obj_totals: Sums;
  readonly json_array_day?: readonly (Sums & { readonly day: string })[];
  readonly json_array_hour?: readonly (Sums & { readonly hour: number })[];
  readonly json_array_trunk?: readonly (Sums & { readonly trunk: string })[];
}

export interface Bar {
  /** Day or hour: what it is chosen by. */
  readonly key: string;
  readonly answered: number;
  readonly missed: number;
}

const DAY_MS = 86_400_000;

/** @param day `YYYY-MM-DD`. @returns the day so many later, or earlier. */
export function dayAfter(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

/** A bar for each day up to the last, those without calls too. @param known Days before it. @param today Of the last day. */
export function dayBars(known: Totals, today: Totals, last: string, days: number): readonly Bar[] {
  const of = new Map((known.json_array_day ?? []).map((sums) => [sums.day, sums]));
  return Array.from({ length: days }, (_, index) => {
    const day = dayAfter(last, index - days + 1);
    return barOf(day, day === last ? today.json_obj_totals : of.get(day));
  });
}

/** A bar for each hour of a day. */
export function hourBars({ json_array_hour = [] }: Totals): readonly Bar[] {
  const of = new Map(json_array_hour.map((sums) => [sums.hour, sums]));
  return Array.from({ length: 24 }, (_, hour) => barOf(String(hour), of.get(hour)));
}

function barOf(key: string, sums: Sums | undefined): Bar {
  return { key, answered: sums?.answered ?? 0, missed: sums ? sums.count - sums.answered : 0 };
}

/** A round figure that no bar is higher than, and that half of is whole: 2, 4, 6, 8, 10, 20, 40 … */
export function ceiling(highest: number): number {
  for (let ten = 1; ; ten *= 10) for (const step of [2, 4, 6, 8, 10]) if (step * ten >= highest) return step * ten;
}
