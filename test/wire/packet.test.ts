/** AMI's bytes: what a real Asterisk said, the hard cases by name, and what must hold for any bytes in any split. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createPacketReader,
  formatPacket,
  type Packet,
  type PacketLimits,
  parsePacket,
  withActionId,
} from '../../daemon/wire/packet.ts';

const WIDE: PacketLimits = { line: 65_536, lines: 1_024, bytes: 131_072 };

interface Read {
  readonly packets: Packet[];
  readonly faults: string[];
  readonly greetings: string[];
  /** The most that was ever held after a chunk. */
  readonly held: number;
  /** What is held at the end. */
  readonly rest: number;
}

function read(chunks: readonly (string | Buffer)[], limits = WIDE, greeting = false): Read {
  const found = { packets: [] as Packet[], faults: [] as string[], greetings: [] as string[] };
  const reader = createPacketReader(
    limits,
    {
      packet: (packet) => found.packets.push(packet),
      fault: (fault) => found.faults.push(fault),
      greeting: (line) => found.greetings.push(line),
    },
    { greeting },
  );
  let held = 0;
  for (const chunk of chunks) {
    reader.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
    held = Math.max(held, reader.held);
  }
  return { ...found, held, rest: reader.held };
}

const headersOf = ({ packets }: Read) => packets.map(({ headers }) => headers);

/** Bytes cut at every multiple of `size`. */
function cut(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );
}

describe('what a real Asterisk 16.28 said', () => {
  const real = (name: string) => readFileSync(new URL(`../simulator/real/${name}`, import.meta.url));

  test.each(['busy.ami', 'failed.ami', 'internal.ami', 'noanswer.ami', 'outbound.ami'])('%s', (name) => {
    const bytes = real(name);
    const whole = read([bytes], WIDE, true);
    expect(whole.greetings).toEqual(['Asterisk Call Manager/5.0.4']);
    expect(whole.faults).toEqual([]);
    expect(whole.rest).toBe(0);
    expect(whole.packets.map(({ first: [kind] }) => kind === 'Event' || kind === 'Response')).not.toContain(false);
    expect(whole.packets.length).toBe(bytes.toString('latin1').match(/^(?:Event|Response): /gm)?.length);
    // Nothing is lost or made up: the packets' bytes are the session's, but for the greeting and doubled empty lines.
    const rest = bytes
      .toString('latin1')
      .replace(/^.*\r\n/, '')
      .replaceAll('\r\n\r\n\r\n', '\r\n\r\n');
    expect(whole.packets.map(({ raw }) => raw.toString('latin1')).join('')).toBe(rest);
    for (const size of [1, 7, 1_448]) {
      const split = read(cut(bytes, size), WIDE, true);
      expect(headersOf(split)).toEqual(headersOf(whole));
    }
  });

  test.each(['basics.txt', 'challenge.txt', 'login-refused.txt'])('the answers in %s', (name) => {
    // In these the lines that Asterisk sent begin with "< "; their CR was not kept.
    const lines = real(name).toString('utf8').split('\n');
    const said = lines.filter((line) => line.startsWith('<')).map((line) => `${line.slice(2)}\n`);
    const { packets, greetings, faults } = read(said, WIDE, true);
    expect(greetings).toEqual(['Asterisk Call Manager/5.0.4']);
    expect(faults).toEqual([]);
    expect(packets.length).toBe(said.filter((line) => /^(?:Response|Event):/.test(line)).length);
    for (const packet of packets) expect(packet.first[0]).toMatch(/^(?:Response|Event)$/);
  });
});

describe('lines and packets', () => {
  test.each<[string, readonly string[], readonly (readonly (readonly [string, string])[])[]]>([
    [
      'CRLF',
      ['A: 1\r\nB: 2\r\n\r\nC: 3\r\n\r\n'],
      [
        [
          ['A', '1'],
          ['B', '2'],
        ],
        [['C', '3']],
      ],
    ],
    [
      'LF',
      ['A: 1\nB: 2\n\nC: 3\n\n'],
      [
        [
          ['A', '1'],
          ['B', '2'],
        ],
        [['C', '3']],
      ],
    ],
    [
      'both mixed',
      ['A: 1\r\nB: 2\n\r\nC: 3\r\n\n'],
      [
        [
          ['A', '1'],
          ['B', '2'],
        ],
        [['C', '3']],
      ],
    ],
    ['empty lines between packets', ['\r\n\n\r\nA: 1\r\n\r\n\r\n\n\nB: 2\n\n\n'], [[['A', '1']], [['B', '2']]]],
    ['CR and LF in two chunks', ['A: 1\r', '\n\r', '\nB: 2\r', '\n', '\r', '\n'], [[['A', '1']], [['B', '2']]]],
    ['LF first in a chunk', ['A: 1', '\n', '\n'], [[['A', '1']]]],
    ['a lone CR in a value', ['A: 1\r2\r\n\r\n'], [[['A', '1\r2']]]],
    ['a lone CR at a chunk’s end', ['A: 1\r', '2\r\n\r\n'], [[['A', '1\r2']]]],
    ['two CRs before the LF', ['A: 1\r\r\n\r\n'], [[['A', '1\r']]]],
    [
      'a line of CR alone is not empty',
      ['A: 1\r\n\r\r\nB: 2\r\n\r\n'],
      [
        [
          ['A', '1'],
          ['\r', ''],
          ['B', '2'],
        ],
      ],
    ],
    ['no colon', ['Output\r\n\r\n'], [[['Output', '']]]],
    ['a colon alone', [':\r\n\r\n'], [[['', '']]]],
    ['colons in the value', ['A: b: c:d\r\n\r\n'], [[['A', 'b: c:d']]]],
    ['no blank after the colon', ['Name:value\r\n\r\n'], [[['Name', 'value']]]],
    [
      'an empty value',
      ['A: \r\nB:\r\n\r\n'],
      [
        [
          ['A', ''],
          ['B', ''],
        ],
      ],
    ],
    ['one blank is the wire’s, others the value’s', ['A:  1 \t \r\n\r\n'], [[['A', ' 1 \t ']]]],
    ['blanks before the colon are the name’s', ['A : 1\r\n\r\n'], [[['A ', '1']]]],
    [
      'repeated names',
      ['V: 1\r\nV: 2\r\n\r\n'],
      [
        [
          ['V', '1'],
          ['V', '2'],
        ],
      ],
    ],
    ['a NUL', ['A: 1\x002\r\n\r\n'], [[['A', '1\x002']]]],
    ['the end is missing', ['A: 1\r\nB: 2\r\n'], []],
  ])('%s', (_, chunks, expected) => {
    const found = read(chunks);
    expect(headersOf(found)).toEqual(expected);
    expect(found.faults).toEqual([]);
  });

  test('what is unfinished is held, and counted', () => {
    const reader = createPacketReader(WIDE, { packet() {}, fault() {} });
    reader.push(Buffer.from('A: 1\r\n'));
    expect(reader.held).toBe(6);
    reader.push(Buffer.from('B'));
    expect(reader.held).toBe(7);
    reader.push(Buffer.from(': 2\r\n\r\n'));
    expect(reader.held).toBe(0);
  });

  test('a packet’s bytes outlive the chunk that they came in', () => {
    const chunk = Buffer.from('A: 1\r\n\r\n');
    const { packets } = read([chunk]);
    chunk.fill(0);
    expect(packets[0]?.raw.toString()).toBe('A: 1\r\n\r\n');
  });
});

describe('headers', () => {
  test('get: any case, the first of several, the value even where it is empty', () => {
    const packet = parsePacket(Buffer.from('Event: Cdr\r\nV: \r\nv: 2\r\nW: 3\r\nevent: Hangup\r\n\r\n'));
    expect(['EVENT', 'v', 'W', 'X'].map((name) => packet.get(name))).toEqual(['Cdr', '', '3', '']);
    expect(packet.first).toEqual(['Event', 'Cdr']);
  });

  test('UTF-8 is read as such, any other line as Latin-1, each by itself', () => {
    const bytes = Buffer.concat([
      Buffer.from('Utf: Müller Ω 日本\r\nLatin: '),
      Buffer.from([0x4d, 0xfc, 0x6c, 0x6c, 0x65, 0x72]),
      Buffer.from('\r\nCut: '),
      Buffer.from([0xc3]),
      Buffer.from('\r\nBom: \ufeffx\r\n\r\n'),
    ]);
    expect(read([bytes]).packets[0]?.headers).toEqual([
      ['Utf', 'Müller Ω 日本'],
      ['Latin', 'Müller'],
      ['Cut', 'Ã'],
      ['Bom', '\ufeffx'],
    ]);
  });

  test('a character split between chunks is one', () => {
    const bytes = Buffer.from('A: Ω\r\n\r\n');
    expect(headersOf(read(cut(bytes, 1)))).toEqual([[['A', 'Ω']]]);
  });
});

describe('the greeting', () => {
  const bytes = Buffer.from('Asterisk Call Manager/5.0.4\r\nResponse: Success\r\n\r\n');
  test('is one line, split anywhere', () => {
    for (let at = 0; at <= bytes.length; at++) {
      const found = read([bytes.subarray(0, at), bytes.subarray(at)], WIDE, true);
      expect(found.greetings).toEqual(['Asterisk Call Manager/5.0.4']);
      expect(headersOf(found)).toEqual([[['Response', 'Success']]]);
    }
  });
  test.each([
    ['LF alone', 'Hello\nA: 1\n\n', 'Hello'],
    ['empty', '\r\nA: 1\r\n\r\n', ''],
    ['over the limit: none', `${'x'.repeat(70_000)}\r\nA: 1\r\n\r\n`, ''],
  ])('%s', (_, text, greeting) => {
    for (const size of [1, 100_000]) {
      const found = read(cut(Buffer.from(text), size), WIDE, true);
      expect(found.greetings).toEqual([greeting]);
      expect(found.faults).toEqual([]);
      expect(headersOf(found)).toEqual([[['A', '1']]]);
    }
  });
  test('unasked for, it is a header', () => {
    expect(headersOf(read(['Hello\r\n\r\n']))).toEqual([[['Hello', '']]]);
  });
});

describe('limits', () => {
  const limits: PacketLimits = { line: 8, lines: 3, bytes: 24 };
  const after = 'Z: 9\r\n\r\n';
  test.each([
    ['a line just within', '12345678\r\n\r\n', []],
    ['a line just within, LF', '12345678\n\n', []],
    ['a line with a CR inside just within', '1234\r678\r\n\r\n', []],
    ['a line one over', '123456789\r\n\r\n', ['line too long']],
    ['a line one over, LF', '123456789\n\n', ['line too long']],
    ['a CR that is the value’s counts', '12345678\r\r\n\r\n', ['line too long']],
    ['a long line twice over', `${'x'.repeat(100)}\r\n${'y'.repeat(100)}\r\n\r\n`, ['line too long']],
    ['lines just within', '1\n2\n3\n\n', []],
    ['one line too many', '1\n2\n3\n4\n\n', ['too many lines']],
    ['many lines too many', `${'1\n'.repeat(50)}\n`, ['too many lines']],
    ['bytes just within', '1234567\n1234567\n123456\n\n', []],
    ['one byte too many', '1234567\n1234567\n1234567\n\n', ['packet too long']],
    ['bytes just within, CRLF', '123456\r\n12345\r\n12345\r\n\r\n', []],
    ['one byte too many, CRLF', '123456\r\n123456\r\n12345\r\n\r\n', ['packet too long']],
  ])('%s', (_, text, faults) => {
    for (const size of [1, 2, 3, 1_000]) {
      const found = read(cut(Buffer.from(`A: 0\r\n\r\n${text}${after}`), size), limits);
      expect(found.faults).toEqual(faults); // once
      const intact = faults.length > 0 ? 2 : 3;
      expect(found.packets).toHaveLength(intact);
      expect(found.packets.at(0)?.raw.toString()).toBe('A: 0\r\n\r\n');
      expect(found.packets.at(-1)?.raw.toString()).toBe(after);
      expect(found.held).toBeLessThanOrEqual(limits.bytes);
    }
  });

  test('an endless line costs no memory', () => {
    const reader = createPacketReader(WIDE, { packet() {}, fault() {} });
    const chunk = Buffer.alloc(16_384, 0x41);
    for (let sent = 0; sent < 64; sent++) {
      reader.push(chunk);
      expect(reader.held).toBeLessThanOrEqual(WIDE.line + 1);
    }
    expect(reader.held).toBe(0);
  });
});

// ---- any bytes -----------------------------------------------------------------------------------------------------

/** Bytes that meet the rules often: line ends, colons, short texts, and whatever else a byte can be. */
const BYTES = fc
  .array(
    fc.oneof(
      fc
        .constantFrom('\r\n', '\n', '\r', ': ', ':', ' ', '\r\n\r\n', 'Event', 'ActionID', 'x', 'Ω')
        .map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 4 }).map((bytes) => Buffer.from(bytes)),
    ),
    { maxLength: 60 },
  )
  .map((parts) => Buffer.concat(parts));
const SPLIT = fc
  .tuple(BYTES, fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 20 }))
  .map(([bytes, sizes]) => {
    const chunks: Buffer[] = [];
    // An empty chunk is one too; the 1 lets every round go on.
    for (let from = 0, turn = 0; from < bytes.length; turn++) {
      const size = turn % 7 === 6 ? 1 : (sizes[turn % sizes.length] ?? 1);
      chunks.push(bytes.subarray(from, from + size));
      from += size;
    }
    return { bytes, chunks };
  });
const LIMITS = fc.record({
  line: fc.integer({ min: 1, max: 20 }),
  lines: fc.integer({ min: 1, max: 6 }),
  bytes: fc.integer({ min: 2, max: 60 }),
});

describe('any bytes', () => {
  test('any split gives the same packets, greeting and number of faults, and never holds more than the limit', () => {
    fc.assert(
      fc.property(SPLIT, LIMITS, fc.boolean(), ({ bytes, chunks }, limits, greeting) => {
        const whole = read([bytes], limits, greeting);
        const split = read(chunks, limits, greeting);
        expect(split.packets.map(({ raw }) => raw.toString('hex'))).toEqual(
          whole.packets.map(({ raw }) => raw.toString('hex')),
        );
        expect(headersOf(split)).toEqual(headersOf(whole));
        expect(split.greetings).toEqual(whole.greetings);
        expect(split.faults.length).toBe(whole.faults.length);
        expect(split.rest).toBe(whole.rest);
        expect(Math.max(split.held, whole.held)).toBeLessThanOrEqual(limits.bytes);
      }),
      { numRuns: 500 },
    );
  });

  test('what is sent before does not touch the packet after it', () => {
    fc.assert(
      fc.property(BYTES, LIMITS, (bytes, limits) => {
        const last = '\n\nA: 1\n\n';
        const { packets } = read([bytes, last], { ...limits, line: limits.line + 4, bytes: limits.bytes + 6 });
        expect(packets.at(-1)?.raw.toString('latin1')).toBe('A: 1\n\n');
      }),
      { numRuns: 300 },
    );
  });

  test('a packet is within the limits, begins with a line and ends with an empty one', () => {
    fc.assert(
      fc.property(BYTES, LIMITS, (bytes, limits) => {
        for (const { raw, headers } of read([bytes], limits).packets) {
          expect(raw.length).toBeLessThanOrEqual(limits.bytes);
          expect(headers.length).toBeGreaterThan(0);
          expect(headers.length).toBeLessThanOrEqual(limits.lines);
          expect(raw.toString('latin1')).toMatch(/\n\r?\n$/);
        }
      }),
      { numRuns: 300 },
    );
  });
});

// ---- what a client is told ------------------------------------------------------------------------------------------

/** Packets, faults with the ActionID of theirs, and empty lines, in order. */
function told(chunks: readonly Buffer[], limits: PacketLimits): string[] {
  const story: string[] = [];
  const reader = createPacketReader(
    limits,
    {
      packet: ({ raw }) => story.push(`packet ${raw.toString('hex')}`),
      fault: (_, id) => story.push(`fault ${id}`),
      empty: () => story.push('empty'),
    },
    { faultIds: true },
  );
  for (const chunk of chunks) reader.push(chunk);
  return story;
}

describe('faults and empty lines', () => {
  const limits: PacketLimits = { line: 20, lines: 3, bytes: 60 };
  const long = 'x'.repeat(30);
  test.each<[string, string, string[]]>([
    ['an id before the fault', `ActionID: a1\r\n${long}\r\n\r\n`, ['fault a1']],
    ['an id after it', `${long}\r\nActionID: a1\r\n\r\n`, ['fault a1']],
    [
      'in any case, without a blank or with several',
      `${long}\nactionid:a1\n\n${long}\nACTIONID:   a2\n\n`,
      ['fault a1', 'fault a2'],
    ],
    ['the first of two', `${long}\nActionID: a\nActionID: b\n\n`, ['fault a']],
    ['none', `${long}\r\n\r\n`, ['fault ']],
    ['another header’s value is none', `${long}\r\nX: ActionID: a\r\n\r\n`, ['fault ']],
    ['too many lines', 'A\nB\nC\nD\nActionID: m\n\n', ['fault m']],
    ['one packet’s id is not the next one’s', `ActionID: a\n${long}\n\n${long}\n\n`, ['fault a', 'fault ']],
    [
      'a good packet’s id neither',
      `ActionID: a\n\n${long}\n\n`,
      [`packet ${Buffer.from('ActionID: a\n\n').toString('hex')}`, 'fault '],
    ],
    ['UTF-8', `${long}\nActionID: ü\n\n`, ['fault ü']],
    [
      'empty lines',
      '\r\n\nA: 1\n\n\r\n',
      ['empty', 'empty', `packet ${Buffer.from('A: 1\n\n').toString('hex')}`, 'empty'],
    ],
  ])('%s', (_, text, expected) => {
    const bytes = Buffer.from(text);
    for (const size of [1, 2, 3, 7, 1_000]) expect(told(cut(bytes, size), limits)).toEqual(expected);
  });

  test('an id at a hopeless length is cut, and costs nothing', () => {
    const [fault] = told([Buffer.from(`ActionID: ${'a'.repeat(100_000)}\r\n\r\n`)], limits);
    expect(fault?.length).toBeLessThan(200);
  });

  test('any split of any bytes tells the same', () => {
    fc.assert(
      fc.property(SPLIT, LIMITS, ({ bytes, chunks }, limits) => {
        expect(told(chunks, limits)).toEqual(told([bytes], limits));
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('withActionId', () => {
  const packet = (id: string) => Buffer.from(`Event: X\r\n${id}A: ActionID: ours\r\n\r\n`);
  test.each<[string, string, string | null, string]>([
    ['theirs for ours', 'ActionID: ours\r\n', 'th:eirs', 'ActionID: th:eirs\r\n'],
    ['theirs on one line', 'ActionID: ours\r\n', 'a\rEvent: Cdr', 'ActionID: a Event: Cdr\r\n'],
    ['none for ours', 'ActionID: ours\r\n', null, ''],
    ['only a whole line', 'ActionID: ours2\r\n', 'x', 'ActionID: ours2\r\n'],
    ['no id', '', 'x', ''],
  ])('%s', (_, had, theirs, gets) => {
    expect(withActionId(packet(had), 'ours', theirs).toString()).toBe(packet(gets).toString());
  });
});

describe('from a peer that ends its lines with CRLF', () => {
  const readStrict = (text: string, size: number) => {
    const packets: Packet[] = [];
    const reader = createPacketReader(
      WIDE,
      { packet: (packet) => packets.push(packet), fault() {} },
      { crlfOnly: true },
    );
    for (const chunk of cut(Buffer.from(text), size)) reader.push(Buffer.from(chunk));
    return packets.map(({ raw }) => raw.toString());
  };

  test.each([
    ['a value', 'A: 1\n\nEvent: Hangup\n\n\r\nB: 2\r\n\r\n', ['A: 1  Event: Hangup  \r\nB: 2\r\n\r\n']],
    ['a line that begins with one', 'A: 1\r\n\n\r\nB: 2\r\n\r\n', ['A: 1\r\n \r\nB: 2\r\n\r\n']],
    ['an end', 'A: 1\r\n\n\r\n\r\nB: 2\r\n\r\n', ['A: 1\r\n \r\n\r\n', 'B: 2\r\n\r\n']],
    ['a lone CR before', 'A: 1\r2\n3\r\n\r\n', ['A: 1\r2 3\r\n\r\n']],
  ])('a lone LF in %s is a blank', (_, text, expected) => {
    for (const size of [1, 2, 3, 5, 1_000]) expect(readStrict(text, size)).toEqual(expected);
  });

  test('any split of any bytes gives the same packets, with no line but CRLF ends it', () => {
    fc.assert(
      fc.property(BYTES, fc.integer({ min: 1, max: 9 }), (bytes, size) => {
        const text = bytes.toString('latin1');
        const whole = readStrict(text, 100_000);
        expect(readStrict(text, size)).toEqual(whole);
        for (const packet of whole) expect(packet).not.toMatch(/(?<!\r)\n/);
      }),
      { numRuns: 500 },
    );
  });
});

describe('formatPacket', () => {
  test('writes as Asterisk does', () => {
    expect(
      formatPacket([
        ['Action', 'DBPut'],
        ['Val', ''],
        ['Timeout', 30],
      ]),
    ).toBe('Action: DBPut\r\nVal: \r\nTimeout: 30\r\n\r\n');
    expect(formatPacket([])).toBe('\r\n');
  });

  test('nobody brings a header in through a value or a name', () => {
    expect(
      formatPacket([
        ['Action', 'DBPut\r\nAction: Originate'],
        ['Val\r\nApplication: System', 'x\n\ny\rz'],
        ['\0', '\0a\0'],
      ]),
    ).toBe('Action: DBPut  Action: Originate\r\nVal  Application  System: x  y z\r\n :  a \r\n\r\n');
  });

  test('whatever it writes is read as one packet with as many headers', () => {
    const text = fc.string({ unit: 'binary', maxLength: 20 });
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 8 }), (headers) => {
        const found = read([formatPacket(headers)]);
        expect(found.packets).toHaveLength(1);
        const blank = (value: string) => Buffer.from(value.replaceAll(/[\0\r\n]/g, ' ')).toString();
        expect(found.packets[0]?.headers).toEqual(
          headers.map(([name, value]) => [blank(name).replaceAll(':', ' '), blank(value)]),
        );
      }),
      { numRuns: 300 },
    );
  });
});
