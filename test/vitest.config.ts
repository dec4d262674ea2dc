import { defineConfig } from 'vitest/config';
import { CountReporter } from './count-reporter.ts';
import { NODE_FLAGS } from './support/production.ts';

/** Unit and whole-daemon tests. Workers are bundled once by setup.ts, because Node 20 can't start a `.ts` worker. */
export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    exclude: [
      ...[
        'test/asterisk/**',
        'test/browser/**',
        'test/office/**',
        'test/medium/**',
        'test/appliance/**',
        'test/systemd/**',
        'test/box/**',
        'test/package/**',
      ],
      // Minutes of dying: `make test-crash`.
      ...['test/fault/kill.test.ts', 'test/fault/migrate.test.ts', 'test/fault/deletion.test.ts'],
    ],
    globalSetup: ['test/setup.ts'],
    setupFiles: ['test/support/log-copy.ts'],
    reporters: ['default', new CountReporter()],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    maxWorkers: 2,
    // As on a box. Without it every thread that opens a store has SQLite compiled a second time in the background: of the
    // 1.4 s of a core that a daemon's start and stop took, 0.8 s were that.
    execArgv: [NODE_FLAGS[0]],
    // Guide documents, each with a daemon of its own: they mostly wait, but their starts cost a second of a core.
    maxConcurrency: 3,
  },
});
