/**
 * Parameters: from the query and the form body to checked values, once, before any handler. A parameter that isn't
 * understood is refused by name, never ignored: a silent empty list is what users of other boxes complain of most.
 */
import * as v from 'valibot';
import { CgiError } from './reply.ts';

/** One parameter as sent: its name in the client's spelling. */
interface Sent {
  readonly name: string;
  readonly value: string;
}

/** Parameters by plain name: lower case, without blanks. */
export type Sentence = ReadonlyMap<string, Sent>;

/** The guide's tables say `wavefiles`, its examples `wavfiles`. */
const ALIASES: Readonly<Record<string, string>> = { wavfiles: 'wavefiles' };
/** Sent by browsers' scripts against caches. */
const IGNORED = new Set(['_', 'random']);
/** Repeated, these are lists. */
const LISTS = new Set(['src', 'dst']);

/**
 * Reads `?&a=1&b=2` and a form body together. An empty pair is skipped; a repeated `src` or `dst` becomes a comma list,
 * any other name may repeat only with the same value.
 * @throws {CgiError} `invalid`
 */
export function readParameters(...sources: readonly string[]): Sentence {
  const sent = new Map<string, Sent>();
  for (const pair of sources.flatMap((source) => source.split('&'))) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decode(equals < 0 ? pair : pair.slice(0, equals), null);
    const plain = plainName(name);
    if (IGNORED.has(plain)) continue;
    const value = equals < 0 ? '' : decode(pair.slice(equals + 1), name);
    const before = sent.get(plain);
    if (!before) sent.set(plain, { name, value });
    else if (LISTS.has(plain)) sent.set(plain, { name, value: [before.value, value].filter(Boolean).join(',') });
    else if (before.value !== value)
      throw new CgiError('invalid', `${name} is given twice with different values`, name);
  }
  return sent;
}

function plainName(name: string): string {
  const plain = name.replaceAll(/\s/g, '').toLowerCase();
  return ALIASES[plain] ?? plain;
}

/** As a form is decoded: `+` is a blank, `%XX` a byte of UTF-8. */
function decode(text: string, parameter: string | null): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new CgiError('invalid', 'is not validly percent-encoded', parameter ?? text);
  }
}

/** A number's parameters: plain names, each with how it is read. */
export type Schema = v.StrictObjectSchema<v.ObjectEntries, undefined>;

/**
 * Checks what was sent against a number's schema.
 * @throws {CgiError} `invalid`, naming the first parameter at fault as the client spelled it.
 */
export function checkParameters<S extends Schema>(schema: S, sent: Sentence): v.InferOutput<S> {
  const values = Object.fromEntries([...sent].map(([plain, { value }]) => [plain, value]));
  const result = v.safeParse(schema, values, { abortPipeEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const plain = String(issue.path?.[0]?.key ?? '');
  const name = sent.get(plain)?.name ?? plain;
  if (!(plain in schema.entries)) throw new CgiError('invalid', `${name} is not a parameter here`, name);
  if (issue.received === 'undefined') throw new CgiError('invalid', `${name} is missing`, name);
  throw new CgiError('invalid', `${name} ${issue.message}`, name);
}
