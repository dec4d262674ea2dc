import { defineConfig } from 'vitest/config';
import type { TestModule } from 'vitest/node';
import { failuresOf, tellAll } from '../count-reporter.ts';

/** Tests against a real Asterisk; run.sh prepares what they need. One at a time: each has an Asterisk of its own. */
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/asterisk/**/*.test.ts'],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 90_000,
    reporters: [
      'verbose',
      {
        /** The line by which every make target of this kind ends, and in front of it what failed, once more. A file that
         * failed to load counts as one failure, as does a skipped test, unless it says what there is to do.
         */
        onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
          const told = failuresOf(modules, unhandled);
          let passed = 0;
          let failed = told.length;
          let todo = 0;
          for (const module of modules) {
            for (const test of module.children.allTests()) {
              const result = test.result();
              if (result.state === 'passed') passed++;
              else if (result.state === 'skipped' && result.note?.startsWith('todo: ')) todo++;
              else if (result.state !== 'failed') failed++;
            }
          }
          process.once('exit', () =>
            console.log(`${tellAll(told)}${todo > 0 ? `${todo} todo\n` : ''}${passed} passed, ${failed} failed`),
          );
        },
      },
    ],
  },
});
