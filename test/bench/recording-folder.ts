/**
 * The recordings of a bench's store, as files that are really there: each with the header and the length of its call. Of
 * most the sound is a hole, so that 100,000 lie on any disk; the newest have sound that no two files share.
 */
import { appendFileSync, closeSync, ftruncateSync, futimesSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { HEADER_BYTES, SAMPLE_RATE, wavHeader } from '../simulator/wav.ts';

const BYTES_A_SECOND = SAMPLE_RATE * 2;
/** Of those with sound: a thousand of them are 512 MB. */
export const SOUND_SECONDS = 32;

export interface RecordingFile {
  readonly size: number;
  readonly mtime_ms: number;
  readonly seconds: number;
}

export interface RecordingFolder {
  /**
   * @param path Relative to the folder. @param written Epoch seconds.
   * @param sound Its sound is made of this number, and of no other file's; null: silence.
   */
  write(path: string, seconds: number, written: number, sound: number | null): RecordingFile;
}

/** @param list The file that gets the path of each recording with sound, a line each. */
export function recordingFolder(folder: string, list: string): RecordingFolder {
  const made = new Set<string>();
  return {
    write(path, seconds, written, sound) {
      const file = join(folder, path);
      const day = dirname(file);
      if (!made.has(day)) mkdirSync(day, { recursive: true });
      made.add(day);
      const bytes = seconds * BYTES_A_SECOND;
      const fd = openSync(file, 'wx');
      writeSync(fd, wavHeader(bytes));
      if (sound === null) ftruncateSync(fd, HEADER_BYTES + bytes);
      else {
        writeSync(fd, soundOf(bytes, sound));
        appendFileSync(list, `${path}\n`);
      }
      futimesSync(fd, written, written);
      closeSync(fd);
      return { size: HEADER_BYTES + bytes, mtime_ms: written * 1000, seconds };
    },
  };
}

function soundOf(bytes: number, number: number): Buffer {
  const sound = Buffer.alloc(bytes);
  for (let at = 0; at < bytes; at += 4) sound.writeInt32LE(Math.imul(at + number, 0x9e3779b1) | 0, at);
  return sound;
}
