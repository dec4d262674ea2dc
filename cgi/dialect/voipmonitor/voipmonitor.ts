/**
 * VoIPmonitor's addresses (its WEB API): scripts by path, what they do by `task` or `module`. The one place where a task
 * stands beside its file.
 */
import type { Known } from '../../access/session.ts';
import { splitReason } from '../../reason.ts';
import { CgiError } from '../../reply.ts';
import type { Services } from '../../verb.ts';
import { cookieOf } from '../cookie.ts';
import type { Dialect, DialectRequest } from '../dialect.ts';
import { holderOf, knownBy, needs } from '../enter.ts';
import { fault } from './fault.ts';
import { getShareUrl } from './get-share-url.ts';
import { getVoiceRecording } from './get-voice-recording.ts';
import { handleActiveCall } from './handle-active-call.ts';
import { listActiveCalls } from './list-active-calls.ts';
import { readSent, type Sent } from './request.ts';
import { shareCdr } from './share-cdr.ts';
import { NO_CAPTURE, notHere, type Task } from './task.ts';

type Tasks = Readonly<Record<string, Task>>;

const CALLS = { number: 9006, right: 'cdr.read' } as const;

const getPcap: Task = {
  like: CALLS,
  handle: ({ sent }) => {
    throw notHere(sent.text('task') || 'a PCAP file', NO_CAPTURE);
  },
};

const API: Tasks = {
  getVoiceRecording,
  listActiveCalls,
  handleActiveCall,
  getShareURL: getShareUrl,
  getPCAP: getPcap,
};

const UTILITIES: Tasks = { shareCdr };

const sipHistory: Task = {
  like: CALLS,
  handle: ({ sent }) => {
    throw notHere(`the SIP history (${sent.text('action').slice(0, 20) || 'no action'})`, NO_CAPTURE);
  },
};

/** What a script does with what was sent. */
const SCRIPTS: Readonly<Record<string, (sent: Sent) => Task>> = {
  '/php/api.php': (sent) => taskOf(API, sent),
  '/php/model/utilities.php': (sent) => taskOf(UTILITIES, sent),
  '/php/pcap.php': () => getPcap,
  '/php/pcap2text.php': () => sipHistory,
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
    const script = SCRIPTS[request.path];
    if (!script) throw new CgiError('not_found', 'not here yet');
    const session = holderOf(request.cookie(cookieOf({ cookie: 'PHPSESSID' }, request.base)), services);
    const sent = readSent(request.query, (await request.body(session !== null))?.toString('utf8') ?? '');
    const caller = await callerOf(sent, session, request, services);
    const task = script(sent);
    needs(caller, task.like, request, services);
    return task.handle({ request, services, caller, sent, reason: reasonOf(sent) });
  },
  fault,
};

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
