/** What the store remembers of the box's jobs: a box that is switched off every evening asks it in the morning. */
import type { StoreClient } from '../storage/client.ts';
import type { JobNote, ScheduleOptions } from './schedule.ts';

export function jobNotes(store: Pick<StoreClient, 'ask' | 'write'>): ScheduleOptions['notes'] {
  return {
    read: async (name) => (await store.ask('setting', noteOf(name))) as JobNote | null,
    write: async (name, value) => void (await store.write({ kind: 'note', name: noteOf(name), value })),
  };
}

const noteOf = (job: string) => `job.${job}`;
