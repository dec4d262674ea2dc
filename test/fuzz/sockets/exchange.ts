/** Bytes to a socket of the daemon and back: sent in pieces, our side closed, and everything that comes until it has ended. */
import { connect, type Socket } from 'node:net';
import type { Random } from '../../simulator/random.ts';
import { Broken } from '../target.ts';

/** Milliseconds within which the daemon ends every connection whose client has said all: its own longest bound is 15 s. */
export const PATIENCE_MS = 60_000;
/** Bytes of an answer that are kept; a listing or an archive may be long. */
const KEPT = 4 * 1024 * 1024;

export interface Where {
  readonly port: number;
  readonly from: string;
}

/**
 * When our side is closed: at once, when nothing has come for some time (`when answered`: since the first answer), or never,
 * since the other side will. `gone`: at once, and whoever has nothing more to hear goes away without waiting for the end.
 */
export type Closing = 'at once' | 'when silent' | 'when answered' | 'never' | 'gone';
/** Milliseconds without a byte that are silence; and, once our side is closed, enough of it. */
const SILENCE_MS = 150;
const ENOUGH_MS = 2_000;

/**
 * @param pieces Sent one after another, so that a reader sees them apart.
 * @returns what came, or why it broke off. @throws {Broken} when the other side doesn't end.
 */
export function exchange(
  where: Where | string,
  pieces: readonly Buffer[],
  closing: Closing = 'at once',
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let kept = 0;
    const socket: Socket =
      typeof where === 'string'
        ? connect(where)
        : connect({ host: '127.0.0.1', port: where.port, localAddress: where.from, noDelay: true });
    const late = setTimeout(() => {
      socket.destroy();
      reject(new Broken(`the connection ends: not within ${PATIENCE_MS / 1000} s`));
    }, PATIENCE_MS);
    let silence: NodeJS.Timeout | undefined;
    socket.on('error', () => {}); // what became of it is told by what came
    socket.on('data', (chunk) => {
      if (kept < KEPT) chunks.push(chunk);
      kept += chunk.length;
      silence?.refresh();
      if (closing === 'when answered') silence ??= setTimeout(() => socket.end(), SILENCE_MS);
    });
    socket.once('close', () => {
      clearTimeout(late);
      clearTimeout(silence);
      resolve(Buffer.concat(chunks));
    });
    socket.once('connect', async () => {
      for (const piece of pieces) {
        socket.write(piece);
        if (pieces.length > 1) await new Promise((rest) => setImmediate(rest));
      }
      if (closing === 'at once' || closing === 'gone') socket.end();
      if (closing === 'gone') silence = setTimeout(() => socket.destroy(), ENOUGH_MS);
      else if (closing === 'when silent') silence = setTimeout(() => socket.end(), SILENCE_MS);
    });
  });
}

/** In one piece mostly, in some sometimes. */
export function piecesOf(bytes: Buffer, random: Random): Buffer[] {
  if (random.next() < 0.7) return [bytes];
  const cuts = Array.from({ length: random.whole(1, 4) }, () => random.whole(0, bytes.length)).sort((a, b) => a - b);
  return [0, ...cuts].map((from, index) => bytes.subarray(from, cuts[index] ?? bytes.length));
}
