/** 30030 (ours): writes the lengths in headers of recordings anew from the files' sizes, or puts the original headers back. */
import * as v from 'valibot';
import * as fields from '../fields.ts';
import { json } from '../reply.ts';
import { by, verb } from '../verb.ts';
import { findFiles, wavefiles } from './paths.ts';

/** Files of one request: each is synced to its medium, a tenth of a second and more on a stick. */
const FILES_MAX = 200;

export const repairRecordings = verb({
  about: 'write the headers of damaged recordings anew; the originals are kept',
  right: 'recording.repair',
  parameters: v.strictObject({
    wavefiles: v.pipe(
      wavefiles,
      v.check((paths) => paths.length <= FILES_MAX, `names over ${FILES_MAX} recordings`),
    ),
    original: fields.flag('put the original headers back'),
  }),
  lines: ({ wavefiles: paths }) => paths.length,
  async handle({ wavefiles: paths, original }, { recordingFiles, recordingHeaders }, asking) {
    const { found, missing } = await findFiles(recordingFiles, paths);
    const change = original ? 'restore' : 'repair';
    const changed = await recordingHeaders.change(
      found.map(({ path }) => path),
      change,
      by(asking),
    );
    const files = [...changed, ...missing.map((path) => ({ path, result: 'missing' as const }))];
    const done = files.filter(({ result }) => result === 'repaired' || result === 'restored').length;
    return json({ result: 'success', [original ? 'restored' : 'repaired']: done, files });
  },
});
