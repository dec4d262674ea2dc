/**
 * Configuration as a technician meets it: what holds without a file, what a file and the environment change, and that
 * every fault is found at once with the line where it stands. Also holds `etc/cdrd.toml` to the schema.
 */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { parse } from 'smol-toml';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { SETTINGS } from '../cgi/settings/schema.ts';
import { CONFIG_KEYS, PAGE_SECTIONS, SECTION_NAMES } from '../daemon/config/schema.ts';
import { type Config, ConfigError, loadConfig } from '../daemon/config.ts';
import { GUIDE_NUMBERING, numberPlan } from '../storage/model/number-plan.ts';
import { trunkRules } from '../storage/model/trunk.ts';
import { configReference } from './support/config-reference.ts';
import { inReadme, WRITE_COMMAND } from './support/readme.ts';

let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cdrd-config-'));
  file = join(folder, 'cdrd.toml');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Env = Record<string, string>;

function load(text: string, env: Env = {}, mode = 0o600): Config {
  writeFileSync(file, text);
  chmodSync(file, mode);
  return loadConfig(file, env);
}

/** The complaints as main prints them, the file named FILE. */
function faults(text: string | Uint8Array, env: Env = {}, mode = 0o600): string[] {
  writeFileSync(file, text);
  chmodSync(file, mode);
  return complaints(() => loadConfig(file, env));
}

function complaints(attempt: () => unknown): string[] {
  try {
    attempt();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const lines = error.message.split('\n');
    expect(lines).toHaveLength(error.faults.length);
    return lines.map((line) => line.replace(/^\/[^:]*/, 'FILE'));
  }
  return [];
}

describe('values', () => {
  test('without a file the packaged defaults hold, and nothing is fixed', () => {
    const { fixed, file, ...values } = loadConfig(null, {});
    expect(file).toBeNull();
    expect(values).toEqual({
      state: { dir: '/var/lib/cdrd', reserveMb: 16 },
      run: { dir: '/run/cdrd', user: '', group: '' },
      http: { listen: [{ host: '::', port: 80 }], permit: ['local'], names: [], redirect: false },
      https: { listen: [{ host: '::', port: 443 }], permit: ['local'] },
      recordings: {
        dir: '/media/usbStorage/monitor',
        places: { USB: '/media/usbStorage/monitor' },
        requireMount: 'auto',
        sweepSeconds: 2,
      },
      asterisk: {
        host: '127.0.0.1',
        port: 5039,
        username: 'cdrd',
        secret: '',
        cdrCsv: '/var/log/asterisk/cdr-csv/Master.csv',
        sounds: ['/var/lib/asterisk/sounds', '/usr/share/asterisk/sounds'],
      },
      ami: {
        listen: [{ host: '127.0.0.1', port: 5038 }],
        greeting: 'Asterisk Call Manager/1.1',
        permit: ['local'],
      },
      numbering: {
        extension: '100-616',
        ivr: '620-639',
        conference: '740-749',
        queue: '820-839',
        ringgroup: '920-939',
        paging: '720-729',
      },
      trunks: { names: [], fxo: [/^DAHDI\/(\d+)-/], gsm: [/^GSM\/(\d+)-/] },
      time: { zone: '' },
      alarm: { mail: [], sender: '', webhook: '', after: 120, localWebhook: false },
      elastix: { enabled: false, base: '' },
      mor: {
        ...{ enabled: false, base: '', users: [], get: false },
        ...{ sampleHash: false, callback: false, callbackNumbers: [] },
      },
      voipmonitor: { enabled: false, base: '' },
    });
    expect(CONFIG_KEYS.map(({ key }) => fixed(key))).toEqual(CONFIG_KEYS.map(() => null));
    expect(() => fixed('http.lisen')).toThrow(TypeError);
  });

  test('the file changes them and says where', () => {
    const config = load(
      [
        'state.dir = "/data//cdrd/"', // 1
        '[http]',
        'listen = "127.0.0.1:8080, [::1]:8080,box.lan:0"', // 3
        '[recordings]',
        'dir = "/srv/rec"', // 5
        'require_mount = "no"',
        '[trunks]',
        'names = [',
        '  "96", # the line to town',
        '  "pstn-2",',
        ']',
        "gsm = ['^Dongle/gsm(\\d+)-', '^(?:GSM|Quectel)/i?(\\d+)-']", // 12
        '[numbering]',
        'extension = "100-199, 300-399"',
        '[time]',
        'zone = "America/Los_Angeles"', // 16
      ].join('\n'),
    );
    expect(config.state.dir).toBe('/data/cdrd');
    expect(config.http.listen).toEqual([
      { host: '127.0.0.1', port: 8080 },
      { host: '::1', port: 8080 },
      { host: 'box.lan', port: 0 },
    ]);
    expect(config.recordings).toMatchObject({ requireMount: 'no', places: { USB: '/srv/rec' } });
    expect(config.trunks.names).toEqual(['96', 'pstn-2']);
    expect(config.trunks.gsm.map((pattern) => pattern.exec('Dongle/gsm3-0a1b')?.[1])).toEqual(['3', undefined]);
    expect(config.numbering.extension).toBe('100-199,300-399');
    const places = ['state.dir', 'http.listen', 'trunks.names', 'trunks.gsm', 'time.zone', 'asterisk.port'];
    expect(places.map((key) => config.fixed(key))).toEqual([
      `${file}:1`,
      `${file}:3`,
      `${file}:8`,
      `${file}:12`,
      `${file}:16`,
      null,
    ]);
  });

  test('"" switches listeners and Asterisk off', () => {
    const config = load(
      'http.listen = ""\nhttps.listen = ""\nami.listen = ""\nasterisk.host = ""\nnumbering.paging = ""',
    );
    expect([config.http.listen, config.https.listen, config.ami.listen]).toEqual([[], [], []]);
    expect([config.asterisk.host, config.numbering.paging]).toEqual(['', '']);
  });

  test('places are a table, as a section, inline or in the environment', () => {
    const nas = { USB: '/media/usb', 'NAS 1': '/mnt/nas' };
    const section = load('[recordings.places]\nUSB = "/media/usb"\n"NAS 1" = "/mnt/nas"');
    const inline = load('[recordings]\nplaces = { USB = "/media/usb", "NAS 1" = "/mnt/nas" }');
    const env = loadConfig(null, { CDRD_RECORDINGS_PLACES: 'USB=/media/usb, NAS 1=/mnt/nas' });
    for (const config of [section, inline, env]) expect(config.recordings.places).toEqual(nas);
    expect(section.fixed('recordings.places')).toBe(`${file}:1`);
    expect(inline.fixed('recordings.places')).toBe(`${file}:2`);
  });

  test('the environment wins over the file, even over a bad value there', () => {
    const config = load('[http]\nlisten = 80\n[recordings]\nsweep_seconds = 5', {
      CDRD_HTTP_LISTEN: '127.0.0.1:0',
      CDRD_RECORDINGS_SWEEP_SECONDS: '7',
      CDRD_RECORDINGS_REQUIRE_MOUNT: 'yes',
      CDRD_TRUNKS_NAMES: '96, pstn2 ,',
      CDRD_TRUNKS_FXO: '',
      CDRD_ASTERISK_SECRET: 'a,b=c',
      CDRD_CACHE: 'not ours',
      CDRD_HTTP: 'not ours',
      PATH: '/bin',
    });
    expect(config.http.listen).toEqual([{ host: '127.0.0.1', port: 0 }]);
    expect(config.recordings).toMatchObject({ sweepSeconds: 7, requireMount: 'yes' });
    expect(config.trunks).toMatchObject({ names: ['96', 'pstn2'], fxo: [] });
    expect(config.asterisk.secret).toBe('a,b=c');
    expect(config.fixed('http.listen')).toBe('environment CDRD_HTTP_LISTEN');
    expect(config.fixed('recordings.sweep_seconds')).toBe('environment CDRD_RECORDINGS_SWEEP_SECONDS');
  });

  test('nobody can change it afterwards', () => {
    const config = loadConfig(null, {});
    const attempts = [
      () => Object.assign(config, { state: {} }),
      () => Object.assign(config.state, { dir: '/tmp' }),
      () => Object.assign(config.http.listen[0] ?? {}, { port: 1 }),
      () => (config.trunks.names as string[]).push('x'),
      () => Object.assign(config.recordings.places, { USB: '/' }),
    ];
    for (const attempt of attempts) expect(attempt).toThrow(TypeError);
  });
});

describe('faults', () => {
  test('all at once, in the order of the file, the environment last', () => {
    const text = [
      'colour = "red"', // 1
      'time = 3',
      '[http]',
      'listen = "80"', // 4
      'lisen = "x"',
      '',
      '[recordings]',
      'dir = "monitor"', // 8
      'sweep_seconds = 0.5',
      'places = { USB = "/ok", "a/b" = "/x", NAS = 7 }',
      '[trunks]',
      'names = [ "96",', // 12
      '  "", # empty',
      "  '''x''', 5 ]",
      'fxo = [',
      "  '^DAHDI/(\\d+)-',",
      "  '^(a+)+$', # for ever", // 17
      ']',
      '[Asterisk]',
      'port = 1',
    ].join('\n');
    const env = { CDRD_TIME_ZONE: 'Mars/Olympus', CDRD_ASTERISK_PORT: 'many', CDRD_HTTP_LISTN: 'x' };
    const known = CONFIG_KEYS.filter(({ section }) => section === 'http');
    expect(faults(text, env)).toEqual([
      'FILE:1: colour: unknown section; there are state, run, http, https, recordings, asterisk, ami, numbering, trunks, time, alarm, elastix, mor, voipmonitor',
      'FILE:2: time: is a section: write [time] and its keys below',
      'FILE:4: http.listen: must be HOST:PORT such as "0.0.0.0:80" or "[::]:80" ("" = off), not "80"',
      `FILE:5: http.lisen: unknown key; [http] knows ${known.map(({ name }) => name).join(', ')}`,
      'FILE:8: recordings.dir: must be an absolute path, not "monitor"',
      'FILE:9: recordings.sweep_seconds: must be a whole number from 1 to 3600',
      'FILE:10: recordings.places: a/b: must be named with 1 to 32 letters, digits, blanks, . _ -',
      'FILE:10: recordings.places: NAS: must be a string',
      'FILE:13: trunks.names: entry 2: must be 1 to 80 characters without line breaks and without blanks at its ends',
      'FILE:14: trunks.names: entry 4: must be a string',
      'FILE:17: trunks.fxo: entry 2: "^(a+)+$" must not repeat a group (it could take for ever on a hostile name)',
      'FILE:19: Asterisk: unknown section; there are state, run, http, https, recordings, asterisk, ami, numbering, trunks, time, alarm, elastix, mor, voipmonitor',
      'environment CDRD_HTTP_LISTN: unknown variable',
      'environment CDRD_ASTERISK_PORT: asterisk.port: must be a whole number from 1 to 65535',
      'environment CDRD_TIME_ZONE: time.zone: must be an IANA time zone such as "Asia/Shanghai", or "" for the system\'s, not "Mars/Olympus"',
    ]);
  });

  test('what only the pages set is said to be set there, not to be unknown', () => {
    const says = 'is no key of the configuration: set it on the pages, or by 30017';
    expect(faults('[retention]\ncalls.days = 90\n', { CDRD_RECORDING_ENABLE: 'no', CDRD_RECORDINGSX: '1' })).toEqual([
      `FILE:1: retention: ${says}`,
      `environment CDRD_RECORDING_ENABLE: ${says}`,
    ]);
    const pages = new Set(SETTINGS.map(({ name }) => name.split('.')[0] ?? ''));
    expect([...pages].filter((section) => !SECTION_NAMES.includes(section)).sort()).toEqual([...PAGE_SECTIONS].sort());
  });

  test('a time zone is known without a formatter, which costs the process 1.6 MB for good', () => {
    const { DateTimeFormat } = Intl;
    const made = vi.spyOn(Intl, 'DateTimeFormat');
    const zones = [...Intl.supportedValuesOf('timeZone'), 'UTC', 'GMT', 'Etc/UTC', 'Etc/GMT+12', 'Etc/GMT-14'];
    for (const zone of zones) expect(load('', { CDRD_TIME_ZONE: zone }).time.zone).toBe(zone);
    expect(made).not.toHaveBeenCalled();
    made.mockRestore();
    for (const timeZone of zones) expect(() => new DateTimeFormat('en', { timeZone })).not.toThrow();
    for (const zone of ['Asia/Kolkata', 'europe/madrid'])
      expect(load('', { CDRD_TIME_ZONE: zone }).time.zone).toBe(zone);
    for (const zone of ['Etc/GMT+13', 'Etc/GMT-15', 'Etc/GMT+01'])
      expect(() => load('', { CDRD_TIME_ZONE: zone })).toThrow(ConfigError);
  });

  test('a section that is unknown and empty is none: the packaged file of a later version, after a roll-back', () => {
    expect(faults('[telepathy]\n#range = 3\n[http]\n')).toEqual([]);
    expect(faults('[telepathy]\nrange = 3\n')).toHaveLength(1);
  });

  test('a fault says key, place and message apart', () => {
    writeFileSync(file, '[http]\nlisten = 1');
    const error = (() => {
      try {
        return loadConfig(file, {});
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).faults).toEqual([
      { key: 'http.listen', place: { line: 2 }, message: 'must be a string' },
    ]);
    expect((error as ConfigError).message).toBe(`${file}:2: http.listen: must be a string`);
  });

  test('a syntax error has its line and does not hide faults of the environment', () => {
    const [syntax, ...others] = faults('[http]\nlisten = "x"\nlisten = \n', { CDRD_ASTERISK_PORT: '0' });
    expect(syntax).toMatch(/^FILE:3: \S/);
    expect(others).toEqual(['environment CDRD_ASTERISK_PORT: asterisk.port: must be a whole number from 1 to 65535']);
    expect(faults('[http]\nlisten = "[::]:80"\n[ami]\n[http]\n')[0]).toMatch(/^FILE:4: \S/);
  });

  test('a file that is not there, is a folder, is huge or is not UTF-8', () => {
    const missing = join(folder, 'none.toml');
    expect(complaints(() => loadConfig(missing, {}))).toEqual(['FILE: is not there']);
    expect(complaints(() => loadConfig(folder, {}))).toEqual(['FILE: is not a file']);
    expect(faults('#'.repeat(300_000))).toEqual(['FILE: is larger than 262144 bytes']);
    expect(faults(new Uint8Array([0x23, 0xff, 0xfe, 0x0a]))).toEqual(['FILE: is not UTF-8 text']);
  });

  test('a byte order mark and Windows line ends do no harm', () => {
    expect(faults('\ufeff[http]\r\n# x\r\nlisten = ""\r\n')).toEqual([]);
    expect(faults('\ufeff[http]\r\n# x\r\nlisten = 1\r\n')).toEqual(['FILE:3: http.listen: must be a string']);
  });

  test.each([
    [0o600, false],
    [0o640, false],
    [0o400, false],
    [0o644, true],
    [0o660, true],
    [0o641, true],
  ])('a secret in a file of mode %o: fault %s', (mode, fault) => {
    const said = faults('[asterisk]\nsecret = "s3cr3t"', {}, mode);
    const octal = mode.toString(8);
    expect(said).toEqual(
      fault ? [`FILE:2: asterisk.secret: the file's mode must be 0640 or stricter (it is 0${octal})`] : [],
    );
    expect(faults('[asterisk]\nsecret = ""\nusername = "x"', {}, mode)).toEqual([]);
  });

  test('no complaint shows a secret', () => {
    const said = faults('[asterisk]\nsecret = "hunter2\\n"', { CDRD_ASTERISK_PORT: 'x' }, 0o644);
    expect(said).toHaveLength(3);
    expect(said.join()).not.toContain('hunter2');
  });

  test('one fault stays one line, whatever a name holds, and is cut', () => {
    expect(faults('[http]\n"li\\nsten\\u001b[31m" = 1\n[recordings.places]\n"a\\nb" = "/a"')).toEqual([
      'FILE:2: http.li\\nsten\\u001b[31m: unknown key; [http] knows listen, permit, names, redirect',
      'FILE:4: recordings.places: a\\nb: must be named with 1 to 32 letters, digits, blanks, . _ -',
    ]);
    const [long = ''] = faults(`${'x'.repeat(5_000)} = 1`);
    expect(long).toMatch(/^FILE:1: x{1000,}…$/);
  });

  test('a permitted range that is none, and a name that is none, are named', () => {
    expect(faults('http.permit = ["local", "lan"]\nami.permit = "local"\nhttp.names = ["a b", "10.0.0.1"]')).toEqual([
      'FILE:1: http.permit: entry 2: must be local, all, an address or a range such as 192.168.1.0/24, not "lan"',
      'FILE:2: ami.permit: must be a list of strings',
      'FILE:3: http.names: entry 1: must be a host name such as pbx.example.com, not "a b"',
      'FILE:3: http.names: entry 2: must be a host name such as pbx.example.com, not "10.0.0.1"',
    ]);
  });

  test('a channel pattern that is no regular expression says why', () => {
    expect(faults("trunks.gsm = ['^(?:a(b)']")).toEqual([
      'FILE:1: trunks.gsm: entry 1: "^(?:a(b)" is not a regular expression: Unterminated group',
    ]);
  });

  test('number ranges that overlap name both keys, and so do listeners on one address', () => {
    expect(faults('[numbering]\nextension = "100-650"')).toEqual([
      'FILE:2: numbering.extension: overlaps numbering.ivr',
    ]);
    expect(faults('[numbering]\nivr = "10-20,20-30"\nqueue = "0820-0839"')).toEqual([
      'FILE:2: numbering.ivr: overlaps itself',
    ]);
    expect(faults('', { CDRD_NUMBERING_PAGING: '600-700' })).toEqual([
      'environment CDRD_NUMBERING_PAGING: numbering.paging: overlaps numbering.extension',
      'environment CDRD_NUMBERING_PAGING: numbering.paging: overlaps numbering.ivr',
    ]);
    expect(faults('http.listen = "[::]:443"')).toEqual(['FILE:1: http.listen: has the same address as https.listen']);
    expect(faults('http.listen = "[::]:0"\nhttps.listen = "[::]:0"')).toEqual([]);
  });
});

describe('single values', () => {
  const accepts = (variable: string, text: string) =>
    complaints(() => loadConfig(null, { [variable]: text })).length === 0;

  test.each<[string, string[], string[]]>([
    [
      'CDRD_HTTP_LISTEN',
      ['0.0.0.0:80', '[::]:80', '[fe80::1%eth0]:80', 'localhost:0', 'a.b-c.d:65535', ' ', '1.2.3.4:1,1.2.3.4:2'],
      [
        ':80',
        '80',
        '[::]',
        '::1:80',
        '[1.2.3.4]:80',
        '1.2.3:80',
        '999.1.1.1:80',
        'a:65536',
        'a:-1',
        '-a:80',
        'a_b:80',
        'a:80,',
        '*:80',
      ],
    ],
    ['CDRD_AMI_LISTEN', ['127.0.0.1:5038', ''], ['127.0.0.1:5038,[::1]:5038']],
    ['CDRD_AMI_GREETING', ['Asterisk Call Manager/5.0.1'], ['', 'a\r\nb', 'é', 'x'.repeat(81)]],
    ['CDRD_STATE_DIR', ['/a', '/a/../b'], ['', 'a', './var', '~/x', '/a\nb', `/${'a'.repeat(1024)}`]],
    [
      'CDRD_RUN_DIR',
      ['/run', `/${'a'.repeat(89)}`, `/${'a/../'.repeat(20)}b`],
      ['run', `/${'a'.repeat(90)}`, `/${'é'.repeat(45)}`],
    ],
    ['CDRD_RECORDINGS_REQUIRE_MOUNT', ['auto', 'yes', 'no'], ['', 'true', 'YES']],
    ['CDRD_RECORDINGS_SWEEP_SECONDS', ['1', '3600', ' 5 '], ['', '0', '3601', '1e3', '0x10', '2.5', 'x']],
    [
      'CDRD_RECORDINGS_PLACES',
      ['', 'A=/a', 'A=/a b/+*#_.@-'],
      ['/a', 'A', 'A=b', '=/a', ' .=/a', 'A=/a=b', 'A=/é', 'A=/a;b'],
    ],
    ['CDRD_ASTERISK_HOST', ['', '10.0.0.1', '::1', 'pbx.lan'], ['10.0.0', '[::1]', 'a b', 'pbx:5038']],
    ['CDRD_ASTERISK_USERNAME', ['cdrd', 'a b'], ['', ' a', 'a\r\nAction: Logoff', 'x'.repeat(81)]],
    ['CDRD_ASTERISK_SECRET', ['', ' ~é"'], ['a\nb', 'a\rb', 'x'.repeat(256)]],
    [
      'CDRD_NUMBERING_QUEUE',
      ['', '820-839', '1-1', '0000-0099', '8200-8300, 8400-8500', '820', '820 - 839,'],
      ['839-820', '99-100', 'a-b', '*10-*20', '820;839', `${'1'.repeat(16)}-${'2'.repeat(16)}`, '1,'.repeat(65)],
    ],
    ['CDRD_TIME_ZONE', ['', 'UTC', 'Asia/Shanghai', 'Etc/GMT+8'], ['+01:00', 'Shanghai', '../UTC', 'x']],
    [
      'CDRD_TRUNKS_GSM',
      ['^GSM/(\\d+)-', '^(?:A|B|C|D)/x?(\\d+)', '^G[+*(|]/(\\d{1})', '^\\(\\*\\|\\\\(\\d+)', '^[^(\\]]+(\\d)', ''],
      [
        'GSM/(\\d+)',
        '^GSM',
        '^(a)(b)',
        '^(a)+',
        '^(?:a)?(b)',
        '^(a|b){2}',
        '^(?<port>a)',
        '^(?=a)(b)',
        '^(?:a(b)',
        '^(a)\\1',
        '^(a)|b',
        '^a(b',
        '^(a))',
        '^(a*b*c*d*)',
        '^(a|b|c|d|e)',
        '^(\\d{999})',
        '^[a(b)',
        `^(${'a'.repeat(200)})`,
      ],
    ],
  ])('%s', (variable, good, bad) => {
    expect(good.filter((text) => !accepts(variable, text))).toEqual([]);
    expect(bad.filter((text) => accepts(variable, text))).toEqual([]);
  });

  test('a channel pattern with commas stands in the file', () => {
    expect(load("trunks.fxo = ['^DAHDI/(\\d{1,2})-']").trunks.fxo[0]?.exec('DAHDI/12-1')?.[1]).toBe('12');
  });

  test('the worst patterns that the rules allow come to an end on any channel name', () => {
    // Unbounded ones (`^(a+)+!`) would take 2^80 steps here, and the test would never end.
    const worst = ['^.*.*.*(?:a|a)(?:a|a)(?:a|a)(!)', '^(a*a*a*!)', '^\\w+?\\w+?\\w+?(!)', '^(a{1,99}a{1,99}a{1,99}!)'];
    const config = load(`trunks.fxo = [${worst.map((source) => `'${source}'`).join(', ')}]`);
    const fxo = config.trunks.fxo.map(({ source }) => source);
    expect(fxo).toEqual(worst);
    const rules = trunkRules({ names: null, fxo, gsm: [], plan: numberPlan(GUIDE_NUMBERING) });
    expect(rules.trunkOf('a'.repeat(10_000)).kind).toBe(null);
  });
});

describe('lines', () => {
  /** Keys in odd but legal clothes; each case's last line holds the fault. */
  test.each([
    ['dotted', 'state . dir = "/x"\nhttp . "listen" = 1'],
    ['quoted section', '["recordings"]\ndir = """\n/a"""\n[ \'http\' ]\nlisten = 1'],
    ['escaped key', 'http."lis\\u0074en" = 1'],
    ['after a basic text of several lines', 'state.dir = """\\\n  /a\\\n  /b"""\nhttp.listen = 1'],
    ['after quotes in quotes', `asterisk.secret = '''\n"""[http] # "''' # '''\n[http]\nlisten = 1`],
    ['after five quotes', 'asterisk.secret = """a"""""\nhttp.listen = 1'],
    ['after an escaped quote', 'asterisk.secret = "a\\"#"\nhttp.listen = 1'],
    ['after a list with comments', 'trunks.names = [ # ]\n "a]", \'[\', # "\n]\nhttp.listen = 1'],
    ['after numbers and dates without blanks', 'asterisk.port=5039#x\n[time]#y\n[http]\nlisten=1979-05-27 07:32:00'],
    ['inline', 'recordings = { places = { "A" = "/a}" }, sweep_seconds = 3 }\nhttp = { listen = 1 }'],
  ])('%s', (_, text) => {
    const last = text.split('\n').length;
    const ours = faults(text).filter((line) => line.includes('http.listen'));
    expect(ours).toEqual([`FILE:${last}: http.listen: must be a string`]);
  });

  test('any comments, blank lines and neighbours before the key', () => {
    const noise = fc.constantFrom(
      '',
      '   ',
      '# listen = "no" [http]',
      'trunks.names = ["a", # "\n\n"b"]',
      "state.dir = '/a#b'",
      'asterisk.secret = """\n[http]\nlisten = "x"\n"""',
    );
    const texts = fc.uniqueArray(noise, {
      selector: (line) => (line.includes('=') && !line.startsWith('#') ? line : {}),
    });
    fc.assert(
      fc.property(texts, (before) => {
        const text = [...before, '[http]', 'listen = 1', ''].join('\n');
        const line = text.split('\n').length - 1;
        expect(faults(text).filter((each) => each.includes('http.listen'))).toEqual([
          `FILE:${line}: http.listen: must be a string`,
        ]);
      }),
      { numRuns: 50 },
    );
  });
});

test('a fault quotes no control character, of C1 neither: a terminal obeys them', () => {
  const told = () => loadConfig(null, { CDRD_ASTERISK_CDR_CSV: 'x\x1b[2J\x7f\x85\x9b31m' });
  expect(told).toThrow('not "x\\u001b[2J\\u007f\\u0085\\u009b31m"');
});

describe('etc/cdrd.toml', () => {
  const packaged = new URL('../etc/cdrd.toml', import.meta.url).pathname;
  const text = readFileSync(packaged, 'utf8');
  const uncommented = text.replace(/^#(?=[a-z_]+ = )/gm, '');

  test('as installed sets nothing', () => {
    const config = loadConfig(packaged, {});
    expect({ ...config, fixed: null, file: null }).toEqual({ ...loadConfig(null, {}), fixed: null });
    expect(CONFIG_KEYS.filter(({ key }) => config.fixed(key) !== null)).toEqual([]);
  });

  test('holds every key and no other, with its default', () => {
    const defaults: Record<string, Record<string, unknown>> = {};
    for (const { section, name, fallback } of CONFIG_KEYS) {
      defaults[section] = { ...defaults[section], [name]: fallback };
    }
    expect(parse(uncommented)).toEqual(defaults);
    expect(load(uncommented)).toMatchObject({ http: { listen: [{ host: '::', port: 80 }] } });
  });

  test('says above each key what it means', () => {
    const lines = text.split('\n');
    for (const { section, name, doc } of CONFIG_KEYS) {
      const at = lines.findIndex(
        (line, index) =>
          line.startsWith(`#${name} = `) && lines.lastIndexOf(`[${section}]`, index) === lastSection(lines, index),
      );
      expect(lines[at - 1]).toBe(`# ${doc[0]?.toUpperCase()}${doc.slice(1)}.`);
    }
  });
});

describe('README.md', () => {
  test('holds the reference that the schema gives', () => {
    expect(inReadme('configuration'), `run ${WRITE_COMMAND}`).toBe(configReference());
  });

  test('a row shows default, meaning and variable', () => {
    const [, , ...rows] = configReference().trimEnd().split('\n');
    expect(rows).toHaveLength(CONFIG_KEYS.length);
    expect(rows).toContain(
      "| `trunks.fxo` | `['^DAHDI/(\\d+)-']` | channel names of analog trunks: regular expressions from ^ on with one capture group, the port N of pstnN | `CDRD_TRUNKS_FXO` |",
    );
    expect(rows).toContain(
      '| `ami.listen` | `"127.0.0.1:5038"` | address HOST:PORT of the AMI that cdrd offers; "" = off | `CDRD_AMI_LISTEN` |',
    );
    // Unescaped, one of these would move every cell after it.
    expect(rows.filter((row) => (row.match(/(?<!\\)\|/g) ?? []).length !== 5)).toEqual([]);
  });
});

function lastSection(lines: readonly string[], before: number): number {
  return lines.findLastIndex((line, index) => index < before && line.startsWith('['));
}
