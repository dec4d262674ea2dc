/** The worker for file work when the medium hangs: nobody waits twice, no more than two threads hang, and it comes back. */
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { ReplyFile } from '../../cgi/reply.ts';
import type { FileClient } from '../../daemon/recordings/file-client.ts';
import { createRecordingFiles } from '../../daemon/recordings/files.ts';
import {
  ARCHIVE_BYTES,
  LARGE_ARCHIVES_MAX,
  PROOF_MS,
  READ_BYTES,
  READERS_MAX,
  ROOMS_BYTES,
  SPARE_MS,
} from '../../daemon/recordings/limits.ts';
import { createStepClient, createThreads } from '../../daemon/recordings/step-client.ts';
import { temporaryFolder } from '../support/folder.ts';
import { stopwatch } from '../support/stopwatch.ts';
import { pause, until } from './helper.ts';
import { FILE_WORKER, type Medium, openClient, placeOf } from './trash-rig.ts';

const PATH = '20210329/a.wav';

function open(options: Parameters<typeof openClient>[2] = {}) {
  const base = temporaryFolder();
  const dir = join(base, 'monitor');
  mkdirSync(join(dir, '20210329'), { recursive: true });
  writeFileSync(join(dir, PATH), Buffer.alloc(READ_BYTES * 3, 7));
  const medium: Medium = { state: 'mounted', sweeps: 0 };
  const client = openClient(dir, medium, options);
  onTestFinished(() => client.close());
  return { base, dir, medium, client, files: createRecordingFiles(client) };
}

/**
 * Whether a thread is in the pipe's open already: one that is ended between the flag and that call doesn't hang. Where the
 * kernel tells nobody what a thread waits for, nothing is known and the flag must do.
 */
function waitsInKernel(): boolean {
  const waits = readdirSync('/proc/self/task').map((task) => {
    try {
      return readFileSync(`/proc/self/task/${task}/wchan`, 'utf8');
    } catch {
      return '0'; // it has ended
    }
  });
  return waits.every((each) => each === '0') || waits.includes('wait_for_partner');
}

/** The real worker whose looks (or reads) block in the kernel while `flag` exists: terminate() can't end such a thread. */
function hangingWorker(base: string, call: 'lstatSync' | 'readSync') {
  const pipe = join(base, 'pipe');
  const flag = join(base, 'hang');
  execFileSync('mkfifo', [pipe]);
  const file = join(base, 'worker.mjs');
  writeFileSync(
    file,
    `import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
const real = fs.${call};
fs.${call} = (...args) => {
  if (fs.existsSync(${JSON.stringify(flag)})) {
    fs.writeFileSync(${JSON.stringify(`${flag}s`)}, '');
    fs.closeSync(fs.openSync(${JSON.stringify(pipe)}, 'r'));
  }
  return real(...args);
};
syncBuiltinESMExports();
await import(${JSON.stringify(FILE_WORKER.href)});
`,
  );
  const release = () => {
    rmSync(flag, { force: true });
    // Lets every reader go on, and stays open for those who saw the flag and are not there yet.
    openSync(pipe, constants.O_RDWR);
  };
  onTestFinished(release);
  return {
    worker: pathToFileURL(file),
    hang: () => writeFileSync(flag, ''),
    hangs: () => existsSync(`${flag}s`) && waitsInKernel(),
    release,
  };
}

async function collect(bytes: AsyncIterable<Uint8Array>): Promise<number> {
  let length = 0;
  for await (const piece of bytes) length += piece.length;
  return length;
}

test('one that waits for a deadline is enough: all others are told at once, until the watcher has proven the medium', async () => {
  const base = temporaryFolder();
  const hanging = hangingWorker(base, 'lstatSync');
  const { files, medium, client } = open({ worker: hanging.worker, deadlineMs: 2_000 });
  expect(await files.look([PATH])).toHaveLength(1);
  hanging.hang();
  const took = stopwatch();
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => files.look([PATH])));
  expect(results.every((each) => each.status === 'rejected' && each.reason.code === 'storage_offline')).toBe(true);
  expect(took()).toBeLessThan(3_900); // one deadline, not twenty
  const again = stopwatch();
  await expect(files.look([PATH])).rejects.toMatchObject({ code: 'storage_offline' });
  medium.sweeps += 1; // the sweep that was under way when it hung
  await expect(files.look([PATH])).rejects.toMatchObject({ code: 'storage_offline' });
  expect(again()).toBeLessThan(100);
  hanging.release();
  medium.sweeps += 1;
  expect(await files.look([PATH])).toHaveLength(1);
  expect(client.depth()).toBe(0);
});

test('a read that hangs breaks the answer off', async () => {
  const base = temporaryFolder();
  const hanging = hangingWorker(base, 'readSync');
  const { files } = open({ worker: hanging.worker, deadlineMs: 2_000 });
  const [file] = await files.look([PATH]);
  if (!file) throw new Error('the file is not there');
  const bytes = file.read(0, file.size - 1)[Symbol.asyncIterator]();
  expect((await bytes.next()).value).toHaveLength(READ_BYTES);
  hanging.hang();
  // One piece is read ahead: it may have been before the medium hung. There are more behind it.
  const rest = bytes.next().then(() => bytes.next());
  await expect(rest).rejects.toMatchObject({ code: 'storage_offline' });
});

test('a drawing whose read hangs is told so like all others', async () => {
  const base = temporaryFolder();
  const hanging = hangingWorker(base, 'readSync');
  const { files, medium } = open({ worker: hanging.worker, deadlineMs: 15_000, waitMs: 300 });
  const [file] = await files.look([PATH]);
  if (!file) throw new Error('the file is not there');
  hanging.hang();
  medium.state = 'slow';
  await expect(files.peaks(file, 400)[Symbol.asyncIterator]().next()).rejects.toMatchObject({
    code: 'storage_offline',
  });
  hanging.release();
});

test('of a slow medium nobody waits for the long deadline before he is told; of one that answers he waits his turn', async () => {
  const base = temporaryFolder();
  const hanging = hangingWorker(base, 'lstatSync');
  const { files, medium, client } = open({ worker: hanging.worker, deadlineMs: 15_000, waitMs: 300 });
  hanging.hang();
  const waiting = files.look([PATH]);
  waiting.catch(() => {});
  await pause(700); // twice as long: the medium counts as well until the watcher says otherwise
  medium.state = 'slow';
  await expect(waiting).rejects.toMatchObject({
    code: 'storage_offline',
    message: expect.stringMatching(/takes over 0.3 s/),
  });
  expect(client.depth()).toBe(1); // the step goes on without him
  hanging.release();
  await until('the end of the step', () => client.depth() === 0);
  medium.state = 'mounted';
  expect(await files.look([PATH])).toHaveLength(1);
});

test('both workers of a medium together leave two hung threads at most', async () => {
  const base = temporaryFolder();
  const hanging = hangingWorker(base, 'lstatSync');
  const { dir } = open();
  const threads = createThreads();
  const make = () =>
    createStepClient({
      worker: hanging.worker,
      threads,
      deadlineMs: 1_000,
      slowMs: 500,
      late: () => () => {},
      settings: { dir, requireMount: 'no', mountinfo: '/proc/self/mountinfo', blockDevices: '/sys/dev/block' },
    });
  const clients = [make(), make()];
  onTestFinished(() => {
    for (const client of clients) client.close();
  });
  hanging.hang();
  for (let round = 0; round < 4; round++) {
    const asked = clients.flatMap((client) => [client.ask([{ step: { kind: 'look', paths: [PATH] } }])]);
    await Promise.allSettled(asked);
    expect(threads.hung.size).toBeLessThanOrEqual(2);
  }
  expect(threads.hung.size).toBe(2);
  expect(clients.reduce((sum, client) => sum + client.made(), 0)).toBe(2);
  const took = stopwatch();
  await expect(clients[0]?.ask([{ step: { kind: 'look', paths: [PATH] } }])).rejects.toThrow('does not answer');
  expect(took()).toBeLessThan(100);
  hanging.release();
  await until('the threads', () => threads.hung.size === 0);
  expect(await clients[1]?.ask([{ step: { kind: 'look', paths: [PATH] } }])).toMatchObject({
    answers: [{ medium: { state: 'mounted' } }],
  });
});

test('ended in the middle of a step, it counts as hanging until its thread has ended', async () => {
  const base = temporaryFolder();
  const hanging = hangingWorker(base, 'lstatSync');
  const threads = createThreads();
  const client = createStepClient({
    worker: hanging.worker,
    threads,
    deadlineMs: 60_000,
    slowMs: 300,
    late: () => () => {},
    settings: {
      dir: open().dir,
      requireMount: 'no',
      mountinfo: '/proc/self/mountinfo',
      blockDevices: '/sys/dev/block',
    },
  });
  hanging.hang();
  const step = client.ask([{ step: { kind: 'look', paths: [PATH] } }]);
  step.catch(() => {});
  await until('the hanging step', hanging.hangs);
  client.close();
  await expect(step).rejects.toThrow('closed');
  expect(await threads.stuck(200)).toBe(true);
  hanging.release();
  expect(await threads.stuck(10_000)).toBe(false);
});

test('while one thread hangs, the other worker’s steps take turns and none is refused', async () => {
  const base = temporaryFolder();
  const hanging = hangingWorker(base, 'lstatSync');
  const threads = createThreads();
  const first = open({ worker: hanging.worker, deadlineMs: 1_000, threads });
  const second = open({ threads });
  const third = open({ threads });
  hanging.hang();
  await expect(first.files.look([PATH])).rejects.toMatchObject({ code: 'storage_offline' });
  expect(threads.hung.size).toBe(1);
  const looks = [second, third].flatMap(({ files }) => Array.from({ length: 20 }, () => files.look([PATH])));
  expect((await Promise.all(looks)).flat()).toHaveLength(40);
});

test('the worker is made on first use, and ended when it is idle', async () => {
  const { client, files } = open({ idleMs: 200 });
  expect(client.alive()).toBe(false);
  const [file] = await files.look([PATH]);
  expect(client.alive()).toBe(true);
  await until('the end of the worker', () => !client.alive(), 3_000);
  expect(await collect(file?.read(1, READ_BYTES * 2) ?? (async function* () {})())).toBe(READ_BYTES * 2);
});

test('readers are bounded, and one that ends makes room', async () => {
  const { files } = open();
  const [file] = await files.look([PATH]);
  if (!file) throw new Error('the file is not there');
  const readers = Array.from({ length: READERS_MAX }, () => file.read(0, file.size - 1)[Symbol.asyncIterator]());
  await Promise.all(readers.map((reader) => reader.next()));
  await expect(file.read(0, 1)[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'busy' });
  await readers[0]?.return?.();
  expect(await collect(file.read(0, 1))).toBe(2);
});

describe('an archive’s files', () => {
  const NONE = { before: 0, after: 0 };
  /** Forty files of 10 KB, and how often the medium was asked. */
  async function several(options: Parameters<typeof openClient>[2] = {}) {
    const opened = open(options);
    let steps = 0;
    const client: FileClient = {
      ...opened.client,
      ask: (step, memory) => {
        steps += 1;
        return opened.client.ask(step, memory);
      },
    };
    const paths = Array.from({ length: 40 }, (_, n) => `20210329/${n + 10}.wav`);
    for (const [n, path] of paths.entries()) writeFileSync(join(opened.dir, path), Buffer.alloc(10_000, n));
    const files = createRecordingFiles(client);
    const looked = (await files.look(paths)).map((file) => file as ReplyFile);
    steps = 0;
    return { ...opened, files, looked, paths, steps: () => steps };
  }

  test('come many at a time, each in its place', async () => {
    const { files, looked, steps } = await several();
    let at = 0;
    for await (const { bytes, parts } of files.readAll(looked, () => ({ before: 3, after: 2 })))
      for (const part of parts) {
        expect(part).toMatchObject({ index: at, length: 10_000, first: true, last: true });
        expect(Buffer.alloc(10_000, at).equals(bytes.subarray(part.at, part.at + part.length))).toBe(true);
        at += 1;
      }
    expect(at).toBe(40);
    expect(steps()).toBe(1);
  });

  test.each([
    ['shrinks', (path: string) => truncateSync(path, 5)],
    ['goes', (path: string) => rmSync(path)],
    ['is written again', (path: string) => utimesSync(path, 1, 1)],
  ])('of which one %s: those before it come, then it is told', async (_, change) => {
    const { files, looked, dir, paths } = await several();
    change(join(dir, paths[7] ?? ''));
    const got: number[] = [];
    const reading = async () => {
      for await (const { parts } of files.readAll(looked, () => NONE)) got.push(...parts.map(({ index }) => index));
    };
    await expect(reading()).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('17.wav') });
    expect(got).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  test('of which one grows: its beginning is what was promised', async () => {
    const { files, looked, dir, paths } = await several();
    appendFileSync(join(dir, paths[7] ?? ''), 'more');
    const lengths: number[] = [];
    for await (const { parts } of files.readAll(looked, () => NONE)) lengths.push(...parts.map(({ length }) => length));
    expect(lengths).toEqual(looked.map(() => 10_000));
  });

  test('on a slow medium come as they are read: no step is as long as the deadline', async () => {
    // A quarter of a second a file: forty take ten, of a deadline of two.
    const base = temporaryFolder();
    const slow = join(base, 'slow.mjs');
    writeFileSync(
      slow,
      `import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
const real = fs.readSync;
fs.readSync = (...args) => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 250);
  return real(...args);
};
syncBuiltinESMExports();
await import(${JSON.stringify(FILE_WORKER.href)});
`,
    );
    const { files, looked, steps } = await several({ worker: pathToFileURL(slow), deadlineMs: 2_000 });
    let got = 0;
    for await (const { parts } of files.readAll(looked.slice(0, 12), () => NONE)) got += parts.length;
    expect(got).toBe(12);
    expect(steps()).toBeGreaterThanOrEqual(4);
  });

  test('that nobody wants any more are not read on', async () => {
    const { files, looked, steps, dir } = await several();
    for (let n = 0; n < 8; n++) writeFileSync(join(dir, `20210329/big${n}.wav`), Buffer.alloc(ARCHIVE_BYTES));
    const big = (await files.look(Array.from({ length: 8 }, (_, n) => `20210329/big${n}.wav`))) as ReplyFile[];
    const before = steps();
    for await (const { bytes } of files.readAll([...big, ...looked], () => NONE)) {
      expect(bytes.length).toBe(ARCHIVE_BYTES);
      break;
    }
    await pause(100);
    expect(steps() - before).toBeLessThanOrEqual(2);
  });

  test('have large pieces for the first few archives only, so that all together hold no more than is told', async () => {
    const { files, dir } = await several();
    writeFileSync(join(dir, '20210329/big.wav'), Buffer.alloc(ARCHIVE_BYTES * 2));
    const [big] = await files.look(['20210329/big.wav']);
    const begin = () => files.readAll([big as ReplyFile], () => NONE)[Symbol.asyncIterator]();
    const archives = Array.from({ length: LARGE_ARCHIVES_MAX + 1 }, begin);
    const sizes = await Promise.all(archives.map(async (each) => (await each.next()).value?.bytes.length));
    expect(sizes).toEqual([...Array<number>(LARGE_ARCHIVES_MAX).fill(ARCHIVE_BYTES), READ_BYTES]);
    await archives[0]?.return?.();
    const later = begin();
    expect((await later.next()).value?.bytes).toHaveLength(ARCHIVE_BYTES);
    for (const each of [...archives, later]) await each.return?.();
  });
});

/**
 * The real worker, told each time that the medium is proven, and made slow: so many milliseconds a read.
 * @param clock `messages`: one by which a message comes long behind the last and takes no time, however busy the machine is.
 */
function watchedWorker(readMs: number, clock: 'own' | 'messages' = 'own') {
  const base = temporaryFolder();
  const file = join(base, 'watched.mjs');
  const told = join(base, 'proofs');
  const gate = join(base, 'gate');
  writeFileSync(told, '');
  writeFileSync(
    file,
    `import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { parentPort } from 'node:worker_threads';
const { existsSync, readFileSync, readSync } = fs;
if (${clock === 'messages'}) {
  let now = 0;
  performance.now = () => now;
  const post = parentPort.postMessage.bind(parentPort);
  parentPort.postMessage = (...args) => {
    post(...args);
    now += ${PROOF_MS * 10};
  };
}
const sleep = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
let reads = 0;
fs.readFileSync = (path, ...rest) => {
  if (path === '/proc/self/mountinfo') fs.appendFileSync(${JSON.stringify(told)}, '.');
  return readFileSync(path, ...rest);
};
fs.readSync = (...args) => {
  if (${readMs} > 0) sleep(${readMs});
  if (existsSync(${JSON.stringify(gate)})) reads += 1;
  for (let looks = 0; reads > 0 && !existsSync(${JSON.stringify(gate)} + '/' + reads) && looks < 4000; looks++) sleep(5);
  return readSync(...args);
};
syncBuiltinESMExports();
await import(${JSON.stringify(FILE_WORKER.href)});
`,
  );
  return {
    worker: pathToFileURL(file),
    proofs: () => statSync(told).size,
    /** From now on a read waits until it is let through. */
    hold: () => mkdirSync(gate),
    /** @param read The first is 1. */
    let: (read: number) => writeFileSync(join(gate, String(read)), ''),
  };
}

const ALL = { from: 0, length: Number.MAX_SAFE_INTEGER };

describe('what is asked for at a time', () => {
  test('goes in one message, for which the medium is proven once', async () => {
    const { worker, proofs } = watchedWorker(0, 'messages');
    const { files } = open({ worker });
    await files.look([PATH]);
    const before = proofs();
    const looked = await Promise.all(Array.from({ length: 30 }, () => files.look([PATH])));
    expect(looked.flat().filter((file) => file?.size === READ_BYTES * 3)).toHaveLength(30);
    expect(proofs() - before).toBe(1);
  });

  test('holds no memory while it waits, and the whole of a message no more than it may', async () => {
    const hanging = hangingWorker(temporaryFolder(), 'lstatSync');
    const { client } = open({ worker: hanging.worker });
    await client.ask({ kind: 'look', paths: [PATH] });
    let taken = 0;
    const take = () => {
      taken += 1;
      return new ArrayBuffer(READ_BYTES);
    };
    const ask = () =>
      client.ask({ kind: 'open', path: PATH, from: 0, length: READ_BYTES }, { bytes: READ_BYTES, take });
    hanging.hang();
    const asked = Array.from({ length: READERS_MAX }, ask);
    await until('the first message', hanging.hangs);
    expect(taken).toBe(ROOMS_BYTES / READ_BYTES);
    hanging.release();
    const answers = await Promise.all(asked);
    expect(answers.map(({ value }) => value.filled)).toEqual(Array<number>(READERS_MAX).fill(READ_BYTES));
    expect(taken).toBe(READERS_MAX); // what a turn was too short for keeps what it has got
  });

  test('is proven once more behind what says that something isn’t there, and each is told of its own', async () => {
    const { worker, proofs } = watchedWorker(0);
    const { files } = open({ worker });
    await files.look([PATH]);
    await pause(PROOF_MS * 2);
    const before = proofs();
    const asked = [PATH, '20210329/none.wav', '../secret.wav', PATH].map((path) => files.look([path], ALL));
    const [first, none, outside, last] = await Promise.allSettled(asked);
    expect(first).toMatchObject({ value: [{ size: READ_BYTES * 3 }] });
    expect(none).toMatchObject({ value: [null] });
    expect(outside).toMatchObject({ reason: { code: 'invalid' } });
    expect(last).toMatchObject({ value: [{ size: READ_BYTES * 3 }] });
    expect(proofs() - before).toBeGreaterThanOrEqual(2); // more where the machine was too busy for one message
  });

  test('or right behind one another has one proof together, unless it changes something', async () => {
    const { worker, proofs } = watchedWorker(0);
    const { files, client } = open({ worker });
    await files.look([PATH]);
    const [before, begin] = [proofs(), performance.now()];
    for (let n = 0; n < 50; n += 1) expect(await files.look([PATH], ALL)).toMatchObject([{ size: READ_BYTES * 3 }]);
    const most = (performance.now() - begin) / PROOF_MS + 1;
    const after = proofs();
    expect(after - before).toBeLessThanOrEqual(most);
    await client.ask({ kind: 'list' });
    expect(proofs() - after).toBe(2); // before it and behind it
  });

  test('is answered as it comes where the medium is slow: nobody waits for those behind him', async () => {
    const { worker, hold, let: letThrough } = watchedWorker(100);
    const { files } = open({ worker });
    await files.look([PATH]);
    hold();
    let answered = 0;
    const asked = Array.from({ length: 5 }, async () => {
      const [file] = await files.look([PATH], ALL);
      expect(file?.ready?.(0, READ_BYTES - 1)).toHaveLength(READ_BYTES);
      answered += 1;
    });
    for (let n = 1; n <= asked.length; n += 1) {
      letThrough(n);
      await asked[n - 1];
      expect(answered).toBe(n); // in the order asked
    }
  });
});

describe('a file that is opened for its reader', () => {
  test('comes with its first bytes, and goes on from there', async () => {
    const { files, dir } = open();
    const sound = Buffer.from(Array.from({ length: READ_BYTES + 100 }, (_, n) => n % 251));
    writeFileSync(join(dir, PATH), sound);
    const [file] = await files.look([PATH], { from: 40, length: Number.MAX_SAFE_INTEGER });
    expect(file?.ready?.(40, READ_BYTES + 99)).toBeNull(); // not all of it
    const got: Buffer[] = [];
    for await (const piece of file?.read(40, READ_BYTES + 99) ?? []) got.push(Buffer.from(piece));
    expect(got.map(({ length }) => length)).toEqual([READ_BYTES, 60]);
    expect(Buffer.concat(got).equals(sound.subarray(40))).toBe(true);
    const [part] = await files.look([PATH], { from: 7, length: 5 });
    expect(Buffer.from(part?.ready?.(7, 11) ?? []).equals(sound.subarray(7, 12))).toBe(true);
    part?.close?.();
    expect(part?.ready?.(7, 11)).toBeNull();
  });

  test('is read from anywhere else as if it had not been', async () => {
    const { files } = open();
    const [file] = await files.look([PATH], ALL);
    expect(await collect(file?.read(5, 9) ?? (async function* () {})())).toBe(5);
    expect(await collect(file?.read(0, READ_BYTES * 2) ?? (async function* () {})())).toBe(READ_BYTES * 2 + 1);
  });

  test('that changes then is not gone on with', async () => {
    const { files, dir } = open();
    const [file] = await files.look([PATH], ALL);
    truncateSync(join(dir, PATH), READ_BYTES + 1);
    await expect(collect(file?.read(0, READ_BYTES * 3 - 1) ?? (async function* () {})())).rejects.toMatchObject({
      code: 'conflict',
    });
  });

  test('of no byte, or asked for behind its end, is there all the same', async () => {
    const { files, dir } = open();
    writeFileSync(join(dir, '20210329/empty.wav'), '');
    const [empty] = await files.look(['20210329/empty.wav'], ALL);
    expect(empty).toMatchObject({ size: 0 });
    const [beyond] = await files.look([PATH], { from: READ_BYTES * 3, length: 1 });
    expect(beyond).toMatchObject({ size: READ_BYTES * 3 });
    expect(beyond?.ready).toBeUndefined();
  });

  test('through a link is refused, with nothing of it read', async () => {
    const { files, dir, base } = open();
    writeFileSync(join(base, 'secret.wav'), 'secret');
    symlinkSync(join(base, 'secret.wav'), join(dir, '20210329/link.wav'));
    await expect(files.look(['20210329/link.wav'], ALL)).rejects.toMatchObject({ code: 'invalid' });
  });

  test('counts as read until it is closed, and its memory is given back when nobody reads', async () => {
    const { files } = open();
    const held = await Promise.all(Array.from({ length: READERS_MAX }, () => files.look([PATH], ALL)));
    const before = process.memoryUsage().arrayBuffers;
    const [late] = await files.look([PATH], ALL);
    expect(late?.ready).toBeUndefined();
    await expect(late?.read(0, 1)[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'busy' });
    for (const [file] of held) file?.close?.();
    for (const [file] of held) file?.close?.(); // harmless
    expect(await collect(late?.read(0, 1) ?? (async function* () {})())).toBe(2);
    const given = () => before - process.memoryUsage().arrayBuffers;
    await until('the memory', () => given() > (READERS_MAX - 8) * READ_BYTES, SPARE_MS * 3);
  });
});

test('a medium that is another one breaks the answer off', async () => {
  const { files, dir } = open();
  const [file] = await files.look([PATH]);
  if (!file) throw new Error('the file is not there');
  const bytes = file.read(0, file.size - 1)[Symbol.asyncIterator]();
  await bytes.next();
  rmSync(dir, { recursive: true });
  await pause(20);
  mkdirSync(join(dir, '20210329'), { recursive: true });
  writeFileSync(join(dir, PATH), Buffer.alloc(READ_BYTES * 3));
  // One piece is read ahead: it may have been before. There is one more behind it.
  await expect(bytes.next().then(() => bytes.next())).rejects.toBeInstanceOf(Error);
});

test('a step is for the medium that was proven when it was asked for, also when its turn comes on another', async () => {
  const { client, dir, medium, base } = open();
  const path = join(dir, PATH);
  medium.place = placeOf(dir);
  expect((await client.ask({ kind: 'look', paths: [PATH] })).value).toHaveLength(1);
  const asked = [client.ask({ kind: 'look', paths: [] }), client.ask({ kind: 'remove', paths: [PATH] })];
  // Exchanged before its turn; the watcher has seen the other one by then, so what it says now is no help.
  renameSync(dir, join(base, 'pulled'));
  mkdirSync(join(dir, '20210329'), { recursive: true });
  writeFileSync(path, 'another call');
  medium.place = placeOf(dir);
  const [, removed] = await Promise.allSettled(asked);
  expect(removed).toMatchObject({ status: 'rejected', reason: { code: 'storage_offline' } });
  expect(readFileSync(path, 'utf8')).toBe('another call');
  expect((await client.ask({ kind: 'remove', paths: [PATH] })).value).toEqual([12]);
});

test('a folder so young that its birth doesn’t show yet stays the same when the trash is made in it', async () => {
  const { client, dir } = open();
  const files = createRecordingFiles(client);
  // Birth and change fall into one tick of the kernel's clock, if need be after some tries.
  for (let tries = 0; ; tries++) {
    rmSync(dir, { recursive: true });
    mkdirSync(dir);
    const { birthtimeMs, ctimeMs } = statSync(dir);
    if (birthtimeMs === ctimeMs) break;
    if (tries > 100) throw new Error('the birth always shows');
  }
  const before = await client.ask({ kind: 'look', paths: [] });
  await pause(50);
  expect((await client.ask({ kind: 'folder', folder: '1-00000000', make: true })).value).toBe('');
  const after = await client.ask({ kind: 'look', paths: [] });
  expect(after.medium.place).toBe(before.medium.place);
  expect(await files.look([PATH])).toEqual([null]);
});
