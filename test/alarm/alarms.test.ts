/** Alarms as a whole: told once, tried again, kept over a restart, over in the end; their number, and what it takes to ask it. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import type { SettingValue } from '../../cgi/settings/schema.ts';
import { startAlarms } from '../../daemon/alarm/alarms.ts';
import type { BoxState } from '../../daemon/alarm/condition.ts';
import { mayGainNothing } from '../../daemon/alarm/spool.ts';
import { alarmLimits } from '../../daemon/limits.ts';
import { createLog } from '../../daemon/log.ts';
import { eventually, startDaemon } from '../support/daemon.ts';
import { temporaryFolder } from '../support/folder.ts';
import { openReceiver } from './receiver.ts';

const WELL: BoxState = {
  medium: { state: 'mounted', why: '', writable: true },
  asterisk: { state: 'up', why: '' },
  disks: [{ disk: 'recordings', used: 0.5, alarm: false }],
};
const GONE: BoxState = { ...WELL, medium: { state: 'absent', why: 'nothing is mounted', writable: false } };
const LIMITS = { ...alarmLimits, lookMs: 10, startMs: 0, retryMs: { first: 20, last: 40 }, webhookMs: 2_000 };

/** @param url Of the webhook; '' = off. */
async function openAlarms(url: string, { folder = temporaryFolder(), limits = {} } = {}) {
  const values: Record<string, SettingValue> = {
    'alarm.mail': [],
    'alarm.sender': '',
    'alarm.webhook': url,
    'alarm.after': 0,
  };
  const listeners: ((names: readonly string[]) => void)[] = [];
  const now = { box: WELL };
  const log: string[] = [];
  const start = async () => {
    const alarms = await startAlarms({
      stateDir: folder,
      sendMail: '/nowhere',
      localToo: true,
      settings: {
        value: (name) => values[name] ?? '',
        onChange: (listener) => void listeners.push(listener),
      },
      box: () => now.box,
      sender: { host: 'nexo', version: '1.2.3' },
      log: createLog({ level: 'info', write: (line) => log.push(line), terminal: false }),
      limits: { ...LIMITS, ...limits },
    });
    onTestFinished(() => alarms.close());
    return alarms;
  };
  const set = (name: string, value: SettingValue) => {
    values[name] = value;
    for (const heard of listeners) heard([name]);
  };
  return { folder, now, log, set, start, alarms: await start() };
}

test('an alarm is sent once, and once that it is over', async () => {
  const receiver = await openReceiver();
  const { now, alarms } = await openAlarms(receiver.url);
  now.box = GONE;
  await eventually(() => receiver.posted.length === 1);
  expect(receiver.posted[0]?.body).toEqual({
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    event: 'alarm',
    kind: 'medium_gone',
    disk: null,
    says: expect.stringContaining('(nothing is mounted)'),
    since: expect.stringMatching(/^20\d\d-.*Z$/),
    host: 'nexo',
    program: 'cdrd 1.2.3',
  });
  expect(alarms.raised()).toMatchObject([{ kind: 'medium_gone', disk: null }]);
  await new Promise((resolve) => setTimeout(resolve, 200));
  now.box = WELL;
  await eventually(() => receiver.posted.length === 2);
  expect(receiver.posted[1]?.body).toMatchObject({ event: 'over', kind: 'medium_gone' });
  expect(alarms.raised()).toEqual([]);
  await eventually(() => alarms.ways().find(({ way }) => way === 'webhook')?.waiting === 0);
  expect(alarms.ways()).toMatchObject([
    { way: 'mail', on: false },
    { way: 'webhook', on: true, lost: 0, why: '', arrivedAt: expect.any(Number) },
  ]);
});

test('a receiver that fails is tried again, in order, with the same id', async () => {
  const receiver = await openReceiver();
  receiver.status = 500;
  const { now, alarms, log } = await openAlarms(receiver.url);
  now.box = GONE;
  await eventually(() => receiver.posted.length >= 3);
  now.box = WELL;
  await eventually(() => alarms.ways()[1]?.waiting === 2);
  expect(alarms.ways()[1]).toMatchObject({ why: `127.0.0.1:${receiver.port} answered 500`, arrivedAt: null });
  expect(new Set(receiver.posted.map(({ body }) => body['id'])).size).toBe(1);
  receiver.status = 200;
  await eventually(() => alarms.ways()[1]?.waiting === 0);
  expect(receiver.posted.slice(-2).map(({ body }) => body['event'])).toEqual(['alarm', 'over']);
  expect(log.filter((line) => line.includes('did not arrive')).length).toBeGreaterThan(2);
  expect(log.join('')).not.toContain('box=7');
});

test('what waits outlives a restart, what was told is not told again, and its end is', async () => {
  const receiver = await openReceiver();
  receiver.status = 503;
  const { folder, now, alarms, start } = await openAlarms(receiver.url);
  now.box = GONE;
  await eventually(() => receiver.posted.length > 0);
  await alarms.close();
  expect(statSync(`${folder}/alarms`).mode & 0o777).toBe(0o600);
  receiver.status = 204;
  const before = receiver.posted.length;
  const second = await start();
  await eventually(() => second.ways()[1]?.waiting === 0);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(receiver.posted.slice(before).map(({ body }) => body['event'])).toEqual(['alarm']);
  await second.close();
  now.box = WELL;
  const third = await start();
  await eventually(() => receiver.posted.length === before + 2);
  expect(receiver.posted.at(-1)?.body).toMatchObject({ event: 'over' });
  await eventually(() => third.ways()[1]?.waiting === 0);
  await third.close();
  expect(JSON.parse(readFileSync(`${folder}/alarms`, 'utf8'))).toEqual({ raised: [], mail: [], webhook: [] });
});

test('a file that is damaged, or holds another’s text, is forgotten and said', async () => {
  const folder = temporaryFolder();
  writeFileSync(`${folder}/alarms`, '{"raised":[],"mail":[{"id":"../../x"}],"webhook":[]}');
  const { log } = await openAlarms('', { folder });
  expect(log.join('')).toMatch(/damaged and forgotten/);
});

test('a state folder that takes no file keeps no alarm back', async () => {
  const receiver = await openReceiver();
  const { folder, now, log } = await openAlarms(receiver.url);
  mkdirSync(`${folder}/alarms/in-the-way`, { recursive: true });
  now.box = GONE;
  await eventually(() => receiver.posted.length === 1);
  await eventually(() => log.some((line) => line.includes('can not be written down')));
});

test('the queue has an end, and a message too', async () => {
  const receiver = await openReceiver();
  receiver.status = 500;
  const { now, alarms } = await openAlarms(receiver.url, {
    limits: { waiting: 3, retryMs: { first: 1e6, last: 1e6 }, unsteadyChanges: 1e6 },
  });
  for (let turn = 0; turn < 4; turn++) {
    for (const box of [GONE, WELL]) {
      now.box = box;
      await eventually(() => alarms.raised().length === (box === GONE ? 1 : 0));
    }
  }
  expect(alarms.ways()[1]).toMatchObject({ waiting: 3, lost: 5 });
  const { now: other, alarms: short } = await openAlarms(receiver.url, { limits: { tries: 2 } });
  other.box = GONE;
  await eventually(() => short.ways()[1]?.lost === 1);
  expect(short.ways()[1]?.waiting).toBe(0);
});

test('while nobody is named nothing waits; who is named then learns of what is wrong', async () => {
  const receiver = await openReceiver();
  const { now, alarms, set } = await openAlarms('');
  now.box = GONE;
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect([alarms.raised(), alarms.ways()[1]?.waiting]).toEqual([[], 0]);
  set('alarm.webhook', receiver.url);
  await eventually(() => receiver.posted.length === 1);
  set('alarm.webhook', '');
  await eventually(() => alarms.raised().length === 0);
});

test('30055 shows them and sends a test; where it can’t go, it says why', async () => {
  const receiver = await openReceiver();
  const daemon = await startDaemon({ CDRD_ALARM_LOCAL_WEBHOOK: 'yes' });
  const ask = (query = '') => daemon.json(`/cgi/webserve/30055?${query}`);
  const off = { waiting: 0, lost: 0, arrived: null, failed: null, why: '', on: false };
  expect(await ask()).toEqual({
    json_array_alarms: [],
    json_array_ways: [
      { way: 'mail', ...off },
      { way: 'webhook', ...off },
    ],
  });
  expect(await ask('send=webhook')).toMatchObject({ error: { code: 'conflict', parameter: 'send' } });
  expect(await ask('send=pigeon')).toMatchObject({ error: { code: 'invalid', parameter: 'send' } });
  const set = (url: string) => daemon.json(`/cgi/webserve/30017?alarm.webhook=${encodeURIComponent(url)}`);
  await set(receiver.url);
  expect(await ask('send=webhook&reason=new+receiver')).toMatchObject({
    test: { way: 'webhook', state: 'arrived', why: '' },
  });
  expect(receiver.posted).toMatchObject([{ body: { event: 'test', kind: null } }]);
  receiver.status = 404;
  expect(await ask('send=webhook')).toMatchObject({
    test: { state: 'failed', why: `127.0.0.1:${receiver.port} answered 404` },
  });
  const health = await daemon.json('/healthz');
  expect(health['alarms']).toMatchObject({ state: 'ok', mail: { state: 'off' }, webhook: { state: 'failing' } });
  expect((await ask())['json_array_ways']).toMatchObject([
    {},
    { arrived: expect.any(String), failed: expect.any(String), why: expect.stringMatching(/404/) },
  ]);
  await eventually(async () => {
    const { json_array_audit: lines } = await daemon.json('/cgi/webserve/30018?action=alarm.tested');
    const told = (lines as { reason: string; detail: { why: string } }[]).map(({ reason, detail }) => [
      reason,
      detail.why,
    ]);
    return (
      JSON.stringify(told) ===
      JSON.stringify([
        ['', `127.0.0.1:${receiver.port} answered 404`],
        ['new receiver', ''],
      ])
    );
  });
});

test('a mail goes by the script beside the program, which says that this machine has no sendmail', async (context) => {
  if (['/usr/sbin/sendmail', '/usr/lib/sendmail', '/usr/bin/sendmail', '/sbin/sendmail'].some(existsSync))
    return context.skip('it has one');
  if (mayGainNothing()) return context.skip('nothing may be started here');
  const daemon = await startDaemon({ CDRD_ALARM_MAIL: 'root' });
  expect(await daemon.json('/cgi/webserve/30055?send=mail')).toMatchObject({
    test: { way: 'mail', state: 'failed', why: 'sendmail: there is no program sendmail on this box' },
  });
  expect(readdirSync(`${daemon.folder}/state/mail`)).toEqual([]);
});

test('by default a page can’t have the box itself called', async () => {
  const receiver = await openReceiver();
  const daemon = await startDaemon();
  await daemon.json(`/cgi/webserve/30017?alarm.webhook=${encodeURIComponent(receiver.url)}`);
  expect(await daemon.json('/cgi/webserve/30055?send=webhook')).toMatchObject({
    test: { state: 'failed', why: expect.stringMatching(/is this box itself/) },
  });
  expect(receiver.posted).toEqual([]);
});
