/**
 * The security headers, by kind of answer. None is shown inside another site's page, none is guessed at, none is kept. A page
 * of ours needs others: `default-src 'self'`, and `Referrer-Policy: same-origin`, for with no-referrer a browser says of its
 * forms that they come from nowhere (`Origin: null`), which is refused (origin.ts).
 */

/** Nothing here uses any of what browsers can lend to pages, but sound that somebody plays. */
const LENT = ['camera', 'display-capture', 'geolocation', 'microphone', 'midi', 'payment', 'serial', 'usb'];

/** On every answer, whatever it is, faults and redirects among them: data, which a browser has no reason to run. */
export const HEADERS = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  // For browsers that don't know frame-ancestors.
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Permissions-Policy': LENT.map((each) => `${each}=()`).join(', '),
} as const;

/** A recording: a browser may keep it and asks each time whether it still holds; its own page may play it. */
export const RECORDING_HEADERS = {
  ...HEADERS,
  'Cache-Control': 'private, no-cache',
  'Content-Security-Policy': "default-src 'none'; media-src 'self'; frame-ancestors 'none'",
} as const;
