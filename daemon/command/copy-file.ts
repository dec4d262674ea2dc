/** A file copied and hashed in one go, between two that are open already: by whose rights they were is the caller's matter. */
import { createHash } from 'node:crypto';
import { fsyncSync, readSync, writeSync } from 'node:fs';

const PIECE_BYTES = 1_048_576;

/**
 * Copies from the beginning on, durably.
 * @param bytes So many, or up to the end.
 * @returns the SHA-256, hex. @throws what the system throws; when there is less.
 */
export function copyFile(source: number, target: number, bytes = Number.POSITIVE_INFINITY): string {
  const hash = createHash('sha256');
  const piece = new Uint8Array(PIECE_BYTES);
  for (let at = 0; at < bytes; ) {
    const got = readSync(source, piece, 0, Math.min(piece.length, bytes - at), at);
    if (got === 0) {
      if (bytes !== Number.POSITIVE_INFINITY) throw new Error('the store is shorter than it was');
      break;
    }
    hash.update(piece.subarray(0, got));
    for (let done = 0; done < got; ) done += writeSync(target, piece, done, got - done, at + done);
    at += got;
  }
  fsyncSync(target);
  return hash.digest('hex');
}
