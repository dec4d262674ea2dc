/** The flag by which V8 learns late is one that the Node at hand knows: of another it would complain at each start. */
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { flagOf } from '../../storage/learn-late.ts';

test('the flag is of this Node', () => {
  const options = execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8' });
  expect(options).toContain(`  ${flagOf(process.versions.node)} (`);
});

test('each Node has its own; of one that nobody has looked at none is set', () => {
  expect(flagOf('20.19.0')).toBe('--interrupt-budget-factor-for-feedback-allocation');
  for (const other of ['21.0.0', '26.0.0']) expect(flagOf(other)).toBeNull();
  expect(flagOf('24.1.0')).toBe('--invocation-count-for-feedback-allocation');
});
