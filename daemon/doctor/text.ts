/** The doctor's findings as a person reads them at a terminal: a line each, and below it the command that mends it. */
import type { Finding } from './finding.ts';

const WORDS: Readonly<Record<Finding['state'], string>> = { ok: 'ok     ', warning: 'WARNING', fault: 'FAULT  ' };

export function findingsText(findings: readonly Finding[]): string {
  const lines = findings.flatMap(({ check, state, says, mend }) => [
    `${WORDS[state]} ${check}: ${says}`,
    ...(mend === null ? [] : [`          mend: ${mend}`]),
  ]);
  const count = (wanted: Finding['state']) => findings.filter(({ state }) => state === wanted).length;
  const faults = `${count('fault')} ${count('fault') === 1 ? 'fault' : 'faults'}`;
  const warnings = `${count('warning')} ${count('warning') === 1 ? 'warning' : 'warnings'}`;
  return [...lines, '', `${faults}, ${warnings}, ${count('ok')} ok`].join('\n');
}
