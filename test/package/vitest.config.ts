import { defineConfig } from 'vitest/config';
import { CountReporter } from '../count-reporter.ts';

/** `make test-package`: two builds from different places compared, and the packages installed in a Debian system without systemd. */
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/package/*.test.ts'],
    globalSetup: ['test/package/setup.ts'],
    reporters: ['verbose', new CountReporter()],
    testTimeout: 300_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
});
