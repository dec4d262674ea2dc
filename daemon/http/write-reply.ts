/** The one place that writes a reply to a client: status, headers, body, with back-pressure and without surprises. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { ERROR_STATUS, type Reply, type SessionCookie } from '../../cgi/reply.ts';

/** Over HTTPS another name, and Secure there: so a log-in by the one never hides that by the other. */
export const SESSION_COOKIE = 'cdrd_session';

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
 * Writes it and settles when all is handed over or the client is gone. A listing that fails half-way breaks the
 * connection off: a client must never take half an answer for a whole one.
 * @throws what a listing's pages throw.
 */
export async function writeReply(response: ServerResponse, reply: Reply): Promise<void> {
  switch (reply.kind) {
    case 'json':
      if (reply.session) response.setHeader('Set-Cookie', cookieOf(reply.session));
      if (reply.status === ERROR_STATUS.busy) response.setHeader('Retry-After', reply.retryAfter ?? RETRY_SECONDS);
      return writeText(response, reply.status, 'application/json; charset=utf-8', JSON.stringify(reply.body));
    case 'rows':
      return writeRows(response, reply.text);
    case 'archive':
    case 'file':
      throw new Error('not yet');
  }
}

export function writeText(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { ...HEADERS, 'Content-Type': type, 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}

async function writeRows(response: ServerResponse, text: AsyncIterable<string>): Promise<void> {
  const pieces = text[Symbol.asyncIterator]();
  try {
    for (let piece = await pieces.next(); !piece.done; piece = await pieces.next()) {
      // The status waits for the first text: a store that can't answer, and totals of too many groups, still get a proper error.
      if (piece.value !== '' && !response.headersSent)
        response.writeHead(200, { ...HEADERS, 'Content-Type': 'application/json; charset=utf-8' });
      if (piece.value !== '') await write(response, piece.value);
      if (response.destroyed) return; // the client is gone: so is the store's work, below
    }
    if (!response.headersSent)
      response.writeHead(200, { ...HEADERS, 'Content-Type': 'application/json; charset=utf-8' });
    response.end();
  } catch (error) {
    if (response.headersSent) response.destroy();
    throw error;
  } finally {
    await pieces.return?.();
  }
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

function cookieOf({ token, maxAge }: SessionCookie): string {
  return `${SESSION_COOKIE}=${token}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Strict`;
}
