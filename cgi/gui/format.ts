/** How figures are shown: by the language of the pages, times as the box's clock has them. */
import { language } from './text.ts';

const WHOLE = new Intl.NumberFormat(language);
const SHORT = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });

export function whole(figure: number): string {
  return WHOLE.format(figure);
}

/** One digit behind the point at most. */
export function short(figure: number): string {
  return SHORT.format(figure);
}

/** Of a ratio 0 to 1: `48.3 %`. */
export function percent(ratio: number): string {
  return new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 1 }).format(ratio);
}

/** Seconds as `0:05`, `12:40`, `1:02:03`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (part: number) => String(part).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** Bytes in thousands: `1.2 GB`. */
export function bytes(count: number): string {
  let rest = count;
  let unit = 0;
  while (rest >= 1000 && unit < UNITS.length - 1) {
    rest /= 1000;
    unit++;
  }
  return `${unit === 0 ? whole(rest) : short(rest)} ${UNITS[unit]}`;
}

const AGO: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
];
const RELATIVE = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });

/** `3 minutes ago`, `in 2 days`. @param seconds From now; the past is negative. */
export function fromNow(seconds: number): string {
  const [unit, size] = AGO.find(([, size]) => Math.abs(seconds) >= size) ?? ['second', 1];
  return RELATIVE.format(Math.trunc(seconds / size), unit);
}

const two = (part: number) => String(part).padStart(2, '0');

/** A day as parameters want it, `2026-11-26`, of a date whose UTC fields are the box's wall clock. */
export function dayText(date: Date): string {
  return `${date.getUTCFullYear()}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`;
}
