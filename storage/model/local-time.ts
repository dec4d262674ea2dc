/**
 * Local time of the box: between epochs, offsets and the wall-clock text that Asterisk and the guide write. A wall time
 * is held "as if it were UTC" (whole seconds), so that it can be counted with before its offset is known.
 */
import type { Moment } from './leg.ts';

/** A time zone; its offsets are whole seconds east of UTC (UTC−08:00 is −28800). */
export interface Zone {
  /** Offset in force at a moment (epoch seconds), in seconds east of UTC. */
  offsetAt(epoch: number): number;
  /** The wall clock at a moment (epoch seconds), `YYYY-MM-DD HH:MM:SS`. */
  text(epoch: number): string;
}

/** Offsets of today's zones change on quarter hours only, so one look-up serves a quarter of an hour. */
const SLOT = 900;
/** Slots kept for each zone: ten days of quarter hours, about 50 KB; an import in order of time needs one at once. */
const MAX_SLOTS = 1024;
/** No zone was ever further than this from UTC (Manila before 1845: almost −16 hours), seconds. */
const MAX_OFFSET = 16 * 3600;

/** Epoch seconds of 2020: before it a box's clock had not been set yet, as one without a battery wakes in 1970. */
export const CLOCK_SET = 1_577_836_800;

/**
 * Seconds from one moment of a call to a later one. 0 where the clock was set in between, back or for the first time: how
 * long it was nobody knows, and 56 years would spoil every total.
 */
export function secondsBetween(from: number, to: number): number {
  return from < CLOCK_SET && to >= CLOCK_SET ? 0 : Math.max(0, to - from);
}

/**
 * A zone by its IANA name; null or '' means the system's (`TZ`, else /etc/localtime), as it is at this call.
 * @throws RangeError for a name that is not a time zone.
 */
export function zone(name: string | null): Zone {
  const lookUp = name ? namedZone(name) : systemZone;
  const slots = new Map<number, number>();

  function offsetAt(epoch: number): number {
    const second = Math.floor(epoch);
    const slot = Math.floor(second / SLOT);
    const known = slots.get(slot);
    if (known !== undefined) return known;
    const offset = lookUp(slot * SLOT);
    // A historic change within the quarter hour (Monrovia, 1972-01-07 00:44:30 UTC) makes the slot useless.
    if (offset !== lookUp(slot * SLOT + SLOT - 1)) return lookUp(second);
    if (slots.size >= MAX_SLOTS) slots.clear();
    slots.set(slot, offset);
    return offset;
  }

  return {
    offsetAt,
    text: (epoch) => formatLocal(epoch, offsetAt(epoch)),
  };
}

/** Zones of one offset for ever, which `Intl.supportedValuesOf` leaves out. */
const FIXED_ZONE = /^(?:(?:Etc\/)?(?:UTC|GMT)|Etc\/GMT(?:-(?:1[0-4]|[1-9])|\+(?:1[0-2]|[1-9])))$/;

/** Whether a zone is known by this very name, which is told without a formatter. */
export function isListedZone(name: string): boolean {
  return FIXED_ZONE.test(name) || Intl.supportedValuesOf('timeZone').includes(name);
}

/**
 * What `TZ` has to be for the process to run in this zone. Formatters take names in any letters (`europe/berlin`) and short
 * ones (`PST`); of a `TZ` like these UTC is made, and nobody is told. @throws RangeError for a name that is not a time zone.
 */
export function processZone(name: string): string {
  return isListedZone(name) ? name : new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
}

/** The process's own zone by Date alone: making a formatter would cost 6 MB of memory for nothing. */
function systemZone(epoch: number): number {
  const date = new Date(epoch * 1000);
  const time = date.getHours() * 3600 + date.getMinutes() * 60 + date.getSeconds();
  return wallDay(date.getFullYear(), date.getMonth(), date.getDate()) + time - epoch;
}

/** Any zone, by the only means that JavaScript has. */
function namedZone(name: string): (epoch: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: name,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    era: 'short',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return (epoch) => {
    const parts = new Map(format.formatToParts(epoch * 1000).map(({ type, value }) => [type, value]));
    const number = (type: Intl.DateTimeFormatPartTypes) => Number(parts.get(type));
    const year = parts.get('era') === 'BC' ? 1 - number('year') : number('year');
    const time = number('hour') * 3600 + number('minute') * 60 + number('second');
    return wallDay(year, number('month') - 1, number('day')) + time - epoch;
  };
}

/** Midnight as if UTC, epoch seconds. setUTCFullYear, because Date.UTC takes the years 0 to 99 for 1900 to 1999. */
function wallDay(year: number, month: number, day: number): number {
  return new Date(0).setUTCFullYear(year, month, day) / 1000;
}

/** The first and the last second that such a text can name. */
const FIRST = Date.parse('0000-01-01T00:00:00Z') / 1000;
const LAST = Date.parse('9999-12-31T23:59:59Z') / 1000;

/** Epoch seconds up to which a moment has a text in any zone. */
export const LATEST_EPOCH = LAST - MAX_OFFSET;

/**
 * Reads `YYYY-MM-DD HH:MM:SS` (years 0000 to 9999) as a wall time: its epoch seconds if it were UTC. Strict: null for
 * any other shape and for what no calendar or clock shows (2021-02-30, 24:00:00, a leap second).
 */
export function parseLocal(text: string): number | null {
  if (text.length !== 19) return null;
  const milliseconds = Date.parse(`${text.slice(0, 10)}T${text.slice(11)}Z`);
  const wall = milliseconds / 1000;
  // Years of six digits with a sign have the same length; no number at all is in no range either.
  if (!(wall >= FIRST && wall <= LAST)) return null;
  // Date.parse carries 02-30 over to 03-02 and 24:00 to the next day; writing it back tells.
  return Number.isInteger(wall) && formatLocal(wall, 0) === text ? wall : null;
}

/**
 * Writes a moment (epoch seconds, fractions cut) at an offset (seconds east) as `YYYY-MM-DD HH:MM:SS`.
 * @throws RangeError for a moment outside the years 0000 to 9999: no such text exists.
 */
export function formatLocal(epoch: number, offset: number): string {
  const iso = new Date(Math.floor(epoch + offset) * 1000).toISOString();
  if (iso.length !== 24) throw new RangeError(`no local text for ${epoch}`);
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)}`;
}

/**
 * The moment that a wall time (as from {@link parseLocal}) names in a zone.
 *
 * A time that stands twice on the clock (the hour after summer time ends) is the one nearest to `near` (epoch seconds:
 * that of the UniqueID for a call's start; start + Duration for its end, which may be hours later); without `near`, or
 * just between, the first. A time that the clock skips is read with the offset before the change, so that it lies as far
 * after the change as the text lay after the skipped hour's beginning; its offset is then the new one (02:30 is 03:30).
 */
export function resolveLocal(wall: number, zone: Zone, near?: number): Moment {
  // A clock change lies between these two looks if anywhere; no zone ever changed twice within them.
  const before = zone.offsetAt(wall - MAX_OFFSET);
  const after = zone.offsetAt(wall + MAX_OFFSET);
  // In order of time: a clock shows an hour twice only when it is put back, when `before` is the larger offset.
  const candidates = [wall - before, wall - after].filter((epoch) => epoch + zone.offsetAt(epoch) === wall);
  const [first = wall - before, second = first] = candidates;
  const epoch = near !== undefined && Math.abs(second - near) < Math.abs(first - near) ? second : first;
  return { epoch, offset: zone.offsetAt(epoch) };
}

/**
 * The epoch seconds in a UniqueID or LinkedID, `[SYSTEMNAME-]EPOCH.NUMBER`: when its channel was made, by the clock of
 * that moment. The system name may itself hold dashes, dots and digits. Null for anything else.
 * Source: asterisk main/channel.c, `__ast_channel_alloc_ap`.
 */
export function uniqueIdEpoch(uniqueId: string): number | null {
  const digits = /(?:^|-)(\d{1,10})\.\d{1,10}$/.exec(uniqueId)?.[1];
  return digits === undefined ? null : Number(digits);
}
