/** What a log line looks like, what it never lets through, and that a repeating message is counted. */
import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createLog, type LogFields, type LogLevel } from '../daemon/log.ts';

let lines: string[];
const open = (level: LogLevel = 'debug', terminal = false) =>
  createLog({ level, terminal, write: (line) => lines.push(line) });
/** The part of the line that one field makes. */
const field = (value: unknown, level: LogLevel = 'info'): string => {
  lines = [];
  open(level).info('m', { f: value });
  return (lines[0] ?? '').replace(/^<6>m f=/, '').replace(/\n$/, '');
};

beforeEach(() => {
  lines = [];
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('lines', () => {
  test('for journald: a syslog level, no time', () => {
    const log = open();
    log.debug('one');
    log.info('two', { calls: 3 });
    log.warn('three');
    log.error('four');
    expect(lines).toEqual(['<7>one\n', '<6>two calls=3\n', '<4>three\n', '<3>four\n']);
  });

  test('for a person: local time and a word', () => {
    vi.setSystemTime(new Date(2021, 4, 7, 8, 5, 9));
    const log = open('debug', true);
    log.info('ready', { port: 80 });
    log.error('gone');
    expect(lines).toEqual(['08:05:09 info  ready port=80\n', '08:05:09 error gone\n']);
  });

  test('the level drops what lies below it', () => {
    const log = open('warn');
    log.debug('a');
    log.info('b');
    log.child('x').info('c');
    log.warn('d');
    log.error('e');
    expect(lines).toEqual(['<4>d\n', '<3>e\n']);
  });

  test('children name themselves', () => {
    open().child('asterisk').child('ami').info('connected');
    expect(lines).toEqual(['<6>asterisk: ami: connected\n']);
  });

  test('the default goes to standard error, as <N> where that is a pipe', () => {
    const script = `const { createLog } = await import(process.env.LOG_MODULE);
      createLog({ level: 'info' }).info('started', { port: 80 });`;
    const run = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      cwd: new URL('..', import.meta.url).pathname,
      env: { ...process.env, LOG_MODULE: new URL('../daemon/log.ts', import.meta.url).href },
      encoding: 'utf8',
      timeout: 15_000,
    });
    expect({ out: run.stdout, err: run.stderr, status: run.status }).toEqual({
      out: '',
      err: '<6>started port=80\n',
      status: 0,
    });
  });
});

describe('fields', () => {
  test.each<[unknown, string]>([
    ['plain', 'plain'],
    ['', '""'],
    ['two words', '"two words"'],
    ['a=b', '"a=b"'],
    ['say "hi"', '"say \\"hi\\""'],
    ['back\\slash', '"back\\\\slash"'],
    ['中文', '中文'],
    [0, '0'],
    [true, 'true'],
    [null, 'null'],
    [['a', 1], '"[\\"a\\",1]"'],
    ['line\r\nbreak\t', '"line\\r\\nbreak\\t"'],
    ['\x1b[31mred', '"\\x1b[31mred"'],
    ['\x9b31m', '"\\x9b31m"'],
    ['\u202egpj', '"\\u{202e}gpj"'],
    ['a\u2028b', '"a\\u{2028}b"'],
    ['\ud800', '"\\u{d800}"'],
  ])('%j is written as %s', (value, written) => {
    expect(field(value)).toBe(written);
  });

  test('big integers are numbers, also inside objects', () => {
    expect(field(12n)).toBe('12');
    expect(field({ a: 1n })).toBe('"{\\"a\\":\\"1\\"}"');
  });

  test('undefined is left out', () => {
    open().info('m', { a: undefined, b: 1 });
    expect(lines).toEqual(['<6>m b=1\n']);
  });

  test.each(['secret', 'Password', 'apiKey', 'x-token', 'Authorization', 'set-cookie'])('%s is masked', (name) => {
    open().info('m', { [name]: 'hunter2', inner: { deeper: { [name]: 'hunter2' } } });
    expect(lines[0]).toContain(`${name}=***`);
    expect(lines[0]).not.toContain('hunter2');
  });

  test.each<[string, unknown, string]>([
    ['an API key', `the key cdrd-0a1b2c3d-${'x'.repeat(43)} is gone`, '"the key *** is gone"'],
    ['a session’s token', 'G'.repeat(43), '***'],
    ['a token in a path', `/live/${'Ab3-_'.repeat(8)}xyz/x`, '/live/***/x'],
    ['a digest', '21232f297a57a5a743894a0e4a801fc3', '***'],
    ['a digest in capitals', 'Password 21232F297A57A5A743894A0E4A801FC3', '"Password ***"'],
    ['what is kept of a password', 'scrypt$16384$8$1$c2FsdA$a2V5', '***'],
    ['a cookie', 'Cookie: cdrd_session=abc; other=1', '"Cookie: ***; other=1"'],
    ['a line of AMI', 'Secret: hunter2', '"Secret: ***"'],
    ['a bearer', 'Authorization: Bearer abc', '"Authorization: Bearer ***"'],
    ['a phone number', '9513456789', '…'],
    ['one with its plus, in a channel’s name', 'Local/+4930123456@out-0000001;1', 'Local/…@out-…;1'],
    ['one in an error', new Error('no such channel: SIP/0049301234567'), '"no such channel: SIP/…"'],
    ['one inside an object', { src: '0049301234567', of: ['205', 6] }, '"{\\"src\\":\\"…\\",\\"of\\":[\\"205\\",6]}"'],
    [
      'a recording’s name: its moment stays',
      "ENOENT: open '/proc/self/fd/7/20210507/20210507-104948-1620413388-Outbound-96-205-9513456789.wav'",
      '"ENOENT: open \'/proc/self/fd/7/20210507/20210507-104948-1620413388-…\'"',
    ],
  ])('%s is masked', (_, value, written) => {
    expect(field(value)).toBe(written);
  });

  test.each<unknown>([
    1620413388,
    '1620377388.10',
    'pbx-1620377388.10',
    'cdrd-20261126T040000-123456.db',
    '20210507',
    'recordings/20210507/x',
    'cdrd.db.corrupt-20261126T201535',
    '2026-11-26T20:15:35.000Z',
    '192.168.100.200:45231',
    'SIP/205-0000a1',
  ])('%s is none and stays', (value) => {
    expect(field(value)).toBe(String(value));
  });

  test('a process is none: where a machine lets their numbers grow they have seven digits', () => {
    expect(field('another cdrd (pid 1234567) is using it')).toBe('"another cdrd (pid 1234567) is using it"');
    expect(field('SIP/(pid +1234567)')).toBe('"SIP/(pid …)"');
  });

  test('half a secret is masked too: it is cut afterwards', () => {
    expect(field(`${'v'.repeat(959)} ${'G'.repeat(43)}`)).toBe(`"${'v'.repeat(959)} ***"`);
  });

  test('names cannot break the line', () => {
    open().info('m', { 'a b\n=': 1 });
    expect(lines).toEqual(['<6>m a_b__=1\n']);
  });

  test('messages and values are cut at 1,000 characters, fields at 24', () => {
    open().info('m'.repeat(5_000), { f: 'v'.repeat(34_000) });
    expect(lines[0]).toBe(`<6>${'m'.repeat(1_000)}… f=${'v'.repeat(1_000)}…\n`);
    lines = [];
    open().info('m', Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`f${index}`, index])));
    expect(lines[0]).toMatch(/ f23=23 …\n$/);
  });

  test('what cannot be printed does not throw', () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    const throws = {
      toJSON() {
        throw new Error('no');
      },
    };
    open().info('m', { circle, throws, after: 1 });
    expect(lines).toEqual(['<6>m circle=[unprintable] throws=[unprintable] after=1\n']);
  });

  test('whatever is logged makes one line without control characters', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })),
        (message, fields) => {
          lines = [];
          open().warn(message, fields);
          expect(lines).toHaveLength(1);
          expect(lines[0]).toMatch(/^<4>[^\p{Cc}\p{Zl}\p{Zp}]*\n$/u);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('errors', () => {
  test('print message, code and cause', () => {
    const error = new Error('cannot open the store', {
      cause: Object.assign(new Error('disk'), { code: 'EIO' }),
    });
    expect(field(error)).toBe('"cannot open the store: disk (EIO)"');
    expect(field(new TypeError(''))).toBe('TypeError');
  });

  test('a cause that says the same is not said again', () => {
    const cause = Object.assign(new Error('listen EADDRINUSE: address already in use'), { code: 'EADDRINUSE' });
    const error = Object.assign(new Error(cause.message, { cause }), { code: cause.code });
    expect(field(error)).toBe('"listen EADDRINUSE: address already in use"');
  });

  test('a circle of causes ends', () => {
    const error = new Error('a');
    error.cause = new Error('b', { cause: error });
    expect(field(error)).toBe('"a: b: a: b"');
  });

  test('show their frames at level debug only, in one line, without the source they quote', () => {
    const error = new Error('boom');
    error.stack = `${'var a=1;'.repeat(4_000)}\n\nError: boom\n    at f (file.mjs:1:2)\n    at g (file.mjs:3:4)`;
    expect(field(error, 'info')).toBe('boom');
    expect(field(error, 'debug')).toBe('boom stack="at f (file.mjs:1:2) | at g (file.mjs:3:4)"');
    expect(field(new Error('x'.repeat(34_000)), 'info')).toBe(`${'x'.repeat(1_000)}…`);
  });
});

describe('repetition', () => {
  const many = (count: number, say: (fields: LogFields) => void) => {
    for (let index = 0; index < count; index += 1) say({ index });
  };

  test('twenty pass in ten seconds, the rest is counted and summed up once', () => {
    const log = open();
    many(57, (fields) => log.warn('refused', fields));
    expect(lines).toHaveLength(20);
    expect(lines[19]).toBe('<4>refused index=19\n');
    vi.advanceTimersByTime(9_999);
    expect(lines).toHaveLength(20);
    vi.advanceTimersByTime(1);
    expect(lines.slice(20)).toEqual(['<4>refused … repeated 37 times\n']);
    log.warn('refused');
    expect(lines).toHaveLength(22);
    vi.advanceTimersByTime(60_000);
    expect(lines).toHaveLength(22);
  });

  test('exactly twenty need no summary', () => {
    const log = open();
    many(20, (fields) => log.warn('refused', fields));
    vi.advanceTimersByTime(20_000);
    expect(lines).toHaveLength(20);
  });

  test('levels, messages and children count apart', () => {
    const log = open();
    many(20, () => {
      log.warn('a');
      log.error('a');
      log.warn('b');
      log.child('c').warn('a');
    });
    expect(lines).toHaveLength(80);
  });

  test('flush says at once what is pending, and only once', () => {
    const log = open();
    many(21, () => log.info('a'));
    log.flush();
    log.child('x').flush();
    vi.advanceTimersByTime(20_000);
    expect(lines.slice(20)).toEqual(['<6>a … repeated 1 times\n']);
  });

  test('a flood of different messages loses none and remembers at most 256', () => {
    const log = open();
    many(25, () => log.info('same'));
    many(300, ({ index }) => log.info(`different ${index}`));
    expect(lines).toHaveLength(20 + 1 + 300);
    // The summary comes when the memory is full: before the 256th different message.
    expect(lines[20 + 255]).toBe('<6>same … repeated 5 times\n');
  });
});
