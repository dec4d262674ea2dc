import { defineConfig } from 'vitest/config';
import { CountReporter } from '../count-reporter.ts';

/** Media that hang, on filesystems in user space: root and FUSE are needed, and the daemon's own deadlines take their time. */
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/medium/**/*.test.ts'],
    globalSetup: ['test/setup.ts'],
    fileParallelism: false,
    reporters: ['verbose', new CountReporter()],
    testTimeout: 240_000,
    hookTimeout: 30_000,
  },
});
