/** Splits what an AMI client sends into requests, as main/manager.c does: LF or CRLF, names in any case, bounded. */
import { MAX_REQUEST_HEADERS, MAX_REQUEST_LINE } from './limits.ts';

export interface Request {
  /** First value of the header, '' when it is absent. Names match in any case. */
  get(name: string): string;
}

/** Thrown for a line or request beyond the bounds: the connection is closed. */
export class RequestTooLarge extends Error {}

/** Lines are cut as bytes (latin1), so that a character split between two chunks stays whole. */
const utf8 = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8');

/** Feeds chunks of bytes; returns the requests that became complete. An empty block between requests is ignored. */
export function requestReader(): (chunk: Buffer) => Request[] {
  let rest = '';
  let headers: [string, string][] = [];

  return (chunk) => {
    const lines = (rest + chunk.toString('latin1')).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_REQUEST_LINE) throw new RequestTooLarge();
    const requests: Request[] = [];
    for (const raw of lines) {
      const line = raw.replace(/\r$/, '');
      if (line.length > MAX_REQUEST_LINE) throw new RequestTooLarge();
      if (line !== '') {
        const colon = line.indexOf(':');
        if (colon > 0) headers.push([line.slice(0, colon).trim().toLowerCase(), utf8(line.slice(colon + 1).trim())]);
        if (headers.length > MAX_REQUEST_HEADERS) throw new RequestTooLarge();
      } else if (headers.length > 0) {
        const own = headers;
        headers = [];
        requests.push({ get: (name) => own.find(([key]) => key === name.toLowerCase())?.[1] ?? '' });
      }
    }
    return requests;
  };
}
