/**
 * Recordings of the PBX on the box, written beside its own thread as MixMonitor writes them beside Asterisk's channels: a
 * medium that hangs or has gone stops a recording, never a call. Silence is enough; what is measured is files.
 */
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../../simulator/clock.ts';
import { HEADER_BYTES, type Recorder, type Recording, SAMPLE_RATE, wavHeader } from '../../simulator/wav.ts';

const BYTES_PER_SECOND = SAMPLE_RATE * 2;
const GROWTH_MS = 1_000;

/** @param warn Hears why a recording broke off. */
export function besideCalls(warn: (message: string) => void): Recorder {
  return {
    // A look at a hung medium would stop the PBX. Names have the second and both numbers in them, and calls are few.
    exists: () => false,
    start: (path, clock) => begin(path, clock, warn),
  };
}

function begin(path: string, clock: Clock, warn: (message: string) => void): Recording {
  const started = clock.now();
  let file: FileHandle | null = null;
  let written = 0;
  let cancel = (): void => {};

  const write = async (bytes: Buffer, position: number): Promise<void> =>
    void (await file?.write(bytes, 0, bytes.length, position));
  const grow = async (): Promise<void> => {
    const due = Math.floor(((clock.now() - started) * BYTES_PER_SECOND) / 2_000) * 2;
    await write(Buffer.alloc(due - written), HEADER_BYTES + written);
    written = due;
  };
  /** One step after the other; the first that fails is the last. */
  let steps = (async () => {
    await mkdir(dirname(path), { recursive: true });
    file = await open(path, 'w');
    await write(wavHeader(null), 0);
  })();
  const then = (step: () => Promise<void>): void => {
    steps = steps.then(step);
    steps.catch(() => {});
  };
  const end = (last: () => Promise<void>): void => {
    cancel();
    then(last);
    steps
      .catch((error: Error) => warn(`a recording broke off: ${error.message}`))
      .finally(() => file?.close().catch(() => {}));
  };
  const tick = (): void => {
    then(grow);
    cancel = clock.after(GROWTH_MS, tick);
  };
  steps.catch(() => {});
  cancel = clock.after(GROWTH_MS, tick);
  return {
    finish: () =>
      end(async () => {
        await grow();
        await write(wavHeader(written), 0);
      }),
    abandon: () => end(async () => {}),
  };
}
