/**
 * Ends a run with the line `N passed, N failed`, which people and machines read alike. Before it, all that daemons logged
 * is looked through for secrets and phone numbers: one that is found is a failure.
 */
import type { Reporter, TestModule } from 'vitest/node';
import { leaksOfRun } from './support/log-copy-files.ts';

export class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    let passed = 0;
    let failed = unhandled.length;
    let skipped = 0;
    for (const module of modules) {
      // A file that fails outside its tests counts as one.
      if (module.state() === 'failed' && module.errors().length > 0) failed++;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') passed++;
        else if (state === 'failed') failed++;
        else skipped++;
      }
    }
    const { lines, secrets, leaks } = leaksOfRun();
    failed += leaks.length;
    if (leaks.length > 0) process.exitCode = 1;
    process.stdout.write(`\n${lines} log lines of daemons, ${secrets} secrets in use: ${leaks.length} leaks\n`);
    for (const leak of leaks) process.stdout.write(`  ${leak}\n`);
    process.stdout.write(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
  }
}
