/** The watchdog behind a real health check: it ends what hangs, whole or in its store alone, and leaves alone what works. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../support/daemon.ts';
import { type Box, openBox } from './box.ts';

/** Seconds, for the 60 of the unit: the daemon beats four times in them. */
const DUE_S = 8;

let box: Box;

beforeAll(async () => {
  box = await openBox();
  box.do('mkdir -p /etc/systemd/system/cdrd.service.d');
  writeFileSync(join(box.root, 'etc/systemd/system/cdrd.service.d/test.conf'), `[Service]\nWatchdogSec=${DUE_S}\n`);
  // The store's thread hangs while this file is there: in a step that never ends.
  const worker = join(box.root, 'usr/lib/cdrd/store-worker.mjs');
  writeFileSync(join(box.root, 'usr/lib/cdrd/real-store-worker.mjs'), readFileSync(worker));
  writeFileSync(
    worker,
    `import { existsSync } from 'node:fs';\nimport './real-store-worker.mjs';\n` +
      `setInterval(() => { while (existsSync('${HANG}')); }, 100);\n`,
  );
  box.do('systemctl daemon-reload && systemctl restart cdrd.service');
});
afterAll(async () => {
  await box?.stop();
});

const HANG = '/var/lib/cdrd/hang';

const journal = () => box.do('journalctl -u cdrd.service --no-pager -o cat');

test('one that works is left alone', async () => {
  const pid = box.property('MainPID');
  await new Promise((resolve) => setTimeout(resolve, 2.5 * DUE_S * 1_000));
  expect([box.property('MainPID'), box.property('Result'), box.property('WatchdogUSec')]).toEqual([
    pid,
    'success',
    `${DUE_S}s`,
  ]);
});

test('a process that stands still is ended, and started anew', async () => {
  const pid = box.property('MainPID');
  box.do(`kill -STOP ${pid}`);
  await eventually(() => box.property('MainPID') !== pid && box.healthz(80)?.status === 'ok', 60);
  expect(journal()).toMatch(/Watchdog timeout \(limit 8s\)!/);
  await box.active();
});

test('a store that hangs: the main thread turns and answers, and it is ended all the same', async () => {
  const pid = box.property('MainPID');
  writeFileSync(join(box.root, HANG), '');
  onTestFinished(() => rmSync(join(box.root, HANG), { force: true }));
  await eventually(
    () => /the store does not answer; no beat for the service manager until it does/.test(journal()),
    20,
  );
  expect(box.healthz(80)?.status).toBe('ok'); // that the main thread answers is not enough
  await eventually(() => box.property('MainPID') !== pid, 40);
  rmSync(join(box.root, HANG));
  await eventually(() => box.property('ActiveState') === 'active' && box.healthz(80)?.status === 'ok', 60);
  expect(journal().match(/Watchdog timeout/g)?.length).toBeGreaterThanOrEqual(2);
});
