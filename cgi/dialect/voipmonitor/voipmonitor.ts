/**
 * VoIPmonitor's addresses (its WEB API): scripts by path, what they do by `task` or `module`. The one place where a task
 * stands beside its file.
 */

import type { Known } from '../../access/session.ts';
import { formText } from '../../form-text.ts';
import { splitReason } from '../../reason.ts';
import { CgiError, type Reply } from '../../reply.ts';
import type { Services } from '../../verb.ts';
import { cookieOf } from '../cookie.ts';
import type { Dialect, DialectRequest } from '../dialect.ts';
import { byOf, holderOf, knownBy, needs } from '../enter.ts';
import { fieldsIn } from '../form-of.ts';
import { isMultipart } from '../multipart.ts';
import { getVoipCalls } from './calls.ts';
import { fault, LICENSE } from './fault.ts';
import { getShareUrl } from './get-share-url.ts';
import { getVoiceRecording } from './get-voice-recording.ts';
import { handleActiveCall } from './handle-active-call.ts';
import { listCdrIds } from './ids.ts';
import { checkLicense, licenseOf } from './license.ts';
import { listActiveCalls } from './list-active-calls.ts';
import { listCdrs } from './listing.ts';
import { COOKIE, logIn } from './login.ts';
import { admin, index } from './redirects.ts';
import { reportSummary } from './report.ts';
import { readSent, type Sent } from './request.ts';
import { shareCdr } from './share-cdr.ts';
import { NO_CAPTURE, notHere, type Task } from './task.ts';

type Tasks = Readonly<Record<string, Task>>;

/** Characters of a question that the audit log keeps. */
const ASKED_SHOWN = 500;

const CALLS = { number: 9006, right: 'cdr.read' } as const;

const captured = (what: string): Task => ({
  like: CALLS,
  handle: () => {
    throw notHere(what, NO_CAPTURE);
  },
});

/** By `task`. */
const API: Tasks = {
  getVoipCalls,
  getVoiceRecording,
  listActiveCalls,
  handleActiveCall,
  reportSummary,
  getShareURL: getShareUrl,
  getPCAP: captured('getPCAP'),
  listCdrIds,
  licenseCheck: checkLicense,
  licenseCallsLimitCheck: checkLicense,
};

const UTILITIES: Tasks = { shareCdr };

/** What a script does with what was sent. */
const SCRIPTS: Readonly<Record<string, (sent: Sent) => Task>> = {
  '/php/api.php': (sent) => taskOf(API, sent),
  '/php/model/utilities.php': (sent) => taskOf(UTILITIES, sent),
  '/php/model/sql.php': (sent) => {
    const [task, module] = [sent.text('task'), sent.text('module')];
    if (task === 'LISTING' && module === 'CDR') return listCdrs;
    throw new CgiError('invalid', 'here are module=bypass_login, and task=LISTING with module=CDR', 'module');
  },
  '/php/pcap.php': () => captured('a PCAP file'),
  '/php/pcap2text.php': () => captured('the SIP history'),
};

function taskOf(tasks: Tasks, sent: Sent): Task {
  const name = sent.text('task');
  const task = Object.hasOwn(tasks, name) ? tasks[name] : undefined;
  if (task) return task;
  if (name === '') throw new CgiError('invalid', 'task is missing', 'task');
  throw new CgiError('invalid', `there is no task ${name.slice(0, 64)}`, 'task');
}

export const voipmonitor: Dialect = {
  async answer(request, services) {
    if (request.path === '/admin.php') return admin(request);
    if (request.path === '/index.php') return index(request);
    const session = holderOf(request.cookie(cookieOf(COOKIE, request.base)), services);
    const sent = readSent(request.query, await bodyOf(request, session !== null));
    if (request.path === LICENSE) return licenseOf(sent);
    if (sent.text('module') === 'bypass_login' && request.path === '/php/model/sql.php')
      return logIn(request, services, sent);
    const reply = await carryOut(request, services, { sent, session });
    return request.method === 'HEAD' ? headOf(reply) : reply;
  },
  fault,
};

/** JSON and forms are told apart by what they are: clients of `curl -d` call both a form. */
async function bodyOf(request: DialectRequest, known: boolean): Promise<string | ReadonlyMap<string, string>> {
  const [body, type] = [await request.body(known), request.header('content-type')];
  if (body === null) return '';
  return isMultipart(type) ? fieldsIn(body, type) : formText(body);
}

/** To HEAD: that it would be answered; a long list isn't looked for to its end. */
async function headOf(reply: Reply): Promise<Reply> {
  if (reply.kind !== 'rows') return reply;
  await reply.text[Symbol.asyncIterator]().return?.();
  return { ...reply, text: (async function* () {})() };
}

async function carryOut(
  request: DialectRequest,
  services: Services,
  { sent, session }: { readonly sent: Sent; readonly session: Known | null },
): Promise<Reply> {
  const script = Object.hasOwn(SCRIPTS, request.path) ? SCRIPTS[request.path] : undefined;
  if (!script) throw new CgiError('not_found', 'there is no such script');
  const caller = await callerOf(sent, session, request, services);
  const task = script(sent);
  needs(caller, task.like, request, services);
  const reason = reasonOf(sent);
  return task.handle({
    ...{ request, services, caller, sent, reason },
    note(asked) {
      const detail = {
        task: sent.text('task'),
        asked: JSON.stringify(Object.fromEntries(asked)).slice(0, ASKED_SHOWN),
      };
      if (reason !== '') services.notes.done({ ...byOf(caller, request, reason), action: 'calls.exported', detail });
    },
  });
}

/** By user and password in the request, or by the session. @throws {CgiError} `login`, `busy` */
async function callerOf(
  sent: Sent,
  session: Known | null,
  request: DialectRequest,
  services: Services,
): Promise<Known> {
  const [user, password] = [sent.text('user'), sent.text('password')];
  const caller = user === '' && password === '' ? session : await knownBy(user, password, request, services);
  if (!caller) throw new CgiError('login', 'unknown user or wrong password');
  return caller;
}

function reasonOf(sent: Sent): string {
  return splitReason(new Map([['reason', { name: 'auditReason', value: sent.text('auditReason') }]])).reason;
}
