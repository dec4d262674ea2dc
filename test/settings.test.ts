/** The settings over a real store and a real configuration: who may change what, what is kept, and what acts on it. */
import { writeFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { SETTINGS, settingOf, textOf, valueFrom } from '../cgi/settings/schema.ts';
import { type PolicyKey, policyKeys } from '../daemon/asterisk/astdb.ts';
import type { PolicyWriter } from '../daemon/asterisk/recording-policy.ts';
import { performCommand } from '../daemon/command/store-command.ts';
import { loadConfig } from '../daemon/config.ts';
import { openSettings } from '../daemon/settings.ts';
import { storeOptions } from '../daemon/state.ts';
import { trashRules } from '../daemon/trash-rules.ts';
import { openStoreHere } from '../storage/here.ts';
import { NOW, openBox } from './cgi/box.ts';
import { temporaryFolder } from './support/folder.ts';
import { leg } from './support/legs.ts';
import { textOf as pageText } from './support/page.ts';

/** A box whose settings live; `again` starts it anew on the same store, with another configuration if need be. */
async function openSettled({ toml = '', env = {} as Record<string, string> } = {}) {
  const box = openBox();
  const wanted: (readonly PolicyKey[])[] = [];
  const log: unknown[] = [];
  const control: PolicyWriter & { asterisk: boolean } = {
    asterisk: true,
    want: async (policy) => void wanted.push(policyKeys(policy)),
    told: () => control.asterisk,
    state: () => ({ told: control.asterisk, since: 0, refusal: '', held: false }),
    up: () => {},
    gate: async () => {},
    away: () => {},
    retry: () => {},
  };
  async function start(text = toml, variables = env) {
    const file = `${temporaryFolder()}/cdrd.toml`;
    writeFileSync(file, text);
    const config = loadConfig(file, variables);
    const warn = (message: string, fields?: Record<string, unknown>) => void log.push([message, fields]);
    const settings = await openSettings({ config, store: box.store, log: { warn }, control });
    Object.assign(box.services, { settings });
    return { settings, file };
  }
  const { settings, file } = await start();
  type Row = Record<'name' | 'value' | 'default' | 'fixed', string> & {
    restart: boolean;
    pending: boolean;
    choices: string[];
  };
  const list = async (role: 'admin' | 'monitor' = 'admin') =>
    (await box.ask(30016, '', role)).body['json_array_settings'] as Row[];
  const one = async (name: string) => (await list()).find((row) => row.name === name);
  const change = (values: Record<string, string>, role: 'admin' | 'monitor' = 'admin') =>
    box.ask(30017, '', role, new URLSearchParams(values).toString());
  const refusal = async (values: Record<string, string>, role: 'admin' | 'monitor' = 'admin') => {
    const { status, body } = await change(values, role);
    const { code, parameter, message } = body['error'] as Record<string, string>;
    return [status, code, parameter, message];
  };
  const audit = () => box.store.ask('auditEntries', { before: null, limit: 100 }).then(({ entries }) => entries);
  return { ...box, settings, file, start, wanted, log, control, list, one, change, refusal, audit };
}

describe('the schema', () => {
  test('every default passes its own check, and its text reads as itself', () => {
    for (const setting of SETTINGS) {
      expect([setting.name, setting.fault(setting.fallback)]).toEqual([setting.name, null]);
      expect(valueFrom(setting, textOf(setting.fallback))).toEqual(setting.fallback);
    }
  });

  test('a list whose entries hold commas has a line each', () => {
    const fxo = settingOf('trunks.fxo');
    if (!fxo) throw new Error('no trunks.fxo');
    for (const list of [['^DAHDI/(\\d{1,2})-'], ['^A/(\\d{1,2})-', '^B/(\\d)-'], ['^A/(\\d)-', '^B/(\\d)-'], []]) {
      expect(valueFrom(fxo, textOf(list))).toEqual(list);
      expect(fxo.fault(list)).toBe(null);
    }
  });
});

describe('list', () => {
  test('each role sees its own, with default, meaning and where it is fixed', async () => {
    const { list, one, file } = await openSettled({
      toml: '[numbering]\nivr = "650-659"',
      env: { CDRD_TRUNKS_NAMES: '96,42' },
    });
    const names = (await list('monitor')).map(({ name }) => name);
    expect(names).toHaveLength(11);
    expect(names.every((name) => name.startsWith('recording.'))).toBe(true);
    expect((await list()).map(({ name }) => name)).toEqual(SETTINGS.map(({ name }) => name));
    expect(await one('numbering.ivr')).toMatchObject({ value: '650-659', default: '620-639', fixed: `${file}:2` });
    expect(await one('trunks.names')).toMatchObject({ value: '96,42', fixed: 'environment CDRD_TRUNKS_NAMES' });
    expect(await one('recording.enable')).toEqual({
      name: 'recording.enable',
      value: 'yes',
      default: 'yes',
      about: 'record at all',
      fixed: null,
      restart: false,
      pending: false,
      choices: null,
    });
    expect(await one('trash.days')).toMatchObject({ value: '7' });
  });

  test('what Asterisk has not been told is pending, and nothing else', async () => {
    const { list, control, change } = await openSettled();
    control.asterisk = false;
    const pending = (await list()).filter((row) => row.pending).map(({ name }) => name);
    expect(pending).toEqual((await list('monitor')).map(({ name }) => name));
    expect((await change({ 'recording.inbound': 'no', 'trash.days': '3' })).body).toEqual({
      result: 'success',
      settings: { 'recording.inbound': 'no', 'trash.days': '3' },
      pending: ['recording.inbound'],
    });
  });
});

describe('change', () => {
  test('is kept with an audit line each, is acted on, and outlives a restart', async () => {
    const { change, store, audit, wanted, start, one, settings } = await openSettled();
    const trash = trashRules(settings);
    expect([trash.seconds(), trash.skip()]).toEqual([7 * 86_400, false]);
    const values = {
      'recording.inbound': 'off',
      'recording.prompt.inbound': 'custom/recorded',
      'Trash.Skip': '1',
      'trash.days': '30',
    };
    expect(await change(values)).toMatchObject({ status: 200, body: { pending: [] } });
    expect(await store.ask('setting', 'trash.days')).toBe(30);
    expect(await store.ask('setting', 'trash.skip')).toBe(true);
    expect([trash.seconds(), trash.skip()]).toEqual([30 * 86_400, true]);
    expect((await audit()).map(({ who, address, action, detail }) => [who, address, action, detail])).toEqual(
      [
        { setting: 'recording.inbound', old: 'yes', new: 'no' },
        { setting: 'recording.prompt.inbound', old: '', new: 'custom/recorded' },
        { setting: 'trash.days', old: '7', new: '30' },
        { setting: 'trash.skip', old: 'no', new: 'yes' },
      ]
        .map((detail) => ['admin', '192.0.2.7', 'setting.changed', detail])
        .reverse(),
    );
    const policy = [
      ['dir', '/media/usbStorage/monitor'],
      ['Internal', '1'],
      ['Outbound', '1'],
      ['Inbound', '0'],
      ['CallBack', '1'],
      ['Conference', '1'],
      ['prompt/Inbound', 'custom/recorded'],
      ['prompt/Outbound', ''],
      ['prompt/Inbound/record', ''],
      ['prompt/Outbound/record', ''],
      ['enable', '1'],
    ];
    expect(Object.fromEntries(wanted.at(-1) ?? [])).toEqual(Object.fromEntries(policy));
    expect(wanted).toHaveLength(2);
    await start();
    expect(Object.fromEntries(wanted.at(-1) ?? [])).toEqual(Object.fromEntries(policy));
    expect(await one('trash.days')).toMatchObject({ value: '30' });
    expect((await change({ reset: 'trash.days, recording.inbound' })).body).toMatchObject({
      settings: { 'recording.inbound': 'yes', 'trash.days': '7' },
    });
    expect(await store.ask('setting', 'trash.days')).toBe(null);
  });

  test('the same value again is no change', async () => {
    const { change, audit, wanted } = await openSettled();
    for (let times = 0; times < 2; times++) await change({ 'recording.internal': 'no' });
    expect(await audit()).toHaveLength(1);
    expect(wanted).toHaveLength(2);
  });

  test('every setting reaches the dialplan under its own key', async () => {
    const { change, wanted, list } = await openSettled();
    const keys = new Map([
      ['enable', 'enable'],
      ['inbound', 'Inbound'],
      ['outbound', 'Outbound'],
      ['internal', 'Internal'],
      ['callback', 'CallBack'],
      ['conference', 'Conference'],
      ['prompt.inbound', 'prompt/Inbound'],
      ['prompt.outbound', 'prompt/Outbound'],
      ['prompt.inbound.record', 'prompt/Inbound/record'],
      ['prompt.outbound.record', 'prompt/Outbound/record'],
    ]);
    expect(
      (await list('monitor'))
        .map(({ name }) => name.slice(10))
        .filter((name) => name !== 'place')
        .sort(),
    ).toEqual([...keys.keys()].sort());
    for (const [name, key] of keys) {
      const before = Object.fromEntries(wanted.at(-1) ?? []);
      const [value, put] = key.endsWith('record')
        ? ['yes', '1']
        : key.startsWith('prompt')
          ? ['beep', 'beep']
          : ['no', '0'];
      await change({ [`recording.${name}`]: value });
      expect(Object.fromEntries(wanted.at(-1) ?? [])).toEqual({ ...before, [key]: put });
      const told = wanted.at(-1) ?? [];
      const on = Object.fromEntries(told)['enable'] === '1';
      expect(told.at(on ? -1 : 0)?.[0]).toBe('enable'); // off first, on last
    }
  });

  test.each([
    [{ 'recording.enable': 'maybe' }, 'recording.enable', 'recording.enable must be yes or no'],
    [{ 'recording.enable': '' }, 'recording.enable', 'recording.enable must be yes or no'],
    [{ 'trash.days': '0' }, 'trash.days', 'trash.days must be a whole number from 1 to 365'],
    [{ 'numbering.ivr': '639-620' }, 'numbering.ivr', /^numbering\.ivr /],
    [{ 'trunks.gsm': '^(a+)+$' }, 'trunks.gsm', /^trunks\.gsm entry 1 "\^\(a\+\)\+\$" must not repeat a group/],
    [{ 'time.zone': 'Mars' }, 'time.zone', /must be an IANA time zone/],
    [{ 'recording.place': 'NAS' }, 'recording.place', 'recording.place must be one of USB'],
    [{ 'recording.prompt.inbound': 'a&b' }, 'recording.prompt.inbound', /must be a sound name/],
    [{ 'recording.prompt.inbound': 'a\r\nKey: enable' }, 'recording.prompt.inbound', /must be a sound name/],
    [{ 'recording.prompt.inbound': '$(id),j' }, 'recording.prompt.inbound', /must be a sound name/],
    [{ 'recording.prompt.outbound': '../../etc/x' }, 'recording.prompt.outbound', /must not lead out/],
    [{ 'recording.colour': '1' }, 'recording.colour', 'recording.colour is not a parameter here'],
    [{ reset: 'recording.colour' }, 'reset', 'reset names no setting: recording.colour'],
    [{ reset: 'trash.days', 'trash.days': '3' }, 'trash.days', 'trash.days is given and in reset'],
    [{}, undefined, 'no setting is given'],
    [{ 'numbering.ivr': '500-520' }, 'numbering.ivr', 'numbering.ivr overlaps numbering.extension'],
    [{ 'numbering.extension': '100-625' }, 'numbering.extension', 'numbering.ivr overlaps numbering.extension'],
  ] as const)('%j is refused by name, with all that came along', async (values, parameter, message) => {
    const { refusal, store, audit, wanted } = await openSettled();
    const along = Object.keys(values).length > 0 ? { 'recording.internal': 'no' } : {};
    const text = typeof message === 'string' ? message : expect.stringMatching(message);
    expect(await refusal({ ...along, ...values } as Record<string, string>)).toEqual([400, 'invalid', parameter, text]);
    expect(await store.ask('settings')).toEqual({});
    expect(await audit()).toEqual([]);
    expect(wanted).toHaveLength(1);
  });

  test('of what is fixed is a conflict that says where, and of another role’s is denied', async () => {
    const { refusal, store, file } = await openSettled({
      toml: '[numbering]\nivr = "600-619"\nextension = "100-599"\n[recordings]\ndir = "/srv/rec"',
      env: { CDRD_TIME_ZONE: 'Asia/Shanghai' },
    });
    const along = { 'recording.internal': 'no' };
    expect(await refusal({ ...along, 'numbering.ivr': '620-630' })).toEqual([
      409,
      'conflict',
      'numbering.ivr',
      `numbering.ivr is fixed: ${file}:2`,
    ]);
    expect((await refusal({ ...along, reset: 'numbering.ivr' })).slice(0, 3)).toEqual([
      409,
      'conflict',
      'numbering.ivr',
    ]);
    expect(await refusal({ 'time.zone': 'UTC' })).toEqual([
      409,
      'conflict',
      'time.zone',
      'time.zone is fixed: environment CDRD_TIME_ZONE',
    ]);
    expect(await refusal({ 'recording.place': 'USB' })).toEqual([
      409,
      'conflict',
      'recording.place',
      `recording.place is fixed: ${file}:5`,
    ]);
    expect(await refusal({ ...along, 'trash.days': '3' }, 'monitor')).toEqual([
      403,
      'denied',
      'trash.days',
      'monitor may not change trash.days',
    ]);
    expect((await refusal({ reset: 'numbering.queue' }, 'monitor')).slice(0, 3)).toEqual([
      403,
      'denied',
      'numbering.queue',
    ]);
    expect(await store.ask('settings')).toEqual({});
  });

  test('two at once that fit only each by itself do not both pass', async () => {
    const { settings } = await openSettled();
    const by = { who: 'admin', address: '' };
    const both = await Promise.allSettled([
      settings.change(new Map([['numbering.ivr', '640-650']]), 'admin', by),
      settings.change(new Map([['numbering.queue', '645-655']]), 'admin', by),
    ]);
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  });
});

describe('numbering and trunks', () => {
  const answered = (second: number, id: string) =>
    leg(NOW - second, { destination: '650', destinationChannel: 'SIP/900-00000002', uniqueId: id, linkedId: id });

  test('hold from the next record on, and after a restart; what was stored before stays', async () => {
    const { change, call, list: _, start, store, ask } = await openSettled();
    const kinds = async () => {
      const rows = (await ask(9006, '')).body['json_array_astcdrs'] as Record<string, string>[];
      return rows.map(({ UniqueID, userfield, dstchannel }) => [UniqueID, userfield, dstchannel]);
    };
    await call(answered(300, 'a.1'));
    expect(await kinds()).toEqual([['a.1', 'Outbound', '900']]);
    await change({ 'trunks.names': '96,42' }); // then 900 is none
    await call(answered(200, 'b.1'));
    expect((await kinds())[0]).toEqual(['b.1', 'Internal', '']);
    await change({ 'numbering.conference': '650-659' });
    await call(answered(100, 'c.1'));
    expect((await kinds())[0]?.slice(0, 2)).toEqual(['c.1', 'Conference']);
    expect((await kinds())[2]).toEqual(['a.1', 'Outbound', '900']);

    await store.ask('useRules', storeOptions(loadConfig(null, {})).rules); // as the store opens: by the configuration
    await start();
    await call(answered(50, 'd.1'));
    expect((await kinds())[0]?.slice(0, 2)).toEqual(['d.1', 'Conference']);
  });

  test('a box of which a page has left HTTPS alone open is reached, too, where the configuration closes that', async () => {
    const { change, start, log, one } = await openSettled();
    expect((await change({ 'http.listen': '' })).status).toBe(200);
    await start('[https]\nlisten = "127.0.0.1:8443"');
    expect(await one('http.listen')).toMatchObject({ value: '' });
    await start('[https]\nlisten = ""');
    expect(await one('http.listen')).toMatchObject({ value: '[::]:80' });
    const fault = 'http.listen and https.listen would both be off';
    expect(log).toEqual([['a setting is not obeyed: its default holds', { setting: 'http.listen', fault }]]);
  });

  test('that a new configuration no longer allows are left aside with a warning, and stop no start', async () => {
    const { change, start, log, one, store } = await openSettled();
    await change({ 'numbering.queue': '640-650', 'numbering.paging': '760-769', 'recording.internal': 'no' });
    await start('[numbering]\nivr = "620-645"');
    const fault = 'numbering.queue overlaps numbering.ivr';
    expect(log).toEqual([['a setting is not obeyed: its default holds', { setting: 'numbering.queue', fault }]]);
    expect(await one('numbering.queue')).toMatchObject({ value: '820-839' });
    expect(await one('numbering.paging')).toMatchObject({ value: '760-769' });
    expect(await one('recording.internal')).toMatchObject({ value: 'no' });
    await store.write({
      kind: 'setting',
      name: 'trash.days',
      value: 'many',
      audit: { who: '', address: '', action: '', detail: {} },
    });
    await start();
    expect(log.at(-1)).toEqual([
      'a setting is not obeyed: its default holds',
      { setting: 'trash.days', fault: expect.any(String) },
    ]);
    expect(await one('trash.days')).toMatchObject({ value: '7' });
    expect(await one('numbering.queue')).toMatchObject({ value: '640-650' }); // the file allows it again
  });
});

test('a command while no daemon runs goes by the settings too', async () => {
  const folder = temporaryFolder();
  const config = loadConfig(null, {
    CDRD_STATE_DIR: folder,
    CDRD_RUN_DIR: `${folder}/run`,
    CDRD_TIME_ZONE: 'Etc/GMT+8',
    CDRD_ASTERISK_HOST: '',
  });
  const open = () => openStoreHere(storeOptions(config));
  const store = open();
  const outside = leg(NOW, { destination: '650', destinationChannel: 'SIP/900-00000002' });
  const { open: groups } = await store.write({ kind: 'leg', leg: outside, source: 'ami' });
  for (const { key } of groups) await store.write({ kind: 'close', group: key });
  const audit = { who: '', address: '', action: '', detail: {} };
  await store.write({ kind: 'setting', name: 'trunks.names', value: ['96'], audit });
  await store.close();
  await performCommand(config, { command: 'refold', from: '2021-05-01' });
  const after = open();
  onTestFinished(() => after.close());
  const request = {
    filter: { start: {}, billsec: {}, duration: {} },
    fields: [['kind', 'callType']],
    order: 'asc',
  } as const;
  let text = '';
  for await (const page of after.pages('call', request)) text += pageText(page);
  expect(text).toBe('{"kind":"Internal"}');
});

describe('the place of the recordings and the zone', () => {
  const toml = '[recordings.places]\nUSB = "/media/usb/monitor"\nNAS = "/mnt/nas"';

  test('are one of the places; the place holds at once, the zone from the next start on', async () => {
    const { change, one, wanted, start, settings } = await openSettled({ toml });
    expect(settings.config.recordings.dir).toBe('/media/usb/monitor');
    expect(await one('recording.place')).toMatchObject({
      value: 'USB',
      choices: ['USB', 'NAS'],
      restart: false,
      pending: false,
    });
    expect((await change({ 'recording.place': 'NAS', 'time.zone': 'Asia/Shanghai' })).body).toMatchObject({
      pending: ['time.zone'],
    });
    expect(wanted.at(-1)?.[0]).toEqual(['dir', '/mnt/nas']);
    expect(settings.recordingsDir()).toBe('/mnt/nas');
    expect(settings.rules().recordingsDir).toBe('/mnt/nas'); // of a record's path, what the index calls the file
    const again = await start();
    expect(again.settings.config.recordings.dir).toBe('/mnt/nas');
    expect(again.settings.config.time.zone).toBe('Asia/Shanghai');
    expect(wanted.at(-1)?.[0]).toEqual(['dir', '/mnt/nas']);
    expect(await one('recording.place')).toMatchObject({ value: 'NAS', pending: false });
    const without = await start('[recordings.places]\nUSB = "/media/usb/monitor"');
    expect(without.settings.config.recordings.dir).toBe('/media/usb/monitor'); // the place is no more
  });

  test('recordings.dir is the default where it is one of the places, and fixes the place where it is set', async () => {
    const home = '[recordings.places]\nNAS = "/mnt/nas"\nHome = "/media/usbStorage/monitor"';
    expect((await openSettled({ toml: home })).settings.config.recordings.dir).toBe('/media/usbStorage/monitor');
    const fixed = await openSettled({ toml: `recordings.dir = "/srv/rec"\n${toml}` });
    expect(fixed.settings.config.recordings.dir).toBe('/srv/rec');
    expect(await fixed.one('recording.place')).toMatchObject({ value: '/srv/rec', fixed: `${fixed.file}:1` });
  });
});
