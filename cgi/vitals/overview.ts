/**
 * 30051 (ours): what a look at the box wants and no other number gives: how fast the medium fills, how large the store is,
 * for how long the daemon has run. The rest is in /healthz, 30002 and 30026.
 */
import * as v from 'valibot';
import { CLOCK_SET } from '../../storage/model/local-time.ts';
import type { RecordingSum } from '../../storage/store.ts';
import { DAYS_LEFT_MAX, type Overview } from '../contract.ts';
import { json } from '../reply.ts';
import { type Services, verb } from '../verb.ts';

/** Days whose recordings tell how fast the medium fills: a whole week, because the weekend is in it. */
const DAYS = 7;
const DAY = 86_400;

export const showOverview = verb({
  about: 'the box at a glance: how fast the medium fills and for how many days it lasts, the size of the store, uptime',
  right: 'settings',
  parameters: v.strictObject({}),
  async handle(_, services) {
    const { box, vitals, store, zone, now } = services;
    const { state, free } = store.disk;
    return json<Overview>({
      time: zone.text(now()),
      uptime: Math.floor(vitals.uptime()),
      version: box.version,
      store: { state, bytes: await vitals.storeBytes(), free },
      medium: await mediumOf(services),
    });
  },
});

/** The medium, and for how long it lasts. */
export async function mediumOf(
  services: Pick<Services, 'medium' | 'store' | 'zone' | 'now'>,
): Promise<Overview['medium']> {
  const { state, why, writable, medium } = services.medium.state();
  const space = services.medium.space();
  const pace = medium === undefined ? null : await paceOn(medium, services);
  const perDay = pace && pace.bytes / pace.days;
  return {
    state,
    why,
    writable,
    free: space?.free ?? null,
    total: space?.total ?? null,
    recorded: pace,
    days_left: space && perDay ? Math.min(DAYS_LEFT_MAX, Math.floor(space.free / perDay)) : null,
  };
}

/**
 * What was recorded on a medium in the last days, and in how many: fewer where it has been in place for less and its
 * recordings don't reach further back. null: nothing tells, or the clock isn't set.
 */
async function paceOn(
  id: number,
  { store, zone, now }: Pick<Services, 'store' | 'zone' | 'now'>,
): Promise<Overview['medium']['recorded']> {
  const at = now();
  if (at < CLOCK_SET) return null;
  const wall = at + zone.offsetAt(at);
  const range = { medium: id, from: wall - DAYS * DAY, before: wall };
  let bytes = 0;
  let count = 0;
  for (let step: Pick<RecordingSum, 'next'> | null = null; !step || step.next; ) {
    const sum: RecordingSum = await store.work('sumRecordings', { ...range, after: step?.next ?? null });
    bytes += sum.bytes;
    count += sum.count;
    step = sum;
  }
  if (count === 0) return null;
  const { files } = await store.work('oldestRecordings', { ...range, after: null });
  const came = (await store.ask('knownMedia')).find((medium) => medium.id === id)?.firstAt ?? at;
  const since = Math.min(came + zone.offsetAt(came), files[0]?.wall ?? wall);
  const days = Math.min(DAYS, Math.max(1, (wall - since) / DAY));
  return { count, bytes, days: Math.round(days * 10) / 10 };
}
