/** Changes on trial (cgi/trial) that meet other changes: nothing of the others is lost, and none comes in between. */
import { expect, test } from 'vitest';
import { createAccounts } from '../../cgi/access/accounts.ts';
import type { NewTrial } from '../../cgi/trial/port.ts';
import { openTrials } from '../../cgi/trial/trials.ts';
import { sessionLimits } from '../../daemon/limits.ts';
import { openBox } from './box.ts';

const log = { info() {}, warn() {} };
const BOX = { who: 'cdrd', address: '' };
const BY = { who: 'admin', address: '192.0.2.7' };
const [OLD, FRESH, OTHER] = ['1', '2', '3'].map((digit) => digit.repeat(32)) as [string, string, string];
/** Who confirms it, by a connection that is new. */
const asker = (who: string) => ({
  ...{ who, address: '192.0.2.7', isAdmin: true },
  door: { listener: 'http' as const, listen: '', since: Number.POSITIVE_INFINITY, host: '' },
});

/** Two admins. */
async function office() {
  const { store } = openBox();
  const trials = await openTrials({ store, log, box: BOX });
  const accounts = createAccounts(store, null, sessionLimits, { trials });
  for (const user of ['admin', 'other']) await accounts.put({ user, role: 'admin', digest: OLD }, BOX);
  const lower = async () => {
    const begun = await accounts.set({ user: 'admin', role: 'monitor', digest: undefined }, BY, 60);
    if (!begun) throw new Error('no trial');
    return begun;
  };
  return { store, trials, accounts, lower };
}

test('a password that is changed while its account is on trial stays changed when that is confirmed', async () => {
  const { store, trials, accounts, lower } = await office();
  const { trial, start } = await lower();
  start();
  await accounts.changePassword('admin', { old: OLD, fresh: FRESH }, BY, null);
  const chosen = (await store.ask('user', 'admin'))?.hash;
  await trials.confirm(trial.token, asker('admin'));
  expect(await store.ask('user', 'admin')).toMatchObject({ role: 'monitor', hash: chosen });
});

test('an account is spoken for from the moment when its trial is asked for, and the last admin stays one', async () => {
  const { store, trials, accounts, lower } = await office();
  const { trial, start } = await lower();
  await expect(accounts.set({ user: 'admin', role: 'admin', digest: OTHER }, BOX)).rejects.toMatchObject({
    code: 'conflict',
  });
  // The other goes before the answer is written, from when on the first is admin no more.
  await accounts.set({ user: 'other', role: 'monitor', digest: undefined }, { ...BY, who: 'other' });
  start();
  await expect(trials.confirm(trial.token, asker('admin'))).rejects.toMatchObject({ code: 'conflict' });
  expect((await store.ask('user', 'admin'))?.role).toBe('admin');
  expect(trials.now).toBeNull();
});

test('what the console sets meanwhile holds, also where the trial is confirmed at the same moment', async () => {
  const { store, trials, accounts, lower } = await office();
  const { trial, start } = await lower();
  start();
  const [put, confirmed] = await Promise.allSettled([
    accounts.put({ user: 'admin', role: 'admin', digest: FRESH }, { who: 'console', address: '' }),
    trials.confirm(trial.token, asker('admin')),
  ]);
  expect([put.status, confirmed.status]).toEqual(['fulfilled', 'rejected']);
  expect((await store.ask('user', 'admin'))?.role).toBe('admin');
  await expect(accounts.set({ user: 'admin', role: 'monitor', digest: undefined }, BY)).resolves.toBeNull();
});

test('until it is kept, or taken back, it is in the way of others, and its answer comes too late to make it hold', async () => {
  const { trials } = await office();
  const done: (() => void)[] = [];
  const wait = () => new Promise<void>((resolve) => void done.push(resolve));
  let applied = 0;
  const wanted: NewTrial = {
    ...{ what: ['http.listen'], seconds: 60, by: BY, doors: null, byAnother: false, location: null },
    apply: () => void applied++,
    ...{ keep: wait, back: wait },
  };
  const first = await trials.begin(wanted);
  first.start();
  const confirmed = trials.confirm(first.trial.token, asker('admin'));
  expect(() => trials.refuseMeanwhile('http.listen')).toThrow('is on trial');
  await expect(trials.takeBack(first.trial.token, asker('admin'))).rejects.toMatchObject({ code: 'not_found' });
  done.pop()?.();
  await confirmed;
  trials.refuseMeanwhile('http.listen');

  const second = await trials.begin(wanted);
  const taken = trials.takeBack(second.trial.token, asker('admin'));
  second.start();
  expect(() => trials.refuseMeanwhile('http.listen')).toThrow('is on trial');
  done.pop()?.();
  await taken;
  expect([applied, trials.now]).toEqual([1, null]);
});
