/** 30028 (ours): a backup now. A large store on a slow stick takes minutes: then it goes on, and 30027 tells its end. */
import * as v from 'valibot';
import type { BackupMade } from '../contract.ts';
import { json } from '../reply.ts';
import { by, verb } from '../verb.ts';
import { shownLast } from './show.ts';

/** Milliseconds that an answer waits; the connection's own bound for silence is a minute. */
const WAIT_MS = 45_000;

export const makeBackup = verb({
  about: 'makes a backup on the medium now',
  right: 'backup',
  parameters: v.strictObject({}),
  lines: () => 2, // with the old one that makes room
  async handle(_parameters, { backups, zone }, asking) {
    const making = backups.make(by(asking));
    let late: NodeJS.Timeout | undefined;
    const waiting = new Promise<null>((resolve) => {
      late = setTimeout(resolve, WAIT_MS, null);
    });
    try {
      const made = await Promise.race([making, waiting]);
      if (made) return json<BackupMade>({ result: 'success', backup: shownLast(made, zone) });
      making.catch(() => {}); // its state tells
      return json<BackupMade>({ result: 'success', running: true });
    } finally {
      clearTimeout(late);
    }
  },
});
