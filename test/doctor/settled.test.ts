/** A doctor who is asked right after a start waits for the first looks, and not for ever. */
import { expect, test } from 'vitest';
import { createPerform, type PerformOptions } from '../../daemon/control/perform.ts';
import { settled } from '../../daemon/doctor/settled.ts';
import { NOT_LOOKED_AT } from '../../daemon/recordings/medium-state.ts';

function box() {
  const now = { asterisk: 'connecting' as 'connecting' | 'up' | 'down', why: NOT_LOOKED_AT as string };
  const parts = {
    asterisk: {
      connection: {
        get status() {
          return { state: now.asterisk };
        },
      },
    },
    medium: { state: () => ({ why: now.why }) },
  };
  return { now, parts };
}

test('it waits until Asterisk has been asked and the medium looked at', async () => {
  const { now, parts } = box();
  let over = false;
  const waiting = settled(parts, 5_000).then(() => {
    over = true;
  });
  now.asterisk = 'down';
  await new Promise((resolve) => setTimeout(resolve, 150));
  expect(over).toBe(false);
  now.why = 'nothing is mounted there';
  await waiting;
  expect(over).toBe(true);
});

test('what never comes to an end is told as it is', async () => {
  const { parts } = box();
  const began = performance.now();
  await settled(parts, 200);
  expect(performance.now() - began).toBeGreaterThanOrEqual(199);
});

test('what root goes by is told as it is after the wait, as the findings are', async () => {
  const now = { state: 'absent' };
  const doctor = {
    facts: () => ({ recordings: { ...now } }),
    async examine() {
      now.state = 'mounted';
      return [];
    },
  };
  const perform = createPerform({ doctor } as unknown as PerformOptions);
  const told = await perform({ command: 'doctor' });
  expect(JSON.parse(String(told))).toEqual({ facts: { recordings: { state: 'mounted' } }, findings: [] });
});
