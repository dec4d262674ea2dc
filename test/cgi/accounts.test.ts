/** Numbers 30005 to 30012 over a real store: log out, own password, accounts, API keys. */
import { describe, expect, test } from 'vitest';
import { openApiKeys } from '../../cgi/access/keys.ts';
import { callerOf, dispatch } from '../../cgi/dispatch.ts';
import { CgiError } from '../../cgi/reply.ts';
import type { StoreClient } from '../../storage/client.ts';
import { openBox } from './box.ts';

const BY = { who: 'test', address: '192.0.2.7' } as const;
/** Guide 4.1: MD5 of admin, monitor, max123456. */
const [ADMIN, MONITOR, MAX] = [
  '21232f297a57a5a743894a0e4a801fc3',
  '08b5411f848a2581a41672a759c87380',
  'bda313358ca9daf69a08ecd18942b644',
] as const;
const EMPTY = 'd41d8cd98f00b204e9800998ecf8427e';

/** A box with the two first accounts. */
async function openOffice() {
  const box = openBox();
  await box.services.accounts.put({ user: 'admin', role: 'admin', digest: ADMIN }, BY);
  await box.services.accounts.put({ user: 'monitor', role: 'monitor', digest: MONITOR }, BY);
  const audit = async () => (await box.store.ask('auditEntries', { before: null, limit: 50 })).entries;
  return { ...box, audit };
}

const invalid = (parameter: string) => ({ status: 400, body: { error: { code: 'invalid', parameter } } });
const fault = (status: number, code: string) => ({ status, body: { error: { code } } });

describe('log out (30005)', () => {
  test('ends the session that asks and takes its cookie away', async () => {
    const { services } = await openOffice();
    const [mine, other] = [1, 2].map(() => services.sessions.begin({ user: 'admin', role: 'admin' }).token);
    const request = { number: '30005', query: '', body: async () => '', token: mine ?? null, address: '' };
    expect(await dispatch(request, services)).toEqual({
      kind: 'json',
      status: 200,
      body: { result: 'success', user: 'admin' },
      session: null,
    });
    expect([mine, other].map((token) => services.sessions.find(String(token)) !== null)).toEqual([false, true]);
    await expect(dispatch(request, services)).rejects.toMatchObject({ code: 'login' });
  });
});

describe('own password (30006)', () => {
  test('needs the old one, ends the user’s other sessions, and leaves the role', async () => {
    const { services, audit } = await openOffice();
    const [mine, other] = [1, 2].map(() => services.sessions.begin({ user: 'monitor', role: 'monitor' }).token);
    const change = (old: string, fresh: string) =>
      dispatch(
        {
          number: '30006',
          query: `OldPassword=${old}&NewPassword=${fresh}`,
          body: async () => '',
          token: mine ?? null,
          address: '192.0.2.7',
        },
        services,
      );
    await expect(change(ADMIN, MAX)).rejects.toMatchObject({ code: 'invalid', parameter: 'OldPassword' });
    await expect(change(MONITOR, EMPTY)).rejects.toMatchObject({ code: 'invalid', parameter: 'NewPassword' });
    expect(services.sessions.find(String(other))).not.toBe(null);
    expect(await change(MONITOR, MAX)).toMatchObject({ status: 200, body: { result: 'success', user: 'monitor' } });
    expect([mine, other].map((token) => services.sessions.find(String(token)) !== null)).toEqual([true, false]);
    expect(await services.accounts.logIn('monitor', MONITOR, '')).toBe(null);
    expect(await services.accounts.logIn('monitor', MAX, '')).toMatchObject({ user: 'monitor', role: 'monitor' });
    const lines = await audit();
    expect(lines.map(({ action, who }) => `${action} ${who}`)).toContain('password.changed monitor');
    expect(lines.map(({ action, who }) => `${action} ${who}`)).toContain('password.failed monitor');
    expect(JSON.stringify(lines)).not.toMatch(/(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])|scrypt/);
  });

  test('a stolen session can’t guess it faster than a log-in could', async () => {
    const { services } = await openOffice();
    const { token } = services.sessions.begin({ user: 'monitor', role: 'monitor' });
    const guess = () =>
      services.accounts.changePassword('monitor', { old: ADMIN, fresh: MAX }, BY, token).then(
        () => 'right',
        (error: CgiError) => error.code,
      );
    const answers: string[] = [];
    for (let tries = 0; tries < 8; tries++) answers.push(await guess());
    expect(answers.slice(0, 6)).toEqual(Array(6).fill('invalid'));
    expect(answers.slice(6)).toEqual(['busy', 'busy']);
  });
});

describe('accounts (30007 to 30009)', () => {
  test('are made, listed without hashes, changed in one part, removed', async () => {
    const { ask, services, audit } = await openOffice();
    expect(await ask(30008, `UserName=eva&role=monitor&Password=${MAX.toUpperCase()}`)).toEqual({
      status: 200,
      body: { result: 'success', user: 'eva' },
    });
    expect(await ask(30007)).toEqual({
      status: 200,
      body: {
        json_array_accounts: [
          { user: 'admin', role: 'admin', totp: false, initial: false, used: '' },
          { user: 'eva', role: 'monitor', totp: false, initial: true, used: '' },
          { user: 'monitor', role: 'monitor', totp: false, initial: false, used: '' },
        ],
      },
    });
    const session = await services.accounts.logIn('eva', MAX, '');
    expect((await ask(30008, 'UserName=eva&role=admin')).status).toBe(200);
    expect(services.sessions.find(String(session?.token))).toBe(null);
    expect(await services.accounts.logIn('eva', MAX, '')).toMatchObject({ role: 'admin' });
    expect((await ask(30008, `UserName=eva&Password=${ADMIN}`)).status).toBe(200);
    expect(await services.accounts.logIn('eva', ADMIN, '')).toMatchObject({ role: 'admin' });
    const last = await services.accounts.logIn('eva', ADMIN, '');
    expect((await ask(30009, 'UserName=eva')).status).toBe(200);
    expect(services.sessions.find(String(last?.token))).toBe(null);
    expect(await services.accounts.logIn('eva', ADMIN, '')).toBe(null);
    expect(await ask(30009, 'UserName=eva')).toMatchObject(fault(404, 'not_found'));
    expect(
      (await audit())
        .filter(({ detail }) => detail['user'] === 'eva' && detail['untold'] === undefined)
        .map(({ action }) => action),
    ).toEqual(expect.arrayContaining(['user.removed', 'user.set', 'user.set', 'user.set', 'login']));
  });

  test.each([
    ['', 'UserName'],
    ['UserName=a b', 'UserName'],
    ['UserName=eva', 'role'],
    [`UserName=eva&Password=${MAX}`, 'role'],
    ['UserName=eva&role=monitor', 'Password'],
    [`UserName=eva&role=root&Password=${MAX}`, 'role'],
    ['UserName=eva&role=monitor&Password=secret', 'Password'],
    [`UserName=eva&role=monitor&Password=${EMPTY}`, 'Password'],
    ['UserName=admin', 'role'],
    ['UserName=key:x&role=admin', 'UserName'],
    [`UserName=console&role=admin&Password=${MAX}`, 'UserName'],
    [`UserName=Cdrd&role=monitor&Password=${MAX}`, 'UserName'],
  ])('30008 with %j names %s and changes nothing', async (query, parameter) => {
    const { ask, store } = await openOffice();
    const before = await store.ask('users');
    expect(await ask(30008, query)).toMatchObject(invalid(parameter));
    expect(await store.ask('users')).toEqual(before);
  });

  test('the last admin can be neither removed nor demoted, not even by two at the same moment', async () => {
    const { ask, services } = await openOffice();
    expect(await ask(30009, 'UserName=admin')).toMatchObject(fault(409, 'conflict'));
    expect(await ask(30008, 'UserName=admin&role=monitor')).toMatchObject(fault(409, 'conflict'));
    expect((await ask(30008, `UserName=admin&role=admin&Password=${MAX}`)).status).toBe(200);
    await ask(30008, `UserName=eva&role=admin&Password=${MAX}`);
    const both = await Promise.all([
      ask(30008, 'UserName=admin&role=monitor'),
      ask(30009, 'UserName=eva'),
      ask(30009, 'UserName=admin'),
    ]);
    expect(both.map(({ status }) => status)).toEqual([200, 409, 200]);
    expect((await services.accounts.list()).filter(({ role }) => role === 'admin')).toMatchObject([
      { user: 'eva', role: 'admin' },
    ]);
  });

  test('are bounded', async () => {
    const { ask, services, store } = await openOffice();
    for (let index = 2; index < 100; index++)
      await store.write({
        kind: 'user',
        user: { name: `u${index}`, role: 'monitor', hash: '', isInitial: false },
        audit: { ...BY, action: 'user.set', detail: {} },
      });
    expect(await ask(30008, `UserName=more&role=monitor&Password=${MAX}`)).toMatchObject(fault(409, 'conflict'));
    expect((await ask(30008, 'UserName=u5&role=admin')).status).toBe(200);
    expect(await services.accounts.list()).toHaveLength(100);
  });

  test('a log-in that a change of the password overtakes begins no session', async () => {
    const { services, store } = await openOffice();
    const slow = { ...store } as { -readonly [K in keyof StoreClient]: StoreClient[K] };
    const { createAccounts } = await import('../../cgi/access/accounts.ts');
    const { sessionLimits } = await import('../../daemon/limits.ts');
    let overtake: (() => Promise<void>) | null = null;
    slow.ask = (async (operation: never, ...rest: never[]) => {
      const answer = await (store.ask as (...all: unknown[]) => Promise<unknown>)(operation, ...rest);
      if (overtake && operation === 'user') {
        const first = overtake;
        overtake = null;
        await first(); // between the reading of the hash and the comparison with it
      }
      return answer;
    }) as StoreClient['ask'];
    // Two checks at a time: the change's own hash would else wait for the check that waits for the change.
    const accounts = createAccounts(slow, services.sessions, { ...sessionLimits, checks: 2 });
    overtake = () => accounts.put({ user: 'admin', role: 'admin', digest: MAX }, BY);
    expect(await accounts.logIn('admin', ADMIN, '')).toBe(null);
    expect(services.sessions.count).toBe(0);
    overtake = () => accounts.put({ user: 'monitor', role: 'monitor', digest: MAX }, BY);
    expect(await accounts.logIn('admin', MAX, '')).toMatchObject({ user: 'admin' }); // another's change is no hindrance
  });
});

describe('API keys (30010 to 30012)', () => {
  async function openKeyed() {
    const office = await openOffice();
    const keys = await openApiKeys(office.store);
    const services = { ...office.services, keys };
    const as = async (token: string | null, number: number, query = '') => {
      try {
        const reply = await dispatch(
          { number: String(number), query, body: async () => '', token, address: '' },
          services,
        );
        return reply.kind === 'json'
          ? { status: reply.status, body: reply.body as Record<string, unknown> }
          : { status: 200, body: {} };
      } catch (error) {
        if (!(error instanceof CgiError)) throw error;
        return { status: 0, body: { code: error.code, parameter: error.parameter } };
      }
    };
    const admin = services.sessions.begin({ user: 'admin', role: 'admin' }).token;
    return { ...office, services, keys, as, admin };
  }

  test('are shown once, listed without what opens anything, and revoked at once', async () => {
    const { as, admin, store, audit } = await openKeyed();
    const made = await as(admin, 30011, 'name=billing 2&role=admin&numbers=9006, 20053');
    expect(made.body).toMatchObject({ result: 'success', name: 'billing 2', role: 'admin', numbers: '9006,20053' });
    const { id, key } = made.body as { id: string; key: string };
    expect(key).toMatch(new RegExp(`^cdrd-${id}-[A-Za-z0-9_-]{43}$`));
    const listed = await as(admin, 30010);
    expect(listed.body).toEqual({
      json_array_keys: [
        {
          id,
          name: 'billing 2',
          role: 'admin',
          numbers: '9006,20053',
          scopes: '',
          made_by: 'admin',
          made: expect.stringMatching(/^\d{4}-/),
          expires: '',
          used: '',
        },
      ],
    });
    const secret = key.slice(-43);
    expect(JSON.stringify([listed, await audit(), await store.ask('apiKeys')])).not.toContain(secret);
    expect((await as(key, 9006)).status).toBe(200);
    expect((await as(admin, 30012, `id=${id}`)).body).toEqual({ result: 'success', id });
    expect((await as(key, 9006)).body).toMatchObject({ code: 'login' });
    expect((await as(admin, 30012, `id=${id}`)).body).toMatchObject({ code: 'not_found' });
    expect((await openApiKeys(store)).find(key)).toBe(null);
    expect((await audit()).map(({ action }) => action)).toEqual(expect.arrayContaining(['key.made', 'key.revoked']));
  });

  test('hold scopes that they were given, and hand on none but these', async () => {
    const { as, admin, keys, store, audit } = await openKeyed();
    const made = await as(admin, 30011, 'name=crm&role=admin&scopes=firewall, call.place,firewall');
    expect(made.body).toMatchObject({ result: 'success', scopes: 'firewall,call.place' });
    const { key } = made.body as { key: string };
    expect(keys.find(key)?.scopes).toEqual(new Set(['firewall', 'call.place']));
    expect((await openApiKeys(store)).find(key)?.scopes).toEqual(new Set(['firewall', 'call.place']));
    expect((await as(admin, 30010)).body).toMatchObject({ json_array_keys: [{ scopes: 'firewall,call.place' }] });
    const [line] = (await audit()).filter(({ action }) => action === 'key.made');
    expect(line?.detail).toMatchObject({ scopes: 'firewall,call.place' });

    const more = { code: 'denied', parameter: undefined };
    expect((await as(key, 30011, 'name=x&role=admin&scopes=extension.secrets')).body).toEqual(more);
    expect((await as(key, 30011, 'name=x&role=admin&scopes=firewall')).status).toBe(200);
    const plain = (await as(admin, 30011, 'name=plain&role=admin')).body as { key: string };
    expect(keys.find(plain.key)?.scopes).toEqual(new Set());
    expect((await as(plain.key, 30011, 'name=x&role=admin&scopes=firewall')).body).toEqual(more);
  });

  test('with days: only by a clock that has been set, or they would be over when it is', async () => {
    const { store } = await openOffice();
    let now = 100;
    const keys = await openApiKeys(store, () => now, 1_000_000);
    const wanted = { name: 'x', role: 'admin', numbers: null } as const;
    await expect(keys.make({ ...wanted, days: 1 }, BY)).rejects.toMatchObject({ code: 'conflict', parameter: 'days' });
    await keys.make(wanted, BY);
    now = 1_000_000;
    const { key } = await keys.make({ ...wanted, days: 1 }, BY);
    expect(keys.find(key)).toMatchObject({ user: 'key:x' });
  });

  test('open what their role may and their numbers name, and nothing else', async () => {
    const { as, admin } = await openKeyed();
    const key = async (query: string) => String((await as(admin, 30011, `name=x&${query}`)).body['key']);
    const [all, monitor, some, one] = [
      await key('role=admin'),
      await key('role=monitor'),
      await key('role=admin&numbers=9006'),
      await key('role=monitor&numbers=20053'),
    ];
    const seen = await Promise.all(
      [all, monitor, some, one].map((each) =>
        Promise.all([9006, 20053, 30007].map(async (n) => (await as(each, n)).status)),
      ),
    );
    expect(seen).toEqual([
      [200, 200, 200],
      [0, 200, 0],
      [200, 0, 0],
      [0, 200, 0],
    ]);
    // A key has neither a session to end nor a password to change.
    expect((await as(all, 30005)).body).toMatchObject({ code: 'conflict' });
    expect((await as(all, 30006, `OldPassword=${ADMIN}&NewPassword=${MAX}`)).body).toMatchObject({ code: 'conflict' });
  });

  test('may have an end, behind which they open nothing; nor where the clock shows a time before they were made', async () => {
    const { store, services } = await openKeyed();
    const time = { now: 1_800_000_000 };
    const keys = await openApiKeys(store, () => time.now);
    const { id, key } = await keys.make({ name: 'x', role: 'admin', numbers: null, days: 1 }, BY);
    const { key: endless } = await keys.make({ name: 'y', role: 'admin', numbers: null }, BY);
    const opens = (at: number, from = keys) => {
      time.now = at;
      return [key, endless].map((each) => callerOf(each, { ...services, keys: from }) !== null);
    };
    expect(opens(1_800_000_000)).toEqual([true, true]);
    expect(opens(1_800_086_399)).toEqual([true, true]);
    expect(opens(1_800_086_400)).toEqual([false, true]);
    expect(opens(60)).toEqual([false, true]); // 1970: the box has just got its power
    const again = await openApiKeys(store, () => time.now);
    expect(opens(1_800_000_001, again)).toEqual([true, true]);
    expect(opens(1_800_086_400, again)).toEqual([false, true]);
    expect(again.list().map((each) => each.id)).toContain(id); // until somebody revokes it
  });

  test('show the day of their last use, which is written once a day, and no program waits for it', async () => {
    const { store } = await openKeyed();
    const time = { now: 1_800_000_000 };
    const written: string[] = [];
    let full = false;
    const write: StoreClient['write'] = (item) => {
      written.push(item.kind);
      return full ? Promise.reject(new Error('disk')) : store.write(item);
    };
    const keys = await openApiKeys({ ...store, write }, () => time.now);
    const { key } = await keys.make({ name: 'x', role: 'admin', numbers: null }, BY);
    for (let second = 0; second < 5_000; second++) keys.find(key);
    expect(keys.list()[0]?.usedAt).toBe(1_800_000_000);
    time.now += 86_400;
    full = true;
    expect(keys.find(key)).not.toBe(null);
    expect(keys.find(key)).not.toBe(null);
    expect(written).toEqual(['apiKey', 'apiKeyUsed', 'apiKeyUsed']);
    expect((await store.ask('apiKeys'))[0]?.usedAt).toBe(1_800_000_000);
    expect(keys.find(`${key}x`)).toBe(null);
  });

  test('one that is limited to numbers makes none that may more', async () => {
    const { as, admin } = await openKeyed();
    const { key } = (await as(admin, 30011, 'name=x&role=admin&numbers=30011,9006')).body as { key: string };
    for (const query of ['', '&numbers=9006,9004', '&numbers='])
      expect((await as(key, 30011, `name=y&role=admin${query}`)).body).toMatchObject({ code: 'denied' });
    expect((await as(key, 30011, 'name=y&role=admin&numbers=9006&days=30')).body).toMatchObject({
      result: 'success',
      expires: '2021-06-06 12:00:00',
    });
  });

  test.each([
    ['name=x&role=admin&days=0', 'days'],
    ['name=x&role=admin&days=3651', 'days'],
    ['name=x&role=admin&days=1.5', 'days'],
    ['name=x&role=admin&days=-1', 'days'],
    ['', 'name'],
    ['name=x', 'role'],
    ['name=x&role=root', 'role'],
    ['name=<b>&role=admin', 'name'],
    ['name= x&role=admin', 'name'],
    ['name=x&role=admin&numbers=9006,', 'numbers'],
    ['name=x&role=admin&numbers=9006,1', 'numbers'],
    ['name=x&role=admin&numbers=__proto__', 'numbers'],
    ['name=x&role=admin&numbers=09006', 'numbers'],
    ['name=x&role=monitor&numbers=9006', 'numbers'],
    ['name=x&role=monitor&scopes=firewall', 'scopes'],
    ['name=x&role=admin&scopes=firewall,root', 'scopes'],
    ['name=x&role=admin&scopes=__proto__', 'scopes'],
    [`name=x&role=admin&numbers=${'9006,'.repeat(200)}9006`, 'numbers'],
  ])('30011 with %j names %s and makes nothing', async (query, parameter) => {
    const { as, admin, keys } = await openKeyed();
    expect((await as(admin, 30011, query)).body).toEqual({ code: 'invalid', parameter });
    expect(keys.list()).toEqual([]);
  });

  test('one that differs in a single character, or only claims to be one, is none', async () => {
    const { keys } = await openKeyed();
    const { key } = await keys.make({ name: 'x', role: 'admin', numbers: null }, BY);
    expect(keys.find(key)).toEqual({ user: 'key:x', role: 'admin', numbers: null, scopes: new Set() });
    for (let index = 0; index < key.length; index++) {
      const other = key[index] === 'a' ? 'b' : 'a';
      expect(keys.find(key.slice(0, index) + other + key.slice(index + 1))).toBe(null);
    }
    for (const none of ['', 'cdrd-', key.slice(0, -1), `${key}a`, ` ${key}`, key.toUpperCase(), 'x'.repeat(10_000)])
      expect(keys.find(none)).toBe(null);
  });

  test('are compared in constant time: by timingSafeEqual, over the whole hash', async () => {
    const { readFileSync } = await import('node:fs');
    const source = readFileSync(new URL('../../cgi/access/keys.ts', import.meta.url), 'utf8');
    expect(source).toMatch(
      /timingSafeEqual\(Buffer\.from\(hashOf\(text\), 'hex'\), Buffer\.from\(key\.hash, 'hex'\)\)/,
    );
    expect(source).not.toMatch(/hash\s*(===|!==)|(===|!==)\s*\w*\.?hash/);
  });

  test('are a hundred at most, also when many are made at the same moment', async () => {
    const { keys } = await openKeyed();
    const made = await Promise.allSettled(
      Array.from({ length: 110 }, () => keys.make({ name: 'x', role: 'monitor', numbers: null }, BY)),
    );
    expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(100);
    expect(keys.list()).toHaveLength(100);
    const [first] = keys.list();
    await keys.revoke(String(first?.id), BY);
    await keys.make({ name: 'y', role: 'monitor', numbers: null }, BY);
  });

  test('one that could not be stored opens nothing', async () => {
    const { services, store } = await openKeyed();
    const broken = { ...store, write: () => Promise.reject(new Error('disk')) } as unknown as StoreClient;
    const keys = await openApiKeys(broken);
    await expect(keys.make({ name: 'x', role: 'admin', numbers: null }, BY)).rejects.toThrow('disk');
    expect(keys.list()).toEqual([]);
    expect(callerOf('cdrd-', { ...services, keys })).toBe(null);
  });

  test('one whose end could not be stored opens nothing, and is listed until it could', async () => {
    const { store } = await openKeyed();
    let full = false;
    const write: StoreClient['write'] = (item) => (full ? Promise.reject(new Error('disk')) : store.write(item));
    const keys = await openApiKeys({ ...store, write });
    const { id, key } = await keys.make({ name: 'x', role: 'admin', numbers: null }, BY);
    full = true;
    await expect(keys.revoke(id, BY)).rejects.toThrow('disk');
    expect(keys.find(key)).toBe(null);
    expect(keys.list().map((each) => each.id)).toContain(id); // the next start would take it again
    full = false;
    expect(await keys.revoke(id, BY)).toBe(true);
    expect(keys.list().map((each) => each.id)).not.toContain(id);
    expect(await keys.revoke(id, BY)).toBe(false);
  });
});
