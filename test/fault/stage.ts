/**
 * What the operations of the store are in the words of a commit: a kill is known by the stage in which it fell. Two
 * operations of one stage leave the disk in the same kind of state, so one of them stands for all.
 */
import type { How, Operation } from './disk.ts';

/** WAL frames begin with a header of 24 bytes, which is written by itself (sqlite.org/fileformat2, "The Write-Ahead Log"). */
const FRAME_HEADER = 24;

/** Stages that every commit has. */
export const EVERY_COMMIT = /^WAL: (frame header|page|fsync|rest after the fsync)$/;

/** The stage of the operation at `index`; null where nothing of the store is concerned (the `pid` file). */
export function stageOf(operations: readonly Operation[], index: number): string | null {
  const operation = operations[index];
  if (!operation) return null;
  const { kind, path, length, offset } = operation;
  if (path === 'pid') return null;
  if (path === '') return kind === 'fsync' ? 'folder: fsync' : null;
  if (path.startsWith('secret')) return `first passwords: ${kind === 'rename' ? 'rename' : 'temporary file'}`;
  if (path.startsWith('backup')) return `backup: ${kind}`;
  if (path.startsWith('cdrd.db.new')) return temporary(kind, path);
  if (path === 'cdrd.db') return `checkpoint: ${kind === 'write' ? 'page' : kind}`;
  if (path === 'cdrd.db.lock') return 'lock';
  if (path !== 'cdrd.db-wal') return `${path}: ${kind}`;
  if (kind === 'header') return 'WAL: header';
  if (kind === 'headersync') return 'WAL: fsync of the header';
  if (kind === 'fsync') return 'WAL: fsync';
  if (kind !== 'write') return `WAL: ${kind}`;
  // A page that reaches over the end of the disk's sector is written in two pieces with the fsync between them.
  const before = previous(operations, index);
  if (before?.kind === 'fsync' && length !== FRAME_HEADER && offset > FRAME_HEADER + 32)
    return 'WAL: rest after the fsync';
  return length === FRAME_HEADER ? 'WAL: frame header' : 'WAL: page';
}

/** Commits that were complete before the operation at `index`; the first is 0. */
export function commitOf(operations: readonly Operation[], index: number): number {
  const synced = operations.slice(0, index).filter((_, at) => stageOf(operations, at) === 'WAL: fsync').length;
  return stageOf(operations, index) === 'WAL: rest after the fsync' ? synced - 1 : synced;
}

/** Whatever is left of it is thrown away by the next start: only what belongs to which file is told apart. */
function temporary(kind: string, path: string): string {
  if (path.endsWith('-journal')) return 'temporary file: journal';
  if (path.endsWith('-wal')) return 'temporary file: WAL';
  if (path.endsWith('.lock')) return 'temporary file: lock';
  return kind === 'rename' ? 'temporary file: rename' : 'temporary file: pages';
}

/** The operation before it on the same file. */
function previous(operations: readonly Operation[], index: number): Operation | undefined {
  return operations.slice(0, index).findLast(({ path }) => path === operations[index]?.path);
}

/** The ways to die in an operation that leave different states: what comes before it is mostly the one before's `after`. */
export function waysOf({ kind }: Operation): readonly How[] {
  if (kind === 'write' || kind === 'header') return ['torn', 'after'];
  if (kind.endsWith('sync') || kind === 'rename') return ['before', 'after'];
  return ['after'];
}
