/** Requests in a dialect's addresses: taken apart for it, its faults told in its own form. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Dialect, DialectRequest } from '../../cgi/dialect/dialect.ts';
import type { Found } from '../../cgi/dialect/table.ts';
import { isForLog, toldFault } from '../../cgi/dispatch.ts';
import { CgiError } from '../../cgi/reply.ts';
import type { Services } from '../../cgi/verb.ts';
import { plainAddress } from '../../storage/model/address.ts';
import type { Log } from '../log.ts';
import type { Bodies } from './body.ts';
import { cookieIn } from './cookies.ts';
import type { Gate } from './gate.ts';
import type { Guard } from './guard.ts';
import { isSecure, writeReply } from './write-reply.ts';

const METHODS = ['GET', 'HEAD', 'POST'];

/** A request as it came, its query apart. */
interface Came {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: string;
}

/** What a request is taken apart with. */
interface Doors {
  readonly bodies: Bodies;
  readonly guard: Pick<Guard, 'recognised'>;
  readonly gate: Pick<Gate, 'known'>;
}

interface With extends Doors {
  readonly services: Services;
  readonly log: Log;
}

/**
 * Has it answered and writes the answer: a listing may fail while it is written, and as long as nothing has been sent that is
 * told in the dialect's form, too. @throws where something has been sent, or nobody is there to be told.
 */
export async function answerDialect(found: Found, came: Came, context: With): Promise<void> {
  const { services, log } = context;
  const { request, response } = came;
  const dialect = await found.entry.load();
  const method = METHODS.find((each) => each === request.method);
  const asked = askedOf(found, came, context);
  const tell = (error: CgiError) => writeFault(response, dialect, error, asked);
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
    if (isForLog(error)) log.error('a request failed', { asked: found.entry.name, error });
    await tell(told ?? new CgiError('internal', 'something went wrong here'));
  }
}

/** Tells of what was refused before anybody was asked. */
export async function refuseAsDialect(found: Found, error: CgiError, came: Came, doors: Doors): Promise<void> {
  await writeFault(came.response, await found.entry.load(), error, askedOf(found, came, doors));
}

function writeFault(response: ServerResponse, dialect: Dialect, error: CgiError, asked: DialectRequest): Promise<void> {
  const reply = dialect.fault(error, asked);
  const { retryAfter } = error;
  const isLater = retryAfter !== undefined && (reply.kind === 'text' || reply.kind === 'json');
  return writeReply(response, isLater ? { ...reply, retryAfter } : reply);
}

function askedOf({ base, path }: Found, { request, response, query }: Came, doors: Doors): DialectRequest {
  const { bodies, guard, gate } = doors;
  return {
    method: (METHODS.find((each) => each === request.method) as DialectRequest['method'] | undefined) ?? 'GET',
    base,
    path,
    query,
    header: (name) => String(request.headers[name] ?? ''),
    cookie: (name) => cookieIn(request, name),
    body: (known) => bodies.bytes(request, response, known),
    recognised() {
      guard.recognised(request);
      gate.known(request.socket);
    },
    address: plainAddress(request.socket.remoteAddress ?? ''),
    agent: request.headers['user-agent'] ?? '',
    secure: isSecure(request),
    host: request.headers.host ?? hereOf(request),
  };
}

/** Where it came in, for a client of HTTP/1.0, which need not say. */
function hereOf({ socket }: IncomingMessage): string {
  const address = plainAddress(socket.localAddress ?? '');
  return `${address.includes(':') ? `[${address}]` : address}:${socket.localPort}`;
}
