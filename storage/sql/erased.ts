/**
 * Records that were erased, as hashes of their identities: the CDR CSV read again, the other source or an import must not
 * bring a deleted call back. Of a record nothing can be read from its hash, and it takes 12 bytes instead of 500.
 */
import { createHash } from 'node:crypto';
import { contentOf } from '../model/identity.ts';
import type { Leg } from '../model/leg.ts';
import type { Database } from './database.ts';

/** Bytes of the content's hash: with a million erased records, one in 10¹³ new ones would be taken for one of them. */
const CONTENT_BYTES = 8;
/** Behind them the Sequence + 1, and 0 where there is none: one that a record lacks is not compared (guide-resolved). */
const SEQUENCE_BYTES = 4;
const NO_SEQUENCE = Buffer.alloc(SEQUENCE_BYTES);

/**
 * Whether a store has ever erased a record, where that is known; no hash is ever taken away. Until it has there is nothing to
 * compare a record with, whose own hash and look cost a twentieth of all that a record does.
 */
const hasErased = new WeakMap<Database, boolean>();

/** Remembers records of calls that are erased. */
export function rememberErased(database: Database, legs: readonly Leg[]): void {
  hasErased.set(database, true); // also where this is undone: then they are looked for in vain
  const hashes = legs.map((leg) => Buffer.concat([contentHash(leg), sequenceBytes(leg)]).toString('hex'));
  database.run('INSERT OR IGNORE INTO leg_erased (hash) SELECT unhex(value) FROM json_each(?)', [
    JSON.stringify(hashes.sort()),
  ]);
}

/** Whether this record was erased. */
export function isErased(database: Database, leg: Leg): boolean {
  if (!hasErased.has(database))
    hasErased.set(database, database.first('SELECT 1 FROM leg_erased LIMIT 1') !== undefined);
  if (!hasErased.get(database)) return false;
  const content = contentHash(leg);
  const first = Buffer.concat([content, NO_SEQUENCE]);
  const last = Buffer.concat([content, Buffer.alloc(SEQUENCE_BYTES, 0xff)]);
  const own = sequenceBytes(leg);
  return database.all('SELECT hash FROM leg_erased WHERE hash BETWEEN ? AND ?', [first, last]).some(({ hash }) => {
    const sequence = Buffer.from(hash as Uint8Array).subarray(CONTENT_BYTES);
    return leg.sequence === null || sequence.equals(NO_SEQUENCE) || sequence.equals(own);
  });
}

function contentHash(leg: Leg): Buffer {
  // As the store keeps text: without NULs.
  const content = JSON.stringify(contentOf(leg)).replaceAll('\\u0000', '');
  return createHash('sha256').update(content).digest().subarray(0, CONTENT_BYTES);
}

function sequenceBytes({ sequence }: Leg): Buffer {
  if (sequence === null) return NO_SEQUENCE;
  const bytes = Buffer.alloc(SEQUENCE_BYTES);
  bytes.writeUInt32BE((sequence + 1) % 2 ** 32);
  return bytes;
}
