/**
 * A share that freezes, over the built daemon and a real filesystem in user space: it is slow, then dead; whoever asks for
 * its files is told so, and everything else goes on; it comes back; and the daemon ends in time even while threads hang.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { pcmWav } from '../recordings/helper.ts';
import { eventually } from '../support/daemon.ts';
import { type AtEnd, temporaryFolder } from '../support/folder.ts';
import { enabled, openBox, type ShareDaemon } from './daemon.ts';
import { mountShare } from './share.ts';

const PATH = '20210329/20210329-001004-1617005404-Internal-205-204.wav';
const OFFLINE = { status: 503, body: { error: { code: 'storage_offline' } } };
const DOWNLOAD = `/cgi/webserve/20036?wavefiles=${encodeURIComponent(PATH)}`;
const LIST = '/cgi/webserve/20053?startdate=2021-01-01 00:00';
/** Seconds in which a state must come: the long deadline is 15, twice, and this machine may be busy. */
const PATIENCE = 60;

async function open() {
  const atEnd = onTestFinished as AtEnd;
  const folder = temporaryFolder(atEnd);
  const share = await mountShare(atEnd);
  const dir = join(share.path, 'monitor');
  mkdirSync(join(dir, '20210329'), { recursive: true });
  writeFileSync(join(dir, PATH), pcmWav(2));
  const box = await openBox(folder, dir, atEnd);
  return { share, dir, box };
}

const becomes = (daemon: ShareDaemon, state: string) =>
  eventually(async () => (await daemon.medium()).state === state, PATIENCE);
const rows = async (daemon: ShareDaemon) =>
  (await daemon.get(LIST)).body['json_array_recordings'] as Record<string, unknown>[];
const listed = (daemon: ShareDaemon) => eventually(async () => (await rows(daemon)).length === 1, PATIENCE);
async function hung({ get }: ShareDaemon): Promise<number> {
  const text = String((await get('/metrics')).body['text']);
  return Number(/cdrd_recordings\{figure="workersHung"\} (\d+)/.exec(text)?.[1]);
}

/** Asks `/healthz` again and again. @returns how to stop, and every status that came. */
function watchHealth({ get }: ShareDaemon) {
  const statuses = new Set<number | string>();
  let watching = true;
  const done = (async () => {
    while (watching) {
      statuses.add(await get('/healthz').then(({ status }) => status, String));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  return async () => {
    watching = false;
    await done;
    return [...statuses];
  };
}

test('it freezes, is slow, is dead, and comes back', async () => {
  const { share, dir, box } = await open();
  const daemon = await box.start();
  await listed(daemon);
  await eventually(() => enabled(box.pbx) === '1', PATIENCE);
  expect(await daemon.medium()).toMatchObject({ state: 'mounted', writable: true });
  expect((await daemon.get(DOWNLOAD)).status).toBe(200);
  const stopWatching = watchHealth(daemon);

  await share.freeze(daemon.pid);
  await becomes(daemon, 'slow');
  expect(enabled(box.pbx)).toBe('1'); // for a moment nothing is lost
  expect(await daemon.get(DOWNLOAD)).toMatchObject(OFFLINE); // and nobody waits for the end of it
  await becomes(daemon, 'dead');
  await eventually(() => enabled(box.pbx) === '0', PATIENCE);
  for (const path of [DOWNLOAD, `/recordings/${PATH}`, DOWNLOAD.replace('20036', '20054')])
    expect(await daemon.get(path)).toMatchObject(OFFLINE);
  expect(await rows(daemon)).toMatchObject([{ path: PATH, online: false }]);
  await eventually(async () => (await hung(daemon)) === 2, PATIENCE);
  expect((await daemon.get('/cgi/webserve/9006?')).status).toBe(200);
  expect((await daemon.get('/cgi/webserve/30024?')).body['medium']).toMatchObject({ state: 'dead', id: null });

  share.thaw();
  await becomes(daemon, 'mounted');
  await eventually(() => enabled(box.pbx) === '1', PATIENCE);
  await eventually(async () => (await daemon.get(DOWNLOAD)).status === 200, PATIENCE);
  expect((await rows(daemon))[0]).not.toHaveProperty('online');
  await eventually(async () => (await hung(daemon)) === 0, PATIENCE); // each is back when its own call is
  mkdirSync(join(dir, '20210330'));
  writeFileSync(join(dir, '20210330/meanwhile.wav'), pcmWav(1));
  await eventually(async () => (await rows(daemon)).length === 2, PATIENCE);
  expect(await stopWatching()).toEqual([200]);
  expect(await daemon.stop(10_000)).toEqual({ code: 0, signal: null });
});

test('SIGTERM ends it within 10 s while threads hang, and the next start has everything', async () => {
  const { share, box } = await open();
  const daemon = await box.start();
  await listed(daemon);
  await share.freeze(daemon.pid);
  await becomes(daemon, 'dead');
  expect(await hung(daemon)).toBeGreaterThan(0);
  expect(await daemon.stop(10_000)).toEqual({ code: null, signal: 'SIGKILL' });
  const again = await box.start(); // and starts while it still hangs
  expect(await rows(again)).toMatchObject([{ path: PATH, online: false }]);
  await becomes(again, 'dead');
  share.thaw();
  await becomes(again, 'mounted');
  expect((await rows(again))[0]).not.toHaveProperty('online');
  expect(await again.stop(10_000)).toEqual({ code: 0, signal: null });
});

test('its server dies: it answers with errors and is dead at once', async () => {
  const { share, box } = await open();
  const daemon = await box.start();
  await listed(daemon);
  await share.kill();
  await becomes(daemon, 'dead');
  // The call that is under way fails in another way than those behind it.
  expect((await daemon.medium()).why).toMatch(/answers with (ENOTCONN|ECONNABORTED)/);
  expect(await daemon.get(DOWNLOAD)).toMatchObject(OFFLINE);
  expect(await rows(daemon)).toMatchObject([{ path: PATH, online: false }]);
  expect(await daemon.stop(10_000)).toEqual({ code: 0, signal: null });
});
