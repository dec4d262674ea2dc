import { defineConfig } from 'vitest/config';
import { CountReporter } from '../count-reporter.ts';

/** One booted system, which the tests use one after another: each leaves it as it found it. */
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/systemd/**/*.test.ts'],
    fileParallelism: false,
    reporters: ['verbose', new CountReporter()],
    testTimeout: 180_000,
    hookTimeout: 300_000,
  },
});
