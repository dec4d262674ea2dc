/** From a request to its reply: number, then rights, then parameters, then the handler. Nothing is allowed by default. */
import { StoreError } from '../storage/errors.ts';
import { may } from '../storage/model/rights.ts';
import type { Caller } from './access/session.ts';
import { checkParameters, readParameters } from './params.ts';
import { CgiError, errorReply, type Reply } from './reply.ts';
import { TABLE } from './table.ts';
import type { Services } from './verb.ts';

/** What arrived under `/cgi/webserve/`, whatever carried it. */
export interface CgiRequest {
  /** As it stands in the path. */
  readonly number: string;
  /** Query and form body, undecoded; '' where there is none. */
  readonly query: string;
  readonly body: string;
  /** From the Authorization header or the cookie. */
  readonly token: string | null;
}

/**
 * Answers one request. Faults of the client and of the store become replies; anything else is thrown for the caller to
 * log and to answer as `internal`.
 */
export async function dispatch(request: CgiRequest, services: Services): Promise<Reply> {
  try {
    const verb = /^\d{1,6}$/.test(request.number) ? TABLE[Number(request.number)] : undefined;
    if (!verb) throw new CgiError('not_found', `there is no number ${request.number.slice(0, 20)}`);
    const caller = callerOf(request.token, services);
    if (verb.right !== null) {
      if (!caller) throw new CgiError('login', 'log in first: 8404');
      if (!may(caller.role, verb.right)) throw new CgiError('denied', `${caller.user} may not do this`);
    }
    const parameters = checkParameters(verb.parameters, readParameters(request.query, request.body));
    return await verb.handle(parameters, services, caller);
  } catch (error) {
    return faultReply(error);
  }
}

export function callerOf(token: string | null, { sessions }: Pick<Services, 'sessions'>): Caller | null {
  return token === null ? null : sessions.find(token);
}

/** @throws what is no fault of client or store. */
export function faultReply(error: unknown): Reply {
  if (error instanceof CgiError) return errorReply(error);
  if (error instanceof StoreError && error.code === 'busy')
    return errorReply(new CgiError('busy', 'try again shortly'));
  if (error instanceof StoreError && error.code === 'disk_full')
    return errorReply(new CgiError('disk_full', 'the disk of the call records is full'));
  throw error;
}
