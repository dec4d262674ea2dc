/**
 * Ends a run with the line `N passed, N failed`, which people and machines read alike. Before it, all that daemons logged
 * is looked through for secrets and phone numbers: one that is found is a failure. What failed is told once more right in
 * front of that line: where only the end of a long run is kept, it says which test it was and why.
 */
import { stripVTControlCharacters } from 'node:util';
import type { Reporter, TestModule } from 'vitest/node';
import { leaksOfRun } from './support/log-copy-files.ts';

/** Failures told at the end, and characters of what each says. */
const MOST_TOLD = 20;
const MOST_CHARACTERS = 400;

export class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const told = failuresOf(modules, unhandled);
    let failed = told.length;
    let passed = 0;
    let skipped = 0;
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') passed++;
        else if (state !== 'failed') skipped++;
      }
    }
    const { lines, secrets, leaks } = leaksOfRun();
    failed += leaks.length;
    if (leaks.length > 0) process.exitCode = 1;
    process.stdout.write(`\n${lines} log lines of daemons, ${secrets} secrets in use: ${leaks.length} leaks\n`);
    for (const leak of leaks) process.stdout.write(`  ${leak}\n`);
    process.stdout.write(tellAll(told));
    process.stdout.write(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
  }
}

/** What failed, one each, with why: tests, files and groups that failed outside of theirs, and what nobody awaited. */
export function failuresOf(modules: readonly TestModule[], unhandled: readonly unknown[]): string[] {
  const told = unhandled.map((error) => tell('outside of any test', [error]));
  for (const module of modules) {
    // A file that fails outside its tests counts as one.
    if (module.state() === 'failed' && module.errors().length > 0)
      told.push(tell(module.relativeModuleId, module.errors()));
    for (const suite of module.children.allSuites())
      if (suite.errors().length > 0) told.push(tell(`${module.relativeModuleId}: ${suite.fullName}`, suite.errors()));
    for (const test of module.children.allTests()) {
      const { state, errors } = test.result();
      if (state === 'failed') told.push(tell(`${module.relativeModuleId}: ${test.fullName}`, errors));
    }
  }
  return told;
}

/** For the end of a run; '' where nothing failed. */
export function tellAll(told: readonly string[]): string {
  return told.length > 0 ? `\nfailed:\n${told.slice(0, MOST_TOLD).join('\n')}\n` : '';
}

function tell(where: string, errors: readonly unknown[] = []): string {
  const said = errors.map((error) => String((error as { message?: unknown })?.message ?? error)).join('; ');
  return `  ${where}\n    ${stripVTControlCharacters(said).replace(/\s+/g, ' ').slice(0, MOST_CHARACTERS)}`;
}
