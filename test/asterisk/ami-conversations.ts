/**
 * What clients say to an AMI, well and badly, each conversation held with the daemon and with Asterisk itself: both must
 * say the same to the byte, but for what stands here as a difference with its reason.
 */
import { openStream } from './ami-stream.ts';

export interface Conversation {
  readonly name: string;
  /** Sent in these pieces; a number is a pause in milliseconds. */
  readonly parts: readonly (string | number)[];
  /** The server ends it; otherwise a Logoff does. */
  readonly refused?: true;
  /** Logged in with events on: no other session may come and go meanwhile, which Asterisk would tell of. */
  readonly alone?: true;
  /** What Asterisk says at a moment of its own: there it is waited for before the end. */
  readonly until?: RegExp;
  /** A call is up meanwhile. */
  readonly call?: true;
  /** What Asterisk says → what the daemon says instead (null: nothing), and why. */
  readonly differences?: readonly Difference[];
}

export interface Difference {
  readonly asterisk: RegExp;
  readonly daemon: string | null;
  readonly why: string;
}

/** User of the conversations, on both servers with read = all and write = system,call,reporting. */
export const PLAIN = { name: 'plain', secret: 'plain-secret' } as const;

const logIn = (events = 'off') =>
  `Action: Login\r\nUsername: ${PLAIN.name}\r\nSecret: ${PLAIN.secret}\r\nEvents: ${events}\r\n\r\n`;
const L = logIn();
const action = (name: string, headers: Readonly<Record<string, string>> = {}) =>
  `Action: ${name}\r\n${Object.entries(headers)
    .map(([key, value]) => `${key}: ${value}\r\n`)
    .join('')}\r\n`;
const PING = action('Ping');

const BY_NAME = 'what can start a program, touch a file or rewrite the dialplan is granted by its own name alone';
const denied = (id: string, asterisk: RegExp, why = BY_NAME): Difference => ({
  asterisk,
  daemon: `Response: Error\r\nActionID: ${id}\r\nMessage: Permission denied\r\n\r\n`,
  why,
});

export const conversations: readonly Conversation[] = [
  {
    name: 'log-in with events on',
    alone: true,
    parts: [logIn('on'), 400],
    until: /^Event: SuccessfulAuth\r\n/,
    differences: [
      {
        asterisk: /^Event: SuccessfulAuth\r\n/,
        daemon: null,
        why: 'Asterisk tells security events about its own AMI sessions; those of the daemon stand in its log',
      },
    ],
  },
  {
    name: 'masks',
    alone: true,
    parts: [
      L,
      action('Events'),
      action('Events', { EventMask: 'foo', ActionID: '1' }),
      action('Events', { EventMask: '3', ActionID: '2' }),
      action('Events', { EventMask: '0', ActionID: '3' }),
      action('Events', { EventMask: 'on', ActionID: '4' }),
      action('Events', { EventMask: 'off', ActionID: '5' }),
    ],
  },
  { name: 'empty lines', parts: [L, '\r\n', '\r\n\r\n', PING] },
  { name: 'LF alone, blanks before a value', parts: [L.replaceAll('\r', ''), 'Action: Ping\nActionID:   sp\n\n'] },
  { name: 'a line of 2,000 bytes', parts: [L, action('Ping', { ActionID: 'a1', X: 'y'.repeat(2000) }), PING] },
  {
    name: 'lines about the limit',
    parts: [
      L,
      ...[1018, 1020, 1021, 1022, 1023, 1024, 1025].map(
        (n) => `X: ${'y'.repeat(n - 3)}\r\nAction: Ping\r\nActionID: n${n}\r\n\r\n`,
      ),
    ],
    differences: [
      {
        asterisk: /^Response: Error\r\nMessage: Failed to parse message: line too long/,
        daemon: null,
        why: 'Asterisk takes the end of a line of exactly 1,023 bytes for the end of its packet, and what follows for another',
      },
      {
        asterisk: /^Response: Success\r\nActionID: n1023\r\n/,
        daemon: 'Response: Error\r\nActionID: n1023\r\nMessage: Failed to parse message: line too long\r\n\r\n',
        why: 'the same line: to the daemon it is too long, as one of 1,024 is to both',
      },
    ],
  },
  {
    name: 'too many lines, and as many as may be',
    parts: [
      L,
      300,
      `Action: Ping\r\nActionID: m\r\n${'X: y\r\n'.repeat(130)}\r\n`,
      300,
      `Action: Ping\r\nActionID: n127\r\n${'X: y\r\n'.repeat(126)}\r\n`,
    ],
  },
  {
    name: 'filters',
    parts: [
      L,
      action('Filter', { Operation: 'Add', Filter: 'Event: Cdr', ActionID: '1' }),
      action('Filter', { Operation: 'Del', Filter: 'x', ActionID: '2' }),
      action('Filter', { Operation: 'Add', Filter: '(', ActionID: '3' }),
      action('Filter', { Operation: 'Add', ActionID: '4' }),
      action('Filter', { Operation: 'Add', Filter: '!', ActionID: '5' }),
    ],
  },
  { name: 'log-in twice', parts: [L, L] },
  { name: 'log-in without a user', refused: true, parts: [action('Login', { ActionID: 'z' })] },
  {
    name: 'log-in with a wrong secret',
    refused: true,
    parts: [action('Login', { Username: PLAIN.name, Secret: 'x', ActionID: '1' })],
  },
  {
    name: 'challenge, and a wrong key',
    refused: true,
    parts: [
      action('Challenge', { AuthType: 'md5' }),
      action('Login', { AuthType: 'MD5', Username: PLAIN.name, Key: '00' }),
    ],
  },
  {
    name: 'a key without a challenge',
    refused: true,
    parts: [action('Login', { AuthType: 'MD5', Username: PLAIN.name, Key: '00' })],
  },
  {
    name: 'another AuthType',
    parts: [action('Login', { AuthType: 'plain', Username: PLAIN.name, Secret: PLAIN.secret, Events: 'off' })],
  },
  {
    name: 'challenge twice, without AuthType, and after log-in',
    parts: [
      action('Challenge', { AuthType: 'MD5' }),
      action('Challenge', { AuthType: 'MD5' }),
      action('Challenge', { AuthType: 'SHA' }),
      L,
      action('Challenge', { AuthType: 'MD5' }),
    ],
  },
  { name: 'Logoff before log-in', refused: true, parts: [action('Logoff', { ActionID: 'q' })] },
  {
    name: 'actions before log-in',
    parts: [action('Ping', { ActionID: '1' }), action('Nonsense'), action('CoreStatus', { ActionID: '2' })],
  },
  {
    name: 'MixMonitorMute that can not be',
    parts: [
      L,
      action('MixMonitorMute', { ActionID: '1' }),
      action('MixMonitorMute', { Channel: 'SIP/none-1', Direction: 'both', State: '1', ActionID: '2' }),
      action('MixMonitorMute', { Channel: 'SIP/none-1', Direction: 'x', State: '1', ActionID: '3' }),
      action('MixMonitorMute', { Channel: 'SIP/none-1', ActionID: '4' }),
      action('MixMonitorMute', { Direction: 'both', State: '1', ActionID: '5' }),
      action('MixMonitorMute', { Channel: 'SIP/none-1', Direction: 'both', ActionID: '6' }),
    ],
  },
  {
    name: 'what this user may not do',
    parts: [
      L,
      action('Originate', { Channel: 'Local/1@x', ActionID: '1' }),
      action('Command', { Command: 'x', ActionID: '2' }),
      action('UserEvent', { UserEvent: 'Foo', ActionID: '3' }),
      action('Atxfer', { ActionID: '4' }),
    ],
  },
  {
    name: 'what the daemon grants by name alone',
    parts: [
      L,
      action('Getvar', { Variable: 'SHELL(id)', ActionID: '1' }),
      action('DBPut', { Family: 'rig', Key: 'x', Val: 'y', ActionID: '2' }),
      action('DBDel', { Family: 'rig', Key: 'x', ActionID: '3' }),
      action('GetConfig', { Filename: 'cdr.conf', ActionID: '4' }),
    ],
    differences: [
      denied(
        '1',
        /^Response: Success\r\nActionID: 1\r\nVariable: SHELL\(id\)/,
        'Getvar asks for harmless functions only',
      ),
      denied('2', /^Response: Success\r\nActionID: 2\r\nMessage: Updated database successfully/),
      denied('3', /^Response: Success\r\nActionID: 3\r\nMessage: Key deleted successfully/),
      denied('4', /^Response: Success\r\nActionID: 4\r\nCategory-000000: /),
    ],
  },
  { name: 'WaitEvent', parts: [L, action('WaitEvent', { Timeout: '1', ActionID: '5' })] },
  {
    name: 'forwarded: AstDB, queues, variables, peers',
    parts: [
      L,
      action('DBGet', { Family: 'cdrd', Key: 'enable', ActionID: '1' }),
      action('DBGet', { Family: 'nope', Key: 'x', ActionID: '2' }),
      action('DBGetTree', { Family: 'cdrd', ActionID: '2t' }),
      action('Status', { ActionID: 's' }),
      action('QueueStatus', { ActionID: 'qs' }),
      action('QueueSummary', { ActionID: 'qq' }),
      action('SIPpeers', { ActionID: 'p' }),
      action('SIPshowpeer', { Peer: '205', ActionID: 'sp' }),
      action('SIPshowpeer', { Peer: 'nope', ActionID: 'sn' }),
      action('PJSIPShowEndpoints', { ActionID: 'pe' }),
      action('CoreSettings', { ActionID: 'cs' }),
      action('CoreShowChannels', { ActionID: 'cc' }),
      action('CoreShowChannels'),
      action('Getvar', { Variable: 'TECH', ActionID: 'g' }),
      action('Hangup', { Channel: 'none', ActionID: 'h' }),
      action('Redirect', { Channel: 'none', Context: 'inside', Exten: '1', Priority: '1', ActionID: 'r' }),
      action('ExtensionState', { Exten: '205', Context: 'inside', ActionID: 'es' }),
      action('Nonsense', { ActionID: 'n' }),
    ],
  },
  {
    name: 'forwarded while a call is up',
    call: true,
    parts: [
      L,
      action('CoreShowChannels', { ActionID: '1' }),
      action('Status', { ActionID: '2', Variables: 'CDRD_KIND,CDRD_MONITOR' }),
      action('BridgeList', { ActionID: '3' }),
      action('CoreStatus', { ActionID: '4' }),
    ],
  },
  {
    name: 'odd ways to write a header',
    parts: [
      L,
      'Action:Ping\r\nActionID:nospace\r\n\r\n',
      'Action: Ping \r\nActionID: trail\r\n\r\n',
      'Garbage\r\nAction: Ping\r\nActionID: g\r\n\r\n',
      'Action: Ping\r\nActionID: \r\n\r\n',
      'Action: Ping\r\nActionID: a:b c\r\nActionID: second\r\n\r\n',
      'action: pInG\r\nACTIONID: 3\r\n\r\n',
      'ActionID: before\r\nAction: Ping\r\n\r\n',
      'ActionID: none\r\n\r\n',
      'Action: CoreStatus\r\nActionID: a:b c\r\nActionID: second\r\n\r\n',
      'Action: DBGet\r\nActionID:   padded\r\nFamily: nope\r\nKey: x\r\n\r\n',
    ],
  },
];

/** Every packet of the server's, the greeting apart; the connection is closed. @param until Comes before its end. */
export async function hold({ parts, refused }: Conversation, port: number, until?: RegExp): Promise<string[]> {
  const stream = openStream(port);
  try {
    for (const part of parts) {
      if (typeof part === 'number') await new Promise((resolve) => setTimeout(resolve, part));
      else stream.send(part);
    }
    if (until) await stream.waitFor(String(until), (packet) => until.test(packet), 10_000);
    if (!refused) stream.send(action('Logoff'));
    await stream.ended(15_000);
    return stream.packets.map(timeless);
  } finally {
    stream.close();
  }
}

/** What is never the same twice: clocks, the number of a challenge, the id of a session. */
function timeless(packet: string): string {
  return packet
    .replace(/^(Timestamp): \d+\.\d{6}\r$/m, '$1: T\r')
    .replace(/^(Challenge): \d{4,10}\r$/m, '$1: N\r')
    .replace(/^(Uptime|LastReload|Duration|Seconds|TimeToHangup|CallerHoldTime): [\d:]+\r$/gm, '$1: T\r');
}
