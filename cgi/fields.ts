/** How a parameter is read, by kind: each field takes the text as sent and gives the value that a filter wants. */
import * as v from 'valibot';
import { parseCallType, parseDisposition } from '../storage/model/direction.ts';
import type { CallType, Disposition } from '../storage/model/leg.ts';
import { parseLocal } from '../storage/model/local-time.ts';
import { type NumberPattern, PatternError, parseNumberPattern } from '../storage/model/number-pattern.ts';
import { isRole, ROLES, type Role } from '../storage/model/rights.ts';

/** An absent or empty parameter filters nothing. */
type Unset = undefined;

/** A field made of one function: it gives the value, or throws a {@link Wrong} whose message follows the name. */
export class Wrong extends Error {}

/** @param about What it means, in a few words: for the reference and for `GET /cgi/webserve/`. */
export function field<T>(about: string, read: (text: string) => T) {
  return v.optional(required(about, read));
}

/** The same for one that may not be left out. */
export function required<T>(about: string, read: (text: string) => T) {
  return v.pipe(
    v.string(),
    v.description(about),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      try {
        return read(dataset.value);
      } catch (error) {
        if (!(error instanceof Wrong || error instanceof PatternError)) throw error;
        addIssue({ message: error.message });
        return NEVER;
      }
    }),
  );
}

/** A point on the box's clock, as sent and as seconds of the wall clock. */
export interface WallTime {
  readonly text: string;
  readonly wall: number;
}

const TIME = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d)(:\d\d)?$/;

/** `YYYY-MM-DD HH:MM[:SS]`. @param seconds What a time to the minute means: its first or its last second. */
export function wallTime(about: string, seconds: ':00' | ':59') {
  return field(about, (text): WallTime | Unset => {
    if (text.trim() === '') return undefined;
    const [, day, minute, second = seconds] = TIME.exec(text.trim()) ?? [];
    const wall = day && minute ? parseLocal(`${day} ${minute}${second}`) : null;
    if (wall === null) throw new Wrong('must be a date such as 2021-05-07 00:00');
    return { text: text.trim(), wall };
  });
}
export const startDate = wallTime('from YYYY-MM-DD HH:MM[:SS] on; both dates empty: today', ':00');
export const endDate = wallTime('up to YYYY-MM-DD HH:MM[:SS], the whole minute included', ':59');

/** Numbers by the grammar of guide-resolved: list, range, wildcards, feature codes. */
function numbersField(about: string) {
  return field(about, (text): readonly NumberPattern[] | Unset => {
    const patterns = parseNumberPattern(text);
    return patterns.length > 0 ? patterns : undefined;
  });
}
export const numbers = numbersField('a number, a comma list, a range 200-299, * any run and ? any one character');
/** The same, on either side of a call. */
export const eitherNumbers = numbersField('who called or was called, as src and dst have it');

/** A comma list of words; `All` and nothing filter nothing. */
function words<T>(parse: (word: string) => readonly T[] | null, known: string) {
  return field(`${known}, All; a comma list`, (text): readonly T[] | Unset => {
    if (text.trim() === '') return undefined;
    const list = text
      .split(',')
      .map((word) => word.trim())
      .filter((word) => word !== '');
    if (list.length > 20) throw new Wrong('has too many values');
    if (list.some((word) => word.toLowerCase() === 'all')) return undefined;
    // Commas alone aren't taken for "all": a deletion by mistake would delete everything.
    if (list.length === 0) throw new Wrong(`must be one of ${known} or All`);
    return list.flatMap((word) => {
      const parsed = parse(word);
      if (!parsed) throw new Wrong(`must be one of ${known} or All`);
      return parsed;
    });
  });
}

/** Asterisk's CONGESTION shows as FAILED, so who asks for FAILED means both. */
export const dispositions = words<Disposition>((word) => {
  const disposition = parseDisposition(word);
  return disposition && (disposition === 'FAILED' ? ['FAILED', 'CONGESTION'] : [disposition]);
}, 'ANSWERED, BUSY, FAILED, NO ANSWER');

export const callTypes = words<CallType>((word) => {
  const callType = parseCallType(word);
  return callType && [callType];
}, 'Internal, Outbound, Inbound, CallBack, Conference');

/** Whole seconds, 0 or more. */
export const seconds = field('whole seconds', (text) => wholeNumber(text, 'must be whole seconds'));

/** A name matched exactly; one trailing `-` is dropped, because the guide's pages end prefixes with it. */
export const prefix = field('exactly this; one trailing - is dropped', (text) => {
  if (text === '') return undefined;
  const name = text.endsWith('-') ? text.slice(0, -1) : text;
  if (name === '') throw new Wrong('must be more than a dash');
  return name;
});

/** A trunk by name, or `All`. */
export const trunk = field('a trunk by name (96, pstn2, GSM3), or All', (text) =>
  text === '' || text.toLowerCase() === 'all' ? undefined : text,
);

/** −1, 0: all ports; 3: the GSM port 3; `GSM3`, `pstn2`: one port of either kind, by its trunk name. */
export const port = field(
  '-1 or 0: all; a GSM port’s number; GSM3, pstn2',
  (text): { readonly gsm: number } | { readonly trunk: string } | Unset => {
    if (text === '' || text === '-1' || /^0+$/.test(text)) return undefined;
    if (/^\d{1,4}$/.test(text)) return { gsm: Number(text) };
    const [, kind, number] = /^(gsm|pstn)(\d{1,4})$/i.exec(text) ?? [];
    if (!kind) throw new Wrong('must be -1, a port number, GSM3 or pstn2');
    return { trunk: `${kind.toLowerCase() === 'gsm' ? 'GSM' : 'pstn'}${Number(number)}` };
  },
);

/** Rows: a whole number from `least` on. */
export const rows = (least: 0 | 1, about: string) =>
  field(about, (text) => {
    const number = wholeNumber(text, 'must be a whole number');
    if (number !== undefined && number < least) throw new Wrong(`must be ${least} or more`);
    return number;
  });

/** One word of a few, any case. */
export function oneOf<const Word extends string>(...known: readonly Word[]) {
  return field(known.join(' or '), (text): Word | Unset => {
    if (text === '') return undefined;
    const found = known.find((word) => word.toLowerCase() === text.toLowerCase());
    if (!found) throw new Wrong(`must be ${known.join(' or ')}`);
    return found;
  });
}

/** `1` is yes; `0`, nothing and absence are no. */
export const flag = (about: string) =>
  v.optional(
    required(`1: ${about}`, (text) => {
      if (!/^[01]?$/.test(text.trim())) throw new Wrong('must be 0 or 1');
      return text.trim() === '1';
    }),
    '',
  );

/** What stands between two cells of a CSV. */
export const delimiter = field(', or ; between two cells of a CSV', (text): ',' | ';' | Unset => {
  if (text === '') return undefined;
  if (text !== ',' && text !== ';') throw new Wrong('must be , or ;');
  return text;
});

/** Where an earlier answer ended, as that answer gave it. */
export const cursor = field('where an earlier answer ended, as its json_obj_filter says', (text) => {
  if (text === '') return undefined;
  const [, key, id] = /^(-?\d{1,15})\.(\d{1,15})$/.exec(text) ?? [];
  if (key === undefined) throw new Wrong('must be the cursor of an earlier answer');
  return { key: Number(key), id: Number(id) };
});

/** Account names: what can be typed on a phone and stand in a log. */
export const userName = v.pipe(
  v.string(),
  v.description('the account'),
  v.regex(/^[A-Za-z0-9._-]{1,64}$/, 'must be 1 to 64 letters, digits, . _ -'),
);

/** The MD5 digest of the password as 32 hex digits, any case (guide 4.1). */
export const passwordDigest = v.pipe(
  v.string(),
  v.description('MD5 of the password, 32 hex digits'),
  v.regex(/^[0-9a-f]{32}$/i, 'must be the 32 hex digits of the password’s MD5'),
  v.toLowerCase(),
);

/** The same for a password to be set: that of an empty one is none. */
export const newPasswordDigest = v.pipe(
  passwordDigest,
  v.description('MD5 of the new password, 32 hex digits'),
  v.check((digest) => digest !== 'd41d8cd98f00b204e9800998ecf8427e', 'is that of an empty password'),
);

function sixDigits(text: string): string {
  const code = text.replaceAll(' ', ''); // apps show it in two halves
  if (!/^\d{6}$/.test(code)) throw new Wrong('must be six digits');
  return code;
}
const CODE = 'what the authenticator app shows, six digits';

/** Of a second factor. */
export const code = field(`${CODE}; for accounts with a second factor`, (text) =>
  text === '' ? undefined : sixDigits(text),
);
export const requiredCode = required(CODE, sixDigits);

export const role = oneOf(...ROLES);
export const requiredRole = required(ROLES.join(' or '), (text): Role => {
  const word = text.toLowerCase();
  if (!isRole(word)) throw new Wrong(`must be ${ROLES.join(' or ')}`);
  return word;
});

function wholeNumber(text: string, message: string): number | Unset {
  if (text.trim() === '') return undefined;
  if (!/^\d{1,12}$/.test(text.trim())) throw new Wrong(message);
  return Number(text);
}
