/** The AMI of the running daemon: by TCP before and after a log-in, and by WebSocket. */
import { randomBytes } from 'node:crypto';
import { createPacketReader, formatPacket, type Packet } from '../../../daemon/wire/packet.ts';
import { AMI_SECRET } from '../../security/box.ts';
import type { Random } from '../../simulator/random.ts';
import { Broken, choicesOf, holds } from '../target.ts';
import type { SocketTarget } from './attacked.ts';
import { exchange, piecesOf } from './exchange.ts';

const USERS = ['watcher', 'caller', 'originator', 'clerk'];
const WORDS = [
  ...[
    'Action: ',
    '\r\n',
    '\r\n\r\n',
    'ActionID: 1\r\n',
    'Ping',
    'Events',
    'EventMask: on',
    'Filter',
    'Operation: Add\r\n',
    'Filter: !Cdr\r\n',
  ],
  ...[
    'Originate',
    'Channel: SIP/205\r\n',
    'Application: System\r\n',
    'Data: touch x\r\n',
    'Getvar',
    'Variable: ',
    '\u0024{SHELL(id)}',
    'Command',
    'DBPut',
  ],
  ...[
    'CdrdReplay',
    'Since: 0\r\n',
    'MixMonitorMute',
    'State: 1\r\n',
    'Direction: both\r\n',
    'Challenge',
    'AuthType: MD5\r\n',
    'Login',
    'Username: clerk\r\n',
  ],
  ...[
    'Secret: x\r\n',
    'Logoff',
    'ListCommands',
    'Status',
    'GetConfig',
    'Filename: ../x\r\n',
    'UserEvent',
    'Setvar',
    'Hangup',
    ':',
    'WaitEvent',
    'Timeout: 0\r\n',
  ],
];
/** Part of the connections whose end, by the daemon, is waited for. */
const WAITED_FOR = 0.02;
const WIDE = { line: 1e9, lines: 1e9, bytes: 1e9 };

const loginOf = (user: string) =>
  formatPacket([
    ['Action', 'Login'],
    ['Username', user],
    ['Secret', AMI_SECRET],
  ]);

/** Everything that is told is packets, and each begins as one of Asterisk's does. */
function judge(bytes: Buffer): void {
  const reader = createPacketReader(
    WIDE,
    {
      packet: judgePacket,
      fault: (fault) => {
        throw new Broken(`what is told is packets: ${fault}`);
      },
      greeting: (line) => holds(line.startsWith('Asterisk Call Manager/'), 'the greeting', line),
    },
    { greeting: true },
  );
  reader.push(bytes);
}

function judgePacket({ first: [name, value], headers }: Packet): void {
  holds(name === 'Event' || name === 'Response', 'an event or an answer', `${name}: ${value}`);
  if (name === 'Response')
    holds(['Success', 'Error', 'Goodbye', 'Follows'].includes(value), 'an answer of Asterisk', value);
  for (const [each] of headers) holds(!each.includes('\r'), 'no line in a line', each);
}

export const amiTcp: SocketTarget = {
  name: 'ami',
  share: 20,
  words: WORDS,
  async run(input, attacked) {
    const choices = choicesOf(input);
    const user = choices.next() < 0.7 ? choices.pick(USERS) : null;
    const begin = user === null ? '' : loginOf(user);
    const pieces = piecesOf(Buffer.concat([Buffer.from(begin), input]), choices);
    // An action that Asterisk never answers keeps a connection for 15 s: few are waited for.
    const closing = choices.next() < WAITED_FOR ? 'at once' : 'gone';
    const bytes = await exchange(attacked.ami(choices), pieces, closing);
    if (user !== null) holds(bytes.includes('Authentication accepted'), 'the log-in', bytes.toString('latin1', 0, 200));
    judge(bytes);
    attacked.judgeForwarded();
  },
};

/** A client's frame: its opcode, and masked as a client's must be. */
function frame(opcode: number, payload: Buffer, final = true): Buffer {
  const mask = Buffer.from([1, 2, 3, 4]);
  const masked = payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0));
  const first = (final ? 0x80 : 0) | opcode;
  const length =
    payload.length < 126
      ? Buffer.from([first, 0x80 | payload.length])
      : Buffer.from([first, 0x80 | 126, payload.length >> 8, payload.length & 255]);
  return Buffer.concat([length, mask, masked]);
}

const CLOSE = frame(8, Buffer.from([3, 232]));

export const webSocket: SocketTarget = {
  name: 'websocket',
  share: 10,
  words: [
    ...WORDS,
    '{"Action":"',
    '"}',
    '":"',
    '["',
    '\\r\\n',
    '\\u0000',
    '{',
    '}',
    'null',
    '__proto__',
    '\x81\x85',
    '\x88\x80',
    '\x89\x00',
    '\x82\xfe',
    '\xc1',
  ],
  async run(input, attacked) {
    const choices = choicesOf(input);
    const path = choices.next() < 0.85 ? '/ami' : '/live';
    const protocol = path === '/ami' ? choices.pick(['json', 'json', 'ami', '']) : '';
    const where = attacked.http(choices);
    const { token } = await attacked.login(choices);
    const head = [
      `GET ${path} HTTP/1.1`,
      `Host: 127.0.0.1:${where.port}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
      ...(protocol === '' ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
      ...(token === '' ? [] : [`Authorization: Bearer ${token}`]),
    ];
    const user = choices.next() < 0.7 ? choices.pick(USERS) : null;
    const sent = [
      Buffer.from(`${head.join('\r\n')}\r\n\r\n`),
      ...framesOf(input, user, protocol === 'json', choices),
      CLOSE,
    ];
    // The first one loads what speaks it, which takes its time.
    const bytes = await exchange(where, sent, 'when answered');
    const text = bytes.toString('latin1');
    const [, status] = /^HTTP\/1\.1 (\d{3}) /.exec(text) ?? [];
    holds(
      status !== undefined && ['101', '401', '403', '429', '503'].includes(status),
      'opened or refused',
      text.slice(0, 80),
    );
    if (status === '101')
      judgeFrames(bytes.subarray(text.indexOf('\r\n\r\n') + 4), protocol === 'json' || path === '/live');
    attacked.judgeForwarded();
  },
};

function framesOf(input: Buffer, user: string | null, json: boolean, choices: Random): Buffer[] {
  const login = json ? JSON.stringify({ Action: 'Login', Username: user, Secret: AMI_SECRET }) : loginOf(user ?? '');
  const first = user === null ? [] : [frame(1, Buffer.from(login))];
  const kind = choices.next();
  if (kind < 0.3) return [...first, input]; // frames as wild as they come
  if (kind < 0.9) return [...first, frame(choices.pick([1, 1, 1, 2]), input)];
  const half = Math.floor(input.length / 2);
  return [...first, frame(1, input.subarray(0, half), false), frame(choices.pick([0, 0, 9, 1]), input.subarray(half))];
}

/** A server's frames are whole, unmasked and, but for the last, texts. */
function judgeFrames(bytes: Buffer, json: boolean): void {
  for (let at = 0; at + 2 <= bytes.length; ) {
    const opcode = (bytes[at] ?? 0) & 15;
    const short = bytes[at + 1] ?? 0;
    holds((short & 0x80) === 0, 'a server masks nothing');
    if (short === 127) return; // a message of over 64 KB: the end may well be cut
    const [begin, length] =
      short === 126 ? [at + 4, at + 4 <= bytes.length ? bytes.readUInt16BE(at + 2) : 0] : [at + 2, short];
    if (begin + length > bytes.length) return; // cut by our own end
    const payload = bytes.subarray(begin, begin + length);
    holds([1, 8, 9, 10].includes(opcode), 'a text, a ping or the end', opcode);
    if (opcode === 1 && json) {
      try {
        JSON.parse(payload.toString());
      } catch {
        throw new Broken(`a message is JSON: ${payload.toString().slice(0, 200)}`);
      }
    }
    at = begin + length;
  }
}
