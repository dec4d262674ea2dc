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
  /** Make links that show calls to others (dialects: getShareURL, shareCdr). */
  'cdr.share',
  /** Tick off a call as dealt with (30040). */
  'cdr.process',
  /** See, play and download recordings (20053, 20036, players). */
  'recording.read',
  /** Delete recordings (20054). */
  'recording.delete',
  /** Write the headers of damaged recordings anew (30030). */
  'recording.repair',
  /** Change what is recorded and where to. */
  'recording.settings',
  /** Change how the box numbers and keeps calls: number ranges, trunks, zone, trash. */
  'settings',
  /** Change one's own password (30006). */
  'password.own',
  /** End one's own sessions, and see them (30005, 30031, 30032); who has `users` does so with everybody's. */
  'session.own',
  /** Change the phone book (30014, 30015); whoever sees the CDR report may read it. */
  'contacts',
  /** See and change accounts, API keys (30007 to 30012) and the AMI's users (30021 to 30023). */
  'users',
  /** Read who did what (30018). */
  'audit',
  /** See the calls in progress. */
  'live.read',
  /** Act on them: pause a recording. */
  'live.control',
  /** Have Asterisk call somebody (dialects: callback). */
  'call.place',
  /** See the backups, and make one (30027, 30028). */
  'backup',
  /** Read /metrics from another machine. */
  'metrics',
] as const;
export type Right = (typeof RIGHTS)[number];

const GRANTED: Readonly<Record<Role, ReadonlySet<Right>>> = {
  admin: new Set(RIGHTS),
  monitor: new Set(['recording.read', 'recording.delete', 'recording.settings', 'password.own', 'session.own']),
};

/**
 * What no API key may by its role alone, because a program that has it can cost money or open other doors: each is given
 * with the key or not at all.
 */
export const SCOPES = [
  /** Read the passwords of extensions and trunks. */
  'extension.secrets',
  /** Read what the firewall lets through. */
  'firewall',
  /** Have Asterisk call somebody. */
  'call.place',
  /** Make links that show calls to others, who need no log-in. */
  'cdr.share',
] as const;
export type Scope = (typeof SCOPES)[number];

/** What a person may of these, who has logged in: what is a right as well is a matter of the role, the rest is for programs. */
export function scopesOfPerson(role: Role): ReadonlySet<Scope> {
  return new Set((['call.place', 'cdr.share'] as const).filter((scope) => may(role, scope)));
}

/** Whether a text (a parameter, a stored key) names a scope. Case counts. */
export function isScope(text: string): text is Scope {
  return (SCOPES as readonly string[]).includes(text);
}

/** Whether a role includes a right. */
export function may(role: Role, right: Right): boolean {
  return GRANTED[role].has(right);
}

/** Whether a text (a command's argument, a stored account) names a role. Case counts. */
export function isRole(text: string): text is Role {
  return (ROLES as readonly string[]).includes(text);
}
