/** Log-in: sessions, accounts, and what rests of a password. */
import { describe, expect, test } from 'vitest';
import { createAccounts } from '../../cgi/access/accounts.ts';
import { digestMatches, hashDigest, NOBODY } from '../../cgi/access/password.ts';
import { createSessions } from '../../cgi/access/session.ts';
import { sessionLimits } from '../../daemon/limits.ts';
import type { StoreClient } from '../../storage/client.ts';
import { openBox } from './box.ts';

const ADMIN = { user: 'admin', role: 'admin' } as const;
const MONITOR = { user: 'monitor', role: 'monitor' } as const;
/** Guide 4.1: MD5 of admin, of monitor. */
const DIGESTS = { admin: '21232f297a57a5a743894a0e4a801fc3', monitor: '08b5411f848a2581a41672a759c87380' } as const;

describe('sessions', () => {
  function sessionsAt(limits = {}) {
    const time = { ms: 1_000 };
    const sessions = createSessions(
      { sessions: 3, userSessions: 3, idleSeconds: 10, lifeSeconds: 30, ...limits },
      () => time.ms,
    );
    return { sessions, pass: (seconds: number) => (time.ms += seconds * 1_000) };
  }

  test('end when idle, and each use begins that time anew', () => {
    const { sessions, pass } = sessionsAt();
    const { token } = sessions.begin(ADMIN);
    pass(9.9);
    expect(sessions.find(token)).toEqual(ADMIN);
    pass(9.9);
    expect(sessions.find(token)).toEqual(ADMIN);
    pass(10);
    expect(sessions.find(token)).toBe(null);
    expect(sessions.count).toBe(0);
  });

  test('end after their life, however much they are used', () => {
    const { sessions, pass } = sessionsAt();
    const { token, ends } = sessions.begin(ADMIN);
    expect(Math.abs(ends - Date.now() - 30_000)).toBeLessThan(5_000);
    for (let seconds = 0; seconds < 29; seconds += 1) {
      expect(sessions.find(token)).toEqual(ADMIN);
      pass(1);
    }
    pass(1);
    expect(sessions.find(token)).toBe(null);
  });

  test('are bounded: the one unused for longest gives way', () => {
    const { sessions } = sessionsAt();
    const [first, second, third] = [sessions.begin(ADMIN), sessions.begin(ADMIN), sessions.begin(MONITOR)];
    sessions.find(first.token);
    const fourth = sessions.begin(MONITOR);
    expect(sessions.count).toBe(3);
    expect([first, second, third, fourth].map(({ token }) => sessions.find(token)?.user ?? null)).toEqual([
      'admin',
      null,
      'monitor',
      'monitor',
    ]);
  });

  test('those that are over make room before any that isn’t', () => {
    const { sessions, pass } = sessionsAt();
    sessions.begin(ADMIN);
    sessions.begin(ADMIN);
    pass(9);
    const fresh = sessions.begin(MONITOR);
    pass(1);
    sessions.begin(ADMIN);
    expect(sessions.count).toBe(2);
    expect(sessions.find(fresh.token)).toEqual(MONITOR);
  });

  test('of one user end together, and the others’ don’t', () => {
    const { sessions } = sessionsAt();
    const [one, two, other] = [sessions.begin(ADMIN), sessions.begin(ADMIN), sessions.begin(MONITOR)];
    sessions.endUser('admin');
    expect([one, two, other].map(({ token }) => sessions.find(token)?.user ?? null)).toEqual([null, null, 'monitor']);
  });

  test('have tokens of 256 random bits', () => {
    const { sessions } = sessionsAt({ sessions: 100 });
    const tokens = new Set(Array.from({ length: 100 }, () => sessions.begin(ADMIN).token));
    expect(tokens.size).toBe(100);
    for (const token of tokens) expect(Buffer.from(token, 'base64url')).toHaveLength(32);
  });
});

describe('a password at rest', () => {
  test('is a slow salted hash of the digest, which tells its own cost', async () => {
    const [one, two] = await Promise.all([hashDigest(DIGESTS.admin), hashDigest(DIGESTS.admin)]);
    expect(one).toMatch(/^scrypt\$16384\$8\$1\$[\w-]{22}\$[\w-]{43}$/);
    expect(one).not.toBe(two);
    expect(await digestMatches(DIGESTS.admin, one)).toBe(true);
    expect(await digestMatches(DIGESTS.monitor, one)).toBe(false);
    // Made once with other costs: it is read by what it says of itself.
    const older = `scrypt$1024$8$1$${Buffer.alloc(16, 7).toString('base64url')}$${(await import('node:crypto')).scryptSync('x', Buffer.alloc(16, 7), 32, { N: 1024, r: 8, p: 1 }).toString('base64url')}`;
    expect(await digestMatches('x', older)).toBe(true);
  });

  test('that is none matches nothing', async () => {
    for (const hash of [
      '',
      'scrypt',
      DIGESTS.admin,
      'scrypt$16384$8$1$$',
      'scrypt$x$8$1$AAAA$AAAA',
      'md5$1$1$1$AAAA$AAAA',
      'scrypt$16384$8$1$AAAA$!!!!',
    ])
      expect(await digestMatches(DIGESTS.admin, hash)).toBe(false);
  });

  test('of nobody costs as much as anybody’s', async () => {
    const shape = (hash: string) => hash.split('$').map((part, index) => (index < 4 ? part : part.length));
    expect(shape(NOBODY)).toEqual(shape(await hashDigest(DIGESTS.admin)));
    expect(await digestMatches(DIGESTS.admin, NOBODY)).toBe(false);
  });
});

describe('accounts', () => {
  const sessions = () => createSessions(sessionLimits);

  test('an unknown user and a wrong password get one answer, by one way', async () => {
    const { services, ask } = openBox();
    await services.accounts.put({ ...ADMIN, digest: DIGESTS.admin }, { who: 'test', address: '' });
    const log = (user: string, digest: string) => ask(8404, `UserName=${user}&Password=${digest}`, null);
    const [unknown, wrong, good] = [
      await log('nobody', DIGESTS.admin),
      await log('admin', DIGESTS.monitor),
      await log('admin', DIGESTS.admin),
    ];
    expect(unknown).toEqual({
      status: 401,
      body: { result: 'failed', error: { code: 'login', message: 'unknown user or wrong password' } },
    });
    expect(wrong).toEqual(unknown);
    expect(good).toMatchObject({ status: 200, body: { result: 'success', ...ADMIN } });
    expect(Object.keys(good.body)).toEqual(['result', 'user', 'role', 'token', 'expires']);
    expect(good.body['expires']).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    expect(services.sessions.find(String(good.body['token']))).toEqual(ADMIN);
    expect((await log('ADMIN', DIGESTS.admin)).status).toBe(401); // names are exact
  });

  test('a changed password ends the user’s sessions', async () => {
    const { services } = openBox();
    const { token } = services.sessions.begin(ADMIN);
    const other = services.sessions.begin(MONITOR);
    await services.accounts.put({ ...ADMIN, digest: DIGESTS.monitor }, { who: 'test', address: '' });
    expect(services.sessions.find(token)).toBe(null);
    expect(services.sessions.find(other.token)).toEqual(MONITOR);
    expect(await services.accounts.logIn('admin', DIGESTS.monitor, '')).toMatchObject(ADMIN);
  });

  test('are checked two at a time, some more wait in order, the rest is busy', async () => {
    const begun: string[] = [];
    const release: (() => void)[] = [];
    const store = {
      ask: (_operation: string, name: string) => {
        begun.push(name);
        return new Promise((resolve) => release.push(() => resolve(null)));
      },
      write: async () => {},
    } as unknown as StoreClient;
    const accounts = createAccounts(store, sessions(), { ...sessionLimits, checks: 2, checksWaiting: 2 });
    const checks = ['a', 'b', 'c', 'd', 'e'].map((name) => accounts.logIn(name, DIGESTS.admin, ''));
    await expect(checks[4]).rejects.toMatchObject({ code: 'busy' });
    expect(begun).toEqual(['a', 'b']);
    release.shift()?.();
    expect(await checks[0]).toBe(null);
    await new Promise(setImmediate);
    expect(begun).toEqual(['a', 'b', 'c']);
    const late = accounts.logIn('f', DIGESTS.admin, ''); // c took a's place, so there is room to wait again
    for (let left = 4; left > 0; left--) {
      while (release.length === 0) await new Promise(setImmediate);
      release.shift()?.();
    }
    expect(await Promise.all([checks[1], checks[2], checks[3], late])).toEqual([null, null, null, null]);
    expect(begun).toEqual(['a', 'b', 'c', 'd', 'f']);
  });

  test('a check that fails gives its place on', async () => {
    let fail = true;
    const store = {
      ask: async () => (fail ? Promise.reject(new Error('gone')) : null),
      write: async () => {},
    } as unknown as StoreClient;
    const accounts = createAccounts(store, sessions(), { ...sessionLimits, checks: 1, checksWaiting: 1 });
    for (let tries = 0; tries < 5; tries++)
      await expect(accounts.logIn('a', DIGESTS.admin, '')).rejects.toThrow('gone');
    fail = false;
    expect(await accounts.logIn('a', DIGESTS.admin, '')).toBe(null);
  });
});
