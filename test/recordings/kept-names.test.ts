/** What the medium's thread keeps of each file of today and yesterday, of which a busy box has ten thousand. */
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { beginLook, createMemory, examineSome } from '../../daemon/recordings/folder-look.ts';
import { parseKnown } from '../../daemon/recordings/known.ts';
import { temporaryFolder } from '../support/folder.ts';
import { pcmWav } from './helper.ts';

const FOLDER = '20260702';
const FILES = 2_000;
/** The name, a text of its own, its place in a map, and in the arrays: 140. */
const BYTES_EACH = 170;
const SECONDS_AGO = 3_600;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
setFlagsFromString('--no-expose-gc');

async function live(): Promise<number> {
  await pause(50); // what the last turn still holds is let go
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Bytes that live on account of one more of what `make` makes: the least of three times, for code and its notes come too. */
async function bytesOf(make: () => unknown): Promise<number> {
  const kept = [make()];
  const bytes: number[] = [];
  for (let time = 0; time < 3; time++) {
    const before = await live();
    kept.push(make());
    bytes.push((await live()) - before);
  }
  expect(kept).toHaveLength(4); // until here they are held
  return Math.min(...bytes);
}

const nameOf = (n: number) => `${FOLDER}-085421-${1_625_244_861 + n}-Outbound-42-200-90160500189.wav`;

test('a file that a look has found', async () => {
  const root = temporaryFolder();
  const sound = pcmWav(0.1);
  mkdirSync(join(root, FOLDER));
  for (let n = 0; n < FILES; n++) {
    const path = join(root, FOLDER, nameOf(n));
    writeFileSync(path, sound);
    const at = Date.now() / 1000 - SECONDS_AGO - n / 7;
    utimesSync(path, at, at);
  }
  const look = () => {
    const memory = createMemory();
    const clock = () => ({ now: Date.now(), mono: performance.now(), remote: false });
    const asked = { root, folder: FOLDER, known: '', keep: true, compare: true, mono: performance.now() };
    const session = beginLook(memory, asked);
    while (session && session.candidates.length > 0) examineSome(memory, session, root, clock);
    expect(memory.kept.get(FOLDER)?.size).toBe(FILES);
    return memory.kept;
  };
  expect((await bytesOf(look)) / FILES).toBeLessThan(BYTES_EACH);
});

test('a file that the index has told', async () => {
  const lines = Array.from({ length: FILES }, (_, n) => `${nameOf(n)}\t16044\t${1_625_244_861_000 + n}`);
  expect((await bytesOf(() => parseKnown(lines.join('\n'), true))) / FILES).toBeLessThan(BYTES_EACH);
});
