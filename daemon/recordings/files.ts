/** The files of the medium for those who download them: looked at before anything is sent, then read in stretches. */
import type { RecordingFiles } from '../../cgi/recording/port.ts';
import { CgiError, type ReplyFile } from '../../cgi/reply.ts';
import { pathFault } from '../../storage/model/recording-path.ts';
import type { FileClient } from './file-client.ts';
import type { SeenFile } from './file-protocol.ts';
import { BATCH_FILES, READ_BYTES, READERS_MAX, SPARE_MAX } from './limits.ts';

export function createRecordingFiles(client: FileClient): RecordingFiles {
  let readers = 0;
  /** Memory of reads that are over. */
  const spare: ArrayBuffer[] = [];

  const give = (room: ArrayBuffer) => {
    if (spare.length < SPARE_MAX) spare.push(room);
  };

  async function stretch(file: SeenFile, from: number, to: number): Promise<Uint8Array<ArrayBuffer>> {
    const room = spare.pop() ?? new ArrayBuffer(READ_BYTES);
    const { value } = await client.ask({ kind: 'read', file, from, to, room });
    if (!value) throw new CgiError('conflict', `${file.path} changed while it was read`);
    return value;
  }

  async function* read(file: SeenFile, from: number, to: number): AsyncGenerator<Uint8Array> {
    if (readers >= READERS_MAX) throw new CgiError('busy', `${READERS_MAX} recordings are being read already`);
    readers += 1;
    let ahead: Promise<Uint8Array<ArrayBuffer>> | null = null;
    try {
      let at = from;
      while (at <= to) {
        const bytes = await (ahead ?? stretch(file, at, to));
        at += bytes.length;
        // While the one is sent the next is read, and no more than that.
        ahead = at <= to ? stretch(file, at, to) : null;
        ahead?.catch(() => {}); // told when it is asked for
        yield bytes;
        give(bytes.buffer);
      }
    } finally {
      readers -= 1;
      ahead?.then(({ buffer }) => give(buffer)).catch(() => {});
    }
  }

  return {
    async look(paths) {
      for (const path of paths) refuse(path, pathFault(path));
      const found: (ReplyFile | null)[] = [];
      for (let at = 0; at < paths.length || at === 0; at += BATCH_FILES) {
        const batch = paths.slice(at, at + BATCH_FILES);
        const { value, medium } = await client.ask({ kind: 'look', paths: batch });
        value.forEach((looked, index) => {
          const path = batch[index] ?? '';
          if (looked === 'outside') refuse(path, 'leads out of the recordings folder');
          else if (looked === 'missing') found.push(null);
          else {
            const file = { path, size: looked.size, mtimeMs: looked.mtimeMs, identity: medium.identity };
            found.push({ size: file.size, mtimeMs: file.mtimeMs, read: (from, to) => read(file, from, to) });
          }
        });
      }
      return found;
    },
  };
}

/** @throws {CgiError} `invalid` when there is a fault. */
function refuse(path: string, fault: string): void {
  if (fault) throw new CgiError('invalid', `the path ${JSON.stringify(path.slice(0, 100))} ${fault}`);
}
