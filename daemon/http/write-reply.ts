/** The one place that writes a reply to a client: status, headers, body, with back-pressure and without surprises. */
import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  type CgiError,
  ERROR_STATUS,
  errorBody,
  type NamedCookie,
  type Reply,
  type SessionCookie,
} from '../../cgi/reply.ts';
import { holdsStill, select, validatorsOf } from './conditional.ts';
import { HEADERS, RECORDING_HEADERS } from './headers.ts';

/** Over HTTPS another name, and Secure there: so a log-in by the one never hides that by the other. */
const COOKIES = { http: 'cdrd_session', https: '__Host-cdrd_session' } as const;
/** Of the browser, which it keeps when the session is over. */
const DEVICE_COOKIES = { http: 'cdrd_device', https: '__Host-cdrd_device' } as const;
/** Seconds that it is kept, from each log-in on: a year, beyond which browsers keep none. */
const DEVICE_SECONDS = 365 * 86_400;

/** Name of the session's cookie on the listener that this request came by. */
export function sessionCookie(request: IncomingMessage): string {
  return isSecure(request) ? COOKIES.https : COOKIES.http;
}

/** Name of the cookie by which a browser is known that has logged in before. */
export function deviceCookie(request: IncomingMessage): string {
  return isSecure(request) ? DEVICE_COOKIES.https : DEVICE_COOKIES.http;
}

/** Whether it came by HTTPS. */
export function isSecure({ socket }: Pick<IncomingMessage, 'socket'>): boolean {
  return 'encrypted' in socket && socket.encrypted === true;
}

/** What is busy here is so for a second or two: with log-ins, searches or large bodies. */
const RETRY_SECONDS = 2;

/**
 * Writes it and settles when all is handed over or the client is gone.
 * @throws what a listing's pages, an archive's or a file's bytes throw; if its beginning is sent already, {@link breakOff}
 * must follow.
 */
export async function writeReply(response: ServerResponse, reply: Reply): Promise<void> {
  switch (reply.kind) {
    case 'json':
      if (reply.session !== undefined)
        response.setHeader('Set-Cookie', [
          cookieOf(response.req, reply.session),
          ...(reply.device === undefined ? [] : [deviceCookieOf(response.req, reply.device)]),
        ]);
      if (reply.written) response.once('close', reply.written);
      if (reply.status === ERROR_STATUS.busy) response.setHeader('Retry-After', reply.retryAfter ?? RETRY_SECONDS);
      return writeText(response, reply.status, 'application/json; charset=utf-8', JSON.stringify(reply.body));
    case 'text': {
      const { status, type, text, filename, cookie, policy, retryAfter = RETRY_SECONDS } = reply;
      if (status === ERROR_STATUS.busy) response.setHeader('Retry-After', retryAfter);
      if (cookie) response.setHeader('Set-Cookie', namedCookieOf(response.req, cookie));
      if (filename !== undefined) response.setHeader('Content-Disposition', disposition('attachment', filename));
      return writeText(response, status, type, text, policy === undefined ? {} : { 'Content-Security-Policy': policy });
    }
    case 'redirect':
      if (reply.cookie) response.setHeader('Set-Cookie', namedCookieOf(response.req, reply.cookie));
      response.writeHead(303, { ...HEADERS, Location: reply.location, 'Content-Length': 0 });
      response.end();
      return;
    case 'rows':
      return writeRows(response, reply);
    case 'archive': {
      const { type, filename, size, bytes } = reply;
      const headers = { 'Content-Type': type, 'Content-Disposition': disposition('attachment', filename) };
      return writePieces(response, 200, { ...headers, ...(size !== undefined && { 'Content-Length': size }) }, bytes);
    }
    case 'file':
      return writeFile(response, reply).finally(() => reply.file.close?.());
  }
}

/** Sends the client on to another address, with the same method and body. */
export function writeRedirect(response: ServerResponse, location: string): void {
  response.writeHead(308, { ...HEADERS, Location: location, 'Content-Length': 0 });
  response.end();
}

/** Why something isn't served, or where it is. */
export type Refusal = { readonly error: CgiError } | { readonly location: string };

/**
 * The last answer on a connection that no parser speaks for. What the client still sends is thrown away: an end with bytes
 * unread would take the answer from it. Who doesn't end its own side then is cut off.
 */
export function writeLast(socket: Duplex, refusal: Refusal, lingerMs: number): void {
  socket.resume();
  socket.end(plainAnswer(refusal));
  const late = setTimeout(() => socket.destroy(), lingerMs);
  socket.once('close', () => clearTimeout(late));
}

/** A whole answer as it goes over the line. */
export function plainAnswer(refusal: Refusal): string {
  const location = 'location' in refusal ? refusal.location : null;
  const error = 'error' in refusal ? refusal.error : null;
  const status = error ? ERROR_STATUS[error.code] : 308;
  const body = error ? JSON.stringify(errorBody(error)) : '';
  const lines = Object.entries({
    ...HEADERS,
    ...(location !== null && { Location: location }),
    ...(error && { 'Content-Type': 'application/json; charset=utf-8' }),
    ...(status === ERROR_STATUS.busy && { 'Retry-After': error?.retryAfter ?? RETRY_SECONDS }),
    Connection: 'close',
    'Content-Length': Buffer.byteLength(body),
  });
  const head = lines.map((line) => `${line.join(': ')}\r\n`).join('');
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head}\r\n${body}`;
}

export function writeText(
  response: ServerResponse,
  status: number,
  type: string,
  text: string | Uint8Array,
  more: Readonly<Record<string, string>> = {},
): void {
  const headers = { ...HEADERS, 'Content-Type': type, 'Content-Length': Buffer.byteLength(text) };
  response.writeHead(status, { ...headers, ...more });
  response.end(text);
}

function writeRows(response: ServerResponse, reply: Extract<Reply, { kind: 'rows' }>): Promise<void> {
  const { text, type = 'application/json; charset=utf-8', filename, of } = reply;
  const saved = filename !== undefined && { 'Content-Disposition': `attachment; filename="${filename}"` };
  const kept = of && { 'Cache-Control': RECORDING_HEADERS['Cache-Control'], ETag: validatorsOf(of, Date.now()).etag };
  if (kept && holdsStill(response.req, kept.ETag)) {
    response.writeHead(304, { ...HEADERS, ...kept });
    response.end();
    return Promise.resolve();
  }
  return writePieces(response, 200, { 'Content-Type': type, ...saved, ...kept }, text);
}

const OF_RECORDINGS = Object.entries(RECORDING_HEADERS).flat();

async function writeFile(response: ServerResponse, reply: Extract<Reply, { kind: 'file' }>): Promise<void> {
  const { file, filename, save, type } = reply;
  const { method = '', headers } = response.req;
  const validators = validatorsOf(file, Date.now());
  const { status, from, to } = select(method, headers, file.size, validators);
  // Name behind value: an object of so many names, merged of others, costs more than a file's own way.
  const about = [
    ...OF_RECORDINGS,
    ...['Accept-Ranges', 'bytes', 'ETag', validators.etag, 'Last-Modified', validators.lastModified],
  ];
  if (status === 416) about.push('Content-Range', `bytes */${file.size}`);
  if (status !== 200 && status !== 206) {
    if (status !== 304) about.push('Content-Length', '0');
    response.writeHead(status, about);
    response.end();
    return;
  }
  about.push('Content-Type', type, 'Content-Disposition', disposition(save ? 'attachment' : 'inline', filename));
  about.push('Content-Length', String(to - from + 1));
  if (status === 206) about.push('Content-Range', `bytes ${from}-${to}/${file.size}`);
  const begin = () => void response.writeHead(status, about);
  const ready = method === 'HEAD' ? null : file.ready?.(from, to);
  if (method !== 'HEAD' && !ready) return sendPieces(response, begin, file.read(from, to));
  if (isGone(response)) return;
  begin();
  if (ready) return ended(response, ready);
  response.end();
}

/** Sends what is left to be sent and waits until its bytes are no longer in use. */
function ended(response: ServerResponse, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    response.once('close', resolve);
    response.end(bytes);
  });
}

/** A name for saving (RFC 6266): in ASCII for the old, in full for all others. Nothing in it can end the header. */
function disposition(kind: 'inline' | 'attachment', filename: string): string {
  // Asterisk's own names.
  if (/^[\w.-]*$/.test(filename)) return `${kind}; filename="${filename}"; filename*=UTF-8''${filename}`;
  const plain = filename.replaceAll(/[^\x20-\x7e]|["\\%]/g, '_');
  const full = encodeURIComponent(Buffer.from(filename).toString()).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${kind}; filename="${plain}"; filename*=UTF-8''${full}`;
}

/** Sends the pieces as the client takes them; the head goes with the first. Throws what they throw, as {@link writeReply}. */
export function writePieces(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string | number>>,
  all: AsyncIterable<string | Uint8Array>,
): Promise<void> {
  return sendPieces(response, () => void response.writeHead(status, { ...HEADERS, ...headers }), all);
}

/** @param begin Writes the head. */
async function sendPieces(
  response: ServerResponse,
  begin: () => void,
  all: AsyncIterable<string | Uint8Array>,
): Promise<void> {
  const pieces = all[Symbol.asyncIterator]();
  try {
    for (let piece = await pieces.next(); !piece.done; piece = await pieces.next()) {
      if (isGone(response)) return; // and with it the store's or the medium's work, below
      if (piece.value.length === 0) continue;
      // The status waits for the first piece: a store that can't answer, and totals of too many groups, still get a proper error.
      if (!response.headersSent) begin();
      await write(response, piece.value);
      if (isGone(response)) return;
    }
    if (!response.headersSent) begin();
    response.end();
  } finally {
    await pieces.return?.();
  }
}

/** The client is: its socket knows first, and ends what was being written before the response hears of it. */
function isGone({ destroyed, socket }: ServerResponse): boolean {
  return destroyed || socket?.destroyed === true;
}

/**
 * Ends the connection so that nobody takes what has come for the whole. HTTP/1.1 has chunks or a length that tell it; to a
 * client of HTTP/1.0, whose answer may end with the connection, only a reset does, and over TLS an end without its goodbye.
 */
export function breakOff(response: ServerResponse): void {
  const { socket } = response;
  const old = response.req.httpVersion === '1.0';
  if (old && socket && !isSecure(response.req)) socket.resetAndDestroy();
  response.destroy();
}

/** Bytes from here on are not copied: they are waited for until they have left. */
const UNCOPIED = 16_384;

/** Waits while the client is slower than we are. What it was given is no longer in use then. */
async function write(response: ServerResponse, piece: string | Uint8Array): Promise<void> {
  if (isGone(response)) return;
  if (piece instanceof Uint8Array && piece.length >= UNCOPIED) return written(response, piece);
  if (response.write(piece instanceof Uint8Array ? Buffer.from(piece) : piece)) return;
  const gone = new AbortController();
  const stop = () => gone.abort();
  response.once('close', stop);
  await once(response, 'drain', { signal: gone.signal }).catch(() => {});
  response.off('close', stop);
}

function written(response: ServerResponse, piece: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('close', done);
      resolve();
    };
    response.once('close', done);
    response.write(piece, done);
  });
}

function cookieOf(request: IncomingMessage, session: SessionCookie | null): string {
  const { token, maxAge } = session ?? { token: '', maxAge: 0 };
  return `${sessionCookie(request)}=${token}; ${attributes(request, maxAge)}`;
}

function namedCookieOf(request: IncomingMessage, { name, token, maxAge }: NamedCookie): string {
  return `${name}=${token}; ${attributes(request, maxAge)}`;
}

function deviceCookieOf(request: IncomingMessage, device: string): string {
  return `${deviceCookie(request)}=${device}; ${attributes(request, DEVICE_SECONDS)}`;
}

function attributes(request: IncomingMessage, maxAge: number): string {
  return `Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Strict${isSecure(request) ? '; Secure' : ''}`;
}
