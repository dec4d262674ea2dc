/**
 * How much the rules want removed from a medium. Room is wanted for what this box goes on recording: where that isn't what
 * fills the medium, removing recordings makes none for long, and all of them would go. There they are spared.
 */
import type { RecordingSum } from '../../storage/store.ts';
import { DAY, MB, type RetentionRules } from './rules.ts';
import type { UsedMedium } from './used-medium.ts';

export interface Need {
  readonly medium: number;
  /** Recordings before this moment go, by the clock in their names as if it were UTC, epoch seconds; 0: none. */
  readonly before: number;
  /** Bytes that there are too many, and that are free too few. */
  readonly over: number;
  readonly short: number;
  /** Why nothing goes for room though too little is free; '' otherwise. */
  readonly spared: string;
}

/** Bytes that stay free at most: 35 hours of talk, which is enough on the largest disk. */
const FREE_MAX = 2_000 * MB;
/** The box records on a medium as long as its newest recording is no older, in seconds. Names may be of another zone. */
const RECENT = 2 * DAY;

/**
 * Whether all recordings of a medium have to be added up to tell what is needed: of 100,000 that takes seconds on a small
 * box.
 */
export function needsSum(rules: RetentionRules, medium: UsedMedium): boolean {
  return rules['retention.recordings.mb'] > 0 || shortOf(rules, medium) > 0;
}

/** @param wall The box's clock as if it were UTC, epoch seconds; by 0 nothing is old. */
export function needOf(
  rules: RetentionRules,
  medium: UsedMedium,
  sum: Pick<RecordingSum, 'bytes' | 'keptBytes' | 'newest'>,
  wall: number,
): Need {
  const days = rules['retention.recordings.days'];
  const most = rules['retention.recordings.mb'] * MB;
  const short = shortOf(rules, medium);
  const spared = short > 0 ? whySpared(medium, sum, short, wall) : '';
  return {
    medium: medium.id,
    before: days > 0 ? wall - days * DAY : 0,
    over: most > 0 ? Math.max(0, sum.bytes + medium.trash - most) : 0,
    short: spared ? 0 : short,
    spared,
  };
}

/** Bytes that are free too few. */
function shortOf(rules: RetentionRules, { total, free }: UsedMedium): number {
  const least = Math.min(Math.floor((total * rules['retention.recordings.free']) / 100), FREE_MAX);
  return Math.max(0, least - free);
}

function whySpared(
  { total, free, trash, isNew }: UsedMedium,
  { bytes, keptBytes, newest }: Pick<RecordingSum, 'bytes' | 'keptBytes' | 'newest'>,
  short: number,
  wall: number,
): string {
  if (isNew) return 'the medium is new here: it has been in place for less than a day';
  if ((bytes + trash) * 2 < total - free) return 'most of the medium is taken by other files than recordings';
  if (newest < wall - RECENT) return 'nothing has been recorded on the medium for two days';
  if (bytes - keptBytes + trash < short) return 'all recordings that may go would not make the room';
  return '';
}
