/**
 * Backups on the medium, a piece at a time: synchronous calls, in the worker that may hang alone (or in a command, which
 * may). No link is followed out of the folder.
 */
import { createHash, type Hash } from 'node:crypto';
import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs';
import { backupBox, backupTime } from '../../storage/model/backup-name.ts';
import type {
  BackupAnswers,
  BackupFile,
  BackupStep,
  BackupsThere,
  Progress,
  ReadBack,
  Refused,
} from './backup-protocol.ts';
import { BACKUP_PIECE_BYTES, BACKUPS_LISTED_MAX, READ_BYTES, STEP_WORK_MS } from './limits.ts';
import { codeOf } from './medium.ts';
import { type Folder, inside, isAbsent, makeFolder, OWN_FOLDER, sync, withFolder } from './open-folder.ts';

/** Within what is ours on the medium. */
const BACKUPS = 'backup';
const PART = '.part';
/** Milliseconds after which another box's half backup is nobody's any more. */
const LEFT_MS = 86_400_000;
const SUM = '.sha256';
const { O_CREAT, O_DIRECT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;
const FILE = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;
const OWNER_ONLY = 0o600;
/** statfs's type of FAT, whose files end at 4 GB. */
const FAT = 0x4d44;
const FAT_FILE_MAX = 2 ** 32 - 1;
/** What O_DIRECT wants its memory to begin at a multiple of, at most. */
const ALIGNMENT = 4096;
/** Where SQLite's header holds the schema (`user_version`), and how it begins (sqlite.org/fileformat2.html). */
const HEADER = { bytes: 64, magic: 'SQLite format 3\0', schemaAt: 60 };

/** The medium is there and says no; whatever else fails is a medium that doesn't work. */
const REFUSALS: Readonly<Record<string, Refused>> = {
  ENOSPC: { refused: 'the medium is full', as: 'full' },
  EDQUOT: { refused: 'the medium is full', as: 'full' },
  EFBIG: { refused: 'the medium takes no file so large', as: 'full' },
  EROFS: { refused: 'the medium is read-only', as: 'read-only' },
  EACCES: { refused: 'no permission to write on the medium', as: 'read-only' },
  EPERM: { refused: 'no permission to write on the medium', as: 'read-only' },
};

/** Another stick may be in its place. */
const GONE: Refused = { refused: 'it is no longer there', as: 'other' };
const IN_PIECES: readonly BackupStep['kind'][] = ['backupCopy', 'backupRead', 'backupFetch'];

/** A fault of the box's own disk: the medium is not to blame. */
class BoxFault extends Error {}

/** @param real The recordings folder, its own links resolved. @throws what the system throws when the medium doesn't work. */
export function performBackup<Step extends BackupStep>(real: string, step: Step): BackupAnswers[Step['kind']] {
  try {
    return withFolder(real, (root) => performed(root, real, step)) as BackupAnswers[Step['kind']];
  } catch (error) {
    if (error instanceof BoxFault) return { refused: error.message, as: 'other' };
    if (isAbsent(error)) return (IN_PIECES.includes(step.kind) ? null : GONE) as BackupAnswers[Step['kind']];
    const refusal = REFUSALS[codeOf(error)];
    if (!refusal) throw error;
    return refusal;
  }
}

function performed(root: Folder, real: string, step: BackupStep): BackupAnswers[BackupStep['kind']] {
  switch (step.kind) {
    case 'backups':
      return { backups: backupsIn(root), ...roomOf(real) };
    case 'backupCopy':
      if (step.at === 0) makeBackups(root, step.name);
      return inBackups(root, (folder) => copyPiece(folder, step));
    case 'backupRead':
      return inBackups(root, (folder) => readPiece(folder, step));
    case 'backupSeal':
      return inBackups(root, (folder) => seal(folder, step.name, step.sum));
    case 'backupClear':
      return inBackups(root, (folder) => {
        clearLeftovers(folder, step.name);
        return 'cleared';
      });
    case 'backupRemove':
      return inBackups(root, (folder) => {
        for (const name of step.names) {
          if (backupTime(name) === null) continue;
          // The checksum last: without the other it is cleared away by the next backup.
          for (const end of ['', SUM]) rmSync(inside(folder, name + end), { force: true });
        }
        sync(folder);
        return 'removed';
      });
    case 'backupFetch':
      return inBackups(root, (folder) => fetchPiece(folder, step));
  }
}

function inBackups<T>(root: Folder, work: (folder: Folder) => T): T {
  return withFolder(inside(root, OWN_FOLDER), (own) => withFolder(inside(own, BACKUPS), work));
}

function makeBackups(root: Folder, name: string): void {
  makeFolder(inside(root, OWN_FOLDER));
  withFolder(inside(root, OWN_FOLDER), (own) => {
    makeFolder(inside(own, BACKUPS));
    withFolder(inside(own, BACKUPS), (folder) => clearLeftovers(folder, name));
    sync(own);
  });
  sync(root);
}

/**
 * What a kill or a pulled stick left of earlier tries. Another box may be making its own on the same share this very minute:
 * only what has lain there for long goes of that. @param own A backup's name, which tells the box.
 */
function clearLeftovers(folder: Folder, own: string): void {
  const names = new Set(readdirSync(inside(folder, '.')));
  for (const name of names) {
    const of = leftOf(name, names);
    if (of === null || backupTime(of) === null) continue;
    if (backupBox(of) === backupBox(own) || isOld(inside(folder, name))) rmSync(inside(folder, name), { force: true });
  }
}

/** Which backup this is a rest of; null: it is none. */
function leftOf(name: string, names: ReadonlySet<string>): string | null {
  if (name.endsWith(PART)) return name.slice(0, -PART.length);
  const of = name.slice(0, -SUM.length);
  return name.endsWith(SUM) && !names.has(of) ? of : null;
}

function isOld(path: string): boolean {
  const changed = lstatSync(path, { throwIfNoEntry: false });
  return changed !== undefined && Date.now() - changed.mtimeMs > LEFT_MS;
}

function roomOf(real: string): Pick<BackupsThere, 'free' | 'fileMax'> {
  const { type, bavail, bsize } = statfsSync(real);
  return { free: bavail * bsize, fileMax: type === FAT ? FAT_FILE_MAX : Number.MAX_SAFE_INTEGER };
}

function backupsIn(root: Folder): BackupFile[] {
  try {
    return inBackups(root, (folder) =>
      readdirSync(inside(folder, '.'))
        .filter((name) => backupTime(name) !== null)
        .sort()
        .slice(-BACKUPS_LISTED_MAX)
        .flatMap((name) => describe(folder, name) ?? []),
    );
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

function describe(folder: Folder, name: string): BackupFile | null {
  try {
    return withFile(inside(folder, name), FILE, (fd) => {
      const header = Buffer.alloc(HEADER.bytes);
      const got = readSync(fd, header, 0, HEADER.bytes, 0);
      const ours = got === HEADER.bytes && header.toString('latin1').startsWith(HEADER.magic);
      const schema = ours ? header.readUInt32BE(HEADER.schemaAt) : null;
      return { name, bytes: fstatSync(fd).size, schema, sum: sumOf(folder, name) };
    });
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}

/** As `sha256sum` writes and reads it: `HASH  NAME`. */
function sumOf(folder: Folder, name: string): string {
  try {
    return withFile(inside(folder, name + SUM), FILE, (fd) => {
      const text = Buffer.alloc(256);
      const got = readSync(fd, text, 0, text.length, 0);
      const [, sum, of] = /^([0-9a-f]{64}) [ *](.+)\n?$/.exec(text.toString('utf8', 0, got)) ?? [];
      return sum !== undefined && of === name ? sum : '';
    });
  } catch (error) {
    if (isAbsent(error)) return '';
    throw error;
  }
}

function withFile<T>(path: string, flags: number, work: (fd: number) => T): T {
  const fd = openSync(path, flags, OWNER_ONLY);
  try {
    return work(fd);
  } finally {
    closeSync(fd);
  }
}

/** What went through so far, of the one file that is being copied or read; another worker knows nothing of it. */
let through: { readonly what: string; at: number; readonly hash: Hash } | null = null;

/** Hashes what comes. null: the pieces before went elsewhere. */
function hashOf(what: string, at: number): typeof through {
  if (at === 0) through = { what, at: 0, hash: createHash('sha256') };
  return through?.what === what && through.at === at ? through : null;
}

function passed(hashing: NonNullable<typeof through>, bytes: Uint8Array): void {
  hashing.hash.update(bytes);
  hashing.at += bytes.length;
}

function progress(hashing: NonNullable<typeof through>, whole: boolean): Progress {
  if (!whole) return { at: hashing.at, sum: null };
  through = null;
  return { at: hashing.at, sum: hashing.hash.digest('hex') };
}

function copyPiece(
  folder: Folder,
  { source, name, at, bytes }: Extract<BackupStep, { kind: 'backupCopy' }>,
): Progress | null {
  const hashing = hashOf(`copy ${name}`, at);
  if (!hashing) return null;
  const piece = readBox(source, at, Math.min(BACKUP_PIECE_BYTES, bytes - at));
  const end = performance.now() + STEP_WORK_MS;
  withFile(inside(folder, name + PART), O_WRONLY | O_NOFOLLOW | (at === 0 ? O_CREAT | O_EXCL : 0), (fd) => {
    // Made durable bit by bit: at the end of a slow stick's copy it would take longer than a step may, and meanwhile
    // everybody else's writes would wait behind it.
    for (let done = 0; done < piece.length && (done === 0 || performance.now() < end); ) {
      const bit = piece.subarray(done, done + READ_BYTES);
      writeAll(fd, bit, at + done);
      fdatasyncSync(fd);
      passed(hashing, bit);
      done += bit.length;
    }
  });
  return progress(hashing, hashing.at >= bytes);
}

function readBox(source: string, at: number, length: number): Uint8Array {
  try {
    return withFile(source, O_RDONLY, (fd) => {
      const piece = new Uint8Array(length);
      for (let done = 0; done < length; ) {
        const got = readSync(fd, piece, done, Math.min(READ_BYTES, length - done), at + done);
        if (got === 0) throw new Error('it is shorter than it was');
        done += got;
      }
      return piece;
    });
  } catch (error) {
    throw new BoxFault(`the store could not be read: ${codeOf(error)}`);
  }
}

function writeAll(fd: number, piece: Uint8Array, at: number): void {
  for (let done = 0; done < piece.length; )
    done += writeSync(fd, piece, done, Math.min(READ_BYTES, piece.length - done), at + done);
}

/**
 * From the medium itself where its filesystem can (O_DIRECT): the page cache still holds what was written, and would say
 * that a stick with less memory than it claims has kept it.
 */
function readPiece(folder: Folder, { name, at }: Extract<BackupStep, { kind: 'backupRead' }>): ReadBack | null {
  const hashing = hashOf(`read ${name}`, at);
  if (!hashing) return null;
  const path = inside(folder, name + PART);
  const { piece, direct } = readDirect(path, at) ?? { piece: readMedium(path, at), direct: false };
  passed(hashing, piece);
  return { ...progress(hashing, piece.length < BACKUP_PIECE_BYTES), direct };
}

function readDirect(path: string, at: number): { piece: Uint8Array; direct: true } | null {
  const room = new Uint8Array(BACKUP_PIECE_BYTES + ALIGNMENT);
  try {
    return withFile(path, FILE | O_DIRECT, (fd) => {
      // Where memory begins, JavaScript isn't told: the kernel takes what is aligned and refuses the rest.
      for (let begin = 0; begin < ALIGNMENT; begin += 16) {
        try {
          const got = readSync(fd, room, begin, BACKUP_PIECE_BYTES, at);
          return { piece: room.subarray(begin, begin + got), direct: true };
        } catch (error) {
          if (codeOf(error) !== 'EINVAL') throw error;
        }
      }
      return null;
    });
  } catch (error) {
    if (codeOf(error) === 'EINVAL') return null; // it can't
    throw error;
  }
}

function readMedium(path: string, at: number): Uint8Array {
  return withFile(path, FILE, (fd) => {
    const room = new Uint8Array(BACKUP_PIECE_BYTES);
    let done = 0;
    for (let got = -1; got !== 0 && done < room.length; done += got)
      got = readSync(fd, room, done, Math.min(READ_BYTES, room.length - done), at + done);
    return room.subarray(0, done);
  });
}

function seal(folder: Folder, name: string, sum: string): 'sealed' {
  const sumPath = inside(folder, name + SUM);
  rmSync(sumPath, { force: true });
  withFile(sumPath, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, (fd) => {
    writeAll(fd, Buffer.from(`${sum}  ${name}\n`), 0);
    fsyncSync(fd);
  });
  sync(folder); // a backup has its checksum from the moment that it has its name
  renameSync(inside(folder, name + PART), inside(folder, name));
  sync(folder);
  return 'sealed';
}

function fetchPiece(
  folder: Folder,
  { name, at, target }: Extract<BackupStep, { kind: 'backupFetch' }>,
): Progress | null {
  const hashing = hashOf(`fetch ${name}`, at);
  if (!hashing) return null;
  const piece = readMedium(inside(folder, name), at);
  const whole = piece.length < BACKUP_PIECE_BYTES;
  try {
    withFile(target, O_WRONLY | O_CREAT | O_NOFOLLOW, (fd) => {
      if (at === 0) ftruncateSync(fd);
      writeAll(fd, piece, at);
      if (whole) fsyncSync(fd);
    });
  } catch (error) {
    throw new BoxFault(`the box's own disk refuses: ${codeOf(error)}`);
  }
  passed(hashing, piece);
  return progress(hashing, whole);
}
