/**
 * One folder of the medium compared with what the index knows of it: unknown and changed WAV files are examined, missing
 * ones named. Synchronous calls only, in the worker: a hung medium blocks this thread and nothing else of the process.
 *
 * Names: readdir gives bytes. A name that isn't valid UTF-8 is listed with U+FFFD in place of the bad bytes, so that the
 * recording is counted and seen, but it can't be opened under that name; of several that look alike then, one is listed.
 * Hidden names (`.trash`), links and anything that isn't a regular file are no recordings, nor is a file with several names
 * that doesn't begin as a WAV.
 */
import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { type Clock, judge, type Seen } from './finished.ts';
import { byItself, parseKnown, stamp } from './known.ts';
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
  /** Names → stamp of today's and yesterday's folder. */
  readonly kept: Map<string, Map<string, string>>;
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
  readonly known: Map<string, string>;
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
export function textOf(raw: string): string {
  return asciiOnly.test(raw) ? raw : utf8.decode(Buffer.from(raw, 'latin1'));
}

function joined(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

/** A path for a call of the system, byte for byte. `root` is text, `raw` the latin1 rest. */
function systemPath(root: string, raw: string): string | Buffer {
  if (asciiOnly.test(raw)) return `${root}/${raw}`;
  return Buffer.concat([Buffer.from(`${root}/`), Buffer.from(raw, 'latin1')]);
}

/** Names of WAV files in a folder, latin1, oldest first. `error` '' = listed; a folder that isn't there lists as empty. */
function listWavs(root: string, folder: string): { names: string[]; error: string } {
  const path = folder === '' ? root : `${root}/${folder}`;
  try {
    // A link could lead out of the store: it isn't followed.
    if (folder !== '' && !lstatSync(path).isDirectory()) return { names: [], error: '' };
    const names = readdirSync(path, { encoding: 'latin1' });
    return { names: names.filter((name) => /\.wav$/i.test(name) && !name.startsWith('.')).sort(), error: '' };
  } catch (error) {
    const code = codeOf(error);
    return { names: [], error: code === 'ENOENT' || code === 'ENOTDIR' ? '' : code };
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
  const { root, folder, keep, mono } = options;
  const known = options.known === null ? memory.kept.get(folder) : parseKnown(options.known, keep);
  if (!known) return undefined;
  if (keep) memory.kept.set(folder, known);
  const { names, error } = listWavs(root, folder);
  const session: Session = { folder, known, keep, candidates: [], gone: [], missed: 0, error };
  if (error) return session;

  const present = new Set<string>();
  for (const raw of names) {
    const name = textOf(raw);
    if (present.has(name)) continue;
    present.add(name);
    if (options.compare || !known.has(name) || memory.tracked.has(joined(folder, name))) {
      session.candidates.push(raw);
    }
  }
  for (const path of memory.tracked.keys()) {
    if (inFolder(path, folder) && !present.has(nameOf(path))) memory.tracked.delete(path);
  }

  const missed = memory.missed.get(folder) ?? new Map<string, number>();
  for (const name of missed.keys()) if (present.has(name) || !known.has(name)) missed.delete(name);
  let elsewhere = 0;
  for (const [other, each] of memory.missed) if (other !== folder) elsewhere += each.size;
  for (const name of known.keys()) {
    if (present.has(name)) continue;
    if (isGone(missed, name, elsewhere, mono)) {
      session.gone.push(joined(folder, name));
      known.delete(name);
    } else {
      session.missed += 1;
    }
  }
  if (missed.size > 0) memory.missed.set(folder, missed);
  else memory.missed.delete(folder);
  return session;
}

function inFolder(path: string, folder: string): boolean {
  return folder === '' ? !path.includes('/') : path.startsWith(`${folder}/`);
}

function nameOf(path: string): string {
  return path.slice(path.indexOf('/') + 1);
}

/** Files of a folder that are not finished. */
export function growingIn(memory: Memory, folder: string): number {
  let count = 0;
  for (const path of memory.tracked.keys()) if (inFolder(path, folder)) count += 1;
  return count;
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
  known: Map<string, string> | undefined,
  clock: () => Clock,
): Examined {
  const name = textOf(raw);
  const path = joined(folder, name);
  const system = systemPath(root, joined(folder, raw));
  const before = memory.tracked.get(path);
  let size = -1;
  let mtimeMs = 0;
  try {
    const stat = lstatSync(system);
    if (!stat.isFile()) return 'same';
    size = stat.size;
    mtimeMs = Math.trunc(stat.mtimeMs);
    if (known?.get(name) === stamp(size, mtimeMs)) {
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

function finish(memory: Memory, known: Map<string, string> | undefined, file: FoundRecording): FoundRecording {
  memory.tracked.delete(file.path);
  known?.set(byItself(nameOf(file.path)), stamp(file.size, file.mtimeMs));
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
