/**
 * A deletion of a quarter of a million calls in the daemon as it ships, killed again and again in the middle, and its undo
 * likewise: each is gone on with, ends, touches nothing else, and brings every call back as it was. Records that come
 * meanwhile are stored as if nothing were going on.
 */
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../daemon/config.ts';
import { storeOptions } from '../../daemon/state.ts';
import { openStoreHere } from '../../storage/here.ts';
import { formatLocal } from '../../storage/model/local-time.ts';
import { openDatabase } from '../../storage/sql/database.ts';
import { cloneCalls, clonedLeg, FIRST_START } from '../storage/cloned-calls.ts';
import { put, shut } from '../storage/helper.ts';
import { temporaryFolder } from '../support/folder.ts';
import { boxEnv, type Folders, logIn, until } from './box.ts';
import { allClosed, allStored, begin, call, openScene, ready, type Scene, stop } from './scene.ts';

const DELETED = 250_000;
/** Calls that start after the filter's end. */
const KEPT = 500;
const KILLS = { deleting: 4, restoring: 2 };
/** Calls at least between two kills. */
const BETWEEN = 15_000;

interface Deletion {
  readonly state: string;
  readonly count: number;
}

test('killed in the middle it is gone on with, ends, and can be undone to the last call', {
  timeout: 240_000,
}, async () => {
  const scene = await openScene(temporaryFolder(), null);
  onTestFinished(() => scene.close());
  await fill(scene.place);
  const before = contentOf(scene.place);
  expect(before.calls).toBe(DELETED + KEPT);

  let get = await started(scene);
  const enddate = formatLocal(FIRST_START + DELETED - 1, -28_800);
  const begun = performance.now();
  const asked = get(`/cgi/webserve/9004?&enddate=${enddate}`).catch(() => null); // its connection dies with the daemon
  const watched = async () => ((await get('/cgi/webserve/30004?'))['json_array_deletions'] as Deletion[])[0];
  const undo = await until(
    'the deletion begins',
    async () => ((await watched()) as { undo?: string })?.undo ?? null,
    30,
  );
  const watch = `/cgi/webserve/30004?&undo=${undo}`;
  const deletion = async () => ((await get(watch))['json_array_deletions'] as Deletion[])[0] as Deletion;
  const shown = async () => (await get('/cgi/webserve/9004?&startdate=2000-01-01 00:00&dryrun=1'))['matches'];

  for (let kill = 1; kill <= KILLS.deleting; kill++) {
    await until('it has got on', async () => (await deletion()).count >= kill * BETWEEN, 60);
    await recordMeanwhile(scene);
    expect((await deletion()).state).toBe('deleting');
    get = await killed(scene);
  }
  await asked;
  await until('it ends', async () => (await deletion()).state === 'deleted', 120);
  console.log(
    `deleted after ${Math.round(performance.now() - begun)} ms, ${KILLS.deleting} kills and starts among them`,
  );
  expect(await deletion()).toMatchObject({ state: 'deleted', count: DELETED });
  await allClosed(scene);
  expect(await shown()).toBe(KEPT + KILLS.deleting);

  const undone = get(`/cgi/webserve/30003?&undo=${undo}`).catch(() => null);
  for (let kill = 1; kill <= KILLS.restoring; kill++) {
    await until('it comes back', async () => Number(await shown()) >= KEPT + kill * BETWEEN, 60);
    expect((await deletion()).state).toBe('restoring');
    get = await killed(scene);
  }
  await undone;
  await until('all has come back', async () => (await deletion()).state === 'restored', 120);
  expect(await get(`/cgi/webserve/30003?&undo=${undo}`)).toEqual({ result: 'success', restored: DELETED });
  expect(await shown()).toBe(DELETED + KEPT + KILLS.deleting);
  const log = (await get('/cgi/webserve/30018?'))['json_array_audit'] as { action: string; detail: object }[];
  const lines = log
    .filter(({ action }) => action.startsWith('calls.'))
    .map(({ action, detail }) => ({ action, ...detail }));
  expect(lines.reverse()).toMatchObject([
    { action: 'calls.delete', enddate },
    { action: 'calls.deleted', enddate, count: DELETED },
    { action: 'calls.undo', enddate, count: DELETED },
    { action: 'calls.restored', enddate, count: DELETED },
  ]);
  await stop(scene);
  expect(contentOf(scene.place)).toEqual(before);
});

/** The store as it was before the daemon came. */
async function fill(place: Folders): Promise<void> {
  mkdirSync(place.state, { recursive: true });
  const options = storeOptions(loadConfig(null, boxEnv(place, 0)));
  const store = openStoreHere(options);
  await put(store, clonedLeg(0));
  await shut(store, clonedLeg(0));
  await store.close();
  cloneCalls(options.file, DELETED + KEPT);
}

async function started(scene: Scene) {
  begin(scene, 'plain');
  await ready(scene);
  return logIn(scene.life.url, scene.place, 'admin');
}

async function killed(scene: Scene) {
  scene.life.box.signal('SIGKILL');
  await scene.life.box.ended;
  return started(scene);
}

/** A call's record, while the store is at work. */
async function recordMeanwhile(scene: Scene): Promise<void> {
  const sent = performance.now();
  call(scene);
  await allStored(scene);
  const ms = Math.round(performance.now() - sent);
  console.log(`a record was stored and seen to be after ${ms} ms`);
}

/** What stands in the file of the calls that were there from the beginning; the daemon has stopped. */
function contentOf(place: Folders) {
  const database = openDatabase(join(place.state, 'cdrd.db'));
  try {
    const [{ integrity_check: sound } = {}] = database.all('PRAGMA integrity_check');
    expect(sound).toBe('ok');
    const hash = createHash('sha256');
    let calls = 0;
    for (let after = 0; ; ) {
      const rows = database.all(
        `SELECT id, json_array(id, call_group, anchor, open, trash, start_at, end_at, src, dst, billsec, uniqueid) AS text
         FROM call WHERE id > ? AND start_at < ? ORDER BY id LIMIT 10000`,
        [after, FIRST_START + DELETED + KEPT],
      );
      if (rows.length === 0) break;
      calls += rows.length;
      for (const { text } of rows) hash.update(String(text));
      after = Number(rows.at(-1)?.['id']);
    }
    // Those whose number the search knows.
    const [{ found } = {}] = database.all(
      `SELECT count(*) AS found FROM call WHERE id <= ${DELETED + KEPT} AND trash IS NULL
         AND src IN (SELECT text FROM number WHERE side = 0)`,
    );
    return { calls, found, hash: hash.digest('hex') };
  } finally {
    database.close();
  }
}
