/** Guessing passwords is slow for the guesser, bounded for the box, and never keeps the owner out. */
import { describe, expect, test } from 'vitest';
import { createLoginAudit } from '../../cgi/access/login-audit.ts';
import { createThrottle, type Kept, readKept, type ThrottleLimits } from '../../cgi/access/throttle.ts';
import { createAuditNotes } from '../../cgi/audit/notes.ts';
import { CgiError } from '../../cgi/reply.ts';
import { auditNoteLimits } from '../../daemon/limits.ts';
import type { StoreClient } from '../../storage/client.ts';
import { networkOf } from '../../storage/model/address.ts';

const LIMITS: ThrottleLimits = {
  freePair: 3,
  freeAddress: 6,
  freeAccount: 10,
  freeCodes: 4,
  waitSeconds: 60,
  forgetSeconds: 900,
  remembered: 50,
  kept: 20,
};

function fresh(limits: Partial<ThrottleLimits> = {}, from: Kept | null = null) {
  const time = { ms: 5_000 };
  const throttle = createThrottle({ ...LIMITS, ...limits }, { clock: () => time.ms, from });
  /** Seconds to wait, or 0 when the try was let through with this outcome. */
  const attempt = (address: string, account: string, right: boolean | null, device: string | null = null): number => {
    try {
      throttle.begin(address, account, device)(right);
      return 0;
    } catch (error) {
      if (!(error instanceof CgiError) || error.code !== 'busy') throw error;
      return error.retryAfter ?? -1;
    }
  };
  return { throttle, attempt, pass: (seconds: number) => (time.ms += seconds * 1000) };
}

describe('wrong passwords', () => {
  test('cost nothing at first, then a wait that doubles up to its bound', () => {
    const { attempt, pass } = fresh({ freeAddress: 1_000, freeAccount: 1_000 });
    const waits: number[] = [];
    for (let tries = 0; tries < 13; tries++) {
      expect(attempt('192.0.2.1', 'admin', false)).toBe(0);
      const wait = attempt('192.0.2.1', 'admin', null); // whatever it is, the right one too: that must tell nothing
      waits.push(wait);
      pass(wait);
    }
    expect(waits).toEqual([0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
  });

  test('a wait that is not over is told in whole seconds, and a try in it does not make it longer', () => {
    const { attempt, pass } = fresh();
    for (let tries = 0; tries < 5; tries++) {
      attempt('192.0.2.1', 'admin', false);
      if (tries === 3) pass(1);
    }
    expect(attempt('192.0.2.1', 'admin', false)).toBe(2);
    pass(0.5);
    for (let tries = 0; tries < 100; tries++) expect(attempt('192.0.2.1', 'admin', false)).toBe(2);
    pass(1.5);
    expect(attempt('192.0.2.1', 'admin', true)).toBe(0);
  });

  test('after the right one of that account from that address the next begin anew', () => {
    const { attempt } = fresh({ freeAddress: 1_000, freeAccount: 1_000 });
    for (let round = 0; round < 5; round++) {
      for (let tries = 0; tries < 3; tries++) expect(attempt('192.0.2.1', 'admin', false)).toBe(0);
      expect(attempt('192.0.2.1', 'admin', true)).toBe(0);
    }
  });

  test('are counted for the address whatever the account, and having an account of one’s own helps nobody', () => {
    const { attempt } = fresh();
    for (let tries = 0; tries < 7; tries++) {
      expect(attempt('192.0.2.1', `user${tries}`, false)).toBe(0);
      attempt('192.0.2.1', 'mine', true);
    }
    expect(attempt('192.0.2.1', 'another', true)).toBe(1);
    expect(attempt('192.0.2.2', 'another', true)).toBe(0);
  });

  test('are forgotten after a while', () => {
    const { attempt, pass } = fresh();
    for (let tries = 0; tries < 3; tries++) attempt('192.0.2.1', 'admin', false);
    pass(900);
    for (let tries = 0; tries < 4; tries++) expect(attempt('192.0.2.1', 'admin', false)).toBe(0);
    expect(attempt('192.0.2.1', 'admin', false)).toBe(1);
  });

  test('from everywhere make each guesser wait, and the owner elsewhere never', () => {
    const { attempt, pass } = fresh();
    for (let host = 0; host < 40; host++) attempt(`198.51.100.${host}`, 'admin', false);
    expect(attempt('198.51.100.39', 'admin', false)).toBe(60);
    expect(attempt('192.0.2.9', 'admin', true)).toBe(0);
    // He errs once in the midst of it: he waits for a bounded time, and nobody can make it longer.
    expect(attempt('192.0.2.9', 'admin', false)).toBe(0);
    for (let second = 0; second < 60; second++) {
      expect(attempt('192.0.2.9', 'admin', true)).toBe(60 - second);
      for (let host = 100; host < 110; host++) attempt(`198.51.100.${host}`, 'admin', false);
      pass(1);
    }
    expect(attempt('192.0.2.9', 'admin', true)).toBe(0);
  });

  test('of names that don’t exist are no different: nothing here knows which do', () => {
    const [one, two] = [fresh(), fresh()];
    const story = ({ attempt, pass }: ReturnType<typeof fresh>, name: string) =>
      Array.from({ length: 30 }, () => {
        pass(1);
        return attempt('192.0.2.1', name, false);
      });
    expect(story(one, 'admin')).toEqual(story(two, 'nobody'));
  });
});

test('tries at the same time count before they have failed: a hundred at once are not a hundred guesses', () => {
  const { throttle } = fresh();
  const done: ((right: boolean | null) => void)[] = [];
  const refused: (number | undefined)[] = [];
  for (let tries = 0; tries < 100; tries++) {
    try {
      done.push(throttle.begin('192.0.2.1', 'admin'));
    } catch (error) {
      refused.push((error as CgiError).retryAfter);
    }
  }
  expect(done).toHaveLength(3);
  expect(new Set(refused)).toEqual(new Set([2]));
  for (const end of done) end(null); // never checked: they cost nothing
  for (let tries = 0; tries < 3; tries++) throttle.begin('192.0.2.1', 'admin')(false);
  throttle.begin('192.0.2.1', 'admin')(false);
  expect(() => throttle.begin('192.0.2.1', 'admin')).toThrow('wait 1 s');
});

test('any number of guesses holds no more than what is remembered, and a refused address pushes nobody out', () => {
  const { throttle, attempt } = fresh();
  for (let tries = 0; tries < 5; tries++) attempt('192.0.2.1', 'admin', false);
  for (let tries = 0; tries < 10_000; tries++) attempt('192.0.2.7', `name${tries}`, false);
  expect(attempt('192.0.2.1', 'admin', true)).toBe(1);
  for (let tries = 0; tries < 10_000; tries++)
    attempt(`10.${tries >> 16}.${(tries >> 8) & 255}.${tries & 255}`, `n${tries}`, false);
  expect(throttle.size).toBeLessThanOrEqual(150);
});

describe('a browser that has logged in before', () => {
  test('is not kept waiting by who guesses from the same address, however fast', () => {
    const { attempt, pass } = fresh();
    for (let second = 0; second < 600; second++) {
      for (let tries = 0; tries < 20; tries++) attempt('192.0.2.1', 'admin', false);
      pass(1);
    }
    expect(attempt('192.0.2.1', 'admin', true)).toBeGreaterThan(0);
    expect(attempt('192.0.2.1', 'admin', false, 'phone')).toBe(0); // it may err, too
    expect(attempt('192.0.2.1', 'admin', true, 'phone')).toBe(0);
  });

  test('waits for its own wrong passwords like anybody, and makes nobody else wait', () => {
    const { attempt, pass } = fresh();
    const waits: number[] = [];
    for (let tries = 0; tries < 12; tries++) {
      expect(attempt('192.0.2.1', 'admin', false, 'stolen')).toBe(0);
      const wait = attempt('192.0.2.1', 'admin', null, 'stolen');
      waits.push(wait);
      pass(wait);
    }
    expect(waits).toEqual([0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
    expect(attempt('192.0.2.1', 'admin', true)).toBe(0);
    expect(attempt('192.0.2.1', 'admin', true, 'phone')).toBe(0);
  });
});

describe('codes behind a right password', () => {
  test('are counted for the account from everywhere, and its wait has an end', () => {
    const { throttle, pass } = fresh();
    const guess = (right: boolean) => throttle.beginCode('admin')?.(right) !== undefined;
    let checked = 0;
    for (let second = 0; second < 3_600; second++) {
      for (let tries = 0; tries < 5; tries++) {
        const done = throttle.beginCode('admin');
        if (done) checked++;
        done?.(false);
      }
      pass(1);
    }
    expect(checked).toBeLessThan(80);
    expect(throttle.beginCode('monitor')).not.toBe(null);
    pass(60);
    throttle.beginCode('admin')?.(true);
    for (let tries = 0; tries < 4; tries++) throttle.beginCode('admin')?.(false);
    expect(throttle.beginCode('admin')).not.toBe(null);
    expect(guess(true)).toBe(false);
  });
});

describe('across a restart', () => {
  test('waits go on where they were, and counts with them', () => {
    const limits = { freeAddress: 1_000 };
    const first = fresh(limits);
    for (let tries = 0; tries < 5; tries++) {
      first.attempt('192.0.2.1', 'admin', false);
      first.pass(first.attempt('192.0.2.1', 'admin', null));
    }
    first.attempt('192.0.2.1', 'admin', false); // the sixth: four seconds
    first.pass(1);
    const kept = readKept(JSON.stringify(first.throttle.kept()));
    const second = fresh(limits, kept);
    expect(second.attempt('192.0.2.1', 'admin', true)).toBe(3);
    expect(second.attempt('192.0.2.2', 'admin', true)).toBe(0);
    second.pass(3);
    expect(second.attempt('192.0.2.1', 'admin', false)).toBe(0);
    expect(second.attempt('192.0.2.1', 'admin', null)).toBe(8);
    second.pass(900);
    expect(second.throttle.kept().entries).toEqual([]);
  });

  test('what is kept holds no name and no address, and no more than so much', () => {
    const { throttle, attempt } = fresh();
    attempt('192.0.2.1', 'my-password-by-mistake', false);
    attempt('2001:db8:0:7::1', 'admin', true);
    const text = JSON.stringify(throttle.kept());
    expect(text).not.toMatch(/password|192\.0|2001|admin/);
    expect(throttle.kept().entries).toHaveLength(3); // one failure: its pair, its address, its account
    for (let host = 0; host < 100; host++) attempt(`198.51.100.${host}`, `name${host}`, false);
    expect(throttle.kept().entries).toHaveLength(60);
  });

  test.each(['', '{', 'null', '[]', '{"salt":"x","entries":[]}', '{"salt":"AAAAAAAAAAAAAAAAAAAAAA","entries":[null]}'])(
    'what is none, such as %j, is not taken',
    (text) => expect(readKept(text)).toBe(null),
  );

  test('no wait is longer than the longest, whatever stands in the file', () => {
    const key = 'A'.repeat(16);
    const entry = { kind: 'address', key, failures: 1e15, wait: 1e15, ago: 0 } as const;
    const { throttle } = fresh({}, { salt: 'A'.repeat(22), entries: [entry] });
    expect(throttle.kept().entries).toEqual([{ ...entry, wait: 60 }]);
  });
});

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::1', '0:0:0:0::/64'],
  ['2001:db8:0:7::1', '2001:db8:0:7::/64'],
  ['2001:0DB8:0000:0007:1:2:3:4', '2001:db8:0:7::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['2001:db8::', '2001:db8:0:0::/64'],
  ['', ''],
])('%s is of the network %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});

describe('log-ins in the audit log', () => {
  function audits() {
    const time = { ms: 0 };
    const lines: object[] = [];
    const store = {
      write: async ({ audit }: { audit: object }) => void lines.push(audit),
    } as unknown as StoreClient;
    const logins = createLoginAudit(createAuditNotes(store, auditNoteLimits, () => time.ms));
    return { lines, logins, pass: (seconds: number) => (time.ms += seconds * 1000) };
  }

  test('a thousand failures of an address are one line a minute, which counts the untold', () => {
    const { lines, logins, pass } = audits();
    for (let tries = 0; tries < 1_000; tries++) logins.note('login.failed', `u${tries}`, '192.0.2.1');
    pass(60);
    logins.note('login.failed', 'admin', '192.0.2.1');
    expect(lines).toEqual([
      { who: '', address: '192.0.2.1', action: 'login.failed', detail: { user: 'u0' } },
      { who: '', address: '192.0.2.1', action: 'login.failed', detail: { user: 'u999', untold: 999 } },
    ]);
    pass(60);
    logins.note('login', 'admin', '192.0.2.1');
    expect(lines.slice(2)).toMatchObject([{ detail: { user: 'admin', untold: 1 } }, { action: 'login' }]);
  });

  test('a success is told beside failures, another user’s beside it, and a program that logs in each time once a minute', () => {
    const { lines, logins } = audits();
    logins.note('login.failed', 'admin', '192.0.2.1');
    for (let tries = 0; tries < 10; tries++) logins.note('login', 'admin', '192.0.2.1');
    logins.note('login', 'monitor', '192.0.2.1');
    expect(lines).toMatchObject([{ action: 'login.failed' }, { who: 'admin' }, { who: 'monitor', action: 'login' }]);
  });

  test('one that can’t be written keeps nobody out', async () => {
    const store = { write: () => Promise.reject(new Error('full')) } as unknown as StoreClient;
    createLoginAudit(createAuditNotes(store, auditNoteLimits)).note('login', 'admin', '192.0.2.1');
    await new Promise(setImmediate); // an unhandled rejection would fail the run
  });
});
