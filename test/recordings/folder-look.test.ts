/** A look at one folder, in this thread: names that aren't ASCII, listings that two looks share. */
import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { beginLook, createMemory, examineSome, type Memory } from '../../daemon/recordings/folder-look.ts';
import { GONE_CONFIRM_MS } from '../../daemon/recordings/limits.ts';
import { temporaryFolder } from '../support/folder.ts';
import { pcmWav } from './helper.ts';

const old = Date.now() / 1000 - 3_600;

function put(root: string, path: string | Buffer, seconds = 0.1): void {
  const whole = typeof path === 'string' ? join(root, path) : Buffer.concat([Buffer.from(`${root}/`), path]);
  writeFileSync(whole, pcmWav(seconds));
  utimesSync(whole, old, old);
}

/** @returns paths found, those gone, and how many were missed. */
function look(memory: Memory, root: string, folder: string, known: string | null, mono = performance.now()) {
  const session = beginLook(memory, { root, folder, known, keep: true, compare: true, mono });
  if (!session) throw new Error('no copy is kept');
  const found: string[] = [];
  const clock = () => ({ now: Date.now(), mono: performance.now(), remote: false });
  while (session.candidates.length > 0)
    found.push(...examineSome(memory, session, root, clock).found.map(({ path }) => path));
  return { found: found.sort(), gone: session.gone, missed: session.missed };
}

test('folders and names that are not ASCII, and a name that is no text', () => {
  const root = temporaryFolder();
  for (const folder of ['Música', '20260702']) mkdirSync(join(root, folder));
  put(root, 'Música/a.wav');
  put(root, 'Música/ñ.wav');
  put(root, '20260702/ñ.wav');
  put(root, Buffer.from('20260702/\xf1.wav', 'latin1'));
  put(root, Buffer.from('20260702/\xf2.wav', 'latin1'));
  const memory = createMemory();
  expect(look(memory, root, 'Música', '')).toEqual({ found: ['Música/a.wav', 'Música/ñ.wav'], gone: [], missed: 0 });
  const found = ['20260702/ñ.wav', '20260702/\ufffd.wav'];
  expect(look(memory, root, '20260702', '')).toEqual({ found, gone: [], missed: 0 });
  for (const folder of ['Música', '20260702'])
    expect(look(memory, root, folder, null)).toEqual({ found: [], gone: [], missed: 0 });
});

test('a known file that has changed is found again, one that is missed twice has gone, and its name may come back', () => {
  const root = temporaryFolder();
  mkdirSync(join(root, '20260702'));
  for (const name of ['a', 'b', 'c']) put(root, `20260702/${name}.wav`);
  const memory = createMemory();
  const all = ['a', 'b', 'c'].map((name) => `20260702/${name}.wav`);
  expect(look(memory, root, '20260702', '').found).toEqual(all);
  put(root, '20260702/a.wav', 0.2);
  rmSync(join(root, '20260702/b.wav'));
  const begun = performance.now();
  const first = look(memory, root, '20260702', null, begun);
  expect(first).toEqual({ found: ['20260702/a.wav'], gone: [], missed: 1 });
  const second = look(memory, root, '20260702', null, begun + GONE_CONFIRM_MS + 1);
  expect(second).toEqual({ found: [], gone: ['20260702/b.wav'], missed: 0 });
  put(root, '20260702/b.wav');
  put(root, '20260702/d.wav');
  expect(look(memory, root, '20260702', null).found).toEqual(['20260702/b.wav', '20260702/d.wav']);
  expect(look(memory, root, '20260702', null)).toEqual({ found: [], gone: [], missed: 0 });
});
