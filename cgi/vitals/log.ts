/** 30044 (ours): the last warnings and errors of the log since the start, for who has no shell on the box. */
import * as v from 'valibot';
import type { Complaints } from '../contract.ts';
import { json } from '../reply.ts';
import { verb } from '../verb.ts';

export const lastComplaints = verb({
  about: 'the last warnings and errors of the log since the start, newest first, one that repeats once',
  right: 'settings',
  parameters: v.strictObject({}),
  handle(_, { vitals, zone }) {
    const text = (ms: number) => zone.text(Math.floor(ms / 1000));
    const json_array_log = vitals.complaints().map(({ at, firstAt, ...message }) => ({
      time: text(at),
      first: text(firstAt),
      ...message,
    }));
    return json<Complaints>({ json_array_log });
  },
});
