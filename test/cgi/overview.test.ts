/** 30044 and 30051: what the log complained of, and the box at a glance. */
import { expect, test } from 'vitest';
import type { Services } from '../../cgi/verb.ts';
import type { Vitals } from '../../cgi/vitals/port.ts';
import { createLog } from '../../daemon/log.ts';
import { FIRST_MEDIUM } from '../support/legs.ts';
import { NOW, openBox } from './box.ts';

const GB = 1e9;
const WALL = NOW - 8 * 3_600; // the box is at UTC−08:00
const DAY = 86_400;

const view = (change: Partial<Vitals> = {}): Vitals => ({
  uptime: () => 61.7,
  storeBytes: async () => 4096,
  complaints: () => [],
  ...change,
});

/** @param days How long ago each recording was made; each has 1 GB. */
async function overview(days: readonly number[], medium: Partial<Services['medium']> = {}) {
  const opened = openBox({
    ports: {
      vitals: view(),
      medium: {
        state: () => ({ state: 'mounted', why: '', writable: true, since: 0, medium: FIRST_MEDIUM }),
        space: () => ({ free: 20 * GB, total: 64 * GB }),
        ...medium,
      },
    },
  });
  const files = days.map((ago, index) => {
    const at = new Date((WALL - Math.round(ago * DAY)) * 1000).toISOString();
    const [day = '', time = ''] = at.replaceAll(/[-:]/g, '').split('T');
    return {
      path: `${day}/${day}-${time.slice(0, 6)}-${NOW - Math.round(ago * DAY)}-Internal-205-${204 + index}.wav`,
      size: GB,
      mtimeMs: 0,
      seconds: 1,
      state: 'ok' as const,
    };
  });
  if (files.length > 0) await opened.store.write({ kind: 'recordings', medium: FIRST_MEDIUM, files });
  return (await opened.ask(30051)).body;
}

test('the days left come of what was recorded in a week', async () => {
  // Two in the week, which began six days ago at least: 20 GB last for 60 days at 2 GB in 6.
  expect(await overview([6, 1, 9, 10])).toEqual({
    time: '2021-05-07 12:00:00',
    uptime: 61,
    version: '1.2.3',
    store: { state: 'ok', bytes: 4096, free: expect.anything() },
    medium: {
      state: 'mounted',
      why: '',
      writable: true,
      free: 20 * GB,
      total: 64 * GB,
      recorded: { count: 2, bytes: 2 * GB, days: expect.any(Number) },
      days_left: expect.any(Number),
    },
  });
});

test.each([
  ['a week with the oldest six days ago', [6, 1], 60],
  ['a medium that came today counts as a day', [0.1, 0.2], 10],
  ['nothing in the week tells nothing', [8, 30], null],
  ['no recordings at all', [], null],
])('%s', async (_, days, left) => {
  expect((await overview(days))['medium']).toMatchObject({ days_left: left });
});

test('without a medium nothing is known of it', async () => {
  const away = { state: () => ({ state: 'absent' as const, why: 'not there', writable: false, since: 0 }) };
  expect((await overview([1], { ...away, space: () => null }))['medium']).toEqual({
    state: 'absent',
    why: 'not there',
    writable: false,
    free: null,
    total: null,
    recorded: null,
    days_left: null,
  });
});

test('30044: warnings and errors, newest first, each once, without numbers of people', async () => {
  const log = createLog({ level: 'info', write: () => {}, terminal: false });
  log.info('all is well');
  log.child('asterisk').warn('the login was refused', { why: 'wrong', password: 'hunter2' });
  log.error('a call was lost', { caller: '0791234567' });
  log.child('asterisk').child('csv').warn('a line is broken', { line: 1 });
  log.child('asterisk').child('csv').warn('a line is broken', { line: 2 });
  const { ask } = openBox({ ports: { vitals: view({ complaints: log.recent }) } });
  const { body } = await ask(30044);
  expect(body['json_array_log']).toMatchObject([
    { level: 'warn', part: 'asterisk', text: 'a line is broken line=2', times: 2 },
    { level: 'error', part: '', text: 'a call was lost caller=…', times: 1 },
    { level: 'warn', part: 'asterisk', text: 'the login was refused why=wrong password=***', times: 1 },
  ]);
  expect(JSON.stringify(body)).not.toMatch(/hunter2|0791234567/);
});

test('of what the log complains a hundred different are kept, cut to half a thousand characters', () => {
  const log = createLog({ level: 'error', write: () => {}, terminal: false });
  log.error('first', { long: 'x'.repeat(900) });
  expect(log.recent()[0]?.text).toHaveLength(501);
  for (let index = 0; index < 100; index++) log.error(`number ${index}`);
  expect(log.recent()).toHaveLength(100);
  expect(log.recent().at(-1)?.text).toBe('number 0');
});
