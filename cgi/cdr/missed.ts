/**
 * 30039 (ours): callers whom nobody has answered or called back, newest first: a list to be worked off. The rule stands in
 * storage/model/missed.ts; who was called by other means is ticked off with 30040.
 */
import * as v from 'valibot';
import type { Cursor } from '../../storage/filter.ts';
import { gatherMissed, type MissedCaller } from '../../storage/model/missed.ts';
import type { MissedCall, MissedStep } from '../../storage/store.ts';
import type { MissedRow, MissedRows } from '../contract.ts';
import * as fields from '../fields.ts';
import { json } from '../reply.ts';
import { verb } from '../verb.ts';

/** Days that the list looks back: who wasn't called back in a month won't be. */
const DAYS = 30;
const DAY = 86_400;
const LIMIT = 100;
const LIMIT_MAX = 500;
/** Missed calls looked at, at most: a box that nobody answers on, or one that robots call. */
const CALLS_MAX = 20_000;

export const missedCalls = verb({
  about: 'callers whom nobody has answered or called back, newest first, one row a caller',
  right: 'cdr.read',
  parameters: v.strictObject({
    days: fields.rows(1, `days to look back, ${DAYS} without it and at most`),
    limit: fields.rows(1, `callers at most, ${LIMIT} without it, ${LIMIT_MAX} at most`),
    processed: fields.flag('those that were ticked off instead'),
  }),
  async handle({ days = DAYS, limit = LIMIT, processed }, { store, zone, now }) {
    const from = now() - Math.min(days, DAYS) * DAY;
    const gathered = gatherMissed<MissedCall>();
    let calls = 0;
    let next: Cursor | null = null;
    do {
      const step: MissedStep = await store.work('missedStep', { from, after: next });
      for (const missed of step.calls) gathered.add(missed);
      calls += step.calls.length;
      next = step.next;
    } while (next && calls < CALLS_MAX);
    const callers = processed ? gathered.tickedOff() : gathered.waiting();
    return json<MissedRows>({
      json_array_missed: callers
        .slice(0, Math.min(limit, LIMIT_MAX))
        .map((caller) => rowOf(caller, (at) => zone.text(at))),
      json_obj_filter: {
        startdate: zone.text(next ? next.key : from),
        enddate: zone.text(now()),
        totalcount: callers.length,
      },
    });
  },
});

/** In the names of 9006; `id` is the last try's. */
function rowOf({ last, first, tries }: MissedCaller<MissedCall>, text: (at: number) => string): MissedRow {
  return {
    calldate: last.start,
    src: last.src,
    contact: last.contact,
    groupname: last.group,
    dst: last.dst,
    channel: last.trunk,
    in_route: last.cidName,
    port: last.port,
    tries,
    first: first.start,
    id: last.id,
    UniqueID: last.uniqueId,
    ...(last.processedAt !== null && { processed: text(last.processedAt), by: last.processedBy ?? '' }),
  };
}
