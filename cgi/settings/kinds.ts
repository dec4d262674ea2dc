/**
 * The kinds of values that keys take: each turns what somebody wrote into what the daemon works with, or says in words
 * that follow the key what it must be.
 */
import { isIPv4, isIPv6 } from 'node:net';
import { isAbsolute, resolve } from 'node:path';
import * as v from 'valibot';
import { isPermit } from '../../storage/model/address.ts';
import { isListedZone } from '../../storage/model/local-time.ts';
import { PatternError, parseNumberPattern } from '../../storage/model/number-pattern.ts';
import { NumberPlanError, parseNumberRanges } from '../../storage/model/number-plan.ts';
import { faultOfAll, parseUser } from '../dialect/mor/users.ts';
import { channelPatternFault } from './channel-pattern.ts';

/** Addresses of one listener, names of a list, places: a box has a handful, a typing error must not make thousands. */
const MAX_ADDRESSES = 8;
const MAX_TRUNK_NAMES = 200;
const MAX_PATTERNS = 16;
const MAX_PLACES = 16;
const MAX_FOLDERS = 4;
const MAX_PERMITS = 32;
const MAX_HOST_NAMES = 16;
const MAX_MAILS = 8;
const MAX_MOR_USERS = 100;
const MAX_CALLED = 100;
/** Characters: of a line sent to Asterisk, of a path (Linux takes 4096), of a number plan's ranges. */
const MAX_TEXT = 255;
const MAX_PATH = 1024;
const MAX_RANGES_TEXT = 1024;
/** Bytes: 107 less 17 for the name of a socket in it. */
const MAX_SOCKET_DIR = 90;

const TEXT = v.string('must be a string');

/** A check with several complaints: `fault` names the one that applies, or null. */
function faultless(fault: (text: string) => string | null) {
  return v.rawCheck<string>(({ dataset, addIssue }) => {
    const message = dataset.typed ? fault(dataset.value) : null;
    if (message !== null) addIssue({ message });
  });
}

/** A value as a complaint shows it: quoted, cut, with control characters escaped. */
function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

function hasControl(text: string): boolean {
  return /\p{Cc}/u.test(text);
}

/** An absolute folder or file, normalised. Relative ones would depend on where the service manager starts us. */
export const PATH = v.pipe(
  TEXT,
  v.check(isAbsolute, ({ input }) => `must be an absolute path, not ${shown(input)}`),
  v.check((text) => text.length <= MAX_PATH && !hasControl(text), 'is too long or holds control characters'),
  v.transform((text) => resolve(text)),
);

/** A folder of sockets: Linux takes 107 bytes of a socket's path and cuts the rest off in silence. */
export const SOCKET_DIR = v.pipe(
  PATH,
  v.maxBytes(MAX_SOCKET_DIR, `must be at most ${MAX_SOCKET_DIR} bytes: paths of sockets are short`),
);

/** One line of text. What goes into AMI must not hold a line break: it would be a header of its own. */
export const LINE = v.pipe(
  TEXT,
  v.maxLength(MAX_TEXT, `must be at most ${MAX_TEXT} characters`),
  v.check((text) => !hasControl(text), 'must not hold line breaks or other control characters'),
);

export const NAME = v.pipe(
  TEXT,
  v.check(
    (text) => /^[^\p{Cc}]{1,80}$/u.test(text) && text.trim() === text,
    'must be 1 to 80 characters without line breaks and without blanks at its ends',
  ),
);

/** A user or group of the system; '' = none. */
export const ACCOUNT = v.pipe(
  TEXT,
  v.regex(/^([A-Za-z_][A-Za-z0-9_.-]{0,31}\$?)?$/, 'must be the name of a user or group of the system, or ""'),
);

export const GREETING = v.pipe(TEXT, v.regex(/^[\x20-\x7e]{1,80}$/, 'must be 1 to 80 printable ASCII characters'));

function isHostName(text: string): boolean {
  // All digits and dots is an address written wrongly, not a name.
  if (/^[\d.]+$/.test(text)) return isIPv4(text);
  return text.length <= 253 && /^[a-z\d]([a-z\d-]*[a-z\d])?(\.[a-z\d]([a-z\d-]*[a-z\d])?)*$/i.test(text);
}

export const HOST = v.pipe(
  TEXT,
  v.check(
    (text) => text === '' || isIPv6(text) || isHostName(text),
    ({ input }) => `must be an IP address, a host name or "", not ${shown(input)}`,
  ),
);

/** Where a server listens: host an IP address or a host name (IPv6 without brackets), port 0–65535 (0 = any free one). */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

function listenAddress(text: string): ListenAddress | null {
  const [, v6, name = '', port] = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(text) ?? [];
  const known = v6 === undefined ? isHostName(name) : isIPv6(v6);
  return known && Number(port) <= 65535 ? { host: v6 ?? name, port: Number(port) } : null;
}

/** `HOST:PORT,…`; nothing but blanks = none. */
function listen(most: number) {
  const parts = (text: string) => (text.trim() === '' ? [] : text.split(',').map((part) => part.trim()));
  return v.pipe(
    TEXT,
    faultless((text) => {
      const all = parts(text);
      if (all.length > most) return `takes at most ${most} ${most === 1 ? 'address' : 'addresses'}`;
      const bad = all.find((part) => listenAddress(part) === null);
      return bad === undefined
        ? null
        : `must be HOST:PORT such as "0.0.0.0:80" or "[::]:80" ("" = off), not ${shown(bad)}`;
    }),
    v.transform((text): readonly ListenAddress[] => parts(text).flatMap((part) => listenAddress(part) ?? [])),
  );
}

export const LISTEN_LIST = listen(MAX_ADDRESSES);
export const LISTEN_ONE = listen(1);

/** Number ranges in the number plan's own grammar, kept as text without blanks. */
export const RANGES = v.pipe(
  TEXT,
  v.maxLength(MAX_RANGES_TEXT, `must be at most ${MAX_RANGES_TEXT} characters`),
  faultless((text) => {
    try {
      parseNumberRanges(text);
      return null;
    } catch (error) {
      if (!(error instanceof NumberPlanError)) throw error;
      return error.message;
    }
  }),
  v.transform((text) => text.replace(/\s+/g, '')),
);

/** Regular expressions on the channel name with one capture group, the port. */
export const PATTERNS = list(
  v.pipe(
    TEXT,
    faultless((source) => {
      const fault = channelPatternFault(source);
      return fault === null ? null : `${shown(source)} ${fault}`;
    }),
    v.transform((source) => new RegExp(source)),
  ),
  MAX_PATTERNS,
);

/** Folders. */
export const FOLDERS = list(PATH, MAX_FOLDERS);

export const NAMES = list(NAME, MAX_TRUNK_NAMES);

/** From where a listener may be reached; an empty list: from the box itself alone. */
export const PERMITS = list(
  v.pipe(
    TEXT,
    v.check(
      isPermit,
      ({ input }) => `must be local, all, an address or a range such as 192.168.1.0/24, not ${shown(input)}`,
    ),
  ),
  MAX_PERMITS,
);

/** Names of DNS; an address needs none. */
export const HOST_NAMES = list(
  v.pipe(
    TEXT,
    v.check(
      (text) => isHostName(text) && !isIPv4(text),
      ({ input }) => `must be a host name such as pbx.example.com, not ${shown(input)}`,
    ),
  ),
  MAX_HOST_NAMES,
);

/** `name@host`, or a name that the mail system of the box knows (root). It stands in a header, and after an option's letter. */
function isMailAddress(text: string): boolean {
  const match = /^[A-Za-z0-9_][A-Za-z0-9_.+=-]{0,63}(?:@(.+))?$/.exec(text);
  const host = match?.[1];
  return match !== null && (host === undefined || (isHostName(host) && !isIPv4(host)));
}

/** Whom mail goes to. */
export const MAILS = list(
  v.pipe(
    TEXT,
    v.check(isMailAddress, ({ input }) => `must be a mail address such as it@example.com, not ${shown(input)}`),
  ),
  MAX_MAILS,
);

/** Whom mail comes from; '' = whom the mail system says. */
export const MAIL = v.pipe(
  TEXT,
  v.check(
    (text) => text === '' || isMailAddress(text),
    ({ input }) => `must be a mail address such as pbx@example.com, or "", not ${shown(input)}`,
  ),
);

/** An address of HTTP; '' = none. A password in it would be shown to who reads the settings. */
export const WEBHOOK = v.pipe(
  TEXT,
  v.maxLength(MAX_PATH, `must be at most ${MAX_PATH} characters`),
  faultless((text) => {
    if (text === '') return null;
    const url = /^[\x21-\x7e]+$/.test(text) && URL.canParse(text) ? new URL(text) : null;
    if (!url || !/^https?:$/.test(url.protocol)) return 'must be an address such as https://example.com/alarms, or ""';
    return url.username + url.password === '' ? null : 'must not hold a user or a password';
  }),
);

function list<Item extends v.GenericSchema>(item: Item, most: number) {
  return v.pipe(v.array(item, 'must be a list of strings'), v.maxLength(most, `takes at most ${most} entries`));
}

/** A name of the IANA data base; '' = the system's zone. */
export const TIME_ZONE = v.pipe(
  TEXT,
  v.check(
    (text) => text === '' || isTimeZone(text),
    ({ input }) => `must be an IANA time zone such as "Asia/Shanghai", or "" for the system's, not ${shown(input)}`,
  ),
);

function isTimeZone(text: string): boolean {
  // Later Node versions take `+01:00` too, Node 20 does not: only names, so that an update changes nothing.
  if (!/^[A-Za-z]/.test(text)) return false;
  // A formatter loads the tables of languages, 1.6 MB for good and 7 MB more of Node's program: for an odd name alone.
  if (isListedZone(text)) return true;
  try {
    new Intl.DateTimeFormat('en', { timeZone: text });
    return true;
  } catch {
    return false;
  }
}

export function whole(low: number, high: number) {
  const message = `must be a whole number from ${low} to ${high}`;
  return v.pipe(v.number(message), v.integer(message), v.minValue(low, message), v.maxValue(high, message));
}

export function oneOf<const Words extends readonly string[]>(...words: Words) {
  const quoted = words.map((word) => `"${word}"`);
  return v.picklist(words, `must be ${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`);
}

/** What the dialplan lets through into the name of a recording (etc/asterisk/extensions_cdrd.conf, cdrd-record). */
const RECORDED_TO = /^[-0-9A-Za-z+*#_./@ ]*$/;

/** `NAME = "FOLDER"`. */
export const PLACES = v.pipe(
  v.record(
    v.pipe(
      TEXT,
      v.regex(/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,31}$/u, 'must be named with 1 to 32 letters, digits, blanks, . _ -'),
    ),
    v.pipe(PATH, v.regex(RECORDED_TO, 'must be a folder of letters, digits, blanks and + * # _ . / @ -')),
    'must be a table NAME = "FOLDER"',
  ),
  v.maxEntries(MAX_PLACES, `takes at most ${MAX_PLACES} places`),
);

/** A sound as Playback() takes it, without its suffix; '' = none. One sound: `&` would join more, `,` begin an option. */
export const SOUND = v.pipe(
  TEXT,
  v.regex(/^[-0-9A-Za-z+_./]{0,80}$/, 'must be a sound name of at most 80 letters, digits and + _ . / -, or ""'),
  v.check((text) => !text.split('/').includes('..'), 'must not lead out of the sounds: ..'),
);

export const PLACE = TEXT;

/** What the addresses begin with that are the box's own (daemon/http/server.ts, daemon/start.ts). */
const OWN_PATHS: ReadonlySet<string> = new Set([
  ...['cgi', 'recordings', 'share', 'assets', 'healthz', 'metrics', 'ami', 'live'],
]);

/** What stands in front of a dialect's addresses; '' = nothing. */
export const BASE = v.pipe(
  TEXT,
  v.regex(/^(\/[A-Za-z0-9_-]{1,32}){0,3}$/, 'must be "" or a path such as "/demo", of letters, digits, _ and -'),
  // Behind /cgi/ numbers would be looked for instead, and to all of /share/ pages of other sites may lead.
  v.check(
    (base) => !OWN_PATHS.has(base.split('/')[1] ?? ''),
    `must not be in an address of the box's own, such as /cgi`,
  ),
);

/** MOR's users. @see cgi/dialect/mor/users.ts */
export const MOR_USERS = v.pipe(
  list(
    v.pipe(
      TEXT,
      faultless((line) => {
        const parsed = parseUser(line);
        return typeof parsed === 'string' ? parsed : null;
      }),
    ),
    MAX_MOR_USERS,
  ),
  v.rawCheck(({ dataset, addIssue }) => {
    const message = dataset.typed ? faultOfAll(dataset.value) : null;
    if (message !== null) addIssue({ message });
  }),
);

/** Numbers that may be called: each a number, a range or a pattern of digits, as 9006 takes them. */
export const CALLED = list(
  v.pipe(
    TEXT,
    v.regex(
      /^\+?[\d*#?]{1,40}(-\d{1,40})?$/,
      ({ input }) => `must be a number, a range such as 200-299 or a pattern such as 0049*, not ${shown(input)}`,
    ),
    faultless((text) => {
      try {
        parseNumberPattern(text);
        return null;
      } catch (error) {
        if (!(error instanceof PatternError)) throw error;
        return `holds ${shown(text)}: ${error.message}`;
      }
    }),
  ),
  MAX_CALLED,
);

export const BOOLEAN = v.boolean('must be yes or no');

/** A time of day, `03:20`. */
export const CLOCK = v.pipe(TEXT, v.regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time such as 03:20'));
