/** Recordings' files over a medium that a test plays: rights of a single file's address, and what fails before a byte is sent. */
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Known } from '../../cgi/access/session.ts';
import { dispatch } from '../../cgi/dispatch.ts';
import type { Entry } from '../../cgi/recording/entry.ts';
import { playRecording } from '../../cgi/recording/play.ts';
import type { Margins, Piece, RecordingFiles } from '../../cgi/recording/port.ts';
import { tar, tarSize } from '../../cgi/recording/tar.ts';
import { fitsZip, zip, zipSize } from '../../cgi/recording/zip.ts';
import { CgiError, type ReplyFile } from '../../cgi/reply.ts';
import type { Services } from '../../cgi/verb.ts';
import { temporaryFolder } from '../support/folder.ts';
import { openBox } from './box.ts';

const PATH = '20210329/a.wav';

/** @param read What reading any file gives. */
function medium(read: ReplyFile['read'], size = 3): RecordingFiles {
  return {
    look: async (paths) => paths.map((path) => (path.includes('gone') ? null : { size, mtimeMs: 0, read })),
    readAll,
    peaks: () => {
      throw new Error('nobody draws here');
    },
  };
}

/** Every piece of a file in one of its own, with its margins full of rubbish. */
async function* readAll(
  files: readonly ReplyFile[],
  margins: (index: number) => Margins,
): AsyncGenerator<Piece, void, undefined> {
  for (const [index, file] of files.entries()) {
    const { before, after } = margins(index);
    let done = 0;
    const piece = (bytes: Uint8Array): Piece => {
      const first = done === 0;
      done += bytes.length;
      const last = done === file.size;
      const at = first ? before : 0;
      const parts = [{ index, at, length: bytes.length, first, last }];
      if (!first && !last) return { bytes: bytes as Piece['bytes'], parts };
      const all = new Uint8Array(at + bytes.length + (last ? after : 0)).fill(0xee);
      all.set(bytes, at);
      return { bytes: all, parts };
    };
    if (file.size === 0) yield piece(new Uint8Array());
    else for await (const bytes of file.read(0, file.size - 1)) yield piece(bytes);
  }
}

async function* pieces(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

async function* failing(error: Error, ...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  yield* pieces(...texts);
  throw error;
}

describe('a single file’s address', () => {
  const as = (known: Known | null) => {
    const keys = { find: () => known } as unknown as Services['keys'];
    const { services } = openBox({ ports: { keys, recordingFiles: medium(() => pieces('abc')) } });
    return playRecording({ path: PATH, query: '', token: known && 'key', address: '' }, services);
  };
  const key = (numbers: readonly number[] | null): Known => ({
    user: 'crm',
    role: 'monitor',
    numbers: numbers && new Set(numbers),
    scopes: new Set(),
  });

  test('is for whoever may call 20036', async () => {
    expect(await as(key(null))).toMatchObject({ kind: 'file', filename: 'a.wav', type: 'audio/wav' });
    expect(await as(key([20036]))).toMatchObject({ kind: 'file' });
    await expect(as(key([20053]))).rejects.toMatchObject({ code: 'denied' });
    await expect(as(null)).rejects.toMatchObject({ code: 'login' });
  });
});

describe.each(['tar', 'zip'] as const)('a %s', (format) => {
  const ask = async (recordingFiles: RecordingFiles, query = '') => {
    const { services } = openBox({ ports: { recordingFiles } });
    const token = services.sessions.begin({ user: 'monitor', role: 'monitor' }).token;
    const reply = await dispatch(
      {
        number: '20036',
        query: `wavefiles=${PATH};b.wav&format=${format}${query}`,
        body: async () => '',
        token,
        address: '',
      },
      services,
    );
    if (reply.kind !== 'archive') throw new Error(reply.kind);
    return reply;
  };
  const all = async (bytes: AsyncIterable<Uint8Array>) => {
    const got: Uint8Array[] = [];
    for await (const piece of bytes) got.push(piece);
    return Buffer.concat(got);
  };

  test('whose first file can’t be read fails before its first byte', async () => {
    const { bytes } = await ask(medium(() => failing(new CgiError('busy', 'too many'))));
    await expect(bytes[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'busy' });
  });

  test('of which a file fails ends with an error, never as a whole one', async () => {
    const { bytes } = await ask(medium(() => failing(new Error('EIO'), 'ab')));
    await expect(all(bytes)).rejects.toThrow();
  });

  test('that nobody wants any more ends the reading', async () => {
    let ended = 0;
    async function* read(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield Buffer.alloc(65_536);
      } finally {
        ended += 1;
      }
    }
    const { bytes } = await ask(medium(read, 1e9));
    let got = 0;
    for await (const piece of bytes) {
      got += piece.length;
      if (got > 1_000_000) break;
    }
    expect(ended).toBe(1);
  });

  test('of nothing but missing files holds their list', async () => {
    const { services } = openBox({ ports: { recordingFiles: medium(() => pieces('abc')) } });
    const token = services.sessions.begin({ user: 'monitor', role: 'monitor' }).token;
    const query = `wavefiles=gone.wav&skipmissing=1&format=${format}`;
    const reply = await dispatch({ number: '20036', query, body: async () => '', token, address: '' }, services);
    if (reply.kind !== 'archive') throw new Error(reply.kind);
    expect((await all(reply.bytes)).toString('latin1')).toContain('gone.wav\r\n');
  });
});

test.each([
  ['tar', tar, tarSize, 512],
  ['zip', zip, zipSize, 1],
] as const)(
  'a %s’s length is known before it is made, whatever its names and sizes are',
  async (_, make, sizeOf, block) => {
    const names = [
      'a.wav',
      `${'d'.repeat(90)}/${'n'.repeat(100)}.wav`,
      `x/${'n'.repeat(200)}.wav`,
      'ü.wav',
      '9'.repeat(95),
    ];
    const entries = names.flatMap((name) =>
      [0, 1, 511, 512, 513].map((size): Entry => {
        const text = 'x'.repeat(size);
        const file: ReplyFile = { size, mtimeMs: -5, read: () => pieces(text) };
        return { name, size, mtimeMs: -5, content: size === 511 ? Buffer.from(text) : file };
      }),
    );
    let length = 0;
    for await (const piece of make(entries, { readAll })) length += piece.length;
    expect(length).toBe(sizeOf(entries));
    expect(length % block).toBe(0);
  },
);

test('a zip of over 4 GB, and of no file, is one that unzip and Python read', async () => {
  const folder = temporaryFolder();
  const GB = 1024 ** 3;
  const zeros = Buffer.alloc(16 * 1024 * 1024);
  async function* read(size: number): AsyncGenerator<Uint8Array> {
    for (let left = size; left > 0; left -= zeros.length) yield zeros.subarray(0, Math.min(left, zeros.length));
  }
  const sizes = [4 * GB - 2, 5, 3];
  const entries = sizes.map((size, n): Entry => {
    const content: ReplyFile = { size, mtimeMs: 1e12, read: () => read(size) };
    return { name: `${n}.wav`, size, mtimeMs: 1e12, content };
  });
  const file = join(folder, 'far.zip');
  const fd = openSync(file, 'w');
  let at = 0;
  // Sparse: what is only zeros is skipped.
  for await (const piece of zip(entries, { readAll })) {
    if (piece.length !== zeros.length) writeSync(fd, piece, 0, piece.length, at);
    at += piece.length;
  }
  closeSync(fd);
  expect(at).toBe(zipSize(entries));
  const list =
    'import sys,zipfile\nfor i in zipfile.ZipFile(sys.argv[1]).infolist(): print(i.filename, i.file_size, i.header_offset)';
  const listed = execFileSync('python3', ['-c', list, file], { encoding: 'utf8' }).trim().split('\n');
  expect(listed.map((line) => line.split(' ').slice(0, 2))).toEqual(sizes.map((size, n) => [`${n}.wav`, String(size)]));
  expect(Number(listed[2]?.split(' ')[2])).toBeGreaterThan(4 * GB);
  expect(execFileSync('unzip', ['-t', file, '1.wav', '2.wav'], { encoding: 'utf8' })).toContain('No errors detected');
  expect(sizes.map((size) => fitsZip({ size } as Entry))).toEqual([true, true, true]);
  expect(fitsZip({ size: 4 * GB - 1 } as Entry)).toBe(false);

  const none: Uint8Array[] = [];
  for await (const piece of zip([], { readAll })) none.push(piece);
  expect(Buffer.concat(none)).toHaveLength(22);
}, 60_000);
