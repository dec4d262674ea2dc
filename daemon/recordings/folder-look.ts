/**
 * One folder of the medium compared with what the index knows of it: unknown and changed WAV files are examined, missing
 * ones named. Synchronous calls only, in the worker: a hung medium blocks this thread and nothing else of the process.
 *
 * Names: readdir gives bytes. A name that isn't valid UTF-8 is listed with U+FFFD in place of the bad bytes, so that the
 * recording is counted and seen, but it can't be opened under that name; of several that look alike then, one is listed.
 * Hidden names (`.trash`), links and anything that isn't a regular file are no recordings, nor is a file with several names
 * that doesn't begin as a WAV.
 */
import { closeSync, constants, fstatSync, lstatSync, opendirSync, openSync, readdirSync, readSync } from 'node:fs';
import { type Clock, judge, type Seen } from './finished.ts';
import { byItself, parseKnown } from './known.ts';
import type { KnownFiles } from './known-files.ts';
import {
  BATCH_FILES,
  GONE_CONFIRM_MS,
  HEADER_BYTES,
  HEADER_BYTES_MAX,
  MISSING_MAX,
  STEP_WORK_MS,
  TRACKED_MAX,
  UNREADABLE_LOOKS,
} from './limits.ts';
import { codeOf } from './medium.ts';
import type { FoundRecording } from './protocol.ts';
import { isRiff, parseWav } from './wav.ts';

/** What the looks of one worker remember between them. */
export interface Memory {
  /** Files not finished yet, by path. */
  readonly tracked: Map<string, Tracked>;
  /** Names that one look missed, by folder, with the monotonic time of that look. */
  readonly missed: Map<string, Map<string, number>>;
  /** What the index knows of today's and yesterday's folder. */
  readonly kept: Map<string, KnownFiles>;
  /** Paths (latin1) that need only a second look. */
  readonly settling: Set<string>;
}

interface Tracked {
  readonly seen: Seen | undefined;
  /** Looks in a row at which it couldn't be read. */
  readonly refused: number;
}

/** A folder under way: what is left to examine, and what has gone. */
export interface Session {
  readonly folder: string;
  readonly known: KnownFiles;
  readonly keep: boolean;
  /** Names in latin1, newest last. */
  readonly candidates: string[];
  /** Paths missed by two looks, not yet told. */
  readonly gone: string[];
  /** Names missed by this look alone. */
  missed: number;
  readonly error: string;
}

export interface Batch {
  readonly found: FoundRecording[];
  settling: number;
}

export function createMemory(): Memory {
  return { tracked: new Map(), missed: new Map(), kept: new Map(), settling: new Set() };
}

const utf8 = new TextDecoder('utf-8');
// biome-ignore lint/suspicious/noControlCharactersInRegex: the question is exactly whether it is ASCII
const asciiOnly = /^[\x00-\x7f]*$/;

/** The name as text, from readdir's bytes in latin1. */
function textOf(raw: string): string {
  return asciiOnly.test(raw) ? raw : utf8.decode(Buffer.from(raw, 'latin1'));
}

function joined(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

function folderPath(root: string, folder: string): string {
  return folder === '' ? root : `${root}/${folder}`;
}

/** A path for a call of the system, byte for byte. `folder` is text, `raw` latin1. */
function systemPath(root: string, folder: string, raw: string): string | Buffer {
  const path = folderPath(root, folder);
  if (asciiOnly.test(raw)) return `${path}/${raw}`;
  return Buffer.concat([Buffer.from(`${path}/`), Buffer.from(raw, 'latin1')]);
}

/** Names that are fetched at a time. */
const NAMES_AT_ONCE = 64;

/**
 * Calls `each` with every name in a folder, in latin1, in no order, maybe twice. Of ten thousand names that live together, and
 * a stat of each meanwhile, V8 takes half for old: its heap was twice as large. @throws what the system throws.
 */
function listNames(path: string, each: (raw: string) => void): void {
  try {
    const open = opendirSync(path, { encoding: 'latin1', bufferSize: NAMES_AT_ONCE });
    try {
      for (let entry = open.readSync(); entry; entry = open.readSync()) each(entry.name);
    } finally {
      open.closeSync();
    }
  } catch {
    // Where the file system doesn't tell what a name is Node looks, and doesn't find one that isn't ASCII.
    for (const raw of readdirSync(path, { encoding: 'latin1' })) each(raw);
  }
}

/** The same for WAV files. @returns '' = listed; a folder that isn't there lists as empty. */
function listWavs(root: string, folder: string, each: (raw: string) => void): string {
  const path = folderPath(root, folder);
  try {
    // A link could lead out of the store: it isn't followed.
    if (folder !== '' && !lstatSync(path).isDirectory()) return '';
    listNames(path, (raw) => {
      if (/\.wav$/i.test(raw) && !raw.startsWith('.')) each(raw);
    });
    return '';
  } catch (error) {
    const code = codeOf(error);
    return code === 'ENOENT' || code === 'ENOTDIR' ? '' : code;
  }
}

/** Remembers a missed name; true when a look long enough before had missed it too. */
function isGone(missed: Map<string, number>, name: string, total: number, mono: number): boolean {
  const before = missed.get(name);
  if (before === undefined) {
    if (total + missed.size < MISSING_MAX) missed.set(name, mono);
    return false;
  }
  if (mono - before < GONE_CONFIRM_MS) return false;
  missed.delete(name);
  return true;
}

export interface LookOptions {
  readonly root: string;
  readonly folder: string;
  readonly known: string | null;
  readonly keep: boolean;
  readonly compare: boolean;
  /** Monotonic milliseconds. */
  readonly mono: number;
}

/** Lists a folder and says what there is to do; undefined when `known` is null and no copy is kept. */
export function beginLook(memory: Memory, options: LookOptions): Session | undefined {
  const { folder, keep, mono } = options;
  const known = options.known === null ? memory.kept.get(folder) : parseKnown(options.known, keep);
  if (!known) return undefined;
  if (keep) memory.kept.set(folder, known);
  known.beginListing();
  const unlisted = trackedIn(memory, folder);
  const { candidates, error } = compareListing(options, known, unlisted);
  const session: Session = { folder, known, keep, candidates, gone: [], missed: 0, error };
  if (error) return session;
  for (const name of unlisted) memory.tracked.delete(joined(folder, name));
  nameMissing(memory, session, mono);
  return session;
}

/**
 * Marks in `known` what the folder holds, and takes it from those that were not finished.
 * @returns names, latin1, newest last, of what isn't known, not finished, or not as it is known; what takes too long to
 *   compare is left to {@link examineSome}.
 */
function compareListing({ root, folder, compare, mono }: LookOptions, known: KnownFiles, unfinished: Set<string>) {
  const candidates = new Set<string>();
  const take = (name: string, raw: string) => {
    const begun = unfinished.delete(name);
    if (known.see(name) && !begun) {
      if (!compare) return;
      if (performance.now() - mono < STEP_WORK_MS && isAsKnown(systemPath(root, folder, raw), name, known)) return;
    }
    candidates.add(raw);
  };
  /** Of several names that look alike the first in order is taken. */
  const illegible = new Map<string, string>();
  const error = listWavs(root, folder, (raw) => {
    const name = textOf(raw);
    if (!name.includes('\ufffd')) take(name, raw);
    else if (raw < (illegible.get(name) ?? '\ufffd')) illegible.set(name, raw); // latin1 has nothing behind it
  });
  for (const [name, raw] of illegible) take(name, raw);
  return { candidates: error ? [] : [...candidates].sort(), error };
}

/** False as well where it can't be told: {@link examine} says why. */
function isAsKnown(path: string | Buffer, name: string, known: KnownFiles): boolean {
  try {
    const { size, mtimeMs } = lstatSync(path);
    return known.isSame(name, size, Math.trunc(mtimeMs));
  } catch {
    return false;
  }
}

/** Counts what is known and not listed; what an earlier look missed as well is gone. */
function nameMissing(memory: Memory, session: Session, mono: number): void {
  const { folder, known, gone } = session;
  const missed = memory.missed.get(folder) ?? new Map<string, number>();
  for (const name of missed.keys()) if (known.isSeen(name) || !known.has(name)) missed.delete(name);
  let elsewhere = 0;
  for (const [other, each] of memory.missed) if (other !== folder) elsewhere += each.size;
  for (const name of known.unseen()) {
    if (isGone(missed, name, elsewhere, mono)) {
      gone.push(joined(folder, name));
      known.delete(name);
    } else {
      session.missed += 1;
    }
  }
  if (missed.size > 0) memory.missed.set(folder, missed);
  else memory.missed.delete(folder);
}

/** Names of a folder's files that are not finished. */
function trackedIn(memory: Memory, folder: string): Set<string> {
  const names = new Set<string>();
  for (const path of memory.tracked.keys()) if (inFolder(path, folder)) names.add(nameOf(path));
  return names;
}

function inFolder(path: string, folder: string): boolean {
  return folder === '' ? !path.includes('/') : path.startsWith(`${folder}/`);
}

function nameOf(path: string): string {
  return path.slice(path.indexOf('/') + 1);
}

/** Files of a folder that are not finished. */
export function growingIn(memory: Memory, folder: string): number {
  return trackedIn(memory, folder).size;
}

/** Examines up to a batch of the session's files, newest first, for {@link STEP_WORK_MS} at most. */
export function examineSome(memory: Memory, session: Session, root: string, clock: () => Clock): Batch {
  const batch: Batch = { found: [], settling: 0 };
  const started = performance.now();
  while (session.candidates.length > 0 && batch.found.length < BATCH_FILES) {
    const raw = session.candidates.pop();
    if (raw === undefined || performance.now() - started > STEP_WORK_MS) {
      if (raw !== undefined) session.candidates.push(raw);
      break;
    }
    const result = examine(memory, root, session.folder, raw, session.known, clock);
    if (result === 'settling') batch.settling += 1;
    if (typeof result === 'object') batch.found.push(result);
  }
  return batch;
}

/** Looks again at the files that need only a second look. `missing` = one of them has gone. */
export function examineSettling(memory: Memory, root: string, clock: () => Clock): Batch & { missing: boolean } {
  const batch = { found: [] as FoundRecording[], settling: 0, missing: false };
  const waiting = [...memory.settling];
  memory.settling.clear();
  for (const raw of waiting) {
    if (batch.found.length >= BATCH_FILES) {
      memory.settling.add(raw);
      batch.settling += 1;
      continue;
    }
    const cut = raw.lastIndexOf('/');
    const folder = raw.slice(0, Math.max(0, cut));
    const result = examine(memory, root, folder, raw.slice(cut + 1), memory.kept.get(folder), clock);
    if (result === 'settling') batch.settling += 1;
    else if (result === 'missing') batch.missing = true;
    else if (typeof result === 'object') batch.found.push(result);
  }
  return batch;
}

type Examined = FoundRecording | 'same' | 'growing' | 'settling' | 'missing';

/** One file: a stat when it is as the index knows it, otherwise its header too. */
function examine(
  memory: Memory,
  root: string,
  folder: string,
  raw: string,
  known: KnownFiles | undefined,
  clock: () => Clock,
): Examined {
  const name = textOf(raw);
  const path = joined(folder, name);
  const system = systemPath(root, folder, raw);
  const before = memory.tracked.get(path);
  let size = -1;
  let mtimeMs = 0;
  try {
    const stat = lstatSync(system);
    if (!stat.isFile()) return 'same';
    size = stat.size;
    mtimeMs = Math.trunc(stat.mtimeMs);
    if (known?.isSame(name, size, mtimeMs)) {
      memory.tracked.delete(path);
      return 'same';
    }
    const now = readHeader(system, size);
    // Another file's second name (open-folder.ts).
    if (stat.nlink > 1 && !isRiff(now.bytes)) return 'same';
    if (now.size !== size || now.mtimeMs !== mtimeMs) {
      remember(memory, path, { seen: { size: now.size, mtimeMs: now.mtimeMs, since: clock().mono }, refused: 0 });
      return settle(memory, folder, raw);
    }
    const verdict = judge({ bytes: now.bytes, size, mtimeMs }, before?.seen, clock());
    if (verdict.state === 'growing') {
      remember(memory, path, { seen: verdict.seen, refused: 0 });
      return verdict.settling ? settle(memory, folder, raw) : 'growing';
    }
    const { state, fault, seconds } = verdict;
    return finish(memory, known, { path, size, mtimeMs, seconds, state, fault });
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      memory.tracked.delete(path);
      return 'missing';
    }
    // A bad sector, a permission, or a stick on its way out: only a file that keeps refusing is the file's own fault.
    const refused = (before?.refused ?? 0) + 1;
    if (refused >= UNREADABLE_LOOKS && size >= 0) {
      return finish(memory, known, { path, size, mtimeMs, seconds: 0, state: 'damaged', fault: 'unreadable' });
    }
    remember(memory, path, { seen: before?.seen, refused });
    return 'growing';
  }
}

function settle(memory: Memory, folder: string, raw: string): 'settling' | 'growing' {
  // What doesn't fit is left to the sweep: it is remembered as growing either way.
  if (memory.settling.size >= BATCH_FILES) return 'growing';
  memory.settling.add(joined(folder, raw));
  return 'settling';
}

function finish(memory: Memory, known: KnownFiles | undefined, file: FoundRecording): FoundRecording {
  memory.tracked.delete(file.path);
  known?.set(byItself(nameOf(file.path)), file.size, file.mtimeMs);
  return file;
}

function remember(memory: Memory, path: string, tracked: Tracked): void {
  if (memory.tracked.size >= TRACKED_MAX && !memory.tracked.has(path)) {
    const [oldest] = memory.tracked.keys();
    if (oldest !== undefined) memory.tracked.delete(oldest);
  }
  memory.tracked.set(path, tracked);
}

const buffer = Buffer.alloc(HEADER_BYTES_MAX);

/** The file's beginning, and its size and time *after* reading it: a first look at an old file is two looks this way. */
function readHeader(path: string | Buffer, size: number): { bytes: Uint8Array; size: number; mtimeMs: number } {
  // No link, and no waiting for a writer, should something else have taken the name since the stat.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    let length = size === 0 ? 0 : readSync(fd, buffer, 0, HEADER_BYTES, 0);
    if (size > length && parseWav(buffer.subarray(0, length), size) === 'more') {
      length = readSync(fd, buffer, 0, HEADER_BYTES_MAX, 0);
    }
    const after = fstatSync(fd);
    return { bytes: buffer.subarray(0, length), size: after.size, mtimeMs: Math.trunc(after.mtimeMs) };
  } finally {
    closeSync(fd);
  }
}
