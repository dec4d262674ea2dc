/** What goes into an archive: a file of known length, read while it is sent. */

export interface Entry {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly mtimeMs: number;
  /** Exactly `size` bytes. A piece is good until the next is asked for. */
  read(): AsyncIterable<Uint8Array>;
}

/**
 * A header and the entry's bytes behind it. The first bytes are read before the header is given: while nothing has been
 * sent, a file that can't be read still gets a proper answer.
 * @throws what reading throws, and when it gives another number of bytes than it promised.
 */
export async function* withHeader(header: Uint8Array, entry: Entry): AsyncGenerator<Uint8Array> {
  const pieces = entry.read()[Symbol.asyncIterator]();
  try {
    let piece = await pieces.next();
    yield header;
    let length = 0;
    for (; !piece.done; piece = await pieces.next()) {
      length += piece.value.length;
      if (length > entry.size) break;
      yield piece.value;
    }
    if (length !== entry.size) throw new Error(`${entry.name} has not the ${entry.size} bytes that it had`);
  } finally {
    await pieces.return?.();
  }
}
