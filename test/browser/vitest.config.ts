import { defineConfig } from 'vitest/config';
import { CountReporter } from '../count-reporter.ts';

/** `make test-browser`: the pages of a built daemon in Debian's Chromium, beside a simulated PBX. */
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: process.env['CDRD_PICTURES'] ? ['test/browser/pictures.ts'] : ['test/browser/*.browser.ts'],
    globalSetup: ['test/browser/setup.ts'],
    reporters: ['default', new CountReporter()],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // As long as the browser's own waits: vitest's second is less than a busy machine takes for one answer and its drawing.
    expect: { poll: { timeout: 30_000 } },
    // A file has a daemon of its own and its pages in the one browser: a core each.
    maxWorkers: 2,
  },
});
