/**
 * Configuration: defaults, then the file (`cdrd.toml`), then the environment (`CDRD_SECTION_KEY`). One schema gives each
 * key its check, its default and its documentation; every fault is found at once and says where it stands, so that a
 * technician corrects the file in one go.
 */
import { readFileSync, statSync } from 'node:fs';
import { isIPv4, isIPv6 } from 'node:net';
import { isAbsolute, resolve } from 'node:path';
import { parse, TomlDate, TomlError } from 'smol-toml';
import * as v from 'valibot';

/** A configuration file is a few KB; more is a wrong file, and reading it would cost memory at start. */
const MAX_FILE_BYTES = 256 * 1024;
/** Addresses of one listener, names of a list, places: a box has a handful, a typing error must not make thousands. */
const MAX_ADDRESSES = 8;
const MAX_TRUNK_NAMES = 200;
const MAX_PATTERNS = 16;
const MAX_PLACES = 16;
const MAX_RANGES = 32;
const MAX_TEXT = 255;
const MAX_PATH = 1024;
/**
 * A channel pattern is matched against every channel name, and peers choose parts of those names. Anchored at the start,
 * without repeated groups, with at most three repetitions and three alternatives, it tries at most about 80³/6 · 8 ways on
 * the 80 characters that Asterisk allows a channel name (AST_CHANNEL_NAME, channel.h): milliseconds, not minutes.
 */
const MAX_PATTERN_LENGTH = 200;
const MAX_PATTERN_REPETITIONS = 3;
const MAX_PATTERN_ALTERNATIVES = 3;
/** Longest channel name in Asterisk; whoever matches a channel pattern cuts the name to this first. */
export const MAX_CHANNEL_NAME = 80;

/** Where a server listens: host an IP address or a host name (IPv6 without brackets), port 0–65535 (0 = any free one). */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

// ---- the kinds of values -------------------------------------------------------------------------------------------

/** A value as a complaint shows it: quoted, cut, with control characters escaped. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function hasControl(text: string): boolean {
  return /\p{Cc}/u.test(text);
}

/** Runs `convert`, which returns the value or throws a {@link Complaint} whose message becomes the fault. */
class Complaint extends Error {}

function converted<Out>(convert: (text: string) => Out) {
  return v.pipe(
    v.string('must be a string'),
    v.rawTransform<string, Out>(({ dataset, addIssue, NEVER }) => {
      try {
        return convert(dataset.value);
      } catch (error) {
        if (!(error instanceof Complaint)) throw error;
        addIssue({ message: error.message });
        return NEVER;
      }
    }),
  );
}

/** An absolute folder or file, normalised. Relative ones would depend on where the service manager starts us. */
const PATH = converted((text) => {
  if (!isAbsolute(text)) throw new Complaint(`must be an absolute path, not ${shown(text)}`);
  if (text.length > MAX_PATH || hasControl(text)) throw new Complaint('is too long or holds control characters');
  return resolve(text);
});

/** One line of text. What goes into AMI must not hold a line break: it would be a header of its own. */
const LINE = converted((text) => {
  if (text.length > MAX_TEXT) throw new Complaint(`must be at most ${MAX_TEXT} characters`);
  if (hasControl(text)) throw new Complaint('must not hold line breaks or other control characters');
  return text;
});

const NAME = converted((text) => {
  if (!/^[^\p{Cc}]{1,80}$/u.test(text) || text.trim() !== text) {
    throw new Complaint('must be 1 to 80 characters without line breaks and without blanks at its ends');
  }
  return text;
});

const GREETING = converted((text) => {
  if (!/^[\x20-\x7e]{1,80}$/.test(text)) throw new Complaint('must be 1 to 80 printable ASCII characters');
  return text;
});

function isHostName(text: string): boolean {
  // All digits and dots is an address written wrongly, not a name.
  if (/^[\d.]+$/.test(text)) return isIPv4(text);
  return text.length <= 253 && /^[a-z\d]([a-z\d-]*[a-z\d])?(\.[a-z\d]([a-z\d-]*[a-z\d])?)*$/i.test(text);
}

const HOST = converted((text) => {
  if (text !== '' && !isIPv6(text) && !isHostName(text)) {
    throw new Complaint(`must be an IP address, a host name or "", not ${shown(text)}`);
  }
  return text;
});

function listenAddresses(text: string, most: number): readonly ListenAddress[] {
  if (text.trim() === '') return [];
  const parts = text.split(',').map((part) => part.trim());
  if (parts.length > most) throw new Complaint(`takes at most ${most} ${most === 1 ? 'address' : 'addresses'}`);
  return parts.map((part) => {
    const match = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(part);
    const [, v6, name, port] = match ?? [];
    const good = v6 !== undefined ? isIPv6(v6) : isHostName(name ?? '');
    if (!good || Number(port) > 65535) {
      throw new Complaint(`must be HOST:PORT such as "0.0.0.0:80" or "[::]:80" ("" = off), not ${shown(part)}`);
    }
    return { host: v6 ?? name ?? '', port: Number(port) };
  });
}

const LISTEN_LIST = converted((text) => listenAddresses(text, MAX_ADDRESSES));
const LISTEN_ONE = converted((text) => listenAddresses(text, 1));

interface NumberRange {
  readonly low: number;
  readonly high: number;
  readonly digits: number;
}

function numberRanges(text: string): readonly NumberRange[] {
  if (text.trim() === '') return [];
  const parts = text.split(',').map((part) => part.trim());
  if (parts.length > MAX_RANGES) throw new Complaint(`takes at most ${MAX_RANGES} ranges`);
  return parts.map((part) => {
    const [, low = '', high = ''] = /^(\d{1,15})-(\d{1,15})$/.exec(part) ?? [];
    if (low === '') throw new Complaint(`must be ranges such as "100-616" or "100-199,300-399", not ${shown(part)}`);
    if (low.length !== high.length) throw new Complaint(`${part}: both ends must have the same number of digits`);
    if (Number(low) > Number(high)) throw new Complaint(`${part}: the lower number must come first`);
    return { low: Number(low), high: Number(high), digits: low.length };
  });
}

/** Kept as text, blanks removed: the number plan (storage/model) reads the same grammar. */
const RANGES = converted((text) => {
  numberRanges(text);
  return text.replaceAll(' ', '');
});

/** What is wrong with a channel pattern, or null. See MAX_PATTERN_LENGTH for the reason of each rule. */
function patternFault(source: string): string | null {
  if (source.length > MAX_PATTERN_LENGTH) return `must be at most ${MAX_PATTERN_LENGTH} characters`;
  if (!source.startsWith('^')) return 'must begin with ^ (it is matched from the start of the channel name)';
  // Escapes and classes count as one plain character each, so that the rules below see only structure.
  const bare = source.replace(/\\[^1-9k]/g, 'x').replace(/\[(?:\\.|[^\]\\])*\]/g, 'x');
  if (/\\/.test(bare)) return 'must not use back references';
  if (/\(\?(?!:)/.test(bare)) return 'must not use look-around, named groups or flags';
  if (/\)[*+?{]/.test(bare)) return 'must not repeat a group (it could take for ever on a hostile name)';
  if (/\d{3,}/.test(bare.match(/\{[\d,]*\}/g)?.join(' ') ?? '')) return 'must not repeat more than 99 times';
  const repetitions = bare.match(/[*+]\??|\{[\d,]*\}\??|(?<!\()\?/g)?.length ?? 0;
  if (repetitions > MAX_PATTERN_REPETITIONS) return `must have at most ${MAX_PATTERN_REPETITIONS} repetitions`;
  const alternatives = bare.match(/\|/g)?.length ?? 0;
  if (alternatives > MAX_PATTERN_ALTERNATIVES) return `must have at most ${MAX_PATTERN_ALTERNATIVES} "|"`;
  let depth = 0;
  for (const character of bare) {
    depth += character === '(' ? 1 : character === ')' ? -1 : 0;
    // The ^ would hold for the first alternative only.
    if (character === '|' && depth === 0) return 'must have each "|" inside a group (?:…|…), or be two patterns';
  }
  if ((bare.match(/\((?!\?)/g)?.length ?? 0) !== 1) return 'must have exactly one capture group, the port number';
  return null;
}

/** A regular expression on the channel name with one capture group, the port. */
const PATTERN = converted((source) => {
  const fault = patternFault(source);
  if (fault !== null) throw new Complaint(`${shown(source)} ${fault}`);
  try {
    return new RegExp(source);
  } catch (error) {
    throw new Complaint(error instanceof Error ? error.message : 'is no regular expression');
  }
});

const TIME_ZONE = converted((text) => {
  if (text === '') return text;
  try {
    // Later Node versions take `+01:00` too, Node 20 does not: only names, so that an update changes nothing.
    if (!/^[A-Za-z]/.test(text)) throw new RangeError();
    new Intl.DateTimeFormat('en', { timeZone: text });
    return text;
  } catch {
    throw new Complaint(
      `must be an IANA time zone such as "Asia/Shanghai", or "" for the system's, not ${shown(text)}`,
    );
  }
});

function whole(low: number, high: number) {
  const message = `must be a whole number from ${low} to ${high}`;
  return v.pipe(v.number(message), v.integer(message), v.minValue(low, message), v.maxValue(high, message));
}

const PLACES = v.pipe(
  v.record(
    v.pipe(
      v.string(),
      v.regex(/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,31}$/u, 'must be named with 1 to 32 letters, digits, blanks, . _ -'),
    ),
    PATH,
    'must be a table NAME = "FOLDER"',
  ),
  v.maxEntries(MAX_PLACES, `takes at most ${MAX_PLACES} places`),
);

function list<Item extends v.GenericSchema>(item: Item, most: number) {
  return v.pipe(v.array(item, 'must be a list of strings'), v.maxLength(most, `takes at most ${most} entries`));
}

// ---- the schema ----------------------------------------------------------------------------------------------------

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
    dir: key(PATH, '/run/cdrd', 'folder of the local sockets'),
  }),
  http: v.object({
    listen: key(LISTEN_LIST, '[::]:80', 'addresses HOST:PORT of HTTP, separated by commas; "" = off'),
  }),
  https: v.object({
    listen: key(
      LISTEN_LIST,
      '[::]:443',
      'addresses HOST:PORT of HTTPS, separated by commas; "" = off',
      'does not serve HTTPS',
    ),
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
      v.picklist(['auto', 'yes', 'no'], 'must be "auto", "yes" or "no"'),
      'auto',
      'record only where a medium is mounted: yes, no, or auto (yes under /media, /mnt, /run/media)',
    ),
    sweep_seconds: key(whole(1, 3600), 2, "seconds between two looks into today's folder, 1 to 3600"),
  }),
  asterisk: v.object({
    host: key(HOST, '127.0.0.1', 'host of Asterisk\'s AMI; "" = no Asterisk'),
    port: key(whole(1, 65535), 5039, "port of Asterisk's AMI"),
    username: key(NAME, 'cdrd', 'AMI user, as in manager.conf'),
    secret: key(LINE, '', 'its secret; with it this file must have mode 0640 or stricter; "" = from state.dir/secret'),
    cdr_csv: key(
      PATH,
      '/var/log/asterisk/cdr-csv/Master.csv',
      "Asterisk's CDR CSV, from which records missed by AMI are taken",
      'does not read the CDR CSV',
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
    extension: key(RANGES, '100-616', 'extensions: ranges A-B, separated by commas (guide figure 5); "" = none'),
    ivr: key(RANGES, '620-639', 'IVR numbers'),
    conference: key(RANGES, '740-749', 'conference rooms'),
    queue: key(RANGES, '820-839', 'queues'),
    ringgroup: key(RANGES, '920-939', 'ring groups'),
    paging: key(RANGES, '720-729', 'paging groups'),
  }),
  trunks: v.object({
    names: key(
      list(NAME, MAX_TRUNK_NAMES),
      [],
      'all SIP, PJSIP and IAX2 trunks by peer name; [] = every peer that is no extension',
    ),
    fxo: key(
      list(PATTERN, MAX_PATTERNS),
      ['^DAHDI/(\\d+)-'],
      'channel names of analog trunks: regular expressions from ^ on with one capture group, the port N of pstnN',
    ),
    gsm: key(
      list(PATTERN, MAX_PATTERNS),
      ['^GSM/(\\d+)-'],
      'channel names of GSM trunks, likewise, the port N of GSMN; drivers differ, for example ^Dongle/gsm(\\d+)-',
    ),
  }),
  time: v.object({
    zone: key(TIME_ZONE, '', 'time zone of the box by its IANA name; "" = the system\'s'),
  }),
};
const SCHEMA = v.object(SECTIONS);

// ---- the result ----------------------------------------------------------------------------------------------------

type CamelName<S> = S extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<CamelName<Tail>>}` : S;
type Deep<T> = T extends readonly (infer Item)[] ? readonly Item[] : Readonly<T>;
type Named<Section> = { readonly [Name in keyof Section as CamelName<Name>]: Deep<Section[Name]> };
type Values = {
  readonly [Section in keyof v.InferOutput<typeof SCHEMA>]: Named<v.InferOutput<typeof SCHEMA>[Section]>;
};

/** The checked configuration, frozen. `config.recordings.requireMount` is the key `recordings.require_mount`. */
export interface Config extends Values {
  /**
   * Where a key (`http.listen`) stands: `FILE:LINE` or `environment NAME`; null = nowhere, the default holds and a page
   * may change it. Throws TypeError for a key that does not exist.
   */
  fixed(key: string): string | null;
}

/** One complaint. `key` is `section.key`, a variable's name where no key belongs to it, or '' for the file as a whole. */
export interface ConfigFault {
  readonly key: string;
  /** Line in the file, from 1; null when it comes from the environment or concerns the whole file. */
  readonly line: number | null;
  readonly source: 'file' | 'environment';
  readonly message: string;
}

/** All faults of one configuration; the message has a line each, ready to be printed before exit 78 (EX_CONFIG). */
export class ConfigError extends Error {
  readonly faults: readonly ConfigFault[];
  constructor(faults: readonly ConfigFault[], file: string | null) {
    super(faults.map((fault) => describeFault(fault, file)).join('\n'));
    this.name = 'ConfigError';
    this.faults = faults;
  }
}

/** `FILE:LINE: key: message`, or `environment: VARIABLE: key: message`. */
export function describeFault(fault: ConfigFault, file: string | null): string {
  const known = KEYS.find((each) => each.key === fault.key);
  const where =
    fault.source === 'environment'
      ? `environment${known === undefined ? '' : `: ${known.variable}`}`
      : `${file ?? 'built-in'}${fault.line === null ? '' : `:${fault.line}`}`;
  return [where, fault.key, fault.message].filter((part) => part !== '').join(': ');
}

/** A key as the reference documents it. */
export interface ConfigKey {
  readonly key: string;
  readonly section: string;
  readonly name: string;
  /** Environment variable that overrides it. */
  readonly variable: string;
  readonly kind: 'string' | 'number' | 'list' | 'table';
  readonly fallback: unknown;
  readonly doc: string;
  /** What this version does not do yet with it; '' = it acts on the key. */
  readonly reserved: string;
}

const KINDS: Readonly<Record<string, ConfigKey['kind']>> = {
  number: 'number',
  array: 'list',
  record: 'table',
};
const KEYS: readonly ConfigKey[] = Object.entries(SECTIONS).flatMap(([section, { entries }]) =>
  Object.entries(entries).map(([name, schema]): ConfigKey => {
    const about = v.getMetadata(schema) as { fallback: unknown; reserved: string };
    return {
      key: `${section}.${name}`,
      section,
      name,
      variable: `CDRD_${section}_${name}`.toUpperCase(),
      kind: KINDS[schema.wrapped.type] ?? 'string',
      fallback: about.fallback,
      doc: v.getDescription(schema) ?? '',
      reserved: about.reserved,
    };
  }),
);

/** Every key in the packaged order, for README's reference and `etc/cdrd.toml`. */
export function configKeys(): readonly ConfigKey[] {
  return KEYS;
}

/** Keys that somebody set although this version does not act on them: main logs a warning each, `reserved: this version …`. */
export function reservedKeysSet(config: Config): readonly ConfigKey[] {
  return KEYS.filter((each) => each.reserved !== '' && config.fixed(each.key) !== null);
}

// ---- reading -------------------------------------------------------------------------------------------------------

type Table = Record<string, unknown>;
interface Source {
  /** Raw values by section and key. */
  readonly raw: Record<string, Table>;
  /** Where each set key stands. */
  readonly origin: Map<string, { source: ConfigFault['source']; line: number | null }>;
  readonly lines: ReadonlyMap<string, number>;
  readonly faults: ConfigFault[];
}

/**
 * Reads the file at `path` (null = none) and the environment over it. Throws {@link ConfigError} with every fault found;
 * after a syntax error the rest of the file is not judged. A path that cannot be read is a fault too.
 */
export function loadConfig(path: string | null, env: Readonly<Record<string, string | undefined>>): Config {
  const raw = Object.fromEntries(Object.keys(SECTIONS).map((section) => [section, Object.create(null) as Table]));
  const faults: ConfigFault[] = [];
  const lines = path === null ? new Map<string, number>() : readToml(path, raw, faults);
  const source: Source = { raw, origin: new Map(), lines, faults };
  for (const { key, section, name } of KEYS) {
    if (name in (raw[section] ?? {})) source.origin.set(key, { source: 'file', line: lines.get(key) ?? null });
  }
  takeEnvironment(env, source);
  const result = v.safeParse(SCHEMA, raw, { abortPipeEarly: true });
  for (const issue of result.issues ?? []) addIssue(issue, source);
  crossCheck(source);
  if (faults.length > 0 || !result.success) throw new ConfigError(faults.sort(byPlace), path);
  return finish(result.output, source, path);
}

function byPlace(a: ConfigFault, b: ConfigFault): number {
  return a.source === b.source ? (a.line ?? 0) - (b.line ?? 0) : a.source === 'file' ? -1 : 1;
}

function readToml(path: string, raw: Record<string, Table>, faults: ConfigFault[]): Map<string, number> {
  const fault = (key: string, line: number | null, message: string) =>
    faults.push({ key, line, source: 'file', message });
  const none = new Map<string, number>();
  let text: string;
  let mode: number;
  try {
    const stat = statSync(path);
    if (!stat.isFile() || stat.size > MAX_FILE_BYTES) {
      fault('', null, stat.isFile() ? `is larger than ${MAX_FILE_BYTES} bytes` : 'is not a file');
      return none;
    }
    mode = stat.mode & 0o777;
    text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    fault('', null, error instanceof TypeError ? 'is not UTF-8 text' : `cannot be read (${code})`);
    return none;
  }
  let document: Table;
  try {
    document = parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    fault('', error.line, (error.message.split('\n')[0] ?? '').trim());
    return none;
  }
  const lines = keyLines(text);
  for (const [section, entries] of Object.entries(document)) {
    const known = Object.hasOwn(SECTIONS, section) ? raw[section] : undefined;
    if (known === undefined) {
      fault(section, lines.get(section) ?? null, `unknown section; there are ${Object.keys(SECTIONS).join(', ')}`);
    } else if (!isTable(entries)) {
      fault(section, lines.get(section) ?? null, `is a section: write [${section}] and its keys below`);
    } else {
      for (const [name, value] of Object.entries(entries)) {
        const key = `${section}.${name}`;
        const names = KEYS.filter((each) => each.section === section).map((each) => each.name);
        if (names.includes(name)) known[name] = value;
        else fault(key, lines.get(key) ?? null, `unknown key; [${section}] knows ${names.join(', ')}`);
      }
    }
  }
  const { asterisk: { secret } = {} } = raw;
  if (typeof secret === 'string' && secret !== '' && (mode & 0o037) !== 0) {
    const octal = `0${mode.toString(8).padStart(3, '0')}`;
    fault(
      'asterisk.secret',
      lines.get('asterisk.secret') ?? null,
      `the file's mode must be 0640 or stricter (it is ${octal})`,
    );
  }
  return lines;
}

function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof TomlDate);
}

/** Variables of known sections override the file; a misspelt one is a fault, others (`CDRD_CACHE`) are not ours to judge. */
function takeEnvironment(env: Readonly<Record<string, string | undefined>>, { raw, origin, faults }: Source): void {
  const sections = Object.keys(SECTIONS).map((section) => `CDRD_${section.toUpperCase()}_`);
  for (const [variable, text] of Object.entries(env)) {
    if (text === undefined || !sections.some((prefix) => variable.startsWith(prefix))) continue;
    const known = KEYS.find((each) => each.variable === variable);
    const table = known === undefined ? undefined : raw[known.section];
    if (known === undefined || table === undefined) {
      faults.push({ key: variable, line: null, source: 'environment', message: 'unknown variable' });
    } else {
      table[known.name] = fromEnvironment(known.kind, text);
      origin.set(known.key, { source: 'environment', line: null });
    }
  }
}

/** Lists are separated by commas, so a pattern that needs a comma stands in the file; tables are `NAME=FOLDER,…`. */
function fromEnvironment(kind: ConfigKey['kind'], text: string): unknown {
  if (kind === 'string') return text;
  // What is no number stays text, and the schema says so.
  if (kind === 'number') return /^-?\d{1,15}$/.test(text.trim()) ? Number(text) : text;
  const parts = text.split(',').map((part) => part.trim());
  const items = parts.filter((part) => part !== '');
  if (kind === 'list') return items;
  return items.every((item) => item.includes('='))
    ? Object.fromEntries(
        items.map((item) => [item.slice(0, item.indexOf('=')).trim(), item.slice(item.indexOf('=') + 1).trim()]),
      )
    : text;
}

function addIssue(issue: v.BaseIssue<unknown>, { origin, lines, faults }: Source): void {
  const path = (issue.path ?? []).map((item) => item.key);
  const key = path.slice(0, 2).join('.');
  const [part] = path.slice(2);
  const prefix = part === undefined ? '' : typeof part === 'number' ? `entry ${part + 1}: ` : `${part}: `;
  const at = origin.get(key) ?? { source: 'file', line: null };
  const line = at.source === 'file' ? (lines.get(path.join('.')) ?? at.line) : null;
  faults.push({ key, line, source: at.source, message: `${prefix}${issue.message}` });
}

/** Faults between keys: number ranges that overlap (a number has one kind), and two listeners on one address. */
function crossCheck(source: Source): void {
  const collect = <Item>(pick: (each: ConfigKey) => boolean, read: (text: string) => readonly Item[]) =>
    KEYS.filter(pick).flatMap(({ key, section, name, fallback }) => {
      const text = source.raw[section]?.[name] ?? fallback;
      try {
        return typeof text === 'string' ? read(text).map((item) => ({ key, item })) : [];
      } catch {
        return []; // already a fault of its own
      }
    });
  const ranges = collect((each) => each.section === 'numbering', numberRanges);
  const listeners = collect(
    (each) => each.name === 'listen',
    (text) => listenAddresses(text, MAX_ADDRESSES),
  );
  complainAboutPairs(source, ranges, (a, b) =>
    a.digits === b.digits && a.low <= b.high && b.low <= a.high ? 'overlaps' : null,
  );
  complainAboutPairs(source, listeners, (a, b) =>
    a.port !== 0 && a.port === b.port && a.host === b.host ? 'has the same address as' : null,
  );
}

function complainAboutPairs<Item>(
  { origin, faults }: Source,
  items: readonly { key: string; item: Item }[],
  clash: (a: Item, b: Item) => string | null,
): void {
  const said = new Set<string>();
  for (const [index, b] of items.entries()) {
    for (const a of items.slice(0, index)) {
      const verb = clash(a.item, b.item);
      if (verb === null || said.has(`${a.key} ${b.key}`)) continue;
      said.add(`${a.key} ${b.key}`);
      // The fault stands where somebody wrote something: the later key, unless only the earlier one is set.
      const [at, other] = origin.has(b.key) ? [b, a] : [a, b];
      const where = origin.get(at.key) ?? { source: 'file', line: null };
      faults.push({
        key: at.key,
        ...where,
        message: a.key === b.key ? `${verb} itself` : `${verb} ${other.key}`,
      });
    }
  }
}

function finish(output: v.InferOutput<typeof SCHEMA>, { origin }: Source, path: string | null): Config {
  const places =
    Object.keys(output.recordings.places).length > 0 ? output.recordings.places : { USB: output.recordings.dir };
  const values = { ...output, recordings: { ...output.recordings, places } };
  const fixed = (key: string): string | null => {
    const known = KEYS.find((each) => each.key === key);
    if (known === undefined) throw new TypeError(`no configuration key ${key}`);
    const at = origin.get(key);
    if (at === undefined) return null;
    return at.source === 'environment'
      ? `environment ${known.variable}`
      : `${path}${at.line === null ? '' : `:${at.line}`}`;
  };
  const camel = (name: string) => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
  const sections = Object.entries(values).map(([section, table]) => [
    section,
    Object.fromEntries(Object.entries(table).map(([name, value]) => [camel(name), value])),
  ]);
  return freeze({ ...Object.fromEntries(sections), fixed } as Config);
}

/** Freezes plain objects and lists all the way down; a frozen RegExp without g or y still matches. */
function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) freeze(part);
    Object.freeze(value);
  }
  return value;
}

// ---- where keys stand ----------------------------------------------------------------------------------------------

/**
 * Line (from 1) of every table header and key in a TOML text that smol-toml has accepted, by dotted path; the first place
 * wins. The parser keeps no positions, and a complaint without its line sends a technician searching.
 */
function keyLines(text: string): Map<string, number> {
  const lines = new Map<string, number>();
  let at = 0;
  let line = 1;

  /** Steps over what the sticky expression matches here, counting lines; returns the text. */
  const take = (expression: RegExp): string => {
    expression.lastIndex = at;
    const found = expression.exec(text)?.[0] ?? '';
    at += found.length;
    line += found.split('\n').length - 1;
    return found;
  };
  const blanks = /[ \t\r]*/y;
  const voids = /(?:[\s,]|#[^\n]*)*/y;
  const strings = /"""(?:[^\\]|\\[\s\S])*?"{3,5}(?!")|'''[\s\S]*?'{3,5}(?!')|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'/y;
  const bareKey = /[\w-]+/y;
  const bareValue = /[^,\]}\n#]*/y;

  const keyPart = (): string => {
    const quoted = take(strings);
    if (quoted === '') return take(bareKey);
    if (quoted.startsWith("'")) return quoted.slice(1, -1);
    const { key } = parse(`key = ${quoted}`);
    return String(key);
  };
  const keyPath = (prefix: string): string => {
    let path = prefix;
    const start = line;
    do {
      take(blanks);
      path = path === '' ? keyPart() : `${path}.${keyPart()}`;
      if (!lines.has(path)) lines.set(path, start);
      take(blanks);
    } while (take(/\./y) !== '');
    return path;
  };
  const pair = (prefix: string): void => {
    const path = keyPath(prefix);
    take(/=[ \t]*/y);
    value(path);
  };
  const value = (path: string): void => {
    if (take(/\[/y) !== '') {
      eachEntry(']', (index) => {
        lines.set(`${path}.${index}`, line);
        value(`${path}.${index}`);
      });
    } else if (take(/\{/y) !== '') {
      eachEntry('}', () => pair(path));
    } else if (take(strings) === '') {
      take(bareValue);
    }
  };
  const eachEntry = (close: string, entry: (index: number) => void): void => {
    take(voids);
    for (let index = 0; at < text.length && text[at] !== close; index += 1) {
      const before = at;
      entry(index);
      take(voids);
      if (at === before) return; // never reached on text the parser accepted
    }
    at += 1;
  };

  let table = '';
  for (take(voids); at < text.length; take(voids)) {
    const before = at;
    if (take(/\[\[?/y) === '') pair(table);
    else {
      table = keyPath('');
      take(/[ \t]*\]\]?/y);
    }
    if (at === before) break; // likewise
  }
  return lines;
}
