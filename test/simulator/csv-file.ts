/** The CDR files of the simulated PBX. Each line is written by open, append, close, as Asterisk does, so they may be rotated. */
import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from './clock.ts';
import { MAX_LATE_CSV_LINES } from './limits.ts';

export interface CsvFile {
  append(line: string): void;
  /** Writes at once what the delay still holds back. */
  flush(): void;
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
  };
}
