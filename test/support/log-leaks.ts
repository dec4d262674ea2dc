/**
 * What no log may hold: cookies, tokens, digests, secrets, phone numbers. A line is looked at as a reader would: for the very
 * secrets that a run used, and for everything of their shape. Pure, so that it can be shown to find each kind.
 */

/** Shapes of what lets somebody in, wherever they stand in a line. */
const SHAPES: readonly (readonly [what: string, shape: RegExp])[] = [
  ['an API key', /cdrd-[0-9a-f]{8}-[\w-]{20,}/],
  ['a session token', /(?<![\w/-])[\w-]{43}(?![\w-])/],
  ['a digest', /(?<![0-9a-f])(?:[0-9a-f]{32}|[0-9A-F]{32})(?![0-9a-f])/i],
  ['a kept password', /scrypt\$/],
  ['a cookie', /cdrd_session|\bset-cookie\b|\bcookie:/i],
  ['an authorization', /\bbearer\s+\S|\bauthorization\b(?!=\*)/i],
  [
    'a secret of AMI',
    /(?:(?<![\w.-])|(?<=\\[rn]))\\?"?(?:secret|key|password|oldpassword|newpassword)\\?"?\s?[:=]\s?(?!\*\*\*)\S/i,
  ],
  ['a secret of TOTP', /(?<![A-Z2-7])[A-Z2-7]{32}(?![A-Z2-7])|otpauth:/],
  ['the name of a recording', /\d{8}-\d{6}-\d{9,10}-\w/],
];

/**
 * Digits that are no phone number: a call's id, the times in a recording's and a backup's name, amounts, a test's own
 * folder. What a field of the names below holds is a figure of ours.
 */
const KNOWN_DIGITS = [
  /\d{9,10}\.\d+/g, // UniqueID, LinkedID
  /\d{8}-\d{6}-\d{9,10}(?!\d|-\w)/g,
  /(?<=[/= "'])(?:19|20)\d{6}(?=[/" ]|$)/g, // a day's folder
  /\d{4}-\d\d-\d\dT[\d:.]+Z/g,
  /(?:act|use|refused):\d+:[0-9a-f]{64}(?![0-9a-f])/g, // heads of the audit log
  /\d{8}T\d{6}(?:-[0-9a-f]{6}(?=\.db))?/g, // a backup, a store set aside
  /\d+ (?:MB|kB|bytes)\b/g,
  /\(pid \d+\)/g,
  /\/tmp\/[\w.-]+/g,
];
/** Six digits are the shortest number of a public network; extensions are shorter. */
const PHONE = /\d{6,}/;
const FIGURES =
  /(?<=[ ])(?:pid|bytes|total|free|used|ms|seconds|held|refused|calls|recordings|deletion|offset|line|turned_away|wanted|count)="?-?\d+"?(?= |$)/g;

/** A word that a test's secret may be, and that a log says by chance: `secret`, `password`. */
const WORD = /^.{0,7}$|^[a-z]+$/;

/** @param secrets Those that were in use, but for {@link WORD}s. @returns what is wrong with a line; null: nothing. */
export function leakIn(line: string, secrets: ReadonlySet<string> = new Set()): string | null {
  for (const secret of secrets) if (!WORD.test(secret) && line.includes(secret)) return 'a secret in use';
  for (const [what, shape] of SHAPES) if (shape.test(line)) return what;
  let rest = line.replaceAll(FIGURES, ' ');
  for (const known of KNOWN_DIGITS) rest = rest.replaceAll(known, ' ');
  return PHONE.test(rest) ? 'a phone number' : null;
}
