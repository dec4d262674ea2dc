/** The packages that run.sh made, put on a box as a technician does: by apt, from a file. */
import { copyFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Box, Root } from './box.ts';

/** Which package each root takes: sid has Node, bullseye's is too old. */
const KIND: Readonly<Record<Root, string>> = { sid: '_all.deb', bullseye: '_amd64.deb' };

/**
 * Installs or upgrades.
 * @param folder Where the packages lie. @param options More of apt's. @returns what apt printed.
 */
export async function install(box: Box, root: Root, folder = made('CDRD_BOX_PACKAGES'), options = ''): Promise<string> {
  const [name, ...others] = (await readdir(folder)).filter((file) => file.endsWith(KIND[root]));
  if (name === undefined || others.length > 0) throw new Error(`expected one package *${KIND[root]} in ${folder}`);
  await copyFile(join(folder, name), box.path(`/root/${name}`));
  return box.sh(`apt-get install -y ${options} -o Dpkg::Use-Pty=0 /root/${name} && rm /root/${name}`);
}

/** A folder that run.sh names. */
export function made(variable: string): string {
  const folder = process.env[variable];
  if (folder === undefined) throw new Error(`${variable} is not set: start the tests by test/box/run.sh`);
  return folder;
}
