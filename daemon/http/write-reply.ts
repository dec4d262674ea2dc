/** The one place that writes a reply to a client: status, headers, body, with back-pressure and without surprises. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ERROR_STATUS, type Reply, type SessionCookie } from '../../cgi/reply.ts';

/** Over HTTPS another name, and Secure there: so a log-in by the one never hides that by the other. */
const COOKIES = { http: 'cdrd_session', https: '__Host-cdrd_session' } as const;

/** Name of the session's cookie on the listener that this request came by. */
export function sessionCookie(request: IncomingMessage): string {
  return isSecure(request) ? COOKIES.https : COOKIES.http;
}

function isSecure({ socket }: IncomingMessage): boolean {
  return 'encrypted' in socket && socket.encrypted === true;
}

/** What is busy here is so for a second or two: with log-ins, searches or large bodies. */
const RETRY_SECONDS = 2;

/** On every answer. */
export const HEADERS = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
} as const;

/**
 * Writes it and settles when all is handed over or the client is gone.
 * @throws what a listing's pages throw; if its beginning is sent already, {@link breakOff} must follow.
 */
export async function writeReply(response: ServerResponse, reply: Reply): Promise<void> {
  switch (reply.kind) {
    case 'json':
      if (reply.session !== undefined) response.setHeader('Set-Cookie', cookieOf(response.req, reply.session));
      if (reply.status === ERROR_STATUS.busy) response.setHeader('Retry-After', reply.retryAfter ?? RETRY_SECONDS);
      return writeText(response, reply.status, 'application/json; charset=utf-8', JSON.stringify(reply.body));
    case 'rows':
      return writeRows(response, reply);
    case 'archive':
    case 'file':
      throw new Error('not yet');
  }
}

export function writeText(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { ...HEADERS, 'Content-Type': type, 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}

async function writeRows(response: ServerResponse, reply: Extract<Reply, { kind: 'rows' }>): Promise<void> {
  const { text, type = 'application/json; charset=utf-8', filename } = reply;
  const pieces = text[Symbol.asyncIterator]();
  try {
    const begin = () => {
      response.writeHead(200, {
        ...HEADERS,
        'Content-Type': type,
        ...(filename !== undefined && { 'Content-Disposition': `attachment; filename="${filename}"` }),
      });
    };
    for (let piece = await pieces.next(); !piece.done; piece = await pieces.next()) {
      // The status waits for the first text: a store that can't answer, and totals of too many groups, still get a proper error.
      if (piece.value !== '' && !response.headersSent) begin();
      if (piece.value !== '') await write(response, piece.value);
      if (response.destroyed) return; // the client is gone: so is the store's work, below
    }
    if (!response.headersSent) begin();
    response.end();
  } finally {
    await pieces.return?.();
  }
}

/**
 * Ends the connection so that nobody takes what has come for the whole. To a client of HTTP/1.0 neither chunks nor a length
 * tell it: only a reset does, and over TLS an end without its goodbye.
 */
export function breakOff(response: ServerResponse): void {
  const { socket } = response;
  const tells = response.chunkedEncoding || response.hasHeader('Content-Length');
  if (!tells && socket && !isSecure(response.req)) socket.resetAndDestroy();
  response.destroy();
}

/** Waits while the client is slower than we are. */
async function write(response: ServerResponse, text: string): Promise<void> {
  if (response.write(text) || response.destroyed) return;
  const gone = new AbortController();
  const stop = () => gone.abort();
  response.once('close', stop);
  await once(response, 'drain', { signal: gone.signal }).catch(() => {});
  response.off('close', stop);
}

function cookieOf(request: IncomingMessage, session: SessionCookie | null): string {
  const { token, maxAge } = session ?? { token: '', maxAge: 0 };
  const secure = isSecure(request) ? '; Secure' : '';
  return `${sessionCookie(request)}=${token}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Strict${secure}`;
}
