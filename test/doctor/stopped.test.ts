/** `cdrd doctor` while no daemon runs, as its own process: why it would not start is the first thing that it says. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, openSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { CONTROL_SOCKET } from '../../daemon/control/protocol.ts';
import type { Finding } from '../../daemon/doctor/finding.ts';
import { acquireLock } from '../../daemon/lock.ts';
import { openStoreHere } from '../../storage/here.ts';
import { temporaryFolder } from '../support/folder.ts';
import { freePort } from '../support/free-port.ts';
import { storeOptions } from '../support/legs.ts';
import { NODE_FLAGS } from '../support/production.ts';

const BUNDLE = new URL('../.build/cdrd.mjs', import.meta.url).pathname;
const asRoot = test.skipIf(process.getuid?.() !== 0);

/** A box without an Asterisk, and with a store. */
async function stoppedBox() {
  const folder = temporaryFolder();
  for (const name of ['state', 'recordings']) mkdirSync(join(folder, name), { mode: 0o750 });
  const file = join(folder, 'state', 'cdrd.db');
  await openStoreHere({ ...storeOptions(folder), file }).close();
  const port = await freePort();
  const config = join(folder, 'cdrd.toml');
  const text = `[state]
dir = "${folder}/state"
[run]
dir = "${folder}/run"
[http]
listen = "127.0.0.1:${port}"
[https]
listen = ""
[recordings]
dir = "${folder}/recordings"
require_mount = "no"
[asterisk]
host = ""
[ami]
listen = ""
`;
  writeFileSync(config, text, { mode: 0o640 });
  return { folder, file, port, config, text };
}

async function examined(config: string): Promise<{ code: number; findings: readonly Finding[] }> {
  const child = spawn(process.execPath, [...NODE_FLAGS, BUNDLE, 'doctor', '--json', '--config', config], { env: {} });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  const [code] = (await once(child, 'close')) as [number];
  return { code, findings: (JSON.parse(text) as { findings: Finding[] }).findings };
}

/** Bytes of the store written over. */
function spoil(file: string, at: number, bytes: Buffer): void {
  writeSync(openSync(file, 'r+'), bytes, 0, bytes.length, at);
}

test('nobody has started it', async () => {
  const { config } = await stoppedBox();
  const { code, findings } = await examined(config);
  expect(code).toBe(1);
  expect(findings[0]).toMatchObject({
    check: 'daemon.running',
    state: 'fault',
    says: expect.stringMatching(/nobody has started it/),
  });
  expect(findings.find(({ check }) => check === 'store.whole')?.state).toBe('ok');
});

test('a newer cdrd has written the store', async () => {
  const { file, config } = await stoppedBox();
  spoil(file, 60, Buffer.from([0, 0, 0, 99]));
  truncateSync(file, 3 * 1024 ** 3); // more than Node reads in one go, and than a box has memory
  const [first] = (await examined(config)).findings;
  expect(first).toMatchObject({
    check: 'daemon.running',
    says: expect.stringMatching(/newer cdrd.*schema 99/),
    mend: expect.stringMatching(/^cdrd restore --latest && /),
  });
});

test('the store is damaged', async () => {
  const { file, config } = await stoppedBox();
  spoil(file, 4_096 * 3, Buffer.alloc(8_192, 7));
  const { findings } = await examined(config);
  expect(findings[0]).toMatchObject({ check: 'daemon.running', says: expect.stringMatching(/the store is damaged/) });
});

test('a fault of the configuration, and none of its secrets', async () => {
  const { config, text } = await stoppedBox();
  writeFileSync(config, `${text}lissten = "hush"\n`);
  const { findings } = await examined(config);
  expect(findings.map(({ check }) => check)).toEqual(['daemon.running', 'config.keys']);
  expect(findings[0]?.says).toContain('ami.lissten: unknown key');
  expect(JSON.stringify(findings)).not.toContain('hush');
});

test('one that hangs is told apart from one that does not run', async () => {
  const { folder, config } = await stoppedBox();
  const lock = await acquireLock(join(folder, 'state'));
  onTestFinished(() => lock.release());
  const [first] = (await examined(config)).findings;
  expect(first).toMatchObject({
    check: 'daemon.running',
    says: expect.stringMatching(new RegExp(`hangs: another cdrd \\(pid ${process.pid}\\)`)),
  });
});

test('one that ends while it is asked is started again', async () => {
  const { folder, config } = await stoppedBox();
  mkdirSync(join(folder, 'run'), { mode: 0o750 });
  const dying = createServer((socket) => socket.destroy()).listen(join(folder, 'run', CONTROL_SOCKET));
  await once(dying, 'listening');
  onTestFinished(() => void dying.close());
  const [first] = (await examined(config)).findings;
  expect(first).toMatchObject({
    check: 'daemon.running',
    says: expect.stringMatching(/ended while it was asked/),
    mend: expect.stringMatching(/restart/),
  });
});

test('one that takes the question and never answers is found out in ten seconds', { timeout: 30_000 }, async () => {
  const { folder, config } = await stoppedBox();
  mkdirSync(join(folder, 'run'), { mode: 0o750 });
  const silent = createServer(() => {}).listen(join(folder, 'run', CONTROL_SOCKET));
  await once(silent, 'listening');
  onTestFinished(() => void silent.close());
  const began = performance.now();
  const [first] = (await examined(config)).findings;
  expect(first).toMatchObject({ check: 'daemon.running', says: expect.stringMatching(/hangs.*does not answer/) });
  expect(performance.now() - began).toBeLessThan(15_000);
});

asRoot('without an Asterisk that is one line, and its command is not to start one that is not there', async () => {
  const { config, text } = await stoppedBox();
  const port = await freePort();
  writeFileSync(config, text.replace('host = ""', `host = "127.0.0.1"\nport = ${port}\nsecret = "s"`));
  const { findings } = await examined(config);
  const names = findings.map(({ check }) => check);
  expect(names.filter((name) => name === 'asterisk.reachable')).toHaveLength(1);
  expect(new Set(names).size).toBe(names.length);
  const { says, mend } = findings.find(({ check }) => check === 'asterisk.reachable') as Finding;
  if (existsSync('/usr/sbin/asterisk')) return;
  expect(says).toMatch(/is not installed on this box/);
  expect(mend).toMatch(/^apt-get install -y .*asterisk/);
});

asRoot('another program has its port', async () => {
  const { port, config } = await stoppedBox();
  const other = createServer().listen(port, '127.0.0.1');
  await once(other, 'listening');
  onTestFinished(() => void other.close());
  const { findings } = await examined(config);
  expect(findings[0]).toMatchObject({
    check: 'daemon.running',
    says: expect.stringMatching(new RegExp(`process ${process.pid}.* holds port ${port}`)),
  });
});
