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
      const why = late.aborted ? 'it did not answer in time' : (error.code ?? error.message);
      reject(new Error(`${url.host}: ${why}`, { cause: error }));
    });
    request.end(body);
  });
}
