/**
 * The doctor's findings as a person reads them at a terminal: a line each, and below it the command that mends it; one that
 * mends several stands below the first, for nobody to paste it twice.
 */
import type { Finding } from './finding.ts';

const WORDS: Readonly<Record<Finding['state'], string>> = { ok: 'ok     ', warning: 'WARNING', fault: 'FAULT  ' };

export function findingsText(findings: readonly Finding[]): string {
  /** By command: the first line that it mends. */
  const told = new Map<string, string>();
  const lines = findings.flatMap(({ check, state, says, mend }) => {
    const line = `${WORDS[state]} ${check}: ${says}`;
    if (mend === null) return [line];
    const first = told.get(mend);
    if (first !== undefined) return [line, `          mend: the command of ${first}, once for both`];
    told.set(mend, check);
    return [line, `          mend: ${mend}`];
  });
  const count = (wanted: Finding['state']) => findings.filter(({ state }) => state === wanted).length;
  const faults = `${count('fault')} ${count('fault') === 1 ? 'fault' : 'faults'}`;
  const warnings = `${count('warning')} ${count('warning') === 1 ? 'warning' : 'warnings'}`;
  return [...lines, '', `${faults}, ${warnings}, ${count('ok')} ok`].join('\n');
}
