/**
 * A TLS client of one message: a ClientHello made by hand, which may offer any version and any of the 65,536 cipher suites,
 * and what comes back for it. So it is seen what a server takes, and not only what this machine's own OpenSSL would offer.
 */
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';

/** By their number on the wire. */
export const VERSIONS = {
  'SSL 3.0': 0x0300,
  'TLS 1.0': 0x0301,
  'TLS 1.1': 0x0302,
  'TLS 1.2': 0x0303,
  'TLS 1.3': 0x0304,
};
export type Version = keyof typeof VERSIONS;

export interface Taken {
  readonly version: number;
  readonly cipher: number;
  /** 0: none. */
  readonly compression: number;
}

const ONE_POINT_THREE = 0x0304;
const SERVER_HELLO = 2;
/** A server that neither answers nor hangs up. */
const PATIENCE_MS = 10_000;
/** Of a record. */
const RECORD_MAX = 16_384;

const u16 = (value: number) => Buffer.from([value >> 8, value & 0xff]);
const u24 = (value: number) => Buffer.from([value >> 16, (value >> 8) & 0xff, value & 0xff]);
/** With its length before it, in two bytes. */
const vector = (...parts: readonly Buffer[]) => {
  const all = Buffer.concat(parts);
  return Buffer.concat([u16(all.length), all]);
};
const extension = (type: number, body: Buffer) => Buffer.concat([u16(type), vector(body)]);

function clientHello(version: number, ciphers: readonly number[], compressions: readonly number[]): Buffer {
  const groups = [0x001d, 0x0017, 0x0018, 0x0019]; // x25519, P-256, P-384, P-521
  const signatures = [0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0203, 0x0201];
  const extensions = [
    extension(0x000a, vector(...groups.map(u16))),
    extension(0x000b, Buffer.from([1, 0])), // points as they are
    extension(0x000d, vector(...signatures.map(u16))),
  ];
  if (version === ONE_POINT_THREE)
    extensions.push(
      extension(0x002b, Buffer.concat([Buffer.from([2]), u16(version)])),
      extension(0x0033, vector(u16(0x001d), vector(randomBytes(32)))),
    );
  const body = Buffer.concat([
    u16(Math.min(version, 0x0303)),
    randomBytes(32),
    Buffer.from([32]),
    randomBytes(32),
    vector(...ciphers.map(u16)),
    Buffer.from([compressions.length, ...compressions]),
    ...(version > 0x0300 ? [vector(...extensions)] : []),
  ]);
  const message = Buffer.concat([Buffer.from([1]), u24(body.length), body]);
  const records: Buffer[] = [];
  for (let from = 0; from < message.length; from += RECORD_MAX)
    records.push(Buffer.from([22]), u16(Math.min(version, 0x0301)), vector(message.subarray(from, from + RECORD_MAX)));
  return Buffer.concat(records);
}

/** @param bytes What the server has sent. @returns undefined while its first message isn't whole; null: it takes nothing. */
function read(bytes: Buffer): Taken | null | undefined {
  if (bytes.length < 5 || bytes.length < 5 + bytes.readUInt16BE(3)) return undefined;
  if (bytes[0] !== 22 || bytes[5] !== SERVER_HELLO) return null; // an alert
  const session = bytes.readUInt8(43);
  let at = 44 + session;
  const [cipher, compression] = [bytes.readUInt16BE(at), bytes.readUInt8(at + 2)];
  let version = bytes.readUInt16BE(9);
  at += 5;
  for (const end = 9 + bytes.readUIntBE(6, 3); at < end; at += 4 + bytes.readUInt16BE(at + 2))
    if (bytes.readUInt16BE(at) === 0x002b) version = bytes.readUInt16BE(at + 4);
  return { version, cipher, compression };
}

/** Another one for each offer: nobody who knocks so often shall be held up. */
const addresses = (function* (): Generator<string, never> {
  for (let index = 0; ; index++) yield `127.50.${(index >> 8) & 0xff}.${index & 0xff}`;
})();

/** What the server takes of an offer; null: it refuses all of it. */
export function offer(
  port: number,
  version: Version,
  ciphers: readonly number[],
  compressions: readonly number[] = [0],
): Promise<Taken | null> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', localAddress: addresses.next().value });
    const chunks: Buffer[] = [];
    const end = (taken: Taken | null) => {
      socket.destroy();
      resolve(taken);
    };
    socket.setTimeout(PATIENCE_MS, () => {
      socket.destroy();
      reject(new Error('no answer to a ClientHello'));
    });
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      const taken = read(Buffer.concat(chunks));
      if (taken !== undefined) end(taken);
    });
    socket.once('error', () => end(null)); // cut off in the midst of the offer
    socket.once('close', () => end(null));
    socket.write(clientHello(VERSIONS[version], ciphers, compressions));
  });
}

/** In one offer: twenty of them hold all that can be. */
const AT_ONCE = 4_096;
/** They mean something else than a cipher: renegotiation is safe, and this is a second try with an older version. */
const SIGNALS = [0x00ff, 0x5600];

/** All cipher suites that the server takes with a version: what it took is left out of the next offer. */
export async function takenOf(port: number, version: Version): Promise<number[]> {
  const taken: number[] = [];
  for (let from = 0; from < 0x10000; from += AT_ONCE) {
    let offered = Array.from({ length: AT_ONCE }, (_, index) => from + index).filter((each) => !SIGNALS.includes(each));
    for (;;) {
      const answer = await offer(port, version, offered);
      if (!answer) break;
      if (answer.version !== VERSIONS[version]) throw new Error(`${version} was offered, ${answer.version} taken`);
      taken.push(answer.cipher);
      offered = offered.filter((each) => each !== answer.cipher);
    }
  }
  return taken;
}
