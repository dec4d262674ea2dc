/**
 * One daemon, its store, its disk and its PBX, and the acts that are played on it: what is to be stored when the kill
 * comes. Every act ends by itself, and at once when the daemon dies.
 */
import { cpSync } from 'node:fs';
import type { CdrRecord } from '../simulator/cdr.ts';
import { type Box, type Folders, figure, folders, logIn, startBox, until } from './box.ts';
import { type Disk, slowDisk } from './disk.ts';
import { copyOf, emptyLedger, type Ledger, nextCall, type Peer, startPeer, writeRecording } from './peer.ts';

/** A store to begin with, made by a daemon. */
export interface Template {
  readonly place: Folders;
  readonly ledger: Ledger;
}

export interface Scene {
  readonly place: Folders;
  readonly ledger: Ledger;
  readonly peer: Peer;
  readonly disk: Disk;
  /** The daemon of now. */
  life: Life;
  /** Ends what runs. */
  close(): Promise<void>;
}

export interface Life {
  readonly box: Box;
  url: string;
  dead: boolean;
  /** Records sent before this daemon's time. */
  readonly before: number;
}

/** Seconds that any single wait may take: many times what is usual, with both cores busy. */
const WAIT_SECONDS = 30;

/** A scene on a copy of a template, or on an empty folder. Nothing runs on it yet but the PBX. */
export async function openScene(
  root: string,
  template: Template | null,
  diskOf: (place: Folders) => Disk = ({ state }) => slowDisk(state, root),
): Promise<Scene> {
  if (template) cpSync(template.place.root, root, { recursive: true, preserveTimestamps: true });
  const place = folders(root);
  const ledger = template ? copyOf(template.ledger) : emptyLedger();
  const peer = await startPeer(ledger);
  const scene: Scene = {
    place,
    ledger,
    peer,
    disk: diskOf(place),
    life: null as unknown as Life, // begun by the first `begin`
    async close() {
      scene.life?.box.signal('SIGKILL');
      await scene.life?.box.ended;
      await peer.close();
    },
  };
  return scene;
}

/** Starts a daemon, on the failing disk or on the plain one. */
export function begin(scene: Scene, disk: 'failing' | 'plain'): Life {
  const { place, peer } = scene;
  scene.disk.clear();
  const box = startBox(place, peer.port, disk === 'failing' ? scene.disk.env : {});
  const life: Life = { box, url: '', dead: false, before: scene.ledger.sent.length };
  void box.ended.then(() => {
    life.dead = true;
  });
  scene.life = life;
  return life;
}

/** Waits until it serves and the PBX has it as a listener. */
export async function ready(scene: Scene): Promise<void> {
  scene.life.url = await scene.life.box.ready;
  await wait(scene, 'the daemon logs in to the PBX', () => scene.peer.up);
}

/** Waits for something of a living daemon. */
export async function wait<T>(
  { life }: Scene,
  what: string,
  look: () => Promise<T | null | false> | T | null | false,
): Promise<T> {
  return until(
    what,
    () => {
      if (life.dead) throw new Error(`the daemon died before: ${what}`);
      return look();
    },
    WAIT_SECONDS,
  );
}

/** Asks how many records this daemon has stored, and takes down that it said so. @returns whether it's all that were sent. */
export async function acknowledge({ life, ledger }: Scene): Promise<boolean> {
  const stored = await figure(life.url, 'cdrd_records_total{result="stored"}');
  if (stored === null) return false;
  const own = ledger.sent.slice(life.before);
  for (const name of own.slice(0, stored)) ledger.acknowledged.add(name);
  return stored === own.length;
}

export async function allStored(scene: Scene): Promise<void> {
  await wait(scene, 'every record is stored', () => acknowledge(scene));
}

export async function allClosed(scene: Scene): Promise<void> {
  await wait(scene, 'every call is closed', async () => (await figure(scene.life.url, 'cdrd_open_calls')) === 0);
}

/** Sends calls, each of one record or two. */
export function call({ peer, ledger }: Scene, count = 1): CdrRecord[][] {
  return Array.from({ length: count }, () => {
    const records = nextCall(ledger);
    peer.send(records);
    return records;
  });
}

/** The record of the next call that is recorded. */
function recordedCall({ ledger, place }: Scene): CdrRecord {
  for (;;) {
    const recorded = nextCall(ledger, place.recordings).find(({ recordingFile }) => recordingFile !== '');
    if (recorded) return recorded;
  }
}

/** A call of one record, which goes into one commit. */
function oneRecord({ peer, ledger }: Scene): void {
  peer.send(nextCall(ledger).slice(-1));
}

/** A call that is closed, then its recording, which its record doesn't name: they are tied by their time. */
export async function record(scene: Scene): Promise<void> {
  const { peer, ledger, place } = scene;
  const recorded = recordedCall(scene);
  peer.send([{ ...recorded, recordingFile: '' }]);
  await allStored(scene);
  await allClosed(scene);
  writeRecording(ledger, recorded, place.recordings);
  await indexed(scene, 1);
}

/** What the daemon shows: the UniqueIDs of 9006 and the paths of 20053. */
export async function shown({ life, place }: Scene): Promise<{ calls: string[]; recordings: string[] }> {
  const get = await logIn(life.url, place, 'admin');
  const since = '?&startdate=2000-01-01%2000:00';
  const calls = (await get(`/cgi/webserve/9006${since}`))['json_array_astcdrs'] as { UniqueID: string }[];
  const files = (await get(`/cgi/webserve/20053${since}`))['json_array_recordings'] as { path: string }[];
  return { calls: calls.map(({ UniqueID }) => UniqueID), recordings: files.map(({ path }) => path) };
}

/** Asks the daemon to stop, and waits until it has. */
export async function stop({ life }: Scene): Promise<void> {
  life.box.signal('SIGTERM');
  const { code, signal } = await life.box.ended;
  if (code !== 0) throw new Error(`it did not stop cleanly: code ${code}, signal ${signal}: ${life.box.log()}`);
}

// ---- the acts --------------------------------------------------------------------------------------------------------

export interface Act {
  readonly name: string;
  /** What it begins with: `few` calls in a store closed cleanly, `long` a WAL short of its checkpoint, left by a kill. */
  readonly from: 'nothing' | 'few' | 'long';
  /** Which of its stages are killed in: absent, all; `own`: those that not every commit has. */
  readonly stages?: 'own';
  /** Commits at its begin that belong to another act: they are passed over. */
  readonly after?: number;
  /** Each stage is killed in by every way there is; absent: by one of chance. */
  readonly everyWay?: true;
  /** Played before the disk begins to fail; absent: it fails from the daemon's very start. */
  prepare?(scene: Scene): Promise<void>;
  perform(scene: Scene): Promise<void>;
}

/** Calls of the checkpoint's act: some ten pages each, on the template's 850 of 1,000. */
const CHECKPOINT_CALLS_MOST = 200;

async function threeCalls(scene: Scene): Promise<void> {
  for (let calls = 0; calls < 3; calls++) {
    call(scene);
    await allStored(scene);
  }
  await allClosed(scene); // so that no closing falls into the act
  await settled(scene);
}

/** Milliseconds without an operation after which nothing is left to do: ends of calls are written within 100. */
const SETTLED_MS = 1_500;

/** Waits until nothing is written any more: other commits would move the act's own operations from run to run. */
async function settled(scene: Scene): Promise<void> {
  let operations = -1;
  let since = 0;
  await wait(scene, 'nothing is written any more', () => {
    const { length } = scene.disk.read().operations;
    if (length !== operations) [operations, since] = [length, performance.now()];
    return performance.now() - since > SETTLED_MS;
  });
}

/** Recordings that this daemon has put into the index. */
async function indexed(scene: Scene, count: number): Promise<void> {
  await wait(scene, `recordings in the index: ${count}`, async () => {
    const found = await figure(scene.life.url, 'cdrd_recordings{figure="indexed"}');
    return found === count;
  });
}

export const ACTS: readonly Act[] = [
  { name: 'creation', from: 'nothing', perform: ready },
  {
    name: 'first commit',
    from: 'few',
    stages: 'own',
    async prepare() {},
    async perform(scene) {
      call(scene);
      await allStored(scene);
    },
  },
  {
    name: 'record',
    from: 'few',
    everyWay: true,
    prepare: threeCalls,
    async perform(scene) {
      oneRecord(scene);
      await allStored(scene);
    },
  },
  {
    name: 'close',
    from: 'few',
    after: 1,
    prepare: threeCalls,
    // The record is part of it: its call would close by itself if the disk were told only afterwards.
    async perform(scene) {
      oneRecord(scene);
      await allStored(scene);
      await allClosed(scene);
    },
  },
  {
    name: 'recording',
    from: 'few',
    prepare: record,
    async perform(scene) {
      writeRecording(scene.ledger, recordedCall(scene), scene.place.recordings); // its call is never heard of
      await indexed(scene, 2);
    },
  },
  {
    name: 'checkpoint',
    from: 'long',
    stages: 'own',
    everyWay: true,
    prepare: settled, // what a start still does on the disk belongs to no checkpoint
    async perform(scene) {
      for (let calls = 0; calls < CHECKPOINT_CALLS_MOST; calls++) {
        call(scene);
        await allStored(scene);
        const { operations } = scene.disk.read();
        const written = operations.findLastIndex(({ path, kind }) => path === 'cdrd.db' && kind === 'fsync');
        const anew = operations.findIndex(({ kind }, index) => index > written && kind === 'header');
        if (written >= 0 && anew > written) return; // the WAL was checkpointed and is written from its begin again
      }
      throw new Error('no checkpoint came');
    },
  },
  // What is still written then belongs to no stop, and another run may have none of it.
  { name: 'stop', from: 'few', stages: 'own', prepare: threeCalls, perform: stop },
];
