/** A receiver of webhooks on a real socket: answers what it is told to, and keeps what it was sent. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Posted {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Record<string, unknown>;
}

export interface Receiver {
  readonly port: number;
  readonly url: string;
  readonly posted: readonly Posted[];
  /** What the next ones are answered; 0: nothing, ever. */
  status: number;
}

export async function openReceiver(): Promise<Receiver> {
  const posted: Posted[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request;
      posted.push({ method, path, headers, body: JSON.parse(text) as Record<string, unknown> });
      if (receiver.status === 0) return;
      response.writeHead(receiver.status, { Location: '/elsewhere' }).end('a text that nobody reads');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const receiver = { port, url: `http://127.0.0.1:${port}/alarms?box=7`, posted, status: 204 };
  return receiver;
}
