/**
 * `task=getVoipCalls`: calls that began, ended, were made by and to whom. `params` may be an array: then it is one list, the
 * calls of each of its questions behind those of the one before. The shape of the answer is not in the documents.
 */

import { epochBounds } from '../../range.ts';
import { CgiError, type Reply } from '../../reply.ts';
import { callIdOf } from './call-id.ts';
import { type Cdr, cdrs, idsOf, type Question } from './cdr.ts';
import { numbers } from './filter.ts';
import { between, wallOf } from './moment.ts';
import { type Params, textIn, wholeIn, yesIn } from './request.ts';
import type { Asked, Task } from './task.ts';

/** `endTime` is how the documents' examples call `callEnd`. */
const NAMES: ReadonlySet<string> = new Set([
  ...['startTime', 'startTimeTo', 'callEnd', 'endTime', 'caller', 'called', 'onlyConnected', 'cdrId', 'callId'],
]);

export const getVoipCalls: Task = { like: { number: 9006, right: 'cdr.read' }, handle };

async function handle({ services, sent, note }: Asked): Promise<Reply> {
  const questions: Question[] = [];
  for (const params of sent.params) questions.push(await questionOf(params, services));
  for (const params of sent.params) note(params);

  async function* text(): AsyncGenerator<string> {
    let separator = '{"success":true,"cdr":[';
    for (const question of questions)
      for await (const page of cdrs(services, question, { order: 'asc' })) {
        yield page.length === 0 ? '' : `${separator}${page.map((cdr) => JSON.stringify(callOf(cdr))).join(',')}`;
        if (page.length > 0) separator = ',';
      }
    yield `${separator === ',' ? '' : separator}]}`;
  }
  return { kind: 'rows', text: text() };
}

/** In the names by which other tasks ask for it. */
export function callOf({ id, fbasename, ...cdr }: Cdr) {
  return { cdrId: id, callId: fbasename, ...cdr };
}

async function questionOf(params: Params, { store, zone }: Asked['services']): Promise<Question> {
  refuseOthers(params);
  const text = (name: string) => textIn(params, name);
  const [cdrId, callId] = [wholeIn(params, 'cdrId'), text('callId').trim()];
  const time = (name: string) => [name, text(name).trim()] as const;
  if (time('startTime')[1] === '' && cdrId === undefined && callId === '')
    throw new CgiError('invalid', 'startTime is missing', 'startTime');
  const ends = [time('callEnd'), time('endTime')].filter(([, given]) => given !== '');
  if (ends.length > 1) throw new CgiError('invalid', 'endTime is callEnd: give one of them', 'endTime');
  const [end] = ends;
  const to = end && wallOf(end);
  const found = callId === '' ? null : await idsOf(callIdOf('callId', callId), { store });
  return {
    filter: {
      start: between(time('startTime'), time('startTimeTo'), zone),
      ...(to !== undefined && { end: epochBounds({ to }, zone) }),
      ...numbers('src', 'caller', text('caller')),
      ...numbers('dst', 'called', text('called')),
      ...(yesIn(params, 'onlyConnected') && { dispositions: ['ANSWERED'] }),
    },
    ids: cdrId === undefined ? found : (found ?? [cdrId]).filter((id) => id === cdrId),
  };
}

/** Any other name is a SIP header's, by which or of which the values are wanted. @throws {CgiError} `invalid` */
function refuseOthers(params: Params): void {
  for (const [name, value] of params) {
    if (NAMES.has(name) || value === null || value === '') continue;
    const shown = name.slice(0, 64);
    const why =
      name === 'id_sensor'
        ? 'the box is one and has no sensors'
        : `no SIP is captured, so that the box knows no${name === 'customHeaders' ? '' : ' such'} headers`;
    throw new CgiError('invalid', `${shown} is not here: ${why}`, shown);
  }
}
