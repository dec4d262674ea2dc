/** A client that sends bytes as they are: what fetch would mend, hide or refuse to send. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectSecure } from 'node:tls';
import { onTestFinished } from 'vitest';

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Opens a connection from an address (of 127/8: each is a client of its own), for https: by TLS with whatever certificate there is; it ends with the test. */
export async function dial(url: string, localAddress = '127.0.0.1'): Promise<Socket> {
  const { port, protocol } = new URL(url);
  const socket = connect({ host: '127.0.0.1', port: Number(port), localAddress, noDelay: true });
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {}); // what became of it is told by what was received
  await once(socket, 'connect');
  if (protocol !== 'https:') return socket;
  const secure = connectSecure({ socket, rejectUnauthorized: false });
  secure.on('error', () => {});
  await once(secure, 'secureConnect');
  return secure;
}

/** Sends the parts, each as a segment of its own, and gives everything that comes until the other side ends. */
export async function exchange(url: string, ...parts: readonly (string | Buffer)[]): Promise<string> {
  const socket = await dial(url);
  const received = receive(socket);
  for (const part of parts) {
    socket.write(typeof part === 'string' ? Buffer.from(part, 'latin1') : part);
    if (parts.length > 1) await pause(20);
  }
  return received;
}

/** Everything that comes until the end, a character a byte; fails after 10 s. */
export function receive(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const late = setTimeout(() => reject(new Error(`no end after ${Buffer.concat(chunks)}`)), 10_000);
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.once('close', () => {
      clearTimeout(late);
      resolve(Buffer.concat(chunks).toString('latin1'));
    });
  });
}

/** Answers that stand one after another, by their Content-Length or their chunks. */
export function answersOf(bytes: string): RawAnswer[] {
  const answers: RawAnswer[] = [];
  for (let rest = bytes; rest !== ''; ) {
    const end = rest.indexOf('\r\n\r\n');
    if (end < 0) throw new Error(`this is no whole answer: ${rest}`);
    const [first = '', ...lines] = rest.slice(0, end).split('\r\n');
    const headers = Object.fromEntries(
      lines.map((line) =>
        line
          .toLowerCase()
          .split(/: (.*)/s)
          .slice(0, 2),
      ),
    );
    rest = rest.slice(end + 4);
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1]);
    if (status === 100) continue;
    let body = '';
    if (headers['transfer-encoding'] === 'chunked') {
      for (;;) {
        const size = Number.parseInt(rest, 16);
        const from = rest.indexOf('\r\n') + 2;
        if (Number.isNaN(size) || rest.length < from + size + 2)
          throw new Error(`a broken chunk: ${rest.slice(0, 80)}`);
        body += rest.slice(from, from + size);
        rest = rest.slice(from + size + 2);
        if (size === 0) break;
      }
    } else {
      const length = Number(headers['content-length'] ?? rest.length);
      body = rest.slice(0, length);
      rest = rest.slice(length);
    }
    answers.push({ status, headers, body });
  }
  return answers;
}

/** The one answer to one request whose connection then ends. */
export async function ask(url: string, ...parts: readonly (string | Buffer)[]): Promise<RawAnswer> {
  const bytes = await exchange(url, ...parts);
  const [answer, ...more] = answersOf(bytes);
  if (!answer || more.length > 0) throw new Error(`one answer was expected: ${bytes}`);
  return answer;
}

/** The answers to a client at this address of 127/8: each is a client of its own. */
export async function askFrom(localAddress: string, url: string, request: string): Promise<RawAnswer[]> {
  const socket = await dial(url, localAddress);
  const received = receive(socket);
  socket.write(request);
  return answersOf(await received);
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
