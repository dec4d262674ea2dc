/** Each matter by itself, on made-up boxes: what is named, and that the command written for a file does what it says. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type ConfigError, loadConfig } from '../../daemon/config.ts';
import type { AskAsterisk, Pair } from '../../daemon/doctor/ask-asterisk.ts';
import { clockChecks } from '../../daemon/doctor/clock.ts';
import { dialplanChecks } from '../../daemon/doctor/dialplan.ts';
import { examine, type Finding } from '../../daemon/doctor/finding.ts';
import { mendedThere } from '../../daemon/doctor/installed.ts';
import { mediumChecks } from '../../daemon/doctor/medium.ts';
import { csvCheck, recordChecks } from '../../daemon/doctor/records.ts';
import { configFinding } from '../../daemon/doctor/root/config-faults.ts';
import { type StoreParts, storeChecks } from '../../daemon/doctor/store.ts';
import { setKey, tomlList } from '../../daemon/doctor/toml-mend.ts';
import { trunkCheck } from '../../daemon/doctor/trunks.ts';
import { type WebParts, webChecks } from '../../daemon/doctor/web.ts';
import { createPacketReader, type Packet } from '../../daemon/wire/packet.ts';
import { zone } from '../../storage/model/local-time.ts';
import { GUIDE_NUMBERING, numberPlan } from '../../storage/model/number-plan.ts';
import { trunkRules } from '../../storage/model/trunk.ts';
import { temporaryFolder } from '../support/folder.ts';

const NOW = Date.UTC(2026, 5, 1, 12) / 1000;
const config = loadConfig(null, {});

/** An Asterisk that is all right, but for what is given. */
function asterisk(given: Partial<AskAsterisk> = {}): AskAsterisk {
  return {
    pairs: async () => [],
    hasModule: async () => true,
    variable: async () => '',
    actions: async () => new Map(),
    list: async () => [],
    ...given,
  };
}

function packet(headers: Readonly<Record<string, string>>): Packet {
  const found: Packet[] = [];
  const reader = createPacketReader(
    { line: 4_096, lines: 64, bytes: 65_536 },
    { packet: (each) => void found.push(each), fault: () => {} },
  );
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  reader.push(Buffer.from(`${lines.join('')}\r\n`));
  return found[0] as Packet;
}

const pairs = (section: string, values: Readonly<Record<string, string>>): Pair[] =>
  Object.entries(values).map(([key, value]) => ({ section, key, value }));

function faultOf(path: string): ConfigError {
  try {
    loadConfig(path, {});
  } catch (error) {
    return error as ConfigError;
  }
  throw new Error(`${path} is without fault`);
}

test('what mends an Asterisk on another box is no command for this one', () => {
  const mended = (mend: string, host: string) =>
    mendedThere({ check: 'x.y', state: 'fault', says: 'x', mend }, host).mend;
  for (const mend of ['cdrd setup --yes --reload', 'systemctl restart asterisk', '/etc/init.d/asterisk restart']) {
    expect(mended(mend, '127.0.0.1')).toBe(mend);
    expect(mended(mend, '192.168.1.9')).toBe(null);
  }
  expect(mended('systemctl restart cdrd', '192.168.1.9')).toBe('systemctl restart cdrd');
});

const short = (findings: readonly Finding[]) => findings.map(({ check, state }) => `${check} ${state}`);

describe('records', () => {
  const mapped = {
    recordingfile: 'Recording File Name',
    cidname: 'CID Prefix',
    ivr: 'IVR',
    dialled: 'Dialled',
    calltype: 'Call Type',
    talkstart: 'Talk Start',
    linkedid: 'LinkedID',
    sequence: 'Sequence',
  };
  const files: Record<string, Pair[]> = {
    'cdr.conf': [
      ...pairs('general', { enable: 'yes', unanswered: 'yes', congestion: 'on' }),
      ...pairs('csv', { loguniqueid: 'yes', newcdrcolumns: 'yes' }),
    ],
    'cdr_manager.conf': [...pairs('general', { enabled: 'yes' }), ...pairs('mappings', mapped)],
  };
  const looked = (more: Readonly<Record<string, Pair[] | null>>, given: Partial<AskAsterisk> = {}) => {
    const all: Record<string, Pair[] | null> = { ...files, ...more };
    return examine(recordChecks(asterisk({ pairs: async (file) => all[file] ?? null, ...given }), { config }));
  };

  test('are well with our snippets', async () => {
    expect(short(await looked({}))).toEqual(['cdr.enabled ok', 'cdr.mappings ok', 'cdr.columns ok']);
  });

  test.each<[string, Readonly<Record<string, Pair[] | null>>, string]>([
    ['off', { 'cdr.conf': [...(files['cdr.conf'] ?? []), ...pairs('general', { enable: 'no' })] }, 'cdr.enabled fault'],
    [
      'in batches',
      { 'cdr.conf': [...(files['cdr.conf'] ?? []), ...pairs('general', { batch: 'yes' })] },
      'cdr.enabled warning',
    ],
    ['without a file for AMI', { 'cdr_manager.conf': null }, 'cdr.mappings fault'],
    [
      'with a mapping of another name',
      { 'cdr_manager.conf': [...(files['cdr_manager.conf'] ?? []), ...pairs('mappings', { linkedid: 'Linked' })] },
      'cdr.mappings fault',
    ],
    [
      'without columns',
      { 'cdr.conf': pairs('general', { unanswered: 'yes', congestion: 'yes' }) },
      'cdr.columns warning',
    ],
  ])('%s', async (_, more, wrong) => {
    expect(short((await looked(more)).filter(({ state }) => state !== 'ok'))).toEqual([wrong]);
  });

  test('a module that is not loaded', async () => {
    const found = await looked({}, { hasModule: async (name) => name !== 'cdr_manager' });
    expect(short(found)).toContain('cdr.mappings fault');
  });

  test('what can not be asked is told once a matter', async () => {
    const found = await looked({}, { pairs: () => Promise.reject(new Error('Permission denied')) });
    expect(found[0]).toMatchObject({
      check: 'cdr.enabled',
      state: 'warning',
      says: expect.stringMatching(/Permission denied/),
    });
  });
});

describe('the CDR CSV', () => {
  const look = async (path: string, newest: number | null, trouble = '') => {
    const asked = { ...config, asterisk: { ...config.asterisk, cdrCsv: path } };
    const csv = () => ({ lines: 0, faults: 0, behind: 0, trouble });
    return (await examine([csvCheck({ config: asked, csv, newest: async () => newest })]))[0] as Finding;
  };

  test('is not there before the first call; afterwards that is a fault, but between a rotation and the next call', async () => {
    const path = join(temporaryFolder(), 'Master.csv');
    expect((await look(path, null, 'the file is not there')).state).toBe('ok');
    expect((await look(path, NOW)).state).toBe('fault');
    writeFileSync(`${path}.1`, 'x\n');
    utimesSync(`${path}.1`, NOW, NOW);
    expect(await look(path, NOW)).toMatchObject({ state: 'ok', says: expect.stringMatching(/rotated/) });
  });

  test('must grow with the records', async () => {
    const path = join(temporaryFolder(), 'Master.csv');
    writeFileSync(path, 'x\n');
    utimesSync(path, NOW, NOW);
    expect((await look(path, NOW + 60)).state).toBe('ok');
    expect(await look(path, NOW + 3_600)).toMatchObject({
      state: 'fault',
      says: expect.stringMatching(/does not grow/),
    });
    // Of the daemon's last look, when there was none.
    expect((await look(path, NOW, 'the file is not there')).state).toBe('ok');
    expect((await look(path, NOW, 'EIO')).state).toBe('fault');
  });
});

describe('the dialplan', () => {
  const line = (Context: string, Application: string, AppData: string) =>
    packet({ Event: 'ListDialplan', Context, Application, AppData });
  const look = (lines: readonly Packet[], hasModule = true) =>
    examine(
      dialplanChecks(
        asterisk({
          hasModule: async () => hasModule,
          list: async (headers) => {
            const wanted = headers.find(([name]) => name === 'Context')?.[1];
            return lines.filter((each) => wanted === undefined || each.get('Context') === wanted);
          },
        }),
        { policy: null, recordingWanted: () => true },
      ),
    );
  const ours = line('cdrd-answer', 'Return', '');

  test.each<[string, readonly Packet[], string[]]>([
    ['without ours', [line('office', 'Dial', 'SIP/202')], ['dialplan.loaded fault']],
    ['that calls nobody', [ours], ['dialplan.loaded ok', 'dialplan.used ok']],
    [
      'that rings without ours',
      [ours, line('office', 'Dial', 'SIP/202')],
      ['dialplan.loaded ok', 'dialplan.used warning'],
    ],
    [
      'that runs ours',
      [ours, line('office', 'Dial', 'SIP/202,30,U(cdrd-answer)')],
      ['dialplan.loaded ok', 'dialplan.used ok'],
    ],
  ])('%s', async (_, lines, expected) => {
    expect(short(await look(lines))).toEqual(expected);
  });

  test('without what records', async () => {
    expect(short(await look([ours], false))).toEqual(['dialplan.loaded ok', 'dialplan.recorder fault']);
  });
});

describe('the clock', () => {
  const look = (answer: string, { doubt = '', now = NOW, name = 'Etc/GMT+8' } = {}) =>
    examine(
      clockChecks(
        { config, zone: zone(name), doubt: () => doubt, now: () => now },
        asterisk({ variable: async () => answer }),
      ),
    );

  test.each<[string, string, object, string[]]>([
    ['agrees', `${NOW} -0800`, {}, ['clock.believed ok', 'clock.asterisk ok', 'clock.zone ok']],
    ['is away', `${NOW + 90} -0800`, {}, ['clock.believed ok', 'clock.asterisk fault', 'clock.zone ok']],
    ['of another zone', `${NOW} +0530`, {}, ['clock.believed ok', 'clock.asterisk ok', 'clock.zone fault']],
    ['that nobody tells', '', {}, ['clock.believed ok', 'clock.asterisk warning']],
    ['not set', '60 -0800', { now: 60 }, ['clock.believed fault', 'clock.asterisk ok', 'clock.zone ok']],
    [
      'not believed',
      `${NOW} -0800`,
      { doubt: 'the clock has leapt' },
      ['clock.believed warning', 'clock.asterisk ok', 'clock.zone ok'],
    ],
  ])('%s', async (_, answer, given, expected) => {
    expect(short(await look(answer, given))).toEqual(expected);
  });
});

describe('trunks', () => {
  const plan = numberPlan(GUIDE_NUMBERING);
  const look = async (
    lists: Readonly<Record<string, readonly Readonly<Record<string, string>>[]>>,
    names: readonly string[] = [],
  ) => {
    const rules = trunkRules({ names, fxo: [], gsm: [], plan });
    const ask = asterisk({ list: async (headers) => (lists[headers[0]?.[1] ?? ''] ?? []).map(packet) });
    const settings = () => ({ trunkNames: names, extensions: '100-616' });
    return (
      await examine([
        trunkCheck(ask, { config: { fixed: () => null, file: '/nowhere/x.toml' }, trunkRules: () => rules, settings }),
      ])
    )[0] as Finding;
  };
  const sip = (ObjectName: string, more: object = {}) => ({
    Event: 'PeerEntry',
    ObjectName,
    Dynamic: 'no',
    IPaddress: '192.0.2.1',
    ...more,
  });
  const pjsip = (ObjectName: string, more: object = {}) => ({
    Event: 'EndpointList',
    ObjectName,
    Auths: '',
    OutboundAuths: '',
    ...more,
  });

  test('peers of which Asterisk tells nothing are as the rules say', async () => {
    expect(
      (await look({ SIPpeers: [sip('202'), sip('96')], PJSIPShowEndpoints: [pjsip('203'), pjsip('gw-7')] })).state,
    ).toBe('ok');
  });

  test('a phone outside of the range is told, and its number added to the range', async () => {
    const found = await look({ SIPpeers: [sip('7001', { Dynamic: 'yes' })] });
    expect(found).toMatchObject({ state: 'warning', says: expect.stringMatching(/SIP\/7001: it logs in here/) });
    expect(found.mend).toContain('extension = "100-616,7001"');
  });

  test('a trunk inside of the range is told, and the list of trunks written', async () => {
    const found = await look({
      PJSIPShowEndpoints: [pjsip('150', { OutboundAuths: '150' }), pjsip('gw-7'), pjsip('151')],
      PJSIPShowRegistrationsOutbound: [{ Event: 'OutboundRegistrationDetail', Endpoint: '151' }],
    });
    expect(found).toMatchObject({
      state: 'warning',
      says: expect.stringMatching(/PJSIP\/150, PJSIP\/151: Asterisk logs in there/),
    });
    expect(found.mend).toContain('names = ["gw-7", "150", "151"]');
  });

  test('a phone that was written into the list leaves it', async () => {
    const found = await look({ SIPpeers: [sip('96'), sip('205', { Dynamic: 'yes' })] }, ['96', '205']);
    expect(found.mend).toContain('names = ["96"]');
  });
});

describe('doors', () => {
  const certificate = { subject: 'CN=x', until: (NOW + 400 * 86_400) * 1000, selfSigned: false, why: null };
  const look = (
    given: Partial<Record<'http' | 'https' | 'ami', readonly string[]>>,
    shown: object = certificate,
    of = config,
  ) =>
    examine(
      webChecks({
        config: of,
        listens: () => [{ host: '::', port: 80 }],
        permit: (name) => given[name] ?? ['local'],
        certificate: async () => shown as Awaited<ReturnType<WebParts['certificate']>>,
        amiTrouble: () => '',
        nowMs: () => NOW * 1000,
      }),
    );
  const wrong = async (...given: Parameters<typeof look>) =>
    short((await look(...given)).filter(({ state }) => state !== 'ok'));

  test('are well as they are delivered', async () => {
    expect(await wrong({})).toEqual([]);
  });

  test('from everywhere only HTTPS, and from the box’s own networks', async () => {
    expect(await wrong({ http: ['all'] })).toEqual(['permitted.http warning']);
    expect(await wrong({ ami: ['0.0.0.0/0'] })).toEqual(['permitted.ami warning']);
    expect(await wrong({ https: ['all'] })).toEqual([]);
  });

  test('the certificate’s end', async () => {
    const ends = (days: number, more: object = {}) => ({
      ...certificate,
      until: (NOW + days * 86_400) * 1000,
      ...more,
    });
    expect(await wrong({}, ends(20))).toEqual(['certificate.end warning']);
    expect(await wrong({}, ends(-1))).toEqual(['certificate.end fault']);
    expect(await wrong({}, ends(20, { selfSigned: true }))).toEqual([]);
    expect(await wrong({}, ends(400, { why: 'tls.key is not the key of tls.crt' }))).toEqual(['certificate.end fault']);
  });

  test.each([[['tls.key', 'tls.crt']], [['tls.key']]])(
    'a certificate that has ended is put aside: %s',
    async (names) => {
      const folder = `${temporaryFolder()}/of state`;
      mkdirSync(`${folder}/secret`, { recursive: true });
      for (const name of names) writeFileSync(`${folder}/secret/${name}`, 'the only copy');
      const found = await look(
        {},
        { ...certificate, until: (NOW - 86_400) * 1000 },
        loadConfig(null, { CDRD_STATE_DIR: folder }),
      );
      const { mend } = found.find(({ check }) => check === 'certificate.end') ?? {};
      execFileSync('sh', ['-ec', mend?.replace(/ && (systemctl|\/etc\/init\.d).*$/, '') ?? 'false']);
      expect(readdirSync(`${folder}/secret`)).toEqual(names.map((name) => `${name}.old`).sort());
      expect(readFileSync(`${folder}/secret/tls.key.old`, 'utf8')).toBe('the only copy');
    },
  );
});

describe('the medium', () => {
  const look = (state: object, { free = 50e9, days = 30 as number | null, makesRoom = true } = {}) =>
    examine(
      mediumChecks({
        dir: () => '/tmp',
        state: () => ({ state: 'mounted', why: '', writable: true, since: 0, ...state }),
        space: () => ({ free, total: 100e9 }),
        daysLeft: async () => days,
        makesRoom: () => makesRoom,
      }),
    );
  const wrong = async (...given: Parameters<typeof look>) =>
    short((await look(...given)).filter(({ state }) => state !== 'ok'));

  test.each<[string, Parameters<typeof look>, string[]]>([
    ['well', [{}], []],
    ['absent', [{ state: 'absent', why: 'no medium' }], ['medium.state fault']],
    ['dead', [{ state: 'dead', why: 'EIO' }], ['medium.state fault']],
    ['slow', [{ state: 'slow', why: 'something has taken over 5 s' }], ['medium.state warning']],
    ['read-only', [{ writable: false, why: 'read-only' }], ['medium.state fault']],
    ['not to be tried', [{ why: 'could not be tried: EACCES' }], ['recordings.folder warning']],
    ['nearly full', [{}, { free: 5e9, makesRoom: false }], ['medium.room warning']],
    ['nearly full, and making room', [{}, { free: 5e9 }], []],
    ['for a week', [{}, { days: 7, makesRoom: false }], ['medium.room warning']],
  ])('%s', async (_, given, expected) => {
    expect(await wrong(...given)).toEqual(expected);
  });

  test('that there is none is said once', async () => {
    const why = 'no medium: nothing is mounted for /media/usbStorage/monitor (it lies on /)';
    const [finding] = (await look({ state: 'absent', why })).filter(({ state }) => state !== 'ok');
    expect(finding?.says).toMatch(/^there is no medium for the recordings: nothing is mounted for /);
  });

  test.each([
    [1, 'it lasts 1 day at'],
    [30, 'it lasts 30 days at'],
    [3650, 'it lasts over ten years at'],
    [null, 'for how long it lasts is not known yet'],
  ])('lasts %s days', async (days, says) => {
    const room = (await look({}, { days })).find(({ check }) => check === 'medium.room');
    expect(room?.says).toContain(says);
  });
});

describe('the store', () => {
  const disk = { state: 'ok', why: '', since: 0, free: 1e9, reserve: 16e6, refused: 0 };
  const look = (given: Partial<StoreParts> & { held?: boolean; moved?: string; disk?: object } = {}) => {
    const { held = false, moved = '' } = given;
    const store = {
      disk: { ...disk, ...given.disk },
      ask: async () => held,
      work: async (operation: string) =>
        operation === 'copyEnd' ? moved : { holder: 1, file: '/x', bytes: 1e6, schema: 16 },
    } as unknown as StoreParts['store'];
    return examine(
      storeChecks({
        store,
        stateDir: '/x',
        replacement: null,
        backups: { state: () => ({ running: false, last: null, why: '', failures: 0, former: '' }) },
        backupsWanted: () => true,
        space: async () => ({ free: 1e9, total: 2e9 }),
        prove: async () => '',
        lost: () => 0,
        now: () => NOW,
        ...given,
        ...(given.disk && { store }),
      }),
    );
  };
  const wrong = async (...given: Parameters<typeof look>) =>
    short((await look(...given)).filter(({ state }) => state !== 'ok'));

  test.each<[string, Parameters<typeof look>[0], string[]]>([
    ['well', {}, []],
    ['damaged', { prove: async () => 'page 7 is wrong' }, ['store.whole fault']],
    ['written to while it was read', { prove: async () => 'page 7 is wrong', moved: 'a copy began meanwhile' }, []],
    ['being copied, so that it is left alone', { held: true, prove: async () => 'never asked' }, []],
    [
      'replaced',
      { replacement: { from: 'a', because: 'b', aside: 'c', at: NOW - 60 } as StoreParts['replacement'] },
      ['store.whole warning'],
    ],
    ['on a full disk', { disk: { state: 'full', why: 'the disk is full' } }, ['state.disk fault']],
    ['on a nearly full disk', { space: async () => ({ free: 1e8, total: 2e9 }) }, ['state.disk warning']],
    ['with lost records', { lost: () => 3 }, ['store.records warning']],
    [
      'without a backup that could be made',
      { backups: { state: () => ({ running: false, last: null, why: 'no medium', failures: 1, former: '' }) } },
      ['store.backup warning'],
    ],
  ])('%s', async (_, given, expected) => {
    expect(await wrong(given)).toEqual(expected);
  });
});

describe('what is written into cdrd.toml', () => {
  const pasted = (command: string) =>
    execFileSync('sh', ['-c', command.replace(/ && (systemctl|\/etc\/init\.d).*$/, '')]);
  const file = (text: string) => {
    const path = join(temporaryFolder(), 'cdrd.toml');
    writeFileSync(path, text, { mode: 0o640 });
    return path;
  };

  test.each<[string, string]>([
    ['where the key stands', '[time]\nzone = "Asia/Tokyo"\n'],
    ['in its section', '[http]\nlisten = ""\n[time]\n# zone\n[trunks]\n'],
    ['in a section of its own', '[http]\nlisten = "[::]:8080"\n'],
    ['in an empty file', ''],
  ])('a key %s', (_, text) => {
    const path = file(text);
    const before = loadConfig(path, {});
    pasted(setKey(before, 'time.zone', '"Europe/Madrid"') as string);
    expect(loadConfig(path, {})).toMatchObject({
      time: { zone: 'Europe/Madrid' },
      http: { listen: before.http.listen },
    });
  });

  test.each<[string, string]>([
    ['where the key stands', '[trunks]\nnames = ["old"]\n[http]\nlisten = "[::]:8080"\n'],
    ['over some lines', '[trunks]\nnames = [\n  "old", # of 2019\n  "older",\n]\n[http]\nlisten = "[::]:8080"\n'],
    ['dotted', 'trunks.names = ["old"]\n[http]\nlisten = "[::]:8080"\n'],
    ['in its section', '[trunks]\n[http]\nlisten = "[::]:8080"\n'],
    ['in a section of its own', '[http]\nlisten = "[::]:8080"\n'],
  ])('as a text and as nothing else, whatever a page has set: %s', (_, text) => {
    const path = file(text);
    const made = join(path, '..', 'made');
    const names = [`; touch ${made} #|e;#`, `$(touch ${made})`, `'; touch ${made}; '`, 'a & b', 'a \\ "b"', 'x|w y'];
    pasted(setKey(loadConfig(path, {}), 'trunks.names', tomlList(names)) as string);
    expect(loadConfig(path, {})).toMatchObject({
      trunks: { names },
      http: { listen: [{ host: '::', port: 8080 }] },
    });
    expect(existsSync(made)).toBe(false);
  });

  test('nothing where other keys stand in the same line', () => {
    const path = file('trunks = { names = ["old"], gsm = [] }\n');
    expect(setKey(loadConfig(path, {}), 'trunks.names', '[]')).toBeNull();
  });

  test('nothing where the environment has the last word', () => {
    expect(setKey(loadConfig(null, { CDRD_TIME_ZONE: 'UTC' }), 'time.zone', '""')).toBeNull();
  });

  test.each<[string, string]>([
    ['a key that isn’t known', '[http]\nlisten = "[::]:8080"\nlissten = 3\n'],
    ['values that can’t be', '[http]\nlisten = "[::]:8080"\n[asterisk]\nport = 0\n[recordings]\nsweep_seconds = "x"\n'],
    ['a line that is none', '[http]\nlisten = "[::]:8080"\nwhat is this\n'],
  ])('%s: the lines at fault go, the others stay', (_, text) => {
    const path = file(text);
    const found = configFinding(faultOf(path), path);
    expect(found).toMatchObject({ check: 'config.keys', state: 'fault' });
    pasted(found.mend as string);
    expect(loadConfig(path, {}).http.listen).toEqual([{ host: '::', port: 8080 }]);
    expect(readFileSync(`${path}.bad`, 'utf8')).toBe(text);
  });

  test('a secret that all can read, and another fault: the secret stays, and is kept to those it is for', () => {
    const path = file('[asterisk]\nsecret = "s3cret"\nport = 0\n');
    chmodSync(path, 0o644);
    expect(() => loadConfig(path, {})).toThrow(/mode/);
    pasted(configFinding(faultOf(path), path).mend as string);
    expect(loadConfig(path, {}).asterisk).toMatchObject({ secret: 's3cret', port: 5039 });
  });
});
