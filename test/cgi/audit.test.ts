/** The audit log by number: what stands in it and why, what is handed out and refused, and whether it is whole. */
import { createHash } from 'node:crypto';
import { describe, expect, test, vi } from 'vitest';
import { openApiKeys } from '../../cgi/access/keys.ts';
import { createAuditNotes } from '../../cgi/audit/notes.ts';
import { createPace } from '../../cgi/audit/pace.ts';
import { dispatch } from '../../cgi/dispatch.ts';
import { takesReason } from '../../cgi/reason.ts';
import { playRecording } from '../../cgi/recording/play.ts';
import type { CgiError } from '../../cgi/reply.ts';
import { TABLE } from '../../cgi/table.ts';
import type { Services } from '../../cgi/verb.ts';
import { auditNoteLimits } from '../../daemon/limits.ts';
import type { StoreClient } from '../../storage/client.ts';
import { LINES_KEPT } from '../../storage/sql/audit-chain.ts';
import type { AuditEntry } from '../../storage/store.ts';
import { openBox } from './box.ts';

type Shown = AuditEntry & { time: string };

const linesOf = (body: Record<string, unknown>) => body['json_array_audit'] as Shown[];

describe('30018', () => {
  test('gives each line as its hash is made of it, and where the chains end', async () => {
    const { ask } = openBox();
    await ask(30014, 'number=205&name=Eva&reason=new+phone');
    const { body } = await ask(30018);
    const [line] = linesOf(body);
    expect(line).toMatchObject({ chain: 'act', line: 1, who: 'admin', address: '192.0.2.7', reason: 'new phone' });
    const { hash, time: _, ...hashed } = line as Shown;
    const named = Object.entries(hashed).sort(([a], [b]) => (a < b ? -1 : 1));
    const detail = Object.entries(hashed.detail).sort(([a], [b]) => (a < b ? -1 : 1));
    const text = JSON.stringify({ ...Object.fromEntries(named), detail: Object.fromEntries(detail) });
    expect(createHash('sha256').update(text).digest('hex')).toBe(hash);
    expect(body['json_array_chains']).toEqual([
      { chain: 'act', line: 1, hash },
      { chain: 'use', line: 0, hash: '0'.repeat(64) },
      { chain: 'refused', line: 0, hash: '0'.repeat(64) },
    ]);
  });

  test('finds by who, where, what, chain and when', async () => {
    const { ask, store } = openBox();
    const add = (who: string, action: string, address: string) =>
      store.write({ kind: 'audit', audit: { who, address, action, detail: {} } });
    await add('eva', 'calls.delete', '192.0.2.1');
    await add('eva', 'calls.deleted', '192.0.2.1');
    await add('', 'login.failed', '192.0.2.2');
    await add('crm', 'ami.originate', '192.0.2.3');
    const actions = async (query: string) => linesOf((await ask(30018, query)).body).map(({ action }) => action);
    expect(await actions('who=eva')).toEqual(['calls.deleted', 'calls.delete']);
    expect(await actions('action=calls.delete')).toEqual(['calls.delete']);
    expect(await actions('action=calls.*&limit=1')).toEqual(['calls.deleted']);
    expect(await actions('address=192.0.2.2')).toEqual(['login.failed']);
    expect(await actions('chain=use')).toEqual(['ami.originate']);
    expect(await actions('startdate=2021-01-01 00:00&enddate=2021-12-31 00:00')).toEqual([]);
    expect(await actions('startdate=2021-01-01 00:00')).toHaveLength(4);
    expect((await ask(30018, 'chain=other')).status).toBe(400);
    expect((await ask(30018, 'who=eva&limit=1')).body).toHaveProperty('before');
    expect((await ask(30018, 'who=eva&limit=100')).body).not.toHaveProperty('before');
  });
});

describe('30036', () => {
  test('finds the chains whole, and tells of a head seen before whether it holds', async () => {
    const { ask, store } = openBox();
    for (let n = 0; n < 250; n++)
      void store.write({ kind: 'audit', audit: { who: '', address: '', action: 'x', detail: { n } } });
    const { body } = await ask(30036);
    const [act] = body['json_array_chains'] as { hash: string }[];
    expect(body).toEqual({
      result: 'success',
      json_array_chains: [
        { chain: 'act', line: 250, hash: expect.stringMatching(/^[0-9a-f]{64}$/), cut: 0, checked: 250 },
        { chain: 'use', line: 0, hash: '0'.repeat(64), cut: 0, checked: 0 },
        { chain: 'refused', line: 0, hash: '0'.repeat(64), cut: 0, checked: 0 },
      ],
    });
    const state = async (head: string) => {
      const answer = (await ask(30036, `head=${head}`)).body;
      return [answer['result'], (answer['head'] as { state: string }).state];
    };
    const [first] = linesOf((await ask(30018, 'before=2')).body);
    expect(await state(`act:250:${act?.hash}`)).toEqual(['success', 'holds']);
    expect(await state(`act:1:${first?.hash}`)).toEqual(['success', 'holds']);
    expect(await state(`act:1:${act?.hash}`)).toEqual(['failed', 'differs']);
    expect(await state(`act:251:${act?.hash}`)).toEqual(['failed', 'missing']);
    expect((await ask(30036, 'head=act:1:xyz')).status).toBe(400);
  });

  test('names the first line at fault', async () => {
    const fault = { line: 3, why: 'it is not what its hash says' };
    const { store, services } = openBox();
    const work = async (operation: string) =>
      operation === 'checkAudit' ? { lines: 2, next: null, fault } : store.work(operation as 'auditChains');
    const token = services.sessions.begin({ user: 'admin', role: 'admin' }).token;
    const broken = { ...services, store: { ...store, work } as unknown as StoreClient };
    const request = { number: '30036', query: '', body: async () => '', token, address: '' };
    const reply = await dispatch(request, broken);
    let text = '';
    if (reply.kind === 'rows') for await (const piece of reply.text) text += piece;
    expect(JSON.parse(text)).toMatchObject({ result: 'failed', json_array_chains: [{ checked: 2, fault }, {}, {}] });
  });
});

describe('a reason', () => {
  /** By hand: what shows something on the spot takes none; a new number must be decided about. */
  const WITHOUT = [8401, 8404, 9006, 20053, 30001, 30002, 30004, 30005, 30007, 30010, 30013, 30016, 30018, 30019];
  WITHOUT.push(
    30021,
    30024,
    30027,
    30029,
    30031,
    30036,
    30037,
    30039,
    30041,
    30044,
    30045,
    30047,
    30048,
    30049,
    30050,
    30051,
    30052,
    30053,
    30054,
    30058,
  );

  test('is taken by every number that changes something or hands it out, and by no other', () => {
    const numbers = Object.keys(TABLE).map(Number);
    expect(numbers.filter((number) => !takesReason(number))).toEqual(WITHOUT);
    expect(numbers.filter((number) => Object.hasOwn(TABLE[number]?.parameters.entries ?? {}, 'reason'))).toEqual([]);
  });

  test('stands in the lines that follow, as it was given', async () => {
    const { ask } = openBox();
    const reason = 'Müller said: "5 %" <b>\u202e';
    const query = `reason=${encodeURIComponent(` ${reason} `)}`;
    expect((await ask(30014, `number=205&name=x&Reason=${encodeURIComponent(reason)}`)).status).toBe(200);
    expect((await ask(9004, `startdate=2021-01-01 00:00&${query}`)).status).toBe(200);
    expect((await ask(30008, `UserName=eva&role=monitor&Password=${'1'.repeat(32)}&${query}`)).status).toBe(200);
    const lines = linesOf((await ask(30018, 'chain=act')).body);
    expect(lines.map((line) => [line.action, line.reason])).toEqual([
      ['user.set', reason],
      ['calls.deleted', ''],
      ['calls.delete', reason],
      ['contacts.put', reason],
    ]);
  });

  test('is 200 characters at most, on one line, and nowhere else', async () => {
    const { ask } = openBox();
    const status = async (number: number, reason: string) =>
      (await ask(number, `UserName=nobody&reason=${encodeURIComponent(reason)}`)).status;
    expect(await status(30009, '€'.repeat(200))).toBe(404);
    expect(await status(30009, '😀'.repeat(200))).toBe(404);
    for (const bad of ['€'.repeat(201), 'a\nb', 'a\0b', 'a\u2028b']) expect(await status(30009, bad)).toBe(400);
    expect((await ask(9006, 'reason=x')).body).toMatchObject({ error: { code: 'invalid', parameter: 'reason' } });
  });
});

describe('what is handed out and what is refused', () => {
  const file = { size: 3, mtimeMs: 0, read: async function* () {} };
  const recordingFiles = {
    look: async (paths: string[]) => paths.map(() => file),
  } as unknown as Services['recordingFiles'];

  test('stands in the log: exports, archives, plays, denials, keys that open nothing', async () => {
    const box = openBox({ ports: { recordingFiles } });
    const keys = await openApiKeys(box.store);
    const services = { ...box.services, keys };
    const { key } = await keys.make({ name: 'crm', role: 'monitor', numbers: [20036] }, { who: 'x', address: '' });
    const guessed = `cdrd-00000000-${'A'.repeat(43)}`;
    const request = (number: string, query: string, token: string | null) =>
      dispatch({ number, query, body: async () => '', token, address: '192.0.2.9' }, services).catch(() => {});
    const admin = box.services.sessions.begin({ user: 'admin', role: 'admin' }).token;
    const play = (path: string, token: string, query = '') =>
      playRecording({ path, query, token, address: '192.0.2.9' }, services).catch(() => {});
    await request('9005', 'src=205&reason=billing', admin);
    await request('20036', 'wavefiles=a.wav;b.wav', key);
    for (const path of ['a.wav', 'a.wav', 'b.wav']) await play(path, key, 'reason=complaint');
    await request('9006', '', key);
    await request('9006', '', guessed);
    await play('a.wav', guessed);
    await request('9006', '', 'x'.repeat(43)); // a session that has ended is everyday
    await request('30003', 'undo=x', key);
    const { entries } = await box.store.ask('auditEntries', { before: null, limit: 50 });
    const told = entries.filter(({ chain }) => chain !== 'act').reverse();
    expect(told.map(({ action, who, reason, detail }) => [action, who, reason, detail])).toEqual([
      ['calls.exported', 'admin', 'billing', expect.objectContaining({ src: '205' })],
      ['recordings.downloaded', 'key:crm', '', { files: 2, paths: 'a.wav;b.wav' }],
      ['recording.played', 'key:crm', 'complaint', { path: 'a.wav' }],
      ['recording.played', 'key:crm', 'complaint', { path: 'b.wav' }],
      ['denied', 'key:crm', '', { number: 9006 }],
      ['key.refused', '', '', { id: '00000000' }],
    ]);
    expect(told.every(({ address }) => address === '192.0.2.9')).toBe(true);
  });

  test('a denial by the handler itself does too', async () => {
    const settings = {
      change: async () => {
        const { CgiError } = await import('../../cgi/reply.ts');
        throw new CgiError('denied', 'monitor may not change trash.days', 'trash.days');
      },
    } as unknown as Services['settings'];
    const { ask, store } = openBox({ ports: { settings } });
    expect((await ask(30017, 'trash.days=1', 'monitor')).status).toBe(403);
    const { entries } = await store.ask('auditEntries', { before: null, limit: 1 });
    expect(entries).toMatchObject([{ action: 'denied', who: 'monitor', detail: { number: 30017 } }]);
  });
});

describe('changes back and forth', () => {
  const settings = { change: async () => {}, list: () => [] } as unknown as Services['settings'];

  test('push out nothing that was done: beyond 10,000 lines they are refused, and what takes a key away is not', async () => {
    const { ask } = openBox({ ports: { settings } });
    const all =
      'trash.days=1&backup.keep=2&reset=retention.recordings.days,retention.recordings.mb,retention.calls.days';
    for (let n = 0; n < 2_000; n++) expect((await ask(30017, all)).status).toBe(200);
    expect(await ask(30017, 'trash.days=1')).toMatchObject({ status: 429, body: { error: { code: 'busy' } } });
    expect((await ask(30014, 'number=205&name=Eva')).status).toBe(429);
    expect((await ask(30009, 'UserName=nobody')).status).toBe(404);
    // Another one may, and so may who only takes what is there.
    expect((await ask(30017, 'trash.days=1', 'monitor')).status).not.toBe(429);
    expect((await ask(9005, 'src=205')).status).toBe(200);
  });

  test('are counted for each and for all together, and time makes room', () => {
    const time = { ms: 0 };
    const pace = createPace({ lines: 10, seconds: 10, allLines: 25, allSeconds: 5 }, () => time.ms);
    const wait = (who: string, lines: number) => {
      try {
        pace(who, lines);
        return 0;
      } catch (error) {
        return (error as CgiError).retryAfter;
      }
    };
    expect([wait('a', 10), wait('a', 1), wait('b', 9), wait('b', 2), wait('b', 0)]).toEqual([0, 10, 0, 10, 0]);
    expect([wait('c', 7), wait('c', 6)]).toEqual([5, 0]);
    time.ms += 10_000;
    expect([wait('a', 2), wait('a', 1), wait('a', 1)]).toEqual([10, 0, 10]);
    time.ms += 1_000_000;
    expect([wait('a', 10), wait('b', 10)]).toEqual([0, 0]);
  });

  test('so the oldest of 100,000 lines is four days old at least, whoever asks how often', () => {
    const { allLines, allSeconds, lines, seconds } = auditNoteLimits.acts;
    expect(((LINES_KEPT.act - allLines) * allSeconds) / 86_400).toBeGreaterThan(4);
    // One by himself never keeps the others waiting.
    expect([lines < allLines, seconds > allSeconds]).toEqual([true, true]);
  });
});

describe('what happens often', () => {
  function notes(limits: Partial<typeof auditNoteLimits> = {}) {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const lines: [action: string, who: string, detail: object][] = [];
    const store = {
      write: async ({ audit }: { audit: AuditEntry }) => void lines.push([audit.action, audit.who, audit.detail]),
    } as unknown as StoreClient;
    const made = createAuditNotes(store, { ...auditNoteLimits, ...limits } as typeof auditNoteLimits);
    const played = (path: string, who = 'eva') =>
      made.done({ who, address: '192.0.2.1', action: 'recording.played', detail: { path } }, 'once');
    const failed = (address: string) => made.refused({ who: '', address, action: 'login.failed', detail: {} });
    return { made, lines, played, failed };
  }

  test('is counted by itself, though nothing comes any more', () => {
    const { lines, failed } = notes();
    for (let n = 0; n < 60; n++) failed('192.0.2.1');
    expect(lines).toHaveLength(1);
    vi.advanceTimersByTime(60_000);
    expect(lines.slice(1)).toEqual([['login.failed', '', { untold: 59 }]]);
    vi.advanceTimersByTime(600_000);
    expect(lines).toHaveLength(2);
    vi.useRealTimers();
  });

  test('is told at a stop, log-ins like all else', async () => {
    const { ask, services } = openBox();
    for (let n = 0; n < 3; n++) await ask(8404, `UserName=nobody&Password=${'0'.repeat(32)}`, null);
    services.notes.flush();
    const lines = linesOf((await ask(30018, 'action=login.failed')).body);
    expect(lines.map(({ detail }) => detail)).toEqual([{ user: '', untold: 2 }, { user: '' }]);
  });

  test('has a line for each recording, until there are too many; the same one piece by piece is one', () => {
    const { lines, played } = notes();
    for (let piece = 0; piece < 50; piece++) played('a.wav');
    for (let n = 0; n < 100; n++) played(`${n}.wav`);
    expect(lines).toHaveLength(auditNoteLimits.lines);
    vi.advanceTimersByTime(60_000);
    expect(lines).toHaveLength(auditNoteLimits.lines + 1);
    expect(lines.at(-1)).toEqual(['recording.played', 'eva', { path: '99.wav', untold: 91 }]);
    vi.useRealTimers();
  });

  test('from very many is told together, and keeps nothing else out', () => {
    const { lines, failed, played } = notes();
    for (let n = 0; n < 5_000; n++) failed(`2001:db8:${n.toString(16)}::1`);
    expect(lines).toHaveLength(auditNoteLimits.refused);
    played('a.wav');
    expect(lines.at(-1)).toEqual(['recording.played', 'eva', { path: 'a.wav' }]);
    vi.advanceTimersByTime(60_000);
    expect(lines.at(-1)).toEqual(['login.failed', '', { untold: 5_000 - auditNoteLimits.refused }]);
    vi.useRealTimers();
  });

  test('has its counts written at a stop', () => {
    const { lines, failed, made } = notes();
    failed('192.0.2.1');
    failed('192.0.2.1');
    made.flush();
    expect(lines.at(-1)).toEqual(['login.failed', '', { untold: 1 }]);
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });
});
