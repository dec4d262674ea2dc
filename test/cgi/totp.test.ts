/** The second factor: RFC 6238's own vectors, and what a log-in with one gives, takes, and refuses. */
import { describe, expect, test } from 'vitest';
import { createAccounts } from '../../cgi/access/accounts.ts';
import { createSecondFactors, type Factor } from '../../cgi/access/second-factor.ts';
import { createThrottle } from '../../cgi/access/throttle.ts';
import { base32, codeOf, fromBase32, matchingStep, otpauthUri, stepAt } from '../../cgi/access/totp.ts';
import { dispatch, faultReply } from '../../cgi/dispatch.ts';
import { sessionLimits } from '../../daemon/limits.ts';
import { openBox } from './box.ts';

/** RFC 6238, appendix B: SHA-1, eight digits; the secret is that of RFC 4226, appendix D. */
const RFC_SECRET = Buffer.from('12345678901234567890');

test.each([
  [59, '94287082'],
  [1_111_111_109, '07081804'],
  [1_111_111_111, '14050471'],
  [1_234_567_890, '89005924'],
  [2_000_000_000, '69279037'],
  [20_000_000_000, '65353130'],
])('RFC 6238: at %i the code is %s', (epoch, code) => {
  expect(codeOf(RFC_SECRET, stepAt(epoch), 8)).toBe(code);
  expect(codeOf(RFC_SECRET, stepAt(epoch))).toBe(code.slice(2));
});

test('RFC 4226, appendix D: the first ten', () => {
  expect(Array.from({ length: 10 }, (_, step) => codeOf(RFC_SECRET, step))).toEqual(
    '755224 287082 359152 969429 338314 254676 287922 162583 399871 520489'.split(' '),
  );
});

test('a code is good in its own step and the ones beside it, and no step twice', () => {
  const epoch = 59;
  const code = codeOf(RFC_SECRET, stepAt(epoch));
  expect([-31, -30, 0, 29, 30, 31].map((late) => matchingStep(RFC_SECRET, code, epoch + late, -1))).toEqual([
    1, // second 28: the step before
    1,
    1,
    1,
    1,
    null, // second 90
  ]);
  expect(matchingStep(RFC_SECRET, code, 0, -1)).toBe(1);
  expect(matchingStep(RFC_SECRET, code, epoch, 1)).toBe(null);
  expect(matchingStep(RFC_SECRET, code, epoch, 0)).toBe(1);
  expect(matchingStep(RFC_SECRET, codeOf(RFC_SECRET, 0), epoch, 1)).toBe(null); // an older one behind a newer one
});

test('base32 is that of RFC 4648, both ways', () => {
  for (const [text, coded] of [
    ['', ''],
    ['f', 'MY'],
    ['fo', 'MZXQ'],
    ['foo', 'MZXW6'],
    ['foob', 'MZXW6YQ'],
    ['fooba', 'MZXW6YTB'],
    ['foobar', 'MZXW6YTBOI'],
  ] as const) {
    expect(base32(Buffer.from(text))).toBe(coded);
    expect(fromBase32(coded)?.toString()).toBe(text);
  }
  expect(fromBase32('A1')).toBe(null);
  expect(otpauthUri('cdrd box 1', 'a.b', 'MY')).toBe(
    'otpauth://totp/cdrd%20box%201:a.b?secret=MY&issuer=cdrd%20box%201&algorithm=SHA1&digits=6&period=30',
  );
});

const [ADMIN, MONITOR] = ['21232f297a57a5a743894a0e4a801fc3', '08b5411f848a2581a41672a759c87380'];
const SET = 1_800_000_000;

/** A box with its two accounts; `disk` is what stands in the file. */
async function openOffice({ kept = [] as Factor[] } = {}) {
  const time = { now: SET, mono: 0 };
  const disk = { factors: kept as readonly Factor[], full: false };
  const warned: string[] = [];
  const factors = createSecondFactors({
    kept,
    save: async (all) => {
      if (disk.full) throw new Error('disk');
      disk.factors = all;
    },
    issuer: 'cdrd',
    limits: { pendingSeconds: 600, saneClock: SET - 1_000_000 },
    now: () => time.now,
    warn: (message) => warned.push(message),
  });
  const keys = { find: (text: string) => (text === 'key' ? { user: 'key:x', role: 'admin', numbers: null } : null) };
  const box = openBox({ ports: { keys: keys as never } });
  const accounts = createAccounts(box.store, box.services.sessions, sessionLimits, {
    factors,
    throttle: createThrottle(sessionLimits, { clock: () => time.mono }), // however slow the machine is
  });
  const services = { ...box.services, accounts };
  const by = { who: 'test', address: '' };
  await accounts.put({ user: 'admin', role: 'admin', digest: String(ADMIN) }, by);
  await accounts.put({ user: 'monitor', role: 'monitor', digest: String(MONITOR) }, by);
  const ask = async (number: number, query: string, token: string | null = null, address = '192.0.2.7') => {
    const request = { number: String(number), query, body: async () => '', token, address };
    const reply = await dispatch(request, services).catch(faultReply);
    if (reply?.kind !== 'json') throw new Error('no answer');
    return { status: reply.status, body: reply.body as Record<string, unknown> };
  };
  const logIn = (user: string, password: string | undefined, code?: string, address?: string) =>
    ask(8404, `UserName=${user}&Password=${password}${code === undefined ? '' : `&Code=${code}`}`, null, address);
  const begin = (user: 'admin' | 'monitor') => services.sessions.begin({ user, role: user }).token;
  const code = (secret: string, steps = 0) => codeOf(fromBase32(secret) as Buffer, stepAt(time.now) + steps);
  /** Has set one up; the time is one at which no code was used. */
  const setUp = async (user: 'admin' | 'monitor') => {
    const token = begin(user);
    const { body } = await ask(30033, `Password=${user === 'admin' ? ADMIN : MONITOR}`, token);
    const secret = String(body['secret']);
    expect((await ask(30034, `Code=${code(secret)}`, token)).status).toBe(200);
    time.now += 90;
    return { token, secret };
  };
  const actions = async () =>
    (await box.store.ask('auditEntries', { before: null, limit: 50 })).entries.map(
      ({ who, action }) => `${action} ${who}`,
    );
  return { ...box, services, accounts, time, disk, warned, ask, logIn, begin, code, setUp, actions };
}

describe('a second factor', () => {
  test('is set up with the password, shown once, confirmed by a code; from then on a log-in needs one', async () => {
    const { services, ask, logIn, begin, code, disk, actions, time } = await openOffice();
    const [token, other] = [begin('admin'), begin('admin')];
    expect((await ask(30033, `Password=${MONITOR}`, token)).status).toBe(400);
    const { body } = await ask(30033, `Password=${ADMIN}`, token);
    expect(body).toEqual({
      result: 'success',
      user: 'admin',
      secret: expect.stringMatching(/^[A-Z2-7]{32}$/),
      uri: expect.stringMatching(/^otpauth:\/\/totp\/cdrd:admin\?secret=[A-Z2-7]{32}&/),
    });
    const secret = String(body['secret']);
    expect((await logIn('admin', ADMIN)).status).toBe(200); // not confirmed yet
    expect((await ask(30034, `Code=${code(secret, 5)}`, token)).status).toBe(400);
    const first = code(secret);
    expect((await ask(30034, `Code=${first.slice(0, 3)}+${first.slice(3)}`, token)).status).toBe(200);
    expect([token, other].map((each) => services.sessions.look(each) !== null)).toEqual([true, false]);
    expect((await logIn('admin', ADMIN, first)).status).toBe(401); // it has confirmed: used
    time.now += 30;
    expect((await logIn('admin', ADMIN, code(secret))).status).toBe(200);
    expect((await ask(30007, '', token)).body['json_array_accounts']).toMatchObject([
      { user: 'admin', role: 'admin', totp: true },
      { user: 'monitor', role: 'monitor', totp: false },
    ]);
    expect((await ask(30033, `Password=${ADMIN}`, token)).status).toBe(409);
    expect(disk.factors).toMatchObject([{ user: 'admin', secret }]);
    const said = JSON.stringify([
      await actions(),
      (await services.store.ask('auditEntries', { before: null, limit: 50 })).entries,
    ]);
    expect(said).toContain('factor.set admin');
    expect(said).not.toContain(secret);
  });

  test('wrong, missing, old: the answer is that of a wrong password and of nobody, to the byte', async () => {
    const { logIn, code, setUp, actions } = await openOffice();
    const { secret } = await setUp('admin');
    const answers = [
      await logIn('nobody', ADMIN),
      await logIn('admin', MONITOR, code(secret), '192.0.2.1'),
      await logIn('admin', ADMIN, undefined, '192.0.2.2'),
      await logIn('admin', ADMIN, code(secret, 7), '192.0.2.3'),
      await logIn('admin', ADMIN, code(secret, -2), '192.0.2.4'),
    ];
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]).toMatchObject({ status: 401, body: { result: 'failed', error: { code: 'login' } } });
    expect((await logIn('admin', ADMIN, code(secret, -1))).status).toBe(200);
    expect((await logIn('monitor', MONITOR, '000000')).status).toBe(200); // who has none may send one
    expect((await actions()).filter((line) => line.startsWith('code.failed'))).toHaveLength(3);
    expect((await logIn('admin', ADMIN, '12345')).status).toBe(400);
    expect((await logIn('admin', ADMIN, '１２３４５６')).status).toBe(400);
  });

  test('keeps out whoever sends the password with each request, as programs of dialects do', async () => {
    const { accounts, setUp, actions } = await openOffice();
    expect(await accounts.verify('admin', String(ADMIN), '192.0.2.1')).toEqual({ user: 'admin', role: 'admin' });
    await setUp('admin');
    expect(await accounts.verify('admin', String(ADMIN), '192.0.2.1')).toBeNull();
    expect(await accounts.verify('admin', String(MONITOR), '192.0.2.2')).toBeNull();
    expect(await accounts.verify('monitor', String(MONITOR), '192.0.2.1')).toEqual({
      user: 'monitor',
      role: 'monitor',
    });
    const lines = (await actions()).filter((line) => /^(login|code)/.test(line));
    expect(lines).toEqual(['login monitor', 'login.failed ', 'code.failed admin', 'login admin']);
  });

  test('a code is good once: not again, not from elsewhere, not after a kill', async () => {
    const { logIn, code, setUp, disk, time } = await openOffice();
    const { secret } = await setUp('admin');
    const now = code(secret);
    const both = await Promise.all([logIn('admin', ADMIN, now, '192.0.2.1'), logIn('admin', ADMIN, now, '192.0.2.2')]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 401]);
    expect((await logIn('admin', ADMIN, now)).status).toBe(401);
    const after = await openOffice({ kept: [...disk.factors] });
    after.time.now = time.now;
    expect((await after.logIn('admin', ADMIN, now)).status).toBe(401);
    after.time.now += 30;
    expect((await after.logIn('admin', ADMIN, after.code(secret))).status).toBe(200);
  });

  test('a thief of the password can’t guess codes, from however many addresses; the owner’s browser is not kept waiting', async () => {
    const { accounts, logIn, code, setUp, time } = await openOffice();
    const { secret } = await setUp('admin');
    const mine = await accounts.logIn('admin', String(ADMIN), '192.0.2.1', { code: code(secret) });
    time.now += 30;
    for (let host = 0; host < 11; host++) await logIn('admin', ADMIN, code(secret, 9), `198.51.100.${host}`);
    expect((await logIn('admin', ADMIN, code(secret), '198.51.100.99')).status).toBe(401); // not looked at
    const again = { code: code(secret), device: mine?.device ?? null };
    expect(await accounts.logIn('admin', String(ADMIN), '192.0.2.1', again)).toMatchObject({ user: 'admin' });
  });

  test('browsers known before it are strangers behind it: a thief may have had a thousand made', async () => {
    const { accounts, setUp, code, time } = await openOffice();
    const logIn = (more: object) => accounts.logIn('admin', String(ADMIN), '192.0.2.1', more);
    const before = await logIn({});
    const { secret } = await setUp('admin');
    for (let tries = 0; tries < 6; tries++) expect(await logIn({ code: code(secret, 9) })).toBe(null);
    await expect(logIn({ code: code(secret), device: before?.device })).rejects.toMatchObject({ code: 'busy' });
    const after = await accounts.logIn('admin', String(ADMIN), '192.0.2.9', { code: code(secret) });
    time.now += 30;
    expect(await logIn({ code: code(secret), device: after?.device })).toMatchObject({ user: 'admin' });
  });

  test('is removed by password and code, for others by an admin, and goes with its account', async () => {
    const { ask, logIn, begin, code, setUp, disk, actions } = await openOffice();
    const { token, secret } = await setUp('monitor');
    const admin = begin('admin');
    expect((await ask(30035, `Password=${MONITOR}`, token)).status).toBe(400);
    expect((await ask(30035, `Password=${ADMIN}&Code=${code(secret)}`, token)).status).toBe(400);
    expect((await ask(30035, `Password=${MONITOR}&UserName=admin`, token)).status).toBe(403);
    expect((await ask(30035, `Password=${MONITOR}&Code=${code(secret)}`, token)).status).toBe(200);
    expect((await logIn('monitor', MONITOR)).status).toBe(200);
    await setUp('monitor');
    expect((await ask(30035, `Password=${MONITOR}&UserName=monitor`, admin)).status).toBe(400);
    expect((await ask(30035, `Password=${ADMIN}&UserName=monitor`, admin)).status).toBe(200);
    expect((await ask(30035, `Password=${ADMIN}&UserName=monitor`, admin)).status).toBe(404);
    await setUp('monitor');
    expect((await ask(30009, 'UserName=monitor', admin)).status).toBe(200);
    expect(disk.factors).toEqual([]);
    expect(await actions()).toEqual(expect.arrayContaining(['factor.removed monitor', 'factor.removed admin']));
  });

  test('of an account that went while the disk was full is not the next one’s of that name', async () => {
    const { accounts, ask, logIn, begin, setUp, disk } = await openOffice();
    await setUp('monitor');
    const admin = begin('admin');
    disk.full = true;
    await ask(30009, 'UserName=monitor', admin).catch(() => {}); // the account is gone, its factor could not be
    expect((await accounts.list()).map(({ user }) => user)).toEqual(['admin']);
    expect(disk.factors).toHaveLength(1);
    disk.full = false;
    expect((await ask(30008, `UserName=monitor&role=monitor&Password=${MONITOR}`, admin)).status).toBe(200);
    expect((await logIn('monitor', MONITOR)).status).toBe(200);
    expect(disk.factors).toEqual([]);
  });

  test('is nothing for an API key, and for nobody without a session', async () => {
    const { ask } = await openOffice();
    for (const [number, query] of [
      [30033, `Password=${ADMIN}`],
      [30034, 'Code=123456'],
      [30035, `Password=${ADMIN}&UserName=admin`],
    ] as const) {
      expect((await ask(number, query, 'key')).status).toBe(409);
      expect((await ask(number, query)).status).toBe(401);
    }
  });

  test('while the clock is not set no code is right, and it is said once; who has none logs in as ever', async () => {
    const { logIn, ask, begin, code, setUp, time, warned } = await openOffice();
    const { secret } = await setUp('admin');
    time.now = 1_000;
    expect((await logIn('admin', ADMIN, code(secret))).status).toBe(401);
    expect((await logIn('admin', ADMIN, code(secret))).status).toBe(401);
    expect((await logIn('monitor', MONITOR)).status).toBe(200);
    expect((await ask(30033, `Password=${MONITOR}`, begin('monitor'))).status).toBe(409);
    expect(warned).toEqual(['the clock is not set: no code of a second factor can be told right']);
  });

  test('a full disk keeps nobody out who has one, and lets none begin that the next start would not know', async () => {
    const { logIn, ask, begin, code, setUp, disk, warned } = await openOffice();
    const { secret } = await setUp('admin');
    disk.full = true;
    expect((await logIn('admin', ADMIN, code(secret))).status).toBe(200);
    expect((await logIn('admin', ADMIN, code(secret))).status).toBe(401);
    expect(warned).toEqual(['that a code was taken could not be written down']);
    const token = begin('monitor');
    const { body } = await ask(30033, `Password=${MONITOR}`, token);
    await expect(ask(30034, `Code=${code(String(body['secret']))}`, token)).rejects.toThrow('no answer');
    expect((await logIn('monitor', MONITOR)).status).toBe(200);
  });
});
