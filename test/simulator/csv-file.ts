/** The CDR files of the simulated PBX. Each line is written by open, append, close, as Asterisk does, so they may be rotated. */
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Clock } from './clock.ts';
import { MAX_GENERATIONS, MAX_LATE_CSV_LINES } from './limits.ts';

/**
 * How logrotate puts a file away: `rename` (the next line begins a new file), `copytruncate` (the same file goes on, empty),
 * `gzip` (rename, then compressed: `.1.gz`).
 */
export type Rotation = 'rename' | 'copytruncate' | 'gzip';

export interface CsvFile {
  append(line: string): void;
  /** Writes at once what the delay still holds back. */
  flush(): void;
  /** As logrotate: older generations move up, the file becomes `.1`. Does nothing when there is no file. */
  rotate(way: Rotation): void;
}

/**
 * @param path null = no file is written.
 * @param delaySeconds Asked at each line: how long it is held back (0 = not). Lines keep their order all the same.
 * @param encoding Asked at each line: that of the file's bytes.
 */
export function csvFile(
  path: string | null,
  clock: Clock,
  delaySeconds: () => number,
  encoding: () => BufferEncoding,
): CsvFile {
  const late: Buffer[] = [];
  const cancels = new Set<() => void>();
  if (path !== null) mkdirSync(dirname(path), { recursive: true });

  const writeOldest = (): void => {
    const line = late.shift();
    if (line !== undefined && path !== null) appendFileSync(path, line);
  };
  return {
    append: (line) => {
      if (path === null) return;
      late.push(Buffer.from(line, encoding()));
      const delay = delaySeconds();
      if (delay === 0 || late.length > MAX_LATE_CSV_LINES) {
        writeOldest();
        return;
      }
      const cancel = clock.after(delay * 1000, () => {
        cancels.delete(cancel);
        writeOldest();
      });
      cancels.add(cancel);
    },
    flush: () => {
      for (const cancel of cancels) cancel();
      cancels.clear();
      while (late.length > 0) writeOldest();
    },
    rotate: (way) => {
      if (path === null || !existsSync(path)) return;
      for (const end of ['', '.gz']) rmSync(`${path}.${MAX_GENERATIONS}${end}`, { force: true });
      for (let age = MAX_GENERATIONS - 1; age >= 1; age -= 1) {
        for (const end of ['', '.gz']) {
          if (existsSync(`${path}.${age}${end}`)) renameSync(`${path}.${age}${end}`, `${path}.${age + 1}${end}`);
        }
      }
      if (way === 'copytruncate') {
        copyFileSync(path, `${path}.1`);
        truncateSync(path);
        return;
      }
      renameSync(path, `${path}.1`);
      if (way !== 'gzip') return;
      writeFileSync(`${path}.1.gz`, gzipSync(readFileSync(`${path}.1`)));
      rmSync(`${path}.1`);
    },
  };
}
