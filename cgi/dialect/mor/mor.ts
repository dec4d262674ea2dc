/**
 * MOR (Kolmisoft): pages of XML, each at an address of its own, for whoever has logged in, and an API whose requests carry a
 * hash. Every page stands in one table here, by method and address, as MOR's document has it; an address that ends with `/`
 * is followed by an id. What fails is told in the form of what was asked for: a page's error_msg, an action's
 * status_message, the API's error.
 */
import type { Known } from '../../access/session.ts';
import { mayCall } from '../../dispatch.ts';
import { CgiError, ERROR_STATUS, type Reply } from '../../reply.ts';
import type { Services } from '../../verb.ts';
import type { Dialect, DialectRequest } from '../dialect.ts';
import { holderOf, needs } from '../enter.ts';
import { formOf } from '../form-of.ts';
import { callCsv, callPdf } from './call-export.ts';
import { callList } from './call-list.ts';
import { activateCallback } from './callback.ts';
import { addCallerId, clis, deleteCallerId } from './cli-pages.ts';
import { editDetails, personalDetails, userDetailsGet } from './details.ts';
import { userDevices } from './devices.ts';
import { localCallsGet } from './local-calls.ts';
import { loginFor, loginForm, loginPage, tokenOf } from './login.ts';
import { mainPage } from './main.ts';
import { missedCalls, processMissed } from './missed-calls.ts';
import { newCalls } from './new-calls.ts';
import { NOT_HERE } from './not-here.ts';
import { actionReply, errorReply, LANGUAGE, type OpenPage, type Page, pageReply, usersOf } from './page.ts';
import { addEntry, deleteEntry, phoneBook } from './phone-book.ts';
import { userStats } from './user-stats.ts';
import { type MorUser, whoAsks } from './users.ts';

const PAGES: Readonly<Record<string, Page | OpenPage>> = {
  'GET /callc/login': loginForm,
  'POST /api/login': loginFor(isOpenTo),
  'GET /callc/main': mainPage,
  'GET /stats/call_list': callList,
  'POST /stats/call_list': callList,
  'GET /stats/call_list_to_pdf/': callPdf,
  'GET /stats/call_list_to_csv/': callCsv,
  'GET /stats/new_calls_list': newCalls,
  'GET /stats/missed_calls': missedCalls,
  'POST /stats/missed_calls': processMissed,
  'GET /stats/user_stats': userStats,
  'POST /stats/user_stats': userStats,
  'GET /devices/user_device_clis': clis,
  'POST /devices/cli_add': addCallerId,
  'POST /devices/cli_destroy/': deleteCallerId,
  'GET /phonebooks/list/': phoneBook,
  'POST /phonebooks/add_new/': addEntry,
  'POST /phonebooks/destroy/': deleteEntry,
  ...NOT_HERE,
  'GET /users/personal_details': personalDetails,
  'POST /users/update_personal_details/': editDetails,
  'GET /devices/user_devices': userDevices,
  'POST /functions/activate_callback': activateCallback,
  'POST /api/user_details_get': userDetailsGet,
  'GET /api/user_details_get': userDetailsGet,
  'POST /api/local_calls_get': localCallsGet,
  'GET /api/local_calls_get': localCallsGet,
};

export const mor: Dialect = {
  async answer(request, services) {
    const found = pageAt(request);
    if (!found) return noPage(request);
    const { page, rest } = found;
    const answered = 'open' in page ? page.answer(request, services) : answerPage(page, rest, request, services);
    return request.method === 'HEAD' ? withoutRows(await answered) : answered;
  },
  fault(error, request) {
    const page = pageAt(request)?.page;
    if (page?.action !== undefined) return actionReply(page.action, 'failed', error.message, ERROR_STATUS[error.code]);
    if (error.code === 'login') return loginPage(error.message, ERROR_STATUS.login);
    if (!page || 'open' in page) return errorReply(error.message, ERROR_STATUS[error.code]);
    return pageReply('Error', [LANGUAGE, ['error_msg', error.message]], ERROR_STATUS[error.code]);
  },
};

/** @throws {CgiError} */
async function answerPage(page: Page, rest: string, request: DialectRequest, services: Services): Promise<Reply> {
  if (!page.byHash) return answerKnown(page, rest, request, services);
  // Who asks is not known yet, and a body is read once.
  const body = await request.body(false);
  const again = { ...request, body: async () => body };
  if ((await formOf(again, false)).has('hash')) return page.byHash.answer(again, services);
  return answerKnown(page, rest, again, services);
}

/** For somebody who shows who he is, and may. @throws {CgiError} */
async function answerKnown(page: Page, rest: string, request: DialectRequest, services: Services): Promise<Reply> {
  const caller = holderOf(tokenOf(request), services);
  if (!caller) throw new CgiError('login', 'Please log in');
  needs(caller, page.like, request, services);
  const user = userOf(caller, services);
  if (!user) throw new CgiError('denied', `${caller.user} is no user of this API`);
  if (page.action !== undefined) services.notes.acts(caller.user, 1);
  return page.answer({ request, services, caller, user, form: await formOf(request), rest });
}

/** What a key may is its own; whom it is told of goes by its name. null: it is no user of MOR's. */
function userOf({ user, role }: Known, services: Services): MorUser | null {
  return whoAsks(user.replace(/^key:/, ''), usersOf(services), role === 'admin');
}

/** Whether there is a page here that somebody may have; those that are here for nobody do not count. */
function isOpenTo(caller: Known, services: Services): boolean {
  const isOpen = ([at, page]: [string, Page | OpenPage]) =>
    'like' in page && !Object.hasOwn(NOT_HERE, at) && mayCall(caller, page.like.number, page.like.right);
  return userOf(caller, services) !== null && Object.entries(PAGES).some(isOpen);
}

/** To HEAD no long list is looked for. */
function withoutRows(reply: Reply): Reply {
  return reply.kind === 'rows' ? { ...reply, text: (async function* () {})() } : reply;
}

interface Found {
  readonly page: Page | OpenPage;
  readonly rest: string;
}

/** MOR's document has all pages by POST or GET: what only tells is told by both, what does something is done by POST alone. */
function pageAt({ method, path }: Pick<DialectRequest, 'method' | 'path'>): Found | null {
  const byPost = method === 'POST' ? entryAt(`POST ${path}`) : null;
  return byPost ?? entryAt(`GET ${path}`);
}

function entryAt(asked: string): Found | null {
  const exact = PAGES[asked.endsWith('/') ? asked.slice(0, -1) : asked];
  if (exact) return { page: exact, rest: '' };
  const slash = asked.lastIndexOf('/') + 1;
  const page = PAGES[asked.slice(0, slash)];
  return page ? { page, rest: asked.slice(slash) } : null;
}

/** Nothing is here, or by POST alone. */
function noPage({ path }: DialectRequest): Reply {
  if (entryAt(`POST ${path}`)) return errorReply('POST only', ERROR_STATUS.method);
  return errorReply('there is no such page here', ERROR_STATUS.not_found);
}
