/** Where the audit log ends is told to the log in full, soon after something was done and seldom otherwise. */
import { expect, test, vi } from 'vitest';
import { tellAuditHeads } from '../daemon/audit-heads.ts';
import { createLog } from '../daemon/log.ts';
import { leakIn } from './support/log-leaks.ts';

test('heads reach the log whole, though they have runs of digits, and say nothing that a log may not', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  const hash = { act: `1234567890${'a1'.repeat(27)}`, use: 'b'.repeat(64), refused: '0'.repeat(64) };
  const line = { act: 1_234_567, use: 1, refused: 0 };
  const chains = () =>
    (['act', 'use', 'refused'] as const).map((chain) => ({ chain, head: { line: line[chain], hash: hash[chain] } }));
  const lines: string[] = [];
  const log = createLog({ level: 'info', write: (text) => lines.push(text), terminal: false });
  const store = { ask: async () => chains() } as never;
  const heads = tellAuditHeads({ store, log, limits: { lookMs: 60_000, quietMs: 3_600_000 } });
  await vi.advanceTimersByTimeAsync(0);
  expect(lines).toEqual([
    `<6>the audit log ends here act=act:1234567:${hash.act} use=use:1:${hash.use} refused=refused:0:${hash.refused}\n`,
  ]);
  expect(lines.map((text) => leakIn(text))).toEqual([null]);
  line.use++;
  await vi.advanceTimersByTimeAsync(600_000);
  expect(lines).toHaveLength(1);
  line.act++;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(lines).toHaveLength(2);
  line.refused++;
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(lines).toHaveLength(3);
  await vi.advanceTimersByTimeAsync(7_200_000);
  expect(lines).toHaveLength(3);
  line.use++;
  await heads.close();
  expect(lines).toHaveLength(4);
  vi.useRealTimers();
});
