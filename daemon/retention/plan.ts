/** What retention would remove at this moment, rule by rule, by the very walks that remove it. Nothing is touched. */
import type { RetentionPlan, RetentionRule, RuleEffect } from '../../cgi/retention/port.ts';
import type { StoreClient } from '../../storage/client.ts';
import type { CallFilter } from '../../storage/filter.ts';
import { formatLocal } from '../../storage/model/local-time.ts';
import { needOf } from './need.ts';
import { countCalls, dueCalls } from './old-calls.ts';
import { bytesOf, dueRecordings, sumOf } from './old-recordings.ts';
import { type RetentionRules, RULES } from './rules.ts';
import type { UsedMedium } from './used-medium.ts';

export interface Moment {
  readonly rules: RetentionRules;
  readonly medium: UsedMedium | null;
  /** Epoch seconds of the clock by which ages are counted, and the same as if the box's clock were UTC; 0: not known. */
  readonly at: number;
  readonly wall: number;
}

/** @param paths Of each rule, at most. */
export async function planOf(
  store: Pick<StoreClient, 'work' | 'count' | 'pages'>,
  { rules, medium, at, wall }: Moment,
  paths: number,
): Promise<RetentionPlan> {
  const effects = new Map<RetentionRule, RuleEffect>(
    RULES.map((rule) => [rule, { rule, value: rules[rule], count: 0, oldest: '', newest: '' }]),
  );
  const effectOf = (rule: RetentionRule) => effects.get(rule) as RuleEffect;
  for (const { rule, filter } of await dueCalls(store, rules, at))
    effects.set(rule, { ...effectOf(rule), ...(await callEffect(store, filter)) });
  if (!medium) return { rules: [...effects.values()], medium: null, trash: 0 };

  const sum = await sumOf(store, medium.id);
  const need = needOf(rules, medium, sum, wall);
  let trash = 0;
  const fromTrash = async (bytes: number) => {
    trash = Math.min(bytes, medium.trash);
    return trash;
  };
  for await (const files of dueRecordings(store, need, fromTrash)) {
    const [first] = files;
    const last = files.at(-1);
    if (!first || !last) continue;
    const known = effectOf(first.rule);
    const shown = known.paths ?? [];
    effects.set(first.rule, {
      ...known,
      count: known.count + files.length,
      bytes: (known.bytes ?? 0) + bytesOf(files),
      oldest: known.oldest || formatLocal(first.wall, 0),
      newest: formatLocal(last.wall, 0),
      paths: [...shown, ...files.slice(0, paths - shown.length).map(({ path }) => path)],
    });
  }
  const { total, free } = medium;
  return {
    rules: [...effects.values()],
    medium: { total, free, recordings: sum.bytes + medium.trash, kept: sum.keptBytes, spared: need.spared },
    trash,
  };
}

async function callEffect(store: Pick<StoreClient, 'count' | 'pages'>, filter: CallFilter) {
  const count = await countCalls(store, filter);
  const edge = async (order: 'asc' | 'desc') => {
    const fields = [['start', 'start']] as const;
    for await (const { rows, bytes } of store.pages('call', { filter, fields, order, limit: 1 }))
      if (rows > 0) return (JSON.parse(Buffer.from(bytes).toString('utf8')) as { start: string }).start;
    return '';
  };
  return { count, oldest: count > 0 ? await edge('asc') : '', newest: count > 0 ? await edge('desc') : '' };
}
