/**
 * Whom MOR's clients ask about. MOR numbers its users; here the owner writes down which extensions each of them has. An
 * admin of the box who isn't written down is MOR's admin, user 0, and has all; who has several extensions is the reseller of
 * those whose extensions are among his. Pure.
 */
import type { Inside } from '../../../storage/filter.ts';
import { inRange, NumberPlanError, type NumberRange, parseNumberRanges } from '../../../storage/model/number-plan.ts';

export interface MorUser {
  /** As MOR's clients write it: digits. */
  readonly id: string;
  /** By which it asks and logs in. */
  readonly name: string;
  /** Extensions that it has; null: an admin's, all. */
  readonly ranges: readonly NumberRange[] | null;
}

/** MOR's number of its admin. */
export const ADMIN_ID = '0';

/** Extensions of one user at most: each becomes a value of a query. */
const MOST_EXTENSIONS = 1_000;

/**
 * Reads `5=shop:201-204,210`: a MOR user id, the name by which it asks or logs in, the extensions that it has, separated by
 * commas or blanks.
 * @returns what is wrong with it, in words that follow the setting's name, where it is none.
 */
export function parseUser(line: string): MorUser | string {
  const [, id, name, text = ''] = /^(\d{1,9})=([A-Za-z0-9._@-]{1,64}):([\d\s,-]+)$/.exec(line.trim()) ?? [];
  if (id === undefined || name === undefined)
    return 'must be ID=NAME:EXTENSIONS such as "5=shop:201-204 210", a name of letters, digits and . _ @ -';
  if (!/^[1-9]/.test(id)) return `must have an id from 1 on, not ${id}: 0 is the admin's`;
  try {
    // A blank beside a dash belongs to the range, any other is a comma.
    const ranges = parseNumberRanges(text.replace(/\s*-\s*/g, '-').replaceAll(/\s+/g, ','));
    if (ranges.length === 0) return `gives ${name} no extension`;
    if (sizeOf(ranges) > MOST_EXTENSIONS) return `gives ${name} more than ${MOST_EXTENSIONS} extensions`;
    return { id, name, ranges };
  } catch (error) {
    if (!(error instanceof NumberPlanError)) throw error;
    return error.message;
  }
}

/** What is wrong with users that are well by themselves, likewise; null: nothing. */
export function faultOfAll(lines: readonly string[]): string | null {
  const users = parseUsers(lines);
  const twice = (of: (user: MorUser) => string) => {
    const all = users.map(of);
    return all.find((value, index) => all.indexOf(value) !== index);
  };
  const id = twice((user) => user.id);
  if (id !== undefined) return `has the id ${id} twice`;
  const name = twice((user) => user.name);
  return name === undefined ? null : `has the name ${name} twice`;
}

/** Those that are written down. A line that is none is passed over: the setting's check has refused it. */
export function parseUsers(lines: readonly string[]): MorUser[] {
  return lines.map(parseUser).filter((user) => typeof user !== 'string');
}

/**
 * Who asks by a name; null: nobody. What is written down counts before an account's role: the narrower holds.
 * @param isAdmin Whether an account of that name is an admin's.
 */
export function whoAsks(name: string, users: readonly MorUser[], isAdmin: boolean): MorUser | null {
  const known = users.find((user) => user.name === name);
  return known ?? (isAdmin ? { id: ADMIN_ID, name, ranges: null } : null);
}

/**
 * Whom somebody asks about, if he may: an admin about everybody and about each extension of the number plan, a reseller
 * about himself and his users, a user about himself. null: there is nobody, or nobody of his.
 * @param extension `numbering.extension`.
 */
export function askedAbout(
  id: string,
  from: MorUser,
  { users, extension }: { readonly users: readonly MorUser[]; readonly extension: string },
): MorUser | null {
  if (id === from.id) return from;
  const known = users.find((user) => user.id === id) ?? null;
  if (from.ranges !== null) return known && sizeOf(from.ranges) > 1 && liesWithin(known, from.ranges) ? known : null;
  if (known) return known;
  return isIn(parseNumberRanges(extension), id) ? { id, name: id, ranges: [{ low: id, high: id }] } : null;
}

/** Whether a number is one of somebody's extensions. @param extension `numbering.extension`, which is all of an admin's. */
export function hasExtension({ ranges }: MorUser, number: string, extension: string): boolean {
  return isIn(ranges ?? parseNumberRanges(extension), number);
}

/** Each of somebody's extensions, in the order in which they are written down; null: an admin's, all. */
export function extensionsOf({ ranges }: MorUser): readonly string[] | null {
  if (ranges === null) return null;
  const each = ({ low }: NumberRange, index: number) => String(Number(low) + index).padStart(low.length, '0');
  return [
    ...new Set(ranges.flatMap((range) => Array.from({ length: sizeOf([range]) }, (_, index) => each(range, index)))),
  ];
}

/** How many extensions somebody has; an admin, who has all, more than anybody. */
export function countOf(user: MorUser): number {
  return extensionsOf(user)?.length ?? Number.POSITIVE_INFINITY;
}

/** Somebody's calls as a filter has them; undefined: an admin's, all. */
export function insideOf(user: MorUser, side: Inside['side']): Inside | undefined {
  const numbers = extensionsOf(user);
  return numbers === null ? undefined : { numbers, side };
}

function isIn(ranges: readonly NumberRange[], number: string): boolean {
  return ranges.some((range) => inRange(number, range));
}

/** Whether all that somebody has lies in these. */
function liesWithin(user: MorUser, outer: readonly NumberRange[]): boolean {
  return extensionsOf(user)?.every((number) => isIn(outer, number)) ?? false;
}

/** How many numbers. */
function sizeOf(ranges: readonly NumberRange[]): number {
  return ranges.reduce((sum, { low, high }) => sum + Number(high) - Number(low) + 1, 0);
}
