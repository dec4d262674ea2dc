/**
 * Asking the box: a number and its parameters against its answer, always by POST, so that no phone number stands in an address.
 * The browser's cookie says who asks; when it says so no longer, whoever listens here shows the log-in.
 */
import type { ErrorBody } from '../contract.ts';

export type Parameters = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** The box has refused, or could not be reached (`code` `offline`). */
export class AskError extends Error {
  /** As `error.code` says; `offline`: no answer came. */
  readonly code: string;
  /** Name of the parameter that is wrong. */
  readonly parameter: string | undefined;
  /** Of HTTP; 0: no answer came. */
  readonly status: number;
  constructor(status: number, code: string, message: string, parameter?: string) {
    super(message);
    this.name = 'AskError';
    this.status = status;
    this.code = code;
    this.parameter = parameter;
  }

  /** The message for where the parameter's name stands already: the box begins with it. */
  get reason(): string {
    const name = this.parameter ?? '';
    const begins = name !== '' && this.message.toLowerCase().startsWith(name.toLowerCase());
    return begins ? this.message.slice(name.length).replace(/^:?\s+/, '') : this.message;
  }
}

const lost = new Set<() => void>();

/** Called when an answer says that nobody is logged in any more. @returns how to stop that. */
export function onSessionLost(listener: () => void): () => void {
  lost.add(listener);
  return () => lost.delete(listener);
}

export interface AskOptions {
  readonly signal?: AbortSignal | undefined;
}

/** @throws {AskError}; {DOMException} `AbortError` when the signal did it. */
export async function ask<Answer>(
  number: number,
  parameters: Parameters = {},
  options: AskOptions = {},
): Promise<Answer> {
  const response = await request(number, parameters, options);
  try {
    return (await response.json()) as Answer;
  } catch (error) {
    throw known(error);
  }
}

/** The same where the answer is no JSON, or is to be read as it comes. @throws {AskError} */
export async function request(
  number: number,
  parameters: Parameters = {},
  { signal }: AskOptions = {},
): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(`/cgi/webserve/${number}`, {
      method: 'POST',
      body: formOf(parameters),
      signal: signal ?? null,
      cache: 'no-store',
    });
  } catch (error) {
    throw known(error);
  }
  if (response.ok) return response;
  const error = await errorOf(response);
  // A wrong password at the log-in is no session lost.
  if (error.status === 401 && number !== LOGIN) for (const listener of lost) listener();
  throw error;
}

const LOGIN = 8401;

/** Where the same can be had by a link, for what a browser shall save or play. */
export function addressOf(number: number, parameters: Parameters = {}): string {
  const query = formOf(parameters).toString();
  return `/cgi/webserve/${number}${query === '' ? '' : `?${query}`}`;
}

/** What is null, undefined or false is left out; true is `1`. */
export function formOf(parameters: Parameters): URLSearchParams {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value === null || value === undefined || value === false) continue;
    form.set(name, value === true ? '1' : String(value));
  }
  return form;
}

/** A failed answer as an error. */
async function errorOf(response: Response): Promise<AskError> {
  const { status } = response;
  try {
    const { error } = (await response.json()) as ErrorBody;
    return new AskError(status, error.code, error.message, error.parameter);
  } catch {
    return new AskError(status, 'internal', `HTTP ${status}`);
  }
}

function known(error: unknown): unknown {
  if (error instanceof DOMException && error.name === 'AbortError') return error;
  return new AskError(0, 'offline', 'no answer');
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}
