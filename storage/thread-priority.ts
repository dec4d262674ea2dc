/** Work that may take as long as it likes. */
import { readlinkSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { basename } from 'node:path';

/**
 * From here on the calling thread runs when nobody else wants the processor (nice 19): on Linux each thread has a niceness of
 * its own. It can't be taken back.
 */
export function giveWay(): void {
  setPriority(Number(basename(readlinkSync('/proc/thread-self'))), constants.priority.PRIORITY_LOW);
}
