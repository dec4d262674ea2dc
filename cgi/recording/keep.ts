/**
 * 30025 (ours): marks recordings to be kept, or takes their marks away. What is marked is never removed by retention,
 * whatever its age and however full the medium; whoever may delete still may.
 */
import * as v from 'valibot';
import * as fields from '../fields.ts';
import { json } from '../reply.ts';
import { by, verb } from '../verb.ts';
import { findSpelled, wavefiles } from './paths.ts';

/** Paths of one transaction and of one line of the audit log. */
const BATCH = 100;

export const keepRecordings = verb({
  about: 'marks recordings to be kept by retention, or takes their marks away',
  right: 'recording.delete',
  parameters: v.strictObject({
    wavefiles,
    keep: fields.required('1: retention never removes them; 0: it may again', (text) => {
      if (text !== '0' && text !== '1') throw new fields.Wrong('must be 0 or 1');
      return text === '1';
    }),
  }),
  async handle({ wavefiles: paths, keep }, { store }, asking) {
    // By the index, on whatever medium they lie: the mark is the box's, and a stick that is away can be marked too.
    const { found, missing } = await findSpelled(paths, async (tried) => {
      const listed = new Set<string>();
      for (const batch of batches(tried))
        for (const path of await store.ask('listedRecordings', batch)) listed.add(path);
      return tried.map((path) => (listed.has(path) ? path : null));
    });
    const audit = { ...by(asking), action: keep ? 'recordings.keep' : 'recordings.unkeep', detail: {} };
    let kept = 0;
    for (const batch of batches(found.map(([path]) => path)))
      kept += (await store.write({ kind: 'keep', paths: batch, keep, audit })).removed;
    return json({ result: 'success', [keep ? 'kept' : 'unkept']: kept, missing });
  },
});

function* batches(paths: readonly string[]): Generator<readonly string[]> {
  for (let at = 0; at < paths.length; at += BATCH) yield paths.slice(at, at + BATCH);
}
