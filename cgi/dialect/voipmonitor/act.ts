/** What a task changes isn't done by HEAD: its answer, such as a link that is shown once, would be thrown away. */
import { CgiError } from '../../reply.ts';
import type { DialectRequest } from '../dialect.ts';

/** @throws {CgiError} `method` */
export function refuseHead({ method }: Pick<DialectRequest, 'method'>): void {
  if (method === 'HEAD') throw new CgiError('method', 'GET and POST only');
}
