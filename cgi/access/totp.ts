/** Time-based one-time passwords, pure: RFC 6238 over RFC 4226, as every authenticator app has them (SHA-1, 6 digits, 30 s). */
import { createHmac, timingSafeEqual } from 'node:crypto';

export const STEP_SECONDS = 30;
/** Bytes of a secret: as long as the hash (RFC 4226, 4). */
export const SECRET_BYTES = 20;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** The step that a moment lies in. @param epoch Seconds. */
export function stepAt(epoch: number): number {
  return Math.floor(epoch / STEP_SECONDS);
}

/** @param step A whole number from 0 on. */
export function codeOf(secret: Uint8Array, step: number, digits = 6): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', secret).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 15; // dynamic truncation (RFC 4226, 5.3)
  const number = mac.readUInt32BE(offset) & 0x7fff_ffff;
  return String(number % 10 ** digits).padStart(digits, '0');
}

/**
 * The step of whose the code is: this one, the one before or the one after, if it is later than `used`. null: of none. All
 * are looked at whatever the code, in one time.
 * @param code Six digits. @param used The last step whose code was taken.
 */
export function matchingStep(secret: Uint8Array, code: string, epoch: number, used: number): number | null {
  const now = stepAt(epoch);
  let found: number | null = null;
  for (const step of [now - 1, now, now + 1]) {
    const same = timingSafeEqual(Buffer.from(codeOf(secret, Math.max(0, step))), Buffer.from(code));
    if (same && step >= 0 && step > used) found = step;
  }
  return found;
}

/** RFC 4648, without padding: what people type where no picture can be read. */
export function base32(bytes: Uint8Array): string {
  let bits = 0;
  let held = 0;
  let text = '';
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff;
    bits += 8;
    for (; bits >= 5; bits -= 5) text += ALPHABET[(held >> (bits - 5)) & 31];
  }
  return bits > 0 ? text + ALPHABET[(held << (5 - bits)) & 31] : text;
}

/** The other way. null: it is none. */
export function fromBase32(text: string): Buffer | null {
  let bits = 0;
  let held = 0;
  const bytes: number[] = [];
  for (const character of text) {
    const value = ALPHABET.indexOf(character);
    if (value < 0) return null;
    held = ((held << 5) | value) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((held >> bits) & 255);
  }
  return Buffer.from(bytes);
}

/** What an authenticator app reads, as a link or from a picture. */
export function otpauthUri(issuer: string, user: string, secret: string): string {
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(user)}`;
  return `otpauth://totp/${label}?secret=${secret}&issuer=${encodeURIComponent(issuer)}&algorithm=SHA1&digits=6&period=${STEP_SECONDS}`;
}
