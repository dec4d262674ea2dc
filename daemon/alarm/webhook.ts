/**
 * An alarm as one POST of JSON. Of the answer nothing is read but its status, and no redirect is followed: what a receiver
 * says must not come back to who has set the address.
 */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { targetOf } from './reachable.ts';

export interface WebhookOptions {
  readonly url: string;
  /** The configuration allows receivers on the box itself. */
  readonly localToo: boolean;
  readonly body: string;
  /** Milliseconds for all of it: name, connection, TLS and answer. */
  readonly ms: number;
  /** Of User-Agent. */
  readonly program: string;
}

/** @throws {Error} in words for people, when it was not answered by 2xx in time. The words never hold the address's path. */
export async function post(options: WebhookOptions): Promise<void> {
  const url = new URL(options.url);
  const late = AbortSignal.timeout(options.ms);
  const target = await Promise.race([targetOf(url.hostname, options.localToo), whenLate(late)]);
  const status = await send(url, target, options, late);
  if (status < 200 || status > 299) throw new Error(`${url.host} answered ${status}`);
}

function whenLate(late: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    late.addEventListener('abort', () => reject(new Error('its name was not found in time')), { once: true });
  });
}

function send(
  url: URL,
  { address, family }: Awaited<ReturnType<typeof targetOf>>,
  { body, program }: WebhookOptions,
  late: AbortSignal,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const secure = url.protocol === 'https:';
    const request = (secure ? httpsRequest : httpRequest)(
      url,
      {
        method: 'POST',
        agent: false,
        signal: late,
        lookup: (_host, { all }, answer) => {
          const call = answer as (error: null, found: unknown, family?: number) => void;
          if (all) call(null, [{ address, family }]);
          else call(null, address, family);
        },
        headers: {
          'Content-Type': 'application/json',
          'Content-Length': Buffer.byteLength(body),
          'User-Agent': program,
        },
      },
      (response) => {
        resolve(response.statusCode ?? 0);
        response.destroy();
      },
    );
    request.on('error', (error: NodeJS.ErrnoException) => {
      const why = late.aborted ? 'it did not answer in time' : inWords(error);
      reject(new Error(`${url.host}: ${why}`, { cause: error }));
    });
    request.end(body);
  });
}

/** Of a connection that isn't made or breaks; the system's code stands behind, for who looks it up. */
const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ECONNRESET: 'it broke the connection off',
  EPIPE: 'it broke the connection off',
  ENETUNREACH: 'this box has no route there (is its network up, and has it a gateway?)',
  EHOSTUNREACH: 'no machine answers at that address, or no route leads there',
  ENETDOWN: "this box's network is down",
  EHOSTDOWN: 'no machine answers at that address',
  ETIMEDOUT: 'it did not answer in time',
  EADDRNOTAVAIL: 'this box has no address of that kind to go there from',
};

/** What broke a connection, in words. */
export function inWords({ code, message }: NodeJS.ErrnoException): string {
  if (code === undefined) return message;
  const words = WORDS[code];
  if (words !== undefined) return `${words} (${code})`;
  return /CERT|SELF_SIGNED|UNABLE_TO/.test(code) ? `its certificate is not trusted (${code})` : code;
}
