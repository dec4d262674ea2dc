import { defineConfig } from 'vitest/config';
import { CountReporter } from '../count-reporter.ts';

/** Whole boxes that boot; run.sh prepares what they need. One file at a time, and each is a story told in order. */
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/box/**/*.test.ts'],
    fileParallelism: false,
    reporters: ['verbose', new CountReporter()],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
