/**
 * What the simulated PBX answers to each AMI action, in the words of Asterisk 16.28 (main/manager.c, main/db.c,
 * channels/chan_sip.c; conversations in test/simulator/real/). One entry an action; the session's login state is here,
 * the socket is in ami-server.ts.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Header } from './cdr.ts';
import { type Channel, channelHeaders } from './channel.ts';
import { inspection } from './inspection.ts';
import { MAX_ASTDB_KEYS } from './limits.ts';
import type { Pbx } from './pbx.ts';
import type { Request } from './request.ts';
import { EXTENSIONS, TRUNKS } from './scenario.ts';

/** Shown by CoreSettings, and from there on the daemon's page: nobody shall take this for a telephone system. */
export const SIMULATED_VERSION = '16.28.0~simulation';
export const GREETING = 'Asterisk Call Manager/5.0.4\r\n';

/** Event classes a session may ask for by name (main/manager.c, `perms`). */
const CLASS_NAMES = [
  'system',
  'call',
  'log',
  'verbose',
  'command',
  'agent',
  'user',
  'config',
  'dtmf',
  'reporting',
  'cdr',
  'dialplan',
  'originate',
  'agi',
  'cc',
  'aoc',
  'test',
  'security',
  'message',
] as const;

export interface AmiSession {
  authenticated: boolean;
  /** Classes of events the client wants. */
  mask: ReadonlySet<string>;
  /** Drawn at the first Challenge and kept. */
  challenge: string;
}

export const ALL_CLASSES: ReadonlySet<string> = new Set(CLASS_NAMES);
const NO_CLASSES: ReadonlySet<string> = new Set();

export interface AmiHost {
  readonly pbx: Pbx;
  readonly username: string;
  readonly secret: string;
  /** True while the refuse-logins fault is on. */
  readonly refusesLogins: () => boolean;
  /** Calls (not channels) that are live. */
  readonly liveCalls: () => number;
}

export interface Answer {
  readonly text: string;
  /** The connection is closed after the text. */
  readonly close?: boolean;
}

type Action = (request: Request, session: AmiSession, host: AmiHost) => Answer;

const print = (headers: readonly Header[]): string => `${headers.map(([k, v]) => `${k}: ${v}`).join('\r\n')}\r\n\r\n`;

/** `Response`, the client's ActionID if it gave one, then `more`. */
function response(request: Request, status: 'Success' | 'Error' | 'Goodbye', more: readonly Header[]): string {
  return print([['Response', status], ...actionId(request), ...more]);
}
function actionId(request: Request): readonly Header[] {
  const id = request.get('ActionID');
  return id === '' ? [] : [['ActionID', id]];
}
const success = (request: Request, message: string): Answer => ({
  text: response(request, 'Success', [['Message', message]]),
});
const error = (request: Request, message: string): Answer => ({
  text: response(request, 'Error', [['Message', message]]),
});

/** A list: an announcing response, its events, the closing event. Items begin with the event's name and the ActionID. */
function list(request: Request, message: string, items: readonly string[], complete: string): Answer {
  const start: readonly Header[] = [
    ['EventList', 'start'],
    ['Message', message],
  ];
  const end: readonly Header[] = [
    ['Event', complete],
    ...actionId(request),
    ['EventList', 'Complete'],
    ['ListItems', String(items.length)],
  ];
  return { text: response(request, 'Success', start) + items.join('') + print(end) };
}

/** Reads an event mask as `strings_to_mask` does: null = not a mask. A bare number's bits stand in the order of `perms`. */
function parseMask(text: string): ReadonlySet<string> | null {
  if (text === '') return null;
  if (/^(no|false|n|f|off)$/i.test(text)) return NO_CLASSES;
  if (/^(yes|true|y|t|on)$/i.test(text)) return ALL_CLASSES;
  if (/^\d+$/.test(text)) {
    const bits = Number(text);
    return new Set(CLASS_NAMES.filter((_, bit) => (bits & (1 << bit)) !== 0));
  }
  const names = text.split(',').map((name) => name.trim().toLowerCase());
  return names.includes('all') ? ALL_CLASSES : new Set(CLASS_NAMES.filter((name) => names.includes(name)));
}

function sameText(a: string, b: string): boolean {
  const [one, other] = [Buffer.from(a), Buffer.from(b)];
  return one.length === other.length && timingSafeEqual(one, other);
}

function mayLogIn(request: Request, session: AmiSession, host: AmiHost): boolean {
  if (host.refusesLogins() || request.get('Username') !== host.username) return false;
  if (request.get('AuthType').toUpperCase() !== 'MD5') return sameText(request.get('Secret'), host.secret);
  if (session.challenge === '') return false;
  const key = createHash('md5')
    .update(session.challenge + host.secret)
    .digest('hex');
  return sameText(request.get('Key').toLowerCase(), key);
}

/** `3 minutes, 5 seconds`, as ast_cli prints an uptime. */
function spoken(seconds: number): string {
  const units = [
    ['hour', Math.floor(seconds / 3600)],
    ['minute', Math.floor(seconds / 60) % 60],
    ['second', seconds % 60],
  ] as const;
  const said = units.filter(([, n]) => n > 0).map(([unit, n]) => `${n} ${unit}${n === 1 ? '' : 's'}`);
  return said.join(', ') || '0 seconds';
}

const upFor = (host: AmiHost): number => Math.floor((host.pbx.clock.now() - host.pbx.startedAt) / 1000);

const login: Action = (request, session, host) => {
  if (session.authenticated) return success(request, 'Already authenticated');
  // Asterisk sleeps a second first; nobody guesses passwords here, and tests need not wait.
  if (!mayLogIn(request, session, host)) return { ...error(request, 'Authentication failed'), close: true };
  session.authenticated = true;
  session.mask = parseMask(request.get('Events')) ?? ALL_CLASSES;
  const accepted = success(request, 'Authentication accepted').text;
  if (!session.mask.has('system')) return { text: accepted };
  const seconds = String(upFor(host));
  const booted = print([
    ['Event', 'FullyBooted'],
    ['Privilege', 'system,all'],
    ['Uptime', seconds],
    ['LastReload', seconds],
    ['Status', 'Fully Booted'],
  ]);
  return { text: accepted + booted };
};

const challenge: Action = (request, session, host) => {
  if (request.get('AuthType').toUpperCase() !== 'MD5') return error(request, 'Must specify AuthType');
  session.challenge ||= String(host.pbx.random.whole(100_000_000, 999_999_999));
  return { text: response(request, 'Success', [['Challenge', session.challenge]]) };
};

const ping: Action = (request, _session, { pbx }) => {
  const now = pbx.clock.now();
  const timestamp = `${Math.floor(now / 1000)}.${String(Math.floor(now % 1000)).padStart(3, '0')}000`;
  return {
    text: response(request, 'Success', [
      ['Ping', 'Pong'],
      ['Timestamp', timestamp],
    ]),
  };
};

const events: Action = (request, session) => {
  const mask = parseMask(request.get('EventMask'));
  if (mask === null) return error(request, 'Invalid event mask');
  session.mask = mask;
  return { text: response(request, 'Success', [['Events', mask.size > 0 ? 'On' : 'Off']]) };
};

/** Taken and not applied: nobody who calls here has a line break in his number. */
const filter: Action = (request) => success(request, 'Success');

const command: Action = (request, _session, host) => {
  const line = request.get('Command');
  if (line === '') return error(request, 'No command provided');
  const output = (status: 'Success' | 'Error', lines: readonly string[]): Answer => ({
    text: response(request, status, [
      ['Message', 'Command output follows'],
      ...lines.map((text) => ['Output', text] as const),
    ]),
  });
  if (line.toLowerCase() !== 'core show uptime') {
    return output('Error', [`No such command '${line}' (type 'core show help ${line}' for other possible commands)`]);
  }
  const time = spoken(upFor(host));
  return output('Success', [`System uptime: ${time}`, `Last reload: ${time}`]);
};

const coreSettings: Action = (request) => ({
  text: response(request, 'Success', [
    ['AMIversion', '5.0.4'],
    ['AsteriskVersion', SIMULATED_VERSION],
    ['SystemName', ''],
    ['CoreMaxCalls', '0'],
    ['CoreMaxLoadAvg', '0.000000'],
    ['CoreRunUser', ''],
    ['CoreRunGroup', ''],
    ['CoreMaxFilehandles', '0'],
    ['CoreRealTimeEnabled', 'No'],
    ['CoreCDRenabled', 'Yes'],
    ['CoreHTTPenabled', 'No'],
  ]),
});

const coreStatus: Action = (request, _session, host) => {
  const [date = '', time = ''] = host.pbx.zone.text(Math.floor(host.pbx.startedAt / 1000)).split(' ');
  return {
    text: response(request, 'Success', [
      ['CoreStartupDate', date],
      ['CoreStartupTime', time],
      ['CoreReloadDate', date],
      ['CoreReloadTime', time],
      ['CoreCurrentCalls', String(host.liveCalls())],
    ]),
  };
};

function clockText(seconds: number): string {
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}

const coreShowChannels: Action = (request, _session, { pbx }) => {
  const item = (channel: Channel): string =>
    print([
      ['Event', 'CoreShowChannel'],
      ...actionId(request),
      ...channelHeaders(channel),
      ['Application', channel.application],
      ['ApplicationData', channel.applicationData],
      ['Duration', clockText(Math.floor((pbx.clock.now() - channel.created) / 1000))],
      ['BridgeId', channel.bridgeId],
    ]);
  const items = [...pbx.channels.values()].map(item);
  return list(request, 'Channels will follow', items, 'CoreShowChannelsComplete');
};

const sipPeers: Action = (request) => {
  const item = (peer: string): string =>
    print([
      ['Event', 'PeerEntry'],
      ...actionId(request),
      ['Channeltype', 'SIP'],
      ['ObjectName', peer],
      ['ChanObjectType', 'peer'],
      ['IPaddress', '127.0.0.1'],
      ['IPport', `6${peer.padStart(3, '0')}`],
      ['Dynamic', 'no'],
      ['AutoForcerport', 'yes'],
      ['Forcerport', 'no'],
      ['AutoComedia', 'no'],
      ['Comedia', 'no'],
      ['VideoSupport', 'no'],
      ['TextSupport', 'no'],
      ['ACL', 'no'],
      ['Status', 'Unmonitored'],
      ['RealtimeDevice', 'no'],
      ['Description', ''],
      ['Accountcode', ''],
    ]);
  const items = [...EXTENSIONS, ...TRUNKS].map(item);
  return list(request, 'Peer status list will follow', items, 'PeerlistComplete');
};

/** Runs `use` with the request's `family/key`, or gives Asterisk's complaint about the one that is missing. */
function withKey(request: Request, use: (key: string) => Answer): Answer {
  if (request.get('Family') === '') return error(request, 'No family specified.');
  if (request.get('Key') === '') return error(request, 'No key specified.');
  return use(`${request.get('Family')}/${request.get('Key')}`);
}

const dbPut: Action = (request, _session, { pbx }) =>
  withKey(request, (key) => {
    if (pbx.astdb.size >= MAX_ASTDB_KEYS && !pbx.astdb.has(key)) return error(request, 'Failed to update entry');
    // Without Val the key exists and is empty, as in Asterisk.
    pbx.astdb.set(key, request.get('Val'));
    return success(request, 'Updated database successfully');
  });

const dbGet: Action = (request, _session, { pbx }) =>
  withKey(request, (key) => {
    const value = pbx.astdb.get(key);
    if (value === undefined) return error(request, 'Database entry not found');
    const item = print([
      ['Event', 'DBGetResponse'],
      ['Family', request.get('Family')],
      ['Key', request.get('Key')],
      ['Val', value],
      ...actionId(request),
    ]);
    return list(request, 'Result will follow', [item], 'DBGetComplete');
  });

const dbDel: Action = (request, _session, { pbx }) =>
  withKey(request, (key) =>
    pbx.astdb.delete(key)
      ? success(request, 'Key deleted successfully')
      : error(request, 'Database entry could not be deleted'),
  );

/** Told and answered as by app_mixmonitor.c; the file sounds on, where a real one would be silent. */
const mixMonitorMute: Action = (request, _session, { pbx }) => {
  const [asked, direction, state] = ['Channel', 'Direction', 'State'].map((name) => request.get(name));
  if (!asked) return error(request, 'No channel specified');
  if (!state) return error(request, 'No state specified');
  if (!direction) return error(request, 'No direction specified');
  const channel = [...pbx.channels.values()].find(({ name, uniqueId }) => name === asked || uniqueId === asked);
  if (!channel) return error(request, 'Could not find requested channel');
  if (!channel.monitored) return error(request, 'Cannot set mute flag');
  pbx.emitChannel('MixMonitorMute', 'call', channel, [
    ['Direction', direction],
    ['State', state],
  ]);
  return { text: response(request, 'Success', []) };
};

const logoff: Action = (request) => ({
  text: response(request, 'Goodbye', [['Message', 'Thanks for all the fish.']]),
  close: true,
});

/** Every action by its name in lower case. */
const ACTIONS: ReadonlyMap<string, Action> = new Map(
  Object.entries({
    login,
    challenge,
    logoff,
    ping,
    events,
    filter,
    command,
    coresettings: coreSettings,
    corestatus: coreStatus,
    coreshowchannels: coreShowChannels,
    sippeers: sipPeers,
    dbput: dbPut,
    dbget: dbGet,
    dbdel: dbDel,
    mixmonitormute: mixMonitorMute,
  }),
);
/** null: it is no question about the PBX itself. */
function inspected(request: Request, { pbx }: AmiHost): Action | null {
  const told = inspection((name) => request.get(name), { zone: pbx.zone, now: pbx.clock.now() });
  if (!told) return null;
  if ('error' in told) return () => error(request, told.error);
  if ('headers' in told) return () => ({ text: response(request, 'Success', told.headers) });
  const items = told.items.map(([event = ['Event', ''], ...rest]) => print([event, ...actionId(request), ...rest]));
  return () => list(request, told.message, items, told.complete);
}

/** What a client may ask before it has logged in. */
const BEFORE_LOGIN = new Set(['login', 'logoff', 'challenge']);

/** The answer to one request, in the order of checks of `process_message` (main/manager.c). */
export function answer(request: Request, session: AmiSession, host: AmiHost): Answer {
  const name = request.get('Action');
  if (name === '') return error(request, 'Missing action in request');
  const key = name.toLowerCase();
  if (!session.authenticated && !BEFORE_LOGIN.has(key)) return error(request, 'Permission denied');
  const action = ACTIONS.get(key) ?? inspected(request, host);
  if (action === null) {
    return error(request, `Invalid/unknown command: ${name}. Use Action: ListCommands to show available commands.`);
  }
  return action(request, session, host);
}
