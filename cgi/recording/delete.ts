/** 20054: moves recordings into the medium's trash (guide 2.3, table 6 and example 4), or removes them for good. */
import * as v from 'valibot';
import type { RecordingsDeleted } from '../contract.ts';
import { whileUnderWay } from '../deletion/show.ts';
import * as fields from '../fields.ts';
import { CgiError, json } from '../reply.ts';
import { by, verb } from '../verb.ts';
import { refuseElsewhere } from './elsewhere.ts';
import { findFiles, wavefiles } from './paths.ts';

export const deleteRecordings = verb({
  about: 'delete recordings; undo brings them back',
  right: 'recording.delete',
  parameters: v.strictObject({ wavefiles, purge: fields.flag('at once and for good') }),
  lines: () => 2, // that it begins, and how it ended
  async handle({ wavefiles: paths, purge }, services, asking) {
    const { recordingFiles, recordingDeletions } = services;
    const { found, missing } = await findFiles(recordingFiles, paths);
    // None of them is deleted then: whoever asks again when that medium is back has them all.
    await refuseElsewhere(services, missing);
    if (found.length === 0)
      return json<RecordingsDeleted>({ result: 'success', deleted: 0, missing, freed: 0, undo: '' });
    const done = await recordingDeletions.begin(
      found.map(({ path }) => path),
      purge,
      by(asking),
    );
    const { deletion, refused } = done;
    const [first] = refused;
    if (first && deletion.count === 0 && deletion.state !== 'deleting')
      throw new CgiError('conflict', `the medium refuses to delete ${first.path}: ${first.code}`);
    return json<RecordingsDeleted>({
      result: 'success',
      deleted: deletion.count,
      missing: [...missing, ...done.missing],
      ...(refused.length > 0 && { refused }),
      freed: deletion.bytes,
      undo: done.undo,
      // The medium went away, or it takes its time: it is gone on with all the same.
      ...whileUnderWay(deletion),
    });
  },
});
