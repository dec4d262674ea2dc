/** Recordings that are not where they should be because their medium isn't: a stick that was exchanged, a share that is away. */
import type { StoreClient } from '../../storage/client.ts';
import { CgiError } from '../reply.ts';
import type { Services } from '../verb.ts';

/** Paths looked for in one step of the store. */
const STEP_PATHS = 500;

/**
 * Of paths that the medium in place doesn't have.
 * @throws {CgiError} `storage_offline`, naming the first that another medium has.
 */
export async function refuseElsewhere(
  { store, medium, zone }: Pick<Services, 'medium' | 'zone'> & { readonly store: Pick<StoreClient, 'work'> },
  missing: readonly string[],
): Promise<void> {
  const present = medium.state().medium ?? null;
  for (let at = 0; at < missing.length; at += STEP_PATHS) {
    const offline = await store.work('offlineRecording', { paths: missing.slice(at, at + STEP_PATHS), present });
    if (!offline) continue;
    const { path, id, seenAt } = offline;
    throw new CgiError(
      'storage_offline',
      `${path} lies on another recording medium (${id}), which was last seen ${zone.text(seenAt)}`,
    );
  }
}
