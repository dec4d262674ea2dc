/** 30025: marks that retention obeys; and 30026, whose answer the runner behind it gives. */
import { expect, test } from 'vitest';
import type { Retention } from '../../cgi/retention/port.ts';
import { FIRST_MEDIUM } from '../support/legs.ts';
import { NOW, openBox } from './box.ts';

const PLAIN = '20210507/20210507-000000-1620374400-Internal-205-204.wav';
const PLUS = '20210507/20210507-010000-1620378000-Outbound-42-202-+49301.wav';

async function box() {
  const opened = openBox();
  const files = [PLAIN, PLUS].map((path) => ({ path, size: 44, mtimeMs: 0, seconds: 1, state: 'ok' as const }));
  await opened.store.write({ kind: 'recordings', medium: FIRST_MEDIUM, files });
  const range = { medium: FIRST_MEDIUM, from: 0, before: 1e12, after: null };
  const free = async () => (await opened.store.ask('oldestRecordings', range)).files.map(({ path }) => path);
  return { ...opened, free };
}

test('30025 marks what is listed and says what is not; a + that came as a blank is understood', async () => {
  const { ask, free, list, store } = await box();
  expect(await free()).toEqual([PLAIN, PLUS]);
  const spelled = encodeURIComponent(`${PLUS.replace('+', ' ')};none.wav`);
  expect(await ask(30025, `wavefiles=${spelled}&keep=1`, 'monitor')).toEqual({
    status: 200,
    body: { result: 'success', kept: 1, missing: ['none.wav'] },
  });
  expect(await free()).toEqual([PLAIN]);
  const listed = async (query: string) => (await list(20053, query)).rows.map(({ path }) => path);
  expect(await listed('keep=1')).toEqual([PLUS]);
  expect(await listed('keep=0')).toEqual([PLAIN]);
  expect(await listed('')).toEqual([PLUS, PLAIN]);
  // Asked for more, each row says so, and how large it is and which call's.
  expect((await list(20053, 'more=1')).rows.map(({ size, keep, call }) => ({ size, keep, call }))).toEqual([
    { size: '44', keep: '1', call: '' },
    { size: '44', keep: '0', call: '' },
  ]);
  expect((await list(20053, '')).rows[0]).not.toHaveProperty('size');
  const [entry] = (await store.ask('auditEntries', { before: null, limit: 1 })).entries;
  expect(entry).toMatchObject({ who: 'monitor', action: 'recordings.keep', detail: { files: 1, paths: PLUS } });
  expect((await ask(30025, `wavefiles=${encodeURIComponent(PLUS)}&keep=0`)).body).toMatchObject({ unkept: 1 });
  expect(await free()).toEqual([PLAIN, PLUS]);
});

test('30025 marks as many as one request names, a hundred in a line of the audit log', async () => {
  const { ask, store } = await box();
  const many = Array.from({ length: 250 }, (_, index) => `20210507/${1_000 + index}.wav`);
  const files = many.map((path) => ({ path, size: 44, mtimeMs: 0, seconds: 1, state: 'ok' as const }));
  await store.write({ kind: 'recordings', medium: FIRST_MEDIUM, files });
  expect((await ask(30025, 'keep=1', 'admin', `wavefiles=${many.join(';')}`)).body).toMatchObject({ kept: 250 });
  const entries = (await store.ask('auditEntries', { before: null, limit: 9 })).entries;
  expect(entries.map(({ detail }) => detail['files'])).toEqual([50, 100, 100]);
});

test.each([
  ['wavefiles=a.wav', 'keep'],
  ['wavefiles=a.wav&keep=2', 'keep'],
  ['keep=1', 'wavefiles'],
])('30025 refuses %s', async (query, parameter) => {
  const { status, body } = await (await box()).ask(30025, query);
  expect([status, (body['error'] as { parameter: string }).parameter]).toEqual([400, parameter]);
});

test('30026 shows what would go and how it last went; run=1 does it first', async () => {
  let runs = 0;
  const retention: Retention = {
    async plan(paths) {
      const rule = 'retention.recordings.days';
      const files = [PLAIN, PLUS].slice(0, paths);
      const wall = '2021-05-07 00:00:00';
      const effect = { rule, value: 30, count: 2, bytes: 88, oldest: wall, newest: wall, paths: files } as const;
      return { rules: [effect], medium: { total: 100, free: 50, recordings: 44, kept: 0, spared: '' }, trash: 7 };
    },
    run: async () => void runs++,
    state: () => ({
      running: false,
      doneAt: NOW - 60,
      nextAt: null,
      why: '',
      last: { at: NOW, recordings: 1, bytes: 44, calls: 0 },
      clock: NOW,
      doubt: '',
      restsUntil: null,
    }),
  };
  const { ask } = openBox({ ports: { retention } });
  const { body } = await ask(30026, 'limit=1');
  expect(body).toEqual({
    json_array_rules: [expect.objectContaining({ count: 2, paths: [PLAIN] })],
    medium: { total: 100, free: 50, recordings: 44, kept: 0, spared: '' },
    trash: 7,
    running: false,
    done: '2021-05-07 11:59:00',
    next: null,
    why: '',
    last: { at: '2021-05-07 12:00:00', recordings: 1, bytes: 44, calls: 0 },
    rests_until: null,
    clock: { time: '2021-05-07 12:00:00', doubt: '' },
  });
  expect(runs).toBe(0);
  expect((await ask(30026, 'run=1')).status).toBe(200);
  expect(runs).toBe(1);
  expect((await ask(30026, 'run=1', 'monitor')).status).toBe(403);
});
