/**
 * Writes the lengths in a WAV's header anew from the file's real size, and puts the original header back. In place: no room
 * is wanted for a second copy (such files come from sticks that were full), an hour of sound takes no longer than a minute,
 * and the file stays Asterisk's. The original header is kept in `.cdrd/header/` of the medium, durably before the first
 * byte changes: with it and the sound, which nobody touches, the original can be had back to the byte.
 *
 * A kill leaves the file as it was or as it shall be, because a header is one write. Said twice it does what once does.
 *
 * Synchronous calls only: it runs in the worker, which may hang alone.
 */
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { pathFault } from '../../storage/model/recording-path.ts';
import type { HeaderChange } from './file-protocol.ts';
import { faultOfFile, soundSeconds } from './finished.ts';
import { HEADER_BYTES_MAX } from './limits.ts';
import { codeOf } from './medium.ts';
import {
  type Folder,
  inside,
  isAbsent,
  isRecording,
  makeFolder,
  OWN_FOLDER,
  openFresh,
  parts,
  sync,
  withFolder,
  within,
} from './open-folder.ts';
import { parseWav, type WavHeader } from './wav.ts';

const HEADERS = 'header';
/** A header on its way into its place; one at a time. */
const FRESH = '.fresh';
const CHANGED = constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const KEPT = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const FILE_MODE = 0o640;

/** Makes the header agree with the file. @param real The recordings folder, its own links resolved. */
export function repairHeader(real: string, path: string): HeaderChange {
  return changing(real, path, (root, file) => {
    const fault = faultOfFile(file.head, file.size);
    const wav = parseWav(file.head, file.size);
    if (wav === 'none' || wav === 'more') return { result: 'beyond repair', fault };
    const mended = mendedHeader(file.head, wav, file.size);
    if (mended === 'no sound') return { result: 'beyond repair', fault: 'no_sound' };
    const original = file.head.subarray(0, wav.dataOffset);
    if (original.equals(mended)) return { result: 'whole', ...factsOf(file) };
    keepHeader(root, path, original, wav);
    writeHeader(file, mended);
    return { result: 'repaired', was: fault, before: lengthsOf(wav), ...factsOf(file) };
  });
}

/** Puts the original header back. @param real As above. */
export function restoreHeader(real: string, path: string): HeaderChange {
  return changing(real, path, (root, file) => {
    const wav = parseWav(file.head, file.size);
    const kept = keptHeader(root, path);
    if (wav === 'none' || wav === 'more' || !kept || !isSameButLengths(kept, file.head, wav))
      return { result: 'no original' };
    if (kept.equals(file.head.subarray(0, kept.length))) return { result: 'whole', ...factsOf(file) };
    writeHeader(file, kept);
    return { result: 'restored', ...factsOf(file) };
  });
}

/** A file that is open for a change of its header. */
interface Changing {
  readonly fd: number;
  /** Its beginning, at least its header; what is written stands here too. */
  readonly head: Buffer;
  size: number;
  mtimeMs: number;
}

function changing(real: string, path: string, work: (root: Folder, file: Changing) => HeaderChange): HeaderChange {
  if (pathFault(path)) return { result: 'missing' };
  const [folder, name] = parts(path);
  try {
    return withFolder(real, (root) =>
      within(root, folder, (day) => {
        const fd = openSync(inside(day, name), CHANGED);
        try {
          const stat = fstatSync(fd);
          if (!isRecording(fd, stat)) return { result: 'missing' };
          const head = Buffer.alloc(Math.min(stat.size, HEADER_BYTES_MAX));
          const length = readSync(fd, head, 0, head.length, 0);
          const file = { fd, head: head.subarray(0, length), size: stat.size, mtimeMs: Math.trunc(stat.mtimeMs) };
          return refusalOf(() => work(root, file));
        } finally {
          closeSync(fd);
        }
      }),
    );
  } catch (error) {
    if (isAbsent(error)) return { result: 'missing' };
    return { result: 'refused', code: codeOf(error) };
  }
}

/** Once the file is open, nothing that fails is its absence. */
function refusalOf(work: () => HeaderChange): HeaderChange {
  try {
    return work();
  } catch (error) {
    return { result: 'refused', code: codeOf(error) };
  }
}

/** Where the lengths stand, by the bytes before the sound: of the file, and of the sound. */
const FILE_LENGTH_AT = 4;
const soundLengthAt = (dataOffset: number) => dataOffset - 4;
/** What such a length can say. */
const LENGTH_MAX = 0xffff_ffff;

/** The header as the file's size wants it. Lengths that are right stay, and so do chunks behind the sound. */
function mendedHeader(head: Buffer, wav: WavHeader, size: number): Buffer | 'no sound' {
  const { dataOffset, block } = wav;
  const isRight = faultOfFile(head, size) === '';
  const sound = isRight ? wav.dataLength : Math.floor((size - dataOffset) / block) * block;
  if (sound <= 0) return 'no sound';
  const mended = Buffer.from(head.subarray(0, dataOffset));
  // One byte either way is the pad of an odd chunk.
  if (!isRight || Math.abs(wav.fileLength - size) > 1)
    mended.writeUInt32LE(Math.min(size - 8, LENGTH_MAX), FILE_LENGTH_AT);
  mended.writeUInt32LE(Math.min(sound, LENGTH_MAX), soundLengthAt(dataOffset));
  return mended;
}

function lengthsOf({ fileLength, dataLength }: WavHeader) {
  return { file: fileLength, sound: dataLength };
}

/** One write: a kill can't come in between. */
function writeHeader(file: Changing, header: Buffer): void {
  writeSync(file.fd, header, 0, header.length, 0);
  fsyncSync(file.fd);
  header.copy(file.head);
  const { size, mtimeMs } = fstatSync(file.fd);
  file.size = size;
  file.mtimeMs = Math.trunc(mtimeMs);
}

function factsOf({ head, size, mtimeMs }: Changing) {
  return { size, mtimeMs, seconds: soundSeconds(head, size), fault: faultOfFile(head, size) };
}

/** Whether a header is that of this file in all but its lengths: another file may have come under the name. */
function isSameButLengths(kept: Buffer, head: Buffer, { dataOffset }: WavHeader): boolean {
  const blank = (header: Buffer) => {
    const copy = Buffer.from(header.subarray(0, dataOffset));
    copy.fill(0, FILE_LENGTH_AT, FILE_LENGTH_AT + 4);
    return copy.fill(0, soundLengthAt(dataOffset));
  };
  return kept.length === dataOffset && blank(kept).equals(blank(head));
}

/** The first one of a file stays: after it, what stands in the file is ours. */
function keepHeader(root: Folder, path: string, original: Buffer, wav: WavHeader): void {
  const kept = keptHeader(root, path);
  if (kept && isSameButLengths(kept, original, wav)) return;
  const [folder, name] = parts(path);
  makeFolder(inside(root, OWN_FOLDER));
  withFolder(inside(root, OWN_FOLDER), (ours) => {
    makeFolder(inside(ours, HEADERS));
    withFolder(inside(ours, HEADERS), (headers) => {
      if (folder !== '') makeFolder(inside(headers, folder));
      within(headers, folder, (day) => {
        const fd = openFresh(inside(day, FRESH), FILE_MODE);
        try {
          writeSync(fd, original);
          fsyncSync(fd);
        } finally {
          closeSync(fd);
        }
        renameSync(inside(day, FRESH), inside(day, name));
        sync(day);
      });
      sync(headers);
    });
    sync(ours);
  });
  sync(root);
}

function keptHeader(root: Folder, path: string): Buffer | null {
  const [folder, name] = parts(path);
  try {
    return withFolder(inside(root, OWN_FOLDER), (ours) =>
      withFolder(inside(ours, HEADERS), (headers) =>
        within(headers, folder, (day) => {
          const fd = openSync(inside(day, name), KEPT);
          try {
            return fstatSync(fd).size <= HEADER_BYTES_MAX ? readFileSync(fd) : null;
          } finally {
            closeSync(fd);
          }
        }),
      ),
    );
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}
