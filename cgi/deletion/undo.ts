/** 30003 (ours): undoes a deletion of calls or of recordings by the token that it answered with. */
import * as v from 'valibot';
import { WAIT_MS } from '../cdr/delete.ts';
import type { Undone } from '../contract.ts';
import { CgiError, json } from '../reply.ts';
import { by, verb } from '../verb.ts';
import { deletionOf, undoToken, whileUnderWay } from './show.ts';

export const undoDeletion = verb({
  about: 'undoes a deletion, of calls or of recordings',
  right: 'recording.delete', // which both roles have; of which kind it is shows only when it is found
  parameters: v.strictObject({ undo: undoToken('what 9004 or 20054 answered as undo') }),
  lines: () => 2, // that it begins, and how it ended
  async handle({ undo }, services, asking) {
    if (undo === undefined) throw new CgiError('invalid', 'undo is missing', 'undo');
    const { kind } = await deletionOf(undo, services, asking);
    const deletion =
      kind === 'call'
        ? await services.callDeletions.undo(undo, by(asking), WAIT_MS)
        : await services.recordingDeletions.undo(undo, by(asking));
    if (!deletion) throw new CgiError('not_found', 'no deletion has this token', 'undo');
    return json<Undone>({
      result: 'success',
      restored: restoredOf(deletion.progress) ?? deletion.count,
      ...whileUnderWay(deletion),
    });
  },
});

/** How many have come back so far. */
function restoredOf(progress: unknown): number | undefined {
  const done = (progress as { done?: unknown } | null)?.done;
  return typeof done === 'number' ? done : undefined;
}
