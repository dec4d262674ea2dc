import { defineConfig } from 'vitest/config';

/** The tests of the model alone, with few histories: a mutant must fall in seconds. */
export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/model/**/*.test.ts'],
    env: { CDRD_HISTORIES: '300' },
    testTimeout: 20_000,
    maxWorkers: 1,
  },
});
