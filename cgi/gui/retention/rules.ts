/** The rules of retention by their settings, and what all of them together would remove. */
import type { RuleRow } from '../../contract.ts';

export const RULES = [
  { name: 'retention.recordings.days', key: 'recordingsDays', max: 36_500 },
  { name: 'retention.recordings.mb', key: 'recordingsMb', max: 100_000_000 },
  { name: 'retention.recordings.free', key: 'recordingsFree', max: 50 },
  { name: 'retention.calls.days', key: 'callsDays', max: 36_500 },
  { name: 'retention.calls.count', key: 'callsCount', max: 100_000_000 },
] as const;

export interface Removal {
  readonly recordings: number;
  readonly bytes: number;
  readonly calls: number;
}

export function removalOf(rows: readonly RuleRow[]): Removal {
  const of = (kind: string) => rows.filter(({ rule }) => rule.startsWith(`retention.${kind}.`));
  const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
  return {
    recordings: sum(of('recordings').map(({ count }) => count)),
    bytes: sum(of('recordings').map(({ bytes = 0 }) => bytes)),
    calls: sum(of('calls').map(({ count }) => count)),
  };
}

/** Whether saving must be asked for: more would go than by the rules as they are. */
export function removesMore(after: Removal, before: Removal): boolean {
  return after.recordings > before.recordings || after.calls > before.calls;
}
