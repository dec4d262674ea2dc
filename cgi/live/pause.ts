/** 30020 (ours): pauses or resumes the recording of a call in progress. The pause is silence in the file. */
import * as v from 'valibot';
import * as fields from '../fields.ts';
import { CgiError, json } from '../reply.ts';
import { by, verb } from '../verb.ts';

export const pauseRecording = verb({
  about: 'pause or resume the recording of a call in progress',
  right: 'live.control',
  parameters: v.strictObject({
    id: v.pipe(
      v.string(),
      v.description('the call, as 30019 names it'),
      v.regex(/^[\x21-\x7e]{1,150}$/, 'must be the id of a call in progress'),
    ),
    pause: fields.oneOf('1', '0'),
  }),
  lines: () => 0, // a use, and never too much
  async handle({ id, pause }, { live }, asking) {
    if (pause === undefined) throw new CgiError('invalid', 'pause is missing: 1 pauses, 0 resumes', 'pause');
    await live.pause(id, pause === '1', by(asking));
    return json({ result: 'success', recording: pause === '1' ? 'paused' : 'on' });
  },
});
