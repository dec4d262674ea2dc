/**
 * The pages' files as they were built. What there is was listed once, at the start, so that no address leads anywhere else;
 * they lie gzipped and are sent so, and unpacked while they are sent for who doesn't take that. A page's address gives the
 * one document, whatever page it is: which one, its script sees.
 */
import { type FileHandle, open, readdir } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, relative, sep } from 'node:path';
import { PAGES } from '../../cgi/contract.ts';
import { CgiError } from '../../cgi/reply.ts';
import { select, validatorsOf } from './conditional.ts';
import { ASSET_HEADERS, PAGE_HEADERS, pagePolicy } from './headers.ts';
import { isBehindHttps } from './origin.ts';
import { isSecure, writePieces } from './write-reply.ts';

export interface StaticFile {
  readonly path: string;
  readonly type: string;
  /** It lies gzipped. */
  readonly packed: boolean;
  /** A page's document; a file whose name changes with its content; any other. */
  readonly kind: 'page' | 'asset' | 'other';
}

export interface StaticFiles {
  /** By the path of a request, as it was sent. */
  find(path: string): StaticFile | null;
  /** Whether a link from anywhere may lead there: a page does nothing by being opened. */
  isPage(path: string): boolean;
  /** Every address, a folder's with its slash at the end. */
  readonly paths: readonly string[];
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.webmanifest': 'application/manifest+json',
  '.txt': 'text/plain; charset=utf-8',
};

const DOCUMENT = 'index.html';
const ASSETS = 'assets';

/** @param folder Where the build has put them; it may be missing, as when tests run from source: then nothing is found. */
export async function openStatic(folder: string | null): Promise<StaticFiles> {
  const files = new Map<string, StaticFile>();
  for (const path of folder === null ? [] : await filesIn(folder)) {
    const packed = path.endsWith('.gz');
    const name = relative(folder ?? '', path)
      .split(sep)
      .join('/')
      .slice(0, packed ? -'.gz'.length : undefined);
    const type = TYPES[extname(name)];
    if (type === undefined) continue;
    const kind = name === DOCUMENT ? 'page' : name.startsWith(`${ASSETS}/`) ? 'asset' : 'other';
    files.set(`/${name}`, { path, type, packed, kind });
  }
  const page = files.get(`/${DOCUMENT}`);
  files.delete(`/${DOCUMENT}`);
  const pages = ['', ...PAGES].map((name) => `/${name}`);
  if (page) for (const path of pages) files.set(path, page);
  const find = (path: string) => files.get(path) ?? null;
  return {
    find,
    isPage: (path) => find(path)?.kind === 'page',
    paths: [...new Set([...files.keys()].map((path) => path.replace(/^(\/[^/]+\/).*/, '$1')))],
  };
}

async function filesIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/**
 * Whether a person's browser asks for something to show: it names HTML, as programs and what pages load do not. One who
 * has mistyped an address is told so by a page, in the own language and with a way on.
 */
export function isPerson({ headers }: IncomingMessage): boolean {
  return /\btext\/html\b/i.test(headers.accept ?? '');
}

/**
 * Answers GET or HEAD for one of them.
 * @param status 404: the document in place of something that isn't there; its script says so.
 * @throws {CgiError} `not_found` when it is gone since the start, as after an update.
 */
export async function writeStatic(response: ServerResponse, file: StaticFile, status: 200 | 404 = 200): Promise<void> {
  const { req: request } = response;
  const handle = await open(file.path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new CgiError('not_found', 'the pages have been replaced: restart cdrd');
  });
  try {
    const about = await handle.stat();
    const asItIs = !file.packed || takesGzip(request.headers['accept-encoding']);
    const { etag: tag } = validatorsOf(about, Date.now());
    const etag = asItIs ? tag : tag.replace(/"$/, '-plain"');
    const isThere = status === 200;
    const headers = { ...headersOf(file, request), ...(isThere ? { ETag: etag } : { 'Cache-Control': 'no-store' }) };
    const tags = request.headers['if-none-match'];
    const asked = tags === undefined ? {} : { 'if-none-match': tags };
    const holds = isThere && select('GET', asked, about.size, { etag, lastModified: '' }).status === 304;
    const content = {
      ...headers,
      'Content-Type': file.type,
      ...(asItIs && { 'Content-Length': about.size }),
      ...(asItIs && file.packed && { 'Content-Encoding': 'gzip' }),
    };
    if (holds || request.method === 'HEAD') {
      response.writeHead(holds ? 304 : status, holds ? headers : content);
      response.end();
      return;
    }
    // To its length and no further, whatever is done to it meanwhile.
    const bytes = handle.createReadStream({ autoClose: false, start: 0, end: Math.max(0, about.size - 1) });
    await writePieces(response, status, content, asItIs ? bytes : await unpacked(bytes));
  } finally {
    await close(handle);
  }
}

function headersOf({ kind }: StaticFile, request: IncomingMessage): Readonly<Record<string, string>> {
  if (kind === 'asset') return ASSET_HEADERS;
  if (kind === 'other') return { ...ASSET_HEADERS, 'Cache-Control': PAGE_HEADERS['Cache-Control'] };
  const secure = isSecure(request) || isBehindHttps(request.headers);
  return { ...PAGE_HEADERS, 'Content-Security-Policy': pagePolicy(request.headers.host, secure) };
}

/** RFC 9110, 12.5.3. Without the header nothing is said; programs that send none seldom unpack. */
function takesGzip(header: string | string[] | undefined): boolean {
  const weights = new Map<string, boolean>();
  for (const part of String(header ?? '').split(',')) {
    const [name = '', ...parameters] = part.split(';').map((each) => each.trim().toLowerCase());
    weights.set(name, !parameters.some((each) => /^q=0(\.0*)?$/.test(each)));
  }
  return weights.get('gzip') ?? weights.get('x-gzip') ?? weights.get('*') ?? false;
}

/** zlib is loaded when somebody needs it: browsers don't. */
async function unpacked(bytes: NodeJS.ReadableStream): Promise<AsyncIterable<Uint8Array>> {
  const [{ createGunzip }, { pipeline }] = await Promise.all([import('node:zlib'), import('node:stream')]);
  const gunzip = createGunzip();
  pipeline(bytes, gunzip, () => {}); // a fault is thrown where the pieces are read
  return gunzip;
}

/** Its stream may have closed it already. */
async function close(handle: FileHandle): Promise<void> {
  await handle.close().catch(() => {});
}
