/** The license checks, which monitoring asks: there is no license, and no limit on calls, so that all is well at any time. */
import { CgiError, json, type Reply } from '../../reply.ts';
import type { Sent } from './request.ts';
import type { Task } from './task.ts';

const ANSWERS: Readonly<Record<string, string>> = {
  licenseCheck: 'License OK: none is needed.',
  licenseCallsLimitCheck: 'There is no limit for concurrent calls.',
};

/** As a task of api.php, for whoever may see calls. */
export const checkLicense: Task = {
  like: { number: 9006, right: 'cdr.read' },
  handle: ({ sent }) => licenseOf(sent),
};

/** As a script of its own. Nothing of the box is told, so that it is told to everybody, as there. @throws {CgiError} `invalid` */
export function licenseOf(sent: Sent): Reply {
  const task = sent.text('task');
  const message = Object.hasOwn(ANSWERS, task) ? ANSWERS[task] : undefined;
  if (message === undefined) throw new CgiError('invalid', `task must be ${Object.keys(ANSWERS).join(' or ')}`, 'task');
  return json({ status: 0, message });
}
