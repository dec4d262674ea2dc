/** Recordings by the Elastix API: what its document can't say. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { atFileEnd } from '../support/folder.ts';
import { type ElastixBox, openElastix } from './elastix-box.ts';

const atEnd = atFileEnd();
let opened: Promise<ElastixBox & { readonly key: string }> | undefined;
/** One box for all questions that change nothing. */
function shared() {
  opened ??= openElastix({}, atEnd).then(async (box) => ({ ...box, key: await box.makeKey('admin') }));
  return opened;
}

describe('getwavfile', () => {
  const NAME = '20210422-010150-1619082110-Internal-205-204+1.wav';

  test('gives a recording by each of its names, by GET, POST and HEAD, and notes it', async () => {
    const { daemon, ask, makeKey } = await openElastix();
    const key = await makeKey('monitor');
    mkdirSync(`${daemon.folder}/recordings/20210422`);
    writeFileSync(`${daemon.folder}/recordings/20210422/${NAME}`, 'RIFFsound');
    const encoded = encodeURIComponent(NAME);
    for (const name of [
      `/2021/04/22/${encoded}`,
      `2021/04/22/${encoded}`,
      `/2021/04/21/${encoded}`,
      `20210422/${encoded}`,
      `/2021/04/22/${NAME}`,
    ]) {
      const got = await ask(key, `?cmd=getwavfile&name=${name}`);
      expect({ name, ...got }).toMatchObject({
        name,
        status: 200,
        type: 'application/octet-stream',
        text: 'RIFFsound',
      });
      expect(got.headers.get('content-length')).toBe('9');
      expect(got.headers.get('content-disposition')).toMatch(/^attachment; filename="20210422-010150-/);
    }
    expect((await ask(key, '?cmd=getwavfile', { name: `/2021/04/22/${NAME}` })).text).toBe('RIFFsound');
    const head = await ask(key, `?cmd=getwavfile&name=/2021/04/22/${encoded}`, undefined, { method: 'HEAD' });
    expect(head).toMatchObject({ status: 200, text: '' });
    expect(head.headers.get('content-length')).toBe('9');
    const { json_array_audit: lines } = (await daemon.json('/cgi/webserve/30018?limit=5')) as Record<string, unknown[]>;
    expect(lines).toContainEqual(expect.objectContaining({ action: 'recording.played', who: 'key:crm1' }));
  });

  test('gives one that lies in no folder, as the day and the name of its record put it together', async () => {
    const { daemon, ask, makeKey } = await openElastix();
    writeFileSync(`${daemon.folder}/recordings/out-205-204.wav`, 'RIFFflat');
    const got = await ask(await makeKey('monitor'), '?cmd=getwavfile&name=/2021/04/22/out-205-204.wav');
    expect(got).toMatchObject({ status: 200, text: 'RIFFflat' });
  });

  test.each([
    '',
    '/',
    '/2021/04/22/',
    '/2021/04/22/..',
    '/2021/04/22/../../state/cdrd.db',
    '/../state/cdrd.db',
    '//etc/passwd',
    '..%2f..%2fetc%2fpasswd',
    '/2021/04/22/.hidden.wav',
    '/2021/04/22/a%00.wav',
    '/2021/04/22/a%0d%0aX:1.wav',
    '/2021/04/22/a.txt',
    '.trash/a.wav',
    `/2021/04/22/${'x'.repeat(300)}.wav`,
  ])('says of %s that there is no such file, in the words of its document', async (name) => {
    const { ask, key } = await shared();
    expect(await ask(key, `?cmd=getwavfile&name=${name}`)).toMatchObject({
      status: 404,
      type: 'application/json',
      text: '{"status": "File not found", "code": 404}',
    });
  });

  test('says that another medium has it, where one has', async () => {
    const { daemon, ask, makeKey } = await openElastix();
    const work = vi.spyOn(daemon.store, 'work');
    work.mockImplementation((async (_: string, { paths }: { readonly paths: readonly string[] }) => {
      const path = paths.find((each) => each === '20210422/a.wav');
      return path ? { path, id: 7, seenAt: 1_619_082_110 } : null;
    }) as never);
    const key = await makeKey('monitor');
    const { status, text } = await ask(key, '?cmd=getwavfile&name=/2021/04/22/a.wav');
    expect(status).toBe(503);
    expect(text).toMatch(/^\{"status": "20210422\/a.wav lies on another recording medium [^"]*", "code": 503\}$/);
    expect((await ask(key, '?cmd=getwavfile&name=/2021/04/22/b.wav')).status).toBe(404);
  });

  test('says that the medium is away, where it is', async () => {
    const { ask, makeKey } = await openElastix({ CDRD_RECORDINGS_REQUIRE_MOUNT: 'yes' });
    const { status, text } = await ask(await makeKey('monitor'), '?cmd=getwavfile&name=/2021/04/22/a.wav');
    expect(status).toBe(503);
    expect(text).toMatch(/^\{"status": "[^"]*(medium|mount)[^"]*", "code": 503\}$/);
  });
});
