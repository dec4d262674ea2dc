/**
 * How fast recordings are downloaded and what that costs: 1,000 files of 500 KB as tar and zip from the daemon as it ships,
 * beside `tar cf - … | cat`, to nowhere and over loopback; its memory before, at its peak and after; single files a second; and our tar beside archiver's
 * in one process. Run from the repository: `npx tsx test/recordings/archive.bench.ts [FILES] [BYTES]`; bundle first
 * (`OUT=test/.build npm run build`).
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { Agent, request as ask } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Entry } from '../../cgi/recording/entry.ts';
import { tar } from '../../cgi/recording/tar.ts';
import { createRecordingFiles } from '../../daemon/recordings/files.ts';
import { folders, initialPassword, startBox } from '../fault/box.ts';
import { wav } from './helper.ts';
import { openClient } from './trash-rig.ts';

const [, , first = '1000', second = '500000'] = process.argv;
const files = Number(first);
const bytes = Number(second);
const REPEAT = 5;

const place = folders(join('/tmp', `cdrd-archive-${process.pid}`));
const old = new Date('2025-01-01T00:00:00Z');
const paths = Array.from(
  { length: files },
  (_, n) => `20250101/20250101-120000-${1_735_000_000 + n}-Internal-202-204.wav`,
);
const total = (files * bytes) / 1e6;

function memory(pid: number): Record<'VmRSS' | 'VmHWM' | 'RssAnon', number> {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const of = (field: string) => Math.round(Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]) / 102.4) / 10;
  return { VmRSS: of('VmRSS'), VmHWM: of('VmHWM'), RssAnon: of('RssAnon') };
}

const text = ({ VmRSS, VmHWM, RssAnon }: ReturnType<typeof memory>) =>
  `RSS ${VmRSS} (private ${RssAnon}, peak ${VmHWM}) MB`;

async function timed(work: () => Promise<number>): Promise<number> {
  let best = 0;
  for (let n = 0; n < REPEAT; n++) {
    const begin = performance.now();
    const length = await work();
    best = Math.max(best, length / 1e6 / ((performance.now() - begin) / 1000));
  }
  return Math.round(best);
}

/** Reads an answer to its end and throws it away. */
function drained(url: string, token: string, body: string | null, agent?: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = {
      Authorization: `Bearer ${token}`,
      ...(body && { 'Content-Type': 'application/x-www-form-urlencoded' }),
    };
    const request = ask(url, { method: body ? 'POST' : 'GET', headers, ...(agent && { agent }) }, (answer) => {
      if (answer.statusCode !== 200) reject(new Error(`${answer.statusCode}`));
      let length = 0;
      answer.on('data', (chunk: Buffer) => (length += chunk.length));
      answer.once('end', () => resolve(length));
      answer.once('error', reject);
    });
    request.once('error', reject);
    request.end(body ?? undefined);
  });
}

/** archiver keeps pieces for longer than they are good. */
async function* copied(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) yield Buffer.from(piece);
}

async function main(): Promise<void> {
  mkdirSync(join(place.recordings, '20250101'));
  const sound = wav({ sound: bytes - 44 });
  for (const path of paths) {
    writeFileSync(join(place.recordings, path), sound);
    utimesSync(join(place.recordings, path), old, old);
  }
  console.log(`${files} recordings of ${bytes} bytes, Node ${process.version}`);

  const list = join(place.root, 'list');
  writeFileSync(list, paths.join('\n'));
  const native = await timed(async () => {
    const ended = spawnSync('sh', ['-c', `tar cf - -C ${place.recordings} -T ${list} | cat >/dev/null`]);
    if (ended.status !== 0) throw new Error(String(ended.stderr));
    return files * bytes;
  });
  console.log(`tar cf - | cat: ${native} MB/s`);

  const loopback = await timed(async () => {
    const sink = spawn('python3', [
      '-c',
      `import socket
s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True)
c = s.accept()[0]; b = bytearray(262144)
while c.recv_into(b): pass`,
    ]);
    const [port] = (await once(sink.stdout, 'data')) as [Buffer];
    const command = `tar cf - -C ${place.recordings} -T ${list} | cat >/dev/tcp/127.0.0.1/${String(port).trim()}`;
    const ended = spawnSync('bash', ['-c', command]);
    if (ended.status !== 0) throw new Error(String(ended.stderr));
    await once(sink, 'close');
    return files * bytes;
  });
  console.log(`tar cf - | cat over loopback: ${loopback} MB/s`);

  const client = openClient(place.recordings, { state: 'mounted', sweeps: 0 });
  const recordingFiles = createRecordingFiles(client);
  const looked = await recordingFiles.look(paths);
  const entries = looked.map((file, index): Entry => {
    if (!file) throw new Error('gone');
    return {
      name: paths[index] ?? '',
      size: file.size,
      mtimeMs: file.mtimeMs,
      content: file,
    };
  });
  const own = await timed(async () => {
    let length = 0;
    for await (const piece of tar(entries, recordingFiles)) length += piece.length;
    return length;
  });
  const { TarArchive } = await import('archiver');
  const theirs = await timed(async () => {
    const archive = new TarArchive();
    void (async () => {
      for (const { name, size, mtimeMs, content } of entries) {
        if (content instanceof Uint8Array) continue;
        const done = new Promise((resolve) => archive.once('entry', resolve));
        archive.append(Readable.from(copied(content.read(0, size - 1)), { objectMode: false }), {
          name,
          date: new Date(mtimeMs),
          mode: 0o644,
          stats: { size, isFile: () => true, mtime: new Date(mtimeMs) } as never,
        });
        await done;
      }
      await archive.finalize();
    })();
    let length = 0;
    for await (const piece of archive as AsyncIterable<Uint8Array>) length += piece.length;
    return length;
  });
  client.close();
  console.log(`in one process, by the worker: our tar ${own} MB/s, archiver's ${theirs} MB/s`);

  const box = startBox(place, 0);
  try {
    const url = await box.ready;
    const { pid } = box;
    const digest = createHash('md5').update(initialPassword(place, 'admin')).digest('hex');
    const login = await fetch(`${url}/cgi/webserve/8404?UserName=admin&Password=${digest}`);
    const { token } = (await login.json()) as { token: string };
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    console.log(`the daemon before: ${text(memory(pid))}`);
    const body = new URLSearchParams({ wavefiles: paths.join(';') }).toString();
    const form = join(place.root, 'form');
    writeFileSync(form, body);
    for (const format of ['tar', 'zip']) {
      // curl: a client in Node is slower than what it measures.
      const speed = await timed(async () => {
        const url20036 = `${url}/cgi/webserve/20036?format=${format}`;
        const curl = spawn('curl', [
          '-sf',
          '-H',
          `Authorization: Bearer ${token}`,
          '-d',
          `@${form}`,
          '-o',
          '/dev/null',
          url20036,
        ]);
        const [code] = (await once(curl, 'close')) as [number];
        if (code !== 0) throw new Error(`curl ended with ${code}`);
        return files * bytes;
      });
      console.log(
        `${format} of ${total} MB over HTTP: ${speed} MB/s (${(speed / native).toFixed(2)} of tar | cat, ${(speed / loopback).toFixed(2)} over loopback), ${text(memory(pid))}`,
      );
    }
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    let done = 0;
    const begin = performance.now();
    const one = async () => {
      for (; performance.now() - begin < 3_000; done++)
        await drained(`${url}/recordings/${paths[done % files]}`, token, null, agent);
    };
    await Promise.all(Array.from({ length: 8 }, one));
    const seconds = (performance.now() - begin) / 1000;
    console.log(
      `/recordings, 8 clients: ${Math.round(done / seconds)} files/s, ${Math.round((done * bytes) / 1e6 / seconds)} MB/s, ${text(memory(pid))}`,
    );
    agent.destroy();
  } finally {
    box.signal('SIGTERM');
    await box.ended;
    rmSync(place.root, { recursive: true, force: true });
  }
}

await main();
