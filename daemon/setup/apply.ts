/**
 * Writes what was planned. A file is the old one or the new one, whatever dies in between; what was there is kept beside it;
 * owner and mode stay, but where a secret comes into it.
 */
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { syncPath } from '../../storage/sync-path.ts';
import { groupId } from './accounts.ts';
import { refuseStrangeLinks } from './links.ts';
import type { Change } from './part.ts';

/** Of a file with a secret: its group reads it, nobody else. cdrd.toml's group is the daemon's: it must be able to. */
const SECRET_MODE = 0o640;

export interface Kept {
  readonly path: string;
  /** Where the old one is. */
  readonly copy: string;
}

/** How a file is to be kept, where it has to differ from now. */
export interface Keeping {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/**
 * @param stamp Of the copies: `FILE.before-cdrd-STAMP`.
 * @returns what was kept. @throws for a link that leads where it must not, before anything is written; what the system
 *   says: files written by then stay written, and a next run goes on.
 */
export function applyChanges(changes: readonly Change[], stamp: string): Kept[] {
  for (const { path } of changes) refuseStrangeLinks(path);
  return changes.flatMap((change) => {
    // What setup itself wrote needs no copy.
    const isWorthIt = change.before !== null && change.after !== null && change.before !== change.after;
    const kept = isWorthIt ? [keep(change.path, stamp)] : [];
    if (change.after === null) rmSync(realpathSync(change.path));
    else write(change, change.after);
    return kept;
  });
}

function keep(path: string, stamp: string): Kept {
  const copy = unused(`${path}.before-cdrd-${stamp}`);
  const now = statSync(path);
  put(copy, readFileSync(path), { uid: now.uid, gid: now.gid, mode: now.mode & 0o777 });
  return { path, copy };
}

/** Two runs within a second: neither takes the other's copy. */
function unused(path: string): string {
  for (let next = 2, name = path; ; next++) {
    if (!existsSync(name)) return name;
    name = `${path}-${next}`;
  }
}

function write(change: Change, bytes: string): void {
  const folder = dirname(change.path);
  if (!existsSync(folder)) makeFolder(folder, change);
  // A link of the box's own stays one.
  const path = existsSync(change.path) ? realpathSync(change.path) : change.path;
  put(path, Buffer.from(bytes, 'latin1'), keepingOf(change));
}

function makeFolder(folder: string, change: Change): void {
  mkdirSync(folder, { recursive: true });
  if (process.getuid?.() === 0) chownSync(folder, 0, change.isPublic ? 0 : groupOf(change));
  chmodSync(folder, change.isPublic ? 0o755 : 0o750);
}

/** @returns owner and mode that the file is to have. */
export function keepingOf(change: Change): Keeping {
  const now = existsSync(change.path) ? statSync(change.path) : null;
  const isRoot = process.getuid?.() === 0;
  const uid = now?.uid ?? process.getuid?.() ?? 0;
  const isOurs = now === null || change.secretOf !== undefined;
  const gid = isRoot && isOurs ? groupOf(change) : (now?.gid ?? process.getgid?.() ?? 0);
  if (change.isPublic) return { uid: 0, gid: 0, mode: 0o644 };
  const isForDaemon = isRoot && change.secretOf === 'cdrd';
  const mode = now === null || isForDaemon ? SECRET_MODE : now.mode & 0o777;
  return { uid, gid, mode: change.secretOf ? mode & SECRET_MODE : mode };
}

/** Whether the file is there as it is to be. */
export function isSettled(change: Change): boolean {
  if (change.before !== change.after) return false;
  if (change.before === null) return true;
  const { mode, gid } = statSync(change.path);
  const wanted = keepingOf(change);
  return (mode & 0o777) === wanted.mode && gid === wanted.gid;
}

/** Of cdrd.toml cdrd's, of Asterisk's files that of its manager.conf or, where that is root's, asterisk's. */
function groupOf({ secretOf, path }: Change): number {
  if (secretOf === 'cdrd') return groupId('cdrd') ?? 0;
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    const main = join(folder, 'asterisk.conf');
    if (existsSync(main)) return statSync(main).gid || (groupId('asterisk') ?? 0);
  }
  return groupId('asterisk') ?? 0;
}

function put(path: string, content: Uint8Array, { uid, gid, mode }: Keeping): void {
  const fresh = `${path}.new`;
  rmSync(fresh, { force: true });
  const file = openSync(fresh, 'wx', 0o600);
  try {
    writeFileSync(file, content);
    if (process.getuid?.() === 0) fchownSync(file, uid, gid);
    fchmodSync(file, mode);
    fsyncSync(file);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw new Error(
      `${path} could not be written (${(error as Error).message}): run setup again, it goes on from here`,
      {
        cause: error,
      },
    );
  } finally {
    closeSync(file);
  }
  renameSync(fresh, path);
  syncPath(dirname(path));
}
