/** What a handler answers, as data: one place (daemon/http/write-reply.ts) writes it. */
import type { StoreError } from '../storage/errors.ts';

/** Few codes, one table to status. */
export const ERROR_STATUS = {
  invalid: 400,
  login: 401,
  denied: 403,
  not_found: 404,
  method: 405,
  conflict: 409,
  too_large: 413,
  misdirected: 421,
  busy: 429,
  internal: 500,
  storage_offline: 503,
  disk_failing: 503,
  disk_full: 507,
} as const;
export type ErrorCode = keyof typeof ERROR_STATUS;

/** A fault that the client is told of. Anything else that is thrown becomes `internal`, with the details in the log only. */
export class CgiError extends Error {
  readonly code: ErrorCode;
  /** Name of the parameter that is wrong, as the client wrote it. */
  readonly parameter: string | undefined;
  /** Seconds until another try makes sense, for `busy`. */
  readonly retryAfter: number | undefined;
  constructor(code: ErrorCode, message: string, parameter?: string, retryAfter?: number) {
    super(message);
    this.name = 'CgiError';
    this.code = code;
    this.parameter = parameter;
    this.retryAfter = retryAfter;
  }
}

const DISK_FAULTS = {
  disk_full: ['disk_full', 'the disk of the call records is full'],
  read_only: ['disk_failing', 'the disk of the call records is read-only'],
  io: ['disk_failing', 'the disk of the call records fails'],
} as const;

/** What is told of a disk of the store that refuses. @param next What becomes of the matter, for people. */
export function diskFault({ code }: StoreError, next = ''): CgiError {
  const [told, message] = DISK_FAULTS[code === 'disk_full' || code === 'read_only' ? code : 'io'];
  return new CgiError(told, next === '' ? message : `${message}: ${next}`);
}

/** The session cookie goes with this answer. */
export interface SessionCookie {
  readonly token: string;
  /** Seconds that it lives at most. */
  readonly maxAge: number;
}

/** A cookie under a name of the asker's choice. */
export interface NamedCookie extends SessionCookie {
  /** A token of HTTP: letters, digits, `_`, `-`. */
  readonly name: string;
}

/** One file of the medium, opened for reading while it is answered. */
export interface ReplyFile {
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly mtimeMs: number;
  /**
   * A piece is good until the next is asked for: its memory is used again. Ending the iteration ends the reading.
   * @param from First byte. @param to Last byte, included.
   * @throws {CgiError} `storage_offline`; `conflict` when it is no longer the file that was looked at; `busy`.
   */
  read(from: number, to: number): AsyncIterable<Uint8Array>;
  /** All these bytes if they were read ahead, good until it is closed; null: they must be read. */
  ready?(from: number, to: number): Uint8Array | null;
  /** Gives back the memory of what was read ahead. Harmless at any time. */
  close?(): void;
}

/** Bytes of a file that will be asked for if it is there. */
export interface Ahead {
  /** The first. */
  readonly from: number;
  /** As many at most. */
  readonly length: number;
}

export type Reply =
  | {
      readonly kind: 'json';
      readonly status: number;
      readonly body: unknown;
      /** The session that begins; null: the one there is ends. */
      readonly session?: SessionCookie | null;
      /** Goes with it: by this cookie the browser is known when it logs in again. */
      readonly device?: string;
      /** Seconds until another try makes sense. */
      readonly retryAfter?: number;
      /** Called when it has been written, or the client has gone: for what the client is told before it holds. */
      written?(): void;
    }
  /**
   * A long listing, streamed as it is found. A piece may be empty: it says only that the search goes on, so that whoever
   * writes can stop it when the client is gone. Bytes are good until the next piece is asked for.
   */
  | {
      readonly kind: 'rows';
      readonly text: AsyncIterable<string | Uint8Array>;
      /** Absent: JSON. */
      readonly type?: string;
      /** To be saved under this name; absent: shown. */
      readonly filename?: string;
      /** All that is told follows from this file: as long as it stays the same a browser that asks again is told only that. */
      readonly of?: Pick<ReplyFile, 'size' | 'mtimeMs'>;
    }
  /** Bytes made while they are sent, to be saved under a name: an archive. */
  | {
      readonly kind: 'archive';
      readonly type: string;
      readonly filename: string;
      /** How many there will be, where that is known; then a client sees how far it is, and that an answer is cut. */
      readonly size?: number;
      /** A piece is good until the next is asked for. */
      readonly bytes: AsyncIterable<Uint8Array>;
    }
  /** What a dialect answers: a text or a few bytes of any type, with a cookie of its own. */
  | {
      readonly kind: 'text';
      readonly status: number;
      readonly type: string;
      readonly text: string | Uint8Array;
      /** To be saved under this name; absent: shown. */
      readonly filename?: string;
      readonly cookie?: NamedCookie;
      /** What a browser may do with it, a Content-Security-Policy; absent: nothing. */
      readonly policy?: string;
      /** Seconds until another try makes sense. */
      readonly retryAfter?: number;
    }
  /** The client is to go on there, by GET. */
  | {
      readonly kind: 'redirect';
      /** A path of ours, from `/` on. */
      readonly location: string;
      readonly cookie?: NamedCookie;
    }
  /** A file that players seek in: Range, If-Range and conditional requests are the writer's business. */
  | {
      readonly kind: 'file';
      readonly type: string;
      readonly filename: string;
      /** To be saved, not played. */
      readonly save: boolean;
      readonly file: ReplyFile;
    };

/** @param Body Of pages' numbers the type in contract.ts, so that page and number agree. */
export function json<Body = unknown>(body: Body, status = 200): Reply {
  return { kind: 'json', status, body };
}

/** The one shape of an error: `{"error":{"code","parameter","message"}}`. */
export function errorBody({ code, parameter, message }: CgiError): { readonly error: object } {
  return { error: parameter === undefined ? { code, message } : { code, parameter, message } };
}

export function errorReply(error: CgiError): Reply {
  const status = ERROR_STATUS[error.code];
  const body = errorBody(error);
  return { kind: 'json', status, body, ...(error.retryAfter !== undefined && { retryAfter: error.retryAfter }) };
}
