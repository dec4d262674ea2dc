/**
 * The security headers, by kind of answer. None is shown inside another site's page, none is guessed at, and of what is the
 * box's own to tell none is kept. Only the pages may run anything: their own script files and nothing else.
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

/**
 * Of the pages, and what they load. With no-referrer a browser says of a page's forms that they come from nowhere
 * (`Origin: null`), which is refused (origin.ts).
 */
const OF_PAGES = { ...HEADERS, 'Referrer-Policy': 'same-origin', Vary: 'Accept-Encoding' } as const;

/** A page's document: asked for anew each time. Its policy is {@link pagePolicy}. */
export const PAGE_HEADERS = { ...OF_PAGES, 'Cache-Control': 'no-cache' } as const;

/** A file whose name changes with its content: kept for a year. */
export const ASSET_HEADERS = { ...OF_PAGES, 'Cache-Control': 'public, max-age=31536000, immutable' } as const;

/** Script and style come as files from here, text never becomes code, and nothing is sent elsewhere. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "media-src 'self' blob:",
  "manifest-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
];

/**
 * What a page may do.
 * @param host As the browser asked for it, and so as its WebSockets will. Safari before 15.5 does not count them to 'self'
 * (w3c/webappsec-csp, 7); an IPv6 address is no source to any browser, and 'self' must do.
 * @param secure Whether it asked by HTTPS.
 */
export function pagePolicy(host: string | undefined, secure: boolean): string {
  const sockets = /^[a-z0-9.-]+(:\d+)?$/i.test(host ?? '') ? ` ${secure ? 'wss' : 'ws'}://${host}` : '';
  return [...POLICY, `connect-src 'self'${sockets}`].join('; ');
}
