/**
 * Who may call which number, written by hand a second time: a slip in the table or in the rights shows here. Each number
 * is asked by everybody there is: nobody, an ended session, each role, and API keys with and without scope.
 */
import { describe, expect, test } from 'vitest';
import { type ApiKeys, openApiKeys } from '../../cgi/access/keys.ts';
import { createSessions } from '../../cgi/access/session.ts';
import { type CgiRequest, dispatch, faultReply } from '../../cgi/dispatch.ts';
import { TABLE } from '../../cgi/table.ts';
import type { Services } from '../../cgi/verb.ts';
import { RIGHTS, ROLES, type Role } from '../../storage/model/rights.ts';
import { openBox } from './box.ts';

/** Who may: anybody without log-in, both roles, admin alone. */
const EXPECTED: Readonly<Record<number, 'anybody' | 'both' | 'admin'>> = {
  8401: 'anybody',
  8404: 'anybody',
  9004: 'admin',
  9005: 'admin',
  9006: 'admin',
  20036: 'both',
  20053: 'both',
  20054: 'both',
  30001: 'admin', // trace
  30002: 'admin', // totals of a filter
  30003: 'both', // undo: of calls for admin only, which the handler looks at
  30004: 'both', // deletions: likewise
  30005: 'both', // log out
  30006: 'both', // own password
  30007: 'admin', // accounts
  30008: 'admin',
  30009: 'admin',
  30010: 'admin', // API keys
  30011: 'admin',
  30012: 'admin',
  30013: 'admin', // phone book: who sees the CDR report reads it, who has `contacts` changes it
  30014: 'admin',
  30015: 'admin',
  30016: 'both', // settings: monitor sees and changes those of the recordings
  30017: 'both',
  30018: 'admin', // audit log
  30019: 'admin', // calls in progress
  30020: 'admin', // pause a recording
  30021: 'admin', // users of the AMI
  30022: 'admin',
  30023: 'admin',
  30024: 'both',
  30025: 'both', // marks on recordings: who may delete them may keep them
  30026: 'admin', // retention
  30027: 'admin',
  30028: 'admin',
  30029: 'admin', // truth report: calls stand in it
  30030: 'admin', // headers of recordings
};

/** The words that stand for them in the rights, likewise by hand. */
const RIGHT_OF: Readonly<Record<number, string | null>> = {
  8401: null,
  8404: null,
  9004: 'cdr.delete',
  9005: 'cdr.read',
  9006: 'cdr.read',
  20036: 'recording.read',
  20053: 'recording.read',
  20054: 'recording.delete',
  30001: 'cdr.read',
  30002: 'cdr.read',
  30003: 'recording.delete',
  30004: 'recording.delete',
  30005: 'session.own',
  30006: 'password.own',
  30007: 'users',
  30008: 'users',
  30009: 'users',
  30010: 'users',
  30011: 'users',
  30012: 'users',
  30013: 'cdr.read',
  30014: 'contacts',
  30015: 'contacts',
  30016: 'recording.settings',
  30017: 'recording.settings',
  30018: 'audit',
  30019: 'live.read',
  30020: 'live.control',
  30021: 'users',
  30022: 'users',
  30023: 'users',
  30024: 'recording.read',
  30025: 'recording.delete',
  30026: 'settings',
  30027: 'backup',
  30028: 'backup',
  30029: 'cdr.read',
  30030: 'recording.repair',
};

const numbers = Object.keys(TABLE).map(Number);

test('every number of the table has a rule here, and every rule a number', () => {
  expect(numbers).toEqual(Object.keys(EXPECTED).map(Number));
  expect(Object.keys(RIGHT_OF)).toEqual(Object.keys(EXPECTED));
});

describe('each number', () => {
  const names = [
    'nobody',
    'an unknown token',
    'an ended session',
    'monitor',
    'admin',
    'a key of admin',
    'a key of monitor',
    'a key of admin for this number',
    'a key of monitor for this number',
    'a key of admin for another number',
    'a revoked key',
  ] as const;
  type Who = (typeof names)[number];

  /** What the rights let through is answered here by an unknown parameter: no handler runs, so nothing is done. */
  const THROUGH = 'invalid';

  const expectedOf = (number: number): Record<Who, string> => {
    const rule = EXPECTED[number];
    if (rule === 'anybody') return Object.fromEntries(names.map((name) => [name, THROUGH])) as Record<Who, string>;
    const monitor = rule === 'both' ? THROUGH : 'denied';
    return {
      nobody: 'login',
      'an unknown token': 'login',
      'an ended session': 'login',
      monitor,
      admin: THROUGH,
      'a key of admin': THROUGH,
      'a key of monitor': monitor,
      'a key of admin for this number': THROUGH,
      'a key of monitor for this number': monitor,
      'a key of admin for another number': 'denied',
      'a revoked key': 'login',
    };
  };

  async function tokensFor(number: number, services: Services, keys: ApiKeys): Promise<Record<Who, string | null>> {
    const by = { who: 'test', address: '' };
    const key = async (role: Role, scope: number[] | null) =>
      (await keys.make({ name: 'x', role, numbers: scope }, by)).key;
    const session = (role: Role) => services.sessions.begin({ user: role, role }).token;
    const ended = session('admin');
    services.sessions.end(ended);
    const revoked = await keys.make({ name: 'gone', role: 'admin', numbers: null }, by);
    await keys.revoke(revoked.id, by);
    return {
      nobody: null,
      'an unknown token': 'x'.repeat(43),
      'an ended session': ended,
      monitor: session('monitor'),
      admin: session('admin'),
      'a key of admin': await key('admin', null),
      'a key of monitor': await key('monitor', null),
      'a key of admin for this number': await key('admin', [number]),
      'a key of monitor for this number': await key('monitor', [number]),
      'a key of admin for another number': await key('admin', [number === 9006 ? 20053 : 9006]),
      'a revoked key': revoked.key,
    };
  }

  async function codeOf(request: CgiRequest, services: Services): Promise<string> {
    try {
      return (await dispatch(request, services)).kind;
    } catch (error) {
      const reply = faultReply(error);
      if (reply?.kind !== 'json') throw error;
      return (reply.body as { error: { code: string } }).error.code;
    }
  }

  test.each(numbers)('%i is open to those whom it should be', async (number) => {
    const box = openBox();
    const keys = await openApiKeys(box.store);
    const services = { ...box.services, keys };
    const tokens = await tokensFor(number, services, keys);
    const found = await Promise.all(
      names.map(async (name) => {
        const request = {
          number: String(number),
          query: 'Colour=1',
          body: async () => '',
          token: tokens[name],
          address: '',
        };
        return [name, await codeOf(request, services)];
      }),
    );
    expect(Object.fromEntries(found)).toEqual(expectedOf(number));
    expect(TABLE[number]?.right).toBe(RIGHT_OF[number]);
  });

  test('answers to a session whose time is over as to nobody', async () => {
    const time = { ms: 0 };
    const sessions = createSessions({ sessions: 10, idleSeconds: 60, lifeSeconds: 100 }, () => time.ms);
    const { services } = openBox({ ports: { sessions } });
    const { token } = sessions.begin({ user: 'admin', role: 'admin' });
    const request = (number: string) => ({ number, query: 'Colour=1', body: async () => '', token, address: '' });
    expect(await codeOf(request('9006'), services)).toBe('invalid');
    time.ms = 61_000;
    for (const number of numbers.filter((each) => EXPECTED[each] !== 'anybody'))
      expect(await codeOf(request(String(number)), services)).toBe('login');
  });
});

test('every right is of a number, or named here', () => {
  // GET /metrics from another machine; in 30016 and 30017, which of the settings one may see and change.
  const elsewhere = ['metrics', 'settings'];
  expect(RIGHTS.filter((right) => !Object.values(RIGHT_OF).includes(right) && !elsewhere.includes(right))).toEqual([]);
});

describe('the reference (no number)', () => {
  const list = async (ask: ReturnType<typeof openBox>['ask'], role: Role | null, query = '') => {
    const { status, body } = await ask('', query, role);
    expect(status).toBe(200);
    return body['json_array_numbers'] as { number: number; about: string; parameters: object[] }[];
  };

  test('lists exactly what the caller may use; who is not logged in, the log-in', async () => {
    const { ask } = openBox();
    expect((await list(ask, null)).map(({ number }) => number)).toEqual([8401, 8404]);
    for (const role of ROLES)
      expect((await list(ask, role)).map(({ number }) => number)).toEqual(
        numbers.filter((number) => role === 'admin' || EXPECTED[number] !== 'admin'),
      );
  });

  test('lists for a key only what it is for', async () => {
    const box = openBox();
    const keys = await openApiKeys(box.store);
    const { key } = await keys.make({ name: 'x', role: 'admin', numbers: [9006] }, { who: 'test', address: '' });
    const request = { number: '', query: '', body: async () => '', token: key, address: '' };
    const reply = await dispatch(request, { ...box.services, keys });
    const body = (reply as { body: { json_array_numbers: { number: number }[] } }).body;
    expect(body.json_array_numbers.map(({ number }) => number)).toEqual([8401, 8404, 9006]);
  });

  test('says of each what it does and what it takes, by the names that are understood', async () => {
    const { ask } = openBox();
    const all = await list(ask, 'admin', '&_=1');
    expect(all.find(({ number }) => number === 8404)).toEqual({
      number: 8404,
      about: 'log in: a session cookie and a bearer token',
      parameters: [
        { name: 'UserName', about: 'the account', required: true },
        { name: 'Password', about: 'MD5 of the password, 32 hex digits', required: true },
      ],
    });
    for (const { number, about, parameters } of all) {
      expect(about, String(number)).toMatch(/./);
      for (const parameter of parameters as { name: string; about: string }[]) {
        expect(parameter.about, `${number} ${parameter.name}`).toMatch(/./);
        expect(Object.keys(TABLE[number]?.parameters.entries ?? {})).toContain(parameter.name.toLowerCase());
      }
    }
    expect(await ask('', 'number=9006')).toMatchObject({ status: 400, body: { error: { parameter: 'number' } } });
  });
});

test('rights come before parameters: who may not ask is not told what is wrong', async () => {
  const { ask } = openBox();
  expect(await ask(9006, 'Colour=1', null)).toMatchObject({ status: 401, body: { error: { code: 'login' } } });
  expect(await ask(9006, 'Colour=1', 'monitor')).toMatchObject({ status: 403, body: { error: { code: 'denied' } } });
  expect(await ask(9006, 'Colour=1', 'admin')).toMatchObject({ status: 400, body: { error: { code: 'invalid' } } });
});

test('the body of a request that is refused is not read', async () => {
  const { services } = openBox();
  const asked: boolean[] = [];
  const body = async (known: boolean) => {
    asked.push(known);
    return '';
  };
  const as = (number: string, role: 'admin' | 'monitor' | null) =>
    dispatch(
      {
        number,
        query: '',
        body,
        token: role && services.sessions.begin({ user: role, role }).token,
        address: '192.0.2.7',
      },
      services,
    );
  for (const [number, role] of [
    ['9006', null],
    ['9006', 'monitor'],
    ['1', 'admin'],
  ] as const)
    await expect(as(number, role)).rejects.toMatchObject({ name: 'CgiError' });
  expect(asked).toEqual([]);
  await as('9006', 'admin');
  await expect(as('8404', null)).rejects.toMatchObject({ code: 'invalid' });
  expect(asked).toEqual([true, false]);
});

test.each(['9007', '09006', '9006 ', ' 9006', '9006.0', '1e4', '-1', '__proto__', 'constructor', '9'.repeat(400)])(
  '%j is no number',
  async (number) => {
    const { status, body } = await openBox().ask(number);
    expect(status).toBe(404);
    expect((body['error'] as { message: string }).message.length).toBeLessThan(60);
  },
);
