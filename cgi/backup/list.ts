/** 30027 (ours): the backups there are, and how the last one went. */
import * as v from 'valibot';
import type { BackupList } from '../contract.ts';
import { CgiError, json } from '../reply.ts';
import { verb } from '../verb.ts';
import type { Backup, Backups } from './port.ts';
import { shownLast } from './show.ts';

export const listBackups = verb({
  about: 'the backups on the medium and on the box, newest first, and how the last one went',
  right: 'backup',
  parameters: v.strictObject({}),
  async handle(_parameters, { backups, zone }) {
    const { running, last, why } = backups.state();
    const { list, offline } = await listed(backups);
    const next = backups.nextAt();
    return json<BackupList>({
      json_array_backups: list.map(({ at, ...backup }) => ({ time: zone.text(at), ...backup })),
      // Those of the box are listed all the same.
      ...(offline !== '' && { offline }),
      running,
      last: last && shownLast(last, zone),
      why,
      next: next === null ? null : zone.text(next),
    });
  },
});

async function listed(backups: Backups): Promise<{ list: readonly Backup[]; offline: string }> {
  try {
    return { list: await backups.list(), offline: '' };
  } catch (error) {
    if (!(error instanceof CgiError && error.code === 'storage_offline')) throw error;
    return { list: await backups.ofBox(), offline: error.message };
  }
}
