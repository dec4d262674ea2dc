/** The zip of 20036: stored, not compressed, for those whose system opens no tar. archiver is loaded by the first one. */
import { Readable } from 'node:stream';
import type { Entry } from './tar.ts';

/**
 * The archive, as it is asked for; one file at a time.
 * @throws what reading throws, and when a file gives another number of bytes than it promised.
 */
export async function* zip(entries: readonly Entry[]): AsyncGenerator<Uint8Array> {
  const { ZipArchive } = await import('archiver');
  const archive = new ZipArchive({ store: true });
  let open: Readable | null = null;
  const fill = async () => {
    for (const entry of entries) {
      // Begun before its header: while nothing has been sent, a file that can't be read still gets a proper answer.
      const source = Readable.from(await begun(exactly(entry)), { objectMode: false });
      open = source;
      const done = new Promise<void>((resolve, reject) => {
        archive.once('entry', () => resolve());
        source.once('error', reject);
        archive.once('close', () => reject(new Error('the archive was closed')));
      });
      archive.append(source, { name: entry.name, date: new Date(entry.mtimeMs), mode: 0o644 });
      await done;
    }
    await archive.finalize();
  };
  archive.on('warning', (warning: Error) => archive.destroy(warning));
  const filled = fill().catch((error: Error) => void archive.destroy(error));
  try {
    yield* archive as AsyncIterable<Uint8Array>;
  } finally {
    archive.destroy();
    (open as Readable | null)?.destroy();
    await filled;
  }
}

async function* exactly({ name, size, read }: Entry): AsyncGenerator<Uint8Array> {
  let length = 0;
  for await (const piece of read()) {
    length += piece.length;
    yield piece;
  }
  if (length !== size) throw new Error(`${name} has not the ${size} bytes that it had`);
}

/** The same pieces, the first of which is there already. */
async function begun(pieces: AsyncGenerator<Uint8Array>): Promise<AsyncGenerator<Uint8Array>> {
  const first = await pieces.next();
  return (async function* () {
    try {
      if (first.done) return;
      yield first.value;
      yield* pieces;
    } finally {
      await pieces.return(undefined);
    }
  })();
}
