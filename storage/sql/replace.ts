/**
 * Another file takes the place of the store: a backup, or nothing, which is a new store. What was there is kept under
 * another name. It is decided by one note beside the store, written last and durably; from then on every opening carries
 * it out to its end, whatever dies in between. So there is no moment at which the store is half the one and half the other,
 * or an old WAL lies beside a new file (SQLite would take it in).
 */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { stampOf } from '../model/backup-name.ts';
import { isBeingReplaced, type Replacement, replacingNote, stagedFile } from '../replaced.ts';
import { syncPath } from '../sync-path.ts';

/** A name for what is set aside that nothing has yet: `cdrd.db.corrupt-20261126T040000`. @param at Epoch seconds. */
export function asideName(file: string, why: 'corrupt' | 'before-restore', at: number): string {
  const name = `${basename(file)}.${why}-${stampOf(at)}`;
  const taken = (other: string) => ['', '-wal'].some((rest) => existsSync(join(dirname(file), other + rest)));
  let free = name;
  for (let n = 2; taken(free); n++) free = `${name}-${n}`;
  return free;
}

const draftOf = (file: string) => `${replacingNote(file)}.part`;
/** The note's name once it is carried out. */
const done = (file: string) => `${file}.replaced`;

/**
 * The staged file, or without one a new store, takes the place of `file` when that is opened next. Nobody has it open.
 * @throws what the system throws. Then everything is as it was, unless it {@link isBeingReplaced}: then it is decided on, the
 *   staged file has to stay, and the next opening carries it out.
 */
export function replaceStore(file: string, replacement: Replacement): void {
  const draft = draftOf(file);
  writeFileSync(draft, JSON.stringify(replacement), { mode: 0o600 });
  syncPath(draft);
  syncPath(dirname(file)); // what is decided on is there: the staged file got its name a moment ago
  renameSync(draft, replacingNote(file));
  syncPath(dirname(file));
  finishReplacing(file);
}

/** Carries out what was decided; before every opening. */
export function finishReplacing(file: string): void {
  if (!isBeingReplaced(file)) return;
  const { aside: name, from } = noteOf(replacingNote(file));
  const aside = join(dirname(file), name);
  const staged = stagedFile(file);
  move(`${file}-wal`, `${aside}-wal`);
  if (from === '') rmSync(staged, { force: true });
  // Once the staged file has gone, the one in its place is that very file.
  if (from === '' || existsSync(staged)) move(file, aside);
  syncPath(dirname(file)); // what was there has its other name before its own is taken
  move(staged, file);
  syncPath(dirname(file));
  renameSync(replacingNote(file), done(file));
  syncPath(dirname(file));
}

/** What a restore has left that a kill ended before it was decided. */
export function clearStaged(file: string): void {
  const staged = ['', '-wal', '-shm', '.lock'].map((end) => stagedFile(file) + end);
  for (const left of [...staged, draftOf(file)]) rmSync(left, { recursive: true, force: true });
}

/** What has been carried out and not been told to the store yet. */
export function replacementOf(file: string): Replacement | null {
  return existsSync(done(file)) ? noteOf(done(file)) : null;
}

/** The store has taken it down. */
export function forgetReplacement(file: string): void {
  rmSync(done(file), { force: true });
  syncPath(dirname(file));
}

function noteOf(path: string): Replacement {
  return JSON.parse(readFileSync(path, 'utf8')) as Replacement;
}

/** Moved before, or never there: then nothing. */
function move(from: string, to: string): void {
  if (existsSync(from) && !existsSync(to)) renameSync(from, to);
}
