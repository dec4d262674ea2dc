/**
 * What a client of VoIPmonitor's scripts sends, whichever way: query, form body, JSON body; `params` as an object or an
 * array of them, as JSON text or as PHP's `params[caller]=…`. Bounded, and pure.
 */
import { CgiError } from '../../reply.ts';
import { readForm } from '../form.ts';

/** A value of `params`; an object within one is understood by no task. */
export type Value = string | number | boolean | null | readonly Value[];
export type Params = ReadonlyMap<string, Value>;

export interface Sent {
  /** What stands beside `params`; '' where it wasn't given. */
  text(name: string): string;
  /** Names of all that stands beside `params`, each with its value; those without one are left out. */
  readonly texts: ReadonlyMap<string, string>;
  /** Those without one. */
  readonly bare: readonly string[];
  /** One where `params` is an object or missing. */
  readonly params: readonly Params[];
  /** `params` is an array: the answer is for all of them. */
  readonly isList: boolean;
}

/** Names of a request, and of one of the `params`. */
const NAMES_MAX = 200;
/** Characters of a value: of several hundred numbers. */
const TEXT_MAX = 8_000;
/** Objects in `params`: each is a question of its own. */
const PARAMS_MAX = 20;
/** Items of a value that is a list. */
const ITEMS_MAX = 200;
/** Lists within lists. */
const DEPTH_MAX = 2;
/** Objects and lists within what stands beside `params`: `sort` is a list of objects. */
const PLAIN_DEPTH_MAX = 3;
/** Characters of a JSON body: what it may say has room several times over, and a larger one would hold up everybody. */
const JSON_MAX = 400_000;

/**
 * @param query Undecoded. @param body As text, or its fields; '' where there is none. What stands in both is as the body has it.
 * @throws {CgiError} `invalid`
 */
export function readSent(query: string, body: string | ReadonlyMap<string, string>): Sent {
  const texts = new Map<string, string>();
  let given: unknown;
  for (const [name, value] of formOf(query)) texts.set(name, value);
  if (typeof body === 'string' && /^\s*[[{]/.test(body)) {
    // Behind a byte order mark, which the look above takes for a blank.
    const object = readJson('the body', body.replace(/^\ufeff/, ''));
    if (!isObject(object)) throw new CgiError('invalid', 'the body must be a JSON object');
    for (const [name, value] of Object.entries(object)) {
      if (name === 'params' && typeof value !== 'string') given = value;
      else texts.set(name, plainText(name, value));
    }
  } else for (const [name, value] of typeof body === 'string' ? formOf(body) : body) texts.set(name, value);
  if (texts.size > NAMES_MAX) throw new CgiError('invalid', `more than ${NAMES_MAX} parameters`);
  for (const [name, value] of texts) if (value.length > TEXT_MAX) throw tooLong(name);

  given ??=
    texts.has('params') && texts.get('params') !== ''
      ? readJson('params', texts.get('params') ?? '')
      : bracketed(texts);
  const bare = [...texts.keys()].filter((name) => texts.get(name) === '');
  for (const name of [...texts.keys()])
    if (name === 'params' || name.startsWith('params[') || texts.get(name) === '') texts.delete(name);
  const isList = Array.isArray(given);
  const objects: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (objects.length > PARAMS_MAX)
    throw new CgiError('invalid', `params has more than ${PARAMS_MAX} objects`, 'params');
  return { texts, bare, text: (name) => texts.get(name) ?? '', params: objects.map(paramsOf), isList };
}

function formOf(text: string): ReadonlyMap<string, string> {
  return readForm(text.trim(), NAMES_MAX + 1);
}

/** `params[caller]=…`, and of several `params[0][caller]=…`. */
function bracketed(texts: ReadonlyMap<string, string>): unknown {
  const one = new Map<string, string>();
  const several = new Map<number, Map<string, string>>();
  for (const [name, value] of texts) {
    const [, index, inner] = /^params\[(?:(\d{1,3})\]\[)?([^[\]]+)\]$/.exec(name) ?? [];
    if (inner === undefined) {
      if (name.startsWith('params[')) throw new CgiError('invalid', `${name.slice(0, 64)} is not understood`, 'params');
      continue;
    }
    if (index === undefined) one.set(inner, value);
    else several.set(Number(index), (several.get(Number(index)) ?? new Map()).set(inner, value));
  }
  if (several.size === 0) return Object.fromEntries(one);
  if (one.size > 0) throw new CgiError('invalid', 'params is both an object and an array', 'params');
  return [...several].sort(([a], [b]) => a - b).map(([, names]) => Object.fromEntries(names));
}

function readJson(what: string, text: string): unknown {
  if (text.length > JSON_MAX) throw new CgiError('invalid', `${what} is over ${JSON_MAX} characters`);
  try {
    return JSON.parse(text);
  } catch {
    throw new CgiError('invalid', `${what} is no valid JSON`, what === 'params' ? what : undefined);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What stands beside `params` in a JSON body, as a form would have it. */
function plainText(name: string, value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (typeof value === 'number') return String(exact(name, value));
  if (typeof value === 'string') return value;
  if (!isFlat(value, PLAIN_DEPTH_MAX)) throw notUnderstood(name);
  return JSON.stringify(value); // `sort` is such a one
}

/** Whether no more than so many objects and lists stand in each other. */
function isFlat(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return depth > 0 && Object.values(value).every((inner) => isFlat(inner, depth - 1));
}

/** A number as it was sent: of more than 15 digits JSON keeps another, and another one would be looked for. */
function exact(name: string, number: number): number {
  if (Number.isInteger(number) && !Number.isSafeInteger(number))
    throw new CgiError('invalid', `${name.slice(0, 64)}: so many digits must stand in quotes`, name.slice(0, 64));
  return number;
}

function notUnderstood(name: string): CgiError {
  return new CgiError('invalid', `${name.slice(0, 64)} is not understood`, name.slice(0, 64));
}

function paramsOf(value: unknown): Params {
  if (!isObject(value)) throw new CgiError('invalid', 'params must be a JSON object, or an array of them', 'params');
  const entries = Object.entries(value);
  if (entries.length > NAMES_MAX) throw new CgiError('invalid', `params has more than ${NAMES_MAX} names`, 'params');
  return new Map(entries.map(([name, inner]) => [name, readValue(name, inner, 0)]));
}

function readValue(name: string, value: unknown, depth: number): Value {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'number') return exact(name, value);
  if (typeof value === 'string') {
    if (value.length > TEXT_MAX) throw tooLong(name);
    return value;
  }
  if (!Array.isArray(value) || depth >= DEPTH_MAX || value.length > ITEMS_MAX) throw notUnderstood(name);
  return value.map((item) => readValue(name, item, depth + 1));
}

function tooLong(name: string): CgiError {
  return new CgiError('invalid', `${name.slice(0, 64)} is over ${TEXT_MAX} characters`, name.slice(0, 64));
}

/** One of the params as text; '' where it wasn't given. @throws {CgiError} `invalid` for a list */
export function textIn(params: Params, name: string): string {
  const value = params.get(name) ?? '';
  if (typeof value === 'object') throw new CgiError('invalid', `${name} must be one value`, name);
  return typeof value === 'boolean' ? (value ? '1' : '0') : String(value);
}

/** A whole number; undefined where it wasn't given. @throws {CgiError} `invalid` */
export function wholeIn(params: Params, name: string): number | undefined {
  const text = textIn(params, name).trim();
  if (text === '') return undefined;
  if (!/^\d{1,15}$/.test(text)) throw new CgiError('invalid', `${name} must be a whole number`, name);
  return Number(text);
}

const YES = new Set(['1', 'true', 'yes', 'on']);
const NO = new Set(['0', 'false', 'no', 'off']);

/** `true`, `1`, `"yes"` and their opposites; undefined where it wasn't given. @throws {CgiError} `invalid` */
export function yesIn(params: Params, name: string): boolean | undefined {
  const text = textIn(params, name).trim().toLowerCase();
  if (text === '') return undefined;
  if (!YES.has(text) && !NO.has(text)) throw new CgiError('invalid', `${name} must be true or false`, name);
  return YES.has(text);
}
