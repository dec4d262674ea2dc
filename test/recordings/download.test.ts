/** 20036, 20054 and /recordings over a whole daemon: what clients get, byte for byte, and what they get when things fail. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, renameSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { READERS_MAX } from '../../daemon/recordings/limits.ts';
import { eventually, logIn, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { atFileEnd, temporaryFolder } from '../support/folder.ts';
import { stopwatch } from '../support/stopwatch.ts';
import { pause, pcmWav } from './helper.ts';

const CGI = '/cgi/webserve';
const A = '20210329/20210329-001004-1617005404-CallBack-44-202-820(102).wav';
const B = '20210329/20210329-000719-1617005239-CallBack-44-202-820(601).wav';
const PLUS = '20210329/20210329-000800-1617005280-Outbound-42-202-+4930123.wav';
const BLANK = '20210330/holiday song.wav';
const WIDE = '20210330/Grüße 你好.wav';
const LONG = `20210330/${'long-'.repeat(40)}.wav`;
const ODD = '20210330/odd.wav';
const ALL = [A, B, PLUS, BLANK, WIDE, LONG, ODD];
const MTIME = Date.UTC(2021, 2, 29, 8, 10, 4) / 1000;

let daemon: TestDaemon;
let token: string;
const atEnd = atFileEnd();
beforeAll(async () => {
  daemon = await startDaemon({}, { atEnd });
  token = await logIn(daemon.url, 'monitor');
  for (const [n, path] of ALL.entries()) put(daemon, path, path === ODD ? Buffer.from('odd') : pcmWav(n + 1));
  await mounted(daemon);
});

function put({ folder }: TestDaemon, path: string, bytes: Buffer): void {
  const file = join(folder, 'recordings', path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, bytes);
  utimesSync(file, MTIME, MTIME);
}

const bytesOf = (path: string) => readFileSync(join(daemon.folder, 'recordings', path));

async function mounted({ json }: TestDaemon): Promise<void> {
  await eventually(async () => ((await json('/healthz'))['recordings'] as { state: string }).state === 'mounted');
}

const wanted = (paths: readonly string[]) => paths.map(encodeURIComponent).join('%3B');
const download = (query: string) => daemon.get(`${CGI}/20036?${query}`);

/** Unpacks it with the system's own program. */
async function unpacked(answer: Response, format: 'tar' | 'zip') {
  const folder = temporaryFolder();
  const archive = join(folder, `archive.${format}`);
  const bytes = Buffer.from(await answer.arrayBuffer());
  writeFileSync(archive, bytes);
  mkdirSync(join(folder, 'out'));
  const env = { ...process.env, LC_ALL: 'C.UTF-8', TZ: 'UTC' };
  if (format === 'tar') execFileSync('tar', ['xf', archive, '-C', join(folder, 'out')], { env });
  else execFileSync('unzip', ['-q', archive, '-d', join(folder, 'out')], { env });
  return { archive, env, bytes, read: (name: string) => readFileSync(join(folder, 'out', name)) };
}

describe('20036', () => {
  test('is a tar that tar lists, named by the box’s clock, its length told ahead, byte for byte', async () => {
    const answer = await download(`wavfiles=${wanted(ALL)}`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/x-tar');
    expect(answer.headers.get('content-disposition')).toMatch(
      /^attachment; filename="AutoMonitor-20\d\d(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\d\d\.\d{6}\.tar"/,
    );
    const { archive, env, bytes, read } = await unpacked(answer, 'tar');
    expect(Number(answer.headers.get('content-length'))).toBe(bytes.length);
    const listed = execFileSync('tar', ['tvf', archive, '--quoting-style=literal'], { env, encoding: 'utf8' });
    expect(listed.trim().split('\n')).toEqual(
      ALL.map((path) => {
        const size = String(bytesOf(path).length);
        return expect.stringMatching(new RegExp(`^-rw-r--r-- 0/0 +${size} 2021-03-29 08:10 ${escaped(path)}$`));
      }),
    );
    for (const path of ALL) expect(read(path).equals(bytesOf(path)), path).toBe(true);
  });

  test('is a zip that unzip accepts', async () => {
    const answer = await download(`wavefiles=${wanted(ALL)}&format=zip`);
    expect(answer.headers.get('content-type')).toBe('application/zip');
    const announced = Number(answer.headers.get('content-length'));
    expect(answer.headers.get('content-disposition')).toMatch(/filename="AutoMonitor-\w+\.\d{6}\.zip"/);
    const { archive, env, read, bytes } = await unpacked(answer, 'zip');
    expect(announced).toBe(bytes.length);
    const listed = execFileSync('unzip', ['-Z', '-T', archive], { env, encoding: 'utf8' });
    expect(listed).toMatch(/^-rw-r--r-- .* stor 20210329\.081004 2021/m);
    const tested = execFileSync('unzip', ['-t', archive], { env, encoding: 'utf8' });
    expect(tested).toContain('No errors detected');
    expect(execFileSync('unzip', ['-v', archive], { env, encoding: 'utf8' })).not.toContain('Defl');
    for (const path of ALL) expect(read(path).equals(bytesOf(path)), path).toBe(true);
  });

  test('takes the paths as the guide’s clients send them: raw, with a + not encoded, with blanks of a broken line', async () => {
    const raw = `20210329 /20210329-001004-1617005404-CallBack-44-202-820(1 02).wav;${PLUS};${BLANK}`;
    const { read } = await unpacked(await download(`wavfiles=${raw.replaceAll(' ', '%20')}`), 'tar');
    for (const path of [A, PLUS, BLANK]) expect(read(path).equals(bytesOf(path)), path).toBe(true);
  });

  test('takes thousands by POST, each once', async () => {
    const many = Array.from(
      { length: 1_500 },
      (_, n) => `20210401/20210401-000000-16172${n + 10_000}-Internal-202-204.wav`,
    );
    for (const [n, path] of many.entries()) {
      put(daemon, path, Buffer.from(path));
      // The loop runs on: a connection kept alive must not be found closed by what is asked next.
      if (n % 100 === 0) await pause(0);
    }
    const answer = await daemon.get(`${CGI}/20036`, {
      method: 'POST',
      body: new URLSearchParams({ wavefiles: [...many, ...many].join(';') }),
    });
    const { read, archive } = await unpacked(answer, 'tar');
    expect(execFileSync('tar', ['tf', archive], { encoding: 'utf8' }).trim().split('\n')).toHaveLength(many.length);
    for (const path of many) expect(read(path).toString()).toBe(path);
  });

  test('names the first that has gone; skipmissing=1 sends the rest and says which', async () => {
    const paths = [A, '20210329/gone.wav', B, '20210329/gone too.wav'];
    const refused = await download(`wavefiles=${wanted(paths)}`);
    expect(refused.status).toBe(404);
    expect(await refused.json()).toEqual({
      error: { code: 'not_found', parameter: 'wavefiles', message: '20210329/gone.wav is not there' },
    });
    for (const format of ['tar', 'zip'] as const) {
      const { read } = await unpacked(
        await download(`wavefiles=${wanted(paths)}&skipmissing=1&format=${format}`),
        format,
      );
      expect(read('MISSING.txt').toString()).toBe('20210329/gone.wav\r\n20210329/gone too.wav\r\n');
      expect(read(A).equals(bytesOf(A))).toBe(true);
      expect(read(B).equals(bytesOf(B))).toBe(true);
    }
  });

  test('a line break in a name that was asked for forges no line of MISSING.txt', async () => {
    const paths = [A, '20210329/gone.wav\r\nnever.wav', '20210329/also\u2028gone.wav'];
    const { read } = await unpacked(await download(`wavefiles=${wanted(paths)}&skipmissing=1`), 'tar');
    const text = read('MISSING.txt').toString();
    expect(text).toBe('20210329/gone.wav%0D%0Anever.wav\r\n20210329/also%E2%80%A8gone.wav\r\n');
  });

  test.each(['../state/cdrd.db', '../secret.wav', '/etc/passwd', '.trash/x.wav', '20210329/out.wav', 'a\\..\\b.wav'])(
    '%s is refused with nothing sent, also among others and with skipmissing',
    async (path) => {
      const link = join(daemon.folder, 'recordings/20210329/out.wav');
      if (path.endsWith('out.wav')) symlinkSync(join(daemon.folder, 'state/cdrd.db'), link);
      const answer = await download(`wavefiles=${wanted([A, path, B])}&skipmissing=1`);
      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject({ error: { code: 'invalid', parameter: 'wavefiles' } });
      const deletion = await daemon.get(`${CGI}/20054?wavefiles=${wanted([A, path])}`);
      expect(deletion.status).toBe(400);
      expect(bytesOf(A).length).toBeGreaterThan(0);
    },
  );

  test.each(['', 'wavefiles=', 'wavefiles=;;', `wavefiles=${A}&format=rar`, `wavefiles=${A}&skipmissing=yes`])(
    '%j is refused by name',
    async (query) => expect((await download(query)).status).toBe(400),
  );
});

const escaped = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

describe('/recordings', () => {
  const address = (path: string) => `/recordings/${path.split('/').map(encodeURIComponent).join('/')}`;
  const fetched = (path: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
    daemon.get(address(path), { ...init, headers });

  test('serves a file whole, with what players and caches need', async () => {
    const answer = await fetched(WIDE);
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'audio/wav',
      'content-length': String(bytesOf(WIDE).length),
      'accept-ranges': 'bytes',
      'last-modified': 'Mon, 29 Mar 2021 08:10:04 GMT',
      etag: expect.stringMatching(/^"[a-z0-9]+-[a-z0-9]+"$/),
      'content-disposition': `inline; filename="Gr__e __.wav"; filename*=UTF-8''Gr%C3%BC%C3%9Fe%20%E4%BD%A0%E5%A5%BD.wav`,
      'cache-control': 'private, no-cache',
      'x-content-type-options': 'nosniff',
    });
    expect(Buffer.from(await answer.arrayBuffer()).equals(bytesOf(WIDE))).toBe(true);
    expect((await fetched(A)).headers.get('content-disposition')).toMatch(/^inline; filename="2021/);
    const saved = await daemon.get(`${address(A)}?download=1`);
    expect(saved.headers.get('content-disposition')).toMatch(/^attachment; /);
    await saved.arrayBuffer();
  });

  test('HEAD says the same and sends nothing', async () => {
    const get = await fetched(A);
    const head = await fetched(A, {}, { method: 'HEAD' });
    const ofConnection = ['date', 'connection', 'keep-alive'];
    const without = (answer: Response) => [...answer.headers].filter(([name]) => !ofConnection.includes(name));
    expect(without(head)).toEqual(without(get));
    expect((await head.arrayBuffer()).byteLength).toBe(0);
    expect((await get.arrayBuffer()).byteLength).toBe(bytesOf(A).length);
  });

  test('a player begins, seeks and goes on: the parts are the file’s', async () => {
    const whole = bytesOf(LONG);
    const begin = await fetched(LONG, { Range: 'bytes=0-' });
    expect(begin.status).toBe(206);
    expect(begin.headers.get('content-range')).toBe(`bytes 0-${whole.length - 1}/${whole.length}`);
    const reader = begin.body?.getReader();
    const first = Buffer.from((await reader?.read())?.value ?? []);
    expect(first.equals(whole.subarray(0, first.length))).toBe(true);
    await reader?.cancel(); // it seeks: the rest is not wanted
    const etag = begin.headers.get('etag') ?? '';
    for (const at of [44 + 16_000, whole.length - 1_000]) {
      const part = await fetched(LONG, { Range: `bytes=${at}-`, 'If-Range': etag });
      expect(part.status).toBe(206);
      expect(Buffer.from(await part.arrayBuffer()).equals(whole.subarray(at))).toBe(true);
    }
    const some = await fetched(LONG, { Range: 'bytes=100-199' });
    expect(some.headers.get('content-length')).toBe('100');
    expect(Buffer.from(await some.arrayBuffer()).equals(whole.subarray(100, 200))).toBe(true);
    const other = await fetched(LONG, { Range: 'bytes=100-199', 'If-Range': '"other"' });
    expect([other.status, (await other.arrayBuffer()).byteLength]).toEqual([200, whole.length]);
    const beyond = await fetched(LONG, { Range: `bytes=${whole.length}-` });
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, `bytes */${whole.length}`]);
    const again = await fetched(LONG, { 'If-None-Match': etag });
    expect([again.status, again.headers.get('etag'), (await again.arrayBuffer()).byteLength]).toEqual([304, etag, 0]);
  });

  test('answers without the file’s bytes, or with others than were read ahead, take no reader’s place', async () => {
    const etag = (await fetched(A, {}, { method: 'HEAD' })).headers.get('etag') ?? '';
    const size = bytesOf(A).length;
    for (let n = 0; n <= READERS_MAX; n += 1) {
      const answers = await Promise.all([
        fetched(A, {}, { method: 'HEAD' }),
        fetched(A, { 'If-None-Match': etag }),
        fetched(A, { Range: `bytes=${size}-` }),
        fetched(A, { Range: 'bytes=-7' }),
        fetched(A, { Range: 'bytes=100-199', 'If-Range': '"other"' }),
      ]);
      expect(answers.map(({ status }) => status)).toEqual([200, 304, 416, 206, 200]);
      const lengths = await Promise.all(answers.map(async (answer) => (await answer.arrayBuffer()).byteLength));
      expect(lengths).toEqual([0, 0, 0, 7, size]);
    }
  });

  test('asks who it is: nobody 401, an API key of another number 403, cookie and bearer 200', async () => {
    const status = async (headers: Record<string, string>) => {
      const answer = await fetch(daemon.url + address(A), { headers });
      await answer.arrayBuffer();
      return answer.status;
    };
    expect(await status({})).toBe(401);
    expect(await status({ Authorization: 'Bearer x' })).toBe(401);
    expect(await status({ Cookie: `cdrd_session=${token}` })).toBe(200);
    expect(await status({ Authorization: `Bearer ${token}` })).toBe(200);
  });

  test.each([
    ['/recordings/', 400],
    ['/recordings/20210329', 400],
    ['/recordings/20210329/none.wav', 404],
    ['/recordings/..%2Fstate%2Fcdrd.db', 400],
    ['/recordings/20210329/%2e%2e/%2e%2e/secret.wav', 400],
    ['/recordings/%2Fetc%2Fpasswd', 400],
    ['/recordings/.trash/x.wav', 400],
    ['/recordings/20210329/a%00.wav', 400],
    ['/recordings/20210329/%ff.wav', 400],
    ['/recordings/20210329/%252e%252e%252fsecret.wav', 404],
    [`${address(A)}?download=2`, 400],
    [`${address(A)}?colour=1`, 400],
  ])('%s answers %i', async (path, status) => {
    // As it stands: fetch would resolve the dots.
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(daemon.url).port) });
    onTestFinished(() => void socket.destroy());
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`);
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    await once(socket, 'close');
    expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });

  test('POST is refused', async () => {
    const answer = await fetched(A, {}, { method: 'POST' });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });
});

describe('20054', () => {
  test('moves into the trash what 20053 listed, and says what it did', async () => {
    const own = await startDaemon();
    const paths = [A, B, PLUS];
    for (const path of paths) put(own, path, pcmWav(1));
    const listed = async () => {
      const answer = await own.json(`${CGI}/20053?startdate=2021-03-01 00:00`);
      return (answer['json_array_recordings'] as { path: string }[]).map(({ path }) => path).sort();
    };
    await eventually(async () => (await listed()).length === 3);
    const gone = '20210329/gone.wav';
    const done = await own.json(`${CGI}/20054?wavefiles=${wanted([A, gone, B])}`);
    expect(done).toEqual({
      result: 'success',
      deleted: 2,
      missing: [gone],
      freed: 2 * pcmWav(1).length,
      undo: expect.stringMatching(/^[\w-]{24}$/),
    });
    expect(Object.keys(done)).toEqual(['result', 'deleted', 'missing', 'freed', 'undo']);
    expect(await listed()).toEqual([PLUS]);
    expect((await own.get(`/recordings/${A}`)).status).toBe(404);
    const purged = await own.json(`${CGI}/20054?wavefiles=${wanted([PLUS])}&purge=1`);
    expect(purged).toMatchObject({ deleted: 1, undo: '' });
    expect(await own.json(`${CGI}/20054?wavefiles=${wanted([gone])}`)).toEqual({
      result: 'success',
      deleted: 0,
      missing: [gone],
      freed: 0,
      undo: '',
    });
    const { rows } = await own.store
      .ask('deletions', { kind: 'recording', limit: 9 })
      .then((deletions) => ({ rows: deletions.map(({ state, count }) => [state, count]) }));
    expect(rows).toEqual([
      ['erased', 1],
      ['deleted', 2],
    ]);
  });
});

describe('while the medium is away', () => {
  test('everything says so at once', async () => {
    const own = await startDaemon();
    put(own, A, pcmWav(1));
    await mounted(own);
    const recordings = join(own.folder, 'recordings');
    renameSync(recordings, `${recordings}.away`);
    await eventually(async () => ((await own.json('/healthz'))['recordings'] as { state: string }).state !== 'mounted');
    const took = stopwatch();
    for (const path of [
      `${CGI}/20036?wavefiles=${wanted([A])}`,
      `${CGI}/20054?wavefiles=${wanted([A])}`,
      `/recordings/${A}`,
    ]) {
      const answer = await own.get(path);
      expect(answer.status).toBe(503);
      expect(await answer.json()).toMatchObject({ error: { code: 'storage_offline' } });
    }
    expect(took()).toBeLessThan(1_000);
    renameSync(`${recordings}.away`, recordings);
    await mounted(own);
    expect((await own.get(`/recordings/${A}`)).status).toBe(200);
  });
});

describe('an answer under way', () => {
  const BIG = '20210402/big.wav';
  const BYTES = 200 * 1024 * 1024;
  let own: TestDaemon;
  let path: string;
  const atEnd = atFileEnd();
  beforeAll(async () => {
    own = await startDaemon({}, { atEnd });
    put(own, BIG, Buffer.from('RIFF'));
    path = join(own.folder, 'recordings', BIG);
    await mounted(own);
  });
  /** Sparse: it costs no disk. */
  const prepare = () => {
    truncateSync(path, BYTES);
    utimesSync(path, MTIME, MTIME);
  };

  const TARGETS: readonly (readonly [what: string, target: string])[] = [
    ['tar', `${CGI}/20036?wavefiles=${BIG}`],
    ['zip', `${CGI}/20036?wavefiles=${BIG}&format=zip`],
    ['single file', `/recordings/${BIG}`],
  ];

  /** Asks and reads no more than the beginning. */
  async function begun(target: string): Promise<{ socket: Socket; head: string }> {
    const bearer = await logIn(own.url, 'admin');
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(own.url).port) });
    onTestFinished(() => void socket.destroy());
    socket.on('error', () => {});
    socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${bearer}\r\n\r\n`);
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    socket.pause();
    return { socket, head: chunk.toString('latin1') };
  }

  const steps = async () => {
    const text = await (await own.get('/metrics')).text();
    return Number(/^cdrd_file_steps (\d+)$/m.exec(text)?.[1]);
  };

  test.each(TARGETS)('%s: a file that shrinks breaks it off, and the client sees that', async (_, target) => {
    prepare();
    const { socket, head } = await begun(target);
    expect(head).toMatch(/^HTTP\/1\.1 200 /);
    truncateSync(path, 1_000_000);
    let received = head.length;
    socket.on('data', (chunk: Buffer) => {
      received += chunk.length;
    });
    socket.resume();
    await once(socket, 'close');
    expect(received).toBeLessThan(BYTES);
    const announced = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
    expect(announced).toBeGreaterThanOrEqual(BYTES);
    await eventually(async () => (await steps()) === 0);
  });

  test.each(TARGETS)(
    '%s: a slow client keeps nothing busy, and one that goes away ends the reading',
    async (_, target) => {
      prepare();
      const before = process.memoryUsage().rss;
      const { socket } = await begun(target);
      await eventually(async () => (await steps()) === 0); // it waits for the client, and reads nothing ahead
      const read = socket.bytesRead;
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(socket.bytesRead).toBe(read);
      expect(await steps()).toBe(0);
      expect(process.memoryUsage().rss - before).toBeLessThan(60 * 1024 * 1024);
      socket.destroy();
      await eventually(async () => (await steps()) === 0);
      expect(own.log.filter((line) => line.includes('a request failed') && line.includes('the client'))).toEqual([]);
    },
  );
});
