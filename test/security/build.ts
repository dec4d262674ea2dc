/** The bundle under attack: built from the sources as they are, and from copies into which a bug was planted. */
import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const PLANTED = fileURLToPath(new URL('planted', import.meta.url));
/** Neither sources nor needed to build them, or linked instead. */
const NOT_COPIED = new Set(['.git', 'node_modules', 'dist', 'test', 'var']);

/** How a patch is applied: the lines around a change must agree, however far the file has grown since. */
const APPLY = ['apply', '-C1', '--whitespace=nowarn'];

/** The project's own build of a source tree. @returns the bundle's folder. */
export async function build(sources: string, out: string): Promise<string> {
  const { scripts } = JSON.parse(await readFile(join(sources, 'package.json'), 'utf8'));
  // As npm runs it: npm itself takes half as long again as the build.
  const path = `${join(sources, 'node_modules', '.bin')}:${process.env['PATH']}`;
  await run('sh', ['-c', scripts.build], { cwd: sources, env: { ...process.env, PATH: path, OUT: out } });
  return out;
}

/** A copy of the sources with one patch applied, built. @returns the bundle's folder. */
export async function buildPlanted(patch: string, folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(ROOT)) {
    if (!NOT_COPIED.has(name)) await cp(join(ROOT, name), join(folder, name), { recursive: true });
  }
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  await run('git', [...APPLY, join(PLANTED, patch)], { cwd: folder, env: { ...process.env, GIT_DIR: '/dev/null' } });
  return build(folder, join(folder, 'dist'));
}

/** Whether a patch still fits the sources. @returns '' or why not. */
export async function fits(patch: string): Promise<string> {
  return run('git', [...APPLY, '--check', join(PLANTED, patch)], { cwd: ROOT }).then(
    () => '',
    (error: { stderr?: string; message: string }) => error.stderr || error.message,
  );
}

/** File names of all planted bugs. */
export async function plantedPatches(): Promise<string[]> {
  return (await readdir(PLANTED)).filter((name) => name.endsWith('.patch')).sort();
}
