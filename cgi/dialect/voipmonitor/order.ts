/** In which order a listing comes, and which part of it: `sort`, `orderBy…`, `page`, `start`, `limit`. Pure. */
import type { SortColumn } from '../../../storage/filter.ts';
import { CgiError } from '../../reply.ts';
import type { Order } from './cdr.ts';
import { NO_CAPTURE } from './task.ts';

/** Rows without a word on it, and at most. */
const LIMIT = 1_000;
const LIMIT_MAX = 100_000;

/** By the names of a row; undefined is the start. */
const PROPERTIES: Readonly<Record<string, SortColumn | undefined>> = {
  calldate: undefined,
  calldate2: undefined,
  duration: 'duration',
  connect_duration: 'billsec',
  caller: 'src',
  callername: 'callerName',
  called: 'dst',
  lastSIPresponse: 'outcome',
  lastSIPresponseNum: 'outcome',
};

const SPECIAL: Readonly<Record<string, SortColumn>> = {
  CallDuration: 'duration',
  SrcNumber: 'src',
  DstNumber: 'dst',
  CallerName: 'callerName',
  LastSIPrespNum: 'outcome',
};
const CAPTURED = /^orderBy(Loss|Delay|Fixed[12]|Adapt|(Src|Dst)SIP_IP_(asc|desc))$/;

const NAMES: ReadonlySet<string> = new Set(['page', 'start', 'limit', 'sort', 'dir']);

/** Whether a parameter is one of these. @throws {CgiError} `invalid` for one that calls can't answer */
export function isOrder(name: string): boolean {
  if (CAPTURED.test(name)) throw new CgiError('invalid', `${name} is not here: ${NO_CAPTURE}`, name);
  return NAMES.has(name) || specialOf(name) !== null;
}

/**
 * @param texts All that was sent with a value, by name. @param bare Names that came without one.
 * @throws {CgiError} `invalid`
 */
export function orderOf(
  texts: ReadonlyMap<string, string>,
  bare: readonly string[] = [],
): Order & { readonly limit: number; readonly offset: number } {
  const limit = wholeOf('limit', texts, LIMIT);
  if (limit < 1 || limit > LIMIT_MAX) throw new CgiError('invalid', `limit must be 1 to ${LIMIT_MAX}`, 'limit');
  const page = wholeOf('page', texts, 1);
  if (page < 1) throw new CgiError('invalid', 'page must be 1 or more', 'page');
  return { ...directionOf(texts, bare), limit, offset: wholeOf('start', texts, (page - 1) * limit) };
}

function directionOf(texts: ReadonlyMap<string, string>, bare: readonly string[]): Pick<Order, 'sort' | 'order'> {
  const special = [...texts.keys()].flatMap((name) => {
    const found = isOff(texts.get(name) ?? '') ? null : specialOf(name);
    return found ? [found] : [];
  });
  const sort = texts.get('sort') ?? '';
  if (special.length > 1 || (special.length === 1 && sort !== ''))
    throw new CgiError('invalid', 'sort: one order at a time', 'sort');
  const [only] = special;
  if (only) return only;
  const direction = texts.get('dir') ?? '';
  return sort === '' && direction === '' ? (bareOf(bare) ?? { order: 'desc' }) : sorted(sort || 'calldate', direction);
}

/**
 * The documents print these names without a value: one alone is meant. Several are the fields of a form that were left empty.
 * @throws {CgiError} `invalid`
 */
function bareOf(bare: readonly string[]): Pick<Order, 'sort' | 'order'> | null {
  const [name, ...others] = bare.filter((each) => each.startsWith('orderBy'));
  return name !== undefined && others.length === 0 && isOrder(name) ? specialOf(name) : null;
}

function specialOf(name: string): { readonly sort: SortColumn; readonly order: 'asc' | 'desc' } | null {
  const [, what = '', direction] = /^orderBy(\w+)_(asc|desc)$/.exec(name) ?? [];
  const sort = Object.hasOwn(SPECIAL, what) ? SPECIAL[what] : undefined;
  return sort ? { sort, order: direction === 'asc' ? 'asc' : 'desc' } : null;
}

const isOff = (text: string) => ['', '0', 'false'].includes(text.toLowerCase());

/** `[{"property":"calldate2","direction":"DESC"}]`, or the property alone. */
function sorted(text: string, dir: string): Pick<Order, 'sort' | 'order'> {
  const { property, direction = 'ASC' } = /^\s*[[{]/.test(text)
    ? sorterOf(text)
    : { property: text, direction: dir || 'ASC' };
  if (!Object.hasOwn(PROPERTIES, property))
    throw new CgiError('invalid', `sort: the property must be one of ${Object.keys(PROPERTIES).join(', ')}`, 'sort');
  if (!/^(asc|desc)$/i.test(direction))
    throw new CgiError('invalid', 'sort: the direction must be ASC or DESC', 'sort');
  return { sort: PROPERTIES[property], order: direction.toLowerCase() as 'asc' | 'desc' };
}

function sorterOf(text: string): { readonly property: string; readonly direction?: string } {
  const wrong = new CgiError('invalid', 'sort must be such as [{"property":"calldate2","direction":"DESC"}]', 'sort');
  let sorters: unknown;
  try {
    sorters = JSON.parse(text);
  } catch {
    throw wrong;
  }
  const [sorter, ...others] = Array.isArray(sorters) ? sorters : [sorters];
  if (others.length > 0) throw new CgiError('invalid', 'sort: one property at a time', 'sort');
  if (typeof sorter !== 'object' || sorter === null) throw wrong;
  const { property, direction } = sorter as Record<string, unknown>;
  if (typeof property !== 'string' || !['string', 'undefined'].includes(typeof direction)) throw wrong;
  return { property, ...(direction !== undefined && { direction: String(direction) }) };
}

function wholeOf(name: string, texts: ReadonlyMap<string, string>, otherwise: number): number {
  const text = texts.get(name) ?? '';
  if (text === '') return otherwise;
  if (!/^\d{1,12}$/.test(text)) throw new CgiError('invalid', `${name} must be a whole number`, name);
  return Number(text);
}
