/**
 * What a client hasn't taken yet, in portions: a stream of Node's hands everything that waits to the kernel as one piece and
 * tells nothing until the last byte of it is through, so that a client that reads slowly would look like one that doesn't.
 */
import type { Socket } from 'node:net';

/** Bytes on their way at a time. */
const PORTION = 64 * 1024;

export interface Output {
  send(bytes: Buffer | string): void;
  /** Bytes sent and not taken yet. */
  readonly unread: number;
  /**
   * Ends when everything is through, or when nothing more was taken for so many milliseconds: whoever never reads, or keeps
   * its own side open, holds nothing.
   */
  end(withinMs: number): void;
}

export function createOutput(socket: Socket): Output {
  /** What waits behind the portion under way. */
  let queue: Buffer[] = [];
  let waiting = 0;
  let ending = false;

  function pump(): void {
    let taken = 0;
    for (let bytes = queue[taken]; bytes; bytes = queue[taken]) {
      // What the kernel takes at once is on its way no more; where it doesn't, `drain` tells when it has.
      const room = PORTION - socket.writableLength;
      if (room <= 0) break;
      const portion = bytes.subarray(0, room);
      if (portion.length < bytes.length) queue[taken] = bytes.subarray(room);
      else taken++;
      waiting -= portion.length;
      socket.write(portion);
    }
    queue = queue.slice(taken);
    if (ending && queue.length === 0) socket.end();
  }

  socket.on('drain', pump);
  const output: Output = {
    send(bytes) {
      if (ending || socket.destroyed) return;
      const piece = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
      queue.push(piece);
      waiting += piece.length;
      if (queue.length === 1) pump();
    },
    get unread() {
      return waiting + socket.writableLength;
    },
    end(withinMs) {
      ending = true;
      pump();
      let before = output.unread;
      const look = () => {
        if (output.unread >= before) socket.destroy();
        before = output.unread;
      };
      // Behind what the kernel has to tell: after a standstill of this process timers come before that, and whoever has read
      // all the while would be taken for one who hasn't.
      const timer = setInterval(() => setImmediate(look), withinMs);
      socket.once('close', () => clearInterval(timer));
    },
  };
  return output;
}
