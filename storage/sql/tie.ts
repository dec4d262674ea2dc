/**
 * The tie between a recording and its call, found from either side; the rule itself is in model/match.ts. Files of one
 * path on several media are copies of one recording: they are tied together.
 */

import type { CallRow } from '../model/call.ts';
import { type Candidate, type MatchKind, NEAR_SECONDS, nearestCall } from '../model/match.ts';
import type { Database, Row } from './database.ts';

// `recording <> ''` stands beside every look for a file's name: only so does SQLite take the index, which holds no others;
// without it each recording that was found, or that a call lost, cost a scan of all calls.

/** A call is looked for by its start, which has an index: nobody lets a phone ring for longer than this before an answer. */
const LONGEST_RING_SECONDS = 7_200;

/**
 * The call shows this file from now on ('' = none), instead of whichever it showed before. A tie by time gives way to one
 * by name; of several calls that name one file the first keeps it.
 * @returns the call that showed the file by time and must show it no longer, or null.
 */
export function tie(database: Database, callId: number, path: string, match: MatchKind): number | null {
  release(database, callId);
  if (path === '') return null;
  const tied = database.first('SELECT call_id, match FROM recording WHERE path = ? LIMIT 1', [path]);
  if (!tied || tied['match'] === 'named') return null;
  database.run('UPDATE recording SET call_id = ?, match = ? WHERE path = ?', [callId, match, path]);
  return tied['call_id'] === null ? null : Number(tied['call_id']);
}

/** A file that has just been found takes the tie of one of the same path on another medium. @returns whether there is one. */
export function tieAsTwin(database: Database, id: number, path: string): boolean {
  const twin = database.first('SELECT call_id, match FROM recording WHERE path = ? AND id <> ? LIMIT 1', [path, id]);
  if (!twin) return false;
  database.run('UPDATE recording SET call_id = ?, match = ? WHERE id = ?', [
    twin['call_id'] as number | null,
    twin['match'] as string | null,
    id,
  ]);
  return true;
}

/** The call goes, or shows another file: its recording is that of the next call naming it, or nobody's again. */
export function release(database: Database, callId: number): void {
  for (const { path } of database.all('SELECT DISTINCT path FROM recording WHERE call_id = ?', [callId])) {
    const heir = database.first(
      "SELECT id FROM call WHERE recording = ? AND recording <> '' AND id <> ? ORDER BY id LIMIT 1",
      [String(path), callId],
    );
    database.run('UPDATE recording SET call_id = ?, match = ? WHERE path = ?', [
      heir ? Number(heir['id']) : null,
      heir ? 'named' : null,
      String(path),
    ]);
  }
}

/** @returns the path of the free recording that agrees best with the call by time and parties, or ''. */
export function recordingNear(database: Database, call: CallRow): string {
  if (call.answer === null) return '';
  const free = database.all(
    `SELECT min(id) AS id, path, answer_at, src, dst FROM recording
     WHERE answer_at BETWEEN ? AND ? AND call_id IS NULL GROUP BY path`,
    [call.answer - NEAR_SECONDS, call.answer + NEAR_SECONDS],
  );
  const id = nearestCall(call.answer, call, free.map(toCandidate));
  return String(free.find((row) => row['id'] === id)?.['path'] ?? '');
}

const NEAR = `start_at BETWEEN ? AND ? AND answer_at BETWEEN ? AND ? AND recording = '' AND trash IS NULL`;
/** One may be found before its call is over: the open ones, few, are in another index. */
const CALLS_NEAR = `SELECT id, answer_at, src, dst FROM call INDEXED BY call_start WHERE open = 0 AND ${NEAR}
  UNION ALL SELECT id, answer_at, src, dst FROM call INDEXED BY call_changed WHERE changed IS NULL AND open = 1 AND ${NEAR}`;

/** The call that a recording just found belongs to, or null. */
export function callOfRecording(
  database: Database,
  recording: { readonly path: string; readonly answer: number | null; readonly src: string; readonly dst: string },
): { readonly id: number; readonly match: MatchKind } | null {
  const named = database.first("SELECT id FROM call WHERE recording = ? AND recording <> '' ORDER BY id LIMIT 1", [
    recording.path,
  ]);
  if (named) return { id: Number(named['id']), match: 'named' };
  if (recording.answer === null) return null;
  const { answer } = recording;
  const within = [answer - LONGEST_RING_SECONDS, answer + NEAR_SECONDS, answer - NEAR_SECONDS, answer + NEAR_SECONDS];
  const candidates = database.all(CALLS_NEAR, [...within, ...within]).map(toCandidate);
  const id = nearestCall(recording.answer, recording, candidates);
  return id === null ? null : { id, match: 'near' };
}

function toCandidate(row: Row): Candidate {
  return {
    id: Number(row['id']),
    answer: Number(row['answer_at']),
    src: String(row['src']),
    dst: String(row['dst']),
  };
}
