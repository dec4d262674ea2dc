/**
 * What the pages can change, each setting once: its check, its default, what it means, who may change it and when a change
 * is acted on. 30017's parameters, 30016's list and, where the configuration has the same key, its schema come from here.
 */
import * as v from 'valibot';
import type { Right } from '../../storage/model/rights.ts';
import { aboutKey, type KeyAbout, key, rawOf } from './key.ts';
import {
  BASE,
  BOOLEAN,
  CALLED,
  CLOCK,
  HOST_NAMES,
  LISTEN_LIST,
  LISTEN_ONE,
  MAIL,
  MAILS,
  MOR_USERS,
  NAMES,
  PATTERNS,
  PERMITS,
  PLACE,
  RANGES,
  SOUND,
  TIME_ZONE,
  WEBHOOK,
  whole,
} from './kinds.ts';

/** Keys of the configuration too: in the file or the environment they are fixed. */
export const NUMBERING = {
  extension: key(
    RANGES,
    '100-616',
    'extensions: numbers and ranges A-B, separated by commas (guide figure 5); "" = none',
  ),
  ivr: key(RANGES, '620-639', 'IVR numbers'),
  conference: key(RANGES, '740-749', 'conference rooms'),
  queue: key(RANGES, '820-839', 'queues'),
  ringgroup: key(RANGES, '920-939', 'ring groups'),
  paging: key(RANGES, '720-729', 'paging groups'),
};

export const TRUNKS = {
  names: key(NAMES, [], 'all SIP, PJSIP and IAX2 trunks by peer name; [] = every peer that is no extension'),
  fxo: key(
    PATTERNS,
    ['^DAHDI/(\\d+)-'],
    'channel names of analog trunks: regular expressions from ^ on with one capture group, the port N of pstnN',
  ),
  gsm: key(
    PATTERNS,
    ['^GSM/(\\d+)-'],
    'channel names of GSM trunks, likewise, the port N of GSMN; drivers differ, for example ^Dongle/gsm(\\d+)-',
  ),
};

export const TIME = {
  zone: key(TIME_ZONE, '', 'time zone of the box by its IANA name; "" = the system\'s'),
};

const permit = (listener: string) =>
  key(
    PERMITS,
    ['local'],
    `from where ${listener} may be reached: local, all, ranges such as 192.168.1.0/24; from the box itself always`,
  );

/** Who may come at all, before anything that is sent is read: a box that ends up on the open Internet is silent there. */
export const HTTP = {
  listen: key(LISTEN_LIST, '[::]:80', 'addresses HOST:PORT of HTTP, separated by commas; "" = off'),
  permit: permit('HTTP'),
  names: key(
    HOST_NAMES,
    [],
    "names by which browsers reach the box, besides its addresses, localhost, and its host name, alone, with .local and in its network's domains",
  ),
  redirect: key(BOOLEAN, false, 'send who comes by HTTP on to HTTPS, all but /healthz and the box itself'),
};
export const HTTPS = {
  listen: key(LISTEN_LIST, '[::]:443', 'addresses HOST:PORT of HTTPS, separated by commas; "" = off'),
  permit: permit('HTTPS'),
};
export const AMI = {
  listen: key(LISTEN_ONE, '127.0.0.1:5038', 'address HOST:PORT of the AMI that cdrd offers; "" = off'),
  permit: permit('the AMI'),
};

/** Whom an alarm is told that looks at no page. @see daemon/alarm/alarms.ts */
export const ALARM = {
  mail: key(MAILS, [], 'mail addresses that are told when the stick, Asterisk or room on a disk is gone; [] = none'),
  sender: key(MAIL, '', 'address that these mails come from; "" = the one that the mail system gives'),
  webhook: key(WEBHOOK, '', 'address that is sent the same as JSON, by POST; "" = none'),
  after: key(whole(0, 3600), 120, 'seconds that something must last before it is told, and its end likewise'),
};

const dialect = (product: string, first: string) => ({
  enabled: key(BOOLEAN, false, `answer as ${product} does, for programs written for it`),
  base: key(BASE, '', `what stands in front of its addresses, such as ${first}; "" = nothing`),
});

/** Dialects. @see cgi/dialect/table.ts */
export const ELASTIX = dialect('the Elastix API', '"/elastix" for /elastix/api/api.php');
export const MOR = {
  ...dialect('the MOR API', '"/mor" for /mor/api/local_calls_get'),
  users: key(
    MOR_USERS,
    [],
    'its users: a list of "ID=NAME:EXTENSIONS" such as "5=shop:201-204 210"; admins need not be in it',
  ),
  get: key(BOOLEAN, false, 'take its API requests by GET too, which leaves their hash in logs on the way'),
  sample_hash: key(
    BOOLEAN,
    false,
    'take the hash of its documented example too, which is that of the secret alone and never changes',
  ),
  callback: key(BOOLEAN, false, 'have it place calls: one of the extensions rings, then the number is called'),
  callback_numbers: key(
    CALLED,
    [],
    'numbers that it may call: numbers, ranges such as 200-299, patterns such as 0049*; [] = none',
  ),
};
export const VOIPMONITOR = dialect('the VoIPmonitor GUI', '"/demo" for /demo/php/api.php');

/** Guide 3.2. They stand in Asterisk's own database, where the dialplan asks for them (etc/asterisk/extensions_cdrd.conf). */
const RECORDING = {
  enable: key(BOOLEAN, true, 'record at all'),
  place: key(
    PLACE,
    '',
    'where to, one of recordings.places; what lies at another one can be heard when it is chosen again',
  ),
  inbound: key(BOOLEAN, true, 'record calls that come in'),
  outbound: key(BOOLEAN, true, 'record calls that go out'),
  internal: key(BOOLEAN, true, 'record calls between extensions'),
  callback: key(BOOLEAN, true, 'record calls by which the box calls somebody back'),
  conference: key(BOOLEAN, true, 'record conferences'),
  'prompt.inbound': key(SOUND, '', 'sound that tells who calls in of the recording, before it rings; "" = none'),
  'prompt.outbound': key(SOUND, '', 'sound that tells who is called outside of the recording, at answer; "" = none'),
  'prompt.inbound.record': key(BOOLEAN, false, 'write it to the recording file; who answers then hears it too'),
  'prompt.outbound.record': key(BOOLEAN, false, 'write it to the recording file'),
};

const TRASH = {
  days: key(whole(1, 365), 7, 'days that deleted calls and recordings can be restored'),
  skip: key(BOOLEAN, false, 'delete recordings at once, without the trash'),
};

const BACKUP = {
  enable: key(BOOLEAN, true, 'make a backup of the store on the medium every night'),
  time: key(CLOCK, '03:20', "when, HH:MM on the box's clock; one that was missed is made up for"),
  keep: key(whole(1, 365), 7, 'backups kept on the medium, the last one of a day each'),
};

/** @see daemon/retention/retention.ts */
const RETENTION = {
  'recordings.days': key(whole(0, 36_500), 0, 'days after which recordings are removed; 0 = never for their age'),
  'recordings.mb': key(
    whole(0, 100_000_000),
    0,
    'MB that recordings and their trash may take on the medium, beyond which the oldest are removed; 0 = any',
  ),
  // A full medium records nothing more, and nobody looks into the cupboard: the newest calls are worth more than the oldest.
  'recordings.free': key(
    whole(0, 50),
    5,
    'percent of the medium, 2 GB at most, that stay free: below it the trash goes, then the oldest recordings; 0 = a full medium ends recording',
  ),
  'calls.days': key(whole(0, 36_500), 0, 'days after which calls go into the trash; 0 = never for their age'),
  'calls.count': key(whole(0, 100_000_000), 0, 'calls that stay, the newest; 0 = all'),
};

/** A value as JSON holds it. */
export type SettingValue = string | number | boolean | readonly string[];

export interface SettingSchema extends KeyAbout {
  /** `recording.enable`, `numbering.ivr`, … */
  readonly name: string;
  /** What it takes to see and to change it. */
  readonly right: Right;
  /** Whether it is acted on only after a restart. */
  readonly restart: boolean;
  readonly fallback: SettingValue;
  /** What is wrong with a value, in words that follow the setting's name; null = nothing. */
  fault(value: unknown): string | null;
}

/** Read once at start: everything that tells times is built on them. */
const AT_START = new Set(['time.zone', 'backup.time']);

const SECTIONS = [
  ['recording', 'recording.settings', RECORDING],
  ['numbering', 'settings', NUMBERING],
  ['trunks', 'settings', TRUNKS],
  ['time', 'settings', TIME],
  ['trash', 'settings', TRASH],
  ['retention', 'settings', RETENTION],
  ['backup', 'settings', BACKUP],
  ['http', 'settings', HTTP],
  ['https', 'settings', HTTPS],
  ['ami', 'settings', AMI],
  ['alarm', 'settings', ALARM],
  ['elastix', 'settings', ELASTIX],
  ['mor', 'settings', MOR],
  ['voipmonitor', 'settings', VOIPMONITOR],
] as const satisfies readonly (readonly [string, Right, object])[];

export const SETTINGS: readonly SettingSchema[] = SECTIONS.flatMap(([section, right, entries]) =>
  Object.entries(entries).map(([key, schema]): SettingSchema => {
    const name = `${section}.${key}`;
    const about = aboutKey(schema);
    return {
      ...about,
      name,
      right,
      restart: AT_START.has(name),
      fallback: about.fallback as SettingValue,
      fault: (value) => faultOf(schema, value),
    };
  }),
);

const BY_NAME: ReadonlyMap<string, SettingSchema> = new Map(SETTINGS.map((setting) => [setting.name, setting]));

export function settingOf(name: string): SettingSchema | undefined {
  return BY_NAME.get(name);
}

function faultOf(schema: v.GenericSchema, value: unknown): string | null {
  const { issues } = v.safeParse(schema, value, { abortPipeEarly: true });
  if (!issues) return null;
  const entry = issues[0].path?.[0]?.key;
  return `${typeof entry === 'number' ? `entry ${entry + 1} ` : ''}${issues[0].message}`;
}

/** A text as sent, read. It may still be at fault. */
export function valueFrom({ kind }: SettingSchema, text: string): SettingValue {
  return rawOf(kind, text) as SettingValue;
}

/** A value as {@link valueFrom} reads it; lists with commas inside have a line each. */
export function textOf(value: SettingValue): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value !== 'object') return String(value);
  return value.some((item) => item.includes(',')) ? `${value.join('\n')}\n` : value.join(',');
}
