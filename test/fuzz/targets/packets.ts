/** AMI: packets in any bytes and any split, the Cdr event, the pattern of Filter. */

import { classesOf, maskOf } from '../../../daemon/ami/classes.ts';
import { compileFilter, FilterError } from '../../../daemon/ami/filter.ts';
import { CdrEventError, legOfCdrEvent } from '../../../daemon/asterisk/cdr-event.ts';
import {
  createPacketReader,
  formatPacket,
  type Packet,
  type PacketLimits,
  parsePacket,
  textOf,
  withActionId,
} from '../../../daemon/wire/packet.ts';
import type { Leg } from '../../../storage/model/leg.ts';
import { zone } from '../../../storage/model/local-time.ts';
import { choicesOf, holds, orRefused, same, type Target } from '../target.ts';

const LIMITS: readonly PacketLimits[] = [
  { line: 1_022, lines: 128, bytes: 132_096 },
  { line: 20, lines: 4, bytes: 60 },
];
const HERE = zone('Europe/Berlin');

interface Told {
  readonly packets: Packet[];
  /** Packets, faults, empty lines and the greeting, in order. */
  readonly story: string[];
}

function read(chunks: readonly Buffer[], limits: PacketLimits, greeting: boolean): Told {
  const told: Told = { packets: [], story: [] };
  const reader = createPacketReader(
    limits,
    {
      packet(packet) {
        told.packets.push(packet);
        told.story.push(`packet ${packet.raw.toString('latin1')}`);
      },
      fault: (_, id) => void told.story.push(`fault ${id}`),
      empty: () => void told.story.push('empty'),
      greeting: (line) => void told.story.push(`greeting ${line}`),
    },
    { greeting, faultIds: true },
  );
  for (const chunk of chunks) {
    reader.push(chunk);
    holds(reader.held <= limits.bytes, 'no more is held than the limit', reader.held);
  }
  return told;
}

/** The same in the plainest way: all bytes at once, line by line. */
function plainly(bytes: Buffer, limits: PacketLimits, greeting: boolean): string[] {
  const story: string[] = [];
  let begin = 0;
  let lines = 0;
  let faulty = false;
  let id = '';
  let first = greeting;
  for (let from = 0, end = bytes.indexOf(10); end >= 0; from = end + 1, end = bytes.indexOf(10, from)) {
    const line = bytes.subarray(from, end > from && bytes[end - 1] === 13 ? end - 1 : end);
    if (line.length > limits.line) faulty = true;
    const found = /^actionid: *([^\r\n]*)/i.exec(bytes.toString('latin1', from, Math.min(end, from + 128)))?.[1];
    if (id === '' && found !== undefined) id = textOf(Buffer.from(found, 'latin1'));
    if (line.length > 0 && !first) {
      if (++lines > limits.lines) faulty = true;
      continue;
    }
    const whole = bytes.subarray(begin, end + 1);
    if (whole.length > limits.bytes) faulty = true;
    if (first) story.push(`greeting ${faulty ? '' : textOf(whole).trimEnd()}`);
    else if (faulty) story.push(`fault ${id}`);
    else story.push(lines === 0 ? 'empty' : `packet ${whole.toString('latin1')}`);
    [begin, lines, faulty, id, first] = [end + 1, 0, false, '', false];
  }
  return story;
}

const WORDS = [
  '\r\n',
  '\r\n\r\n',
  '\n\n',
  ': ',
  ':',
  'Action: ',
  'ActionID: ',
  'Event: Cdr\r\n',
  'Response: ',
  'Privilege: cdr,all\r\n',
  '\r',
].concat(['Login', 'Username: ', 'Secret: ', 'Asterisk Call Manager/1.1\r\n', 'UniqueID: ', 'x'.repeat(30)]);

const packets: Target = {
  name: 'packets',
  words: WORDS,
  run(input) {
    const choices = choicesOf(input);
    const limits = choices.pick(LIMITS);
    const greeting = choices.next() < 0.2;
    const chunks: Buffer[] = [];
    for (let from = 0; from < input.length; ) {
      const size = choices.next() < 0.3 ? 1 : choices.whole(0, 40);
      chunks.push(input.subarray(from, from + size));
      from += size;
      if (size === 0) chunks.push(Buffer.alloc(0));
    }
    const { packets: found, story } = read(chunks, limits, greeting);
    same(story, plainly(input, limits, greeting), 'what stands in the bytes');
    for (const packet of found) roundTrips(packet);
    const ours = withActionId(input, 'ours', choices.pick([null, 'theirs', 'a\r\nb: c']));
    if (!input.includes('\nActionID: ours\r\n')) holds(ours.equals(input), 'nothing of ours, nothing changed');
    maskOf(input.toString('latin1', 0, 100));
    holds(classesOf(input.toString('latin1')) >= 0, 'classes are bits');
  },
};

/** Its headers, written and read again, are the same; whatever stands in them, one packet stays one. */
function roundTrips(packet: Packet): void {
  const [first] = packet.headers;
  same(packet.first, first, 'the first header');
  if (first) same(packet.get(first[0].toLowerCase()), first[1], 'by name, in any case');
  const written = formatPacket(packet.headers);
  const again = read([Buffer.from(written)], { line: 1e9, lines: 1e9, bytes: 1e9 }, false);
  same(again.story.length, 1, 'one packet');
  const blank = (text: string) => text.replaceAll(/[\0\r]/g, ' ');
  same(
    again.packets[0]?.headers,
    packet.headers.map(([name, value]) => [blank(name), blank(value)]),
    'the same headers',
  );
}

/** Values of any kind into a packet: JSON on a WebSocket, settings for AstDB. */
const format: Target = {
  name: 'format',
  share: 40,
  max: 600,
  words: WORDS,
  run(input) {
    const pieces = input.toString('utf8').split('\0');
    const headers = Array.from({ length: Math.ceil(pieces.length / 2) }, (_, index): [string, string] => [
      pieces[2 * index] ?? '',
      pieces[2 * index + 1] ?? '',
    ]);
    const { packets: found, story } = read(
      [Buffer.from(formatPacket(headers))],
      { line: 1e9, lines: 1e9, bytes: 1e9 },
      false,
    );
    same(story.length, 1, 'one packet');
    same(found[0]?.headers.length, headers.length, 'as many headers');
    same(
      found[0]?.headers,
      headers.map(([name, value]) => [name.replaceAll(/[\0\r\n:]/g, ' '), value.replaceAll(/[\0\r\n]/g, ' ')]),
      'the same headers but for line ends',
    );
  },
};

const cdrEvent: Target = {
  name: 'cdr-event',
  words: [
    ...WORDS,
    'StartTime: ',
    'AnswerTime: ',
    'EndTime: ',
    'Duration: ',
    'BillableSeconds: ',
    'Disposition: ANSWERED\r\n',
  ].concat(
    [
      '2021-05-07 00:05:02',
      'Recording File Name: ',
      'LinkedID: ',
      'Sequence: ',
      'Talk Start: ',
      'UserField: ',
      'AccountCode: ',
    ],
    ['Timestamp: 1\r\n', 'CallerID: "a\r\nSource: 1\r\nb" <1>\r\n'],
  ),
  run(input) {
    const packet = parsePacket(input);
    const leg = orRefused(() => legOfCdrEvent(packet, HERE), CdrEventError);
    if (!leg) return;
    isLeg(leg);
    // No field comes from any line but its own: the names stand once each, in Asterisk's order.
    const names = packet.headers.map(([name]) => name);
    for (const name of ['Source', 'Destination', 'Channel', 'UniqueID', 'Disposition'])
      same(names.slice(0, names.indexOf('UserField') + 1).filter((each) => each === name).length, 1, `${name} once`);
  },
};

export function isLeg(leg: Leg): void {
  for (const [name, value] of Object.entries(leg))
    if (typeof value === 'number') holds(Number.isSafeInteger(value), `${name} is a whole number`, value);
  for (const moment of [leg.start, leg.end, ...(leg.answer ? [leg.answer] : [])]) {
    holds(Number.isSafeInteger(moment.epoch) && Math.abs(moment.offset) <= 16 * 3600, 'a moment', moment);
    // Texts are made of it for every listing.
    HERE.text(moment.epoch);
  }
  holds(leg.uniqueId !== '', 'a record has its UniqueID');
}

/** A pattern, and behind a line feed a text. */
const filter: Target = {
  name: 'filter',
  max: 500,
  words: [
    '(',
    ')',
    '[',
    ']',
    '[^',
    '[[:digit:]]',
    '[:alpha:]',
    '*',
    '+',
    '?',
    '{1,3}',
    '{2}',
    '{,',
    '|',
    '^',
    '$',
    '.',
    '\\w',
    '\\.',
    'a',
    'Event',
    '!',
  ],
  run(input) {
    const [pattern = '', text = ''] = input.toString('latin1').split('\n', 2);
    const compiled = orRefused(() => compileFilter(pattern), FilterError);
    if (!compiled) return;
    holds(compiled.states <= 600, 'as many states as may be', compiled.states);
    const found = compiled.matches(text);
    same(compiled.matches(text), found, 'the same again');
    // What follows a text or stands before it changes nothing where the pattern has no ends.
    if (!/[\^$]/.test(pattern) && found) holds(compiled.matches(`#${text}#`), 'found in more, too', pattern);
    const plain = asJavaScript(pattern);
    if (plain && text.length < 60) same(found, plain.test(text), `${pattern} on ${JSON.stringify(text)}`);
  },
};

/** The same for JavaScript's engine, where both mean the same and it can't take for ever. */
function asJavaScript(pattern: string): RegExp | null {
  if (pattern.length > 40 || !/^[\x20-\x7e]*$/.test(pattern)) return null;
  // Left out: classes of either's own, what is repeated twice or as a group, and empty parts.
  if (/[[\]\\{}]/.test(pattern) || /[*+?][*+?]/.test(pattern) || (pattern.match(/[*+?]/g)?.length ?? 0) > 3)
    return null;
  if (/[\^$)][*+?]|\(\?|(?:^|[(|])\)/.test(pattern)) return null;
  let depth = 0;
  for (const char of pattern) {
    if (char === '(') depth++;
    // A lone parenthesis that closes is a character in POSIX.
    if (char === ')' && --depth < 0) return null;
  }
  return new RegExp(pattern, 's');
}

export const packetTargets: readonly Target[] = [packets, format, cdrEvent, filter];
