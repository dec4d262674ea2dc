/** What a task of VoIPmonitor's scripts is: whose right it takes, and its handler. One file each; voipmonitor.ts names them. */
import type { Known } from '../../access/session.ts';
import { CgiError, type Reply } from '../../reply.ts';
import type { Services } from '../../verb.ts';
import type { DialectRequest } from '../dialect.ts';
import type { Like } from '../enter.ts';
import type { Sent } from './request.ts';

/** What a handler works with. The caller may do what the task does: that is looked at before. */
export interface Asked {
  readonly request: DialectRequest;
  readonly services: Services;
  readonly caller: Known;
  readonly sent: Sent;
  /** `auditReason`, checked; '' where none was given. */
  readonly reason: string;
  /** Calls were handed out: where a reason was given for it, the audit log has it. @param asked By what, in the client's words. */
  note(asked: ReadonlyMap<string, unknown>): void;
}

export interface Task {
  /** The number of ours that does the same. */
  readonly like: Like;
  /** @throws {CgiError}: told in the form of the script. */
  handle(asked: Asked): Reply | Promise<Reply>;
}

/** Of what this box doesn't have. @param why In few words. */
export function notHere(what: string, why: string): CgiError {
  return new CgiError('not_found', `${what} is not here: ${why}`);
}

/** Why of all that is read from packets. */
export const NO_CAPTURE = 'no SIP and no RTP is captured, the box knows calls as Asterisk records them';
