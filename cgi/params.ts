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

/** The guide's tables say `wavefiles`, its examples `wavfiles`. Maps: an object has a `constructor` and more of its own. */
const ALIASES: ReadonlyMap<string, string> = new Map([['wavfiles', 'wavefiles']]);
/** Names are matched in any case; shown as the guide writes them. */
const GUIDE_SPELLING: ReadonlyMap<string, string> = new Map([
  ['username', 'UserName'],
  ['password', 'Password'],
  ['oldpassword', 'OldPassword'],
  ['newpassword', 'NewPassword'],
  ['ivr', 'IVR'],
]);
/** Sent by browsers' scripts against caches. */
const IGNORED = new Set(['_', 'random']);
/** Repeated, these are lists. */
const LISTS = new Set(['src', 'dst']);
/** As many as 300 numbers each for src and dst by repetition, and all the others: reading more would take long. */
const PAIRS_MAX = 1_000;
/** Characters of an unknown name that an answer repeats. */
const NAME_SHOWN = 64;

/**
 * Reads `?&a=1&b=2` and a form body together. An empty pair is skipped; a repeated `src` or `dst` becomes a comma list,
 * any other name may repeat only with the same value.
 * @throws {CgiError} `invalid`
 */
export function readParameters(...sources: readonly string[]): Sentence {
  const sent = new Map<string, Sent>();
  const pairs = sources.flatMap((source) => source.split('&', PAIRS_MAX + 1));
  if (pairs.length > PAIRS_MAX) throw new CgiError('invalid', `more than ${PAIRS_MAX} parameters`);
  for (const pair of pairs) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decode(equals < 0 ? pair : pair.slice(0, equals), null);
    const plain = plainName(name);
    if (IGNORED.has(plain)) continue;
    const value = equals < 0 ? '' : decode(pair.slice(equals + 1), name);
    const before = sent.get(plain);
    if (!before) sent.set(plain, { name, value });
    else if (LISTS.has(plain))
      sent.set(plain, { name, value: [before.value, value].filter((part) => part !== '').join(',') });
    else if (before.value !== value)
      throw new CgiError('invalid', `${name} is given twice with different values`, name);
  }
  return sent;
}

function plainName(name: string): string {
  const plain = name.replaceAll(/\s/g, '').toLowerCase();
  return ALIASES.get(plain) ?? plain;
}

/** How a parameter is shown where no client has spelled it. @param plain Its plain name. */
export function spelling(plain: string): string {
  return GUIDE_SPELLING.get(plain) ?? plain;
}

/** As a form is decoded: `+` is a blank, `%XX` a byte of UTF-8. */
function decode(text: string, parameter: string | null): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    const name = parameter ?? text.slice(0, NAME_SHOWN);
    throw new CgiError('invalid', `${name} is not validly percent-encoded`, name);
  }
}

/** A number's parameters: plain names, each with how it is read. */
export type Schema = v.StrictObjectSchema<v.ObjectEntries, undefined>;

/**
 * Checks what was sent against a number's schema.
 * @throws {CgiError} `invalid`, naming the first parameter at fault as the client spelled it.
 */
export function checkParameters<S extends Schema>(schema: S, sent: Sentence): v.InferOutput<S> {
  // Looked at here and not by the schema, whose look finds every object's own `constructor` too.
  for (const [plain, { name }] of sent) {
    if (Object.hasOwn(schema.entries, plain)) continue;
    const shown = name.slice(0, NAME_SHOWN);
    throw new CgiError('invalid', `${shown} is not a parameter here`, shown);
  }
  const values = Object.fromEntries([...sent].map(([plain, { value }]) => [plain, value]));
  const result = v.safeParse(schema, values, { abortPipeEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const plain = String(issue.path?.[0]?.key ?? '');
  const name = sent.get(plain)?.name ?? spelling(plain);
  if (issue.received === 'undefined') throw new CgiError('invalid', `${name} is missing`, name);
  throw new CgiError('invalid', `${name} ${issue.message}`, name);
}
