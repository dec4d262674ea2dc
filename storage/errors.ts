/** What can go wrong in the store, in a few words that the floors above can act on. */

export type StoreErrorCode = 'busy' | 'closed' | 'corrupt' | 'disk_full' | 'internal' | 'io' | 'newer' | 'read_only';

export class StoreError extends Error {
  readonly code: StoreErrorCode;
  constructor(code: StoreErrorCode, message: string) {
    super(message);
    this.name = 'StoreError';
    this.code = code;
  }
}

/** SQLite's message is all that this build gives; ENOSPC, EIO and a failed fsync all read "disk I/O error". */
export function storeError(error: unknown, doing: string): StoreError {
  if (error instanceof StoreError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const text = `${message} (${doing.replace(/\s+/g, ' ').slice(0, 200)})`;
  if (/disk is full|ENOSPC|EDQUOT/i.test(message)) return new StoreError('disk_full', text);
  // Of the file only: JSON and search patterns may be malformed, too, and that is no fault of the disk.
  if (/malformed database schema|disk image is malformed|file is not a database/i.test(message))
    return new StoreError('corrupt', text);
  if (/readonly|EROFS/i.test(message)) return new StoreError('read_only', text);
  if (/I\/O error|(unable to|could not) open|\b(EIO|EACCES|EPERM)\b/i.test(message)) return new StoreError('io', text);
  return new StoreError('internal', text);
}

/** Whether the disk is at fault, which passes or is mended: the same may well succeed later. */
export function isDiskFault(error: unknown): error is StoreError {
  return error instanceof StoreError && DISK_FAULTS.has(error.code);
}
const DISK_FAULTS: ReadonlySet<StoreErrorCode> = new Set(['disk_full', 'io', 'read_only']);

/** What the system said of a file outside of the database: a disk that refuses is told as such, all else as it is. */
export function asDiskFault(error: unknown, doing: string): unknown {
  const fault = storeError(error, doing);
  return isDiskFault(fault) ? fault : error;
}
