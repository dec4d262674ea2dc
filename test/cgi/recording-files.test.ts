/** Recordings' files over a medium that a test plays: rights of a single file's address, and what fails before a byte is sent. */
import { describe, expect, test } from 'vitest';
import type { Known } from '../../cgi/access/session.ts';
import { dispatch } from '../../cgi/dispatch.ts';
import { playRecording } from '../../cgi/recording/play.ts';
import type { RecordingFiles } from '../../cgi/recording/port.ts';
import { type Entry, tar, tarSize } from '../../cgi/recording/tar.ts';
import { zip } from '../../cgi/recording/zip.ts';
import { CgiError, type ReplyFile } from '../../cgi/reply.ts';
import type { Services } from '../../cgi/verb.ts';
import { openBox } from './box.ts';

const PATH = '20210329/a.wav';

/** @param read What reading any file gives. */
function medium(read: ReplyFile['read'], size = 3): RecordingFiles {
  return { look: async (paths) => paths.map((path) => (path.includes('gone') ? null : { size, mtimeMs: 0, read })) };
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
    return playRecording({ path: PATH, query: '', token: known && 'key' }, services);
  };
  const key = (numbers: readonly number[] | null): Known => ({
    user: 'crm',
    role: 'monitor',
    numbers: numbers && new Set(numbers),
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

  test.each([
    ['fails', () => failing(new Error('EIO'), 'ab')],
    ['is shorter than promised', () => pieces('ab')],
    ['is longer than promised', () => pieces('ab', 'cd')],
  ])('of which a file %s ends with an error, never as a whole one', async (_, read) => {
    const { bytes } = await ask(medium(read));
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

test('a tar’s length is known before it is made, whatever its names and sizes are', async () => {
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
      return { name, size, mtimeMs: -5, read: () => pieces(text) };
    }),
  );
  let length = 0;
  for await (const piece of tar(entries)) length += piece.length;
  expect(length).toBe(tarSize(entries));
  expect(length % 512).toBe(0);
});

test('a zip of no file is one', async () => {
  let length = 0;
  for await (const piece of zip([])) length += piece.length;
  expect(length).toBe(22);
});
