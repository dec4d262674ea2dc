/** The control socket's end: a stop waits for no command's reader. */
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { listenControl, type Performed } from '../daemon/control/server.ts';
import { createLog } from '../daemon/log.ts';

/** Milliseconds that a whole stop has (STOP_MS); behind them the daemon ends itself by SIGKILL, with the store open. */
const STOP_MS = 5_000;

async function serve(perform: () => Promise<Performed>) {
  const folder = await mkdtemp(join(tmpdir(), 'cdrd-control-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return listenControl(folder, createLog({ level: 'error' }), perform);
}

function connected(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path, () => resolve(socket));
    socket.on('error', reject);
    onTestFinished(() => void socket.destroy());
  });
}

/** Whether it has closed before a stop would have been given up. */
async function closesInTime(close: () => Promise<void>): Promise<boolean> {
  let late: NodeJS.Timeout | undefined;
  const given = new Promise<boolean>((resolve) => {
    late = setTimeout(() => resolve(false), STOP_MS - 1_000);
  });
  const closed = await Promise.race([close().then(() => true), given]);
  clearTimeout(late);
  return closed;
}

test('a stop ends an export that nobody reads', async () => {
  let begun = () => {};
  const asked = new Promise<void>((resolve) => {
    begun = resolve;
  });
  async function* endless() {
    begun();
    for (;;) yield 'x'.repeat(65_536);
  }
  const server = await serve(async () => endless());
  const socket = await connected(server.path);
  socket.pause();
  socket.write('{"command":"export"}\n');
  await asked;
  expect(await closesInTime(server.close)).toBe(true);
});

test('a stop hangs up on who has asked nothing', async () => {
  const server = await serve(async () => 'done');
  await connected(server.path);
  await new Promise((resolve) => setImmediate(resolve));
  expect(await closesInTime(server.close)).toBe(true);
});
