/**
 * Saved views: a page's filter under a name. One's own are for oneself; what an admin shares everybody sees who sees the
 * page. A view's filter is checked as the page's own number would check it, so that whatever asks by it later (a page, an
 * alert, a report) gets rows and no fault. Times may move along: `period` in place of dates.
 */
import { may, type Right, type Role } from '../../storage/model/rights.ts';
import type { View } from '../../storage/store.ts';
import { PERIODS, type SavedView, VIEW_PAGES, type ViewPage } from '../contract.ts';
import { Wrong } from '../fields.ts';
import { checkParameters, readParameters, type Schema, type Sentence, spelling } from '../params.ts';
import { CgiError } from '../reply.ts';

/** Of one account, and shared ones of all together. */
export const VIEWS_MAX = 50;
export const SHARED_MAX = 100;
const NAME_MAX = 60;
const QUERY_MAX = 2_000;

/** What a page's rows are asked by, and what it takes to see them. */
const PAGE_NUMBERS: Readonly<Record<ViewPage, { readonly number: number; readonly right: Right }>> = {
  calls: { number: 9006, right: 'cdr.read' },
  recordings: { number: 20053, right: 'recording.read' },
};

/** Of a number's parameters those that say how an answer is given, and not which rows are in it. */
const NOT_FILTERS: ReadonlySet<string> = new Set([
  'since',
  'limit',
  'offset',
  'cursor',
  'format',
  'bom',
  'delimiter',
  'text',
  'more',
]);

/** The parameters of a number, from the table. */
export type ParametersOf = (number: number) => Schema | undefined;

export function mayShare(role: Role): boolean {
  return may(role, 'settings');
}

export function seesPage(role: Role, page: string): boolean {
  const about = VIEW_PAGES.find((each) => each === page);
  return about !== undefined && may(role, PAGE_NUMBERS[about].right);
}

/** Whether somebody sees a view. */
export function sees(view: View, user: string, role: Role): boolean {
  return (view.isShared || view.owner === user) && seesPage(role, view.page);
}

/** Whether somebody may change it, or remove it: the own ones, and shared ones who may share. */
export function mayChange(view: View, user: string, role: Role): boolean {
  return sees(view, user, role) && (view.isShared ? mayShare(role) : view.owner === user);
}

export function shown(view: View, user: string, role: Role): SavedView {
  const { id, page, name, query, owner, isShared } = view;
  return { id, page: page as ViewPage, name, query, owner, shared: isShared, changeable: mayChange(view, user, role) };
}

/** @throws {Wrong} */
export function viewName(text: string): string {
  const name = text.trim();
  if (name === '' || [...name].length > NAME_MAX || /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(name))
    throw new Wrong(`must be 1 to ${NAME_MAX} characters, one line`);
  return name;
}

/**
 * A filter as it is kept: known names in the spelling of the reference, empty ones left out.
 * @param text `name=value&…`. @throws {CgiError} `invalid`, of the parameter `query`
 */
export function checkedQuery(page: ViewPage, text: string, parametersOf: ParametersOf): string {
  const refuse = (why: string) => new CgiError('invalid', `query: ${why}`, 'query');
  if (text.length > QUERY_MAX) throw refuse(`must be ${QUERY_MAX} characters at most`);
  const { number } = PAGE_NUMBERS[page];
  const schema = parametersOf(number);
  if (!schema) throw new Error(`there is no number ${number}`);
  const sent = asRefusal(refuse, () => readParameters(text.replace(/^\?/, '')));
  const given: Sentence = new Map([...sent].filter(([, { value }]) => value.trim() !== ''));
  for (const [plain, { name }] of given)
    if (NOT_FILTERS.has(plain)) throw refuse(`${name.slice(0, QUERY_MAX)} is not part of a filter`);
  const period = given.get('period')?.value;
  if (period !== undefined) {
    if (!PERIODS.some((each) => each === period)) throw refuse(`period must be ${PERIODS.join(', ')}`);
    if (given.has('startdate') || given.has('enddate')) throw refuse('period is in place of startdate and enddate');
  }
  const filter: Sentence = new Map([...given].filter(([plain]) => plain !== 'period'));
  asRefusal(refuse, () => checkParameters(schema, filter));
  return [...given].map(([plain, { value }]) => `${spelling(plain)}=${encodeURIComponent(value)}`).join('&');
}

/** What is at fault within the query is a fault of the query. */
function asRefusal<T>(refuse: (why: string) => CgiError, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof CgiError ? refuse(error.message) : error;
  }
}
