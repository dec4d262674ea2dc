/**
 * Which of a group's stored rows each newly folded row is: by anchor first, the rest in order. So a row's `id` stays the
 * same while records arrive late, and what nobody claims is left over to be removed.
 */

export interface Anchored {
  readonly anchor: number;
}

export function pairRows<Old extends Anchored, New extends Anchored>(
  stored: readonly Old[],
  folded: readonly New[],
): { readonly pairs: readonly (readonly [Old | null, New])[]; readonly left: readonly Old[] } {
  const free = [...stored];
  const take = (index: number) => (index < 0 ? null : (free.splice(index, 1)[0] ?? null));
  const byAnchor = folded.map((row) => take(free.findIndex((old) => old.anchor === row.anchor)));
  const pairs = folded.map((row, index) => [byAnchor[index] ?? take(free.length > 0 ? 0 : -1), row] as const);
  return { pairs, left: free };
}
