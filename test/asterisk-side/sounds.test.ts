/** What is found in Asterisk's folders of sounds, as Debian and the sources lay them out. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { createSounds } from '../../daemon/asterisk/sounds.ts';
import { temporaryFolder } from '../support/folder.ts';

function sounds(files: readonly string[]): string {
  const dir = temporaryFolder();
  for (const file of files) {
    mkdirSync(dirname(join(dir, file)), { recursive: true });
    writeFileSync(join(dir, file), '');
  }
  return dir;
}

const LIMITS = { entries: 1_000, names: 100, depth: 3, freshMs: 0 };

test('own sounds first; a language and a format are no part of a name; what Playback would not take is left out', async () => {
  const dir = sounds([
    'en/beep.gsm',
    'en/beep.ulaw',
    'en_US_f_Allison/digits/1.gsm',
    'custom/recorded.wav',
    'custom/a,b.wav',
    'custom/notes.txt',
    '.hidden/x.wav',
    'zz-top.sln16',
  ]);
  const elsewhere = sounds(['own/hello.g722']);
  symlinkSync(elsewhere, join(dir, 'linked'));
  symlinkSync(join(dir, 'gone'), join(dir, 'broken'));
  const { names, more, why } = await createSounds({ dirs: [dir, `${dir}/none`], mono: () => 0, limits: LIMITS }).list();
  expect(names).toEqual(['custom/recorded', 'beep', 'digits/1', 'linked/own/hello', 'zz-top']);
  expect([more, why]).toEqual([false, '']);
});

test('a folder that is not there is told, and a link in a circle ends', async () => {
  const dir = sounds(['a.wav']);
  symlinkSync(dir, join(dir, 'again'));
  const { names } = await createSounds({ dirs: [dir], mono: () => 0, limits: LIMITS }).list();
  expect(names[0]).toBe('a');
  expect(names.length).toBeLessThan(10);
  const none = await createSounds({ dirs: ['/nowhere/sounds'], mono: () => 0, limits: LIMITS }).list();
  expect(none).toEqual({ names: [], more: false, why: '/nowhere/sounds: ENOENT' });
});

test('bounded, and looked at once for many who ask', async () => {
  const dir = sounds(Array.from({ length: 30 }, (_, i) => `s${String(i).padStart(2, '0')}.wav`));
  const few = await createSounds({ dirs: [dir], mono: () => 0, limits: { ...LIMITS, names: 3 } }).list();
  expect(few).toEqual({ names: ['s00', 's01', 's02'], more: true, why: '' });
  const cut = await createSounds({ dirs: [dir], mono: () => 0, limits: { ...LIMITS, entries: 10 } }).list();
  expect(cut.names).toHaveLength(10);
  expect(cut.more).toBe(true);
  let at = 0;
  const held = createSounds({ dirs: [dir], mono: () => at, limits: { ...LIMITS, freshMs: 10 } });
  const first = held.list();
  expect(held.list()).toBe(first);
  at = 11;
  expect(held.list()).toBe(first); // a folder that hangs must not take a thread for each who asks
  await first;
  expect(held.list()).not.toBe(first);
});
