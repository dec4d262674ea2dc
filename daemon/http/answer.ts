/** A request's way: past the guard, to whom its address belongs, and back with a reply or a fault's. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Found } from '../../cgi/dialect/table.ts';
import { callerOf, dispatch, faultReply, isForLog, isNumber, refusal } from '../../cgi/dispatch.ts';
import { playRecording } from '../../cgi/recording/play.ts';
import { CgiError, errorReply, json } from '../../cgi/reply.ts';
import { openShare } from '../../cgi/share/open.ts';
import type { Services } from '../../cgi/verb.ts';
import { isLoopback, plainAddress } from '../../storage/model/address.ts';
import { may } from '../../storage/model/rights.ts';
import { statesOf } from '../health.ts';
import type { Log } from '../log.ts';
import type { Bodies } from './body.ts';
import { likely } from './conditional.ts';
import { cookieIn, tokenOf } from './cookies.ts';
import { answerDialect, refuseAsDialect } from './dialects.ts';
import type { Gate } from './gate.ts';
import type { Guard } from './guard.ts';
import { isPerson, type StaticFiles, writeStatic } from './static.ts';
import { breakOff, deviceCookie, isSecure, writeRedirect, writeReply, writeText } from './write-reply.ts';

/** What stands behind the addresses. */
export interface Answering {
  readonly services: Services;
  readonly log: Log;
  /** What `/healthz` says, and whether it is 200 or 503. */
  health(): { readonly ok: boolean; readonly body: Readonly<Record<string, unknown>> };
  /** `/metrics` in Prometheus' text format. */
  metrics(): string;
  /** Called with each request's number ('' where there is no such number) and status, when its answer has ended. */
  onAnswer(number: string, status: number, ms: number): void;
  /** The pages. */
  readonly pages: StaticFiles;
  /** Whose an address is among the dialects that are switched on at this moment; absent: there are none. */
  dialectAt?(path: string): Found | null;
}

/** And what all listeners share. */
export interface AnswerContext extends Answering {
  readonly bodies: Bodies;
  readonly gate: Gate;
  readonly guard: Guard;
  /** Connections that were there before this, monotonic milliseconds, end with their next answer. */
  readonly renewed: { at: number };
}

const NUMBERS = '/cgi/webserve/';
const RECORDINGS = '/recordings/';
export const SHARES = '/share/';

/** @param listen The listener's address. Never rejects. */
export async function answerRequest(
  context: AnswerContext,
  request: IncomingMessage,
  response: ServerResponse,
  listen: string,
): Promise<void> {
  const begin = performance.now();
  const { at: renewed } = context.renewed;
  if (renewed > Number.NEGATIVE_INFINITY && context.gate.since(request.socket) < renewed)
    response.setHeader('Connection', 'close');
  // A proxy's form of the target, `http://host/path`, must be understood too (RFC 9112, 3.2.2).
  const target = (request.url ?? '').replace(/^https?:\/\/[^/?]*/i, '');
  const [path = '', query = ''] = split(target, '?');
  const number = path.startsWith(NUMBERS) && isNumber(path.slice(NUMBERS.length)) ? path.slice(NUMBERS.length) : '';
  response.once('close', () => {
    const ms = performance.now() - begin;
    context.onAnswer(number, response.writableFinished ? response.statusCode : 499, ms); // 499: the client went away
  });
  try {
    const verdict = context.guard(request);
    if (verdict && 'location' in verdict) return writeRedirect(response, verdict.location);
    if (verdict) {
      // Who floods us may begin anew for each request.
      if (verdict.error.code === 'busy') response.setHeader('Connection', 'close');
      // Of a page of another site nobody expects the form of a dialect.
      const found = verdict.error.code === 'denied' ? null : context.dialectAt?.(path);
      if (found) return await refuseAsDialect(found, verdict.error, { request, response, query }, context);
      return await writeReply(response, errorReply(verdict.error));
    }
    await route(context, request, response, { path, query, listen });
  } catch (error) {
    if (request.socket.destroyed) return; // nobody is there to be told, and nothing here has failed
    const known = faultReply(error);
    if (isForLog(error) || response.headersSent)
      context.log.error('a request failed', { asked: number || firstPart(path), error });
    if (response.headersSent) breakOff(response);
    else await writeReply(response, known ?? errorReply(new CgiError('internal', 'something went wrong here')));
  }
}

/** What was asked for, for the log: a recording's path would tell who called whom. */
function firstPart(path: string): string {
  return path.split('/', 2).join('/').slice(0, 40);
}

async function route(
  context: AnswerContext,
  request: IncomingMessage,
  response: ServerResponse,
  { path, query, listen }: { readonly path: string; readonly query: string; readonly listen: string },
): Promise<void> {
  const { services, bodies, gate } = context;
  const address = plainAddress(request.socket.remoteAddress ?? '');
  if (path.startsWith(NUMBERS)) {
    // HEAD too is refused: it would log in, delete or search, only to throw the answer away.
    if (!allows(request, response, 'GET', 'POST')) return;
    const number = path.slice(NUMBERS.length);
    const body = (known: boolean) => bodies.read(request, response, known);
    const agent = request.headers['user-agent'] ?? '';
    const device = cookieIn(request, deviceCookie(request));
    const secure = isSecure(request);
    const asked = {
      ...{ number, query, body, token: tokenOf(request), address, agent, device, secure },
      door: {
        listener: secure ? ('https' as const) : ('http' as const),
        listen,
        since: gate.since(request.socket),
        host: request.headers.host ?? '',
      },
    };
    return writeReply(response, await dispatch(asked, services));
  }
  const found = context.dialectAt?.(path);
  if (found) return answerDialect(found, { request, response, query }, context);
  if (!allows(request, response, 'GET', 'HEAD')) return;
  if (path.startsWith(RECORDINGS)) {
    const token = tokenOf(request);
    const asked = { path: path.slice(RECORDINGS.length), query, token, address, ahead: likely(request) };
    return writeReply(response, await playRecording(asked, services));
  }
  if (path.startsWith(SHARES)) {
    const languages = request.headers['accept-language'] ?? '';
    const asked = { path: path.slice(SHARES.length), query, token: tokenOf(request), address, languages };
    return writeReply(response, await openShare({ ...asked, ahead: likely(request) }, services));
  }
  if (path === '/healthz') {
    const { ok, body } = context.health();
    const known = isLocalProgram(request) || callerOf(tokenOf(request), services) !== null;
    return writeReply(response, json(known ? body : statesOf(body), ok ? 200 : 503));
  }
  if (path === '/metrics') {
    const caller = callerOf(tokenOf(request), services);
    // A key for some numbers is for nothing else.
    const permitted = caller !== null && may(caller.role, 'metrics') && caller.numbers === null;
    if (!permitted && !isLocalProgram(request))
      throw refusal({ caller, token: tokenOf(request), address }, { path }, services);
    return writeText(response, 200, 'text/plain; version=0.0.4; charset=utf-8', context.metrics());
  }
  const file = context.pages.find(path);
  if (file) return writeStatic(response, file);
  const document = context.pages.find('/');
  if (document && isPerson(request)) return writeStatic(response, document, 404);
  const nothing = 'there is nothing here; numbers stand under /cgi/webserve/';
  return refuse(response, 'not_found', path === '/' ? `the pages are not built, make build does; ${nothing}` : nothing);
}

/** Whether the request's method is one of these; if not, that's answered. */
function allows(request: IncomingMessage, response: ServerResponse, ...methods: readonly string[]): boolean {
  if (methods.includes(request.method ?? '')) return true;
  response.setHeader('Allow', methods.join(', '));
  void refuse(response, 'method', `${methods.join(' and ')} only`);
  return false;
}

function refuse(response: ServerResponse, code: CgiError['code'], message: string): Promise<void> {
  return writeReply(response, errorReply(new CgiError(code, message)));
}

/** Whether a program on the box asks, and not somebody else through a proxy on it. */
function isLocalProgram({ socket, headers }: IncomingMessage): boolean {
  const forwarded = headers.forwarded ?? headers['x-forwarded-for'];
  return forwarded === undefined && isLoopback(socket.remoteAddress ?? '');
}

function split(text: string, at: string): [string, string?] {
  const index = text.indexOf(at);
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + 1)];
}
