/** What only people do, with an account of their own: an API key has no password and no second factor. */
import type { By } from '../../storage/sql/audit.ts';
import { CgiError } from '../reply.ts';
import { type Asking, by } from '../verb.ts';
import type { ApiKeys } from './keys.ts';

/** @throws {CgiError} `conflict` */
export function ownAccount(keys: ApiKeys, asking: Asking): By {
  if (asking.token === null || keys.find(asking.token)) throw new CgiError('conflict', 'an API key has no password');
  return by(asking);
}
