/**
 * What is to be told to the world, written in the transaction that made it true. The row's id is the `EventSequence`
 * that every consumer resumes from; its content is read from the leg, call or recording that it points to.
 */
import type { Database } from './database.ts';

export type OutboxKind = 'cdr' | 'call' | 'recording';

/** Rows kept, so that a consumer that was away can resume: at 3 a call about 80,000 calls, 5 MB. */
const OUTBOX_KEPT = 250_000;
/** Trimmed this many at a time, on every this many-th row: a small delete inside a commit that happens anyway. */
const TRIM_STEP = 256;

/** @param at Epoch seconds. @returns the EventSequence. */
export function announce(database: Database, kind: OutboxKind, ref: number, at: number): number {
  const { id } = database.run('INSERT INTO outbox (kind, ref, at) VALUES (?, ?, ?)', [kind, ref, at]);
  if (id % TRIM_STEP === 0) database.run('DELETE FROM outbox WHERE id <= ?', [id - OUTBOX_KEPT]);
  return id;
}

/**
 * The same for many of one kind, in the order given: a statement instead of one for each.
 * @returns their EventSequences.
 */
export function announceMany(database: Database, kind: OutboxKind, refs: readonly number[], at: number): number[] {
  const [{ seq = 0 } = {}] = database.all("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'");
  const first = Number(seq) + 1;
  database.run('INSERT INTO outbox (id, kind, ref, at) SELECT ? + key, ?, value, ? FROM json_each(?)', [
    first,
    kind,
    at,
    JSON.stringify(refs),
  ]);
  database.run('DELETE FROM outbox WHERE id <= ?', [first + refs.length - 1 - OUTBOX_KEPT]);
  return refs.map((_, index) => first + index);
}
