/**
 * What the truth report says, in codes that stay and in words for people: of calls whose recording can't be heard, and of
 * recordings that are not what they seem. Pure. How each is found out stands in sql/truth.ts; what can't be known is told
 * as unknown and never guessed.
 */
import { NEAR_SECONDS } from './match.ts';
import { RECORDING_FAULTS } from './recording-fault.ts';

/**
 * `missing`: calls that should have a recording and have none. `unknown`: calls of which that can't be told. `explained`:
 * calls whose recording is away for a reason. `nocall`: recordings of no call. `broken`: empty and damaged ones. `match`:
 * recordings with the call that each is tied to, and how sure that is.
 */
export const TRUTH_KINDS = ['missing', 'unknown', 'explained', 'nocall', 'broken', 'match'] as const;
export type TruthKind = (typeof TRUTH_KINDS)[number];

/** `certain`: a fact of the records or of the file. `likely`: all that is known says so. `doubtful`: something contradicts. */
export type Sureness = 'certain' | 'likely' | 'doubtful' | 'unknown';

export interface Finding {
  readonly kind: TruthKind;
  readonly sure: Sureness;
  /** The predicate of a sentence about the call or the file. */
  readonly reason: string;
}

/** Seconds after a call's end, or after a file was found, in which the other may still be on its way. */
export const AWAITED_SECONDS = 900;
/** Asterisk is told a policy some moments before or after we write down when. */
export const POLICY_EDGE_SECONDS = 5;

const of = (kind: TruthKind, sure: Sureness, reason: string): Finding => ({ kind, sure, reason });
const broken = Object.fromEntries(
  Object.entries(RECORDING_FAULTS).map(([code, reason]) => [code, of('broken', 'certain', reason)]),
);

export const FINDINGS: Readonly<Record<string, Finding>> = {
  missing: of('missing', 'certain', 'has a record that names a file, which was never seen on any medium'),
  medium_away: of(
    'missing',
    'certain',
    'has a record that names a file, never seen: the medium was away when it ended',
  ),
  gone: of('missing', 'certain', 'had a file, which others than cdrd have taken away'),
  not_named: of('missing', 'likely', 'was to be recorded, as Asterisk had been told, and its record names no file'),
  not_asked: of(
    'missing',
    'likely',
    'was to be recorded, and the dialplan did not run cdrd-answer when it was answered',
  ),

  policy_unknown: of('unknown', 'unknown', 'names no file, and what was to be recorded at that time is not known'),
  other_part: of('unknown', 'unknown', 'names no file, and another row of the same call does: that file may hold both'),
  foreign: of(
    'unknown',
    'unknown',
    'has a record that names a file outside the folders of recordings, where nobody looks',
  ),
  awaited: of(
    'unknown',
    'unknown',
    `names a file that is not there yet: it ended less than ${AWAITED_SECONDS / 60} minutes ago`,
  ),

  in_trash: of('explained', 'certain', 'has its file in the trash'),
  erased: of('explained', 'certain', 'had a file that was deleted for good'),
  elsewhere: of('explained', 'certain', 'has its file on a medium that is not in place'),

  no_call: of('nocall', 'certain', 'is named by no record, and no call agrees with its time and parties'),
  no_moment: of('nocall', 'certain', 'is named by no record, and its own name tells no moment of answer to go by'),
  call_deleted: of(
    'nocall',
    'unknown',
    'is named by no record; calls have been deleted here, and one may have been its own',
  ),
  call_awaited: of(
    'nocall',
    'unknown',
    `is named by no record yet: it was found less than ${AWAITED_SECONDS / 60} minutes ago`,
  ),

  ...broken,
  not_noted: of('broken', 'certain', 'is damaged; in what way, the version that found it did not note'),

  named: of('match', 'certain', 'is named by the call’s record'),
  named_apart: of(
    'match',
    'doubtful',
    `is named by the record of a call answered over ${NEAR_SECONDS} s away from the time in its name`,
  ),
  shared: of('match', 'doubtful', 'is named by records of calls that have nothing to do with each other'),
  near: of(
    'match',
    'likely',
    `is named by no record: this call was answered within ${NEAR_SECONDS} s of its time, and the parties agree`,
  ),
};

/** The codes of a kind, in the order of {@link FINDINGS}. */
export function codesOf(kind: TruthKind): readonly string[] {
  return Object.keys(FINDINGS).filter((code) => FINDINGS[code]?.kind === kind);
}
