import { defineConfig } from 'vitest/config';
import type { TestModule } from 'vitest/node';

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
        /** The line by which every make target of this kind ends. A file that failed to load counts as one failure, as
         * does a skipped test, unless it says what there is to do.
         */
        onTestRunEnd(modules: readonly TestModule[]): void {
          let passed = 0;
          let failed = 0;
          let todo = 0;
          for (const module of modules) {
            failed += module.errors().length;
            for (const test of module.children.allTests()) {
              const result = test.result();
              if (result.state === 'passed') passed++;
              else if (result.state === 'skipped' && result.note?.startsWith('todo: ')) todo++;
              else failed++;
            }
          }
          process.once('exit', () =>
            console.log(`${todo > 0 ? `${todo} todo\n` : ''}${passed} passed, ${failed} failed`),
          );
        },
      },
    ],
  },
});
