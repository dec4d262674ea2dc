/**
 * better-sqlite3, the native peer of the ingest rows. It is no dependency of ours: a pinned version is built from source
 * into the cache outside the checkout, once, in a minute or two.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

const VERSION = '12.11.1';

/** @returns its folder, or why it isn't there. */
export function betterSqlite3(): { readonly folder: string } | { readonly why: string } {
  const cache = process.env['CDRD_CACHE'] || join(homedir(), '.cache', 'cdrd');
  // Built for one ABI of Node.
  const prefix = join(cache, `better-sqlite3-${VERSION}-abi${process.versions.modules}`);
  const folder = join(prefix, 'node_modules', 'better-sqlite3');
  if (existsSync(join(folder, 'build', 'Release', 'better_sqlite3.node'))) return { folder };
  // Where Node's headers lie, beside its program: fetching them would need one more server.
  const nodedir = dirname(dirname(process.execPath));
  if (!existsSync(join(nodedir, 'include', 'node', 'node.h')))
    return { why: `no headers of Node in ${nodedir}/include` };
  console.log(`building better-sqlite3 ${VERSION} in ${prefix}: once, two minutes`);
  mkdirSync(prefix, { recursive: true });
  const env = { ...process.env, npm_config_nodedir: nodedir, npm_config_build_from_source: 'true' };
  const words = [
    'install',
    '--prefix',
    prefix,
    '--no-fund',
    '--no-audit',
    '--loglevel=error',
    `better-sqlite3@${VERSION}`,
  ];
  try {
    execFileSync('npm', words, { env, stdio: ['ignore', 'ignore', 'pipe'] });
    return { folder };
  } catch (error) {
    rmSync(prefix, { recursive: true, force: true });
    const said = String((error as { stderr?: Buffer }).stderr ?? error)
      .trim()
      .split('\n')[0];
    return { why: `better-sqlite3 ${VERSION} could not be built: ${said}` };
  }
}
