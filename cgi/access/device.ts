/**
 * Browsers that have logged in before, known by a cookie of their own (OWASP calls it a device cookie). It opens nothing: it
 * says that who tries now is none of the strangers that guess from the same address or at the same account, so that their
 * wrong passwords don't make it wait. Nothing is stored: the cookie is an id, and a sign of ours that it goes with the user.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

export interface Devices {
  /** The id of the device, if this cookie is one of this user's; else null. */
  idOf(cookie: string | null, user: string): string | null;
  /** What the device gets when this user logs in. @param id That which it has already, or null. */
  cookieFor(user: string, id: string | null): string;
}

/** @param key 256 random bits that stay the same. */
export function createDevices(key: Uint8Array): Devices {
  const signOf = (id: string, user: string) => createHmac('sha256', key).update(`${id} ${user}`).digest();

  return {
    idOf(cookie, user) {
      const [, id, sign] = /^([\w-]{22})\.([\w-]{43})$/.exec(cookie ?? '') ?? [];
      if (!id || !sign) return null;
      const given = Buffer.from(sign, 'base64url');
      const right = signOf(id, user);
      return given.length === right.length && timingSafeEqual(given, right) ? id : null;
    },
    cookieFor(user, known) {
      const id = known ?? randomBytes(16).toString('base64url');
      return `${id}.${signOf(id, user).toString('base64url')}`;
    },
  };
}
