/**
 * Keeps the change on trial: counts its time, judges what is offered as a confirmation, and leaves the lines of the audit
 * log. A note in the store says that there is one; who finds it at a start tells that the change fell back.
 */
import { randomBytes } from 'node:crypto';
import type { StoreClient } from '../../storage/client.ts';
import type { By } from '../../storage/sql/audit.ts';
import { CgiError } from '../reply.ts';
import type { NewTrial, Trial, TrialAsker, Trials } from './port.ts';

export interface TrialsOptions {
  readonly store: Pick<StoreClient, 'ask' | 'write'>;
  readonly log: {
    info(message: string, fields?: Readonly<Record<string, unknown>>): void;
    warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  };
  /** The box itself, in the audit log. */
  readonly box: By;
  /** Monotonic milliseconds. */
  readonly clock?: () => number;
}

/** Among the settings, where no page shows it. */
const NOTE = 'trial';

interface Running {
  readonly wanted: NewTrial;
  readonly token: string;
  readonly ends: number;
  /** When it began to hold; null: not yet. */
  begun: number | null;
  /** It is being made to last, or taken back; nothing else may happen to it, and no other change come between. */
  ending: Promise<void> | null;
  timer: NodeJS.Timeout;
}

/** Tells of one that a kill or a power cut has ended. */
export async function openTrials({ store, log, box, clock = () => performance.now() }: TrialsOptions): Promise<Trials> {
  let running: Running | null = null;
  let beginning = false;

  const left = (await store.ask('setting', NOTE)) as { readonly what?: unknown } | null;
  if (left) {
    log.warn('a change that was on trial has fallen back: the box was started anew', { what: left.what });
    await forget(box, String(left.what), 'the box was started anew');
  }

  /** A disk that refuses keeps nothing back: at the next start it is told again. */
  async function forget(by: By, what: string, why: string): Promise<void> {
    const audit = { ...by, action: 'trial.fell-back', detail: { what, why } };
    await store
      .write({ kind: 'setting', name: NOTE, value: null, audit })
      .catch((error: unknown) => log.warn('that a change fell back could not be written down', { what, error }));
  }

  function shown({ wanted, token, ends }: Running): Trial {
    const { what, by, byAnother, location } = wanted;
    return { token, what, by, seconds: Math.max(0, Math.ceil((ends - clock()) / 1000)), byAnother, location };
  }

  /** Does what ends one; until that is over it is still the one under way. */
  async function end(trial: Running, work: () => Promise<void> | void): Promise<void> {
    clearTimeout(trial.timer);
    trial.ending = (async () => work())().finally(() => {
      if (running === trial) running = null;
    });
    await trial.ending;
  }

  /** Where it is ending already, waits for that. */
  async function fallBack(trial: Running, by: By, why: string): Promise<void> {
    if (running !== trial) return;
    if (trial.ending) return trial.ending.catch(() => {});
    const what = trial.wanted.what.join(', ');
    await end(trial, () => trial.wanted.back());
    await tell(what, by, why);
  }

  async function tell(what: string, by: By, why: string): Promise<void> {
    log.warn('a change that was on trial has fallen back', { what, why });
    await forget(by, what, why);
  }

  /** @throws {CgiError} */
  function find(token: string): Running {
    if (running?.token === token && !running.ending) return running;
    throw new CgiError('not_found', 'no such change is on trial: it was confirmed, or it has fallen back', 'token');
  }

  /** @throws {CgiError} for what shows nothing. */
  function judge({ wanted, begun }: Running, { who, isAdmin, door }: TrialAsker): void {
    const { by, byAnother, doors, location } = wanted;
    if (byAnother ? who === by.who || !isAdmin : who !== by.who)
      throw new CgiError('denied', byAnother ? 'another admin has to confirm this' : `${by.who} has to confirm this`);
    if (begun === null || door === null || door.since <= begun)
      throw new CgiError('conflict', 'confirm it over a new connection: this one was there before the change');
    if (doors && !doors.includes(`${door.listener} ${door.listen}`))
      throw new CgiError('conflict', `confirm it by the new address${location === null ? '' : `: ${location}`}`);
  }

  function refuseMeanwhile(what: string): void {
    if (!running) return;
    const { what: tried, by, seconds } = shown(running);
    throw new CgiError(
      'conflict',
      `${tried.join(', ')}, changed by ${by.who}, is on trial for another ${seconds} s: confirm it or take it back (30038)`,
      what,
    );
  }

  return {
    get now() {
      return running && !running.ending ? shown(running) : null;
    },
    refuseMeanwhile,
    async begin(wanted) {
      if (beginning) throw new CgiError('conflict', 'another change goes on trial at this moment');
      refuseMeanwhile(wanted.what[0] ?? '');
      beginning = true;
      const { by, seconds } = wanted;
      const what = wanted.what.join(', ');
      try {
        const audit = { ...by, action: 'trial.begun', detail: { what, seconds } };
        await store.write({ kind: 'setting', name: NOTE, value: { what, who: by.who }, audit });
      } finally {
        beginning = false;
      }
      const timer = setTimeout(() => void fallBack(trial, box, 'nobody confirmed it in time'), seconds * 1000);
      const trial: Running = {
        wanted,
        token: randomBytes(12).toString('hex'),
        ends: clock() + seconds * 1000,
        begun: null,
        ending: null,
        timer,
      };
      running = trial;
      log.info('a change is on trial', { what, seconds, by: by.who, address: by.address });
      return {
        trial: shown(trial),
        start() {
          if (running !== trial || trial.ending || trial.begun !== null) return;
          trial.begun = clock();
          wanted.apply();
        },
      };
    },
    async confirm(token, asker) {
      const trial = find(token);
      judge(trial, asker);
      const { who, address, reason } = asker;
      const by: By = { who, address, ...(reason !== undefined && { reason }) };
      const what = trial.wanted.what.join(', ');
      const note = { name: NOTE, value: null, audit: { ...by, action: 'trial.confirmed', detail: { what } } };
      let failed: { readonly error: unknown } | null = null;
      await end(trial, async () => {
        try {
          await trial.wanted.keep(by, note);
        } catch (error) {
          failed = { error };
          await trial.wanted.back();
        }
      });
      if (failed) {
        await tell(what, box, 'it could not be kept');
        throw (failed as { readonly error: unknown }).error;
      }
      log.info('a change that was on trial is confirmed', { what, by: who, address });
      return shown(trial);
    },
    async takeBack(token, asker) {
      const trial = find(token);
      if (asker.who !== trial.wanted.by.who && !asker.isAdmin)
        throw new CgiError('denied', `${trial.wanted.by.who} or an admin may take this back`);
      const { who, address, reason } = asker;
      await fallBack(trial, { who, address, ...(reason !== undefined && { reason }) }, 'it was taken back');
      return shown(trial);
    },
    async drop(why) {
      // One that is being made to last finds by itself that it is pointless; waited for, it might wait for who drops it.
      if (running && !running.ending) await fallBack(running, box, why);
    },
    async close() {
      if (running) await fallBack(running, box, 'the box stops');
    },
  };
}
