/** What lies on a medium: names and paths of recordings, the headers of WAVs, names in archives, the list of mounts. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Entry } from '../../../cgi/recording/entry.ts';
import { tar, tarSize } from '../../../cgi/recording/tar.ts';
import { zip, zipSize } from '../../../cgi/recording/zip.ts';
import { faultOfFile, judge, soundSeconds } from '../../../daemon/recordings/finished.ts';
import { repairHeader, restoreHeader } from '../../../daemon/recordings/header-steps.ts';
import { PEAK_READS } from '../../../daemon/recordings/limits.ts';
import { missingMount, mountOf, parseMountinfo } from '../../../daemon/recordings/mountinfo.ts';
import { planPeaks } from '../../../daemon/recordings/peaks.ts';
import { parseWav } from '../../../daemon/recordings/wav.ts';
import { partiesAgree } from '../../../storage/model/match.ts';
import {
  absoluteRecording,
  formatRecordingName,
  parseRecordingName,
  relativeRecording,
} from '../../../storage/model/recording-name.ts';
import { pathFault } from '../../../storage/model/recording-path.ts';
import { choicesOf, holds, ownFolder, same, type Target, utf8 } from '../target.ts';

const NAME_WORDS = [
  '20210507/',
  '20210507-000502-',
  '1620374702-',
  'Outbound-',
  'Internal-',
  'CallBack-',
  'pstn2-',
  'my-trunk-',
].concat([
  '620(202)',
  '.wav',
  '.WAV',
  '-',
  '..',
  '/',
  '\\',
  '\0',
  '(',
  ')',
  '+49-30-',
  '*97',
  '.trash/',
  '.cdrd/',
  '\u202e',
  'é'.repeat(130),
]);

/** A path, and behind a line feed the trunks that are known, a comma list. */
const names: Target = {
  name: 'names',
  max: 800,
  words: NAME_WORDS,
  run(input) {
    const [path = '', list = ''] = utf8(input).split('\n', 2);
    const trunks = list.split(',');
    const name = parseRecordingName(path, trunks);
    for (const value of [name.wall, name.epoch, name.offset])
      holds(value === null || Number.isSafeInteger(value), 'a whole second or none', name);
    holds(name.offset === null || name.offset % 900 === 0, 'a quarter of an hour', name.offset);
    holds(name.trunk !== '' || name.src !== null, 'what has a trunk has its parties', name);
    const { epoch, offset, callType, trunk, src, dst } = name;
    if (epoch !== null && offset !== null && callType && trunk !== null && src !== null && dst !== null) {
      const parts = { epoch, offset, callType, trunk, src, dst };
      const written = formatRecordingName(parts);
      same(pathFault(written) === '' || written.length > 200, true, 'a name of ours names a recording');
      const safe = (text: string) => text.replace(/[^0-9A-Za-z+*#_.()-]/g, '');
      const again = parseRecordingName(written, trunk === '' ? [] : [safe(trunk)]);
      same([again.epoch, again.callType], [epoch, callType], 'read again');
      if (safe(src + dst + trunk) === src + dst + trunk && src !== '' && trunk !== '')
        same({ ...again, wall: name.wall }, name, 'as it was, to the seconds between two looks at the clock');
    }
    partiesAgree({ src: src ?? '', dst: dst ?? '' }, { src: src ?? '', dst: path });
    const fault = pathFault(path);
    if (fault === '') {
      const segments = path.split('/');
      holds(
        segments.length <= 2 && !segments.some((part) => part === '' || part.startsWith('.')),
        'one or two names',
        path,
      );
      holds(!/[\0\\]/.test(path) && /\.wav$/i.test(path), 'a .wav', path);
      holds(
        segments.every((part) => Buffer.byteLength(part) <= 255),
        'names that a disk takes',
        path,
      );
    }
    // Asterisk's spelling of it and back.
    for (const folder of ['/media/usbStorage/monitor', '/media/usbStorage/monitor/', '/'])
      for (const absolute of [path, `${folder}/${path}`]) {
        const relative = relativeRecording(absolute, folder);
        if (relative === '') continue;
        holds(/^\d{8}\/[^/]+\.wav$/i.test(relative) && !hasControl(relative), 'a file in a day', relative);
        same(pathFault(relative), '', 'it names a recording of the store');
        holds(!relative.includes('/../') && !relative.endsWith('/..'), 'no way out', relative);
        const back = absoluteRecording(relative, folder);
        // Said without its suffix, a name that has two of them is another's.
        if (!/\.wav$/i.test(back))
          same(relativeRecording(back, folder), `${relative.slice(0, -4)}.wav`, 'there and back');
      }
  },
};

const hasControl = (text: string) => [...text].some((char) => char < ' ' || char === '\x7f');

/** A WAV's beginning; the first two bytes say how much longer the file is. */
const wav: Target = {
  name: 'wav',
  max: 600,
  words: [
    'RIFF',
    'WAVE',
    'fmt ',
    'data',
    'LIST',
    '\x10\0\0\0',
    '\x01\0\x01\0',
    '\x31\0',
    '\0\0\0\0',
    '\x40\x1f\0\0',
    '\xfe\xff',
    '\x80\x3e\0\0',
  ],
  run(input) {
    const bytes = input.subarray(2);
    const size =
      bytes.length + choicesOf(input).pick([0, 0, 1, input.length > 1 ? input.readUInt16LE(0) : 0, 0xffff_ffff]);
    const header = parseWav(bytes, size);
    if (typeof header === 'object') {
      const { dataOffset, dataLength, fileLength, block } = header;
      holds(dataOffset >= 20 && dataOffset <= bytes.length, 'sound begins behind a header that is there', dataOffset);
      for (const value of [dataLength, fileLength, block])
        holds(Number.isSafeInteger(value) && value >= 0, 'a length', value);
      holds(block >= 1, 'a block of something', block);
      for (const length of [0, 1, size, 2 ** 32]) {
        const seconds = header.seconds(length);
        holds(Number.isFinite(seconds) && seconds >= 0, 'seconds', seconds);
      }
    }
    holds(header !== 'more' || bytes.length < size, 'more only where there is more');
    const plan = planPeaks(header, size, 1 + (bytes.length % PEAK_READS));
    holds((plan.count === 0) === (plan.facts.why !== ''), 'parts, or why there are none', plan.facts);
    for (const part of new Set([0, plan.count >> 1, plan.count - 1])) {
      const probes = part >= 0 && part < plan.count ? plan.probes(part) : [];
      holds(probes.length * plan.count <= PEAK_READS, 'no more reads than there may be', probes.length);
      for (const { from, length } of probes)
        holds(from >= 20 && length > 0 && from + length <= size, 'a probe of bytes that are there', [
          from,
          length,
          size,
        ]);
    }
    const fault = faultOfFile(bytes, size);
    const seconds = soundSeconds(bytes, size);
    holds(Number.isFinite(seconds) && seconds >= 0, 'seconds of sound', seconds);
    let seen: Parameters<typeof judge>[1];
    for (const mono of [1_000, 1_200, 700_000, 1_500_000]) {
      const file = { bytes, size, mtimeMs: 1_620_374_702_000 };
      const judged = judge(file, seen, { now: 1_620_374_702_000 + mono, mono, remote: false });
      seen = judged.seen;
      holds(judged.state !== 'ok' || fault === '', 'a faulty one is never well', judged.state);
      if (mono > 1_000_000) holds(judged.state !== 'growing', 'nothing grows for ever', judged.state);
    }
  },
};

let folder = '';
function emptyFolder(): string {
  if (folder === '') folder = ownFolder();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  return folder;
}

/** A damaged file, mended and put back. */
const repair: Target = {
  name: 'wav-repair',
  max: 600,
  share: 3,
  words: wav.words,
  run(input) {
    const real = emptyFolder();
    const path = join(real, 'a.wav');
    writeFileSync(path, input);
    const mended = repairHeader(real, 'a.wav');
    holds(mended.result !== 'missing' && mended.result !== 'refused', 'it is there', mended);
    const after = readFileSync(path);
    same(after.length, input.length, 'no byte more or less');
    if (mended.result === 'beyond repair' || mended.result === 'whole') {
      holds(after.equals(input), 'what is not repaired is not touched');
      return;
    }
    same(mended.result, 'repaired', 'one of four');
    same(faultOfFile(after, after.length), '', 'repaired means whole');
    same(repairHeader(real, 'a.wav').result, 'whole', 'said twice it does nothing');
    same(restoreHeader(real, 'a.wav').result, 'restored', 'it can be put back');
    holds(readFileSync(path).equals(input), 'to the byte');
  },
};

/** Names, parted by line feeds, of files in an archive. */
const archive: Target = {
  name: 'archive',
  share: 40,
  words: NAME_WORDS,
  async run(input) {
    const choices = choicesOf(input);
    const entries = utf8(input)
      .split('\n')
      // As the index and the medium have them.
      .filter((name) => pathFault(name) === '')
      .slice(0, 8)
      .map((name): Entry => {
        const content = Buffer.alloc(choices.pick([0, 1, 511, 512, 513]), 0x2e);
        return { name, size: content.length, mtimeMs: choices.pick([-1, 0, 1_620_374_702_999, 2 ** 45]), content };
      });
    const none = {
      readAll: () => {
        throw new Error('there are no files here');
      },
    };
    const tarred = await collect(tar(entries, none));
    same(tarred.length, tarSize(entries), 'the length is known ahead');
    same(
      namesInTar(tarred),
      entries.map(({ name, size }) => [name, size]),
      'names in the tar',
    );
    const zipped = await collect(zip(entries, none));
    same(zipped.length, zipSize(entries), 'the length is known ahead');
    same(
      namesInZip(zipped),
      entries.map(({ name, size }) => [name, size]),
      'names in the zip',
    );
  },
};

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const piece of pieces) all.push(Buffer.from(piece));
  return Buffer.concat(all);
}

function namesInTar(bytes: Buffer): [string, number][] {
  const found: [string, number][] = [];
  const text = (from: number, length: number) =>
    bytes.toString('latin1', from, from + length).replace(/\0[\s\S]*$/, '');
  let pax: string | null = null;
  for (let at = 0; bytes[at] !== 0; ) {
    const size = Number.parseInt(text(at + 124, 12), 8);
    let sum = 8 * 32;
    for (let index = 0; index < 512; index++) if (index < 148 || index >= 156) sum += bytes[at + index] ?? 0;
    same(Number.parseInt(text(at + 148, 8), 8), sum, 'the checksum');
    const content = bytes.subarray(at + 512, at + 512 + size);
    if (text(at + 156, 1) === 'x') {
      const record = content.toString();
      const [, length, name] = /^(\d+) path=([\s\S]*)\n$/.exec(record) ?? [];
      same(Number(length), content.length, 'a pax record counts itself');
      pax = name ?? '';
    } else {
      const [prefix, name] = [text(at + 345, 155), text(at, 100)];
      found.push([pax ?? (prefix === '' ? name : `${prefix}/${name}`), size]);
      pax = null;
    }
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return found;
}

function namesInZip(bytes: Buffer): [string, number][] {
  const end = bytes.length - 22;
  same(bytes.readUInt32LE(end), 0x0605_4b50, 'the end of the central directory');
  const found: [string, number][] = [];
  for (let at = bytes.readUInt32LE(end + 16), left = bytes.readUInt16LE(end + 10); left > 0; left--) {
    same(bytes.readUInt32LE(at), 0x0201_4b50, 'a record of the central directory');
    const [name, extra] = [bytes.readUInt16LE(at + 28), bytes.readUInt16LE(at + 30)];
    const text = bytes.toString('utf8', at + 46, at + 46 + name);
    const local = bytes.readUInt32LE(at + 42);
    same(
      bytes.toString('utf8', local + 30, local + 30 + bytes.readUInt16LE(local + 26)),
      text,
      'the same name before the file',
    );
    found.push([text, bytes.readUInt32LE(at + 24)]);
    at += 46 + name + extra;
  }
  return found;
}

/** A path, and then lines of /proc/self/mountinfo: labels of sticks stand in them. */
const mounts: Target = {
  name: 'mounts',
  words: [
    ' - ',
    '/dev/sda1',
    '36 35 98:0 / ',
    '/media/usbStorage',
    ' rw,noatime ',
    'ext4',
    'vfat',
    '\\040',
    '\\134',
    '\\1',
    'ro',
    'cifs',
    'tmpfs',
    '8:1',
  ],
  run(input) {
    const [path = '', ...lines] = utf8(input).split('\n');
    const all = parseMountinfo(lines.join('\n'));
    for (const { id, device, mountPoint, type } of all)
      holds(id !== '' && /^\d+:\d+$/.test(device) && mountPoint !== '' && type !== '', 'a mount', {
        id,
        device,
        mountPoint,
      });
    holds(all.length <= lines.length, 'a mount a line');
    const mount = mountOf(all, path);
    holds(
      mount === undefined || !path.startsWith('/') || path.startsWith(mount.mountPoint),
      'it lies below its mount',
      { path, mount },
    );
    for (const require of ['auto', 'yes', 'no'] as const) missingMount(path, mount, require);
  },
};

export const fileTargets: readonly Target[] = [names, wav, repair, archive, mounts];
