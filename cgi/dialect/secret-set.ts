/**
 * 30057 (ours): sets the secret that a dialect's clients make their hashes with, or takes it away. No answer ever shows it:
 * who has forgotten it sets another one.
 */
import * as v from 'valibot';
import { field, Wrong } from '../fields.ts';
import { json } from '../reply.ts';
import { by, verb } from '../verb.ts';
import { SECRET_DIALECTS } from './secret-port.ts';

/**
 * Six characters has the one of MOR's own document, and so may a program that can't be changed. What JSON would write otherwise than it is, a support archive could not know again to hide it.
 */
const SECRET = /^(?!.*["\\])[\x20-\x7e]{6,100}$/;

export const setDialectSecret = verb({
  about: 'set the secret that a dialect’s clients make their hashes with, take it away, or ask whether there is one',
  right: 'users',
  parameters: v.strictObject({
    dialect: v.pipe(
      v.string(),
      v.description(SECRET_DIALECTS.join(', ')),
      v.picklist(SECRET_DIALECTS, `must be ${SECRET_DIALECTS.join(', ')}`),
    ),
    secret: field('6 to 100 characters; empty: it is taken away; without it nothing changes', (text) => {
      if (text !== '' && !SECRET.test(text))
        throw new Wrong('must be 6 to 100 printable ASCII characters without " and \\');
      return text;
    }),
  }),
  lines: ({ secret }) => (secret === undefined ? 0 : 1),
  async handle({ dialect, secret }, { dialectSecrets }, asking) {
    if (secret !== undefined) await dialectSecrets.set(dialect, secret, by(asking));
    return json({ result: 'success', dialect, secret: dialectSecrets.has(dialect) ? 'set' : 'none' });
  },
});
