/**
 * Who did what, from where, when and why: written in the transaction that did it, at the end of its chain
 * (sql/audit-chain.ts). No secret ever stands in a detail. The database refuses that a line is changed, or removed but at
 * the oldest end.
 */
import {
  BEGINNING,
  CHAINS,
  type Chain,
  canonical,
  chainOf,
  FEWEST_KEPT,
  hashOf,
  LINES_KEPT,
  type Link,
  storable,
} from './audit-chain.ts';
import type { Bind, Database, Row } from './database.ts';
import { lastOf } from './sequence.ts';

export interface AuditLine {
  /** Account, `key:NAME`, `ami:NAME`, `console` for the command line, `cdrd` for the box itself; '' nobody that is known. */
  readonly who: string;
  /** Remote address, '' for the command line. */
  readonly address: string;
  readonly action: string;
  /** Why, in the words of who asked; absent or '' none was given. */
  readonly reason?: string;
  readonly detail: Readonly<Record<string, string | number | boolean>>;
}

/** Who did it, from where, and why. */
export type By = Pick<AuditLine, 'who' | 'address' | 'reason'>;

/** Lines trimmed at a time. */
const TRIM_STEP = 256;

/** @param now Epoch seconds. */
export function audit(database: Database, { who, address, action, reason = '', detail }: AuditLine, now: number): void {
  const chain = chainOf(action);
  const { head } = chainState(database, chain);
  const line = {
    id: lastOf(database, 'audit') + 1,
    chain,
    line: head.line + 1,
    at: now,
    who: storable(who),
    address: storable(address),
    action: storable(action),
    reason: storable(reason),
    detail: canonical(detail),
  };
  // What is told of the head, a trigger writes.
  database.run(
    `INSERT INTO audit (id, chain, line, at, who, address, action, reason, detail, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [...Object.values(line), hashOf(line, head.hash)],
  );
  if (line.line % TRIM_STEP === 0) trim(database, chain, line.line - LINES_KEPT[chain]);
}

/** Cuts a chain off behind this line, which becomes its anchor. */
function trim(database: Database, chain: Chain, last: number): void {
  const { changes } = database.run(
    `UPDATE audit_chain SET (anchor_line, anchor_hash) =
       (SELECT line, hash FROM audit WHERE audit.chain = audit_chain.name AND line = ?)
     WHERE name = ? AND anchor_line < ?`,
    [last, chain, last],
  );
  if (changes > 0) database.run('DELETE FROM audit WHERE chain = ? AND line <= ?', [chain, last]);
}

/** A chain as it stands. */
export interface ChainState {
  readonly chain: Chain;
  /** The last line that was cut off. Line 0: none was. */
  readonly anchor: Link;
  /** The last line of all. Line 0: there is none. */
  readonly head: Link;
  /** Lines that have always been left where it was cut, as the store says. */
  readonly kept: number;
}

export function auditChains(database: Database): ChainState[] {
  return CHAINS.map((chain) => chainState(database, chain));
}

/** Heads in one text, as the log and a replaced store tell them: `act:17:HASH use:4:HASH refused:0:HASH`. */
export function headsText(chains: readonly ChainState[]): string {
  return chains.map(({ chain, head }) => `${chain}:${head.line}:${head.hash}`).join(' ');
}

function chainState(database: Database, chain: Chain): ChainState {
  const row = database.first('SELECT * FROM audit_chain WHERE name = ?', [chain]);
  const link = (end: string): Link =>
    row ? { line: Number(row[`${end}_line`]), hash: hex(row[`${end}_hash`]) } : BEGINNING;
  return { chain, anchor: link('anchor'), head: link('head'), kept: Number(row?.['kept'] ?? 0) };
}

/** A line as it stands in the log. */
export interface AuditEntry extends Required<AuditLine> {
  readonly id: number;
  readonly chain: Chain;
  readonly line: number;
  /** Epoch seconds. */
  readonly at: number;
  /** 64 hex digits: of the line before it in its chain, and its own. */
  readonly previous: string;
  readonly hash: string;
}

/** What of the log is asked for; what isn't named, all. */
export interface AuditFilter {
  readonly chain?: Chain;
  readonly who?: string;
  readonly address?: string;
  /** Exactly this; ending in `*`, whatever begins so. */
  readonly action?: string;
  /** Epoch seconds, both included. */
  readonly from?: number;
  readonly to?: number;
}

export interface AuditRequest extends AuditFilter {
  /** Only lines with a lower id; null: from the newest on. */
  readonly before: number | null;
  /** Lines at most; of one step never more than {@link PART}. */
  readonly limit: number;
}

/** Lines looked at in one step, matching or not, and given: some ms. */
const SCAN = 2_000;
const PART = 200;

/** The next part, newest first. `next`: before which id to go on; null: that was the end. */
export function auditEntries(database: Database, request: AuditRequest) {
  const { before, chain, who, address, action, from, to } = request;
  const limit = Math.min(request.limit, PART);
  const conditions: string[] = [];
  const binds: Bind[] = [];
  const where = (condition: string, ...values: Bind[]) => {
    conditions.push(condition);
    binds.push(...values);
  };
  if (chain !== undefined) where('chain = ?', chain);
  if (who !== undefined) where('who = ?', who);
  if (address !== undefined) where('address = ?', address);
  if (action?.endsWith('*')) where('substr(action, 1, ?) = ?', [...action].length - 1, action.slice(0, -1));
  else if (action !== undefined) where('action = ?', action);
  if (from !== undefined) where('at >= ?', from);
  if (to !== undefined) where('at <= ?', to);
  const start = before ?? Number.MAX_SAFE_INTEGER;
  const part = 'SELECT * FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?';
  const rows = database.all(
    `SELECT * FROM (${part}) ${conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''} ORDER BY id DESC LIMIT ?`,
    [start, SCAN, ...binds, limit],
  );
  const last = database.first(`SELECT min(id) AS id FROM (${part})`, [start, SCAN])?.['id'] ?? null;
  const next = rows.length === limit ? (rows.at(-1)?.['id'] ?? null) : last;
  const isEnd = next === null || !database.first('SELECT id FROM audit WHERE id < ? LIMIT 1', [Number(next)]);
  return { entries: rows.map((row) => entryOf(database, row)), next: isEnd ? null : Number(next) };
}

function entryOf(database: Database, row: Row): AuditEntry {
  const { chain, line } = linkOf(row);
  return {
    ...textsOf(row),
    id: Number(row['id']),
    chain,
    line,
    at: Number(row['at']),
    detail: detailOf(String(row['detail'])),
    previous: auditLink(database, chain, line - 1),
    hash: hex(row['hash']),
  };
}

/** What somebody else has written there must not hide the other lines. */
function detailOf(text: string): AuditLine['detail'] {
  try {
    return JSON.parse(text) as AuditLine['detail'];
  } catch {
    return { unreadable: text };
  }
}

/** The hash of a line; '' when it has been cut off, or there is none yet. */
export function auditLink(database: Database, chain: Chain, line: number): string {
  const row = database.first('SELECT hash FROM audit WHERE chain = ? AND line = ?', [chain, line]);
  if (row) return hex(row['hash']);
  const { anchor } = chainState(database, chain);
  return anchor.line === line ? anchor.hash : '';
}

/** Where a check of a chain has come to: the last line that holds. Line -1: it begins. */
export interface AuditPlace extends Link {
  readonly chain: Chain;
}

export interface AuditStep {
  /** Lines that were looked at. */
  readonly lines: number;
  /** Where to go on; null: that was the end, or something is wrong. */
  readonly next: AuditPlace | null;
  /** What is wrong, for people, and with which line; null: nothing so far. */
  readonly fault: { readonly line: number; readonly why: string } | null;
}

/** Lines of one step of a check: some ms. */
const CHECK_STEP = 100;

/** Compares the next lines of a chain with their hashes, and at its end the last one with the head. */
export function checkAudit(database: Database, place: AuditPlace): AuditStep {
  const { chain } = place;
  const { anchor, head, kept } = chainState(database, chain);
  // What was behind it may have been cut off since.
  let last: Link = place.line < anchor.line ? anchor : place;
  const fault = (line: number, why: string, lines: number): AuditStep => ({ lines, next: null, fault: { line, why } });
  // Not by what this version keeps: one that keeps more finds chains that were cut before. Nor by the store's word alone.
  if (anchor.line > 0 && head.line - anchor.line < Math.max(kept, FEWEST_KEPT[chain]))
    return fault(anchor.line + 1, 'the lines before it were cut off too early', 0);
  const rows = database.all('SELECT * FROM audit WHERE chain = ? AND line > ? ORDER BY line LIMIT ?', [
    chain,
    last.line,
    CHECK_STEP,
  ]);
  for (const [index, row] of rows.entries()) {
    const { line } = linkOf(row);
    if (line !== last.line + 1) return fault(last.line + 1, 'it is missing', index);
    const hash = hashOf({ ...textsOf(row), ...idsOf(row), chain, line, detail: String(row['detail']) }, last.hash);
    if (hash.toString('hex') !== hex(row['hash'])) return fault(line, 'it is not what its hash says', index);
    last = { line, hash: hash.toString('hex') };
  }
  if (rows.length === CHECK_STEP) return { lines: rows.length, next: { chain, ...last }, fault: null };
  if (last.line < head.line) return fault(last.line + 1, 'it is missing, and all behind it', rows.length);
  if (last.line > head.line || last.hash !== head.hash) return fault(last.line, 'it is not the head', rows.length);
  return { lines: rows.length, next: null, fault: null };
}

function textsOf(row: Row) {
  return {
    who: String(row['who']),
    address: String(row['address']),
    action: String(row['action']),
    reason: String(row['reason']),
  };
}

function idsOf(row: Row) {
  return { id: Number(row['id']), at: Number(row['at']) };
}

function linkOf(row: Row): { readonly chain: Chain; readonly line: number } {
  return { chain: row['chain'] as Chain, line: Number(row['line']) };
}

function hex(value: Row[string] | undefined): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : '';
}
