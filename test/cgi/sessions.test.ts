/** Numbers 30031 and 30032: sessions are listed and ended, one's own by everybody, all by an admin. */
import { describe, expect, test } from 'vitest';
import { openApiKeys } from '../../cgi/access/keys.ts';
import { createSessions } from '../../cgi/access/session.ts';
import { dispatch, faultReply } from '../../cgi/dispatch.ts';
import { sessionLimits } from '../../daemon/limits.ts';
import { openBox } from './box.ts';

const ADMIN = { user: 'admin', role: 'admin' } as const;
const MONITOR = { user: 'monitor', role: 'monitor' } as const;

function openOffice() {
  const time = { mono: 1_000, wall: Date.UTC(2021, 4, 7, 20) };
  const sessions = createSessions(
    sessionLimits,
    () => time.mono,
    () => time.wall,
  );
  const box = openBox({ ports: { sessions } });
  const pass = (seconds: number) => {
    time.mono += seconds * 1000;
    time.wall += seconds * 1000;
  };
  const asOf = async (token: string | null, number: number, query = '') => {
    const request = { number: String(number), query, body: async () => '', token, address: '192.0.2.7', agent: 'test' };
    const reply = await dispatch(request, { ...box.services, keys: await openApiKeys(box.store) }).catch(faultReply);
    if (reply?.kind !== 'json') throw new Error('no answer in JSON');
    return { status: reply.status, body: reply.body as Record<string, unknown> };
  };
  const listed = async (token: string) =>
    (await asOf(token, 30031)).body['json_array_sessions'] as Record<string, unknown>[];
  return { ...box, sessions, time, pass, asOf, listed };
}

describe('the list (30031)', () => {
  test('tells whose, from where, by what and since when, by an id that opens nothing', async () => {
    const { sessions, pass, asOf, listed } = openOffice();
    const from = { address: '192.0.2.9', agent: 'Mozilla/5.0' };
    const { token } = sessions.begin(ADMIN, from);
    pass(600);
    const rows = await listed(token);
    expect(rows).toEqual([
      {
        ...{ id: expect.stringMatching(/^[0-9a-f]{16}$/), ...ADMIN, ...from },
        begun: '2021-05-07 12:00:00',
        used: '2021-05-07 12:10:00',
        ends_unused: '2021-05-07 12:40:00',
        expires: '2021-05-08 12:00:00',
        this: true,
      },
    ]);
    const id = String(rows[0]?.['id']);
    expect(token).not.toContain(id);
    expect((await asOf(id, 30031)).status).toBe(401);
    expect(JSON.stringify(rows)).not.toContain(token.slice(0, 10));
  });

  test('keeps to one’s own, and for an admin, or a key of an admin’s, to nothing', async () => {
    const { sessions, asOf, listed, store } = openOffice();
    const [admin, first, second] = [ADMIN, MONITOR, MONITOR].map((each) => sessions.begin(each).token);
    const users = (rows: Record<string, unknown>[]) => rows.map((row) => `${row['user']} ${row['this']}`);
    expect(users(await listed(String(first)))).toEqual(['monitor true', 'monitor false']);
    expect(users(await listed(String(admin)))).toEqual(['admin true', 'monitor false', 'monitor false']);
    const key = async (role: 'admin' | 'monitor') =>
      (await (await openApiKeys(store)).make({ name: 'x', role, numbers: null }, { who: 'test', address: '' })).key;
    expect(users(await listed(await key('admin')))).toHaveLength(3);
    expect(users(await listed(await key('monitor')))).toEqual([]);
    expect((await asOf(null, 30031)).status).toBe(401);
    expect(second).toBeDefined();
  });

  test('shows what a client says of itself cut, and without what could move the text around it', async () => {
    const { sessions, listed } = openOffice();
    const { token } = sessions.begin(ADMIN, { address: '', agent: `a\u0000b\r\nc\u202ed\u00e9${'x'.repeat(500)}` });
    const [row] = await listed(token);
    expect(row?.['agent']).toMatch(/^a\?b\?\?c\?d\?x+$/);
    expect(String(row?.['agent'])).toHaveLength(120);
  });

  test('tells times on today’s clock where it was set meanwhile, and none that is over', async () => {
    const { sessions, time, pass, listed } = openOffice();
    time.wall = 0;
    const { token } = sessions.begin(ADMIN);
    sessions.begin(MONITOR);
    pass(60);
    time.wall = Date.UTC(2021, 4, 7, 20);
    expect((await listed(token)).map((row) => row['begun'])).toEqual(['2021-05-07 11:59:00', '2021-05-07 11:59:00']);
    pass(29 * 60);
    expect(await listed(token)).toHaveLength(1);
  });
});

describe('the end (30032)', () => {
  test('of one by its id; of another’s only for an admin', async () => {
    const { sessions, asOf, listed, store } = openOffice();
    const [admin, mine, other] = [ADMIN, MONITOR, MONITOR].map((each) => sessions.begin(each).token as string);
    const all = await listed(String(admin));
    const idOf = (user: string, which: number) => all.filter((row) => row['user'] === user)[which]?.['id'];
    expect(await asOf(String(mine), 30032, `id=${idOf('admin', 0)}`)).toMatchObject({
      status: 404,
      body: { error: { code: 'not_found', parameter: 'id' } },
    });
    expect(sessions.find(String(admin))).toEqual(ADMIN);
    expect(await asOf(String(mine), 30032, `id=${idOf('monitor', 0)}`)).toEqual({
      status: 200,
      body: { result: 'success', ended: 1 },
    });
    expect([mine, other].map((token) => sessions.look(String(token)) !== null)).toEqual([true, false]);
    expect((await asOf(String(admin), 30032, `id=${idOf('monitor', 1)}`)).status).toBe(200);
    expect(sessions.look(String(mine))).toBe(null);
    expect((await asOf(String(mine), 30032, `id=${idOf('monitor', 1)}`)).status).toBe(401);
    const lines = (await store.ask('auditEntries', { before: null, limit: 5 })).entries;
    expect(lines.map(({ who, action, detail }) => [who, action, detail])).toEqual([
      ['admin', 'session.ended', { user: 'monitor', count: 1 }],
      ['monitor', 'session.ended', { user: 'monitor', count: 1 }],
    ]);
  });

  test('of all one’s own others, and of nobody else’s', async () => {
    const { sessions, asOf } = openOffice();
    const [mine, second, third, monitor] = [ADMIN, ADMIN, ADMIN, MONITOR].map((each) => sessions.begin(each).token);
    expect(await asOf(String(mine), 30032, 'all=1')).toEqual({ status: 200, body: { result: 'success', ended: 2 } });
    expect([mine, second, third, monitor].map((token) => sessions.look(String(token)) !== null)).toEqual([
      true,
      false,
      false,
      true,
    ]);
    expect((await asOf(String(mine), 30032, 'all=1')).body['ended']).toBe(0);
  });

  test.each(['', 'all=0', 'id=0123456789abcdef&all=1', 'id=x', 'id=', 'all=2'])('%j is refused', async (query) => {
    const { sessions, asOf } = openOffice();
    const { token } = sessions.begin(ADMIN);
    sessions.begin(ADMIN);
    expect((await asOf(token, 30032, query)).status).toBe(400);
    expect(sessions.count).toBe(2);
  });
});

describe('sessions', () => {
  test('a look is no use: what stays open by itself idles out', () => {
    const { sessions, pass } = openOffice();
    const { token } = sessions.begin(ADMIN);
    for (let looks = 0; looks < 59; looks++) {
      pass(30);
      expect(sessions.look(token)).toEqual(ADMIN);
    }
    pass(30);
    expect(sessions.look(token)).toBe(null);
    expect(sessions.find(token)).toBe(null);
  });

  test('a user who logs in without end pushes out its own, and nobody else’s', () => {
    const { sessions } = openOffice();
    const admin = sessions.begin(ADMIN).token;
    const [first] = Array.from({ length: 3_000 }, () => sessions.begin(MONITOR).token);
    expect(sessions.count).toBe(101);
    expect(sessions.look(String(first))).toBe(null);
    expect(sessions.look(admin)).toEqual(ADMIN);
  });

  test('who listens hears of each end, however it came', () => {
    const { sessions } = openOffice();
    let heard = 0;
    sessions.onEnd(() => heard++);
    const [one, two] = [sessions.begin(ADMIN).token, sessions.begin(ADMIN).token];
    sessions.begin(MONITOR);
    expect(heard).toBe(0);
    sessions.end(one);
    sessions.end(one);
    expect(heard).toBe(1);
    expect(sessions.endById(String(sessions.list('admin', two)[0]?.id), null)).toBe('admin');
    expect(heard).toBe(2);
    expect(sessions.endUser('monitor')).toBe(1);
    expect(heard).toBe(3);
    expect(sessions.endUser('monitor')).toBe(0);
    expect(heard).toBe(3);
  });
});
