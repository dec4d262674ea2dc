/**
 * Shares: links that show some calls, and let their recordings be heard, to whoever holds them. They only ever show; each
 * has an end, is revoked at once, and ends with the account or the key that made it, or when that account may share no more. Their secret is shown once, when they
 * are made: what rests is its hash. Calls that go into the trash are no longer shown, and come back with them.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { CLOCK_SET } from '../../storage/model/local-time.ts';
import { may } from '../../storage/model/rights.ts';
import type { By } from '../../storage/sql/audit.ts';
import type { ShareKind } from '../../storage/sql/share.ts';
import type { Share } from '../../storage/store.ts';
import { CgiError } from '../reply.ts';
import type { Services } from '../verb.ts';

/** Links at a time. */
const SHARES_MAX = 500;
/** Calls of one: a page that a person reads. */
export const CALLS_MAX = 50;
/** Days that one is good for where nothing is said, and at most. */
export const DAYS = 7;
export const DAYS_MAX = 90;
/** Seconds between two notes of a share's use: one small write a day for each keeps the flash whole. */
const USED_SECONDS = 86_400;

export interface NewLink {
  readonly kind: ShareKind;
  /** Ids of calls that there are, 1 to {@link CALLS_MAX}. */
  readonly calls: readonly number[];
  /** Whether their recordings can be heard. */
  readonly recordings: boolean;
  /** From now on, 1 to {@link DAYS_MAX}. */
  readonly days: number;
}

export interface Link {
  readonly id: number;
  /** `/share/…`: it exists nowhere else. */
  readonly path: string;
  /** Epoch seconds. */
  readonly endsAt: number;
}

/**
 * Whoever asks may read these calls: that was looked at before.
 * @throws {CgiError} `conflict` when there are too many, or the clock is not set; `busy` at the pace of changes
 */
export async function makeShare(
  { kind, calls, recordings, days }: NewLink,
  { store, notes, now }: Pick<Services, 'store' | 'notes' | 'now'>,
  by: By,
): Promise<Link> {
  const createdAt = now();
  if (createdAt < CLOCK_SET)
    throw new CgiError('conflict', 'the clock of the box is not set, by which a link would end');
  notes.acts(by.who, 1);
  const token = randomBytes(32).toString('base64url');
  const endsAt = createdAt + days * 86_400;
  const share = { kind, hash: hashOf(token), calls, recordings, who: by.who, createdAt, endsAt };
  const detail = { kind, calls: calls.join(','), recordings, days };
  const audit = { ...by, action: 'share.made', detail };
  const { share: id } = await store.write({ kind: 'share', share, most: SHARES_MAX, audit });
  if (id === null) throw new CgiError('conflict', `there are ${SHARES_MAX} shared links already: revoke some first`);
  return { id, path: `/share/${token}`, endsAt };
}

/** Which share a link's secret opens; null: none, or no longer. */
export async function findShare(
  token: string,
  { store, accounts, keys, revokedShares, now }: Opening,
): Promise<Share | null> {
  if (!/^[A-Za-z0-9_-]{43}$/.test(token)) return null;
  const hash = hashOf(token);
  const share = await store.ask('shareByHash', hash);
  if (!share || !timingSafeEqual(Buffer.from(share.hash, 'hex'), Buffer.from(hash, 'hex'))) return null;
  if (!holds(share, now())) return null;
  // It ends with whoever made it, who may have gone on trial, or while the disk takes no writes.
  const isGood = share.who.startsWith('key:') ? keys.vouchesFor(share.who) : await mayShare(share.who, accounts);
  return isGood && !revokedShares.has(share.id) ? share : null;
}

/** A role never changes of a key, of an account it may. */
async function mayShare(user: string, accounts: Services['accounts']): Promise<boolean> {
  const account = await accounts.find(user);
  return account !== null && may(account.role, 'cdr.share');
}

type Opening = Pick<Services, 'store' | 'accounts' | 'keys' | 'revokedShares' | 'now'>;

/** A clock that shows less than when it was made has not been set: then nobody knows whether its time is over. */
function holds({ createdAt, endsAt }: Share, now: number): boolean {
  return createdAt <= now && now < endsAt;
}

/** That it was opened; its day is kept for the list. By a disk that is full nobody is kept out. */
export function noteUse({ id, usedAt }: Share, { store, now }: Pick<Services, 'store' | 'now'>): void {
  const at = now();
  if (usedAt !== null && Math.abs(at - usedAt) < USED_SECONDS) return;
  store.write({ kind: 'shareUsed', id, at }).catch(() => {});
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
