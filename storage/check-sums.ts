/** Recomputes every sum by day (sql/sums.ts) from the calls, in steps, while calls come in. */
import type { StoreClient } from './client.ts';
import type { SumsCheck } from './sql/sums-check.ts';

/** Calls of a step: 10 ms on a small ARM. */
const SCAN = 1_000;
/** What changes while it is looked at is looked at again, so often; then in one step, however long that takes. */
const TRIES = 3;

export interface CheckedDay {
  /** Days since 1970, on the box's clock. */
  readonly day: number;
  /** How many sums were looked at. */
  readonly sums: number;
  /** Which differ, each as a person reads it. */
  readonly wrong: readonly string[];
}

/** Calls, seconds, seconds talked, minutes begun. */
type Figures = readonly [calls: number, duration: number, billsec: number, minutes: number];
/** By what it is of, as JSON. */
type Sums = Map<string, Figures>;

/** Day by day, oldest first. */
export async function* checkSums(store: Pick<StoreClient, 'work'>): AsyncGenerator<CheckedDay> {
  let { nextDay: day } = await store.work('sumsCheck', { day: null, after: null, scan: 0 });
  while (day !== null) {
    const { kept, found, nextDay } = await checkDay(store, day);
    const keys = new Set([...kept.keys(), ...found.keys()]);
    const wrong = [...keys].filter((key) => told(kept.get(key)) !== told(found.get(key)));
    const date = new Date(day * 86_400_000).toISOString().slice(0, 10);
    yield {
      day,
      sums: keys.size,
      wrong: wrong.map((key) => `${date} ${named(key)}: ${told(kept.get(key))}, its calls are ${told(found.get(key))}`),
    };
    day = nextDay;
  }
}

async function checkDay(store: Pick<StoreClient, 'work'>, day: number) {
  for (let tries = 1; ; tries++) {
    const found: Sums = new Map();
    let step: SumsCheck | null = null;
    let isSame = true;
    do {
      const after = step?.after ?? null;
      const scan = tries > TRIES ? Number.MAX_SAFE_INTEGER : SCAN;
      const next: SumsCheck = await store.work('sumsCheck', { day, after, scan });
      isSame &&= step === null || step.kept === next.kept;
      step = next;
      addAll(found, step.found);
    } while (step.after);
    if (!isSame) continue;
    const kept: Sums = new Map();
    addAll(kept, step.kept);
    return { kept, found, nextDay: step.nextDay };
  }
}

function addAll(sums: Sums, text: string): void {
  for (const sum of JSON.parse(text) as readonly (readonly (string | number)[])[]) {
    const key = JSON.stringify(sum.slice(0, -4));
    const [calls = 0, duration = 0, billsec = 0, minutes = 0] = sums.get(key) ?? [];
    const [moreCalls = 0, moreDuration = 0, moreBillsec = 0, moreMinutes = 0] = sum.slice(-4).map(Number);
    sums.set(key, [calls + moreCalls, duration + moreDuration, billsec + moreBillsec, minutes + moreMinutes]);
  }
}

function told([calls, duration, billsec, minutes]: Figures = [0, 0, 0, 0]): string {
  return `${calls} calls, ${duration} s, ${billsec} s talked, ${minutes} minutes`;
}

function named(key: string): string {
  const [offset, direction, outcome, source, destination, port] = JSON.parse(key) as readonly (string | number)[];
  return `(UTC${Number(offset) < 0 ? '−' : '+'}${Math.abs(Number(offset)) / 3_600} h), ${direction}, ${outcome}, trunks "${source}" and "${destination}", port ${port}`;
}
