import { defineConfig } from 'vitest/config';
import { CountReporter } from '../count-reporter.ts';
import { TableReporter } from './table-reporter.ts';

/** `make test-security`: classes of published flaws tried on the daemon as it is built, and as it would be with the bug. */
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/security/*.security.ts'],
    reporters: ['verbose', new TableReporter(), new CountReporter()],
    testTimeout: 300_000,
    hookTimeout: 180_000,
    maxWorkers: 2,
    maxConcurrency: 3,
  },
});
