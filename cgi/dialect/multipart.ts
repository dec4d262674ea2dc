/**
 * `multipart/form-data` (RFC 7578), as PHP's curl sends an array of fields: plain fields, no files. Pure: bytes in, fields out,
 * in one pass. What isn't well formed is refused as a whole, because half a form is another question than was asked.
 */
import { textOf } from '../form-text.ts';

/** What is wrong with a body; the message follows "the body". */
export class MultipartError extends Error {
  override readonly name = 'MultipartError';
}

/** Fields of a form, as many as of one that is urlencoded; and bytes of the headers of one. */
const FIELDS_MAX = 1_000;
const HEADERS_MAX = 4_096;

/** Whether a Content-Type says that it is one. */
export function isMultipart(type: string): boolean {
  return /^multipart\/form-data *(;|$)/i.test(type);
}

/**
 * Of several fields of one name the last one holds, as in {@link readForm}.
 * @param type The Content-Type, which says where a part ends. @throws {MultipartError}
 */
export function readMultipart(body: Buffer, type: string): Map<string, string> {
  const delimiter = `--${boundaryOf(type)}`;
  const form = new Map<string, string>();
  let fields = 0;
  for (let at = firstPart(body, delimiter); at !== null; ) {
    if (++fields > FIELDS_MAX) throw new MultipartError(`has over ${FIELDS_MAX} fields`);
    const headersEnd = body.indexOf('\r\n\r\n', at - 2); // right behind the boundary's own line end: a part without any
    if (headersEnd < 0 || headersEnd - at > HEADERS_MAX)
      throw new MultipartError('has a field without end of its headers');
    const name = nameIn(textOf(body.subarray(at, Math.max(at, headersEnd))));
    const begin = headersEnd + 4;
    const { end, next } = partEnd(body, `\r\n${delimiter}`, begin);
    form.set(name, textOf(body.subarray(begin, end)));
    at = next;
  }
  return form;
}

function boundaryOf(type: string): string {
  const [, quoted, plain = quoted] = /; *boundary=(?:"([^"]*)"|([^\s;"]*))/i.exec(type) ?? [];
  // The characters that there may be, and no blank at the end (RFC 2046, 5.1.1).
  if (plain === undefined || !/^[\w'()+,./:=? -]{0,69}[\w'()+,./:=?-]$/.test(plain))
    throw new MultipartError('is multipart/form-data without a boundary');
  return plain;
}

/** Where the first part begins, behind whatever stands before it; null: there is none. */
function firstPart(body: Buffer, delimiter: string): number | null {
  if (body.indexOf(delimiter) === 0) {
    const place = behind(body, delimiter.length);
    if (place) return place.next;
  }
  return partEnd(body, `\r\n${delimiter}`, 0).next;
}

/** Where what begins at `from` ends, and the next part begins (null: that was the last). */
function partEnd(body: Buffer, mark: string, from: number): { readonly end: number; readonly next: number | null } {
  for (let end = body.indexOf(mark, from); end >= 0; end = body.indexOf(mark, end + mark.length)) {
    const place = behind(body, end + mark.length);
    if (place) return { end, ...place };
  }
  throw new MultipartError('is cut, or has another boundary than it says');
}

/** The rest of a line that is a boundary: blanks and its end, or the two dashes of the last; null: it is no boundary. */
function behind(body: Buffer, from: number): { readonly next: number | null } | null {
  if (body[from] === DASH && body[from + 1] === DASH) return { next: null };
  let at = from;
  while (body[at] === BLANK || body[at] === TAB) at++;
  return body[at] === CR && body[at + 1] === LF ? { next: at + 2 } : null;
}

const [TAB, LF, CR, BLANK, DASH] = [0x09, 0x0a, 0x0d, 0x20, 0x2d];

/** What a part's headers call it. */
function nameIn(headers: string): string {
  const value = (name: string) => {
    const line = headers.split('\r\n').find((each) => each.toLowerCase().startsWith(`${name}:`));
    return line?.slice(name.length + 1).trim();
  };
  const disposition = value('content-disposition') ?? '';
  const parameter = (name: string) => {
    const [, quoted, plain] =
      new RegExp(`; *${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s;"]+))`, 'i').exec(disposition) ?? [];
    return quoted === undefined ? plain : quoted.replaceAll(/\\(["\\])/g, '$1');
  };
  const name = parameter('name');
  if (!/^form-data *;/i.test(disposition) || name === undefined) throw new MultipartError('has a field without a name');
  if (/; *filename\*?=/i.test(disposition))
    throw new MultipartError(`has a file (${name.slice(0, 40)}), which is not taken`);
  if (!/^(?:7bit|8bit|binary)?$/i.test(value('content-transfer-encoding') ?? ''))
    throw new MultipartError('has an encoding that is not taken');
  return name;
}
