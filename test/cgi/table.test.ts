/** What stands around the numbers: rights, their order, the reference. Who may call which: test/security/rights.txt. */
import { describe, expect, test } from 'vitest';
import { openApiKeys } from '../../cgi/access/keys.ts';
import { dispatch } from '../../cgi/dispatch.ts';
import { takesReason } from '../../cgi/reason.ts';
import { TABLE } from '../../cgi/table.ts';
import { RIGHTS, ROLES, type Role } from '../../storage/model/rights.ts';
import { NUMBERS } from '../security/rights.ts';
import { openBox } from './box.ts';

const numbers = Object.keys(TABLE).map(Number);

test('every right is of a number, or named here', () => {
  // Callback and links of a dialect; GET /metrics from another machine; in 30016 and 30017, which of the settings one may see and change.
  const elsewhere = ['cdr.share', 'call.place', 'metrics', 'settings'];
  const rightsOf = new Set(Object.values(TABLE).map(({ right }) => right));
  expect(RIGHTS.filter((right) => !rightsOf.has(right) && !elsewhere.includes(right))).toEqual([]);
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
        numbers.filter((number) => role === 'admin' || NUMBERS.get(number)?.may !== 'admin'),
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
        {
          name: 'code',
          about: 'what the authenticator app shows, six digits; for accounts with a second factor',
          required: false,
        },
      ],
    });
    for (const { number, about, parameters } of all) {
      expect(about, String(number)).toMatch(/./);
      for (const parameter of parameters as { name: string; about: string }[]) {
        expect(parameter.about, `${number} ${parameter.name}`).toMatch(/./);
        const own = Object.keys(TABLE[number]?.parameters.entries ?? {});
        expect([...own, ...(takesReason(number) ? ['reason'] : [])]).toContain(parameter.name.toLowerCase());
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
