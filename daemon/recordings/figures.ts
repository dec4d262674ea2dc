/** The medium as `/healthz` and `/metrics` show it. */
import type { Metrics } from '../metrics.ts';
import type { Recordings } from './recordings.ts';

type Watched = Pick<Recordings, 'state' | 'space' | 'figures'>;

/** A medium that is away is a condition to be shown, not a failure: calls are served all the same. */
export function mediumHealth(recordings: Watched): Readonly<Record<string, unknown>> {
  const { state, why, writable, since, medium = null } = recordings.state();
  return {
    state,
    why,
    writable,
    since: new Date(since).toISOString(),
    medium,
    free_bytes: recordings.space()?.free ?? null,
  };
}

export function describeMedium(metrics: Metrics, recordings: Watched): void {
  metrics.gauge('cdrd_medium_state', 'State of the recording medium.', () =>
    (['absent', 'mounted', 'slow', 'dead'] as const).map((state) => [
      { state },
      recordings.state().state === state ? 1 : 0,
    ]),
  );
  metrics.gauge('cdrd_medium_writable', 'Whether recordings can be written on the medium.', () =>
    recordings.state().writable ? 1 : 0,
  );
  // While it isn't known there is no value: 0 would raise an alarm.
  metrics.gauge('cdrd_medium_bytes', 'Room on the medium, while one is in place.', () => {
    const space = recordings.space();
    return space ? [[{ room: 'free' }, space.free] as const, [{ room: 'total' }, space.total] as const] : [];
  });
  metrics.gauge('cdrd_recordings', 'Figures of the recordings watcher.', () =>
    Object.entries(recordings.figures()).map(([figure, value]) => [{ figure }, Number(value)]),
  );
}
