/**
 * The name of a recording: `YYYYMMDD/YYYYMMDD-HHMMSS-EPOCH-CALLTYPE[-TRUNK]-SRC-DST.wav`, written at the moment of
 * answer (guide 1.2 and 2.3). Reading never fails: a file is listed under its own name with what could be read.
 */
import { parseCallType } from './direction.ts';
import type { CallType } from './leg.ts';
import { formatLocal, parseLocal } from './local-time.ts';
import { pathFault } from './recording-path.ts';

/** What a name says; null = it could not be read. */
export interface RecordingName {
  /** The box's wall clock, in seconds as if it were UTC. */
  readonly wall: number | null;
  /** Epoch seconds, absolute. */
  readonly epoch: number | null;
  /** The box's offset, seconds east, whole quarter hours; null where wall and epoch can't both be right. */
  readonly offset: number | null;
  readonly callType: CallType | null;
  /** '' = the name has none. */
  readonly trunk: string | null;
  /** '' = the caller had no number. */
  readonly src: string | null;
  readonly dst: string | null;
}

const QUARTER = 900;
/** Zones reach from UTC−12 to UTC+14; fifteen hours leave room for the rules of tomorrow. */
const MAX_OFFSET = 15 * 3600;
/** Text and epoch are two looks at the clock, and may fall into different seconds. */
const TOLERANCE = 2;
/** An epoch of our days has ten digits, nine until 2001; a shorter one is believed only if the wall time agrees. */
const EPOCH_DIGITS = 9;

const NOTHING: RecordingName = {
  wall: null,
  epoch: null,
  offset: null,
  callType: null,
  trunk: null,
  src: null,
  dst: null,
};

/**
 * Reads a recording's path (any folder before it, `.wav` or no suffix).
 *
 * Dashes separate, and may stand in numbers and trunk names as well. From the front: time, epoch, call type. From the
 * end: the destination is what follows the last dash outside `(…)`. Between them, for an Internal call, stands the
 * source. Otherwise a trunk in `knownTrunks` (the longest that fits) is taken off the front and the rest is the source;
 * without such a trunk the source is the longest run of number-like pieces before the destination, at least one piece,
 * and the trunk is what remains, at least one piece (`my-trunk-+49-30-1234-620` is `my-trunk`, `+49-30-1234`, `620`).
 * Two pieces alone are source and destination.
 */
export function parseRecordingName(path: string, knownTrunks: readonly string[] = []): RecordingName {
  const name = path.slice(path.lastIndexOf('/') + 1).replace(/\.wav$/i, '');
  const stamp = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)(?:-|$)/.exec(name);
  if (!stamp) return NOTHING;
  const [all, year, month, day, hour, minute, second] = stamp;
  const wall = parseLocal(`${year}-${month}-${day} ${hour}:${minute}:${second}`);
  let rest = name.slice(all.length);

  let epoch: number | null = null;
  const [digits = ''] = /^\d{1,10}(?=-|$)/.exec(rest) ?? [];
  if (digits.length >= EPOCH_DIGITS || (digits !== '' && offsetOf(wall, Number(digits)) !== null)) {
    epoch = Number(digits);
    rest = rest.slice(digits.length + 1);
  }

  const [word = ''] = /^[A-Za-z]+(?=-|$)/.exec(rest) ?? [];
  const callType = parseCallType(word);
  const parties = partiesOf(rest.slice(word === '' ? 0 : word.length + 1), callType, knownTrunks);
  return { wall, epoch, offset: offsetOf(wall, epoch), callType, ...parties };
}

/** The offset between wall clock and epoch, to the quarter hour, or null if no zone could make it. */
function offsetOf(wall: number | null, epoch: number | null): number | null {
  if (wall === null || epoch === null) return null;
  const exact = wall - epoch;
  const offset = Math.round(exact / QUARTER) * QUARTER;
  return Math.abs(exact - offset) <= TOLERANCE && Math.abs(offset) <= MAX_OFFSET ? offset : null;
}

type Parties = Pick<RecordingName, 'trunk' | 'src' | 'dst'>;

/** A piece that can be part of a telephone number. */
const NUMBER_LIKE = /^[0-9+*#.]+$/;

function partiesOf(text: string, callType: CallType | null, knownTrunks: readonly string[]): Parties {
  const bracket = text.endsWith(')') ? text.lastIndexOf('(') : -1;
  const cut = text.lastIndexOf('-', bracket < 0 ? text.length : bracket);
  if (cut < 0) return { trunk: null, src: null, dst: null };
  const dst = text.slice(cut + 1);
  const front = text.slice(0, cut);
  if (callType === 'Internal') return { trunk: '', src: front, dst };

  const known = knownTrunks
    .filter((trunk) => trunk !== '' && front.startsWith(`${trunk}-`))
    .reduce((longest, trunk) => (trunk.length > longest.length ? trunk : longest), '');
  if (known !== '') return { trunk: known, src: front.slice(known.length + 1), dst };

  const pieces = front.split('-');
  if (pieces.length === 1) return { trunk: '', src: front, dst };
  let from = pieces.length - 1;
  if (NUMBER_LIKE.test(pieces[from] ?? '')) {
    while (from > 1 && NUMBER_LIKE.test(pieces[from - 1] ?? '')) from -= 1;
  }
  return { trunk: pieces.slice(0, from).join('-'), src: pieces.slice(from).join('-'), dst };
}

/** What a name is made of: the moment of answer (epoch seconds) with the box's offset, and the parties. */
export interface RecordingParts {
  readonly epoch: number;
  readonly offset: number;
  readonly callType: CallType;
  /** '' = none. */
  readonly trunk: string;
  readonly src: string;
  readonly dst: string;
}

/**
 * The path of a recording below the recordings folder, with `.wav`. Characters outside `0-9A-Za-z+*#_.()-` are dropped,
 * as the dialplan's FILTER drops them: caller numbers are hostile. An Internal call's trunk is not written.
 * @throws RangeError for a moment outside the years 0000 to 9999.
 */
export function formatRecordingName(parts: RecordingParts): string {
  const [day, time] = compactLocal(parts.epoch + parts.offset);
  const trunk = parts.callType === 'Internal' ? '' : safe(parts.trunk);
  const pieces = [day, time, String(parts.epoch), parts.callType];
  if (trunk !== '') pieces.push(trunk);
  pieces.push(safe(parts.src), safe(parts.dst));
  return `${day}/${pieces.join('-')}.wav`;
}

const safe = (part: string): string => part.replace(/[^0-9A-Za-z+*#_.()-]/g, '');

/** `YYYYMMDD` and `HHMMSS` of a wall time. */
function compactLocal(wall: number): [day: string, time: string] {
  const [day = '', time = ''] = formatLocal(wall, 0).split(' ');
  return [day.replaceAll('-', ''), time.replaceAll(':', '')];
}

/**
 * Asterisk's spelling of a recording (absolute, usually without suffix) as the stored one, `YYYYMMDD/….wav`; '' for none
 * and for what is not a file in a day's folder, or has a name under which nobody could ask for it. Below `dir` the day's folder must come first; elsewhere (the folder was
 * moved, or is mounted under another name there) the last two segments count.
 */
export function relativeRecording(absolute: string, dir: string): string {
  const root = `${dir.replace(/\/+$/, '')}/`;
  const below = absolute.startsWith(root) ? absolute.slice(root.length) : null;
  const segments = (below ?? absolute).split('/').filter((segment) => segment !== '' && segment !== '.');
  if (below !== null && segments.length !== 2) return '';
  const [day = '', name = ''] = segments.slice(-2);
  if (!/^\d{8}$/.test(day) || name === '' || segments.includes('..') || hasControl(name)) return '';
  const path = `${day}/${/\.wav$/i.test(name) ? name : `${name}.wav`}`;
  return pathFault(path) === '' ? path : '';
}

/** The AMI spelling (`Recording File Name`) of a stored path: absolute, without suffix; '' stays ''. */
export function absoluteRecording(relative: string, dir: string): string {
  return relative === '' ? '' : `${dir.replace(/\/+$/, '')}/${relative.replace(/\.wav$/i, '')}`;
}

/** A NUL or a line break in a name would reach headers and the file system. */
function hasControl(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 0x20 || code === 0x7f) return true;
  }
  return false;
}
