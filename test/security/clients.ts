/** What an attacker speaks with: HTTP byte by byte and WebSocket, each from an address of his choice in 127.0.0.0/8. */
import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import { answersOf } from '../http/raw.ts';

/** Milliseconds within which whatever comes has come; whoever waits that long has hung the box. */
const PATIENCE_MS = 30_000;

export interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** `Authorization: Bearer …`. */
  readonly token?: string;
  /** The address that the request comes from. */
  readonly from?: string;
}

export interface Answer {
  /** 0: there was none, the connection was cut. */
  readonly status: number;
  /** Names in lower case; of one that stands there twice the last. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Everything that came, a character a byte. */
  readonly bytes: string;
  /** The body's field of this name; undefined where it is no JSON object, or hasn't it. */
  field(name: string): unknown;
}

/** Sends these bytes and gives everything that comes until the other side ends. */
export function exchange(port: number, bytes: string | Buffer, from = '127.0.0.1'): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect({ port, host: '127.0.0.1', localAddress: from, noDelay: true });
    const late = setTimeout(() => socket.destroy(), PATIENCE_MS);
    socket.on('error', () => {}); // what became of it is told by what came
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.once('close', () => {
      clearTimeout(late);
      resolve(Buffer.concat(chunks).toString('latin1'));
    });
    socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  });
}

/** One request on a connection of its own. @param target As it goes onto the wire: nothing in it is encoded or mended. */
export async function request(port: number, target: string, ask: Ask = {}): Promise<Answer> {
  const { method = 'GET', headers = {}, body, token, from } = ask;
  const lines = {
    Host: `127.0.0.1:${port}`,
    Connection: 'close',
    ...(token !== undefined && { Authorization: `Bearer ${token}` }),
    ...(body !== undefined && {
      'Content-Type': 'application/x-www-form-urlencoded',
      'Content-Length': String(Buffer.byteLength(body)),
    }),
    ...headers,
  };
  const head = `${method} ${target} HTTP/1.1\r\n${Object.entries(lines)
    .map((line) => `${line.join(': ')}\r\n`)
    .join('')}\r\n`;
  const bytes = await exchange(port, Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body ?? '')]), from);
  return answerOf(bytes);
}

/** The last answer in what came. */
export function answerOf(bytes: string): Answer {
  let answers: ReturnType<typeof answersOf> = [];
  try {
    answers = answersOf(bytes);
  } catch {
    // cut in the middle
  }
  const last = answers.at(-1);
  const body = Buffer.from(last?.body ?? '', 'latin1').toString();
  return {
    status: last?.status ?? 0,
    headers: last?.headers ?? {},
    body,
    bytes,
    field(name) {
      try {
        return (JSON.parse(body) as Record<string, unknown>)[name];
      } catch {
        return undefined;
      }
    },
  };
}

/** `name=value&…`, each encoded. */
export function form(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map((pair) => pair.map(encodeURIComponent).join('='))
    .join('&');
}

export interface SocketClient {
  /** Messages so far. */
  readonly messages: string[];
  send(text: string): void;
  /** The first message like this one, from `from` on; null when the other side ends before. */
  find(like: (message: string) => boolean, from?: number): Promise<string | null>;
  /** Settles when the connection has ended. */
  readonly ended: Promise<void>;
  close(): void;
}

export interface SocketOptions {
  readonly protocol?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly from?: string;
}

/** Opens a WebSocket. @returns the status that refused it, or the open one. */
export function openSocket(port: number, path: string, options: SocketOptions = {}): Promise<number | SocketClient> {
  const { protocol, headers = {}, from = '127.0.0.1' } = options;
  return new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocol === undefined ? [] : [protocol], {
      headers,
      localAddress: from,
      handshakeTimeout: PATIENCE_MS,
    });
    const messages: string[] = [];
    const looks = new Set<() => void>();
    const look = () => {
      for (const each of looks) each();
    };
    let over = false;
    const ended = new Promise<void>((end) =>
      socket.once('close', () => {
        over = true;
        look();
        end();
      }),
    );
    socket.on('message', (data: Buffer) => {
      messages.push(data.toString());
      look();
    });
    socket.once('unexpected-response', (_request, response) => {
      resolve(response.statusCode ?? 0);
      socket.terminate();
    });
    socket.on('error', () => resolve(0));
    socket.once('open', () =>
      resolve({
        messages,
        ended,
        send: (text) => socket.send(text),
        find: (like, from = 0) =>
          new Promise((found) => {
            const end = (message: string | null) => {
              clearTimeout(late);
              looks.delete(check);
              found(message);
            };
            const late = setTimeout(() => end(null), PATIENCE_MS);
            const check = () => {
              const message = messages.slice(from).find(like);
              if (message !== undefined || over) end(message ?? null);
            };
            looks.add(check);
            check();
          }),
        close: () => socket.terminate(),
      }),
    );
  });
}

/** The digest that the guide's clients send. */
export const md5 = (text: string) => createHash('md5').update(text).digest('hex');

/**
 * Works things off, so many at a time: what an attacker waits for, he waits for on many connections. The first that fails
 * lets no more begin, and nobody goes on behind the end: the ports of a box that is gone may be another's.
 */
export async function together<Item>(
  items: readonly Item[],
  work: (item: Item, index: number) => Promise<void>,
  most = 20,
) {
  const entries = items.entries();
  const failures: unknown[] = [];
  const worker = async () => {
    for (const [index, item] of entries) {
      if (failures.length > 0) return;
      await work(item, index).catch((error: unknown) => void failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, worker));
  if (failures.length > 0) throw failures[0];
}
