/**
 * What is to be told to the world, written in the transaction that made it true. The row's id is the `EventSequence`
 * that every consumer resumes from; its content is read from the leg, call, recording or
 * change of the medium that it points to.
 */
import type { Leg } from '../model/leg.ts';
import type { Database } from './database.ts';
import { legById } from './leg.ts';
import { type MediumChange, mediumChangeById } from './medium-change.ts';
import { behind, lastOf } from './sequence.ts';

export type OutboxKind = 'cdr' | 'call' | 'recording' | 'medium';

/** Rows kept, so that a consumer that was away can resume: at 3 a call about 80,000 calls, 5 MB. */
const OUTBOX_KEPT = 250_000;
/** Trimmed this many at a time, on every this many-th row: a small delete inside a commit that happens anyway. */
const TRIM_STEP = 256;

/** @param at Epoch seconds. @returns the EventSequence. */
export function announce(database: Database, kind: OutboxKind, ref: number, at: number): number {
  const { id } = database.run('INSERT INTO outbox (kind, ref, at) VALUES (?, ?, ?)', [kind, ref, at]);
  if (id % TRIM_STEP === 0) trim(database, id, TRIM_STEP);
  return id;
}

/**
 * The oldest beyond those kept. Twice as many as were added at most: what has piled up goes by and by, in no commit all at
 * once.
 */
function trim(database: Database, newest: number, added: number): void {
  database.run('DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE id <= ? ORDER BY id LIMIT ?)', [
    behind(database, newest, OUTBOX_KEPT),
    added * 2,
  ]);
}

/** What a row tells of, as far as events are made of it. */
export type OutboxEvent =
  | { readonly sequence: number; readonly kind: 'cdr'; readonly leg: Leg }
  /** A recording that is complete, and holds sound. */
  | {
      readonly sequence: number;
      readonly kind: 'recording';
      readonly path: string;
      readonly seconds: number;
      readonly mtimeMs: number;
      /** Epoch seconds when it was found. */
      readonly at: number;
    }
  /** The medium's state changed. `at`: epoch seconds. */
  | ({ readonly sequence: number; readonly kind: 'medium'; readonly at: number } & MediumChange);

export interface OutboxPage {
  readonly events: readonly OutboxEvent[];
  /** EventSequence up to which this page has looked. */
  readonly last: number;
  /** EventSequence of the oldest row that is kept; null: there are none. */
  readonly oldest: number | null;
  /** EventSequence of the newest; 0: there are none. */
  readonly newest: number;
}

/** Rows of one step: reading as many legs takes some 10 ms on a small ARM. */
const PAGE_ROWS = 200;

/** The rows after an EventSequence, oldest first. What has been erased since is passed over. */
export function outboxPage(database: Database, after: number): OutboxPage {
  const edge = (which: 'min' | 'max') => database.first(`SELECT ${which}(id) AS id FROM outbox`)?.['id'] ?? null;
  const oldest = edge('min');
  const rows = database.all('SELECT id, kind, ref, at FROM outbox WHERE id > ? ORDER BY id LIMIT ?', [
    after,
    PAGE_ROWS,
  ]);
  const events = rows.flatMap((row): OutboxEvent[] => {
    const sequence = Number(row['id']);
    const ref = Number(row['ref']);
    if (row['kind'] === 'cdr') {
      const leg = legById(database, ref);
      return leg ? [{ sequence, kind: 'cdr', leg }] : [];
    }
    const at = Number(row['at']);
    if (row['kind'] === 'medium') {
      const change = mediumChangeById(database, ref);
      return change ? [{ sequence, kind: 'medium', at, ...change }] : [];
    }
    if (row['kind'] !== 'recording') return [];
    const file = database.first("SELECT path, seconds, mtime_ms FROM recording WHERE id = ? AND state <> 'empty'", [
      ref,
    ]);
    if (!file) return [];
    const seconds = Number(file['seconds']);
    const mtimeMs = Number(file['mtime_ms']);
    return [{ sequence, kind: 'recording', path: String(file['path']), seconds, mtimeMs, at }];
  });
  const last = rows.at(-1)?.['id'] ?? after;
  return {
    events,
    last: Number(last),
    oldest: oldest === null ? null : Number(oldest),
    newest: Number(edge('max') ?? 0),
  };
}

/**
 * The same for many of one kind, in the order given: a statement instead of one for each.
 * @returns their EventSequences.
 */
export function announceMany(database: Database, kind: OutboxKind, refs: readonly number[], at: number): number[] {
  const first = lastOf(database, 'outbox') + 1;
  database.run('INSERT INTO outbox (id, kind, ref, at) SELECT ? + key, ?, value, ? FROM json_each(?)', [
    first,
    kind,
    at,
    JSON.stringify(refs),
  ]);
  trim(database, first + refs.length - 1, refs.length);
  return refs.map((_, index) => first + index);
}
