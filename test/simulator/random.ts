/** Chance with a seed: the same seed draws the same calls for ever, on every machine. */

export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** A whole number from `low` to `high`, both possible. */
  whole(low: number, high: number): number;
  /** One of the items. Throws when there are none. */
  pick<T>(items: readonly T[]): T;
  /** `length` random hexadecimal digits. */
  hex(length: number): string;
}

/** A 32-bit xorshift generator (Marsaglia 2003, shifts 13, 17, 5): small and even enough for telephone calls. */
export function seededRandom(seed: number): Random {
  // Multiplying by an odd constant spreads small seeds; zero is the one state that xorshift never leaves.
  let state = Math.imul((seed | 0) + 1, 0x9e3779b1) | 0 || 1;
  const step = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  for (let warm = 0; warm < 8; warm += 1) step();

  const next = (): number => step() / 0x1_0000_0000;
  const whole = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
  return {
    next,
    whole,
    pick: (items) => {
      const item = items[whole(0, items.length - 1)];
      if (item === undefined) throw new Error('nothing to pick from');
      return item;
    },
    hex: (length) => Array.from({ length }, () => whole(0, 15).toString(16)).join(''),
  };
}
