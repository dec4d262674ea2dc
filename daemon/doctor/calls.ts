/** The last calls that should have a recording and have none, by why: what the truth report says of a week. */
import type { StoreClient } from '../../storage/client.ts';
import type { Zone } from '../../storage/model/local-time.ts';
import { codesOf, FINDINGS } from '../../storage/model/truth.ts';
import { type Check, type Finding, ok, warning } from './finding.ts';

export interface CallParts {
  readonly store: Pick<StoreClient, 'tally'>;
  readonly zone: Zone;
  /** Epoch seconds. */
  now(): number;
}

const DAYS = 7;

export function callsCheck({ store, zone, now }: CallParts): Check {
  const look = async (): Promise<readonly Finding[]> => {
    const to = now();
    const start = { from: to - DAYS * 86_400, to };
    const wall = { from: start.from + zone.offsetAt(start.from), to: to + zone.offsetAt(to) };
    const counts = new Map<string, number>();
    for await (const { codes } of store.tally({ kind: 'missing', codes: codesOf('missing'), start, wall }))
      for (const [code, count] of codes) counts.set(code, (counts.get(code) ?? 0) + count);
    const found = [...counts].filter(([, count]) => count > 0).sort(([, a], [, b]) => b - a);
    if (found.length === 0)
      return [ok('recordings.calls', `no call of the last ${DAYS} days lacks a recording that it should have`)];
    const all = found.reduce((sum, [, count]) => sum + count, 0);
    const why = found.map(([code, count]) => `${count} (${code}): each ${FINDINGS[code]?.reason ?? ''}`).join('; ');
    return [
      warning(
        'recordings.calls',
        `${all === 1 ? '1 call' : `${all} calls`} of the last ${DAYS} days without a recording: ${why}`,
        null,
      ),
    ];
  };
  return { name: 'recordings.calls', look };
}
