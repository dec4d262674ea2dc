/** Everything the store knows of a call by one of its UniqueIDs: where its records came from, why its rows are what they are. */

import type { FoldRule, FoldRules } from '../model/fold.ts';
import { keyOf } from '../model/identity.ts';
import { callsOfGroup } from './call.ts';
import type { Database, Row } from './database.ts';
import { type Pause, pausesOf } from './pause.ts';
import { explainGroup } from './records.ts';

export interface TracedLeg {
  readonly id: number;
  readonly uniqueId: string;
  readonly sequence: number | null;
  readonly source: string;
  readonly destination: string;
  readonly channel: string;
  readonly destinationChannel: string;
  readonly application: string;
  readonly disposition: string;
  /** Epoch seconds. */
  readonly start: number;
  /** null: it wasn't answered. */
  readonly answer: number | null;
  readonly end: number;
  /** When AMI brought it, epoch seconds; null: it didn't. */
  readonly amiAt: number | null;
  /** Where it stands in the CDR CSV; null: not read from there. */
  readonly csv: { readonly path: string; readonly line: number; readonly offset: number } | null;
}

export interface TracedCall {
  /** Row's id; null: the row isn't stored as it should be. */
  readonly id: number | null;
  readonly open: boolean;
  /** It lies in the trash, so no listing shows it. */
  readonly deleted: boolean;
  readonly rule: FoldRule;
  readonly anchor: number;
  readonly legs: readonly number[];
  readonly src: string;
  readonly dst: string;
  readonly disposition: string;
  readonly recording: string;
  /** How the recording was tied: its record names it, time and parties agree, or its file isn't there. */
  readonly tie: 'named' | 'near' | 'no file' | '';
}

export interface Trace {
  readonly group: string;
  readonly legs: readonly TracedLeg[];
  readonly calls: readonly TracedCall[];
  /** Stretches in which its recording was paused. */
  readonly pauses: readonly Pause[];
}

/** A trace for each call group that has a record with this UniqueID or LinkedID: more than one after repeated ids. */
export function trace(database: Database, uniqueId: string, rules: FoldRules): Trace[] {
  const groups = database.all(
    `SELECT DISTINCT call_group FROM leg WHERE uniqueid = ?
     UNION SELECT DISTINCT call_group FROM leg WHERE call_group = ? OR (call_group > ? AND call_group < ?)`,
    [uniqueId, uniqueId, `${uniqueId}#`, `${uniqueId}$`],
  );
  return groups.map((row) => traceGroup(database, String(row['call_group']), rules));
}

/** Everything the store knows of one call group. */
export function traceGroup(database: Database, group: string, rules: FoldRules): Trace {
  const legs = database
    .all(
      `SELECT leg.*, csv_file.path FROM leg LEFT JOIN csv_file ON csv_file.signature = leg.csv_file
       WHERE call_group = ? ORDER BY leg.start_at, leg.id`,
      [group],
    )
    .map(toTracedLeg);
  const stored = callsOfGroup(database, group);
  const calls = explainGroup(database, group, rules).map(({ anchor, rule, legs: own, row }): TracedCall => {
    const call = stored.find((each) => each.anchor === anchor);
    const { src, dst, disposition } = row;
    const recording = call?.row.recording ?? '';
    const tie = call && recording !== '' ? tieOf(database, call.id) : '';
    return {
      id: call?.id ?? null,
      open: call?.open ?? false,
      deleted: (call?.trash ?? null) !== null,
      rule,
      anchor,
      legs: own,
      src,
      dst,
      disposition,
      recording,
      tie,
    };
  });
  const [from, to] = [Math.min(...legs.map(({ start }) => start)), Math.max(...legs.map(({ end }) => end))];
  return { group, legs, calls, pauses: pausesOf(database, keyOf(group), from, to) };
}

function tieOf(database: Database, callId: number): TracedCall['tie'] {
  const row = database.first('SELECT match FROM recording WHERE call_id = ? AND gone_at IS NULL', [callId]);
  return row ? (String(row['match']) as 'named' | 'near') : 'no file';
}

function toTracedLeg(row: Row): TracedLeg {
  const numberOrNull = (name: string) => (row[name] === null ? null : Number(row[name]));
  const line = numberOrNull('csv_line');
  return {
    id: Number(row['id']),
    uniqueId: String(row['uniqueid']),
    sequence: numberOrNull('sequence'),
    source: String(row['source']),
    destination: String(row['destination']),
    channel: String(row['channel']),
    destinationChannel: String(row['dstchannel']),
    application: String(row['lastapp']),
    disposition: String(row['disposition']),
    start: Number(row['start_at']),
    answer: numberOrNull('answer_at'),
    end: Number(row['end_at']),
    amiAt: numberOrNull('ami_at'),
    csv: line === null ? null : { path: String(row['path'] ?? '?'), line, offset: Number(row['csv_position']) },
  };
}
