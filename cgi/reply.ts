/** What a handler answers, as data: one place (daemon/http/write-reply.ts) writes it. */

/** Few codes, one table to status. */
export const ERROR_STATUS = {
  invalid: 400,
  login: 401,
  denied: 403,
  not_found: 404,
  method: 405,
  conflict: 409,
  too_large: 413,
  busy: 429,
  internal: 500,
  storage_offline: 503,
  disk_full: 507,
} as const;
export type ErrorCode = keyof typeof ERROR_STATUS;

/** A fault that the client is told of. Anything else that is thrown becomes `internal`, with the details in the log only. */
export class CgiError extends Error {
  readonly code: ErrorCode;
  /** Name of the parameter that is wrong, as the client wrote it. */
  readonly parameter: string | undefined;
  constructor(code: ErrorCode, message: string, parameter?: string) {
    super(message);
    this.name = 'CgiError';
    this.code = code;
    this.parameter = parameter;
  }
}

/** The session cookie goes with this answer. */
export interface SessionCookie {
  readonly token: string;
  /** Seconds that it lives at most. */
  readonly maxAge: number;
}

export type Reply =
  | { readonly kind: 'json'; readonly status: number; readonly body: unknown; readonly session?: SessionCookie }
  /**
   * A long listing as JSON, streamed as it is found. A piece may be empty: it says only that the search goes on, so that
   * whoever writes can stop it when the client is gone.
   */
  | { readonly kind: 'rows'; readonly text: AsyncIterable<string> };

export function json(body: unknown, status = 200): Reply {
  return { kind: 'json', status, body };
}

/** The one shape of an error: `{"error":{"code","parameter","message"}}`. */
export function errorBody({ code, parameter, message }: CgiError): { readonly error: object } {
  return { error: parameter === undefined ? { code, message } : { code, parameter, message } };
}

export function errorReply(error: CgiError): Reply {
  return json(errorBody(error), ERROR_STATUS[error.code]);
}
