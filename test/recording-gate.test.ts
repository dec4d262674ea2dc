/** Nothing is recorded while there is no medium to write on, whatever the settings say; and they hold again behind it. */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import type { RecordingPolicy } from '../daemon/asterisk/astdb.ts';
import { createPolicyWriter } from '../daemon/asterisk/recording-policy.ts';
import { createRecordingGate } from '../daemon/recording-gate.ts';
import { createMediumState, type MediumState } from '../daemon/recordings/medium-state.ts';
import type { Packet } from '../daemon/wire/packet.ts';
import type { Write } from '../storage/write.ts';
import { eventually, startDaemon } from './support/daemon.ts';
import { type FakeAmi, lettingIn, startFakeAmi } from './support/fake-ami.ts';
import { type AtEnd, temporaryFolder } from './support/folder.ts';

const POLICY: RecordingPolicy = {
  dir: '/media/usbStorage/monitor',
  enable: true,
  kinds: { Internal: true, Outbound: true, Inbound: true, CallBack: true, Conference: true },
  prompts: { Inbound: { sound: '', recorded: false }, Outbound: { sound: '', recorded: false } },
};
const WELL: MediumState = { state: 'mounted', why: '', writable: true, demanded: true, since: 0 };
const DEAD: MediumState = { state: 'dead', why: 'pulled out', writable: false, demanded: true, since: 0 };
const STICK = { device: '8:1', place: '60 8:1 1', demanded: true };

/** An Asterisk with its database, which may be away. */
function rig({ demanded = true, wanted = POLICY } = {}) {
  const astdb = new Map<string, string>();
  const audits: string[] = [];
  const log: string[] = [];
  const said: (readonly string[])[] = [];
  const control = createPolicyWriter({ error: () => {} }, (kinds) => said.push(kinds));
  const say = (message: string) => void log.push(message);
  const heard = createRecordingGate({
    demanded,
    policy: control,
    store: { write: async (item: Write) => void audits.push('audit' in item ? item.audit.action : '') } as never,
    log: { info: say, warn: say },
  });
  void control.want(wanted);
  const up = () =>
    control.up(async (headers) => {
      const field = (name: string) => headers.find(([key]) => key === name)?.[1] ?? '';
      astdb.set(field('Key'), field('Val'));
      return { get: () => 'Success' } as unknown as Packet;
    });
  /** What Asterisk has, once everything is told. */
  const enable = async () => {
    await control.want(wanted);
    return astdb.get('enable');
  };
  return { astdb, audits, log, said, control, heard, up, enable };
}

test('the gate is as open as the medium was last found writable, slow or not', async () => {
  const { heard, up, enable, audits, log } = rig();
  up();
  const medium = createMediumState(() => 0, 3_000, true, heard);
  const found = (writable: boolean, why = '') => medium.found(STICK, 1, { writable, why });
  const after = async (step: () => unknown) => {
    step();
    return [medium.state().state, await enable()];
  };
  expect(await after(() => found(true))).toEqual(['mounted', '1']);
  expect(await after(() => medium.late())).toEqual(['slow', '1']);
  expect(await after(() => found(false, 'full'))).toEqual(['slow', '0']); // and it stays slow for hours
  expect(await after(() => found(true))).toEqual(['slow', '1']);
  expect(await after(() => medium.lost('dead', 'pulled out', STICK))).toEqual(['dead', '0']);
  expect(await after(() => found(false, 'read-only'))).toEqual(['mounted', '0']);
  expect(await after(() => medium.late())).toEqual(['slow', '0']);
  expect(await after(() => found(true))).toEqual(['slow', '1']);
  const once = ['recording.gate.closed', 'recording.gate.opened'];
  expect(audits).toEqual([...once, ...once]);
  expect(log).toHaveLength(4);
});

test('before the first look Asterisk keeps what it was told last', async () => {
  const { heard, up, enable, astdb, said, audits } = rig();
  astdb.set('enable', '0');
  up();
  expect([await enable(), astdb.get('dir')]).toEqual(['0', POLICY.dir]);
  expect(said).toEqual([]); // what it records by that nobody knows
  heard(WELL);
  expect(await enable()).toBe('1');
  expect(said.at(-1)).toContain('Internal');
  expect(audits).toEqual([]); // nothing was stopped by this process
});

test('an Asterisk that comes back, with whatever it had, is told of the gate', async () => {
  const { heard, up, enable, astdb, control, said } = rig();
  up();
  heard(WELL);
  await enable();
  control.away();
  heard(DEAD);
  astdb.set('enable', '1');
  up();
  expect(await enable()).toBe('0');
  expect(said.at(-1)).toEqual([]);
  expect(control.told('enable')).toBe(true); // and the page has nothing pending
});

test('a setting that records nothing stays so, and where no medium is demanded there is no gate', async () => {
  const off = rig({ wanted: { ...POLICY, enable: false } });
  off.up();
  off.heard(DEAD);
  off.heard(WELL);
  expect(await off.enable()).toBe('0');
  const free = rig({ demanded: false });
  free.up();
  free.heard({ ...DEAD, demanded: false });
  expect(await free.enable()).toBe('1');
  expect(free.audits).toEqual([]);
  free.heard(DEAD); // its links lead to a stick
  expect(await free.enable()).toBe('0');
});

const enables = ({ requests }: FakeAmi) =>
  requests.filter((request) => request.get('Key') === 'enable').map((request) => request.get('Val'));

test('a whole daemon: a real medium that becomes read-only, is well again, and is gone', async (context) => {
  const folder = temporaryFolder();
  const dir = `${folder}/recordings`;
  mkdirSync(dir);
  const mount = (...options: readonly string[]) => spawnSync('mount', [...options, dir]).status === 0;
  if (process.getuid?.() !== 0 || !mount('-t', 'tmpfs', '-o', 'size=1m', 'cdrd-test'))
    return context.skip('mounting is not allowed here');
  onTestFinished(() => void spawnSync('umount', [dir]));
  const pbx = await startFakeAmi({ asked: lettingIn() }, onTestFinished as AtEnd);
  const env = {
    CDRD_ASTERISK_HOST: '127.0.0.1',
    CDRD_ASTERISK_PORT: String(pbx.port),
    CDRD_ASTERISK_SECRET: 's',
    CDRD_RECORDINGS_REQUIRE_MOUNT: 'yes',
  };
  const daemon = await startDaemon(env, { folder });
  const last = (value: string) => eventually(() => enables(pbx).at(-1) === value);
  const setting = async () => {
    const { json_array_settings: rows } = await daemon.json('/cgi/webserve/30016?');
    return (rows as { name: string }[]).find(({ name }) => name === 'recording.enable');
  };
  await last('1');
  mount('-o', 'remount,ro');
  await last('0');
  expect(await setting()).toMatchObject({ value: 'yes', pending: false });
  pbx.drop(); // it logs in again, and is told the same
  const before = enables(pbx).length;
  await eventually(() => enables(pbx).length > before);
  expect(enables(pbx).at(-1)).toBe('0');
  mount('-o', 'remount,rw');
  await last('1');
  expect(spawnSync('umount', [dir]).status).toBe(0);
  await last('0');
  const actions = async () => {
    const { json_array_audit: lines } = await daemon.json('/cgi/webserve/30018?');
    const gate = (lines as { action: string }[]).filter(({ action }) => action.startsWith('recording.gate'));
    return gate.map(({ action }) => action.slice('recording.gate.'.length)).join(' ');
  };
  // Asterisk is told first, the audit log behind it.
  await eventually(async () => (await actions()) === 'closed opened closed');
  await daemon.close();
  const told = enables(pbx).length;
  await startDaemon(env, { folder });
  await eventually(() => enables(pbx).length > told);
  expect(enables(pbx).slice(told)).toEqual(['0']);
});
