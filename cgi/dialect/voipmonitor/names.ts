/** What a task of the API understands of its `params`. A name that it doesn't is told of: left out in silence it would mislead. */
import { CgiError } from '../../reply.ts';
import type { Params, Sent } from './request.ts';

/**
 * The params of a task that does one thing at a time.
 * @param known Their names. @throws {CgiError} `invalid` for several objects, or a name that isn't among these
 */
export function oneOf({ params }: Sent, known: readonly string[]): Params {
  const [one] = params;
  if (!one || params.length > 1) throw new CgiError('invalid', 'params must be one object', 'params');
  for (const name of one.keys())
    if (!known.includes(name))
      throw new CgiError('invalid', `${name.slice(0, 64)} is no parameter of this task`, name.slice(0, 64));
  return one;
}
