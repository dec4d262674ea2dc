/** A client that sends a request's bytes as they are and reads one answer to its end, by its length, its chunks or the connection's end. */
import { connect } from 'node:net';
import { PATIENCE } from '../support/patience.ts';

export interface RawAnswer {
  readonly status: string;
  /** `Name: value`, as they came. */
  readonly headers: readonly string[];
  readonly body: Buffer;
}

const ANSWER_MS = 10_000 * PATIENCE;

/** @throws after 10 s without a whole answer, and when the other side ends before it. */
export function exchange(port: number, request: string): Promise<RawAnswer> {
  const head = request.startsWith('HEAD ');
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    const chunks: Buffer[] = [];
    const end = (error: Error | null, answer?: RawAnswer) => {
      clearTimeout(late);
      socket.destroy();
      if (answer) resolve(answer);
      else reject(error ?? new Error(`the connection ended before the answer did: ${Buffer.concat(chunks)}`));
    };
    const late = setTimeout(() => end(new Error(`no whole answer after 10 s: ${Buffer.concat(chunks)}`)), ANSWER_MS);
    socket.on('error', end);
    const look = (ended: boolean) => {
      try {
        const answer = wholeAnswer(Buffer.concat(chunks), head, ended);
        if (answer || ended) end(null, answer ?? undefined);
      } catch (error) {
        end(error as Error);
      }
    };
    socket.on('end', () => look(true));
    socket.on('close', () => end(null));
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      look(false);
    });
    socket.write(request);
  });
}

/** null: it isn't whole yet. @throws for bytes behind it, and for chunks that are none. */
function wholeAnswer(bytes: Buffer, toHead: boolean, ended: boolean): RawAnswer | null {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const [status = '', ...headers] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const value = (name: string) =>
    headers.find((header) => header.toLowerCase().startsWith(`${name}: `))?.slice(name.length + 2);
  const rest = bytes.subarray(end + 4);
  const whole = (body: Buffer, behind: Buffer): RawAnswer => {
    if (behind.length > 0) throw new Error(`bytes behind the answer: ${behind.toString('latin1').slice(0, 200)}`);
    return { status, headers, body };
  };
  if (toHead || / (?:204|304) /.test(status)) return whole(Buffer.alloc(0), rest);
  if (value('transfer-encoding') === 'chunked') {
    const chunks = chunksOf(rest);
    return chunks && whole(chunks.body, chunks.behind);
  }
  const length = Number(value('content-length'));
  // To HTTP/1.0 the connection's end is the answer's.
  if (Number.isNaN(length)) return ended && value('connection') === 'close' ? whole(rest, Buffer.alloc(0)) : null;
  return rest.length < length ? null : whole(rest.subarray(0, length), rest.subarray(length));
}

function chunksOf(bytes: Buffer): { body: Buffer; behind: Buffer } | null {
  const parts: Buffer[] = [];
  for (let rest = bytes; ; ) {
    const line = rest.indexOf('\r\n');
    if (line < 0) return null;
    const digits = rest.subarray(0, line).toString('latin1');
    if (!/^[0-9a-f]{1,8}$/i.test(digits)) throw new Error(`this is no chunk: ${digits.slice(0, 80)}`);
    const size = Number.parseInt(digits, 16);
    const next = line + 2 + size + 2;
    if (rest.length < next) return null;
    if (size === 0) return { body: Buffer.concat(parts), behind: rest.subarray(next) };
    parts.push(rest.subarray(line + 2, line + 2 + size));
    rest = rest.subarray(next);
  }
}
