/**
 * MOR's new calls. Its document doesn't say new since when; here they are those that its reader hasn't been shown by this
 * page yet: at first today's, from then on those that have ended since the last look. Each account and each key has its own
 * place, held in memory: after a restart of the box today's are new again. A call that is amended or ticked off later is not
 * new again.
 */
import type { CallFilter } from '../../../storage/filter.ts';
import type { Services } from '../../verb.ts';
import { type Call, callsIn, commonNodes } from './calls.ts';
import { type Asked, LANGUAGE, type Page, pageReply } from './page.ts';
import { periodOf } from './period.ts';
import { callsOf } from './search.ts';
import type { MorUser } from './users.ts';

/** Calls of one look; those behind them are the next one's. */
export const NEW_CALLS_MAX = 500;
/** Readers whose places are kept; the one who looked longest ago goes for another. */
const READERS_MAX = 100;
/** Ids kept of each, so that an amended call isn't new again: one that changes later than after so many others is rare. */
const IDS_MAX = 1_000;
/** Seconds back from now in which a call began that may be new: nobody amends an older one but to put it right. */
const NEW_SECONDS = 2 * 86_400;

interface Place {
  /** What changed up to here was told. */
  readonly since: number;
  /** Of calls that were told, the last ones last. */
  readonly ids: ReadonlySet<string>;
}

/** Of each box: a process has more than one in tests only. */
const places = new WeakMap<Services['store'], Map<string, Place>>();

export const newCalls: Page = {
  like: { number: 9006, right: 'cdr.read' },
  async answer(asked) {
    const { user, request } = asked;
    const found = await unseen(asked);
    const { calls, more } = found;
    // Who asks for the head alone has been shown nothing.
    if (request.method !== 'HEAD') look(asked, found);
    const error = more ? `There are more new calls than these ${calls.length}` : '';
    const shown = [...calls].sort((a, b) => (a.start < b.start ? 1 : -1));
    return pageReply('Calls', [
      LANGUAGE,
      ['error_msg', error],
      ['userid', user.id],
      [
        'calls_stat',
        [
          ['total_calls', shown.length],
          [
            'calls',
            shown.map((call) => {
              const { ends, outcome } = commonNodes(call);
              return ['call', [...ends, ...outcome]];
            }),
          ],
        ],
      ],
    ]);
  },
};

/** How many calls {@link newCalls} would show. */
export async function countNew(asked: Asked): Promise<number> {
  return (await unseen(asked)).calls.length;
}

interface Unseen {
  /** Oldest first. */
  readonly calls: readonly Call[];
  readonly more: boolean;
  /** Where the next look begins, once these have been shown. */
  readonly since: number;
  /** Of what was told before. */
  readonly ids: ReadonlySet<string>;
}

async function unseen({ services, caller, user }: Pick<Asked, 'services' | 'caller' | 'user'>): Promise<Unseen> {
  const place = places.get(services.store)?.get(readerOf(caller.user, user));
  const ids = place?.ids ?? new Set();
  // Asked first: what changes meanwhile is the next look's, however many calls of others there are until then.
  const newest = await newestChange(services);
  const since = place ? place.since : await beforeFirst(filterOf(user, null, services), services);
  const calls: Call[] = [];
  // In the order in which they ended.
  for await (const some of callsIn(services, filterOf(user, since, services, !place), { order: 'asc' }))
    for (const call of some) {
      if (call.removed || ids.has(call.id)) continue;
      if (calls.length === NEW_CALLS_MAX) return { calls, more: true, since: Number(calls.at(-1)?.changed), ids };
      calls.push(call);
    }
  return { calls, more: false, since: Math.max(newest, Number(calls.at(-1)?.changed ?? 0)), ids };
}

/** The `changed` of what changed last; 0: nothing ever did. */
async function newestChange(services: Services): Promise<number> {
  const options = { limit: 1, order: 'desc' } as const;
  for await (const [call] of callsIn(services, { start: {}, since: 0 }, options)) if (call) return Number(call.changed);
  return 0;
}

/** What `since` must be, to begin with that of these calls which changed first. */
async function beforeFirst(filter: CallFilter, services: Services): Promise<number> {
  let first = Number.MAX_SAFE_INTEGER;
  for await (const some of callsIn(services, filter))
    for (const { changed } of some) first = Math.min(first, Number(changed));
  return first - 1;
}

/** @param since null: all of today's, by their start. @param isFirst Nothing has been shown yet: those of today only. */
function filterOf(user: MorUser, since: number | null, services: Services, isFirst = since === null): CallFilter {
  const search = { direction: 'all', status: 'all', device: 'all' } as const;
  const start = isFirst ? periodOf(new Map(), services, 1).start : { from: services.now() - NEW_SECONDS };
  return { ...callsOf(user, search, start), ...(since !== null && { since }) };
}

/** Keeps what was shown. */
function look({ services, caller, user }: Asked, { calls, since, ids: before }: Unseen): void {
  const ids = new Set([...before, ...calls.map(({ id }) => id)].slice(-IDS_MAX));
  const readers = places.get(services.store) ?? new Map<string, Place>();
  places.set(services.store, readers);
  const reader = readerOf(caller.user, user);
  readers.delete(reader);
  readers.set(reader, { since, ids });
  const [longestAgo] = readers.keys();
  if (readers.size > READERS_MAX && longestAgo !== undefined) readers.delete(longestAgo);
}

const readerOf = (name: string, { id }: MorUser) => `${id} ${name}`;
