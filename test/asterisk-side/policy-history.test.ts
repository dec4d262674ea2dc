/** When what Asterisk was told to record is written down: at a change, after a jump of the clock, and again where that failed. */
import { expect, test } from 'vitest';
import { policyKeys, recordedKinds } from '../../daemon/asterisk/astdb.ts';
import { createPolicyHistory } from '../../daemon/asterisk/policy-history.ts';
import type { CallType } from '../../storage/model/leg.ts';

function rig() {
  const clock = { wall: 1_780_000_000_000, mono: 5_000 };
  const written: string[] = [];
  const fail = { next: false };
  const told = createPolicyHistory({
    store: {
      async write(item) {
        if (fail.next) {
          fail.next = false;
          throw new Error('the disk is full');
        }
        written.push((item as { kinds: readonly CallType[] }).kinds.join());
        return {} as never;
      },
    },
    log: { warn() {} },
    now: () => clock.wall,
    mono: () => clock.mono,
  });
  const pass = (ms: number) => {
    clock.wall += ms;
    clock.mono += ms;
  };
  return { clock, written, fail, told, pass };
}

test('a change is written, what is told again is not', () => {
  const { told, written, pass } = rig();
  told(['Inbound']);
  pass(30_000);
  told(['Inbound']);
  told([]);
  told(['Inbound']);
  expect(written).toEqual(['Inbound', '', 'Inbound']);
});

test('after a jump of the clock, back or forth, it is written under the new time', () => {
  const { told, written, clock, pass } = rig();
  told(['Inbound']);
  clock.wall += 3_600_000;
  told(['Inbound']);
  pass(30_000);
  told(['Inbound']);
  clock.wall = 0;
  told(['Inbound']);
  expect(written).toEqual(['Inbound', 'Inbound', 'Inbound']);
});

test('what could not be written is written the next time', async () => {
  const { told, written, fail } = rig();
  fail.next = true;
  told(['Inbound']);
  await Promise.resolve();
  await Promise.resolve();
  told(['Inbound']);
  expect(written).toEqual(['Inbound']);
});

test('nothing is recorded while `enable` is off, whatever the kinds say', () => {
  const kinds = { Internal: true, Outbound: false, Inbound: true, CallBack: false, Conference: false };
  const prompt = { sound: '', recorded: false };
  const policy = { dir: '/r', enable: true, kinds, prompts: { Inbound: prompt, Outbound: prompt } };
  expect(recordedKinds(policyKeys(policy))).toEqual(['Internal', 'Inbound']);
  expect(recordedKinds(policyKeys({ ...policy, enable: false }))).toEqual([]);
});
