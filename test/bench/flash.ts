/**
 * What the daemon asks of a box's flash: the room that its package takes, and what a call writes to it. The package here is
 * for measuring only, of the files that a package would bring.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writesRows } from './flash-writes.ts';
import { notThere, type Row } from './row.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const AIM = { megabytes: 1, text: '≤ 1 MB' };

export const flashRows = async (): Promise<Row[]> => [packageRow(), ...(await writesRows())];

/** Where a package would put things. `name` '': what the folder holds. */
const PLACES: readonly (readonly [from: string, to: string])[] = [
  ['etc/cdrd.toml', 'etc/cdrd.toml'],
  ['etc/default', 'etc/default'],
  ['etc/init.d', 'etc/init.d'],
  ['etc/systemd', 'lib/systemd/system'],
  ['etc/asterisk', 'usr/share/cdrd/asterisk'],
  ['LICENSE', 'usr/share/doc/cdrd/copyright'],
];

function packageRow(): Row {
  const name = 'flash: the .deb (xz), Node apart';
  const folder = mkdtempSync(join(tmpdir(), 'cdrd-deb-'));
  try {
    const tree = join(folder, 'tree');
    const dist = join(tree, 'usr/lib/cdrd');
    mkdirSync(dist, { recursive: true });
    const meta = join(folder, 'meta.json');
    const env = { ...process.env, OUT: dist, METAFILE: meta };
    execFileSync('npm', ['run', '--silent', 'build'], { cwd: ROOT, env, stdio: ['ignore', 'ignore', 'inherit'] });
    execFileSync('npx', ['--no-install', 'tsx', 'test/supply/write.ts', 'notices', dist, meta], { cwd: ROOT });
    for (const [from, to] of PLACES) {
      mkdirSync(join(tree, to, '..'), { recursive: true });
      cpSync(join(ROOT, from), join(tree, to), { recursive: true });
    }
    const unpacked = Number(execFileSync('du', ['-sb', tree], { encoding: 'utf8' }).split('\t')[0]);
    const notices = join(dist, 'NOTICES.txt');
    const text = statSync(notices).size;
    const bytes = pack(tree, folder);
    renameSync(notices, join(folder, 'NOTICES.txt'));
    const without = pack(tree, folder);
    const mb = (value: number) => (value / 1e6).toFixed(2);
    return {
      name,
      result: `${mb(bytes)} MB: unpacked ${mb(unpacked)}; without the licences of what is bundled (${mb(text)} unpacked) ${mb(without)}`,
      aim: AIM.text,
      met: bytes <= AIM.megabytes * 1e6,
      figures: { bytes, unpacked, without },
    };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      return notThere(name, AIM.text, 'there is no dpkg-deb here');
    throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @returns bytes of the package. */
function pack(tree: string, folder: string): number {
  const control = [
    'Package: cdrd',
    'Version: 0',
    'Architecture: all',
    'Depends: nodejs (>= 20.19)',
    'Maintainer: none <none@example.org>',
    'Description: to be measured',
  ];
  mkdirSync(join(tree, 'DEBIAN'), { recursive: true });
  writeFileSync(join(tree, 'DEBIAN/control'), `${control.join('\n')}\n`);
  const file = join(folder, 'cdrd.deb');
  execFileSync('dpkg-deb', ['-Zxz', '-z9', '-Sextreme', '--root-owner-group', '--build', tree, file], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return statSync(file).size;
}
