/** Requests in a dialect's addresses: taken apart for it, its faults told in its own form. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DialectRequest } from '../../cgi/dialect/dialect.ts';
import type { Found } from '../../cgi/dialect/table.ts';
import { toldFault } from '../../cgi/dispatch.ts';
import { CgiError, type Reply } from '../../cgi/reply.ts';
import type { Services } from '../../cgi/verb.ts';
import { plainAddress } from '../../storage/model/address.ts';
import type { Log } from '../log.ts';
import type { Bodies } from './body.ts';
import { cookieIn } from './cookies.ts';
import { isSecure } from './write-reply.ts';

const METHODS = ['GET', 'HEAD', 'POST'];

/** @throws where a fault of ours can't be told in the dialect's form either. */
export async function answerDialect(
  { entry, base, path }: Found,
  {
    request,
    response,
    query,
  }: { readonly request: IncomingMessage; readonly response: ServerResponse; readonly query: string },
  { services, bodies, log }: { readonly services: Services; readonly bodies: Bodies; readonly log: Log },
): Promise<Reply> {
  const dialect = await entry.load();
  const method = METHODS.find((each) => each === request.method) as DialectRequest['method'] | undefined;
  const asked: DialectRequest = {
    method: method ?? 'GET',
    base,
    path,
    query,
    header: (name) => String(request.headers[name] ?? ''),
    cookie: (name) => cookieIn(request, name),
    body: (known) => bodies.bytes(request, response, known),
    address: plainAddress(request.socket.remoteAddress ?? ''),
    agent: request.headers['user-agent'] ?? '',
    secure: isSecure(request),
    host: request.headers.host ?? '',
  };
  if (!method) {
    response.setHeader('Allow', METHODS.join(', '));
    return dialect.fault(new CgiError('method', `${METHODS.join(', ')} only`), asked);
  }
  try {
    return await dialect.answer(asked, services);
  } catch (error) {
    const told = toldFault(error);
    if (!told && request.socket.destroyed) throw error;
    if (!told) log.error('a request failed', { asked: entry.name, error });
    return dialect.fault(told ?? new CgiError('internal', 'something went wrong here'), asked);
  }
}
