/** Findings as the page orders them: what is wrong comes first, and what belongs together stays together. */
import type { DoctorFinding } from '../../contract.ts';

export interface FindingGroup {
  /** The first word of its checks: `asterisk`. */
  readonly name: string;
  readonly findings: readonly DoctorFinding[];
}

const RANK: Readonly<Record<DoctorFinding['state'], number>> = { fault: 0, warning: 1, ok: 2 };

const byState = (a: DoctorFinding, b: DoctorFinding) => RANK[a.state] - RANK[b.state];

/** Groups with faults, then those with warnings, then the others; within a group alike; else as the box has them. */
export function grouped(findings: readonly DoctorFinding[]): readonly FindingGroup[] {
  const groups = new Map<string, DoctorFinding[]>();
  for (const finding of findings) {
    const [name = ''] = finding.check.split('.');
    groups.set(name, [...(groups.get(name) ?? []), finding]);
  }
  return [...groups]
    .map(([name, each]) => ({ name, findings: each.sort(byState) }))
    .sort((a, b) => RANK[worstOf(a.findings)] - RANK[worstOf(b.findings)]);
}

export function worstOf(findings: readonly DoctorFinding[]): DoctorFinding['state'] {
  const has = (state: DoctorFinding['state']) => findings.some((finding) => finding.state === state);
  return has('fault') ? 'fault' : has('warning') ? 'warning' : 'ok';
}
