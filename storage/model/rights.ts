/**
 * Who may do what: two roles, and rights as words that the table of numbers names (guide-resolved, "Roles"). `admin` may
 * do all; `monitor` looks after the recordings and sees no CDR report.
 */

export const ROLES = ['admin', 'monitor'] as const;
export type Role = (typeof ROLES)[number];

export const RIGHTS = [
  /** See and download the CDR report (9006, 9005). */
  'cdr.read',
  /** Delete calls from it (9004). */
  'cdr.delete',
  /** See, play and download recordings (20053, 20036, players). */
  'recording.read',
  /** Delete recordings (20054). */
  'recording.delete',
  /** Change what is recorded and where to. */
  'recording.settings',
  /** Change one's own password. */
  'password.own',
  /** See who did what. */
  'audit',
  /** See and change accounts. */
  'users',
  /** Read /metrics from another machine. */
  'metrics',
] as const;
export type Right = (typeof RIGHTS)[number];

const GRANTED: Readonly<Record<Role, ReadonlySet<Right>>> = {
  admin: new Set(RIGHTS),
  monitor: new Set(['recording.read', 'recording.delete', 'recording.settings', 'password.own']),
};

/** Whether a role includes a right. */
export function may(role: Role, right: Right): boolean {
  return GRANTED[role].has(right);
}

/** Whether a text (a command's argument, a stored account) names a role. Case counts. */
export function isRole(text: string): text is Role {
  return (ROLES as readonly string[]).includes(text);
}
