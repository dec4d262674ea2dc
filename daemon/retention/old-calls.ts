/**
 * Which calls go: those over their age, and those that the newest so many don't hold. A call whose recording is marked to
 * be kept stays with it: the one is no evidence without the other.
 */
import type { RetentionRule } from '../../cgi/retention/port.ts';
import type { StoreClient } from '../../storage/client.ts';
import type { CallFilter } from '../../storage/filter.ts';
import type { CallWalk } from '../../storage/store.ts';
import { DATED, DAY, type RetentionRules } from './rules.ts';

export interface DueCalls {
  readonly rule: RetentionRule;
  readonly filter: CallFilter;
}

/** @param at Epoch seconds of the clock by which ages are counted. @returns what each rule takes, none of it twice. */
export async function dueCalls(
  store: Pick<StoreClient, 'work'>,
  rules: RetentionRules,
  at: number,
): Promise<DueCalls[]> {
  const due: DueCalls[] = [];
  let from = DATED;
  const take = (rule: RetentionRule, before: number) => {
    if (before <= from) return;
    due.push({ rule, filter: { start: { from, to: before - 1 }, unkept: true } });
    from = before;
  };
  const days = rules['retention.calls.days'];
  if (days > 0) take('retention.calls.days', at - days * DAY);
  const count = rules['retention.calls.count'];
  // Of those that began in one second all stay: more than so many, and none is taken by chance.
  if (count > 0) take('retention.calls.count', (await startOfNewest(store, count)) ?? 0);
  return due;
}

/** When the newest so many begin, epoch seconds; null: there are fewer. */
async function startOfNewest(store: Pick<StoreClient, 'work'>, count: number): Promise<number | null> {
  let walk: CallWalk = { pass: count, after: null };
  for (;;) {
    const passed = await store.work('passCalls', walk);
    if (!passed) return null;
    if (passed.left === 0) return passed.at.key;
    walk = { pass: passed.left, after: passed.at };
  }
}

/** How many calls a filter matches at this moment. */
export async function countCalls(store: Pick<StoreClient, 'count'>, filter: CallFilter): Promise<number> {
  let matches = 0;
  for await (const { rows } of store.count('call', filter)) matches += rows;
  return matches;
}
