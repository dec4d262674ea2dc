/** A search inside numbers, whose end nobody waits for, ends with whoever asked. */
import { expect, test } from 'vitest';
import type { NumbersStep } from '../../storage/filter.ts';
import type { Lanes } from '../../storage/lanes.ts';
import { parseNumberPattern } from '../../storage/model/number-pattern.ts';
import { createWalks } from '../../storage/walks.ts';

/** More steps than anybody waits for. */
const STEPS = 1_000;

test.each([
  ['sums', (filter: object) => createWalks(lanes()).totals({ start: {}, ...filter }, ['disposition'])],
  ['a count', (filter: object) => createWalks(lanes()).count('call', { start: {}, lasted: { from: 5 }, ...filter })],
])('%s, of numbers that are looked for', async (_, walk) => {
  asked = 0;
  const steps = walk({ number: parseNumberPattern('*12*,*34*') });
  await steps.next();
  await steps.return(undefined);
  expect(asked).toBeLessThan(5);
});

let asked = 0;

/** Of a store that finds something in every step and never comes to an end. */
function lanes(): Lanes {
  const ask = async () => {
    asked += 1;
    const step: NumbersStep = { text: '', rows: 1, next: asked < STEPS ? { text: String(asked) } : null };
    return { value: step, ms: 1 };
  };
  return { ask } as unknown as Lanes;
}
