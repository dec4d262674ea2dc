/**
 * What was read from the file or the environment: settings and faults, each with the place where it stands, so that a
 * technician finds it without searching.
 */

/** A line of the file from 1 (null: the file as a whole), or a variable of the environment. */
export type Place = { readonly line: number | null } | { readonly variable: string };

/** A value as somebody wrote it, not yet checked. */
export interface Setting {
  readonly value: unknown;
  readonly place: Place;
}

/** Settings by key (`http.listen`). */
export type Settings = ReadonlyMap<string, Setting>;

export interface Reading {
  readonly settings: Settings;
  readonly faults: readonly ConfigFault[];
}

/** One complaint. */
export interface ConfigFault {
  readonly place: Place;
  /** `section.key`, or '' where none belongs to it: an unknown variable, a file that can't be read. */
  readonly key: string;
  readonly message: string;
}

/** All faults of one configuration; the message has a line each, ready to be printed before exit 78 (EX_CONFIG). */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  /** Those of the file in its order, then those of the environment. */
  readonly faults: readonly ConfigFault[];
  constructor(faults: readonly ConfigFault[], file: string | null) {
    const sorted = faults.toSorted((a, b) => rank(a.place) - rank(b.place));
    super(sorted.map((fault) => describe(fault, file)).join('\n'));
    this.faults = sorted;
  }
}

function rank(place: Place): number {
  return 'line' in place ? (place.line ?? 0) : Number.MAX_SAFE_INTEGER;
}

/** `FILE:LINE`, `FILE` or `environment VARIABLE`. */
export function placeText(place: Place, file: string | null): string {
  if ('variable' in place) return `environment ${place.variable}`;
  return `${file || '""'}${place.line === null ? '' : `:${place.line}`}`;
}

/** Characters of a fault's line: no message needs more; a value of 200 KB in the wrong place must not fill the log. */
const MAX_LINE = 1_500;

/** `PLACE: KEY: MESSAGE`. Names in a file may hold line breaks; escaped, one fault stays one line. */
function describe({ place, key, message }: ConfigFault, file: string | null): string {
  const line = [placeText(place, file), key, message].filter((part) => part !== '').join(': ');
  // JSON leaves DEL and the C1 ones as they are, and a terminal obeys them.
  const safe = line.replace(/\p{Cc}/gu, (character) =>
    character < '\x7f' ? JSON.stringify(character).slice(1, -1) : `\\u00${character.charCodeAt(0).toString(16)}`,
  );
  return safe.length > MAX_LINE ? `${safe.slice(0, MAX_LINE)}…` : safe;
}
