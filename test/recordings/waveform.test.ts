/** 30048 over a whole daemon, and its bounds over a worker that a test plays. */
import { mkdirSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { ReplyFile } from '../../cgi/reply.ts';
import type { FileClient } from '../../daemon/recordings/file-client.ts';
import { createRecordingFiles } from '../../daemon/recordings/files.ts';
import { WAVEFORMS_MAX } from '../../daemon/recordings/limits.ts';
import { eventually, logIn, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { atFileEnd } from '../support/folder.ts';
import { gsmWav, pcmWav } from './helper.ts';

const A = '20210329/20210329-001004-1617005404-CallBack-44-202-820(102).wav';
const GSM = '20210329/20210329-000719-1617005239-Internal-202-203.wav';
const TEXT = '20210329/text.wav';
const MTIME = Date.UTC(2021, 2, 29, 8, 10, 4) / 1000;

describe('30048', () => {
  let daemon: TestDaemon;
  let token: string;
  const atEnd = atFileEnd();
  beforeAll(async () => {
    daemon = await startDaemon({}, { atEnd });
    token = await logIn(daemon.url, 'monitor');
    put(A, pcmWav(8));
    put(GSM, gsmWav(50));
    put(TEXT, Buffer.from('text'));
    await mounted();
  });
  const mounted = () =>
    eventually(async () => ((await daemon.json('/healthz'))['recordings'] as { state: string }).state === 'mounted');

  function put(path: string, bytes: Buffer): void {
    const file = join(daemon.folder, 'recordings', path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
    utimesSync(file, MTIME, MTIME);
  }

  const ask = (query: string, headers: Record<string, string> = {}) =>
    fetch(`${daemon.url}/cgi/webserve/30048?&${query}`, { headers: { Authorization: `Bearer ${token}`, ...headers } });
  const of = (path: string) => `wavefile=${encodeURIComponent(path)}`;

  test('gives monitor as many parts as asked for, and why there are none', async () => {
    const answer = await ask(`${of(A)}&parts=8`);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
    expect(await answer.json()).toEqual({
      seconds: 8,
      coding: 'PCM 16 bit',
      exact: true,
      peaks: Array(8).fill(1), // of the helper's sound: 257 of 32,768
    });
    expect(((await (await ask(of(A))).json()) as { peaks: number[] }).peaks).toHaveLength(400);
    expect(await (await ask(of(GSM))).json()).toEqual({
      seconds: 2,
      coding: 'GSM',
      exact: false,
      peaks: [],
      why: "sound of this kind (GSM) can't be drawn",
    });
    expect(await (await ask(of(TEXT))).json()).toMatchObject({ seconds: 0, peaks: [], why: expect.any(String) });
  });

  test('a browser that has it is told only that it holds still, until the file is another', async () => {
    const first = await ask(of(A));
    const etag = first.headers.get('etag') ?? '';
    expect([first.headers.get('cache-control'), etag]).toEqual(['private, no-cache', expect.stringMatching(/^"/)]);
    const again = await ask(of(A), { 'If-None-Match': etag });
    expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', etag]);
    put(A, pcmWav(9));
    const other = await ask(of(A), { 'If-None-Match': etag });
    expect([other.status, ((await other.json()) as { seconds: number }).seconds]).toEqual([200, 9]);
    put(A, pcmWav(8));
  });

  test('names the parameter that is wrong', async () => {
    for (const [query, parameter] of [
      ['', 'wavefile'],
      ['wavefile=', 'wavefile'],
      ['wavefile=../state/secret/x.wav', 'wavefile'],
      ['wavefile=/etc/passwd', 'wavefile'],
      [`${of(A)}&parts=0`, 'parts'],
      [`${of(A)}&parts=1001`, 'parts'],
      [`${of(A)}&parts=1e2`, 'parts'],
      [`${of(A)}&points=4`, 'points'],
    ] as const) {
      const answer = await ask(query);
      expect([query, answer.status]).toEqual([query, 400]);
      expect(((await answer.json()) as { error: object }).error).toMatchObject({ code: 'invalid', parameter });
    }
    expect((await ask(of('20210329/gone.wav'))).status).toBe(404);
    expect((await fetch(`${daemon.url}/cgi/webserve/30048?&${of(A)}`)).status).toBe(401);
  });

  test('says so at once while the medium is away', async () => {
    const recordings = join(daemon.folder, 'recordings');
    renameSync(recordings, `${recordings}.away`);
    onTestFinished(async () => {
      renameSync(`${recordings}.away`, recordings);
      await mounted();
    });
    const answer = await eventually(async () => {
      const tried = await ask(of(A));
      return tried.status === 200 ? null : tried;
    });
    expect(answer.status).toBe(503);
    expect(((await answer.json()) as { error: object }).error).toMatchObject({ code: 'storage_offline' });
  });
});

describe('drawing', () => {
  /** A medium whose steps give a part each, of so many. */
  async function rig(parts: number) {
    const asked: number[] = [];
    const client = {
      async ask(step: { readonly kind: string; readonly from?: number }) {
        const medium = { state: 'mounted', place: '' };
        if (step.kind === 'look') return { value: [{ size: 9, mtimeMs: 1 }], medium };
        const from = step.from ?? 0;
        asked.push(from);
        const next = from + 1 < parts ? from + 1 : null;
        return { value: { seconds: 1, coding: '', exact: true, why: '', peaks: [from], next }, medium };
      },
    } as unknown as FileClient;
    const files = createRecordingFiles(client);
    const [file] = (await files.look([A])) as ReplyFile[];
    if (!file) throw new Error('no file');
    return { asked, begin: () => files.peaks(file, parts)[Symbol.asyncIterator]() };
  }

  test('goes on step by step, and is the client gone so is the reading', async () => {
    const { asked, begin } = await rig(3);
    const whole = begin();
    expect([await whole.next(), await whole.next()].map(({ value }) => value)).toEqual([null, null]);
    expect((await whole.next()).value).toMatchObject({ peaks: [0, 1, 2] });
    const left = begin();
    await left.next();
    await left.return?.();
    expect(asked).toEqual([0, 1, 2, 0]);
  });

  test('is bounded, and one that ends makes room', async () => {
    const { begin } = await rig(2);
    const all = Array.from({ length: WAVEFORMS_MAX }, begin);
    for (const each of all) await each.next();
    await expect(begin().next()).rejects.toMatchObject({ code: 'busy' });
    await all[0]?.return?.();
    expect((await begin().next()).value).toBeNull();
  });
});
