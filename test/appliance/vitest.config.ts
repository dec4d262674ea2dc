import { defineConfig } from 'vitest/config';
import type { TestModule } from 'vitest/node';
import { CountReporter } from '../count-reporter.ts';
import './shown.ts';

/** Tests on an emulated ARM box; run.sh prepares what they need. One box at a time: there are two cores. */
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/appliance/**/*.test.ts'],
    fileParallelism: false,
    hookTimeout: 420_000,
    reporters: ['verbose', { onTestRunEnd: printTable }, new CountReporter()],
  },
});

/** Every event with what was asserted after it, and what was measured. */
function printTable(modules: readonly TestModule[]): void {
  for (const module of modules) {
    console.log(`\n${module.relativeModuleId}`);
    for (const test of module.children.allTests()) {
      const { asserted = [], measured = [] } = test.meta();
      const { state } = test.result();
      console.log(`\n| ${test.name} | ${state} |\n|---|---|`);
      for (const [words, holds] of asserted) console.log(`| ${words} | ${holds ? 'holds' : 'DOES NOT HOLD'} |`);
      for (const words of measured) console.log(`| *${words}* | |`);
    }
  }
}
