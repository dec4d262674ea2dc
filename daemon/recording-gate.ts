/**
 * The recording gate: a box whose recordings belong on a stick or a share must not record while that can't be written on;
 * Asterisk would fill the flash below the mount point, or leave files that nobody can read. So AstDB's `cdrd/enable` is 0
 * meanwhile. The setting of the page stays as it is, and holds again when a probe has written on the medium.
 */
import type { StoreClient } from '../storage/client.ts';
import type { PolicyWriter } from './asterisk/recording-policy.ts';
import { BOX } from './box.ts';
import type { Log } from './log.ts';
import type { MediumState } from './recordings/recordings.ts';

export interface RecordingGateOptions {
  /** What the folder's path says of a medium of its own; the first look, which follows its links, may say otherwise. */
  readonly demanded: boolean;
  readonly policy: Pick<PolicyWriter, 'gate'>;
  readonly store: Pick<StoreClient, 'write'>;
  readonly log: Pick<Log, 'info' | 'warn'>;
}

/** @returns who is to hear each change of the medium. Until the first one Asterisk keeps what it was told last, where one is demanded. */
export function createRecordingGate({ demanded, policy, store, log }: RecordingGateOptions) {
  let open: boolean | null = demanded ? null : true;
  void policy.gate(open);

  return (medium: MediumState): void => {
    // A slow one is as writable as its last probe found it: a share that is slow for a moment costs no recording.
    const next = medium.writable || !medium.demanded;
    if (next === open) return;
    const before = open;
    open = next;
    void policy.gate(open);
    const { state, why } = medium;
    if (!open) log.warn('nothing is recorded: there is no medium to write on', { state, why });
    else if (before === false) log.info('calls are recorded again as the settings say');
    else return; // it is as it was before the start
    const action = open ? 'recording.gate.opened' : 'recording.gate.closed';
    const audit = { ...BOX, action, detail: { state, why } };
    store
      .write({ kind: 'audit', audit })
      .catch((error: unknown) => log.warn('not in the audit log', { action, error }));
  };
}
