/**
 * Asterisk's own records as a listing. They have no index on their start, and get none: each call would pay for it in
 * writes to the flash. The calls that are shown are passed newest first and their records named; whoever asks puts these in
 * order (leg-walk.ts), and has the rows of those alone that are wanted.
 */
import {
  type Cursor,
  LEG_LEAD,
  type LegColumn,
  type LegFilter,
  type LegName,
  type LegRequest,
  type LegStep,
} from '../filter.ts';
import type { FoldRules } from '../model/fold.ts';
import type { StoredLeg } from '../model/identity.ts';
import { relativeRecording } from '../model/recording-name.ts';
import { callsOfGroup } from './call.ts';
import type { Bind, Database, Row } from './database.ts';
import { legsById } from './leg.ts';
import { explainGroup } from './records.ts';

/** Aim of a step, ms, and calls between two looks at the clock. */
const STEP_MS = 5;
const CHUNK = 64;
/** Records of a step at most: they cross to another thread. */
const STEP_LEGS = 2_000;

/** A record, and its recording as the index names it; '' = none that is known, or none that lies where recordings do. */
export interface ListedLeg extends StoredLeg {
  readonly recording: string;
}

const COLUMNS: Readonly<Record<LegColumn, string>> = {
  src: 'source',
  dst: 'destination',
  channel: 'channel',
  dstchannel: 'dstchannel',
  accountcode: 'accountcode',
};

/** The row that stands on a record shows a recording, though the record itself names none. */
const SHOWS_ONE = `EXISTS (SELECT 1 FROM call AS shown WHERE shown.call_group = leg.call_group AND shown.anchor = leg.id
  AND shown.recording <> '' AND shown.trash IS NULL)`;

const STRETCH = `FROM call INDEXED BY call_start
  WHERE trash IS NULL AND open = 0 AND start_at >= ? AND (start_at, id) < (?, ?) ORDER BY start_at DESC, id DESC`;

/** The records of the next calls. */
export function legStep(database: Database, { filter, after }: LegRequest, rules: FoldRules): LegStep {
  const end = performance.now() + STEP_MS;
  const { from = 0, to = Number.MAX_SAFE_INTEGER } = filter.start;
  const { text, binds } = whereLegs(filter);
  const legs: LegName[] = [];
  let next: Cursor | null = after ?? { key: to, id: Number.MAX_SAFE_INTEGER };
  do {
    const stretch: Bind[] = [from - LEG_LEAD, next.key, next.id];
    // Of a group's rows the first that is passed tells its records: so they come once, though it may have many.
    const found = database.first(
      `WITH stretch AS MATERIALIZED (SELECT id, start_at, call_group ${STRETCH} LIMIT ${CHUNK}),
        own AS MATERIALIZED (SELECT stretch.call_group, max(other.trash IS NOT NULL) AS mixed
          FROM stretch CROSS JOIN call AS other INDEXED BY call_group ON other.call_group = stretch.call_group
          GROUP BY stretch.id
          HAVING max(other.trash IS NULL AND other.open = 0 AND other.start_at <= ?
            AND (other.start_at, other.id) > (stretch.start_at, stretch.id)) = 0)
       SELECT json_group_array(json_array(leg.start_at, leg.id, iif(mixed, own.call_group, NULL))) AS names
       FROM own CROSS JOIN leg INDEXED BY leg_group ON leg.call_group = own.call_group WHERE ${text}`,
      [...stretch, to, ...binds],
    );
    legs.push(...shownOf(database, found, rules));
    const last: Row | undefined = database.first(`SELECT start_at, id ${STRETCH} LIMIT 1 OFFSET ${CHUNK - 1}`, stretch);
    next = last ? { key: Number(last['start_at']), id: Number(last['id']) } : null;
  } while (next && legs.length < STEP_LEGS && performance.now() < end);
  return { legs, next };
}

function whereLegs({ start, text, dispositions, recorded }: LegFilter): { text: string; binds: Bind[] } {
  const { from = 0, to = Number.MAX_SAFE_INTEGER } = start;
  const conditions: (readonly [text: string, ...binds: Bind[]])[] = [['leg.start_at BETWEEN ? AND ?', from, to]];
  // Not LIKE: with many % in it one row may take for ever.
  if (text) conditions.push([`instr(lower(leg.${COLUMNS[text.column]}), lower(?)) > 0`, text.part]);
  if (dispositions)
    conditions.push([`leg.disposition IN (${dispositions.map(() => '?').join(', ')})`, ...dispositions]);
  if (recorded !== undefined) conditions.push([`${recorded ? '' : 'NOT '}(leg.recordingfile <> '' OR ${SHOWS_ONE})`]);
  return {
    text: conditions.map(([condition]) => condition).join(' AND '),
    binds: conditions.flatMap(([, ...binds]) => binds),
  };
}

/** Those of rows that are shown: of a group with some in the trash it must be worked out whose each record is. */
function shownOf(database: Database, found: Row | undefined, rules: FoldRules): LegName[] {
  const names = JSON.parse(String(found?.['names'] ?? '[]')) as [start: number, id: number, group: string | null][];
  const hidden = new Map<string, ReadonlySet<number>>();
  for (const [, , group] of names)
    if (group !== null && !hidden.has(group)) hidden.set(group, hiddenOf(database, group, rules));
  return names
    .filter(([, id, group]) => group === null || hidden.get(group)?.has(id) !== true)
    .map(([start, id]) => [start, id]);
}

/** Records of a group that belong to rows in the trash and to no other. */
function hiddenOf(database: Database, group: string, rules: FoldRules): ReadonlySet<number> {
  const trashed = new Set(
    callsOfGroup(database, group).flatMap(({ anchor, trash }) => (trash === null ? [] : [anchor])),
  );
  const rows = explainGroup(database, group, rules);
  const shown = new Set(rows.filter(({ anchor }) => !trashed.has(anchor)).flatMap(({ legs }) => legs));
  return new Set(rows.flatMap(({ legs }) => legs).filter((id) => !shown.has(id)));
}

/** Records by their ids, in this order; of those that have gone nothing is said. */
export function legRows(database: Database, ids: readonly number[], { recordingsDir }: FoldRules): ListedLeg[] {
  const legs = legsById(database, ids);
  const known = new Map(legs.map((leg) => [leg.id, leg]));
  const tied = new Map(
    database
      .all(
        `SELECT anchor, recording FROM call
         WHERE call_group IN (SELECT value FROM json_each(?)) AND recording <> '' AND trash IS NULL`,
        [JSON.stringify([...new Set(legs.map(({ group }) => group))])],
      )
      .map((row) => [Number(row['anchor']), String(row['recording'])]),
  );
  return ids.flatMap((id) => {
    const leg = known.get(id);
    if (!leg) return [];
    const own = leg.recordingFile;
    return [{ ...leg, recording: own === '' ? (tied.get(id) ?? '') : relativeRecording(own, recordingsDir) }];
  });
}
