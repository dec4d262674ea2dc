/** Headers mended on request, over a real store, the real worker and real files: what the index and the audit log say of each. */
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createRecordingHeaders } from '../../daemon/recordings/headers.ts';
import { openStoreHere } from '../../storage/here.ts';
import { codesOf } from '../../storage/model/truth.ts';
import type { RecordingFile } from '../../storage/sql/recording.ts';
import { emptyStore } from '../support/empty-store.ts';
import { temporaryFolder } from '../support/folder.ts';
import { FIRST_MEDIUM, storeOptions } from '../support/legs.ts';
import { pcmWav, wav } from './helper.ts';
import { BY, type Medium, openClient } from './trash-rig.ts';

const DAY = '20210329';
const CUT = wav({ dataLength: 64_000, fileLength: 64_044, sound: 32_000 });

async function rig(files: Readonly<Record<string, Buffer>>) {
  const base = temporaryFolder();
  const dir = join(base, 'monitor');
  mkdirSync(join(dir, DAY), { recursive: true });
  const store = openStoreHere(emptyStore(storeOptions(base)));
  onTestFinished(() => store.close());
  const medium: Medium = { state: 'mounted', sweeps: 0 };
  const client = openClient(dir, medium);
  onTestFinished(() => client.close());
  const found: RecordingFile[] = Object.entries(files).map(([name, bytes]) => {
    writeFileSync(join(dir, DAY, name), bytes);
    const path = `${DAY}/${name}`;
    return { path, size: bytes.length, mtimeMs: 1_000, seconds: 0, state: 'damaged', fault: 'header_long' };
  });
  await store.write({ kind: 'recordings', medium: FIRST_MEDIUM, files: found });
  let place: number | null = FIRST_MEDIUM;
  const headers = createRecordingHeaders({ store, client, medium: () => place });
  const damaged = async () => {
    let count = 0;
    const filter = { kind: 'broken' as const, codes: codesOf('broken'), start: {}, wall: {} };
    for await (const step of store.count('truth', filter)) count += step.rows;
    return count;
  };
  return { dir, store, medium, headers, damaged, unknownMedium: () => (place = null) };
}

test('each file says what became of it; index, audit log and file agree, also when it is put back', async () => {
  const { dir, store, headers, damaged } = await rig({ 'cut.wav': CUT, 'none.wav': Buffer.from('no WAV at all') });
  writeFileSync(join(dir, DAY, 'growing.wav'), CUT); // the watcher has not seen it finished
  const paths = ['cut.wav', 'none.wav', 'growing.wav'].map((name) => `${DAY}/${name}`);
  expect(await damaged()).toBe(2);
  expect(await headers.change(paths, 'repair', BY)).toEqual([
    { path: `${DAY}/cut.wav`, result: 'repaired', was: 'header_long', seconds: 2 },
    { path: `${DAY}/none.wav`, result: 'beyond repair', fault: 'no_wav' },
    { path: `${DAY}/growing.wav`, result: 'not finished' },
  ]);
  expect(await damaged()).toBe(1);
  expect(readFileSync(join(dir, DAY, 'growing.wav')).equals(CUT)).toBe(true);
  const mtimeMs = Math.trunc(statSync(join(dir, DAY, 'cut.wav')).mtimeMs);
  const known = await store.ask('knownRecordings', { medium: FIRST_MEDIUM, folder: DAY });
  expect(known.split('\n')).toContain(`cut.wav\t${CUT.length}\t${mtimeMs}`);
  expect(await headers.change([`${DAY}/cut.wav`], 'repair', BY)).toMatchObject([{ result: 'whole', seconds: 2 }]);

  expect(await headers.change([`${DAY}/cut.wav`], 'restore', BY)).toEqual([
    { path: `${DAY}/cut.wav`, result: 'restored', seconds: 2, fault: 'header_long' },
  ]);
  expect(readFileSync(join(dir, DAY, 'cut.wav')).equals(CUT)).toBe(true);
  expect(await damaged()).toBe(2);
  const lines = (await store.ask('auditEntries', { before: null, limit: 10 })).entries;
  expect(lines.map(({ who, action, detail }) => [who, action, detail])).toEqual([
    [BY.who, 'recording.restored', { path: `${DAY}/cut.wav`, seconds: 2 }],
    [BY.who, 'recording.repaired', { path: `${DAY}/cut.wav`, seconds: 2, file: 64_044, sound: 64_000 }],
  ]);
});

test('a kill between the file and the index is made up for by the next request', async () => {
  const { dir, headers, damaged } = await rig({ 'cut.wav': CUT });
  writeFileSync(join(dir, DAY, 'cut.wav'), pcmWav(2)); // mended, and nobody was told
  expect(await damaged()).toBe(1);
  expect(await headers.change([`${DAY}/cut.wav`], 'repair', BY)).toMatchObject([{ result: 'whole' }]);
  expect(await damaged()).toBe(0);
});

test('while the medium is away, or not known, nothing is begun', async () => {
  const { dir, medium, headers, unknownMedium } = await rig({ 'cut.wav': CUT });
  medium.state = 'absent';
  await expect(headers.change([`${DAY}/cut.wav`], 'repair', BY)).rejects.toMatchObject({ code: 'storage_offline' });
  medium.state = 'mounted';
  unknownMedium();
  await expect(headers.change([`${DAY}/cut.wav`], 'repair', BY)).rejects.toMatchObject({ code: 'storage_offline' });
  expect(readFileSync(join(dir, DAY, 'cut.wav')).equals(CUT)).toBe(true);
});

test('a medium that goes away in between leaves the rest, and says so', async () => {
  const { medium, headers, store } = await rig({ 'a.wav': CUT, 'b.wav': CUT, 'c.wav': CUT });
  const write = store.write.bind(store);
  store.write = async (item) => {
    if (item.kind === 'audit') medium.state = 'dead';
    return write(item);
  };
  const results = await headers.change(
    ['a.wav', 'b.wav', 'c.wav'].map((name) => `${DAY}/${name}`),
    'repair',
    BY,
  );
  expect(results.map(({ result }) => result)).toEqual(['repaired', 'offline', 'offline']);
});
