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

/**
 * The same when a leg has moved from one group to another: each folded row of the group that it left and of the one that
 * it joined, with its stored row. A row whose anchor has moved moves with it; of the others each group's stay its own.
 */
export function pairMoved<Old extends Anchored, New extends Anchored>(
  left: { readonly stored: readonly Old[]; readonly folded: readonly New[] },
  joined: { readonly stored: readonly Old[]; readonly folded: readonly New[] },
) {
  const follows = (old: Old) => joined.folded.some((row) => row.anchor === old.anchor);
  const first = pairRows(
    left.stored.filter((old) => !follows(old)),
    left.folded,
  );
  const second = pairRows([...left.stored.filter(follows), ...joined.stored, ...first.left], joined.folded);
  return { left: first.pairs, joined: second.pairs, over: second.left };
}
