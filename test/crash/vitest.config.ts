import { defineConfig } from 'vitest/config';
import { CountReporter } from '../count-reporter.ts';
import { NODE_FLAGS } from '../support/production.ts';

/** Every kill and power cut: the matrix by simulated disks, and the daemon as it ships killed in each stage. */
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/crash/*.crash.ts', ...['kill', 'migrate', 'deletion'].map((name) => `test/fault/${name}.test.ts`)],
    globalSetup: ['test/setup.ts'],
    reporters: ['default', new CountReporter()],
    testTimeout: 3_600_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    execArgv: [NODE_FLAGS[0]], // see ../vitest.config.ts
  },
});
