/** Damaged stores that were set aside: the last few stay for whoever looks for the cause, or a failing flash would be full of them. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { backupLimits } from '../limits.ts';

const NAME = /^cdrd\.db\.corrupt-(\d{8}T\d{6})(?:-(\d+))?$/;

/** @returns the names of those that had to go. */
export function pruneSetAside(stateDir: string): string[] {
  const found = readdirSync(stateDir).flatMap((name) => {
    const [, stamp, n = '1'] = NAME.exec(name) ?? [];
    return stamp ? [{ name, stamp, n: Number(n) }] : [];
  });
  found.sort((a, b) => Number(a.stamp < b.stamp) - Number(a.stamp > b.stamp) || b.n - a.n);
  const over = found.slice(backupLimits.setAside).map(({ name }) => name);
  for (const name of over) for (const end of ['', '-wal']) rmSync(join(stateDir, name + end), { force: true });
  return over;
}
