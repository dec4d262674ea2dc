import { defineConfig } from 'vitest/config';
import { CountReporter } from '../count-reporter.ts';

/** What a real LibreOffice makes of our files: `make test-office` installs it. */
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/office/**/*.test.ts'],
    reporters: ['default', new CountReporter()],
    testTimeout: 120_000,
    hookTimeout: 30_000,
  },
});
