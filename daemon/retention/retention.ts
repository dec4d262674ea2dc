/**
 * Retention: what the rules find too old or too much is removed, by night, and where room is wanted each hour. Recordings
 * go for good: they go for their room, or because they may not be held any longer, and in the trash they would be both
 * still. Calls take no room to speak of and go through the trash: a rule that was set wrongly is undone within its days.
 */
import type { CallDeletions } from '../../cgi/cdr/port.ts';
import type { RecordingDeletion } from '../../cgi/recording/port.ts';
import { CgiError } from '../../cgi/reply.ts';
import type { Retention, RetentionRun } from '../../cgi/retention/port.ts';
import type { StoreClient } from '../../storage/client.ts';
import type { Zone } from '../../storage/model/local-time.ts';
import { BOX } from '../box.ts';
import type { Log } from '../log.ts';
import type { RecordingTrash } from '../recordings/deletions.ts';
import type { Recordings } from '../recordings/recordings.ts';
import type { Schedule } from '../schedule.ts';
import type { BoxSettings } from '../settings.ts';
import type { TrustedClock } from '../trusted-clock.ts';
import { openAcquaintance } from './acquaintance.ts';
import { needOf, needsSum } from './need.ts';
import { countCalls, dueCalls } from './old-calls.ts';
import { dueRecordings, sumOf } from './old-recordings.ts';
import { type Moment, planOf } from './plan.ts';
import { openRest } from './rest.ts';
import { forRoom, type RetentionRules, retentionRules } from './rules.ts';
import { type UsedMedium, usedMedium } from './used-medium.ts';

/** Names in the schedule: all rules by night, and those of room each hour. */
const NIGHTLY = 'retention';
const HOURLY = 'room';
/** Where the store keeps how the last one went. */
const LAST = 'retention.last';
/** Milliseconds that a deletion of calls is waited for; one that takes longer goes on by itself. */
const CALLS_MS = 600_000;
/** What was not added up. */
const NONE = { bytes: 0, keptBytes: 0, newest: 0 };

export interface RetentionOptions {
  readonly store: StoreClient;
  readonly schedule: Schedule;
  readonly callDeletions: CallDeletions;
  readonly recordingDeletions: Pick<RecordingTrash, 'begin' | 'free'>;
  /** The watcher. */
  recordings(): Pick<Recordings, 'state' | 'space'>;
  readonly settings: Pick<BoxSettings, 'value'>;
  readonly clock: Pick<TrustedClock, 'now' | 'doubt'>;
  readonly zone: Zone;
  readonly log: Pick<Log, 'info' | 'warn'>;
}

export async function createRetention(options: RetentionOptions): Promise<Retention> {
  const { store, schedule, callDeletions, recordingDeletions, settings, clock, zone, log } = options;
  let last = (await store.ask('setting', LAST)) as RetentionRun | null;
  const restsUntil = await openRest(store);
  const acquaintance = await openAcquaintance(store);
  /** Why recordings were spared when that was last looked at: said once. */
  let spared = '';
  let turn: Promise<unknown> = Promise.resolve();

  async function moment(rules: RetentionRules): Promise<Moment> {
    const at = clock.now();
    const recordings = options.recordings();
    const medium = await usedMedium(store, recordings.state(), recordings.space(), acquaintance);
    return { rules, medium, at, wall: at > 0 ? at + zone.offsetAt(at) : 0 };
  }

  async function removeRecordings({ rules, medium, wall }: Moment, signal: AbortSignal) {
    const done = { count: 0, bytes: 0 };
    if (!medium) return done;
    const sum = needsSum(rules, medium) ? await sumOf(store, medium.id) : NONE;
    const need = needOf(rules, medium, sum, wall);
    tellSpared(need.spared, medium);
    const forRoom = { recordings: 0, bytes: 0 };
    const freeTrash = async (bytes: number) => {
      const freed = await recordingDeletions.free(bytes);
      done.bytes += freed;
      return freed;
    };
    try {
      for await (const files of dueRecordings(store, need, freeTrash)) {
        if (signal.aborted) break;
        const paths = files.map(({ path }) => path);
        const rule = files[0]?.rule;
        const removed = await recordingDeletions.begin(paths, true, BOX, rule);
        const { count, bytes } = removed.deletion;
        done.count += count;
        done.bytes += bytes;
        if (rule === 'retention.recordings.free') {
          forRoom.recordings += count;
          forRoom.bytes += bytes;
        }
        needProgress(removed);
      }
    } finally {
      // Nobody has asked for these to go.
      if (forRoom.recordings > 0)
        log.warn('retention: the oldest recordings were removed, for the medium has too little room', forRoom);
    }
    return done;
  }

  function tellSpared(why: string, { free, total }: UsedMedium): void {
    if (why && why !== spared)
      log.warn('retention: too little is free on the medium, but no recording is removed for it', { why, free, total });
    spared = why;
  }

  async function removeCalls({ rules, at }: Moment): Promise<number> {
    let count = 0;
    for (const { rule, filter } of await dueCalls(store, rules, at)) {
      // Most nights there is nothing, and nothing shall stand in the list of deletions.
      if ((await countCalls(store, filter)) === 0) continue;
      count += (await callDeletions.begin(filter, BOX, CALLS_MS, rule)).count;
    }
    return count;
  }

  /** One after the other: two at a time would both count the same recordings. */
  function perform(rules: RetentionRules, signal: AbortSignal): Promise<void> {
    const mine = turn.then(async () => {
      if (restsUntil(clock.now()) !== null) return;
      const now = await moment(rules);
      const { count: recordings, bytes } = await removeRecordings(now, signal);
      const calls = await removeCalls(now);
      if (recordings + bytes + calls === 0) return;
      last = { at: now.at, recordings, bytes, calls };
      await store.write({ kind: 'note', name: LAST, value: last });
      log.info('retention: removed what is too old or too much', { recordings, bytes, calls });
    });
    turn = mine.catch(() => {});
    return mine;
  }

  await schedule.at(NIGHTLY, '50 2 * * *', (signal) => perform(retentionRules(settings), signal));
  await schedule.at(HOURLY, '22 * * * *', async (signal) => {
    const { state, medium } = options.recordings().state();
    if (state === 'mounted' && medium !== undefined) await acquaintance.seen(medium);
    await perform(forRoom(retentionRules(settings)), signal);
  });

  return {
    plan: async (paths, other = {}) => planOf(store, await moment({ ...retentionRules(settings), ...other }), paths),
    async run() {
      const until = restsUntil(clock.now());
      if (until !== null)
        throw new CgiError(
          'conflict',
          `the store has been replaced, and marks may be missing: nothing is removed before ${zone.text(until)}`,
        );
      await schedule.run(NIGHTLY);
    },
    state() {
      const job = schedule.jobs().find(({ name }) => name === NIGHTLY);
      return {
        running: job?.running ?? false,
        doneAt: job?.doneAt ?? null,
        nextAt: job?.nextAt ?? null,
        why: job?.fault ?? '',
        last,
        clock: clock.now(),
        doubt: clock.doubt(),
        restsUntil: restsUntil(clock.now()),
      };
    },
  };
}

/** What a medium doesn't give up it won't give up in the next file either. @throws {CgiError} */
function needProgress({ deletion, refused: [first] }: RecordingDeletion): void {
  if (first && deletion.count === 0)
    throw new CgiError('conflict', `the medium refuses to give up a file: ${first.code}`);
  if (deletion.state !== 'erased') throw new CgiError('storage_offline', 'the medium went away, or takes too long');
}
