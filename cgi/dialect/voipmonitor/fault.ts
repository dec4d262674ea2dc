/**
 * Faults as VoIPmonitor's scripts tell them: `{"success":false,"errors":{"reason":…}}`, and those of the license check as
 * `{"status":1,"message":…}`. As there, what is wrong with a request is told with status 200: clients look at `success`.
 * What is a matter of HTTP or of the box keeps its status.
 */
import { type CgiError, ERROR_STATUS, type ErrorCode, type Reply } from '../../reply.ts';
import type { DialectRequest } from '../dialect.ts';

const OF_THE_REQUEST: ReadonlySet<ErrorCode> = new Set(['invalid', 'login', 'denied', 'not_found', 'conflict']);

export const LICENSE = '/php/apilicensecheck.php';

export function fault({ code, message }: CgiError, { path }: Pick<DialectRequest, 'path'>): Reply {
  const status = OF_THE_REQUEST.has(code) ? 200 : ERROR_STATUS[code];
  const body = path === LICENSE ? { status: 1, message } : { success: false, errors: { reason: message } };
  return { kind: 'json', status, body };
}
