/** 30037: who asks and on which box; and whose password it is that opens an account. */
import { expect, onTestFinished, test } from 'vitest';
import { openApiKeys } from '../../cgi/access/keys.ts';
import { dispatch } from '../../cgi/dispatch.ts';
import { createLog } from '../../daemon/log.ts';
import { firstAccounts, setUser } from '../../daemon/state.ts';
import type { Role } from '../../storage/model/rights.ts';
import { temporaryFolder } from '../support/folder.ts';
import { openBox } from './box.ts';

const BY = { who: 'cdrd', address: '' } as const;
/** Guide 4.1: MD5 of admin, max123456. */
const [ADMIN, MAX] = ['21232f297a57a5a743894a0e4a801fc3', 'bda313358ca9daf69a08ecd18942b644'] as const;

/** @returns what asks as the account of this name. */
function asking({ services }: ReturnType<typeof openBox>, user: string, role: Role = 'admin') {
  return async (number: number, query = '') => {
    const { token } = services.sessions.begin({ user, role });
    const reply = await dispatch(
      { number: String(number), query, body: async () => '', token, address: '192.0.2.7' },
      services,
    );
    if (reply.kind !== 'json') throw new Error(reply.kind);
    return reply.body as Record<string, unknown>;
  };
}

test('tells a session who it is, and the box with its clock', async () => {
  const box = openBox({
    ports: { box: { host: 'nexo', version: '9.8.7', zone: 'Etc/GMT+8', clockDoubt: () => 'why' } },
  });
  await box.services.accounts.put({ user: 'monitor', role: 'monitor', digest: MAX }, BY);
  const before = Date.now();
  const body = await asking(box, 'monitor', 'monitor')(30037);
  const now = Number(body['now']);
  expect(now).toBeGreaterThanOrEqual(before);
  expect(now).toBeLessThanOrEqual(Date.now());
  expect(body).toEqual({
    ...{ user: 'monitor', role: 'monitor', by: 'session', address: '192.0.2.7', initial: false, totp: false },
    ...{ host: 'nexo', version: '9.8.7', zone: 'Etc/GMT+8', clock_trusted: false },
    now,
    clock: box.services.zone.text(Math.floor(now / 1000)),
  });
});

test('tells a key that it is one, whatever account has its name', async () => {
  const box = openBox();
  const keys = await openApiKeys(box.store);
  const { key } = await keys.make({ name: 'crm', role: 'monitor', numbers: [30037] }, BY);
  const request = { number: '30037', query: '', body: async () => '', token: key, address: '' };
  expect(await dispatch(request, { ...box.services, keys })).toMatchObject({
    body: { user: 'key:crm', role: 'monitor', by: 'key', initial: false, totp: false },
  });
});

test('a password is initial until its owner chooses another', async () => {
  const box = openBox();
  const { accounts } = box.services;
  await accounts.put({ user: 'admin', role: 'admin', digest: ADMIN, isInitial: true }, BY);
  const admin = asking(box, 'admin');
  const anna = asking(box, 'anna', 'monitor');
  const isInitial = async (ask: typeof admin) => (await ask(30037))['initial'];
  expect(await isInitial(admin)).toBe(true);
  // Another role is no other password, and the same password is none.
  await admin(30008, `UserName=anna&role=admin&Password=${MAX}`);
  await admin(30008, 'UserName=anna&role=monitor');
  expect(await isInitial(anna)).toBe(true);
  await anna(30006, `OldPassword=${MAX}&NewPassword=${MAX}`);
  expect(await isInitial(anna)).toBe(true);
  await anna(30006, `OldPassword=${MAX}&NewPassword=${ADMIN}`);
  expect(await isInitial(anna)).toBe(false);
  // Given anew by somebody else, it is one again; by oneself, it isn't.
  await admin(30008, `UserName=anna&Password=${MAX}`);
  expect(await isInitial(anna)).toBe(true);
  await admin(30008, `UserName=admin&Password=${MAX}`);
  expect(await isInitial(admin)).toBe(false);
});

test('the list of accounts says so, and the last log-in, which is not written for each', async () => {
  const box = openBox();
  const { accounts } = box.services;
  await accounts.put({ user: 'admin', role: 'admin', digest: ADMIN, isInitial: true }, BY);
  const first = async () => ((await asking(box, 'admin')(30007))['json_array_accounts'] as object[])[0];
  expect(await first()).toEqual({ user: 'admin', role: 'admin', totp: false, initial: true, used: '' });
  expect(await accounts.logIn('admin', MAX, '')).toBe(null);
  expect(await first()).toMatchObject({ used: '' });
  expect(await accounts.logIn('admin', ADMIN, '')).not.toBe(null);
  const today = box.services.zone.text(Math.floor(Date.now() / 1000)).slice(0, 10);
  const used = async () => String(((await first()) as { used: string }).used);
  await expect.poll(used).toMatch(new RegExp(`^${today} \\d\\d:\\d\\d:\\d\\d$`));
  const before = await used();
  const noted = (await box.store.ask('user', 'admin'))?.usedAt;
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  await accounts.logIn('admin', ADMIN, '');
  expect((await box.store.ask('user', 'admin'))?.usedAt).toBe(noted);
  expect((await used()) > before).toBe(true);
});

test('the first accounts of a new box are asked for a password of their own, and one that the console sets is one', async () => {
  const box = openBox();
  const { accounts } = box.services;
  const folder = temporaryFolder(onTestFinished);
  const log = createLog({ level: 'error', write: () => {}, terminal: false });
  await firstAccounts(folder, box.store, accounts, log);
  const initial = async () => (await accounts.list()).map(({ user, isInitial }) => [user, isInitial]);
  expect(await initial()).toEqual([
    ['admin', true],
    ['monitor', true],
  ]);
  await setUser(folder, accounts, { user: 'admin', role: 'admin', digest: MAX }, 'console');
  expect(await initial()).toEqual([
    ['admin', false],
    ['monitor', true],
  ]);
});
