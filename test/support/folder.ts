/** A folder of a test's own, removed when the test ends. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

export function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'cdrd-test-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
