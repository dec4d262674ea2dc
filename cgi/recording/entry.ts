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

/** An entry whose bytes are being read already. */
interface Opened {
  readonly entry: Entry;
  readonly pieces: AsyncIterator<Uint8Array>;
  readonly first: Promise<IteratorResult<Uint8Array>>;
}

function opened(entry: Entry): Opened {
  const pieces = entry.read()[Symbol.asyncIterator]();
  const first = pieces.next();
  first.catch(() => {}); // told when it is asked for
  return { entry, pieces, first };
}

/** One entry of {@link readEntries}. */
export interface ReadEntry {
  readonly entry: Entry;
  /** To be taken to its end before the next entry. */
  readonly bytes: AsyncGenerator<Uint8Array>;
}

/**
 * The entries in order, each with its bytes. The first bytes of an entry are there before it is given: while nothing has
 * been sent, a file that can't be read still gets a proper answer. While an entry's last piece is sent the next entry's
 * first is read, and no more than that.
 * @throws what reading throws, and when an entry gives another number of bytes than it promised.
 */
export async function* readEntries(entries: readonly Entry[]): AsyncGenerator<ReadEntry> {
  let next = entries[0] && opened(entries[0]);
  try {
    for (let index = 0; next; index++) {
      const { entry, pieces, first }: Opened = next;
      const after = entries[index + 1];
      next = undefined;
      const atEnd = () => {
        next ??= after && opened(after);
      };
      try {
        await first;
        yield { entry, bytes: bytesOf(entry, pieces, first, atEnd) };
      } finally {
        await pieces.return?.();
      }
      atEnd();
    }
  } finally {
    void next?.pieces.return?.().catch(() => {});
  }
}

async function* bytesOf(
  entry: Entry,
  pieces: AsyncIterator<Uint8Array>,
  first: Promise<IteratorResult<Uint8Array>>,
  atEnd: () => void,
): AsyncGenerator<Uint8Array> {
  let length = 0;
  for (let piece = await first; !piece.done; piece = await pieces.next()) {
    length += piece.value.length;
    if (length > entry.size) break;
    if (length === entry.size) atEnd();
    yield piece.value;
  }
  if (length !== entry.size) throw new Error(`${entry.name} has not the ${entry.size} bytes that it had`);
}
