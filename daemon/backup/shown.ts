/** What /healthz and /metrics say of the backups, and of a store that has taken another's place. */
import type { Backups } from '../../cgi/backup/port.ts';
import type { Replacement } from '../../storage/replaced.ts';
import { backupLimits } from '../limits.ts';
import type { Metrics } from '../metrics.ts';

/** @param enabled Whether one is made every night. @param now Epoch seconds. */
export function healthOfBackups(backups: Pick<Backups, 'state' | 'nextAt'>, enabled: boolean, now: number) {
  const { running, last, why, former } = backups.state();
  const next = backups.nextAt();
  const time = (at: number) => new Date(at * 1000).toISOString();
  return {
    state: stateOf(running, why, enabled, last !== null),
    why,
    last: last && time(last.at),
    age_seconds: last && now - last.at,
    next: next === null ? null : time(next),
    ...(former !== '' && { lost_store: former }),
  };
}

function stateOf(running: boolean, why: string, enabled: boolean, some: boolean): string {
  if (running) return 'running';
  if (why !== '') return 'failed';
  if (!enabled) return 'off';
  return some ? 'ok' : 'none yet';
}

export function describeBackups(metrics: Metrics, backups: Pick<Backups, 'state'>): void {
  metrics.gauge('cdrd_backup_last_timestamp_seconds', 'When the last backup was made; 0: never.', () => {
    return backups.state().last?.at ?? 0;
  });
  metrics.gauge('cdrd_backup_last_bytes', 'Size of the last backup.', () => backups.state().last?.bytes ?? 0);
  metrics.counter(
    'cdrd_backup_failures_total',
    'Backups that could not be made since the start.',
    () => backups.state().failures,
  );
}

/** For the part `store` of /healthz, some time long: calls since that backup may be missing. @param now Epoch seconds. */
export function healthOfReplacement(replacement: Replacement | null, now: number): object {
  if (!replacement || now - replacement.at > backupLimits.toldSeconds) return {};
  const { from, because, aside, at } = replacement;
  return { replaced: { by: from || 'a new, empty store', because, aside, at: new Date(at * 1000).toISOString() } };
}

export function describeReplacement(metrics: Metrics, replacement: Replacement | null): void {
  metrics.gauge('cdrd_store_replaced_timestamp_seconds', 'When another took the place of the store; 0: never.', () => {
    return replacement?.at ?? 0;
  });
}
