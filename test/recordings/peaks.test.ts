/** How loud a recording is: by every coding, of short and long ones, of headers that lie, read from files within its bounds. */
import { appendFileSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { SomePeaks } from '../../daemon/recordings/file-protocol.ts';
import { PEAK_READ_BYTES, PEAK_READS } from '../../daemon/recordings/limits.ts';
import { readPeaks } from '../../daemon/recordings/peak-steps.ts';
import { type PeakPlan, planPeaks } from '../../daemon/recordings/peaks.ts';
import { parseWav } from '../../daemon/recordings/wav.ts';
import { temporaryFolder } from '../support/folder.ts';
import { gsmWav, wav } from './helper.ts';

/** A WAV whose samples are these bytes. */
function withSound(sound: Uint8Array, format: { readonly tag?: number; readonly bits?: number } = {}): Buffer {
  const bytes = wav({ ...format, sound: sound.length });
  bytes.set(sound, bytes.length - sound.length);
  return bytes;
}

/** PCM of 16 bits at 8 kHz. */
function pcm(seconds: number, sample: (at: number) => number): Buffer {
  const samples = Int16Array.from({ length: seconds * 8_000 }, (_, at) => sample(at / 8_000));
  return withSound(new Uint8Array(samples.buffer));
}

const planOf = (bytes: Buffer, count: number): PeakPlan =>
  planPeaks(parseWav(bytes, bytes.length), bytes.length, count);

/** As the worker does it, in memory. */
function peaksOf(bytes: Buffer, count: number): number[] {
  const plan = planOf(bytes, count);
  return Array.from({ length: plan.count }, (_, part) =>
    Math.max(...plan.probes(part).map(({ from, length }) => plan.peak(bytes.subarray(from, from + length)))),
  );
}

describe('peaks', () => {
  test('are the strongest samples of each part, of a short recording of all', () => {
    const bytes = pcm(4, (at) => (at < 1 ? 0 : at < 2 ? 16_384 : at < 3 ? -32_768 : 0));
    bytes.writeInt16LE(3_277, 44 + 2 * 8_000 * 3.9); // one sample in the last part
    expect(planOf(bytes, 4).facts).toEqual({ seconds: 4, coding: 'PCM 16 bit', exact: true, why: '' });
    expect(peaksOf(bytes, 4)).toEqual([0, 50, 100, 10]);
  });

  test('silence is flat, whatever it is written in', () => {
    for (const [format, silence] of [
      [{}, 0],
      [{ bits: 8 }, 128],
      [{ bits: 24 }, 0],
      [{ bits: 32 }, 0],
      [{ tag: 7, bits: 8 }, 0xff],
      [{ tag: 7, bits: 8 }, 0x7f],
      [{ tag: 6, bits: 8 }, 0xd5],
      [{ tag: 6, bits: 8 }, 0x55],
    ] as const)
      expect(peaksOf(withSound(new Uint8Array(9_600).fill(silence), format), 10)).toEqual(Array(10).fill(0));
  });

  test('of G.711 are those of its tables: loudest, half as loud, quietest', () => {
    const of = (tag: number, byte: number) => peaksOf(withSound(new Uint8Array(100).fill(byte), { tag, bits: 8 }), 1);
    expect([of(7, 0x80), of(7, 0x00), of(7, 0x90), of(7, 0xfe)].flat()).toEqual([98, 98, 49, 0]);
    expect([of(6, 0xaa), of(6, 0x2a), of(6, 0xba), of(6, 0xd4)].flat()).toEqual([98, 98, 49, 0]);
  });

  test('of 8, 24 and 32 bits are by the same scale', () => {
    expect(peaksOf(withSound(new Uint8Array(100).fill(192), { bits: 8 }), 1)).toEqual([50]);
    expect(peaksOf(withSound(Uint8Array.from([9, 0, 0x40, 9, 0, 0]), { bits: 24 }), 1)).toEqual([50]);
    expect(peaksOf(withSound(Uint8Array.from([0, 0, 0, 0xc0]), { bits: 32 }), 1)).toEqual([50]);
  });

  test('of a long recording come from reads within bounds, spread over each part', () => {
    for (const count of [1, 7, 400, 999, 1_000]) {
      const size = 44 + 3_600 * 16_000;
      const header = wav({ sound: 0, dataLength: size - 44, fileLength: size });
      const plan = planPeaks(parseWav(header, size), size, count);
      expect(plan.facts).toMatchObject({ seconds: 3_600, exact: false });
      const probes = Array.from({ length: plan.count }, (_, part) => plan.probes(part));
      expect(probes.flat().length).toBeLessThanOrEqual(PEAK_READS);
      let end = 44;
      for (const [part, some] of probes.entries())
        for (const { from, length } of some) {
          expect(length).toBeLessThanOrEqual(PEAK_READ_BYTES);
          expect(from).toBeGreaterThanOrEqual(Math.max(end, 44 + 2 * Math.floor((part * 28_800_000) / count)));
          expect((from - 44) % 2).toBe(0);
          end = from + length;
          expect(end).toBeLessThanOrEqual(44 + 2 * Math.floor(((part + 1) * 28_800_000) / count));
        }
    }
  });

  test('are as many as there are samples, where there are fewer', () => {
    expect(peaksOf(withSound(Uint8Array.from([0, 0x40, 0, 0x20])), 400)).toEqual([50, 25]);
  });
});

describe('of a file that says', () => {
  const whyOf = (bytes: Buffer) => {
    const plan = planOf(bytes, 10);
    expect([plan.count, plan.probes(0)]).toEqual([0, []]);
    return plan.facts;
  };

  test('what cannot be drawn, why is told and its length', () => {
    expect(whyOf(gsmWav(100))).toMatchObject({ seconds: 4, why: "sound of this kind (GSM) can't be drawn" });
    expect(whyOf(wav({ tag: 3, bits: 32, sound: 400 })).why).toContain('floating point');
    expect(whyOf(wav({ bits: 12, sound: 400 })).why).toContain('PCM 12 bit');
    expect(whyOf(wav({ tag: 500, sound: 400 })).why).toContain('coding 500');
    expect(whyOf(wav({ sound: 0 })).why).toBe('there is no sound in it');
    expect(whyOf(Buffer.from('no WAV at all, and long enough for a header of one')).why).toContain('header');
    expect(whyOf(Buffer.alloc(0)).why).toContain('header');
  });

  test('an extensible format, what it stands for counts', () => {
    const bytes = pcm(1, () => 16_384);
    const format = Buffer.alloc(24);
    format.writeUInt16LE(22, 0);
    format.writeUInt16LE(1, 8);
    const extensible = Buffer.concat([bytes.subarray(0, 36), format, bytes.subarray(36)]);
    extensible.writeUInt32LE(40, 16);
    extensible.writeUInt16LE(0xfffe, 20);
    extensible.writeUInt32LE(extensible.length - 8, 4);
    expect(planOf(extensible, 2).facts).toMatchObject({ coding: 'PCM 16 bit', why: '' });
    expect(peaksOf(extensible, 2)).toEqual([50, 50]);
  });

  test('lies about its lengths, nothing beyond the file is read', () => {
    for (const dataLength of [0, 1, 7_000, 0x7fff_ffff, 0xffff_ffff])
      for (const [channels, bits] of [
        [0, 16],
        [1, 16],
        [16, 32],
        [17, 16],
        [65_535, 65_535],
        [1, 0],
      ] as const) {
        const bytes = wav({ bits, sound: 8_001, dataLength });
        bytes.writeUInt16LE(channels, 22);
        const plan = planOf(bytes, 1_000);
        for (let part = 0; part < plan.count; part += 1)
          for (const { from, length } of plan.probes(part)) {
            expect(from).toBeGreaterThanOrEqual(44);
            expect(length).toBeGreaterThan(0);
            expect(from + length).toBeLessThanOrEqual(bytes.length);
          }
      }
  });
});

describe('the worker', () => {
  const PATH = '20260507/20260507-101500-1778148900-Internal-201-202.wav';

  function laid(bytes: Buffer) {
    const real = temporaryFolder();
    const file = join(real, PATH);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
    const { size, mtimeMs } = statSync(file);
    return { real, file, seen: { path: PATH, size, mtimeMs: Math.trunc(mtimeMs), place: '' } };
  }

  test('goes on where it was enough, and gives the same as in one go', () => {
    const { real, seen } = laid(pcm(20, (at) => 32_767 * Math.sin(at)));
    const whole = readPeaks(real, { file: seen, count: 100, from: 0 }, () => false);
    expect(whole).toMatchObject({ seconds: 20, exact: true, next: null });
    const parted: number[] = [];
    let steps = 0;
    for (let from: number | null = 0; from !== null; steps += 1) {
      let parts = 0;
      const some: SomePeaks | null = readPeaks(real, { file: seen, count: 100, from }, () => ++parts === 7);
      parted.push(...(some?.peaks ?? []));
      from = some?.next ?? null;
    }
    expect(steps).toBe(15);
    expect(parted).toEqual(whole?.peaks);
    expect(parted).toHaveLength(100);
    expect(Math.max(...parted)).toBe(100);
  });

  test('reads what was promised of one that grows, and nothing of another or of one that shrank', () => {
    const { real, file, seen } = laid(pcm(2, () => 8_192));
    appendFileSync(file, Buffer.alloc(16_000, 0x7f));
    expect(readPeaks(real, { file: seen, count: 2, from: 0 }, () => false)?.peaks).toEqual([25, 25]);
    expect(readPeaks(real, { file: { ...seen, size: seen.size + 99_999 }, count: 2, from: 0 }, () => false)).toBeNull();
    expect(readPeaks(real, { file: { ...seen, path: '../x.wav' }, count: 2, from: 0 }, () => false)).toBeNull();
    expect(readPeaks(real, { file: { ...seen, path: '20260507/y.wav' }, count: 2, from: 0 }, () => false)).toBeNull();
  });

  test('finds the sound behind a long chunk, and gives up on one that has none', () => {
    const far = laid(wav({ sound: 16_000, before: 30_000 }));
    expect(readPeaks(far.real, { file: far.seen, count: 4, from: 0 }, () => false)?.peaks).toEqual([1, 1, 1, 1]);
    const farther = laid(wav({ sound: 16_000, before: 90_000 }));
    expect(readPeaks(farther.real, { file: farther.seen, count: 4, from: 0 }, () => false)).toMatchObject({
      peaks: [],
      next: null,
      why: 'its header is not that of a WAV file',
    });
  });
});
