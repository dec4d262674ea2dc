/** One row of the bench's table. */
import type { Compared, memoryDuring } from './measure.ts';

/** MiB that a full download or a tar may add to what the daemon holds. */
const GROWTH = 8;

export interface Row {
  readonly name: string;
  /** For people. */
  readonly result: string;
  /** The same for the README's table; absent: what stands in `result` before its first colon. */
  readonly short?: string;
  readonly aim: string;
  /** null: what is measured isn't there yet. */
  readonly met: boolean | 'stated' | null;
  /** The figures themselves. */
  readonly figures?: unknown;
}

/** Ours beside the peer. @param most Times the peer's time at most. */
export function compared(name: string, most: number, figures: Compared): Row {
  const { ours, peer, ratio, bytes, rounds } = figures;
  const ms = ({ median, min, max }: Compared['ours']) =>
    `${median.toFixed(median < 100 ? 1 : 0)} ms (${min.toFixed(0)}–${max.toFixed(0)})`;
  return {
    name,
    result: `${ratio.toFixed(2)} ×: ours ${ms(ours)}, peer ${ms(peer)}, ${rounds} rounds, ${(bytes / 1e6).toFixed(2)} MB`,
    aim: `≤ ${most.toFixed(2)} × peer`,
    met: ratio <= most,
    figures,
  };
}

/** A figure that has no aim. */
export const stated = (name: string, result: string, figures?: unknown): Row => ({
  name,
  result,
  aim: '–',
  met: 'stated',
  figures,
});

/** A row whose figure can't be had, and why. */
export const notThere = (name: string, aim: string, why: string): Row => ({ name, result: why, aim, met: null });

/** What a long answer adds to what the daemon holds. */
export function grown(name: string, memory: Awaited<ReturnType<typeof memoryDuring>>): Row {
  const { before, peak, after } = memory;
  const mib = (value: number) => value.toFixed(1);
  return {
    name,
    short: `+${mib(peak.rss - before.rss)} MiB`,
    result: `+${mib(after.rss - before.rss)} MiB after, +${mib(peak.rss - before.rss)} at most; RSS ${mib(before.rss)} → ${mib(peak.rss)} → ${mib(after.rss)}, RssAnon ${mib(before.anon)} → ${mib(peak.anon)} → ${mib(after.anon)}`,
    aim: `≤ +${GROWTH} MiB`,
    met: peak.rss - before.rss <= GROWTH,
    figures: memory,
  };
}
