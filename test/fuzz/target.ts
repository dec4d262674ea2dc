/**
 * What is fuzzed: a target takes bytes and throws when the code under it did anything but what it promises. It makes of
 * the bytes whatever the code takes, by the bytes alone, so that an input that is written down does the same for ever.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { type Random, seededRandom } from '../simulator/random.ts';

export interface Target {
  /** Also the name of its corpus: `corpus/NAME.txt`. */
  readonly name: string;
  /** Words that its inputs are made of; the mutator puts them in anywhere. */
  readonly words: readonly string[];
  /** Bytes of an input at most; 2,000 when it isn't said. */
  readonly max?: number;
  /** Of a hundred inputs that others get so many: for one that is slow by its nature. 100 when it isn't said. */
  readonly share?: number;
  /** @throws where anything is wrong. */
  run(input: Buffer): void | Promise<void>;
}

/** The code broke a promise. */
export class Broken extends Error {
  override readonly name = 'Broken';
}

export function holds(condition: boolean, promise: string, seen?: unknown): asserts condition {
  if (!condition) throw new Broken(seen === undefined ? promise : `${promise}: ${shown(seen)}`);
}

/** Both are the same as JSON has them; `undefined` and -0 don't matter to any target. */
export function same(seen: unknown, wanted: unknown, promise: string): void {
  const [a, b] = [JSON.stringify(seen), JSON.stringify(wanted)];
  if (a !== b) throw new Broken(`${promise}: ${cut(a)} and not ${cut(b)}`);
}

/**
 * What the work gives; null where it refuses in the way that it says it does.
 * @param refusal The errors that belong to its promise; every other is a finding.
 */
export function orRefused<T>(
  work: () => T,
  ...refusals: readonly (abstract new (
    ...parameters: never[]
  ) => Error)[]
): T | null {
  try {
    return work();
  } catch (error) {
    if (refusals.some((refusal) => error instanceof refusal)) {
      oneLine((error as Error).message);
      return null;
    }
    throw error;
  }
}

const folders: string[] = [];

/** A folder of a target's own, until `removeFolders`: processes of tests are ended from outside, and do nothing at their exit. */
export function ownFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cdrd-fuzz-'));
  folders.push(folder);
  return folder;
}

export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** Characters of what a refusal says at most: it goes into an answer, a log and onto a terminal. */
const MESSAGE_MAX = 5_000;

function oneLine(message: string): void {
  holds(message.length <= MESSAGE_MAX, 'a refusal is short', message.length);
  holds(message !== '', 'a refusal says why');
}

/** Choices that a target makes beside its input: the same for the same input. */
export function choicesOf(input: Buffer): Random {
  return seededRandom(crc32(input));
}

/** Bytes as text, as the wire's readers take them. */
export const utf8 = (input: Buffer) => input.toString('utf8');

function shown(value: unknown): string {
  return cut(typeof value === 'string' ? JSON.stringify(value) : (JSON.stringify(value) ?? String(value)));
}

function cut(text = 'undefined'): string {
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
