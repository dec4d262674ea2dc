/** What a client hasn't taken yet, towards a reader in a process of its own, which goes on while this one stands still. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createOutput } from '../../daemon/ami/output.ts';
import { eventually } from '../support/daemon.ts';

const WITHIN_MS = 400;
const BYTES = 24 * 1024 * 1024;

/** Connects, waits for the word to read, reads all there is, says how much it was and whether it ended well. */
const READER = `
  const socket = require('node:net').connect(Number(process.argv[1]), '127.0.0.1');
  let taken = 0;
  socket.pause();
  socket.on('data', (bytes) => { taken += bytes.length; });
  socket.on('error', (error) => console.log(error.code));
  socket.on('close', () => console.log(taken));
  process.stdin.once('data', () => socket.resume());
`;

async function reader(): Promise<{ readonly child: ChildProcess; readonly socket: Socket; said(): string }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const child = spawn(process.execPath, ['-e', READER, String(port)], { stdio: ['pipe', 'pipe', 'inherit'] });
  let said = '';
  child.stdout?.on('data', (text) => {
    said += text;
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
    server.close();
  });
  const [socket] = (await once(server, 'connection')) as [Socket];
  onTestFinished(() => void socket.destroy());
  return { child, socket, said: () => said };
}

/** As under a report that takes long: nothing of this process goes on. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

test('who reads while this process stands still is not taken for one who does not', async () => {
  const { child, socket, said } = await reader();
  const output = createOutput(socket);
  output.send(Buffer.alloc(BYTES, 'x'));
  output.end(WITHIN_MS);
  child.stdin?.write('read\n');
  // Longer than a look is apart: the reader takes what the kernel holds, and this process hears of it behind the look.
  for (let times = 0; times < 3; times++) {
    standStill(2.5 * WITHIN_MS);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await eventually(() => said() !== '');
  expect(said()).toBe(`${BYTES}\n`);
});

test('who reads nothing is left, soon behind two looks', async () => {
  const { socket } = await reader();
  const output = createOutput(socket);
  output.send(Buffer.alloc(BYTES, 'x'));
  output.end(WITHIN_MS);
  await eventually(() => socket.destroyed);
  expect(output.unread).toBeGreaterThan(BYTES / 2);
});
