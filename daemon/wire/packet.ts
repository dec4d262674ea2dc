/**
 * The AMI packet: bytes in, packets out, and back. Pure, so that it can be fuzzed and read in one sitting. A packet is
 * lines of `Name: value` up to an empty line; lines end with CRLF or LF (asterisk main/manager.c, get_input).
 */
import { isUtf8 } from 'node:buffer';

export type Header = readonly [name: string, value: string];

/** One packet as it came: headers in order, names as written, repeated ones too. */
export interface Packet {
  /** The bytes as received, the empty line at the end included. */
  readonly raw: Buffer;
  /**
   * The first header, which says what a packet is: `Event` or `Response` in all that Asterisk writes. What stands further
   * down may have been brought in by a line break in a caller's number, and says nothing about the packet.
   */
  readonly first: Header;
  readonly headers: readonly Header[];
  /** Value of the first header of this name, any case; '' when there is none. */
  get(name: string): string;
}

export interface PacketLimits {
  /** Bytes of one line without its end. */
  readonly line: number;
  /** Lines of one packet. */
  readonly lines: number;
  /** Bytes of one packet, line ends and the empty line included. */
  readonly bytes: number;
}

/** Why a packet was not delivered. Of several limits that it goes over, any one may be named. */
export type PacketFault = 'line too long' | 'too many lines' | 'packet too long';

export interface PacketReader {
  /** Takes bytes in any split, for good; calls back for each packet and fault in them. Never throws by itself. */
  push(bytes: Buffer): void;
  /** Bytes held of an unfinished packet: never more than `limits.bytes`. */
  readonly held: number;
}

export interface PacketListener {
  packet(packet: Packet): void;
  /**
   * A packet went over a limit: it's dropped up to its end, and reading goes on after it.
   * @param actionId Its ActionID, where such was asked for and it had one; '' otherwise.
   */
  fault(fault: PacketFault, actionId: string): void;
  /** The first line, before any packet, where `greeting` was asked for; '' when it goes over a limit. */
  greeting?(line: string): void;
  /** An empty line where a packet should begin: from Asterisk it means nothing, a client is answered to it. */
  empty?(): void;
}

const LF = 0x0a;
const CR = 0x0d;
const BLANK = 0x20;
/** Characters of a line that may hold an ActionID; longer ones are cut. */
const ID_LINE_MAX = 128;
/** Pieces of an unfinished packet are put together when there are so many: a peer that sends single bytes costs no more. */
const MAX_PIECES = 64;

export interface ReaderOptions {
  /** The peer speaks first with one line that is no packet (`Asterisk Call Manager/5.0.4`). */
  readonly greeting?: boolean;
  /**
   * The peer ends its lines with CRLF, as Asterisk does: a lone LF was brought into a value by somebody else, ends nothing and
   * becomes a blank.
   */
  readonly crlfOnly?: boolean;
  /** A faulty packet's ActionID is looked for, so that its sender can be told: costs a copy of each line's beginning. */
  readonly faultIds?: boolean;
}

export function createPacketReader(
  limits: PacketLimits,
  listener: PacketListener,
  { greeting = false, crlfOnly = false, faultIds = false }: ReaderOptions = {},
): PacketReader {
  let expectGreeting = greeting;
  /** What earlier chunks brought of the unfinished packet; nothing once it went over a limit. */
  let pieces: Buffer[] = [];
  let held = 0;
  let lines = 0;
  /** Bytes of the unfinished line, and whether a CR is the last of them. */
  let lineLength = 0;
  let endsWithCr = false;
  let fault: PacketFault | null = null;
  /** With `faultIds`: the beginning of the unfinished line, and the packet's ActionID so far. */
  let lineHead = '';
  let actionId = '';

  /** @param over Whether the line ends here. */
  function lookForId(piece: Buffer, over: boolean): void {
    if (lineHead.length < ID_LINE_MAX) lineHead += piece.toString('latin1', 0, ID_LINE_MAX - lineHead.length);
    if (!over) return;
    if (actionId === '') {
      const id = /^actionid: *([^\r\n]*)/i.exec(lineHead)?.[1] ?? '';
      actionId = textOf(Buffer.from(id, 'latin1'));
    }
    lineHead = '';
  }

  function keep(piece: Buffer): void {
    if (!fault && held + piece.length > limits.bytes) fault = 'packet too long';
    if (!fault && piece.length > 0) {
      if (pieces.length >= MAX_PIECES) pieces = [Buffer.concat(pieces)];
      pieces.push(piece);
      held += piece.length;
    } else if (fault) {
      pieces = [];
      held = 0;
    }
  }

  /** The packet, or the greeting, is over: gives its bytes, or the limit that it went over. */
  function finish(piece: Buffer): Buffer | PacketFault {
    keep(piece);
    const whole = fault ?? Buffer.concat(pieces);
    pieces = [];
    held = 0;
    lines = 0;
    fault = null;
    return whole;
  }

  return {
    push(bytes) {
      let packetFrom = 0;
      let lineFrom = 0;
      for (;;) {
        let at = bytes.indexOf(LF, lineFrom);
        while (crlfOnly && at >= 0 && !(at > lineFrom ? bytes[at - 1] === CR : endsWithCr)) {
          bytes[at] = BLANK;
          at = bytes.indexOf(LF, at + 1);
        }
        const lineEnd = at < 0 ? bytes.length : at;
        lineLength += lineEnd - lineFrom;
        if (lineEnd > lineFrom) endsWithCr = bytes[lineEnd - 1] === CR;
        if (faultIds) lookForId(bytes.subarray(lineFrom, lineEnd), at >= 0);
        const length = lineLength - (endsWithCr ? 1 : 0);
        if (length > limits.line) fault ??= 'line too long';
        if (at < 0) break;
        lineFrom = at + 1;
        lineLength = 0;
        endsWithCr = false;
        if (length > 0 && !expectGreeting) {
          if (++lines > limits.lines) fault ??= 'too many lines';
          continue;
        }
        const empty = lines === 0; // an empty line between packets is none
        const whole = finish(bytes.subarray(packetFrom, lineFrom));
        packetFrom = lineFrom;
        if (expectGreeting) {
          expectGreeting = false;
          listener.greeting?.(typeof whole === 'string' ? '' : textOf(whole).trimEnd());
        } else if (typeof whole === 'string') listener.fault(whole, actionId);
        else if (empty) listener.empty?.();
        else listener.packet(parsePacket(whole));
        actionId = '';
      }
      keep(bytes.subarray(packetFrom));
    },
    get held() {
      return held;
    },
  };
}

/** Reads one packet's bytes. Headers are only taken apart when somebody looks at them: most events are just passed on. */
export function parsePacket(raw: Buffer): Packet {
  let first: Header | null = null;
  let headers: readonly Header[] | null = null;
  const parseFirst = () => {
    first ??= headerOf(raw.subarray(0, Math.max(0, raw.indexOf(LF))));
    return first;
  };
  const parseAll = () => {
    headers ??= linesOf(raw);
    return headers;
  };
  return {
    raw,
    get first() {
      return parseFirst();
    },
    get headers() {
      return parseAll();
    },
    get(name) {
      const wanted = name.toLowerCase();
      const [has, value] = parseFirst();
      if (has.toLowerCase() === wanted) return value;
      return parseAll().find(([each]) => each.toLowerCase() === wanted)?.[1] ?? '';
    },
  };
}

function linesOf(raw: Buffer): Header[] {
  // Whole at once where it is UTF-8 whole, as nearly all are: a line of it then is, too.
  if (isUtf8(raw)) {
    const lines = raw.toString('utf8').split('\n');
    lines.pop(); // what no line break ends is no line
    return lines.filter((line) => line !== '' && line !== '\r').map(headerOfLine);
  }
  const headers: Header[] = [];
  for (let from = 0, at = raw.indexOf(LF); at >= 0; from = at + 1, at = raw.indexOf(LF, from)) {
    const empty = at === from || (at === from + 1 && raw[from] === CR);
    if (!empty) headers.push(headerOf(raw.subarray(from, at)));
  }
  return headers;
}

/** `Name: value`; one blank after the colon belongs to the wire. A line without a colon is a name without a value. */
function headerOf(bytes: Buffer): Header {
  return headerOfLine(textOf(bytes));
}

function headerOfLine(text: string): Header {
  const line = text.endsWith('\r') ? text.slice(0, -1) : text;
  const colon = line.indexOf(':');
  if (colon < 0) return [line, ''];
  return [line.slice(0, colon), line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)];
}

/** Caller names come in any encoding: what isn't UTF-8 is read as Latin-1, so that nothing of it is lost. */
export function textOf(bytes: Buffer): string {
  return bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1');
}

/**
 * Writes a packet. Neither name nor value may end the line, nor a name itself: CR, LF, NUL, and a colon in a name become
 * blanks, so that nobody can smuggle a header in through what he is called. A NUL, because Asterisk's own reader takes a line
 * that begins with one for the empty line, and what comes behind it for another action (main/manager.c, get_input).
 */
export function formatPacket(headers: readonly (readonly [name: string, value: string | number])[]): string {
  let packet = '';
  for (const [name, value] of headers) packet += formatLine(name, value);
  return `${packet}\r\n`;
}

const NOT_IN_NAME = /[\0\r\n:]/;
const NOT_IN_VALUE = /[\0\r\n]/;

function formatLine(name: string, value: string | number): string {
  return `${blanked(name, NOT_IN_NAME)}: ${blanked(String(value), NOT_IN_VALUE)}\r\n`;
}

/** Looked at first: hardly any text has such a character, and of each a new one would be made. */
function blanked(text: string, not: RegExp): string {
  return not.test(text) ? text.replaceAll(new RegExp(not, 'g'), ' ') : text;
}

/**
 * A packet of Asterisk's with another ActionID in it, everything else to the byte: what one client asked under a number of
 * ours goes back to it under its own. @param theirs null: the client gave none, and the line goes.
 */
export function withActionId(raw: Buffer, ours: string, theirs: string | null): Buffer {
  const line = Buffer.from(`\nActionID: ${ours}\r\n`);
  const at = raw.indexOf(line);
  if (at < 0) return raw;
  const mine = Buffer.from(theirs === null ? '\n' : `\n${formatLine('ActionID', theirs)}`);
  return Buffer.concat([raw.subarray(0, at), mine, raw.subarray(at + line.length)]);
}
