/** What the package's `prepare` reads out of cdrd.toml: which folder Asterisk's group is to delete in. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from './support/folder.ts';

const PREPARE = new URL('../etc/lib/prepare', import.meta.url);

/** @returns the folder that is looked through, as Asterisk's user. */
function shared(toml: (folder: string) => string): string {
  const folder = temporaryFolder();
  for (const name of ['calls', 'run']) mkdirSync(join(folder, name));
  const config = join(folder, 'cdrd.toml');
  writeFileSync(config, toml(folder));
  const text = readFileSync(PREPARE, 'utf8')
    .replaceAll('/etc/cdrd/cdrd.toml', config)
    .replaceAll('/media/usbStorage/monitor', join(folder, 'calls'));
  const functions = text.slice(0, text.indexOf('[ "$(id -u)" = 0 ]'));
  const script = `${functions}\nhas_group() { :; }\nrunuser() { printf %s "$5"; }\nshare_recordings\n`;
  const { stdout, stderr, status } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  return stdout.replace(folder, '');
}

test('it is recordings.dir, or the built-in one, and no other section’s', () => {
  expect(shared((folder) => `[recordings]\n#dir = "/x"\ndir = "${folder}/run" # ours\n[http]\n`)).toBe('/run');
  expect(shared((folder) => `[recordings]\n# nothing\n[run]\ndir = "${folder}/run"\n`)).toBe('/calls');
  expect(shared((folder) => `[run]\ndir = "${folder}/run"\n`)).toBe('/calls');
});
