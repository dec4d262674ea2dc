/**
 * 30048 (ours): how loud a recording is, part by part, for the page that draws it. Of a long one some samples of each part
 * are read, so that an hour costs no more than a minute or two.
 */
import * as v from 'valibot';
import type { Waveform } from '../contract.ts';
import * as fields from '../fields.ts';
import { CgiError } from '../reply.ts';
import { verb } from '../verb.ts';
import { refuseElsewhere } from './elsewhere.ts';
import type { Peaks } from './port.ts';

/** Of a player as wide as a page; and of one on a wall. */
const PARTS = 400;
const PARTS_MAX = 1_000;

export const recordingWaveform = verb({
  about: 'how loud a recording is, part by part, for drawing it',
  right: 'recording.read',
  parameters: v.strictObject({
    wavefile: fields.required('a path as 20053 gives it', (text) => {
      if (text.trim() === '') throw new fields.Wrong('names no recording');
      return text;
    }),
    parts: fields.field(`how many parts, 1 to ${PARTS_MAX}; ${PARTS} unless told`, (text) => {
      if (text.trim() === '') return undefined;
      const parts = Number(text);
      if (!/^\d{1,4}$/.test(text.trim()) || parts < 1 || parts > PARTS_MAX)
        throw new fields.Wrong(`must be 1 to ${PARTS_MAX}`);
      return parts;
    }),
  }),
  async handle({ wavefile, parts = PARTS }, services) {
    const { recordingFiles } = services;
    const [file] = await looked(recordingFiles.look([wavefile]));
    if (!file) await refuseElsewhere(services, [wavefile]);
    if (!file) throw new CgiError('not_found', 'there is no such recording', 'wavefile');
    return { kind: 'rows', text: written(recordingFiles.peaks(file, parts)), of: file };
  },
});

/** A path that leads out is the parameter's fault. */
async function looked<Answer>(looking: Promise<Answer>): Promise<Answer> {
  try {
    return await looking;
  } catch (error) {
    if (!(error instanceof CgiError) || error.code !== 'invalid') throw error;
    throw new CgiError('invalid', error.message, 'wavefile');
  }
}

/** Empty pieces while it is read: so a client that has gone ends the reading. */
async function* written(all: AsyncIterable<Peaks | null>): AsyncGenerator<string> {
  for await (const peaks of all) {
    if (!peaks) yield '';
    else {
      const { seconds, coding, exact, why } = peaks;
      const waveform: Waveform = { seconds, coding, exact, peaks: peaks.peaks, ...(why !== '' && { why }) };
      yield JSON.stringify(waveform);
    }
  }
}
