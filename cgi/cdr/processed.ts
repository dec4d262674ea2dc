/**
 * 30040 (ours): ticks a call off as dealt with, or takes the tick away. On the list of missed calls (30039) the tick on a
 * caller's last try stands for all of his before it.
 */
import * as v from 'valibot';
import * as fields from '../fields.ts';
import { CgiError, json } from '../reply.ts';
import { by, verb } from '../verb.ts';

export const processCall = verb({
  about: 'ticks a call off as dealt with, or takes the tick away',
  right: 'cdr.process',
  parameters: v.strictObject({
    id: fields.required('the call, as 9006 and 30039 name it', (text) => {
      if (!/^\d{1,15}$/.test(text)) throw new fields.Wrong('must be the id of a call');
      return Number(text);
    }),
    processed: fields.required('1: it is dealt with; 0: it is not', (text) => {
      if (text !== '0' && text !== '1') throw new fields.Wrong('must be 0 or 1');
      return text === '1';
    }),
  }),
  async handle({ id, processed }, { store }, asking) {
    const audit = { ...by(asking), action: processed ? 'calls.processed' : 'calls.unprocessed', detail: {} };
    const { removed } = await store.write({ kind: 'processed', id, processed, audit });
    if (removed === 0) throw new CgiError('not_found', `there is no call ${id}`);
    return json({ result: 'success', processed });
  },
});
