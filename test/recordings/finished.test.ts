/** The rule "finished" on bytes: what Asterisk writes, what other programs write, and what a broken disk leaves. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Clock, judge, type Seen } from '../../daemon/recordings/finished.ts';
import { EMPTY_MS, LOOKS_APART_MS, UNFINISHED_MS } from '../../daemon/recordings/limits.ts';
import { parseWav } from '../../daemon/recordings/wav.ts';
import { gsmWav, pcmWav, wav } from './helper.ts';

const NOW = 1_780_000_000_000;
const at = (mono: number, now = NOW, remote = false): Clock => ({ mono, now, remote });
const file = (bytes: Buffer, mtimeMs = NOW, size = bytes.length) => ({ bytes, mtimeMs, size });

/** Two looks, `apart` ms apart, at a file that doesn't change. */
function twoLooks(bytes: Buffer, apart: number, size = bytes.length) {
  const first = judge(file(bytes, NOW, size), undefined, at(1_000));
  return { first, second: judge(file(bytes, NOW, size), first.seen, at(1_000 + apart)) };
}

describe('a header that agrees with the size', () => {
  it('is finished at the second look, not at the first', () => {
    const { first, second } = twoLooks(pcmWav(2), LOOKS_APART_MS);
    expect(first).toMatchObject({ state: 'growing', settling: true });
    expect(second).toMatchObject({ state: 'ok', seconds: 2, settling: false });
  });
  it('is not finished when the looks lie too close together', () => {
    expect(twoLooks(pcmWav(2), LOOKS_APART_MS - 1).second).toMatchObject({ state: 'growing', settling: true });
  });
  it('is not finished when size or time moved between the looks', () => {
    const { first } = twoLooks(pcmWav(2), 0);
    expect(judge(file(pcmWav(3)), first.seen, at(9_000)).state).toBe('growing');
    expect(judge(file(pcmWav(2), NOW + 1), first.seen, at(9_000)).state).toBe('growing');
  });
  it('needs no second look when the file is well past', () => {
    expect(judge(file(pcmWav(2), NOW - 10_000), undefined, at(1)).state).toBe('ok');
    expect(judge(file(pcmWav(2), NOW - 9_000), undefined, at(1)).state).toBe('growing');
  });
  it('gives no credit to a share whose clock may be minutes off', () => {
    expect(judge(file(pcmWav(2), NOW - 3_600_000), undefined, at(1, NOW, true)).state).toBe('growing');
    expect(judge(file(pcmWav(2), NOW - 86_400_000), undefined, at(1, NOW, true)).state).toBe('ok');
  });
  it('counts on the monotonic clock when the file is of tomorrow or the clock was set back', () => {
    const future = file(pcmWav(2), NOW + 86_400_000);
    const first = judge(future, undefined, at(1_000));
    expect(first.state).toBe('growing');
    expect(judge(future, first.seen, at(1_000 + LOOKS_APART_MS, 0)).state).toBe('ok');
  });
  it('does not take a jump from 1970 for fifty years of stillness', () => {
    const header0 = wav({ dataLength: 0, fileLength: 0, sound: 16_000 });
    const first = judge(file(header0, 5_000), undefined, at(5_000, 5_500));
    expect(judge(file(header0, 5_000), first.seen, at(6_000, NOW)).state).toBe('growing');
  });
});

describe('lengths', () => {
  it.each([
    ['PCM 8 kHz 16 bit', pcmWav(1.5), 1.5],
    ['µ-law', wav({ tag: 7, bits: 8, byteRate: 8_000, sound: 12_000 }), 1.5],
    ['A-law', wav({ tag: 6, bits: 8, byteRate: 8_000, sound: 12_000 }), 1.5],
    ['16 kHz', wav({ rate: 16_000, byteRate: 32_000, sound: 48_000 }), 1.5],
    ['a byte rate of 0', wav({ byteRate: 0, sound: 24_000 }), 1.5],
    ['wav49: 65 bytes are 320 samples', gsmWav(50), 2],
    ['wav49 with its pad byte', gsmWav(51), 2.04],
    ['LIST before the sound', wav({ before: 1_000, sound: 24_000 }), 1.5],
    ['chunks after the sound', Buffer.concat([wav({ sound: 24_000, fileLength: 24_044 + 26 }), Buffer.alloc(26)]), 1.5],
    ['RIFF size 0 but the data size right', wav({ sound: 24_000, fileLength: 0 }), 1.5],
  ])('%s', (_, bytes, seconds) => {
    expect(twoLooks(bytes, 300).second).toMatchObject({ state: 'ok', seconds });
  });
  it('asks for more bytes when the sound begins beyond those given', () => {
    const bytes = wav({ before: 10_000, sound: 16_000 });
    expect(parseWav(bytes.subarray(0, 4_096), bytes.length)).toBe('more');
    expect(parseWav(bytes, bytes.length)).toMatchObject({ dataOffset: 44 + 10_008, dataLength: 16_000 });
  });
});

describe('a header that does not agree', () => {
  const cases: [string, Buffer, number, string][] = [
    ['says 0: a call on hold does not grow', wav({ dataLength: 0, fileLength: 0, sound: 16_000 }), 1, 'header_zero'],
    [
      'says more than there is: cut off',
      wav({ dataLength: 64_000, fileLength: 64_036, sound: 16_000 }),
      1,
      'header_long',
    ],
    ['says less than there is', wav({ dataLength: 8_000, fileLength: 8_044, sound: 16_000 }), 1, 'header_short'],
    ['says 4 GB: written to a pipe', wav({ dataLength: 0xffff_ffff, fileLength: 7, sound: 16_000 }), 1, 'header_long'],
  ];
  it.each(cases)('%s', (_, bytes, seconds, fault) => {
    expect(twoLooks(bytes, UNFINISHED_MS - 1).second).toMatchObject({ state: 'growing', settling: false, fault: '' });
    expect(twoLooks(bytes, UNFINISHED_MS).second).toMatchObject({ state: 'damaged', seconds, fault });
  });
});

describe('no sound', () => {
  it.each([
    ['0 bytes', Buffer.alloc(0), 'empty', 'zero_length'],
    ['44 bytes: a busy call', wav({ sound: 0 }), 'empty', 'no_sound'],
    ['60 bytes of wav49', gsmWav(0), 'empty', 'no_sound'],
    ['44 bytes whose header promises sound', wav({ sound: 0, dataLength: 999 }), 'empty', 'no_sound'],
    ['no WAV', Buffer.from('#!/bin/sh\necho this is no recording\n'.repeat(3)), 'damaged', 'no_wav'],
    ['half a header', pcmWav(1).subarray(0, 20), 'damaged', 'header_cut'],
    ['zeros', Buffer.alloc(5_000), 'damaged', 'no_wav'],
  ])('%s', (_, bytes, state, fault) => {
    const { first, second } = twoLooks(bytes, EMPTY_MS - 1);
    expect([first.state, second.state]).toEqual(['growing', 'growing']);
    expect(twoLooks(bytes, EMPTY_MS).second).toMatchObject({ state, fault, seconds: 0 });
  });
});

it('takes any bytes, any size and any clock without throwing, and gives finite seconds', () => {
  const header = fc.tuple(
    fc.constantFrom('RIFF', 'RIFX', 'xxxx'),
    fc.uint8Array({ minLength: 0, maxLength: 80 }),
    fc.boolean(),
  );
  fc.assert(
    fc.property(
      header,
      fc.nat(1e9),
      fc.integer({ min: -1e13, max: 1e13 }),
      fc.nat(1e6),
      ([magic, rest, wave], size, mtimeMs, mono) => {
        const bytes = Buffer.concat([Buffer.from(magic), Buffer.alloc(4), Buffer.from(wave ? 'WAVEfmt ' : ''), rest]);
        const first = judge({ bytes, size, mtimeMs }, undefined, at(mono));
        const second = judge({ bytes, size, mtimeMs }, first.seen, at(mono + UNFINISHED_MS));
        expect(Number.isFinite(second.seconds) && second.seconds >= 0).toBe(true);
        expect(second.state).not.toBe('growing');
      },
    ),
    { numRuns: 500 },
  );
});

it('never calls a file finished that changes between any two looks', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 1e6 }), { minLength: 1, maxLength: 20 }), (gaps) => {
      let seen: Seen | undefined;
      let mono = 0;
      let size = 44;
      for (const gap of gaps) {
        mono += gap;
        size += 2;
        const verdict = judge(file(wav({ sound: size - 44 })), seen, at(mono));
        expect(verdict.state).toBe('growing');
        seen = verdict.seen;
      }
    }),
    { numRuns: 50 },
  );
});
