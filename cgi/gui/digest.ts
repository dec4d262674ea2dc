/** The digest of a password that 8401 and 30006 take: MD5 of its UTF-8 bytes, as 32 hex digits (guide 4.1). */
import { md5 } from '@noble/hashes/legacy.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

export function digestOf(password: string): string {
  return bytesToHex(md5(utf8ToBytes(password)));
}
