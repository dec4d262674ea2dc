/**
 * `reason`: a parameter of every number that changes or hands something out. It is read here, once for all of them, and
 * stands in the lines of the audit log that follow from the request (verb.ts, `by`).
 */

import type { Sentence } from './params.ts';
import { CgiError } from './reply.ts';

/** Characters at most. */
const REASON_MAX = 200;

/** A number that isn't among these shows something on the spot, or is the log-in. */
const REASONED: ReadonlySet<number> = new Set([
  9004, 9005, 20036, 20054, 30003, 30006, 30008, 30009, 30011, 30012, 30014, 30015, 30017, 30020, 30022, 30023, 30025,
  30026, 30028, 30030, 30032, 30033, 30034, 30035, 30038, 30040, 30042, 30043, 30046, 30055, 30056, 30057, 30059,
]);

/** For the reference. */
export const REASON_ABOUT = `why, ${REASON_MAX} characters at most: it stands in the audit log`;

export function takesReason(number: number): boolean {
  return REASONED.has(number);
}

/**
 * Takes the reason out of what was sent. @returns it, '' where none was given, and the rest.
 * @throws {CgiError} `invalid`
 */
export function splitReason(sent: Sentence): { readonly reason: string; readonly rest: Sentence } {
  const given = sent.get('reason');
  if (!given) return { reason: '', rest: sent };
  const { name, value } = given;
  const reason = value.trim();
  if ([...reason].length > REASON_MAX)
    throw new CgiError('invalid', `${name} must be ${REASON_MAX} characters at most`, name);
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(reason)) throw new CgiError('invalid', `${name} must be one line of text`, name);
  return { reason, rest: new Map([...sent].filter(([plain]) => plain !== 'reason')) };
}
