/**
 * Every key of the configuration, once: its check, its default, what it means and whether this version acts on it. The
 * packaged file, the environment's variables and README's reference all come from here.
 */
import * as v from 'valibot';
import {
  GREETING,
  HOST,
  LINE,
  LISTEN_LIST,
  LISTEN_ONE,
  NAME,
  NAMES,
  oneOf,
  PATH,
  PATTERNS,
  PLACES,
  RANGES,
  SOCKET_DIR,
  TIME_ZONE,
  whole,
} from './kinds.ts';

/** `reserved`: what this version does not do yet with the key, or '' when it is acted on. */
function key<const S extends v.GenericSchema>(schema: S, fallback: v.InferInput<S>, doc: string, reserved = '') {
  return v.pipe(
    v.optional(schema, () => fallback),
    v.description(doc),
    v.metadata({ fallback, reserved }),
  );
}

const SECTIONS = {
  state: v.object({
    dir: key(PATH, '/var/lib/cdrd', 'folder of the database and the secrets; never on the stick or the share'),
  }),
  run: v.object({
    dir: key(SOCKET_DIR, '/run/cdrd', 'folder of the local sockets'),
  }),
  http: v.object({
    listen: key(LISTEN_LIST, '[::]:80', 'addresses HOST:PORT of HTTP, separated by commas; "" = off'),
  }),
  https: v.object({
    listen: key(LISTEN_LIST, '[::]:443', 'addresses HOST:PORT of HTTPS, separated by commas; "" = off'),
  }),
  recordings: v.object({
    dir: key(PATH, '/media/usbStorage/monitor', 'folder of the recordings, with one folder a day inside'),
    places: key(
      PLACES,
      {},
      'folders to choose from on the page, NAME = "FOLDER"; none = one place, USB, which is recordings.dir',
      'does not offer a choice of places',
    ),
    require_mount: key(
      oneOf('auto', 'yes', 'no'),
      'auto',
      'record only where a medium is mounted: yes, no, or auto (yes under /media, /mnt, /run/media)',
    ),
    sweep_seconds: key(whole(1, 3600), 2, "seconds between two looks into today's folder, 1 to 3600"),
  }),
  asterisk: v.object({
    host: key(HOST, '127.0.0.1', 'host of Asterisk\'s AMI; "" = no Asterisk'),
    port: key(whole(1, 65535), 5039, "port of Asterisk's AMI"),
    username: key(NAME, 'cdrd', 'AMI user, as in manager.conf'),
    secret: key(LINE, '', 'its secret, as in manager.conf; with it this file must have mode 0640 or stricter'),
    cdr_csv: key(
      PATH,
      '/var/log/asterisk/cdr-csv/Master.csv',
      "Asterisk's CDR CSV (Master.csv, or ours by cdr_custom.conf), from which records missed by AMI are taken",
    ),
  }),
  ami: v.object({
    listen: key(
      LISTEN_ONE,
      '127.0.0.1:5038',
      'address HOST:PORT of the AMI that cdrd offers; "" = off',
      'does not offer an AMI',
    ),
    greeting: key(GREETING, 'Asterisk Call Manager/1.1', 'first line that an AMI client sees', 'does not offer an AMI'),
  }),
  numbering: v.object({
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
  }),
  trunks: v.object({
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
  }),
  time: v.object({
    zone: key(TIME_ZONE, '', 'time zone of the box by its IANA name; "" = the system\'s'),
  }),
};

/** Checks raw values by section and key; an absent key gets its default. */
export const SCHEMA = v.object(SECTIONS);

/** A key as the reference documents it. */
export interface ConfigKey {
  /** `http.listen`, of section `http` and name `listen`. */
  readonly key: string;
  readonly section: string;
  readonly name: string;
  /** Environment variable that overrides it. */
  readonly variable: string;
  readonly kind: 'string' | 'number' | 'list' | 'table';
  readonly fallback: unknown;
  readonly doc: string;
  /** What this version does not do yet with it, in words that follow "this version"; '' = it acts on the key. */
  readonly reserved: string;
}

const KINDS: Readonly<Record<string, ConfigKey['kind']>> = { number: 'number', array: 'list', record: 'table' };

/** Every key in the packaged order. */
export const CONFIG_KEYS: readonly ConfigKey[] = Object.entries(SECTIONS).flatMap(([section, { entries }]) =>
  Object.entries(entries).map(([name, schema]): ConfigKey => {
    const { fallback, reserved } = v.getMetadata(schema) as { fallback: unknown; reserved: string };
    return {
      key: `${section}.${name}`,
      section,
      name,
      variable: `CDRD_${section}_${name}`.toUpperCase(),
      kind: KINDS[schema.wrapped.type] ?? 'string',
      fallback,
      doc: v.getDescription(schema) ?? '',
      reserved,
    };
  }),
);

export const SECTION_NAMES: readonly string[] = Object.keys(SECTIONS);
