/**
 * What the index knows of a folder, as one text (`name\tsize\tmtimeMs` a line), so that a folder crosses to the worker
 * as one string and no row objects. Pure.
 */
import { createKnownFiles, type KnownFiles } from './known-files.ts';

/** The text by itself: V8's part of a longer one is an object of its own, and keeps the longer one. */
export function byItself(text: string): string {
  return Buffer.from(text).toString();
}

const line = /^([\s\S]*)\t(\d+)\t(-?\d+)$/;

/**
 * A name may hold a newline: a line without the two numbers belongs to the next one. A name made to look like a line of its
 * own is merely looked at again, and the name it forges isn't in the index, so nothing is lost.
 * @param keep Whether it is kept for long, without the text.
 */
export function parseKnown(text: string, keep = false): KnownFiles {
  const known = createKnownFiles();
  let begun: string | undefined;
  for (const part of text === '' ? [] : text.split('\n')) {
    const whole = begun === undefined ? part : `${begun}\n${part}`;
    const match = line.exec(whole);
    const [, name, size, mtimeMs] = match ?? [];
    if (name !== undefined) {
      known.set(keep ? byItself(name) : name, Number(size), Number(mtimeMs));
      begun = undefined;
    } else {
      begun = whole;
    }
  }
  return known;
}

/** `YYYYMMDD` of the day before; '' when the text is no date. */
export function dayBefore(day: string): string {
  const [, year, month, date] = /^(\d{4})(\d\d)(\d\d)$/.exec(day) ?? [];
  if (!year || !month || !date) return '';
  const before = new Date(Date.UTC(Number(year), Number(month) - 1, Number(date) - 1));
  return before.toISOString().slice(0, 10).replaceAll('-', '');
}

/** Folders of days first, newest first; then other names, the recordings' root (`''`) last. */
export function newestFirst(folders: Iterable<string>): string[] {
  const rank = (name: string): number => (name === '' ? 0 : /^\d{8}$/.test(name) ? 2 : 1);
  return [...folders].sort((a, b) => rank(b) - rank(a) || (a < b ? 1 : a > b ? -1 : 0));
}
