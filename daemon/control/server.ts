/** The daemon's end of the control socket: open to its own user alone (0600), one bounded command a connection. */
import { chmod, mkdir, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { CONTROL_LINE_MAX } from '../limits.ts';
import type { Log } from '../log.ts';
import { listenOn } from '../sockets/early.ts';
import { CONTROL_SOCKET, type ControlAnswer, type ControlRequest } from './protocol.ts';

/** A command that says nothing is hung up on after this many milliseconds. */
const SILENCE_MS = 5_000;
/** Milliseconds that a stop waits for commands under way: with the other parts' own bounds it stays within STOP_MS. */
const DRAIN_MS = 1_000;

export interface ControlServer {
  readonly path: string;
  close(): Promise<void>;
}

/** What was done, in one sentence; or an export, in parts. */
export type Performed = string | AsyncIterable<string | Uint8Array>;

/** @param perform Carries a command out. @throws what the command is told. */
export async function listenControl(
  runDir: string,
  log: Log,
  perform: (request: ControlRequest) => Promise<Performed>,
): Promise<ControlServer> {
  const path = join(runDir, CONTROL_SOCKET);
  await mkdir(runDir, { recursive: true, mode: 0o750 });
  await rm(path, { force: true }); // a killed predecessor's; that none is alive, the process lock has shown
  /** Whether each connection has said its command. */
  const open = new Map<Socket, boolean>();
  const server = createServer((socket) => {
    open.set(socket, false);
    socket.once('close', () => open.delete(socket));
    converse(socket, async (request) => {
      open.set(socket, true);
      return perform(request);
    });
  });
  server.maxConnections = 8;
  // Between listen and chmod nobody slips in: to connect takes the right to write, which umask 027 leaves the owner alone. Of
  // another umask for the moment the folders would have something that other threads make meanwhile.
  await listenOn(server, () => server.listen(path));
  server.on('error', (error) => log.error('the control socket failed', { error }));
  await chmod(path, 0o600);
  return { path, close };

  /** Who has asked nothing is hung up on; who doesn't read what he asked for, after a while: the store is closed behind us. */
  function close(): Promise<void> {
    return new Promise((resolve) => {
      const late = setTimeout(() => {
        for (const socket of open.keys()) socket.destroy();
      }, DRAIN_MS);
      server.close(() => {
        clearTimeout(late);
        resolve();
      });
      for (const [socket, asked] of open) if (!asked) socket.destroy();
    });
  }
}

function converse(socket: Socket, perform: (request: ControlRequest) => Promise<Performed>): void {
  let text = '';
  let asked = false;
  socket.setEncoding('utf8');
  socket.setTimeout(SILENCE_MS, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('data', async (chunk: string) => {
    text += chunk;
    if (asked) return;
    if (text.length > CONTROL_LINE_MAX) return void socket.destroy();
    const end = text.indexOf('\n');
    if (end < 0) return;
    asked = true;
    socket.setTimeout(0);
    await answer(socket, text.slice(0, end), perform);
    socket.end();
  });
}

async function answer(
  socket: Socket,
  line: string,
  perform: (request: ControlRequest) => Promise<Performed>,
): Promise<void> {
  const say = (what: ControlAnswer) => socket.write(`${JSON.stringify(what)}\n`);
  try {
    const performed = await perform(JSON.parse(line) as ControlRequest);
    if (typeof performed === 'string') return void say({ done: performed });
    for await (const part of performed) {
      if (socket.destroyed) return;
      if (part.length > 0 && !say({ part: textOf(part) })) await drained(socket);
    }
    say({ done: '' });
  } catch (error) {
    say({ failed: error instanceof Error ? error.message : String(error) });
  }
}

/** A part holds whole rows, and so whole characters. */
function textOf(part: string | Uint8Array): string {
  return typeof part === 'string' ? part : Buffer.from(part.buffer, part.byteOffset, part.length).toString('utf8');
}

/** Until more can be written, or nobody reads any more. */
function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const over = () => {
      socket.off('drain', over);
      socket.off('close', over);
      resolve();
    };
    socket.on('drain', over);
    socket.on('close', over);
  });
}
