/** The tie between a recording and its call, found from either side; the rule itself is in model/match.ts. */

import type { CallRow } from '../model/call.ts';
import { type Candidate, NEAR_SECONDS, nearestCall, partiesAgree } from '../model/match.ts';
import type { Database, Row } from './database.ts';

/** A call is looked for by its start, which has an index: nobody lets a phone ring for longer than this before an answer. */
const LONGEST_RING_SECONDS = 7_200;

/** The call's record names this file: that tie is the sure one, and replaces any found by time. */
export function tieByName(database: Database, callId: number, path: string): void {
  untie(database, callId);
  if (path !== '') database.run("UPDATE recording SET call_id = ?, match = 'named' WHERE path = ?", [callId, path]);
}

/** @returns the path of the one free recording that agrees with the call by time and parties, now tied to it, or ''. */
export function tieByTime(database: Database, callId: number, call: CallRow): string {
  if (call.answer === null) return '';
  const free = database
    .all('SELECT id, path, answer_at, src, dst FROM recording WHERE answer_at BETWEEN ? AND ? AND call_id IS NULL', [
      call.answer - NEAR_SECONDS,
      call.answer + NEAR_SECONDS,
    ])
    .filter((row) => partiesAgree({ src: String(row['src']), dst: String(row['dst']) }, call));
  const [only] = free;
  if (!only || free.length > 1) return '';
  database.run("UPDATE recording SET call_id = ?, match = 'near' WHERE id = ?", [callId, Number(only['id'])]);
  return String(only['path']);
}

/** The call that a recording just found belongs to, or null. */
export function callOfRecording(
  database: Database,
  recording: { readonly path: string; readonly answer: number | null; readonly src: string; readonly dst: string },
): { readonly id: number; readonly match: 'named' | 'near' } | null {
  const named = database.first('SELECT id FROM call WHERE recording = ? ORDER BY id LIMIT 1', [recording.path]);
  if (named) return { id: Number(named['id']), match: 'named' };
  if (recording.answer === null) return null;
  const candidates = database
    .all(
      "SELECT id, answer_at, src, dst FROM call WHERE start_at BETWEEN ? AND ? AND answer_at BETWEEN ? AND ? AND recording = ''",
      [
        recording.answer - LONGEST_RING_SECONDS,
        recording.answer + NEAR_SECONDS,
        recording.answer - NEAR_SECONDS,
        recording.answer + NEAR_SECONDS,
      ],
    )
    .map(toCandidate);
  const id = nearestCall(recording.answer, recording, candidates);
  return id === null ? null : { id, match: 'near' };
}

/** The call goes, or names another file: its recording is nobody's again. */
export function untie(database: Database, callId: number): void {
  database.run('UPDATE recording SET call_id = NULL, match = NULL WHERE call_id = ?', [callId]);
}

function toCandidate(row: Row): Candidate {
  return {
    id: Number(row['id']),
    answer: Number(row['answer_at']),
    src: String(row['src']),
    dst: String(row['dst']),
  };
}
