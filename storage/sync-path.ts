/** Durability of what was written by other means than SQLite. */
import { closeSync, fsyncSync, openSync } from 'node:fs';

/** Makes a file's content, or a folder's entries, durable. */
export function syncPath(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
