/** A folder of a test's own, removed when the test ends. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Takes what is to be done when a test, or a group of them (with `afterAll`), has ended. */
export type AtEnd = (work: () => void | Promise<void>) => void;

export function temporaryFolder(atEnd: AtEnd = onTestFinished): string {
  const path = mkdtempSync(join(tmpdir(), 'cdrd-test-'));
  atEnd(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
