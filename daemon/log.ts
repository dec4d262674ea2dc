/**
 * The log: one line a message on standard error, where journald or syslogd adds the time. What strangers send (caller
 * names, file names) can neither forge a line nor reach a terminal; secrets are masked, and so are phone numbers: a call is
 * called by its id, a recording by its moment. A message that repeats is counted instead of filling the flash.
 */
import { createLogRing, type LogEntry } from './log-ring.ts';
import { isPrintable, printable } from './printable.ts';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LEVELS)[number];

export type LogFields = Readonly<Record<string, unknown>>;

/**
 * Writes one line a call and never throws. `message` is a constant text in plain words (it is what repetition is counted
 * by); what varies goes into `fields`. A field whose name holds secret, password, token, key, authorization or cookie is
 * written as `***`, so a configuration key is named `setting=`. In texts, what has the shape of a secret or of a phone
 * number is written so as well, wherever it came from: figures are given as numbers, which are written as they are.
 */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** The same log with `name: ` before each message. */
  child(name: string): Log;
  /** Writes the pending "repeated" lines now; for the end of the process. */
  flush(): void;
  /** The last warnings and errors, newest first. */
  recent(): readonly LogEntry[];
}

/** Numbers of RFC 5424 that journald and syslogd read from a leading `<N>`. */
const SYSLOG_LEVEL: Readonly<Record<LogLevel, number>> = { debug: 7, info: 6, warn: 4, error: 3 };

/** Longest message or value, in characters before escaping: node-sqlite3-wasm alone can throw 34 kB of its own source. */
const MAX_VALUE = 1_000;
/** Most fields of a line; journald splits lines at 48 KB. */
const MAX_FIELDS = 24;
/** Depth of `cause` chains that are printed: they may be circular. */
const MAX_CAUSES = 3;
/** The same message passes this often in a window, then it is counted. */
const MAX_REPEATS = 20;
const REPEAT_WINDOW_MS = 10_000;
/** Different messages remembered in a window: about 50 KB at worst. When full, the window ends early and nothing is lost. */
const MAX_REMEMBERED = 256;

const SECRET_NAME = /secret|password|token|key|authorization|cookie/i;
/**
 * What lets somebody in, by its shape: an API key, a session's token (256 bits in base64url), a digest or a challenge's
 * answer, what is kept of a password, a header or a packet's line that brings one.
 */
export const SECRET_SHAPES =
  /cdrd-[0-9a-f]{8}-[\w-]{20,}|(?<![\w-])[\w-]{43}(?![\w-])|(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])|scrypt\$[\w$-]+|(?<=\bbearer )\S+|(?<=\b(?:cdrd_session=|cookie: ?|secret: ?|key: ?|password: ?))[^\s;]+/gi;
/**
 * Runs of six digits and more are phone numbers, but for what we know by its form: a call's id (`1620377388.10`), a time
 * (`20210507T104948`), a backup's name with its box's id, a day's folder, a head of the audit log, a process. Of a
 * recording's name the moment stays, which tells it from others.
 */
const DIGITS =
  /(?<![a-z])(?:act|use|refused):\d+:[0-9a-f]{64}(?![0-9a-f])|\d{9,10}\.\d+|(\d{8}-\d{6}-\d{9,10})-[^/\s"'\\]*|\d{8}T\d{6}(?!\d)(?:-[0-9a-f]{6}(?=\.db))?|(?<=^|\/)(?:19|20)\d{6}(?=\/|$)|(?<=\(pid )\d{6,10}(?=\))|(\+?\d{6,})/g;

export interface LogOptions {
  /** Messages below it are dropped. */
  readonly level: LogLevel;
  /** Takes one line with its line break; default: standard error. */
  readonly write?: (line: string) => void;
  /** True: local time and level word for a person; false: `<N>`. Default: whether standard error is a terminal. */
  readonly terminal?: boolean;
}

export function createLog({ level, write = writeToStderr(), terminal }: LogOptions): Log {
  const forPerson = terminal ?? process.stderr.isTTY === true;
  const least = LEVELS.indexOf(level);
  const emit = (at: LogLevel, text: string) => {
    const head = forPerson ? `${localTime(new Date())} ${at.padEnd(5)} ` : `<${SYSLOG_LEVEL[at]}>`;
    write(`${head}${text}\n`);
  };
  const repeats = createRepeats(emit);
  const ring = createLogRing();
  const named = (prefix: string): Log => {
    const keep = (at: LogLevel, message: string, fields: LogFields) => {
      if (at === 'warn' || at === 'error')
        ring.add(at, prefix.replace(/: .*/, ''), printable(cut(message)), logfmt(fields, false));
    };
    const writer = (at: LogLevel) =>
      LEVELS.indexOf(at) < least
        ? () => {}
        : (message: string, fields: LogFields = {}) => {
            const text = printable(cut(`${prefix}${message}`));
            if (repeats.passes(at, text)) emit(at, `${text}${logfmt(fields, level === 'debug')}`);
            keep(at, message, fields);
          };
    return {
      debug: writer('debug'),
      info: writer('info'),
      warn: writer('warn'),
      error: writer('error'),
      child: (name) => named(`${prefix}${name}: `),
      flush: repeats.flush,
      recent: ring.entries,
    };
  };
  return named('');
}

// ---- repetition ----------------------------------------------------------------------------------------------------

/** Counts messages in windows that a timer ends, not a clock: the box's clock may jump by fifty years. */
function createRepeats(emit: (level: LogLevel, text: string) => void) {
  const seen = new Map<string, { level: LogLevel; text: string; count: number }>();
  let timer: NodeJS.Timeout | undefined;
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    for (const { level, text, count } of seen.values()) {
      if (count > MAX_REPEATS) emit(level, `${text} … repeated ${count - MAX_REPEATS} times`);
    }
    seen.clear();
  };
  const passes = (level: LogLevel, text: string): boolean => {
    const id = `${level} ${text}`;
    let entry = seen.get(id);
    if (entry === undefined) {
      if (seen.size >= MAX_REMEMBERED) flush();
      entry = { level, text, count: 0 };
      seen.set(id, entry);
      timer ??= setTimeout(flush, REPEAT_WINDOW_MS).unref();
    }
    entry.count += 1;
    return entry.count <= MAX_REPEATS;
  };
  return { passes, flush };
}

// ---- one line ------------------------------------------------------------------------------------------------------

/** ` name=value name="value with blanks"`: logfmt, which journalctl users can grep. */
function logfmt(fields: LogFields, stacks: boolean): string {
  let line = '';
  const add = (name: string, text: string) => {
    line += ` ${name.replace(/[^\w.-]/g, '_').slice(0, 64)}=${quoted(cut(text))}`;
  };
  const names = Object.keys(fields);
  for (const name of names.slice(0, MAX_FIELDS)) {
    if (SECRET_NAME.test(name)) {
      add(name, '***');
      continue;
    }
    try {
      const value = fields[name];
      if (value === undefined) continue;
      add(name, masked(plain(value)));
      if (stacks && value instanceof Error) add('stack', frames(value));
    } catch {
      add(name, '[unprintable]'); // a getter or toJSON that throws must not take the caller down
    }
  }
  return names.length > MAX_FIELDS ? `${line} …` : line;
}

/** Before it is cut: half a secret would be known by no shape. */
function masked(text: string | number): string {
  if (typeof text === 'number') return String(text);
  return text
    .replace(SECRET_SHAPES, '***')
    .replace(DIGITS, (found, moment: string | undefined, phone: string | undefined) =>
      moment !== undefined ? `${moment}-…` : phone !== undefined ? '…' : found,
    );
}

function plain(value: unknown): string | number {
  if (typeof value === 'number') return value;
  if (value instanceof Error) return errorText(value);
  if (typeof value === 'object' && value !== null) {
    const mask = (name: string, part: unknown): unknown => {
      if (name !== '' && SECRET_NAME.test(name)) return '***';
      if (part instanceof Error) return errorText(part);
      return typeof part === 'bigint' ? String(part) : part;
    };
    return JSON.stringify(value, mask) ?? String(value);
  }
  return String(value);
}

/** The message, the system's code where the message lacks it, and what caused it, unless that says just the same. */
function errorText(error: Error): string {
  const parts: string[] = [];
  let each: unknown = error;
  for (let depth = 0; depth <= MAX_CAUSES && each instanceof Error; depth += 1) {
    const { code } = each as NodeJS.ErrnoException;
    const message = each.message === '' ? each.name : each.message;
    const text = typeof code === 'string' && !message.includes(code) ? `${message} (${code})` : message;
    if (parts.at(-1) !== text) parts.push(text);
    each = each.cause;
  }
  return parts.join(': ');
}

/** The frames alone, each cut: the message stands in its own field, and a frame may quote a whole bundle's line. */
function frames(error: Error): string {
  const lines = cut(error.stack ?? '', 64 * MAX_VALUE).split('\n');
  return lines
    .filter((line) => /^\s+at /.test(line))
    .map((line) => cut(line.trim(), 200))
    .join(' | ');
}

function cut(text: string, most = MAX_VALUE): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

/** Quoted where a reader could otherwise not tell where the value ends. */
function quoted(text: string): string {
  if (text !== '' && !/[\s"=\\]/.test(text) && isPrintable(text)) return text;
  return `"${printable(text.replace(/["\\]/g, '\\$&'))}"`;
}

function localTime(now: Date): string {
  const two = (part: number) => String(part).padStart(2, '0');
  return `${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}`;
}

/** Standard error whose reader went away is no reason to stop answering calls. */
function writeToStderr(): (line: string) => void {
  if (process.stderr.listenerCount('error', ignore) === 0) process.stderr.on('error', ignore);
  return (line) => {
    process.stderr.write(line);
  };
}

function ignore(): void {}
