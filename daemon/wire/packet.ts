/**
 * The AMI packet: bytes in, packets out, and back. Pure, so that it can be fuzzed and read in one sitting. A packet is
 * lines of `Name: value` up to an empty line; lines end with CRLF or LF (asterisk main/manager.c, get_input).
 */

/** One packet as it came: headers in order, names as written, repeated ones too. */
export interface Packet {
  /** The bytes as received, the empty line at the end included. */
  readonly raw: Buffer;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Value of the first header of this name, any case; '' when there is none. */
  get(name: string): string;
}

export interface PacketLimits {
  /** Bytes of one line without its end. */
  readonly line: number;
  /** Lines of one packet. */
  readonly lines: number;
}

/** Why a packet was not delivered. */
export type PacketFault = 'line too long' | 'too many lines';

export interface PacketReader {
  /** Takes bytes in any split; calls back for each packet and fault in them. Never throws. */
  push(bytes: Buffer): void;
  /** Bytes held of an unfinished packet: never more than `line × lines`. */
  readonly held: number;
}

export interface PacketListener {
  packet(packet: Packet): void;
  /** A packet went over a limit: it's dropped up to its end, and reading goes on after it. */
  fault(fault: PacketFault): void;
  /** The first line, before any packet, where `greeting` was asked for. */
  greeting?(line: string): void;
}

const LF = 0x0a;
const CR = 0x0d;

/** @param greeting The peer speaks first with one line that is no packet (`Asterisk Call Manager/5.0.4`). */
export function createPacketReader(limits: PacketLimits, listener: PacketListener, greeting = false): PacketReader {
  let expectGreeting = greeting;
  /** What came of the packet so far, unfinished line included. */
  let parts: Buffer[] = [];
  let held = 0;
  let lines = 0;
  /** Bytes of the unfinished line, without a CR at its end so far. */
  let lineLength = 0;
  let lastByte = 0;
  let fault: PacketFault | null = null;

  function clear(): void {
    parts = [];
    held = 0;
    lines = 0;
  }

  /** A line's end was reached: `lineLength` is that of the line, CR not counted. */
  function endOfLine(): void {
    if (expectGreeting) {
      expectGreeting = false;
      listener.greeting?.(fault ? '' : textOf(Buffer.concat(parts)).trimEnd());
      fault = null;
      clear();
    } else if (lineLength === 0) {
      const raw = Buffer.concat(parts);
      const [broken, hadLines] = [fault, lines > 0];
      fault = null;
      clear();
      if (broken) listener.fault(broken);
      else if (hadLines) listener.packet(parsePacket(raw)); // an empty line between packets is none
    } else if (++lines > limits.lines) {
      fault ??= 'too many lines';
      parts = [];
      held = 0;
    }
  }

  function take(bytes: Buffer): void {
    if (fault || bytes.length === 0) return;
    parts.push(bytes);
    held += bytes.length;
  }

  return {
    push(bytes) {
      let from = 0;
      while (from < bytes.length) {
        const at = bytes.indexOf(LF, from);
        const to = at < 0 ? bytes.length : at + 1;
        const piece = bytes.subarray(from, to);
        const body = at < 0 ? piece.length : piece.length - 1;
        const before = body > 0 ? piece[body - 1] : lastByte;
        lineLength += body;
        if (lineLength > limits.line + 1) {
          fault ??= 'line too long';
          parts = [];
          held = 0;
        } else take(piece);
        if (at >= 0) {
          if (before === CR && lineLength > 0) lineLength--;
          if (lineLength > limits.line) fault ??= 'line too long';
          endOfLine();
          lineLength = 0;
          lastByte = LF;
        } else lastByte = piece[body - 1] ?? lastByte;
        from = to;
      }
    },
    get held() {
      return held;
    },
  };
}

/** Reads one packet's bytes. Headers are only taken apart when somebody looks at them: most events are just passed on. */
export function parsePacket(raw: Buffer): Packet {
  let headers: (readonly [string, string])[] | null = null;
  const parsed = () => {
    headers ??= textOf(raw)
      .split('\n')
      .map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line))
      .filter((line) => line !== '')
      .map(headerOf);
    return headers;
  };
  return {
    raw,
    get headers() {
      return parsed();
    },
    get(name) {
      const wanted = name.toLowerCase();
      return parsed().find(([has]) => has.toLowerCase() === wanted)?.[1] ?? '';
    },
  };
}

/** `Name: value`; one blank after the colon belongs to the wire. A line without a colon is a name without a value. */
function headerOf(line: string): readonly [string, string] {
  const colon = line.indexOf(':');
  if (colon < 0) return [line, ''];
  const value = line.slice(colon + 1);
  return [line.slice(0, colon), value.startsWith(' ') ? value.slice(1) : value];
}

/** Caller names come in any encoding: bytes that aren't UTF-8 are read as Latin-1, so that none is lost. */
function textOf(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return bytes.toString('latin1');
  }
}
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Writes a packet. The value must not end the line: CR and LF in it become blanks, so that nobody can smuggle a header
 * in through a name.
 */
export function formatPacket(headers: readonly (readonly [name: string, value: string | number])[]): string {
  const lines = headers.map(([name, value]) => `${name}: ${String(value).replaceAll(/[\r\n]/g, ' ')}\r\n`);
  return `${lines.join('')}\r\n`;
}
