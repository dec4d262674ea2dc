/**
 * What of a file a request wants: conditions and ranges of RFC 9110 (13, 14), for one file. Pure. Of several ranges asked
 * at once none is served and the whole file is sent, as 14.2 allows: no player asks for them.
 */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Ahead } from '../../cgi/reply.ts';

export interface Validators {
  readonly etag: string;
  readonly lastModified: string;
}

export interface Selection {
  readonly status: 200 | 206 | 304 | 412 | 416;
  /** First and last byte, included. */
  readonly from: number;
  readonly to: number;
}

/** A file's time is in steps of up to 2 s (FAT): as long as it might still change within one, its tag is a weak one. */
const SETTLED_MS = 4_000;

/** @param now Milliseconds since 1970. */
export function validatorsOf({ size, mtimeMs }: { readonly size: number; readonly mtimeMs: number }, now: number) {
  const weak = Math.abs(now - mtimeMs) < SETTLED_MS ? 'W/' : '';
  const etag = `${weak}"${size.toString(36)}-${Math.abs(mtimeMs).toString(36)}"`;
  return { etag, lastModified: new Date(mtimeMs).toUTCString() };
}

/** Whether what a browser has kept of an answer without ranges, by its tag, is what it would be told. */
export function holdsStill({ method, headers }: Pick<IncomingMessage, 'method' | 'headers'>, etag: string): boolean {
  const ifNoneMatch = headers['if-none-match'];
  return (method === 'GET' || method === 'HEAD') && ifNoneMatch !== undefined && lists(ifNoneMatch, etag, 'weak');
}

/** In the order of RFC 9110, 13.2.2. */
export function select(method: string, headers: IncomingHttpHeaders, size: number, own: Validators): Selection {
  const whole = { from: 0, to: size - 1 };
  const ifMatch = headers['if-match'];
  if (ifMatch !== undefined) {
    if (!lists(ifMatch, own.etag, 'strong')) return { status: 412, ...whole };
  } else if (isAfter(own.lastModified, headers['if-unmodified-since'])) return { status: 412, ...whole };

  const ifNoneMatch = headers['if-none-match'];
  if (ifNoneMatch !== undefined) {
    if (lists(ifNoneMatch, own.etag, 'weak')) return { status: 304, ...whole };
  } else {
    const since = headers['if-modified-since'];
    if (isDate(since) && !isAfter(own.lastModified, since)) return { status: 304, ...whole };
  }
  // For HEAD a range means nothing (14.2).
  if (method !== 'GET' || headers.range === undefined || !isCurrent(headers['if-range']?.toString(), own))
    return { status: 200, ...whole };
  const range = rangeOf(headers.range, size);
  if (range === 'ignored') return { status: 200, ...whole };
  return range ? { status: 206, ...range } : { status: 416, ...whole };
}

/** Headers by which nothing, or something else, may be sent. */
const CONDITIONS = ['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since'] as const;

/**
 * What will most likely be sent of a file that nobody has looked at yet; null: perhaps nothing, or what its size decides.
 * @see select decides
 */
export function likely({ method = '', headers }: Pick<IncomingMessage, 'method' | 'headers'>): Ahead | null {
  if (method !== 'GET' || CONDITIONS.some((name) => headers[name] !== undefined)) return null;
  const range = headers.range === undefined ? 'ignored' : rangeOf(headers.range, Number.MAX_SAFE_INTEGER);
  if (range === 'ignored') return { from: 0, length: Number.MAX_SAFE_INTEGER };
  const isOfEnd = /=\s*-/.test(headers.range ?? '');
  return isOfEnd ? null : range && { from: range.from, length: range.to - range.from + 1 };
}

/** Whether a list of tags names this one. Compared strongly, a weak tag equals none, not even itself (8.8.3.2). */
function lists(list: string, etag: string, comparison: 'weak' | 'strong'): boolean {
  if (list.trim() === '*') return true;
  if (comparison === 'strong' && etag.startsWith('W/')) return false;
  const tags = list.match(/(?:W\/)?"[^"]*"/g) ?? [];
  const plain = (tag: string) => (comparison === 'weak' ? tag.replace(/^W\//, '') : tag);
  return tags.some((tag) => plain(tag) === plain(etag));
}

function isDate(text: string | undefined): text is string {
  return text !== undefined && !Number.isNaN(Date.parse(text));
}

function isAfter(lastModified: string, text: string | undefined): boolean {
  return isDate(text) && Date.parse(lastModified) > Date.parse(text);
}

/** Whether the part that the client has is of this very file: by its strong tag, or by a time that is no longer young. */
function isCurrent(ifRange: string | undefined, { etag, lastModified }: Validators): boolean {
  if (ifRange === undefined) return true;
  if (etag.startsWith('W/')) return false;
  return /^(W\/)?"/.test(ifRange)
    ? ifRange === etag
    : isDate(ifRange) && Date.parse(ifRange) === Date.parse(lastModified);
}

/** @returns null: one that no byte of the file lies in. */
function rangeOf(text: string, size: number): { readonly from: number; readonly to: number } | 'ignored' | null {
  const [, first, last] = /^bytes *= *(\d{0,15}) *- *(\d{0,15}) *$/i.exec(text) ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return 'ignored';
  if (first === '') {
    const from = Math.max(0, size - Number(last));
    return Number(last) > 0 && size > 0 ? { from, to: size - 1 } : null;
  }
  if (last !== '' && Number(last) < Number(first)) return 'ignored';
  if (Number(first) >= size) return null;
  return { from: Number(first), to: last === '' ? size - 1 : Math.min(Number(last), size - 1) };
}
