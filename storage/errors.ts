/** What can go wrong in the store, in a few words that the floors above can act on. */

export type StoreErrorCode = 'busy' | 'closed' | 'corrupt' | 'disk_full' | 'internal' | 'io' | 'newer';

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
  if (/I\/O error|(unable to|could not) open|readonly|\b(EIO|EROFS|EACCES|EPERM)\b/i.test(message))
    return new StoreError('io', text);
  return new StoreError('internal', text);
}
