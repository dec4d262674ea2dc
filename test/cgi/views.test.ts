/** 30041 to 30043: filters under a name, whose they are, and what a filter may be. */
import { describe, expect, test } from 'vitest';
import { openApiKeys } from '../../cgi/access/keys.ts';
import { dispatch, faultReply } from '../../cgi/dispatch.ts';
import type { Role } from '../../storage/model/rights.ts';
import { openBox } from './box.ts';

const BY = { who: 'test', address: '' } as const;

/** Asks as this account; gives the status and the body. */
function people(box: ReturnType<typeof openBox>) {
  return (user: string, role: Role = 'admin') =>
    async (number: number, query = '') => {
      const { token } = box.services.sessions.begin({ user, role });
      const request = { number: String(number), query, body: async () => '', token, address: '192.0.2.7' };
      const reply = await dispatch(request, box.services).catch(faultReply);
      if (reply?.kind !== 'json') throw new Error('no answer in JSON');
      return { status: reply.status, body: reply.body as Record<string, unknown> };
    };
}

const set = (page: string, name: string, query: string, more = '') =>
  `page=${page}&name=${encodeURIComponent(name)}&query=${encodeURIComponent(query)}${more}`;
const names = ({ body }: { body: Record<string, unknown> }) =>
  (body['json_array_views'] as { name: string }[]).map(({ name }) => name);

describe('saved views', () => {
  test('are saved, listed by name, changed under the same id, and removed', async () => {
    const box = openBox();
    const anna = people(box)('anna');
    expect(
      await anna(30042, set('calls', 'Zurück', '?&SRC=201&dst=&disposition=NO ANSWER&IVR=620&period=week')),
    ).toEqual({
      status: 200,
      body: { result: 'success', id: 1, query: 'src=201&disposition=NO%20ANSWER&IVR=620&period=week' },
    });
    expect((await anna(30042, set('recordings', 'kept', 'keep=1'))).body).toMatchObject({ id: 2 });
    expect(await anna(30042, set('calls', 'all', '', '&id=1'))).toMatchObject({
      status: 200,
      body: { id: 1, query: '' },
    });
    expect((await anna(30041)).body).toEqual({
      json_array_views: [
        { id: 1, page: 'calls', name: 'all', query: '', owner: 'anna', shared: false, changeable: true },
        { id: 2, page: 'recordings', name: 'kept', query: 'keep=1', owner: 'anna', shared: false, changeable: true },
      ],
    });
    expect(names(await anna(30041, 'page=recordings'))).toEqual(['kept']);
    expect(await anna(30043, 'id=1')).toEqual({ status: 200, body: { result: 'success', id: 1 } });
    expect(await anna(30043, 'id=1')).toMatchObject({ status: 404, body: { error: { parameter: 'id' } } });
    expect(await anna(30042, set('calls', 'x', '', '&id=1'))).toMatchObject({ status: 404 });
    // No id is ever given twice: whatever names one must not find another's.
    await anna(30043, 'id=2');
    expect((await anna(30042, set('calls', 'next', ''))).body).toMatchObject({ id: 3 });
    const { entries } = await box.store.ask('auditEntries', { before: null, limit: 10 });
    expect(entries.map(({ action, who }) => `${action} ${who}`).slice(0, 3)).toEqual([
      'view.set anna',
      'view.removed anna',
      'view.removed anna',
    ]);
  });

  test('are one’s own, but for those that an admin shares; each sees only views of pages that it sees', async () => {
    const box = openBox();
    const as = people(box);
    const [anna, eva, otto] = [as('anna'), as('eva'), as('otto', 'monitor')];
    await anna(30042, set('calls', 'mine', 'src=201'));
    await anna(30042, set('calls', 'ours', 'src=202', '&shared=1'));
    await anna(30042, set('recordings', 'kept', 'keep=1', '&shared=1'));
    await otto(30042, set('recordings', 'otto', ''));
    expect(names(await anna(30041))).toEqual(['kept', 'mine', 'ours']);
    expect(names(await eva(30041))).toEqual(['kept', 'ours']);
    expect((await otto(30041)).body['json_array_views']).toMatchObject([
      { name: 'kept', shared: true, changeable: false },
      { name: 'otto', shared: false, changeable: true },
    ]);
    expect(names(await otto(30041, 'page=calls'))).toEqual([]);
    expect((await otto(30042, set('calls', 'x', ''))).status).toBe(403);
    expect((await otto(30042, set('recordings', 'x', '', '&shared=1'))).status).toBe(403);
    expect((await otto(30042, set('recordings', 'x', '', '&id=3'))).status).toBe(403);
    expect((await otto(30043, 'id=3')).status).toBe(403);
    // What somebody doesn't see isn't there.
    for (const id of [1, 2]) expect((await otto(30043, `id=${id}`)).status).toBe(404);
    for (const id of [1, 4]) expect((await eva(30043, `id=${id}`)).status).toBe(404);
    expect((await eva(30042, set('calls', 'mine', 'src=203', '&id=1'))).status).toBe(404);
    // A shared one is every admin's; taken back, it is of who took it.
    expect((await eva(30042, set('calls', 'ours', 'src=204', '&id=2'))).status).toBe(200);
    expect(names(await anna(30041, 'page=calls'))).toEqual(['mine']);
    expect(names(await eva(30041, 'page=calls'))).toEqual(['ours']);
  });

  test('go with the account, but for what it shared', async () => {
    const box = openBox();
    const anna = people(box)('anna');
    const put = (user: string) => box.services.accounts.put({ user, role: 'admin', digest: '5'.repeat(32) }, BY);
    await put('anna');
    await put('admin');
    await anna(30042, set('calls', 'mine', ''));
    await anna(30042, set('calls', 'ours', '', '&shared=1'));
    await box.services.accounts.remove('anna', BY);
    await put('anna');
    expect(names(await anna(30041))).toEqual(['ours']);
  });

  test('of an API key there are none of its own, and those that it shares', async () => {
    const box = openBox();
    const keys = await openApiKeys(box.store);
    const { key } = await keys.make({ name: 'crm', role: 'admin', numbers: null }, BY);
    const ask = async (query: string) => {
      const request = { number: '30042', query, body: async () => '', token: key, address: '' };
      const reply = await dispatch(request, { ...box.services, keys }).catch(faultReply);
      return reply?.kind === 'json' ? reply.status : null;
    };
    expect(await ask(set('calls', 'x', ''))).toBe(409);
    expect(await ask(set('calls', 'x', '', '&shared=1'))).toBe(200);
  });

  test.each([
    ['calls', 'colour=1'],
    ['calls', 'src=2-1-3-'.repeat(300)],
    ['calls', 'startdate=yesterday'],
    ['calls', 'startdate=2026-13-01 00:00'],
    ['calls', 'userfield=Nowhere'],
    ['calls', 'minbillsec=-1'],
    ['calls', 'limit=5'],
    ['calls', 'since=1'],
    ['calls', 'format=csv'],
    ['calls', 'keep=1'],
    ['calls', 'period=tomorrow'],
    ['calls', 'period=today&startdate=2026-01-01 00:00'],
    ['calls', 'src=%zz'],
    ['calls', 'trunk=a&trunk=b'],
    ['recordings', 'disposition=ANSWERED'],
    ['recordings', 'cursor=1.1'],
  ])('of %s with the filter %s are refused, naming query', async (page, query) => {
    const box = openBox();
    expect(await box.ask(30042, set(page, 'x', query))).toMatchObject({
      status: 400,
      body: { error: { code: 'invalid', parameter: 'query', message: expect.stringMatching(/^query: ./) } },
    });
    expect(await box.store.ask('views')).toEqual([]);
  });

  test.each([
    ['page', 'name=x'],
    ['page', 'page=users&name=x'],
    ['name', 'page=calls'],
    ['name', 'page=calls&name=%20'],
    ['name', `page=calls&name=${'x'.repeat(61)}`],
    ['name', 'page=calls&name=a%0Ab'],
    ['name', 'page=calls&name=a%E2%80%AEb'],
    ['id', 'page=calls&name=x&id=0'],
    ['shared', 'page=calls&name=x&shared=2'],
  ])('name %s when it is wrong: %s', async (parameter, query) => {
    const { ask } = openBox();
    expect(await ask(30042, query)).toMatchObject({ status: 400, body: { error: { code: 'invalid', parameter } } });
  });

  test('have names of their own, and are so many at most, also when many are saved at a moment', async () => {
    const box = openBox();
    const anna = people(box)('anna');
    await anna(30042, set('calls', 'Busy', ''));
    expect(await anna(30042, set('calls', 'busy', ''))).toMatchObject({
      status: 409,
      body: { error: { parameter: 'name' } },
    });
    expect((await anna(30042, set('recordings', 'busy', ''))).status).toBe(200);
    expect((await anna(30042, set('calls', 'busy', '', '&shared=1'))).status).toBe(200);
    const { token } = box.services.sessions.begin({ user: 'anna', role: 'admin' });
    box.services.notes.acts = () => {}; // the pace of the audit log is told of elsewhere
    const tries = Array.from({ length: 60 }, (_, index) =>
      dispatch(
        { number: '30042', query: set('calls', `v${index}`, ''), body: async () => '', token, address: '' },
        box.services,
      ).then(
        () => 200,
        (error: { code: string }) => error.code,
      ),
    );
    const outcomes = await Promise.all(tries);
    expect(outcomes.filter((outcome) => outcome === 200)).toHaveLength(48);
    expect(new Set(outcomes)).toEqual(new Set([200, 'conflict']));
  });
});
