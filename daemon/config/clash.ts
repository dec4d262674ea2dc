/** Faults between keys: number ranges that overlap (a number has one kind), and two listeners on one address. */
import * as v from 'valibot';
import { LISTEN_LIST, RANGES } from '../../cgi/settings/kinds.ts';
import { inRange, parseNumberRanges } from '../../storage/model/number-plan.ts';
import type { ConfigFault, Settings } from './reading.ts';
import { CONFIG_KEYS, type ConfigKey } from './schema.ts';

/** What is faulty by itself is left out: it has its complaint already. */
export function clashes(settings: Settings): ConfigFault[] {
  const itemsOf = <Item>(belongs: (key: ConfigKey) => boolean, items: (value: unknown) => readonly Item[]) =>
    CONFIG_KEYS.filter(belongs).flatMap(({ key, fallback }) => {
      const setting = settings.get(key);
      return items(setting ? setting.value : fallback).map((item) => ({ key, item }));
    });
  const ranges = itemsOf(({ section }) => section === 'numbering', rangesIn);
  const listeners = itemsOf(({ name }) => name === 'listen', listenersIn);
  return [
    ...pairFaults(settings, ranges, 'overlaps', (a, b) => inRange(a.low, b) || inRange(b.low, a)),
    ...pairFaults(
      settings,
      listeners,
      'has the same address as',
      (a, b) => a.port !== 0 && a.port === b.port && a.host === b.host,
    ),
  ];
}

function rangesIn(value: unknown) {
  const { success, output } = v.safeParse(RANGES, value);
  return success ? parseNumberRanges(output) : [];
}

function listenersIn(value: unknown) {
  const { success, output } = v.safeParse(LISTEN_LIST, value, { abortPipeEarly: true });
  return success ? output : [];
}

/** One fault for each pair of keys that clash. */
function pairFaults<Item>(
  settings: Settings,
  items: readonly { key: string; item: Item }[],
  verb: string,
  clash: (a: Item, b: Item) => boolean,
): ConfigFault[] {
  const faults = new Map<string, ConfigFault>();
  for (const [index, b] of items.entries()) {
    for (const a of items.slice(0, index)) {
      if (!clash(a.item, b.item)) continue;
      // The fault stands where somebody wrote something: the later key, unless only the earlier one is set.
      const [at, other] = settings.has(b.key) ? [b.key, a.key] : [a.key, b.key];
      const place = settings.get(at)?.place ?? { line: null };
      const message = `${verb} ${at === other ? 'itself' : other}`;
      faults.set(`${at} ${other}`, { place, key: at, message });
    }
  }
  return [...faults.values()];
}
