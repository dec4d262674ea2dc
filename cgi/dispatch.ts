/** From a request to its reply: number, then rights, then parameters, then the handler. Nothing is allowed by default. */
import * as v from 'valibot';
import { isDiskFault, StoreError } from '../storage/errors.ts';
import { may, type Right, scopesOfPerson } from '../storage/model/rights.ts';
import type { AuditLine } from '../storage/sql/audit.ts';
import { keyId } from './access/keys.ts';
import type { Known } from './access/session.ts';
import { checkParameters, readParameters } from './params.ts';
import { splitReason, takesReason } from './reason.ts';
import { type NumberReference, referenceOf } from './reference.ts';
import { CgiError, diskFault, errorReply, json, type Reply } from './reply.ts';
import { TABLE } from './table.ts';
import type { Door } from './trial/port.ts';
import type { Services, Verb } from './verb.ts';

/** What arrived under `/cgi/webserve/`, whatever carried it. */
export interface CgiRequest {
  /** As it stands in the path; '' asks for the reference of the numbers. */
  readonly number: string;
  /** Undecoded; '' where there is none. */
  readonly query: string;
  /**
   * Reads the form body, undecoded; '' where there is none. Asked for only when the caller may do what the number does.
   * @param known Whether the caller has shown who it is. @throws {CgiError}
   */
  body(known: boolean): Promise<string>;
  /** From the Authorization header or the cookie. */
  readonly token: string | null;
  /** The client's. */
  readonly address: string;
  /** What the client says of itself. */
  readonly agent?: string;
  /** The cookie by which a browser that has logged in before is known. */
  readonly device?: string | null;
  /** By HTTPS. */
  readonly secure?: boolean;
  /** How it came in. */
  readonly door?: Door | null;
}

/** @throws {CgiError}, {StoreError} and what is a fault of ours: see {@link toldFault}. */
export async function dispatch(request: CgiRequest, services: Services): Promise<Reply> {
  if (request.number === '') return reference(request, services);
  const verb = verbOf(request.number);
  if (!verb) throw new CgiError('not_found', `there is no number ${request.number.slice(0, 20)}`);
  const number = Number(request.number);
  const { token, address } = request;
  const caller =
    verb.right === null ? callerOf(token, services) : admit({ token, address }, number, verb.right, services);
  const body = await request.body(verb.right !== null);
  const sent = readParameters(request.query, body);
  const { reason, rest } = takesReason(number) ? splitReason(sent) : { reason: '', rest: sent };
  const parameters = checkParameters(verb.parameters, rest);
  if (caller && takesReason(number)) services.notes.acts(caller.user, verb.lines?.(parameters) ?? 1);
  try {
    const { agent = '', device = null, secure = false, door = null } = request;
    return await verb.handle(parameters, services, { caller, address, agent, device, secure, door, token, reason });
  } catch (error) {
    if (!(error instanceof CgiError)) throw error;
    // What of a number's work is not for everybody who may call it, its handler knows.
    if (error.code === 'denied' && caller) refusal({ caller, token, address }, { number }, services);
    throw asSpelled(error, sent);
  }
}

/**
 * Who asks, if that is somebody who may call a number, or what stands for it; who may not is noted in the audit log.
 * @throws {CgiError} `login`, `denied`
 */
export function admit(
  { token, address }: Pick<CgiRequest, 'token' | 'address'>,
  number: number,
  right: Right,
  services: Pick<Services, 'sessions' | 'keys' | 'notes'>,
): Known {
  const caller = callerOf(token, services);
  if (caller && mayCall(caller, number, right)) return caller;
  throw refusal({ caller, token, address }, { number }, services);
}

/** Refuses who asks, or nobody that is known, and notes it. @param what Was asked for, for the audit log. */
export function refusal(
  { caller, token, address }: Pick<CgiRequest, 'token' | 'address'> & { readonly caller: Known | null },
  what: AuditLine['detail'],
  { notes }: Pick<Services, 'notes'>,
): CgiError {
  if (!caller) {
    // An ended session is everyday; a key that opens nothing is one that was revoked, or a guess.
    const id = token === null ? null : keyId(token);
    if (id !== null) notes.refused({ who: '', address, action: 'key.refused', detail: { id } });
    return new CgiError('login', 'log in first: 8404');
  }
  notes.refused({ who: caller.user, address, action: 'denied', detail: what });
  return new CgiError('denied', `${caller.user} may not do this`);
}

/** A handler knows a parameter by its plain name; who asks is told of it in the spelling that was sent. */
function asSpelled(error: CgiError, sent: ReturnType<typeof readParameters>): CgiError {
  const { code, message, parameter, retryAfter } = error;
  const spelled = parameter === undefined ? undefined : sent.get(parameter)?.name;
  return spelled === undefined ? error : new CgiError(code, message, spelled, retryAfter);
}

/** Without a number: those that the caller may use. Who isn't logged in sees how to log in. */
function reference({ token, query }: CgiRequest, services: Services): Reply {
  checkParameters(NOTHING, readParameters(query));
  const caller = callerOf(token, services);
  const mine = ({ number, right }: NumberReference) =>
    right === null || (caller !== null && mayCall(caller, number, right));
  const numbers = referenceOf(TABLE).filter(mine);
  return json({ json_array_numbers: numbers.map(({ number, about, parameters }) => ({ number, about, parameters })) });
}

const NOTHING = v.strictObject({});

/** As the guide writes it and no other way: `09006` is none. */
function verbOf(number: string): Verb | undefined {
  return /^[1-9]\d{0,5}$/.test(number) ? TABLE[Number(number)] : undefined;
}

/** Whether the table has it. */
export function isNumber(number: string): boolean {
  return verbOf(number) !== undefined;
}

/**
 * Who holds this token or API key, or null.
 * @param isUse Whether that counts as use of a session; what only looks whether it still stands must not keep it alive.
 */
export function callerOf(
  token: string | null,
  { sessions, keys }: Pick<Services, 'sessions' | 'keys'>,
  isUse = true,
): Known | null {
  if (token === null) return null;
  const session = isUse ? sessions.find(token) : sessions.look(token);
  return session ? { ...session, numbers: null, scopes: scopesOfPerson(session.role) } : keys.find(token);
}

/** Whether somebody may call a number: by role, and for an API key by what it is limited to. */
export function mayCall({ role, numbers }: Known, number: number, right: Right): boolean {
  return may(role, right) && (numbers === null || numbers.has(number));
}

/**
 * What the client is told of a fault: of its own, and of those of the store that pass. null: a fault of ours, to be
 * logged and answered as `internal`.
 */
export function toldFault(error: unknown): CgiError | null {
  if (error instanceof CgiError) return error;
  if (!(error instanceof StoreError)) return null;
  if (error.code === 'busy') return new CgiError('busy', 'try again shortly');
  return isDiskFault(error) ? diskFault(error) : null;
}

/** Whether the log must have a fault, told or not: who asks hears that the disk fails; at what it failed is the log's. */
export function isForLog(error: unknown): boolean {
  return toldFault(error) === null || (error instanceof StoreError && error.code === 'io');
}

/** The same as a reply; null: it is a fault of ours. */
export function faultReply(error: unknown): Reply | null {
  const told = toldFault(error);
  return told && errorReply(told);
}
