/** A deletion of recordings while it is worked off, and what its row in the store says to that work. */
import { createHash } from 'node:crypto';
import { CgiError } from '../../cgi/reply.ts';
import type { Deletion, TrashProgress } from '../../storage/store.ts';
import { BOX } from '../box.ts';

/** One that is under way, with what only this process needs to know of it. */
export interface Job {
  deletion: Deletion;
  readonly missing: string[];
  readonly refused: { readonly path: string; readonly code: string }[];
  /** It was begun by a process before this one, which may have moved files and not said so. */
  readonly resumed: boolean;
  /** Why it could not even begin. */
  fault: CgiError | null;
  /** Told when it is over or has to wait. */
  waiters: (() => void)[];
}

/** It can't be gone on with now: another medium is in place. */
export class OtherMedium extends Error {}

/** Done by a rule: nobody has named the files. */
export function isByRule({ who, address }: Deletion): boolean {
  return who === BOX.who && address === BOX.address;
}

export const FOLDER_NAME = /^\d+-[0-9a-f]{8}$/;

/** Two boxes that share sticks count alike: the mark tells their deletions apart. */
export function folderOf({ id, token }: Pick<Deletion, 'id' | 'token'>): string {
  return `${id}-${createHash('sha256').update(token).digest('hex').slice(0, 8)}`;
}

/** What is purged has expired when it begins. */
export function isPurge({ expiresAt }: Deletion): boolean {
  return expiresAt === 0;
}

/** How many of its paths are through; null: it is at its beginning. */
export function nextOf({ progress }: Deletion): number | null {
  return (progress as TrashProgress | null)?.next ?? null;
}

/** @param code The system's. */
export function isFull(code: string): boolean {
  return code === 'ENOSPC' || code === 'EDQUOT';
}

export function isOffline(error: unknown): boolean {
  return error instanceof CgiError && error.code === 'storage_offline';
}
