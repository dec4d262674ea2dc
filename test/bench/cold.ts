/** What makes a round a cold one: nothing of the store is in the kernel's page cache. */
import { execFileSync } from 'node:child_process';
import { accessSync, constants, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const DROP = '/proc/sys/vm/drop_caches';

/** Only root may have the kernel forget everything, programs too; others have it forget the files they name. */
const forgetsAll = (() => {
  try {
    accessSync(DROP, constants.W_OK);
    return true;
  } catch {
    return false;
  }
})();

/** For people: how cold a cold round is. */
export const COLDNESS = forgetsAll ? 'cold: drop_caches' : 'cold: posix_fadvise of the store alone';

/** @param paths Files, and folders whose files are meant. */
export function dropPageCache(paths: readonly string[]): void {
  execFileSync('sync'); // what isn't on disk yet can't be forgotten
  if (forgetsAll) {
    writeFileSync(DROP, '3');
    return;
  }
  for (const path of paths.flatMap(filesOf))
    execFileSync('dd', [`of=${path}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0', 'status=none']);
}

function filesOf(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(path, entry.name));
  } catch {
    return [path];
  }
}
