/**
 * Plays a box's life on the daemon as it ships, with every operation on its files recorded, and notes between them what was
 * asked of it and what it has told: the material of which the crash matrix builds its disks.
 */
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Migration } from '../../storage/sql/migration/migration.ts';
import { type Folders, logIn } from '../fault/box.ts';
import { copyOf, type Ledger, nextCall, recordName } from '../fault/peer.ts';
import { allClosed, allStored, begin, openScene, ready, type Scene, wait } from '../fault/scene.ts';
import { pcmWav } from '../recordings/helper.ts';
import { type CdrRecord, customCsvLine } from '../simulator/cdr.ts';
import type { Tree } from './disk-image.ts';
import { type Expectations, type Expected, expecting, noteOf } from './expectations.ts';
import { type Happening, type Recorder, recorder } from './trace.ts';

/** What has happened to one box between two looks at its whole disk. */
export interface Life {
  readonly name: string;
  /** The disk and what was expected of it when it began, all of it durable. */
  readonly first: Tree;
  readonly before: Expectations;
  readonly happenings: readonly Happening[];
  /** By subject `record …`, in Asterisk's order: the lines of its CSV, which lies on another disk. */
  readonly lines: ReadonlyMap<string, string>;
  /** Where it was played: the recordings' names in the store begin there. */
  readonly place: Folders;
  readonly ledger: Ledger;
  /** What was expected at its end. */
  readonly after: Expectations;
  /** The schema that the next start knows; absent: the released one. */
  readonly migrations?: readonly Migration[];
}

export interface Player {
  readonly scene: Scene;
  /** Asterisk's CSV of all calls up to now. */
  csv(): string;
  /** From here on what happens belongs to this act. */
  act(name: string): void;
  asked(subject: string, value: string): void;
  told(subject: string, value: string): void;
  /** Asks for something, and takes down that it was told when `work` has settled. */
  change(subjects: readonly string[], value: string, work: () => Promise<unknown>): Promise<void>;
  /** A GET by the admin. */
  get(path: string): Promise<Record<string, unknown>>;
  /** Calls end, all at once. */
  calls(count: number): readonly CdrRecord[];
  /** Calls end that the daemon doesn't hear of: Asterisk's CSV alone tells of them. */
  missed(count: number): readonly CdrRecord[];
  /** Every record sent is stored, and then every call closed. */
  stored(): Promise<void>;
  closed(): Promise<void>;
  /** A finished recording lies on the medium. @returns its path. */
  recording(name: string): string;
}

export const recordSubject = ({ uniqueId, sequence }: CdrRecord) => `record ${recordName(uniqueId, sequence)}`;
export const callSubject = (uniqueId: string) => `call ${uniqueId}`;

const DAY = '20210329';

/** The box's own folders; what else lies in its root is the test's. */
const OWN = ['state', 'recordings'];

export interface LifeOptions {
  /** More of the daemon's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** The life before, whose disk this one goes on with. */
  readonly since?: Life | null;
  /** What has happened to the disk meanwhile. */
  meanwhile?(place: Folders): void;
}

export async function playLife(
  name: string,
  root: string,
  play: (player: Player) => Promise<void>,
  { env = {}, since = null, meanwhile = () => {} }: LifeOptions = {},
): Promise<Life> {
  const template = since && { place: since.place, ledger: copyOf(since.ledger) };
  let disk: Recorder | undefined;
  const scene = await openScene(root, template, (place) => {
    const own = recorder(place.root, place.root);
    own.clear();
    disk = { ...own, env: { ...own.env, ...env }, clear() {} }; // what was noted before the start belongs to it
    return disk;
  });
  if (!disk) throw new Error('the scene has no disk');
  meanwhile(scene.place);
  const first = treeOf(root);
  const before = since?.after ?? new Map<string, Expected>();
  const lines = new Map(since?.lines);
  try {
    await play(playerOn(scene, disk, lines));
  } finally {
    await scene.close();
  }
  const happenings = disk.happenings();
  let after = before;
  for (const happening of happenings) {
    const note = noteOf(happening);
    if (note && 'is' in note) after = expecting(after, note);
  }
  return { name, first, before, happenings, lines, place: scene.place, ledger: scene.ledger, after };
}

function playerOn(scene: Scene, disk: Recorder, lines: Map<string, string>): Player {
  const note = (content: object) => disk.note(JSON.stringify(content));
  const waiting: { records: string[]; calls: string[] } = { records: [], calls: [] };
  let asAdmin: Awaited<ReturnType<typeof logIn>> | null = null;
  const player: Player = {
    scene,
    csv: () => [...lines.values()].join(''),
    act: (name) => note({ act: name }),
    asked: (subject, value) => note({ is: 'asked', subject, value }),
    told: (subject, value) => note({ is: 'told', subject, value }),
    async change(subjects, value, work) {
      for (const subject of subjects) player.asked(subject, value);
      await work();
      for (const subject of subjects) player.told(subject, value);
    },
    async get(path) {
      asAdmin ??= await logIn(scene.life.url, scene.place, 'admin');
      return asAdmin(path);
    },
    missed(count) {
      const records = Array.from({ length: count }, () => nextCall(scene.ledger)).flat();
      for (const record of records) {
        lines.set(recordSubject(record), customCsvLine(record));
        player.asked(recordSubject(record), 'stored');
        player.asked(callSubject(record.uniqueId), 'shown');
        waiting.records.push(recordSubject(record));
        waiting.calls.push(callSubject(record.uniqueId));
      }
      return records;
    },
    calls(count) {
      const records = player.missed(count);
      scene.peer.send(records);
      return records;
    },
    async stored() {
      await allStored(scene);
      for (const subject of waiting.records.splice(0)) player.told(subject, 'stored');
    },
    async closed() {
      await player.stored();
      await allClosed(scene);
      for (const subject of waiting.calls.splice(0)) player.told(subject, 'shown');
    },
    recording(file) {
      const path = `${DAY}/${file}.wav`;
      const absolute = join(scene.place.recordings, path);
      mkdirSync(dirname(absolute), { recursive: true });
      writeFileSync(absolute, pcmWav(0.01));
      disk.foreign(`recordings/${path}`);
      player.told(`recording ${path}`, 'placed');
      return path;
    },
  };
  return player;
}

/** Starts the daemon, and waits until it serves. */
export async function startIn({ scene }: Player): Promise<void> {
  begin(scene, 'failing');
  await ready(scene);
}

/** Waits until the daemon lists so many recordings. */
export async function listed({ scene, get }: Player, count: number): Promise<void> {
  await wait(scene, `${count} recordings are listed`, async () => {
    const { json_array_recordings: rows } = await get('/cgi/webserve/20053?startdate=2021-01-01 00:00');
    return (rows as unknown[]).length === count;
  });
}

/** A box's folders as they lie on the disk. Sockets, which a start makes anew, are left out. */
export function treeOf(root: string): Tree {
  const tree = new Map<string, Buffer | null>();
  const walk = (path: string) => {
    const stat = lstatSync(join(root, path));
    if (stat.isDirectory()) {
      tree.set(path, null);
      for (const name of readdirSync(join(root, path))) walk(`${path}/${name}`);
    } else if (stat.isFile()) tree.set(path, readFileSync(join(root, path)));
  };
  for (const name of OWN) if (existsSync(join(root, name))) walk(name);
  return tree;
}

/** What of a trace concerns the box's own folders; '' is the one that they lie in. */
export function isOwn(path: string): boolean {
  return path === '' || OWN.some((name) => path === name || path.startsWith(`${name}/`));
}
