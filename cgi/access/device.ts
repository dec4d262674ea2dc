/**
 * Browsers that have logged in before, known by a cookie of their own (OWASP calls it a device cookie). It opens nothing: it
 * says that who tries now is none of the strangers that guess from the same address or at the same account, so that their
 * wrong passwords don't make it wait. Nothing is stored: the cookie is an id, and a sign of ours that it goes with the user
 * and with what that user logs in by. So a changed password, or a second factor, makes strangers of all browsers: who knew the
 * old one could have had a thousand made, each with free tries of its own.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

export interface Devices {
  /** Whether it could be one: only then what the user logs in by need be looked up. */
  looksLike(cookie: string | null): boolean;
  /** The id of the device, if this cookie is one of this user's; else null. @param by What the user logs in by, any text. */
  idOf(cookie: string | null, user: string, by: string): string | null;
  /** What the device gets when this user logs in. @param id That which it has already, or null. */
  cookieFor(user: string, by: string, id: string | null): string;
}

const COOKIE = /^([\w-]{22})\.([\w-]{43})$/;

/** @param key 256 random bits that stay the same. */
export function createDevices(key: Uint8Array): Devices {
  const signOf = (id: string, user: string, by: string) =>
    createHmac('sha256', key).update(`${id} ${user} ${by}`).digest();

  return {
    looksLike: (cookie) => cookie !== null && COOKIE.test(cookie),
    idOf(cookie, user, by) {
      const [, id, sign] = COOKIE.exec(cookie ?? '') ?? [];
      if (!id || !sign) return null;
      const given = Buffer.from(sign, 'base64url');
      const right = signOf(id, user, by);
      return given.length === right.length && timingSafeEqual(given, right) ? id : null;
    },
    cookieFor(user, by, known) {
      const id = known ?? randomBytes(16).toString('base64url');
      return `${id}.${signOf(id, user, by).toString('base64url')}`;
    },
  };
}
