/** Recordings in the database: one row a file, found again by its medium and path, tied to its call as soon as both are there. */
import type { Zone } from '../model/local-time.ts';
import type { RecordingFault } from '../model/recording-fault.ts';
import { parseRecordingName } from '../model/recording-name.ts';
import { showRecording } from './call.ts';
import type { Database } from './database.ts';
import { announce } from './outbox.ts';
import { announceCallsOf, isBack } from './recording-trash.ts';
import { callOfRecording, tie, tieAsTwin } from './tie.ts';

/** A finished file on the medium. */
export interface RecordingFile {
  /** Relative to the recordings folder: `20210507/….wav`. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  readonly mtimeMs: number;
  /** Length of the sound in whole seconds. */
  readonly seconds: number;
  /** `empty`: a header without sound. `damaged`: the header disagrees with the file for good. */
  readonly state: 'ok' | 'empty' | 'damaged';
  /** What is wrong with an empty or damaged one; absent or '': not noted. */
  readonly fault?: RecordingFault | '';
}

/** What reading a name depends on: the zone of a file whose name tells no time, and trunk names that may hold dashes. */
export interface NameRules {
  readonly zone: Zone;
  readonly trunks: readonly string[];
}

/**
 * Puts a file of a medium into the index, or brings its row up to date, and ties it to its call.
 * @returns the EventSequence of the file when it is new, was gone or is back from the trash, and those of the calls that
 * it amended.
 */
export function applyRecording(
  database: Database,
  medium: number,
  file: RecordingFile,
  rules: NameRules,
  now: number,
): { readonly own: number | null; readonly calls: readonly number[] } {
  const known = database.first(
    `SELECT recording.id AS id, recording.gone_at AS gone_at, recording.trash AS trash, deletion.state AS deletion,
       deletion.progress AS progress
     FROM recording LEFT JOIN deletion ON deletion.id = recording.trash WHERE recording.path = ? AND recording.medium = ?`,
    [file.path, medium],
  );
  if (known) {
    const id = Number(known['id']);
    const { size, mtimeMs, seconds, state, fault = '' } = file;
    database.run('UPDATE recording SET size = ?, mtime_ms = ?, seconds = ?, state = ?, fault = ? WHERE id = ?', [
      size,
      Math.round(mtimeMs),
      Math.round(seconds),
      state,
      fault,
      id,
    ]);
    const hidden = known['trash'] !== null;
    if (hidden && !isBack(known['deletion'], known['progress'], now)) return { own: null, calls: [] };
    if (!hidden && known['gone_at'] === null) return { own: null, calls: [] };
    database.run('UPDATE recording SET trash = NULL, gone_at = NULL WHERE id = ?', [id]);
    return {
      own: announce(database, 'recording', id, now),
      calls: hidden ? announceCallsOf(database, file.path, now) : [],
    };
  }
  const { id, calls } = insert(database, medium, file, rules, now);
  return { calls, own: announce(database, 'recording', id, now) };
}

/** @returns its id, and the EventSequences of the calls that it changed. */
function insert(database: Database, medium: number, file: RecordingFile, { zone, trunks }: NameRules, now: number) {
  const name = parseRecordingName(file.path, trunks);
  const written = Math.floor(file.mtimeMs / 1000);
  const recording = {
    path: file.path,
    answer: name.epoch,
    src: name.src ?? '',
    dst: name.dst ?? '',
  };
  const { id } = database.run(
    `INSERT INTO recording (medium, path, folder, size, mtime_ms, seconds, state, fault, wall_at, answer_at,
       calltype, trunk, src, dst, found_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      medium,
      file.path,
      folderOf(file.path),
      file.size,
      Math.round(file.mtimeMs),
      Math.round(file.seconds),
      file.state,
      file.fault ?? '',
      name.wall ?? written + zone.offsetAt(written), // a strange name tells no time: then when it was written
      recording.answer,
      name.callType ?? '',
      name.trunk ?? '',
      recording.src,
      recording.dst,
      now,
    ],
  );
  if (tieAsTwin(database, id, file.path)) return { id, calls: [] };
  const call = callOfRecording(database, recording);
  if (call?.match === 'named') tie(database, call.id, file.path, 'named');
  return { id, calls: call?.match === 'near' ? showRecording(database, call.id, file.path, now) : [] };
}

/** The files are proven to be gone from this medium, which is alive. Their rows stay, unlisted, and come back with the file. */
export function markGone(database: Database, medium: number, paths: readonly string[], now: number): void {
  for (const path of paths)
    database.run(
      'UPDATE recording SET gone_at = ? WHERE path = ? AND medium = ? AND gone_at IS NULL AND trash IS NULL',
      [now, path, medium],
    );
}

/** What the index knows of one folder of a medium: lines `name⇥size⇥mtimeMs`, those that are gone or in the trash left out. */
export function knownRecordings(database: Database, medium: number, folder: string): string {
  const row = database.first(
    `SELECT group_concat(substr(path, ?) || char(9) || size || char(9) || mtime_ms, char(10)) AS lines
     FROM recording WHERE medium = ? AND folder = ? AND gone_at IS NULL AND trash IS NULL`,
    [folder === '' ? 1 : [...folder].length + 2, medium, folder],
  );
  return row?.['lines'] ? String(row['lines']) : '';
}

/** Those of the paths that the index has of this medium, and that are there. */
export function indexedRecordings(database: Database, medium: number, paths: readonly string[]): string[] {
  return database
    .all(
      `SELECT path FROM recording WHERE medium = ? AND gone_at IS NULL AND trash IS NULL
         AND path IN (SELECT value FROM json_each(?))`,
      [medium, JSON.stringify(paths)],
    )
    .map((row) => String(row['path']));
}

/** Folders of a medium that the index knows. */
export function recordingFolders(database: Database, medium: number): string[] {
  return database
    .all('SELECT DISTINCT folder FROM recording WHERE medium = ?', [medium])
    .map((row) => String(row['folder']));
}

function folderOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}
