/** Headers on real files, broken in each way: mended, heard by the rule that says "finished", and put back to the byte. */
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { faultOfFile, soundSeconds } from '../../daemon/recordings/finished.ts';
import { repairHeader, restoreHeader } from '../../daemon/recordings/header-steps.ts';
import { parseWav } from '../../daemon/recordings/wav.ts';
import { temporaryFolder } from '../support/folder.ts';
import { gsmWav, pcmWav, wav } from './helper.ts';

const PATH = '20260507/a.wav';

function placed(bytes: Buffer) {
  const root = temporaryFolder();
  mkdirSync(join(root, '20260507'));
  const file = join(root, PATH);
  writeFileSync(file, bytes);
  return { root, file };
}

/** What a player goes by. */
function heard(file: string) {
  const bytes = readFileSync(file);
  return { fault: faultOfFile(bytes, bytes.length), seconds: soundSeconds(bytes, bytes.length) };
}

/** As a power cut leaves it, or MixMonitor while it writes. */
const zeroed = (bytes: Buffer, dataAt: number) => {
  const copy = Buffer.from(bytes);
  copy.writeUInt32LE(0, 4);
  copy.writeUInt32LE(0, dataAt);
  return copy;
};

describe('is mended', () => {
  test.each([
    ['never closed', zeroed(pcmWav(2), 40), 'header_zero', 2],
    ['never closed, wav49', zeroed(gsmWav(100), 56), 'header_zero', 4],
    ['cut off', pcmWav(4).subarray(0, 44 + 16_000), 'header_long', 1],
    ['cut off within a sample', pcmWav(4).subarray(0, 44 + 16_001), 'header_long', 1],
    ['cut off, wav49, within a frame', gsmWav(100).subarray(0, 60 + 65 * 50 + 7), 'header_long', 2],
    ['grown behind its end', Buffer.concat([pcmWav(1), Buffer.alloc(16_000)]), 'header_short', 2],
    [
      'with chunks before the sound',
      wav({ before: 5_000, sound: 16_000, dataLength: 0, fileLength: 0 }),
      'header_zero',
      1,
    ],
    [
      'µ-law',
      wav({ tag: 7, bits: 8, byteRate: 8_000, sound: 12_000, dataLength: 0, fileLength: 0 }),
      'header_zero',
      1.5,
    ],
    ['the length of the file alone', wav({ sound: 24_000, fileLength: 0 }), '', 1.5],
  ] as const)('a file that was %s', (_, bytes, was, seconds) => {
    const { root, file } = placed(bytes);
    const done = repairHeader(root, PATH);
    expect(done).toMatchObject({ result: 'repaired', was, fault: '', seconds, size: bytes.length });
    expect(heard(file)).toEqual({ fault: '', seconds });
    const after = readFileSync(file);
    expect(after.readUInt32LE(4)).toBe(bytes.length - 8);
    const header = parseWav(after, after.length);
    if (typeof header === 'string') throw new Error(header);
    expect(after.subarray(header.dataOffset).equals(bytes.subarray(header.dataOffset))).toBe(true);
    expect(done).toMatchObject({ mtimeMs: Math.trunc(statSync(file).mtimeMs) });
    expect(repairHeader(root, PATH)).toMatchObject({ result: 'whole', seconds });

    expect(restoreHeader(root, PATH)).toMatchObject({ result: 'restored', fault: was });
    expect(readFileSync(file).equals(bytes)).toBe(true);
    expect(restoreHeader(root, PATH)).toMatchObject({ result: 'whole' });
  });

  test('a file in the root of the medium', () => {
    const root = temporaryFolder();
    writeFileSync(join(root, 'a.wav'), zeroed(pcmWav(1), 40));
    expect(repairHeader(root, 'a.wav')).toMatchObject({ result: 'repaired', seconds: 1 });
    expect(restoreHeader(root, 'a.wav')).toMatchObject({ result: 'restored', fault: 'header_zero' });
  });

  test('whatever lengths stand in the header, and the original comes back to the byte', () => {
    const root = temporaryFolder();
    const file = join(root, 'a.wav');
    const length = fc.integer({ min: 0, max: 0xffff_ffff });
    fc.assert(
      fc.property(
        length,
        length,
        fc.integer({ min: 2, max: 400 }),
        fc.boolean(),
        (fileLength, dataLength, sound, gsm) => {
          const bytes = gsm ? gsmWav(Math.ceil(sound / 65) * 2) : wav({ sound });
          bytes.writeUInt32LE(fileLength, 4);
          bytes.writeUInt32LE(dataLength, gsm ? 56 : 40);
          rmSync(join(root, '.cdrd'), { recursive: true, force: true });
          writeFileSync(file, bytes);
          const { result } = repairHeader(root, 'a.wav');
          expect(heard(file).fault).toBe('');
          if (result === 'whole') return;
          expect(result).toBe('repaired');
          expect(restoreHeader(root, 'a.wav').result).toBe('restored');
          expect(readFileSync(file).equals(bytes)).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('is left as it is', () => {
  test.each([
    ['whole', pcmWav(1), 'whole'],
    ['whole, wav49 with its pad', gsmWav(51), 'whole'],
    [
      'with chunks behind the sound',
      Buffer.concat([wav({ sound: 24_000, fileLength: 24_070 }), Buffer.alloc(26)]),
      'whole',
    ],
    ['no WAV', Buffer.from('#!/bin/sh\n'), 'beyond repair'],
    ['of no bytes', Buffer.alloc(0), 'beyond repair'],
    ['a header alone', wav({ sound: 0 }), 'beyond repair'],
    ['half a header', pcmWav(1).subarray(0, 30), 'beyond repair'],
    ['less than one sample', zeroed(wav({ sound: 1 }), 40), 'beyond repair'],
  ] as const)('a file that is %s', (_, bytes, result) => {
    const { root, file } = placed(bytes);
    expect(repairHeader(root, PATH)).toMatchObject({ result });
    expect(readFileSync(file).equals(bytes)).toBe(true);
    expect(readdirSync(root)).toEqual(['20260507']);
    if (result === 'whole') expect(restoreHeader(root, PATH)).toEqual({ result: 'no original' });
  });

  test('one that is not there, that leads out, that is a link or a folder', () => {
    const { root, file } = placed(zeroed(pcmWav(1), 40));
    symlinkSync(file, join(root, '20260507/link.wav'));
    mkdirSync(join(root, '20260507/folder.wav'));
    const before = readFileSync(file);
    for (const path of ['20260507/none.wav', '19990101/a.wav', '../a.wav', '20260507/link.wav'])
      expect(repairHeader(root, path)).toEqual({ result: 'missing' });
    expect(repairHeader(root, '20260507/folder.wav').result).toMatch(/missing|refused/);
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  test('one whose original could not be kept', () => {
    const { root, file } = placed(zeroed(pcmWav(1), 40));
    writeFileSync(join(root, '.cdrd'), 'no folder');
    const before = readFileSync(file);
    expect(repairHeader(root, PATH)).toMatchObject({ result: 'refused', code: 'ENOTDIR' });
    expect(readFileSync(file).equals(before)).toBe(true);
  });
});

describe('the original', () => {
  test('is the first one: what a later repair finds is ours', () => {
    const original = zeroed(pcmWav(4), 40);
    const { root, file } = placed(original);
    repairHeader(root, PATH);
    truncateSync(file, 44 + 16_000);
    expect(repairHeader(root, PATH)).toMatchObject({ result: 'repaired', was: 'header_long', seconds: 1 });
    restoreHeader(root, PATH);
    expect(readFileSync(file).subarray(0, 44).equals(original.subarray(0, 44))).toBe(true);
  });

  test('of another file that had the name is not put into this one, and is replaced', () => {
    const { root, file } = placed(zeroed(gsmWav(4), 56));
    repairHeader(root, PATH);
    const other = zeroed(pcmWav(1), 40);
    writeFileSync(file, other);
    expect(restoreHeader(root, PATH)).toEqual({ result: 'no original' });
    expect(repairHeader(root, PATH)).toMatchObject({ result: 'repaired' });
    restoreHeader(root, PATH);
    expect(readFileSync(file).equals(other)).toBe(true);
  });

  test('survives a kill at any moment: half written, it is written anew; kept and not used, it is used', () => {
    const bytes = zeroed(pcmWav(1), 40);
    const { root, file } = placed(bytes);
    mkdirSync(join(root, '.cdrd/header/20260507'), { recursive: true });
    writeFileSync(join(root, '.cdrd/header/20260507/.fresh'), bytes.subarray(0, 10));
    expect(repairHeader(root, PATH)).toMatchObject({ result: 'repaired' });
    writeFileSync(file, bytes); // the kill came behind the keeping and before the change
    expect(repairHeader(root, PATH)).toMatchObject({ result: 'repaired' });
    restoreHeader(root, PATH);
    expect(readFileSync(file).equals(bytes)).toBe(true);
    expect(readdirSync(join(root, '.cdrd/header/20260507'))).toEqual(['a.wav']);
  });
});
