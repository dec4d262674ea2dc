/**
 * Builds everything twice: here by make, and in a copy of the checkout elsewhere, in another time zone, language and umask.
 * Node's 120 MB are packed quickly: how xz packs is shown by the package without it.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { ROOT } from './layout.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Folders of the two builds. */
    readonly builds: readonly [string, string];
  }
}

const NODE_INSIDE = ['amd64,arm64', '0'] as const;
const OTHERS = ['all,tar', '6'] as const;

export default function setup(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'cdrd-packages-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    project.provide('builds', buildTwice(folder));
    return remove;
  } catch (error) {
    remove();
    throw error;
  }
}

/** @returns the folders of the two. */
function buildTwice(folder: string): readonly [string, string] {
  const [here, elsewhere] = [join(folder, 'here'), join(folder, 'elsewhere')];
  const run = (cwd: string, env: Record<string, string>, script: string) =>
    execFileSync('sh', ['-c', script], { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });

  for (const [only, xz] of [NODE_INSIDE, OTHERS])
    run(ROOT, {}, `umask 022; exec make package ONLY=${only} XZ=${xz} TO=${here}/${xz}`);

  const copy = join(folder, 'another folder, with a longer name');
  mkdirSync(copy);
  run(ROOT, { COPY: copy }, 'git ls-files -co --exclude-standard -z | tar -c --null -T - | tar -x -C "$COPY"');
  cpSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'), { recursive: true, verbatimSymlinks: true });
  const epoch = execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: ROOT, encoding: 'utf8' }).trim();
  const env = { SOURCE_DATE_EPOCH: epoch, TZ: 'America/New_York', LC_ALL: 'C', TMPDIR: copy };
  for (const [only, xz] of [NODE_INSIDE, OTHERS])
    run(
      copy,
      env,
      `umask 077; exec npx --no-install tsx test/package/main.ts package --only ${only} --compression ${xz} --to '${elsewhere}/${xz}'`,
    );
  return [here, elsewhere];
}
