/** Who asks by a dialect, and whether he may: by the rights of the number of ours that does the same. */
import { createHash } from 'node:crypto';
import { type Right, type Scope, scopesOfPerson } from '../../storage/model/rights.ts';
import type { By } from '../../storage/sql/audit.ts';
import type { Known } from '../access/session.ts';
import { callerOf, mayCall } from '../dispatch.ts';
import { CgiError } from '../reply.ts';
import type { Services } from '../verb.ts';
import type { DialectRequest } from './dialect.ts';

/** The number of ours that does what is asked for: whoever may not call it may not do it by a dialect either. */
export interface Like {
  readonly number: number;
  readonly right: Right;
  /** What else it takes: of an API key that it was given, of somebody who has logged in the role. */
  readonly scope?: Scope;
}

type Needed = Pick<Services, 'accounts' | 'sessions' | 'keys' | 'notes'>;

/** Whom a session's token or an API key stands for, or null. */
export function holderOf(token: string | null, services: Needed): Known | null {
  return callerOf(token, services);
}

/**
 * Whose name and password these are, or null; no session begins. Password may be an API key, whose name is then the user's:
 * the better way for programs, and the only one for accounts that have a second factor.
 * @throws {CgiError} `busy` at the pace for guesses
 */
export async function knownBy(
  user: string,
  password: string,
  request: Pick<DialectRequest, 'address' | 'recognised'>,
  { accounts, keys }: Needed,
): Promise<Known | null> {
  const key = keys.find(password);
  if (key && key.user !== `key:${user}`) return null;
  const account = key ? null : await accounts.verify(user, digestOf(password), request.address);
  const known = key ?? (account && { ...account, numbers: null, scopes: scopesOfPerson(account.role) });
  if (known) request.recognised();
  return known;
}

/** As the guide's clients send a password. */
export function digestOf(password: string): string {
  return createHash('md5').update(password).digest('hex');
}

/** Whether somebody may do it; who may not is noted in the audit log. @throws {CgiError} `denied` */
export function needs(
  caller: Known,
  { number, right, scope }: Like,
  request: Pick<DialectRequest, 'address'>,
  services: Needed,
): void {
  if (!mayCall(caller, number, right)) {
    services.notes.refused({ who: caller.user, address: request.address, action: 'denied', detail: { number } });
    throw new CgiError('denied', `${caller.user} may not do this`);
  }
  if (scope !== undefined) needsScope(caller, { scope, what: 'do this' }, request, services);
}

/** @param what It is for, behind "may not". @throws {CgiError} `denied`, which the audit log notes as well */
export function needsScope(
  caller: Known,
  { scope, what }: { readonly scope: Scope; readonly what: string },
  { address }: Pick<DialectRequest, 'address'>,
  { notes }: Needed,
): void {
  if (hasScope(caller, scope)) return;
  notes.refused({ who: caller.user, address, action: 'denied', detail: { scope } });
  throw new CgiError('denied', `${caller.user} may not ${what}: it takes the scope ${scope}`);
}

/** Whether an API key was given a scope; of somebody who has logged in, whether the role has it. */
export function hasScope({ scopes }: Pick<Known, 'scopes'>, scope: Scope): boolean {
  return scopes.has(scope);
}

/** What an audit line says of who asked. @param reason In his own words; '' where none were given. */
export function byOf({ user }: Known, { address }: Pick<DialectRequest, 'address'>, reason = ''): By {
  return { who: user, address, ...(reason !== '' && { reason }) };
}
