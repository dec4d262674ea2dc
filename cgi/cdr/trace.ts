/** 30001 (ours): where the records of a call came from, why its rows are what they are, how its recording was tied. */
import * as v from 'valibot';
import type { CallTraces } from '../contract.ts';
import { CgiError, json } from '../reply.ts';
import { verb } from '../verb.ts';

export const traceCall = verb({
  about: 'where the records of a call came from, why its rows are what they are',
  right: 'cdr.read',
  parameters: v.strictObject({
    uniqueid: v.pipe(
      v.string(),
      v.description('UniqueID or LinkedID of the call'),
      v.regex(/^[\x21-\x7e]{1,150}$/, 'must be a UniqueID or LinkedID such as 1620378302.28'),
    ),
  }),
  async handle({ uniqueid }, { store }) {
    const calls = await store.ask('trace', uniqueid);
    if (calls.length === 0)
      throw new CgiError('not_found', `no record has the UniqueID or LinkedID ${uniqueid}`, 'uniqueid');
    return json<CallTraces>({ json_array_calls: calls });
  },
});
