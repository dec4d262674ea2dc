/** Who may call which number, written by hand a second time: a slip in the table or in the rights shows here. */
import { expect, test } from 'vitest';
import { TABLE } from '../../cgi/table.ts';
import { openBox } from './box.ts';

/** Number: what it answers without parameters to nobody, monitor and admin. */
const EXPECTED: Readonly<Record<number, readonly [nobody: number, monitor: number, admin: number]>> = {
  8401: [400, 400, 400], // anybody may log in; a name is missing
  8404: [400, 400, 400],
  9006: [401, 403, 200],
  20036: [401, 400, 400], // paths are missing
  20053: [401, 200, 200],
  20054: [401, 400, 400],
  30001: [401, 403, 400], // a UniqueID is missing
};

test('every number answers each role as it should, and no number is forgotten', async () => {
  expect(Object.keys(TABLE)).toEqual(Object.keys(EXPECTED));
  const { ask } = openBox();
  const found = await Promise.all(
    Object.keys(EXPECTED).map(async (number) => {
      const answers = await Promise.all(([null, 'monitor', 'admin'] as const).map((role) => ask(number, '', role)));
      return [number, answers.map(({ status }) => status)];
    }),
  );
  expect(Object.fromEntries(found)).toEqual(EXPECTED);
});

test('rights come before parameters: who may not ask is not told what is wrong', async () => {
  const { ask } = openBox();
  expect(await ask(9006, 'Colour=1', null)).toMatchObject({ status: 401, body: { error: { code: 'login' } } });
  expect(await ask(9006, 'Colour=1', 'monitor')).toMatchObject({ status: 403, body: { error: { code: 'denied' } } });
  expect(await ask(9006, 'Colour=1', 'admin')).toMatchObject({ status: 400, body: { error: { code: 'invalid' } } });
});

test('the body of a request that is refused is not read', async () => {
  const { services } = openBox();
  const { dispatch } = await import('../../cgi/dispatch.ts');
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

test.each(['', '9007', '09006', '9006 ', ' 9006', '9006.0', '1e4', '-1', '__proto__', 'constructor', '9'.repeat(400)])(
  '%j is no number',
  async (number) => {
    const { status, body } = await openBox().ask(number);
    expect(status).toBe(404);
    expect((body['error'] as { message: string }).message.length).toBeLessThan(60);
  },
);
