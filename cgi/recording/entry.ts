/** What goes into an archive, and its bytes as they are read: several files in one piece of memory, with room for headers. */
import type { ReplyFile } from '../reply.ts';
import type { Margins, Part, Piece, RecordingFiles } from './port.ts';

export interface Entry {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly mtimeMs: number;
  /** A file of the medium, or a text of ours of `size` bytes. */
  readonly content: ReplyFile | Uint8Array;
}

/**
 * The entries' bytes in order. The first are there before anything is given: while nothing has been sent, a file that
 * can't be read still gets a proper answer.
 * @param margins What an archive puts around each entry, by its index.
 * @throws what {@link RecordingFiles.readAll} throws.
 */
export async function* readEntries(
  entries: readonly Entry[],
  files: Pick<RecordingFiles, 'readAll'>,
  margins: (index: number) => Margins,
): AsyncGenerator<Piece> {
  for (let index = 0; index < entries.length; ) {
    const begin = index;
    const run: ReplyFile[] = [];
    for (let content = entries[index]?.content; content && !isText(content); content = entries[++index]?.content)
      run.push(content);
    if (run.length > 0) {
      for await (const { bytes, parts } of files.readAll(run, (at) => margins(begin + at)))
        yield { bytes, parts: parts.map((part) => ({ ...part, index: begin + part.index })) };
    }
    const text = entries[index]?.content;
    if (text && isText(text)) yield textPiece(text, index, margins(index++));
  }
}

function isText(content: Entry['content']): content is Uint8Array {
  return content instanceof Uint8Array;
}

function textPiece(text: Uint8Array, index: number, { before, after }: Margins): Piece {
  const bytes = new Uint8Array(before + text.length + after);
  bytes.set(text, before);
  const part: Part = { index, at: before, length: text.length, first: true, last: true };
  return { bytes, parts: [part] };
}
