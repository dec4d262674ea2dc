/**
 * Carries out a guide document: one whole daemon for it, a scripted PBX that sends its packets, a folder with its
 * recordings, and a client that sends its requests as they are written. Data enters as AMI packets and WAV files only.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { wavHeader } from '../simulator/wav.ts';
import { eventually, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { type FakeAmi, type FakeScript, lettingIn, startFakeAmi } from '../support/fake-ami.ts';
import { type AtEnd, temporaryFolder } from '../support/folder.ts';
import { recordFigures } from '../support/outside.ts';
import { compare, fill, type Known, Mismatch, piecesOf, shown } from './compare.ts';
import type { AmiTurn, Answer, AsteriskAnswer, Body, Entry, GuideDocument, Line, Step, Wav } from './document.ts';
import { exchange, type RawAnswer } from './exchange.ts';

const SECRET = 's3cret';

interface AmiClient {
  readonly socket: Socket;
  /** What came and was not looked at yet. */
  heard: string;
}

/** What the recordings folder is called on a box: here it lies somewhere else. */
const MONITOR = '/media/usbStorage/monitor';

/** A box of an installation: daemon, PBX, stick. */
export interface Box {
  readonly pbx: FakeAmi;
  /** What the PBX answers; of several that fit, the last. */
  readonly answers: AsteriskAnswer[];
  readonly daemon: TestDaemon;
  /** Recordings folder. */
  readonly dir: string;
  /** Every recording that was ever laid there, by path. */
  readonly sounds: Map<string, Buffer>;
  readonly known: Known;
  /** Records sent so far. */
  records: number;
  /** The document's AMI client, once it has connected. */
  client: AmiClient | null;
  readonly atEnd: AtEnd;
}

/** A box as a document wants it. */
export async function openBox(
  { zone, settings }: Pick<GuideDocument, 'zone' | 'settings'>,
  atEnd: AtEnd,
): Promise<Box> {
  const answers: AsteriskAnswer[] = [];
  const pbx = await startFakeAmi({ asked: answering(answers) }, atEnd);
  const daemon = await startDaemon(
    {
      CDRD_ASTERISK_HOST: '127.0.0.1',
      CDRD_ASTERISK_PORT: String(pbx.port),
      CDRD_ASTERISK_SECRET: SECRET,
      CDRD_TIME_ZONE: zone,
      ...Object.fromEntries(
        Object.entries(settings).map(([name, value]) => [`CDRD_${name.replace('.', '_').toUpperCase()}`, value]),
      ),
    },
    { atEnd },
  );
  // The guide's own (chapter 3); what the page sets for a program on the LAN.
  await daemon.amiUsers.set({
    name: 'admin',
    secret: 'password',
    read: ['cdr', 'agent'],
    write: [],
    permit: [],
    extras: false,
  });
  await eventually(async () => {
    const { asterisk } = (await daemon.json('/healthz')) as { asterisk: { state: string } };
    return asterisk.state === 'up';
  });
  const dir = `${daemon.folder}/recordings`;
  return { pbx, answers, daemon, dir, sounds: new Map(), known: new Map(), records: 0, client: null, atEnd };
}

/** A PBX that answers as the document says, and what it says nothing of with `Success`. */
function answering(answers: readonly AsteriskAnswer[]): FakeScript['asked'] {
  const others = lettingIn();
  return (request, session, count) => {
    const fits = ({ action, parameters }: AsteriskAnswer) =>
      action === request.get('Action') &&
      Object.entries(parameters).every(([name, value]) => request.get(name) === value);
    const found = answers.findLast(fits);
    if (!found) return others(request, session, count);
    const id = `\r\nActionID: ${request.get('ActionID')}\r\n`;
    session.send(found.packets.map((packet) => packet.replace('\r\n', () => id)).join(''));
  };
}

/** Each step in order. @throws {Mismatch} with file and line where an answer isn't the document's. */
export async function runDocument({ name, steps }: GuideDocument, box: Box): Promise<void> {
  for (const step of steps) await carryOut(step, name, box);
}

function carryOut(step: Step, document: string, box: Box): Promise<void> {
  const where = `${document}:${step.line}`;
  switch (step.kind) {
    case 'ami':
      return send(step.bytes, step.records, box, where);
    case 'asterisk':
      box.answers.push(step.answer);
      return Promise.resolve();
    case 'recordings':
      return lay(step.files, box, where);
    case 'medium':
      return lookAtMedium(step.paths, box, where);
    case 'ami client':
      return converse(step.turns, document, box);
    case 'http':
      return ask(step, document, box);
  }
}

/** Milliseconds that the box may take to say what it must. */
const SAID_MS = 10_000;

/** The document's AMI client, which connects with its first word. */
async function converse(turns: readonly AmiTurn[], document: string, box: Box): Promise<void> {
  box.client ??= openAmiClient(box);
  for (const { from, lines } of turns) {
    const said = lines.map(({ number, text }) => ({ number, text: `${text}\r\n` }));
    if (from === 'client') box.client.socket.write(said.map(({ text }) => text).join(''));
    else await hear(said, document, box, box.client);
  }
}

function openAmiClient({ daemon, atEnd }: Box): AmiClient {
  const socket = connect(daemon.ami.addresses[0]?.port ?? 0, '127.0.0.1');
  atEnd(() => void socket.destroy());
  const client: AmiClient = { socket, heard: '' };
  socket.on('data', (bytes) => {
    client.heard += bytes;
  });
  return client;
}

/** Waits until so many lines have come, and takes them. */
async function hear(said: readonly Line[], document: string, { known, dir }: Box, client: AmiClient): Promise<void> {
  const linesOf = () => client.heard.split(/(?<=\n)/).filter((line) => line.endsWith('\n'));
  await eventually(() => linesOf().length >= said.length, SAID_MS / 1000).catch(() => {
    throw new Mismatch(`${document}:${said[0]?.number}: only this came:\n${shown(client.heard)}`);
  });
  const came = linesOf().slice(0, said.length).join('');
  client.heard = client.heard.slice(came.length);
  compare(document, said, came.replaceAll(dir, MONITOR), known);
}

/** Sends packets and waits until each record is stored, and so all before the last is heard, and no call is open any more. */
async function send(bytes: string, records: number, box: Box, where: string): Promise<void> {
  const { url, log } = box.daemon;
  box.records += records;
  box.pbx.send(bytes);
  await eventually(async () => {
    const { done, open } = await recordFigures(url);
    return done === box.records && open === 0;
  }).catch(async () => {
    const figures = JSON.stringify(await recordFigures(url));
    throw new Mismatch(`${where}: the packets did not become calls: ${figures} of ${box.records}\n${log.join('')}`);
  });
}

/** Writes recordings as MixMonitor leaves them, last changed when their calls ended, and waits until they are indexed. */
async function lay(files: readonly Wav[], { dir, sounds, daemon }: Box, where: string): Promise<void> {
  for (const { path, seconds, now } of files) {
    const bytes = soundOf(path, seconds);
    sounds.set(path, bytes);
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), bytes);
    const answered = Number(/^\d{8}\/\d{8}-\d{6}-(\d{9,10})-/.exec(path)?.[1]);
    if (Number.isNaN(answered)) throw new Mismatch(`${where}: ${path} has no epoch in its name`);
    const ended = now ? Date.now() / 1000 : answered + seconds;
    utimesSync(join(dir, path), ended, ended);
  }
  await eventually(async () => {
    const listed = (await daemon.json('/cgi/webserve/20053?&startdate=2000-01-01 00:00&limit=1000'))[
      'json_array_recordings'
    ] as { path: string }[];
    return files.every(({ path }) => listed.some((recording) => recording.path === path));
  }).catch(() => {
    throw new Mismatch(`${where}: the recordings did not become known\n${daemon.log.join('')}`);
  });
}

/** Each file has sound of its own, so that none can be taken for another. */
function soundOf(path: string, seconds: number): Buffer {
  const length = seconds * 16_000;
  return Buffer.concat([wavHeader(length), Buffer.alloc(length, createHash('sha256').update(path).digest())]);
}

/** The trash lies on the same medium, and is not a recording any more. */
async function lookAtMedium(paths: readonly string[], { dir }: Box, where: string): Promise<void> {
  const there = readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1))
    .filter((path) => !path.startsWith('.'))
    .sort();
  same([...paths].sort(), there, where, 'on the medium lie other recordings');
}

async function ask(
  { line, request, answer }: Extract<Step, { kind: 'http' }>,
  document: string,
  box: Box,
): Promise<void> {
  const where = `${document}:${line}`;
  const filled = fill(request, box.known, where);
  const [head = '', body = ''] = filled.split(/\r\n\r\n(.*)/s);
  const length = /^Content-Length: (\d+)$/im.exec(head.replaceAll('\r', ''))?.[1];
  if (Number(length ?? 0) !== Buffer.byteLength(body))
    throw new Mismatch(`${where}: the body has ${Buffer.byteLength(body)} bytes, Content-Length says ${length ?? 0}`);
  const came = await exchange(Number(new URL(box.daemon.url).port), filled);
  try {
    check(answer, came, document, box);
  } catch (error) {
    if (error instanceof Mismatch) error.message += `\n\n${transcript(filled, came)}`;
    throw error;
  }
}

function check({ status, headers, body }: Answer, came: RawAnswer, document: string, box: Box): void {
  const { known } = box;
  compare(document, [status], came.status, known);
  for (const header of headers) {
    const name = header.text.slice(0, header.text.indexOf(':') + 2);
    const found = came.headers.find((each) => each.startsWith(name));
    if (found === undefined) throw new Mismatch(`${document}:${header.number}: the answer has no header ${name}`);
    compare(document, [header], found, known);
  }
  const type = came.headers.find((header) => header.startsWith('Content-Type: '))?.slice(14) ?? '';
  if (body.kind === 'text') {
    const pieces = piecesOf(body.lines, type);
    compare(document, pieces.length > 0 ? pieces : [{ number: status.number, text: '' }], came.body.toString(), known);
  } else checkBytes(body, came.body, document, box);
}

function checkBytes(body: Exclude<Body, { kind: 'text' }>, came: Buffer, document: string, box: Box): void {
  if (body.kind !== 'wav') {
    checkArchive(body.kind, body.entries, came, document, box);
    return;
  }
  const where = `${document}:${body.line}`;
  const sound = soundNamed(body.path, box, where);
  const expected = sound.subarray(body.from, body.to === null ? sound.length : body.to + 1);
  if (!expected.equals(came))
    throw new Mismatch(`${where}: ${came.length} bytes came that are not these ${expected.length} of ${body.path}`);
}

/** The archive is taken apart by the very programs that a customer has. */
function checkArchive(kind: 'tar' | 'zip', entries: readonly Entry[], came: Buffer, document: string, box: Box): void {
  const folder = mkdtempSync(join(temporaryFolder(box.atEnd), 'archive-'));
  const file = join(folder, `archive.${kind}`);
  writeFileSync(file, came);
  const where = `${document}:${entries[0]?.line ?? 0}`;
  const run = (program: string, ...args: string[]) => {
    try {
      return execFileSync(program, args, { encoding: 'utf8', stdio: 'pipe' });
    } catch (error) {
      throw new Mismatch(`${where}: ${program} refuses the archive: ${(error as Error).message}`);
    }
  };
  let listed: string;
  if (kind === 'tar') {
    listed = run('tar', '-tf', file);
    run('tar', '-xf', file, '-C', folder);
  } else {
    run('unzip', '-tqq', file);
    listed = run('unzip', '-Z1', file);
    run('unzip', '-qq', file, '-d', folder);
  }
  const names = listed.split('\n').filter((name) => name !== '');
  same(
    entries.map(({ name }) => name),
    names,
    where,
    'the archive holds other entries',
  );
  for (const { line, name, text } of entries) {
    const at = `${document}:${line}`;
    const expected = text ? Buffer.from(text.map((each) => `${each}\r\n`).join('')) : soundNamed(name, box, at);
    const content = readFileSync(join(folder, name));
    if (!expected.equals(content))
      throw new Mismatch(
        `${at}: ${name} has other bytes in the archive${text ? `\n  archive: ${shown(String(content))}` : ''}`,
      );
  }
}

function soundNamed(path: string, { sounds }: Box, where: string): Buffer {
  const sound = sounds.get(path);
  if (!sound) throw new Mismatch(`${where}: the document never laid ${path} on the medium`);
  return sound;
}

function same(expected: readonly string[], actual: readonly string[], where: string, what: string): void {
  if (expected.length === actual.length && expected.every((each, index) => each === actual[index])) return;
  const list = (names: readonly string[]) => names.map((name) => `\n    ${name}`).join('') || ' none';
  throw new Mismatch(`${where}: ${what}\n  document:${list(expected)}\n  really:${list(actual)}`);
}

/** What was asked and what came, for whoever puts a document right. */
function transcript(request: string, { status, headers, body }: RawAnswer): string {
  const text = body.includes(0) ? `(${body.length} bytes)` : body.toString().slice(0, 8_000);
  return [
    ...request
      .trimEnd()
      .split('\r\n')
      .map((line) => `> ${line}`),
    '',
    status,
    ...headers,
    '',
    text,
  ].join('\n');
}
