/** Requests in a dialect's addresses: taken apart for it, its faults told in its own form. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DialectRequest } from '../../cgi/dialect/dialect.ts';
import type { Found } from '../../cgi/dialect/table.ts';
import { isForLog, toldFault } from '../../cgi/dispatch.ts';
import { CgiError } from '../../cgi/reply.ts';
import type { Services } from '../../cgi/verb.ts';
import { plainAddress } from '../../storage/model/address.ts';
import type { Log } from '../log.ts';
import type { Bodies } from './body.ts';
import { cookieIn } from './cookies.ts';
import { isSecure, writeReply } from './write-reply.ts';

const METHODS = ['GET', 'HEAD', 'POST'];

/**
 * Has it answered and writes the answer: a listing may fail while it is written, and as long as nothing has been sent that is
 * told in the dialect's form, too. @throws where something has been sent, or nobody is there to be told.
 */
export async function answerDialect(
  { entry, base, path }: Found,
  {
    request,
    response,
    query,
  }: { readonly request: IncomingMessage; readonly response: ServerResponse; readonly query: string },
  { services, bodies, log }: { readonly services: Services; readonly bodies: Bodies; readonly log: Log },
): Promise<void> {
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
  const tell = (error: CgiError) => {
    const reply = dialect.fault(error, asked);
    const { retryAfter } = error;
    const isLater = retryAfter !== undefined && (reply.kind === 'text' || reply.kind === 'json');
    return writeReply(response, isLater ? { ...reply, retryAfter } : reply);
  };
  if (!method) {
    response.setHeader('Allow', METHODS.join(', '));
    return tell(new CgiError('method', `${METHODS.join(', ')} only`));
  }
  try {
    await writeReply(response, await dialect.answer(asked, services));
  } catch (error) {
    if (response.headersSent) throw error;
    const told = toldFault(error);
    if (!told && request.socket.destroyed) throw error;
    if (isForLog(error)) log.error('a request failed', { asked: entry.name, error });
    await tell(told ?? new CgiError('internal', 'something went wrong here'));
  }
}
