/**
 * 9004: deletes what the filter of 9006 matches (guide 1.3, example 1). Deleted calls lie in the trash, where 30003 brings
 * them back from; the recordings stay. Without any parameter it is today's calls; an open side is obeyed.
 */
import * as v from 'valibot';
import { whileUnderWay } from '../deletion/show.ts';
import * as fields from '../fields.ts';
import { json } from '../reply.ts';
import { by, verb } from '../verb.ts';
import { callFilter, filterOf, rangeOf } from './filter.ts';

/** Milliseconds that an answer waits for the deletion's end: less than clients and proxies commonly wait, a minute. */
export const WAIT_MS = 30_000;

export const deleteCalls = verb({
  about: 'deletes the calls that match; 30003 undoes it',
  right: 'cdr.delete',
  parameters: v.strictObject({ ...callFilter.entries, dryrun: fields.flag('only count what matches') }),
  lines: () => 2, // that it begins, and how it ended
  async handle(parameters, services, asking) {
    const filter = filterOf(parameters, rangeOf(parameters, services), services);
    if (parameters.dryrun) {
      let matches = 0;
      for await (const { rows } of services.store.count('call', filter)) matches += rows;
      return json({ result: 'success', dryrun: true, matches });
    }
    const deletion = await services.callDeletions.begin(filter, by(asking), WAIT_MS);
    const { count, token } = deletion;
    return json({ result: 'success', deleted: count, undo: token, ...whileUnderWay(deletion) });
  },
});
