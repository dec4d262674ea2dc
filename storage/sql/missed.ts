/**
 * Missed calls and what became of their callers (model/missed.ts), a step at a time: from the newest on, each with whether
 * its caller has talked with somebody since. A step costs what it looks at, however many calls there are.
 */
import type { Cursor } from '../filter.ts';
import { isTalk, type MissedTry, NUMBER_END, outsideNumber, sameNumber } from '../model/missed.ts';
import type { NumberPlan } from '../model/number-plan.ts';
import { type AuditLine, audit } from './audit.ts';
import { applyCall, callById, type StoredCall } from './call.ts';
import type { Database } from './database.ts';
import { clock, text } from './listing.ts';

/** Aim of a step, ms, and missed calls between two looks at the clock. */
const STEP_MS = 5;
const CHUNK = 16;
/** Missed calls of a step at most: they cross to another thread. */
const STEP_ROWS = 500;
/** Talks looked at for one missed call: those of another number with the same end are among them, and few. */
const TALKS = 20;

export interface MissedRequest {
  /** Starts from this on, epoch seconds. */
  readonly from: number;
  /** null: from the newest on. */
  readonly after: Cursor | null;
}

/** A missed call; texts as the report has them. */
export interface MissedCall extends MissedTry {
  readonly id: string;
  /** Its start on the box's clock. */
  readonly start: string;
  readonly dst: string;
  readonly trunk: string;
  readonly port: number;
  readonly cidName: string;
  readonly uniqueId: string;
  /** Of the phone book; '' = not in it. */
  readonly contact: string;
  readonly group: string;
  /** When it was ticked off, epoch seconds, and who did it; null: nobody. */
  readonly processedAt: number | null;
  readonly processedBy: string | null;
}

export interface MissedStep {
  readonly calls: readonly MissedCall[];
  /** null: there are no more. */
  readonly next: Cursor | null;
}

/** In the words of the index, so that it serves. */
const MISSED = "trash IS NULL AND open = 0 AND calltype = 'Inbound' AND disposition <> 'ANSWERED'";
const ROWS = `SELECT id, start_at, ${text('id')} AS text_id, ${clock('start_at + start_offset')} AS start, src, dst,
    src_trunk, port, cidname, uniqueid, processed_at, processed_by, contact.name, contact.groupname
  FROM call INDEXED BY call_missed LEFT JOIN contact ON contact.number = src
  WHERE ${MISSED} AND start_at >= ? AND (start_at, id) < (?, ?) ORDER BY start_at DESC, id DESC LIMIT ${CHUNK}`;
const TALKED = `SELECT calltype, src, dst, src_trunk, disposition FROM call INDEXED BY call_talk
  WHERE trash IS NULL AND open = 0 AND disposition = 'ANSWERED' AND calltype IN ('Inbound', 'Outbound', 'CallBack')
    AND substr(CASE calltype WHEN 'Inbound' THEN src WHEN 'Outbound' THEN dst ELSE iif(src_trunk = '', dst, src) END, -7) = ?
    AND start_at >= ? ORDER BY start_at DESC LIMIT ${TALKS}`;

/** The next missed calls, newest first. */
export function missedStep(database: Database, { from, after }: MissedRequest, plan: NumberPlan): MissedStep {
  const end = performance.now() + STEP_MS;
  const calls: MissedCall[] = [];
  let next: Cursor | null = after ?? { key: Number.MAX_SAFE_INTEGER, id: 0 };
  do {
    const rows = database.all(ROWS, [from, next.key, next.id]);
    for (const row of rows) {
      const src = String(row['src']);
      const processedAt = row['processed_at'] === null ? null : Number(row['processed_at']);
      calls.push({
        id: String(row['text_id']),
        start: String(row['start']),
        src,
        dst: String(row['dst']),
        trunk: String(row['src_trunk']),
        port: Number(row['port']),
        cidName: String(row['cidname']),
        uniqueId: String(row['uniqueid']),
        contact: String(row['name'] ?? ''),
        group: String(row['groupname'] ?? ''),
        processed: processedAt !== null,
        processedAt,
        processedBy: row['processed_by'] === null ? null : String(row['processed_by']),
        returned: hasTalked(database, src, Number(row['start_at']), plan),
      });
    }
    const last = rows.length === CHUNK ? rows.at(-1) : undefined;
    next = last ? { key: Number(last['start_at']), id: Number(last['id']) } : null;
  } while (next && calls.length < STEP_ROWS && performance.now() < end);
  return { calls, next };
}

/** @param since Epoch seconds. */
function hasTalked(database: Database, number: string, since: number, plan: NumberPlan): boolean {
  if (number === '') return false;
  return database.all(TALKED, [number.slice(-NUMBER_END), since]).some((row) => {
    const talk = {
      callType: row['calltype'] as StoredCall['row']['callType'],
      src: String(row['src']),
      dst: String(row['dst']),
      srcTrunk: String(row['src_trunk']),
      disposition: row['disposition'] as StoredCall['row']['disposition'],
    };
    return isTalk(talk, plan) && sameNumber(outsideNumber(talk), number);
  });
}

/**
 * Ticks a call off, or takes the tick away. `line` is written when that changes something.
 * @returns its EventSequences; null: there is no such call, or nobody sees it.
 */
export function processCall(
  database: Database,
  id: number,
  processed: boolean,
  line: AuditLine,
  now: number,
): number[] | null {
  const call = callById(database, id);
  if (!call || call.open || call.trash !== null) return null;
  if ((call.processed !== null) === processed) return [];
  audit(database, { ...line, detail: { ...line.detail, call: String(id) } }, now);
  return applyCall(database, call, { ...call, processed: processed ? { at: now, by: line.who } : null }, now);
}
