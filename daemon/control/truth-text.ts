/** The truth report's counts as a person reads them at a terminal: only what there is, worst first. */
import { FINDINGS, type TruthKind } from '../../storage/model/truth.ts';

const SUBJECT: Readonly<Record<TruthKind, readonly [one: string, many: string]>> = {
  missing: ['call', 'calls'],
  unknown: ['call', 'calls'],
  explained: ['call', 'calls'],
  nocall: ['file', 'files'],
  broken: ['file', 'files'],
  match: ['file', 'files'],
};

/** @param counts By code. @returns a line each, none where there is nothing to tell. */
export function truthText(counts: ReadonlyMap<string, number>): string {
  const lines = Object.entries(FINDINGS).flatMap(([code, { kind, sure, reason }]) => {
    const count = counts.get(code) ?? 0;
    if (count === 0) return [];
    const [one, many] = SUBJECT[kind];
    return [`  ${count} ${count === 1 ? one : many} (${kind}, ${code}, ${sure}): each ${reason}`];
  });
  return lines.length === 0 ? 'no recordings, and no call that should have one' : ['recordings:', ...lines].join('\n');
}
