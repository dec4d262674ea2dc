/** 30053 (ours): one call as 9006 shows it, with the records it was made of, its recording, and what else belongs to it. */
import * as v from 'valibot';
import type { CallShown } from '../contract.ts';
import * as fields from '../fields.ts';
import { CgiError, json } from '../reply.ts';
import { verb } from '../verb.ts';
import { CALL_ROW } from './query.ts';

export const showCall = verb({
  about: 'one call: its row, the records it was made of, its recording, its trace',
  right: 'cdr.read',
  parameters: v.strictObject({
    id: fields.required('the `id` of a row of 9006', (text) => {
      if (!/^[1-9]\d{0,14}$/.test(text)) throw new fields.Wrong('must be the id of a call');
      return Number(text);
    }),
  }),
  async handle({ id }, { store, medium }) {
    const detail = await store.ask('callDetail', { id, present: medium.state().medium ?? null });
    const page = await store.ask('callPage', {
      filter: { start: {} },
      fields: CALL_ROW,
      order: 'asc',
      after: null,
      limit: 1,
      scan: 1,
      ids: String(id),
    });
    if (!detail || page.rows === 0) throw new CgiError('not_found', `there is no call ${id}, or it was deleted`, 'id');
    const { offset, trace, files } = detail;
    const [file] = files;
    return json<CallShown>({
      json_obj_call: JSON.parse(Buffer.from(page.bytes).toString('utf8')),
      offset,
      group: trace.group,
      json_array_legs: trace.legs,
      json_array_calls: trace.calls,
      json_array_pauses: trace.pauses,
      json_obj_recording: file ?? null,
    });
  },
});
