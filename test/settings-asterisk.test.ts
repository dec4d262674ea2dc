/** The whole daemon beside a scripted Asterisk: what it is told to record, when, in which order, and that no kill loses it. */
import { setTimeout as pause } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import type { RecordingPolicy } from '../daemon/asterisk/astdb.ts';
import { createPolicyWriter } from '../daemon/asterisk/recording-policy.ts';
import { createPacketReader, type Header, type Packet } from '../daemon/wire/packet.ts';
import { folders, logIn as logInBox, startBox } from './fault/box.ts';
import { eventually, logIn, startDaemon, type TestDaemon } from './support/daemon.ts';
import { type FakeAmi, type FakeScript, lettingIn, startFakeAmi } from './support/fake-ami.ts';
import { type AtEnd, temporaryFolder } from './support/folder.ts';

/** Key order of one whole family. */
const ORDER = [
  'dir',
  'Internal',
  'Outbound',
  'Inbound',
  'CallBack',
  'Conference',
  'prompt/Inbound',
  'prompt/Outbound',
  'prompt/Inbound/record',
  'prompt/Outbound/record',
  'enable',
];

const asterisk = (asked: FakeScript['asked'] = lettingIn(), port = 0) =>
  startFakeAmi({ asked }, onTestFinished as AtEnd, port);

/** Key and value of every DBPut, in the order in which they came. */
const puts = ({ requests }: FakeAmi) =>
  requests
    .filter((request) => request.get('Action') === 'DBPut')
    .map((request) => [request.get('Key'), request.get('Val')] as const);

const towards = (port: number) => ({
  CDRD_ASTERISK_HOST: '127.0.0.1',
  CDRD_ASTERISK_PORT: String(port),
  CDRD_ASTERISK_SECRET: 's',
});

async function change(daemon: TestDaemon, values: Record<string, string>) {
  const answer = await daemon.get('/cgi/webserve/30017', { method: 'POST', body: new URLSearchParams(values) });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

async function pending(daemon: TestDaemon): Promise<string[]> {
  const { json_array_settings: rows } = await daemon.json('/cgi/webserve/30016?');
  return (rows as { name: string; pending: boolean }[]).filter((row) => row.pending).map(({ name }) => name);
}

test('a change is told at once, the whole family in order, and the answer says that it is done', async () => {
  const pbx = await asterisk();
  const daemon = await startDaemon(towards(pbx.port));
  await eventually(() => puts(pbx).length === ORDER.length);
  expect(puts(pbx).map(([key]) => key)).toEqual(ORDER);
  await eventually(async () => (await pending(daemon)).length === 0);
  const answer = await change(daemon, {
    'recording.enable': 'no',
    'recording.inbound': 'no',
    'recording.prompt.outbound': 'custom/recorded',
    'recording.prompt.outbound.record': 'yes',
  });
  expect(answer).toMatchObject({ status: 200, body: { result: 'success', pending: [] } });
  const told = puts(pbx).slice(ORDER.length);
  expect(told).toEqual([
    ['enable', '0'], // what stops it comes first
    ['dir', `${daemon.folder}/recordings`],
    ['Internal', '1'],
    ['Outbound', '1'],
    ['Inbound', '0'],
    ['CallBack', '1'],
    ['Conference', '1'],
    ['prompt/Inbound', ''],
    ['prompt/Outbound', 'custom/recorded'],
    ['prompt/Inbound/record', ''],
    ['prompt/Outbound/record', '1'],
  ]);
  await change(daemon, { 'trash.days': '3' });
  expect((await change(daemon, { 'recording.inbound': 'no' })).body['pending']).toEqual([]);
  expect(puts(pbx)).toHaveLength(2 * ORDER.length); // neither concerns Asterisk
});

test('a change while Asterisk is away is pending, and told at its next log-in', async () => {
  const first = await asterisk();
  const daemon = await startDaemon(towards(first.port));
  await eventually(async () => (await pending(daemon)).length === 0);
  await first.close();
  await eventually(async () => (await pending(daemon)).length > 0);
  const monitor = await logIn(daemon.url, 'monitor');
  const answer = await fetch(`${daemon.url}/cgi/webserve/30017?recording.internal=no`, {
    headers: { Authorization: `Bearer ${monitor}` },
  });
  expect(await answer.json()).toMatchObject({ result: 'success', pending: ['recording.internal'] });
  expect(await pending(daemon)).toContain('recording.internal');
  const second = await asterisk(lettingIn(), first.port);
  await eventually(() => puts(second).length === ORDER.length, 15);
  expect(puts(second).map(([key]) => key)).toEqual(ORDER);
  expect(Object.fromEntries(puts(second))).toMatchObject({ Internal: '0', Inbound: '1', enable: '1' });
  await eventually(async () => (await pending(daemon)).length === 0);
  // And a restart of the daemon tells the same.
  await daemon.close();
  const again = await startDaemon(towards(first.port), { folder: daemon.folder });
  await eventually(() => puts(second).length === 2 * ORDER.length);
  expect(Object.fromEntries(puts(second).slice(ORDER.length))).toMatchObject({ Internal: '0', Inbound: '1' });
  await eventually(async () => (await pending(again)).length === 0);
});

test('what Asterisk refuses stays pending, is logged once, and the rest of the daemon works', async () => {
  const allowed = lettingIn();
  const pbx = await asterisk((request, session, count) => {
    if (request.get('Key') === 'Inbound') session.answer(request, 'Error', ['Message', 'Failed to update entry']);
    else allowed(request, session, count);
  });
  const daemon = await startDaemon(towards(pbx.port));
  await eventually(() => puts(pbx).some(([key]) => key === 'Inbound'));
  const waiting = ['recording.enable', 'recording.inbound', 'recording.callback', 'recording.conference'];
  await eventually(async () => !(await pending(daemon)).includes('recording.outbound'));
  expect(await pending(daemon)).toEqual(expect.arrayContaining(waiting));
  const answer = await change(daemon, { 'recording.internal': 'no' });
  expect(answer.body).toMatchObject({ result: 'success', pending: [] });
  expect(await pending(daemon)).toEqual(expect.arrayContaining(waiting));
  expect(daemon.log.filter((line) => line.includes('was not told what to record'))).toHaveLength(1);
  expect(daemon.log.join('')).toContain('cdrd/Inbound: Failed to update entry');
});

test('30050 says whether Asterisk has it all, and if not, why and since when', async () => {
  const inAsterisk = (daemon: TestDaemon) => daemon.json('/cgi/webserve/30050?');
  const alone = await startDaemon();
  expect(await inAsterisk(alone)).toMatchObject({ state: 'pending', why: 'off', held: '' });

  const allowed = lettingIn();
  let denied = true;
  const first = await asterisk((request, session, count) => {
    if (denied && request.get('Action') === 'DBPut') session.answer(request, 'Error', ['Message', 'Permission denied']);
    else allowed(request, session, count);
  });
  const daemon = await startDaemon(towards(first.port));
  await eventually(async () => (await inAsterisk(daemon))['why'] === 'rights');
  const refused = await inAsterisk(daemon);
  expect(refused).toMatchObject({ state: 'pending', message: 'Permission denied' });
  expect(refused['since']).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  expect(refused['pending']).toContain('recording.enable');

  denied = false;
  await change(daemon, { 'recording.internal': 'no' });
  expect(await inAsterisk(daemon)).toMatchObject({ state: 'written', why: '', message: '', pending: [], held: '' });

  await first.close();
  await eventually(async () => (await inAsterisk(daemon))['why'] === 'away');
  const monitor = await logIn(daemon.url, 'monitor');
  const answer = await fetch(`${daemon.url}/cgi/webserve/30050`, { headers: { Authorization: `Bearer ${monitor}` } });
  expect(await answer.json()).toMatchObject({ state: 'pending', message: expect.stringMatching(/./) });
});

test('30050 says what keeps calls from being recorded though the settings want it', async () => {
  const pbx = await asterisk();
  const daemon = await startDaemon({ ...towards(pbx.port), CDRD_RECORDINGS_REQUIRE_MOUNT: 'yes' });
  await eventually(async () => (await daemon.json('/cgi/webserve/30050?'))['state'] === 'written');
  expect(await daemon.json('/cgi/webserve/30050?')).toMatchObject({
    held: expect.stringContaining('nothing is mounted'),
  });
  await change(daemon, { 'recording.enable': 'no' }); // then nothing stands in the way
  expect(await daemon.json('/cgi/webserve/30050?')).toMatchObject({ state: 'written', held: '' });
});

test('a kill -9 between the write and Asterisk: the next start tells what was written', async () => {
  const allowed = lettingIn();
  let deaf = false;
  const pbx = await asterisk((request, session, count) => {
    if (!deaf || request.get('Action') !== 'DBPut') allowed(request, session, count);
  });
  const place = folders(temporaryFolder());
  const box = startBox(place, pbx.port);
  onTestFinished(() => box.signal('SIGKILL'));
  const get = await logInBox(await box.ready, place, 'admin');
  await eventually(() => puts(pbx).length === ORDER.length);
  deaf = true;
  const answer = await get('/cgi/webserve/30017?recording.enable=no&recording.prompt.inbound=custom/x');
  expect(answer['pending']).toEqual(['recording.enable', 'recording.prompt.inbound']);
  box.signal('SIGKILL');
  await box.ended;
  deaf = false;
  const before = puts(pbx).length;
  const second = startBox(place, pbx.port);
  onTestFinished(() => second.signal('SIGKILL'));
  await second.ready;
  await eventually(() => puts(pbx).length === before + ORDER.length);
  const told = puts(pbx).slice(before);
  expect(told.map(([key]) => key)).toEqual(['enable', ...ORDER.slice(0, -1)]); // what stops it comes first
  expect(Object.fromEntries(told)).toMatchObject({ enable: '0', 'prompt/Inbound': 'custom/x', Inbound: '1' });
  second.signal('SIGTERM');
  await second.ended;
});

test('a chosen place is where the next run, too, records to and looks for recordings', async () => {
  const pbx = await asterisk();
  const folder = temporaryFolder();
  const env = {
    ...towards(pbx.port),
    // As where neither the file nor the environment names it.
    CDRD_RECORDINGS_DIR: undefined as unknown as string,
    CDRD_RECORDINGS_PLACES: `USB=${folder}/recordings,NAS=${folder}/nas`,
  };
  const daemon = await startDaemon(env, { folder });
  expect((await change(daemon, { 'recording.place': 'NAS' })).body).toMatchObject({ pending: [] });
  await daemon.close();
  const before = puts(pbx).length;
  const again = await startDaemon(env, { folder });
  await eventually(() => puts(pbx).length > before);
  expect(puts(pbx)[before]).toEqual(['dir', `${folder}/nas`]);
  await eventually(() => again.log.some((line) => line.includes('recordings: ') && line.includes(`${folder}/nas`)));
  await eventually(async () => (await pending(again)).length === 0);
});

test('changes on the heels of each other: the last one is what Asterisk has, each family begun anew from its first key', async () => {
  const policy = (enable: boolean): RecordingPolicy => ({
    dir: '/x',
    enable,
    kinds: { Internal: enable, Outbound: enable, Inbound: enable, CallBack: enable, Conference: enable },
    prompts: { Inbound: { sound: '', recorded: false }, Outbound: { sound: '', recorded: false } },
  });
  const sent: (readonly [string, string])[] = [];
  const success = await packet('Response: Success\r\n\r\n');
  const control = createPolicyWriter({ error: () => {} });
  const action = async (headers: readonly Header[]) => {
    const field = (name: string) => headers.find(([key]) => key === name)?.[1] ?? '';
    sent.push([field('Key'), field('Val')]);
    await pause(1);
    return success;
  };
  const first = control.want(policy(true));
  await first;
  expect(sent).toEqual([]);
  control.up(action);
  await pause(4); // a few keys are through
  expect(control.told('dir')).toBe(true);
  const [second, third] = [control.want(policy(false)), control.want(policy(true))];
  expect(control.told('enable')).toBe(false);
  await Promise.all([second, third]);
  const last = sent.slice(-ORDER.length);
  expect(last.map(([key]) => key)).toEqual(ORDER);
  expect(last.at(-1)).toEqual(['enable', '1']);
  expect(sent.filter(([key]) => key === 'enable')).toHaveLength(1); // nothing was let loose on the way
  expect(ORDER.every((key) => control.told(key))).toBe(true);
  control.away();
  expect(control.told('enable')).toBe(false);
  control.up(action);
  await control.want(policy(true));
  expect(sent.slice(-ORDER.length).map(([key]) => key)).toEqual(ORDER);
});

function packet(text: string): Promise<Packet> {
  return new Promise((resolve) => {
    const reader = createPacketReader({ line: 100, lines: 10, bytes: 1_000 }, { packet: resolve, fault: () => {} });
    reader.push(Buffer.from(text));
  });
}
