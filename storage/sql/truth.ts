/**
 * The truth report: calls held against the files that they should have, and files against their calls. Each kind runs along
 * the index of its rows in bounded steps, as every listing; which finding a row is, one expression says, whose codes
 * model/truth.ts explains.
 */
import type { CountRequest, PageRequest, TruthFilter, TruthTally } from '../filter.ts';
import { CLOCK_SET } from '../model/local-time.ts';
import { NEAR_SECONDS } from '../model/match.ts';
import { REPAIRABLE_FAULTS } from '../model/recording-fault.ts';
import { AWAITED_SECONDS, FINDINGS, POLICY_EDGE_SECONDS, type TruthKind } from '../model/truth.ts';
import type { Database } from './database.ts';
import { clock, count, page, type Source, stretchOf, text, union } from './listing.ts';

/** The files of a call's name on all media: the first that one of these holds for tells. */
const file = (condition: string) =>
  `EXISTS (SELECT 1 FROM recording AS file WHERE file.path = call.recording AND ${condition})`;
const THERE = 'file.trash IS NULL AND file.gone_at IS NULL';
/** The medium that a file lies on is not the one in place, as far as that was told. */
const AWAY = `EXISTS (SELECT 1 FROM (SELECT state, medium FROM medium_change ORDER BY id DESC LIMIT 1) AS last
  WHERE last.state IN ('absent', 'dead') OR last.medium <> file.medium)`;
/** The deletion that took the file. */
const DELETION = `FROM recording AS file JOIN deletion ON deletion.id = file.trash WHERE file.path = call.recording`;

/** Of a call whose record names a file. */
const NAMED_FILE = `CASE
  WHEN ${file(`${THERE} AND NOT ${AWAY}`)} THEN NULL
  WHEN ${file(THERE)} THEN 'elsewhere'
  WHEN ${file('file.trash IS NOT NULL')}
    THEN CASE (SELECT deletion.state ${DELETION} LIMIT 1) WHEN 'erased' THEN 'erased' ELSE 'in_trash' END
  WHEN ${file('file.gone_at IS NOT NULL')} THEN 'gone'
  WHEN end_at > unixepoch() - ${AWAITED_SECONDS} AND end_at <= unixepoch() THEN 'awaited'
  WHEN (SELECT state FROM medium_change WHERE at <= end_at ORDER BY at DESC, id DESC LIMIT 1) IN ('absent', 'dead')
    THEN 'medium_away'
  ELSE 'missing'
END`;

/** The kinds of calls that Asterisk recorded when this one was answered; null: not known. */
const POLICY = `CASE
  -- Of which of many days in 1970 it is, nobody can tell.
  WHEN answer_at < ${CLOCK_SET} THEN NULL
  WHEN EXISTS (SELECT 1 FROM recording_policy
    WHERE at BETWEEN answer_at - ${POLICY_EDGE_SECONDS} AND answer_at + ${POLICY_EDGE_SECONDS}) THEN NULL
  ELSE (SELECT records FROM recording_policy WHERE at < answer_at ORDER BY at DESC, id DESC LIMIT 1)
END`;
/** The kind that our dialplan took the call for when somebody answered it; null: it was not run. */
const ASKED = `(SELECT leg.calltype FROM leg
  WHERE leg.call_group = call.call_group AND leg.talkstart = call.answer_at AND leg.calltype IS NOT NULL LIMIT 1)`;

/** Another row of the same call shows a recording. */
const OTHER_PART = `EXISTS (SELECT 1 FROM call AS part WHERE part.call_group = call.call_group AND part.recording <> '')`;

/** Of an answered call for which no record names a file that could be one of ours. */
const UNNAMED = `CASE
  WHEN EXISTS (SELECT 1 FROM leg WHERE leg.call_group = call.call_group AND leg.recordingfile <> '') AND NOT ${OTHER_PART}
    THEN 'foreign'
  WHEN ${POLICY} IS NULL THEN 'policy_unknown'
  WHEN instr(',' || ${POLICY} || ',', ',' || coalesce(${ASKED}, calltype) || ',') = 0 THEN NULL
  WHEN ${OTHER_PART} THEN 'other_part'
  WHEN ${ASKED} IS NULL THEN 'not_asked'
  ELSE 'not_named'
END`;

const OF_CALL = `CASE
  WHEN recording <> '' THEN ${NAMED_FILE}
  WHEN answer_at IS NOT NULL THEN ${UNNAMED}
END`;

/** Earlier recordings are of calls that we never had. */
const FIRST_CALL = '(SELECT min(start_at) FROM call WHERE trash IS NULL AND open = 0)';
const OF_STRAY = `CASE
  WHEN call_id IS NOT NULL OR coalesce(answer_at, wall_at) < coalesce(${FIRST_CALL}, unixepoch()) THEN NULL
  WHEN found_at > unixepoch() - ${AWAITED_SECONDS} AND found_at <= unixepoch() THEN 'call_awaited'
  WHEN answer_at IS NULL THEN 'no_moment'
  WHEN EXISTS (SELECT 1 FROM leg_erased) THEN 'call_deleted'
  ELSE 'no_call'
END`;

const OF_BROKEN = `CASE WHEN state = 'ok' THEN NULL WHEN fault = '' THEN 'not_noted' ELSE fault END`;

/** Seconds from the answer of the call to the moment in the file's name; null where one of them is not known. */
const APART = '(recording.answer_at - (SELECT call.answer_at FROM call WHERE call.id = recording.call_id))';
const OF_MATCH = `CASE
  WHEN call_id IS NULL THEN NULL
  WHEN match = 'near' THEN 'near'
  WHEN EXISTS (SELECT 1 FROM call AS other WHERE other.recording = recording.path AND other.recording <> ''
    AND other.call_group <> (SELECT call_group FROM call WHERE call.id = recording.call_id))
    THEN 'shared'
  WHEN abs(${APART}) > ${NEAR_SECONDS} THEN 'named_apart'
  ELSE 'named'
END`;

const codeCase = (value: (code: string) => string) =>
  `CASE code ${Object.keys(FINDINGS)
    .map((code) => `WHEN '${code}' THEN '${value(code).replaceAll("'", "''")}'`)
    .join(' ')} ELSE '' END`;
const ABOUT = {
  code: 'code',
  sure: codeCase((code) => FINDINGS[code]?.sure ?? ''),
  reason: codeCase((code) => FINDINGS[code]?.reason ?? ''),
};

const whereCode = ({ codes }: TruthFilter) => ({
  conditions: [`code IN (${codes.map(() => '?').join(', ')})`],
  binds: [...codes],
});

const calls: Source<TruthFilter> = {
  table: (by) => `(SELECT call.*, ${OF_CALL} AS code FROM call ${by})`,
  base: 'call',
  key: ({ start }) => ({ column: 'start_at', ...start }),
  paths: () => [{ index: 'call_start', conditions: [['trash IS NULL'], ['open = 0']] }],
  where: whereCode,
  columns: {
    ...ABOUT,
    time: clock('start_at + start_offset'),
    src: 'src',
    dst: 'dst',
    callType: 'calltype',
    billsec: text('billsec'),
    path: 'recording',
    uniqueId: 'uniqueid',
    call: text('id'),
    // Who took the file away, and when; '' where nobody did, or where that isn't known.
    who: goneOr("''", 'deletion.who'),
    when: goneOr(
      `(SELECT ${clock('max(file.gone_at) + start_offset')} FROM recording AS file WHERE file.path = recording)`,
      clock('deletion.at + start_offset'),
    ),
  },
  plain: new Set(['code', 'time', 'billsec', 'call', 'when']),
};

function goneOr(gone: string, deleted: string): string {
  const of = DELETION.replace('call.recording', 'recording');
  return `coalesce(CASE WHEN code = 'gone' THEN ${gone} WHEN code IN ('in_trash', 'erased') THEN (SELECT ${deleted} ${of} LIMIT 1) END, '')`;
}

const files = (code: string): Source<TruthFilter> => ({
  table: (by) => `(SELECT recording.*, ${APART} AS apart, ${code} AS code FROM recording ${by})`,
  base: 'recording',
  key: ({ wall }) => ({ column: 'wall_at', ...wall }),
  paths: () => [{ index: 'recording_wall', conditions: [] }],
  where: (filter) => {
    const { conditions, binds } = whereCode(filter);
    return { conditions: ['gone_at IS NULL', 'trash IS NULL', ...conditions], binds };
  },
  columns: {
    ...ABOUT,
    time: clock('wall_at'),
    path: 'path',
    src: 'src',
    dst: 'dst',
    duration: text('seconds'),
    size: text('size'),
    call: "coalesce(CAST(call_id AS TEXT), '')",
    uniqueId: "coalesce((SELECT call.uniqueid FROM call WHERE call.id = call_id), '')",
    apart: "coalesce(CAST(apart AS TEXT), '')",
    repairable: `CASE WHEN fault IN (${[...REPAIRABLE_FAULTS].map((fault) => `'${fault}'`).join(', ')}) THEN 'yes' ELSE 'no' END`,
  },
  plain: new Set(['code', 'time', 'duration', 'size', 'call', 'apart', 'repairable']),
});

const SOURCES: Readonly<Record<TruthKind, Source<TruthFilter>>> = {
  missing: calls,
  unknown: calls,
  explained: calls,
  nocall: files(OF_STRAY),
  broken: files(OF_BROKEN),
  match: files(OF_MATCH),
};

export const truthPage = (database: Database, request: PageRequest<TruthFilter>) =>
  page(database, SOURCES[request.filter.kind], request);
export const truthCount = (database: Database, request: CountRequest<TruthFilter>) =>
  count(database, SOURCES[request.filter.kind], request);

/** How many rows of a stretch have each of the codes. */
export function truthTally(database: Database, request: CountRequest<TruthFilter>): TruthTally {
  const { parts, end } = stretchOf(database, SOURCES[request.filter.kind], request, 'asc');
  const { text: each, binds } = union(parts, 'SELECT code');
  const rows = database.all(`SELECT code, count(*) AS rows FROM (${each}) GROUP BY code`, binds);
  return { codes: rows.map((row) => [String(row['code']), Number(row['rows'])]), next: end };
}
