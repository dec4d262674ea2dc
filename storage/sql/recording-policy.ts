/**
 * What Asterisk was told to record, change by change. Settings say what somebody wanted; this says what the dialplan had to
 * go by, also while no medium was there: only with it can a call be said to lack its recording.
 */
import type { CallType } from '../model/leg.ts';
import type { Database } from './database.ts';

/** Changes kept: a medium that comes and goes each hour makes some 20,000 a year. */
const POLICIES_KEPT = 50_000;

/**
 * Asterisk has acknowledged that it is to record these kinds of calls; none = nothing. Said again it changes nothing, unless
 * the clock has jumped since: then what holds now would not be found under this time.
 * @param now Epoch seconds.
 */
export function keepPolicy(database: Database, kinds: readonly CallType[], now: number): void {
  const records = [...kinds].sort().join();
  const last = database.first('SELECT id, records FROM recording_policy ORDER BY id DESC LIMIT 1');
  const holding = database.first('SELECT id FROM recording_policy WHERE at <= ? ORDER BY at DESC, id DESC LIMIT 1', [
    now,
  ]);
  if (last?.['records'] === records && holding?.['id'] === last['id']) return;
  const { id } = database.run('INSERT INTO recording_policy (at, records) VALUES (?, ?)', [now, records]);
  database.run('DELETE FROM recording_policy WHERE id <= ?', [id - POLICIES_KEPT]);
}
