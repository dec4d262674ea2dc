/**
 * Which paths can name a recording of the store at all: `YYYYMMDD/name.wav` or `name.wav`, as the index holds them
 * (guide 2.3). Everything else is refused before any file is touched. Pure.
 */

/** Bytes of one name: what Linux and every filesystem of a stick allow. */
const NAME_MAX = 255;
/** Bytes that one character of JavaScript, half of a pair included, takes at most: so short names need no counting. */
const UTF8_MAX = 3;

/** Short names (8.3) of what is ours on a FAT: `.trash` answers to `TRASH~1` there, `.cdrd` to `CDRD~1`. */
const OURS_BY_SHORT_NAME = /^(?:trash|cdrd)~\d+$/i;

/** @returns what is wrong with it, to stand behind the path in a sentence; '' when it may name a recording. */
export function pathFault(path: string): string {
  if (path === '') return 'is empty';
  if (path.includes('\0')) return 'holds a NUL';
  if (path.startsWith('/')) return 'is absolute: paths are relative to the recordings folder';
  // On a share a backslash parts folders as a slash does.
  if (path.includes('\\')) return 'holds a backslash';
  const names = path.split('/');
  for (const name of names) {
    if (name === '') return 'has an empty part';
    if (name === '..' || name === '.') return 'leads out of the recordings folder';
    if (name.startsWith('.') || OURS_BY_SHORT_NAME.test(name)) return 'is hidden';
    if (name.length * UTF8_MAX > NAME_MAX && new TextEncoder().encode(name).length > NAME_MAX)
      return `has a part of over ${NAME_MAX} bytes`;
  }
  if (names.length > 2) return 'is deeper than a recording lies';
  if (!/\.wav$/i.test(path)) return 'is no .wav file';
  return '';
}
