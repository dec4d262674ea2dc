/** The one place that writes a reply to a client: status, headers, body, with back-pressure and without surprises. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Reply, SessionCookie } from '../../cgi/reply.ts';

/** Over HTTPS another name, and Secure there: so a log-in by the one never hides that by the other. */
export const SESSION_COOKIE = 'cdrd_session';

const HEADERS = {
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
      return writeText(response, reply.status, 'application/json; charset=utf-8', JSON.stringify(reply.body));
    case 'rows':
      return writeRows(response, reply);
  }
}

export function writeText(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { ...HEADERS, 'Content-Type': type, 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}

async function writeRows(response: ServerResponse, reply: Extract<Reply, { kind: 'rows' }>): Promise<void> {
  // The first page is fetched before the status is sent: a store that can't answer still gets a proper error.
  const pages = reply.pages[Symbol.asyncIterator]();
  const first = await pages.next();
  response.writeHead(200, { ...HEADERS, 'Content-Type': 'application/json; charset=utf-8' });
  try {
    await write(response, reply.head);
    for (let page = first, separator = ''; !page.done; page = await pages.next(), separator = ',') {
      if (response.destroyed) break; // the client is gone: so is the store's work, below
      await write(response, separator + page.value);
    }
    if (!response.destroyed) response.end(await reply.tail());
  } catch (error) {
    response.destroy();
    throw error;
  } finally {
    await pages.return?.();
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
