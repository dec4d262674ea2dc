/** What alarms leave behind for the next start: `state.dir/alarms`, small, written anew as a whole at each change. */
import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import type { Alarm } from '../../cgi/alarm/port.ts';
import { atomicWrite } from '../../storage/atomic-write.ts';
import type { Log } from '../log.ts';
import type { Message } from './message.ts';

export interface Kept {
  /** What somebody was told is bad. */
  readonly raised: readonly Alarm[];
  /** What waits, by way. */
  readonly mail: readonly Message[];
  readonly webhook: readonly Message[];
}

const NOTHING: Kept = { raised: [], mail: [], webhook: [] };

const KIND = v.picklist(['medium_gone', 'disk_full', 'asterisk_gone']);
const ABOUT = {
  disk: v.nullable(v.picklist(['recordings', 'state'])),
  says: v.string(),
  since: v.nullable(v.number()),
};
const MESSAGE = v.object({
  id: v.pipe(v.string(), v.uuid()), // the name of a file, too
  event: v.picklist(['alarm', 'over', 'test']),
  kind: v.nullable(KIND),
  ...ABOUT,
});
const KEPT = v.object({
  raised: v.array(v.object({ kind: KIND, ...ABOUT })),
  mail: v.array(MESSAGE),
  webhook: v.array(MESSAGE),
});

/** Where there is none, or one that can't be read, it begins anew. */
export async function readKept(path: string, log: Pick<Log, 'warn'>): Promise<Kept> {
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null) return NOTHING;
  try {
    return v.parse(KEPT, JSON.parse(text));
  } catch {
    log.warn('what was kept of alarms is damaged and forgotten', { path });
    return NOTHING;
  }
}

export interface Keeper {
  /** Writes it, after what is being written; of several that wait the last counts. Never rejects. */
  put(kept: Kept): void;
  close(): Promise<void>;
}

export function keepFile(path: string, log: Pick<Log, 'warn'>): Keeper {
  let wanted: string | null = null;
  let writing: Promise<void> | null = null;

  async function write(): Promise<void> {
    while (wanted !== null) {
      const text = wanted;
      wanted = null;
      await atomicWrite(path, text, 0o600).catch((error: unknown) =>
        log.warn('alarms are forgotten by the next restart: they can not be written down', { error }),
      );
    }
    writing = null;
  }

  return {
    put(kept) {
      wanted = `${JSON.stringify(kept)}\n`;
      writing ??= write();
    },
    close: async () => void (await writing),
  };
}
