/** What the daemon asks of a box's flash: the room that its package takes, and what a call writes to it. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writesRows } from './flash-writes.ts';
import { notThere, type Row } from './row.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const AIM = { megabytes: 1, text: '≤ 1 MB' };

export const flashRows = async (): Promise<Row[]> => [packageRow(), ...(await writesRows())];

function packageRow(): Row {
  const name = 'flash: the .deb (xz), Node apart';
  const folder = mkdtempSync(join(tmpdir(), 'cdrd-deb-'));
  try {
    execFileSync('dpkg-deb', ['--version'], { stdio: 'ignore' });
    const maker = ['--no-install', 'tsx', 'test/package/main.ts', 'package', '--only', 'all', '--to', folder];
    execFileSync('npx', maker, { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
    const file = join(folder, readdirSync(folder).find((each) => each.endsWith('.deb')) ?? '');
    const bytes = statSync(file).size;
    // In KiB.
    const unpacked = 1024 * Number(execFileSync('dpkg-deb', ['-f', file, 'Installed-Size'], { encoding: 'utf8' }));
    const mb = (value: number) => (value / 1e6).toFixed(2);
    return {
      name,
      result: `${mb(bytes)} MB: unpacked ${mb(unpacked)}`,
      aim: AIM.text,
      met: bytes <= AIM.megabytes * 1e6,
      figures: { bytes, unpacked },
    };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      return notThere(name, AIM.text, 'there is no dpkg-deb here');
    throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
