/**
 * The audit log as hash chains: the hash of a line covers the line and, by the hash of the line before it, all that was
 * before. So whoever changes, removes or slips in a line has to make all hashes behind it anew, and then they are not the
 * ones that the system log has seen (daemon/audit-heads.ts). There are three chains, because each is cut at its oldest end
 * by itself: what strangers cause must not push out what was done.
 *
 * The form that is hashed is frozen, so that a third party can recompute it (README, "Audit log"): a line in canonical
 * JSON (RFC 8785), with the hash of the line before it as `previous`.
 */
import { createHash } from 'node:crypto';

/** `act`: what was changed. `use`: who came in, and what was handed out. `refused`: what was tried in vain. */
export const CHAINS = ['act', 'use', 'refused'] as const;
export type Chain = (typeof CHAINS)[number];

/** Lines that stay of each, the newest; some 30 MB in all: what people change in decades, and weeks of the others. */
export const LINES_KEPT: Readonly<Record<Chain, number>> = { act: 100_000, use: 20_000, refused: 10_000 };

/** What no version keeps fewer of: who cuts more off has it in the store's own note as well. Frozen. */
export const FEWEST_KEPT: Readonly<Record<Chain, number>> = { act: 100_000, use: 20_000, refused: 10_000 };

/** A line of a chain by its number, from 1 on, and its hash, 64 hex digits. */
export interface Link {
  readonly line: number;
  readonly hash: string;
}

/** What stands before the first line of all. */
export const BEGINNING: Link = { line: 0, hash: '0'.repeat(64) };

const REFUSED = new Set([
  'login.failed',
  'password.failed',
  'code.failed',
  'key.refused',
  'share.refused',
  'dialect.refused',
  'denied',
  'ami.login.failed',
  'ami.denied',
]);
const USES = new Set([
  'login',
  'calls.exported',
  'recordings.exported',
  'contacts.exported',
  'recordings.downloaded',
  'recording.played',
  'share.opened',
  'call.placed', // by a program, as often as somebody calls
  'share.played',
  'recording.paused', // twice in each call that someone's card is read in
  'recording.resumed',
]);

/** Which chain a line belongs to. Whatever isn't known here was done, and stays longest. */
export function chainOf(action: string): Chain {
  if (REFUSED.has(action)) return 'refused';
  return USES.has(action) || action.startsWith('ami.') ? 'use' : 'act';
}

/** A line as it is hashed. */
export interface HashedLine {
  readonly who: string;
  readonly address: string;
  readonly action: string;
  readonly reason: string;
  readonly id: number;
  readonly chain: Chain;
  readonly line: number;
  /** Epoch seconds. */
  readonly at: number;
  /** As it is stored: the {@link canonical} form of the details. */
  readonly detail: string;
}

/** @param previous The hash of the line before, 64 hex digits. @returns 32 bytes. */
export function hashOf({ action, address, at, chain, detail, id, line, reason, who }: HashedLine, previous: string) {
  // The names in order, written out, because the details are text already.
  const head = JSON.stringify({ action, address, at, chain }).slice(0, -1);
  const tail = JSON.stringify({ id, line, previous, reason, who }).slice(1);
  return createHash('sha256').update(`${head},"detail":${detail},${tail}`).digest();
}

/** JSON without blanks, its names in order (RFC 8785): numbers and texts look as JSON.stringify gives them. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value === 'string') return JSON.stringify(storable(value));
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const names = Object.entries(value).filter(([, each]) => each !== undefined);
  names.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${names.map(([name, each]) => `${canonical(name)}:${canonical(each)}`).join(',')}}`;
}

/** A text as the database gives it back: it knows no NUL, and no half of a surrogate pair. */
export function storable(text: string): string {
  return /[\0\p{Cs}]/u.test(text) ? Buffer.from(text.replaceAll('\0', '')).toString() : text;
}
