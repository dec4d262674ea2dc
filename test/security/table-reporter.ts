/** Prints the table when all is over: what was tried, what got through, and whether the planted bugs were seen. */
import type { Reporter, TestCase, TestModule } from 'vitest/node';
import type { ShownRow } from './row.ts';

declare module 'vitest' {
  interface TaskMeta {
    row?: ShownRow;
  }
}

export class TableReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const rows = new Map<string, { shown: ShownRow; red: number; planted: number }>();
    for (const module of modules)
      for (const test of module.children.allTests()) {
        const { row } = test.meta();
        if (!row) continue;
        const known = rows.get(row.name) ?? { shown: row, red: 0, planted: 0 };
        if (row.planted === null) rows.set(row.name, { ...known, shown: row });
        else rows.set(row.name, { ...known, planted: known.planted + 1, red: known.red + Number(isPassed(test)) });
      }
    const lines = [...rows.values()].map(({ shown, red, planted }) => [
      shown.name,
      shown.cves.join(' ') || '–',
      `no ${shown.no}`,
      `${shown.tried} tried`,
      shown.through === 0 ? 'held' : `${shown.through} GOT THROUGH`,
      `${red} of ${planted} planted bugs seen`,
    ]);
    for (const [name = '', cves = '', no = '', ...rest] of lines)
      process.stdout.write(`${name.padEnd(18)} ${rest.join(', ')}\n${''.padEnd(18)} ${no}\n${''.padEnd(18)} ${cves}\n`);
  }
}

function isPassed(test: TestCase): boolean {
  return test.result().state === 'passed';
}
