/** A folder of a test's own, removed when the test ends. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, onTestFinished } from 'vitest';
import { noteSecretsOf } from './log-copy-files.ts';

/** Takes what is to be done when a test, or a group of them (with `afterAll`), has ended. */
export type AtEnd = (work: () => void | Promise<void>) => void;

/**
 * For what all tests of a file, or of a `describe`, share: called at its top, because a hook that another hook adds never
 * runs. What began last ends first.
 */
export function atFileEnd(): AtEnd {
  const works: (() => void | Promise<void>)[] = [];
  afterAll(async () => {
    for (const work of works.reverse()) await work();
  });
  return (work) => void works.push(work);
}

export function temporaryFolder(atEnd: AtEnd = onTestFinished): string {
  const path = mkdtempSync(join(tmpdir(), 'cdrd-test-'));
  atEnd(() => {
    noteSecretsOf(join(path, 'state'));
    rmSync(path, { recursive: true, force: true });
  });
  return path;
}
