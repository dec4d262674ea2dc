/** The times that are asked for, as the numbers take them. */
import { useMemo } from 'preact/hooks';
import { boxClock, useMe } from '../me.ts';
import { type Dates, datesAsked } from '../parts/period.ts';

/** The same object as long as the same is asked for on the same day. */
export function useDates(query: URLSearchParams): Dates {
  const { me, drift } = useMe();
  const { startdate, enddate } = datesAsked(query, boxClock(drift, me.zone));
  return useMemo(() => ({ startdate, enddate }), [startdate, enddate]);
}
