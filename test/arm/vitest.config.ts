import { defineConfig } from 'vitest/config';
import { CountReporter } from '../count-reporter.ts';

/** The tests that look at a daemon from outside only, against the one that CDRD_TEST_COMMAND starts; run.sh says which. */
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: [
      'test/guide/guide.test.ts',
      ...['conversation', 'forward', 'websocket'].map((name) => `test/ami/${name}.test.ts`),
    ],
    globalSetup: ['test/arm/begin.ts'],
    reporters: ['default', new CountReporter()],
    // An emulator is some ten times slower: how long something takes is never asserted in these. But the daemon's own deadlines
    // hold there, too (a medium that doesn't answer within 15 s is gone): one at a time, so that it has a core.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    maxWorkers: 1,
    maxConcurrency: 1,
  },
});
