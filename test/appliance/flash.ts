/** The flash of a box as it leaves the factory: the bundle, the PBX, the start scripts, and a store with its accounts. */
import { execFile, spawn } from 'node:child_process';
import { chmod, copyFile, cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { AMI_PORT, CSV, SECRET, STATE } from './places.ts';

const run = promisify(execFile);
const HERE = fileURLToPath(new URL('.', import.meta.url));
const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));

/** What is not as packaged: where the store is, the secret, the richer of Asterisk's CSVs, and an AMI that the LAN may reach. */
const CONFIG = `[state]
dir = "${STATE}"
[asterisk]
secret = "${SECRET}"
cdr_csv = "${CSV}"
[ami]
listen = "0.0.0.0:${AMI_PORT}"
`;

/** Room for the store, the bundle and the ext4 itself. */
const SIZE = '96M';

/** Makes the image. @param folder Where to build it. @returns its path. */
export async function makeFlash(folder: string): Promise<string> {
  const root = join(folder, 'flash');
  await mkdir(join(root, 'asterisk'), { recursive: true });
  await cp(DIST, join(root, 'dist'), { recursive: true });
  for (const name of ['boot', 'service']) {
    await copyFile(join(HERE, 'guest', name), join(root, name));
    await chmod(join(root, name), 0o755);
  }
  await build({
    entryPoints: [join(HERE, 'guest/pbx.ts')],
    outfile: join(root, 'pbx.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'warning',
  });
  await writeFile(join(root, 'cdrd.toml'), CONFIG);
  await chmod(join(root, 'cdrd.toml'), 0o640);
  // A store is the same file on every machine: made here it takes a second, on the box half a minute.
  const place = { state: join(root, 'state'), run: join(folder, 'run') };
  await command(place, ['user', 'set', 'admin', '--role', 'admin'], 'admin\n');
  const rights = ['--read', 'all', '--write', 'call', '--permit', '10.0.2.0/24', '--extras', 'on'];
  await command(place, ['ami-user', 'set', 'crm', ...rights], `${SECRET}\n`);
  const image = join(folder, 'flash.img');
  await run('mkfs.ext4', ['-q', '-m', '0', '-E', 'root_owner=0:0', '-d', root, image, SIZE]);
  return image;
}

function command(place: { state: string; run: string }, args: readonly string[], input: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const env = { PATH: process.env['PATH'] ?? '', CDRD_STATE_DIR: place.state, CDRD_RUN_DIR: place.run };
    const child = spawn(process.execPath, ['--liftoff-only', join(DIST, 'cdrd.mjs'), ...args], {
      env,
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`cdrd ${args[0]} ended ${code}`))));
    child.stdin.end(input);
  });
}
