/**
 * What the doctor says: one line a matter, as ok, warning or fault, in words that tell what it means, and with the command
 * that mends it. The page shows the same (cgi/contract.ts).
 */
import type { DoctorFinding } from '../../cgi/contract.ts';

export type Finding = DoctorFinding;

export function ok(check: string, says: string): Finding {
  return { check, state: 'ok', says, mend: null };
}

/** It works, and something of it will be missed. @param mend What root pastes; null: no command mends it. */
export function warning(check: string, says: string, mend: string | null): Finding {
  return { check, state: 'warning', says, mend };
}

/** It doesn't work. @param mend What root pastes; null: no command mends it. */
export function fault(check: string, says: string, mend: string | null): Finding {
  return { check, state: 'fault', says, mend };
}

/** A matter, or some that are found out together. It never throws for what is wrong with the box. */
export interface Check {
  /** For the finding that it couldn't be looked at. */
  readonly name: string;
  look(): Promise<readonly Finding[]> | readonly Finding[];
}

/** Milliseconds that a check may take: an Asterisk that hangs is given up after ten seconds by its own limit. */
const LOOK_MS = 15_000;

/** All at a time, and their findings in the order of the checks: one that fails or hangs hides no other. */
export async function examine(checks: readonly Check[], lookMs = LOOK_MS): Promise<readonly Finding[]> {
  return (await Promise.all(checks.map((check) => lookAt(check, lookMs)))).flat();
}

async function lookAt({ name, look }: Check, lookMs: number): Promise<readonly Finding[]> {
  let late: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => {
    late = setTimeout(() => reject(new Error(`it takes longer than ${lookMs / 1000} s`)), lookMs);
  });
  try {
    return await Promise.race([Promise.resolve().then(look), over]);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return [warning(name, `could not be looked at: ${why}`, null)];
  } finally {
    clearTimeout(late);
  }
}

/** Findings of two who looked at the same box: where both found out about a matter, what `closer` says holds. */
export function merged(findings: readonly Finding[], closer: readonly Finding[]): readonly Finding[] {
  const byCheck = new Map(oncePerCheck(closer).map((finding) => [finding.check, finding]));
  const first = findings.map((finding) => byCheck.get(finding.check) ?? finding);
  return oncePerCheck([...first, ...byCheck.values()]);
}

const WORSE: readonly Finding['state'][] = ['ok', 'warning', 'fault'];

/** A matter told twice would have two commands: the worst is told, in the place of the first; of two as bad the first. */
export function oncePerCheck(findings: readonly Finding[]): readonly Finding[] {
  const worst = new Map<string, Finding>();
  for (const finding of findings) {
    const before = worst.get(finding.check);
    if (!before || WORSE.indexOf(finding.state) > WORSE.indexOf(before.state)) worst.set(finding.check, finding);
  }
  return [...worst.values()];
}
