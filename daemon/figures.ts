/** Every figure of `GET /metrics`, but those that the metrics have of themselves. */
import type { StoreClient } from '../storage/client.ts';
import { LANES } from '../storage/lanes.ts';
import type { Replacement } from '../storage/replaced.ts';
import type { Pbx } from './asterisk/pbx.ts';
import { describeBackups, describeReplacement } from './backup/shown.ts';
import type { BoxJobs } from './box-jobs.ts';
import { describeFullness, type Fullness } from './fullness.ts';
import type { Metrics } from './metrics.ts';
import { describeMedium } from './recordings/figures.ts';
import type { RecordingParts } from './recordings/parts.ts';
import { describeStore } from './store-health.ts';

export interface DescribedParts extends Pick<RecordingParts, 'recordings' | 'recordingDeletions' | 'fileClient'> {
  readonly store: StoreClient;
  readonly replacement: Replacement | null;
  readonly pbx: Pbx;
  readonly backups: BoxJobs['backups'];
  readonly fullness: Fullness;
  /** HTTP connections turned away, by why. */
  readonly refused: Readonly<Record<string, number>>;
  /** How often which number was answered with which status, by `NUMBER STATUS`. */
  readonly answers: ReadonlyMap<string, number>;
}

export function describeAll(metrics: Metrics, parts: DescribedParts): void {
  describeCalls(metrics, parts);
  describeAsterisk(metrics, parts.pbx);
  describeStore(metrics, parts.store);
  describeBackups(metrics, parts.backups);
  describeReplacement(metrics, parts.replacement);
  describeMedium(metrics, parts.recordings);
  describeFullness(metrics, parts.fullness);
  metrics.gauge('cdrd_recording_deletions', 'Deletions of recordings under way or waiting for their medium.', () =>
    parts.recordingDeletions.underWay(),
  );
  metrics.gauge('cdrd_file_steps', 'Steps of file work on the medium, waiting or under way.', () =>
    parts.fileClient.depth(),
  );
  metrics.counter('cdrd_http_refused_total', 'HTTP connections turned away: not permitted, or too many.', () =>
    Object.entries(parts.refused).map(([why, count]) => [{ why }, count]),
  );
  metrics.counter('cdrd_answers_total', 'HTTP answers by number and status.', () =>
    [...parts.answers].map(([key, count]) => {
      const [number = '', status = ''] = key.split(' ');
      return [{ number, status }, count];
    }),
  );
}

function describeCalls(metrics: Metrics, { store, pbx }: DescribedParts): void {
  const { ingest } = pbx;
  const commit = metrics.histogram(
    'cdrd_commit_seconds',
    'Time of a durable commit, fsync included.',
    [0.001, 0.005, 0.01, 0.05, 0.1, 0.2, 0.5, 1, 5],
  );
  store.onCommit((ms) => commit(ms / 1000));
  metrics.gauge('cdrd_lane_depth', 'Requests waiting for the store or under way.', () =>
    LANES.map((lane) => [{ lane }, store.depth(lane)]),
  );
  metrics.counter('cdrd_records_total', 'Call records by what became of them.', () => {
    const { records, repeated, lost } = ingest.figures;
    return [
      [{ result: 'stored' }, records],
      [{ result: 'repeated' }, repeated],
      [{ result: 'lost' }, lost],
    ];
  });
  metrics.gauge(
    'cdrd_records_held',
    'Call records that wait in memory for the disk of the store.',
    () => ingest.figures.held,
  );
  metrics.gauge('cdrd_open_calls', 'Calls whose records are still coming.', () => ingest.figures.open);
  metrics.gauge('cdrd_ingest_lag_seconds', 'End of the last record to its commit.', () => ingest.lagSeconds);
  metrics.gauge('cdrd_live_channels', 'Channels that Asterisk has at this moment.', () => pbx.live.channels);
}

/** What `pbx.csv` gives is a copy of the moment: it is asked for at each reading. */
function describeAsterisk(metrics: Metrics, pbx: Pbx): void {
  const { connection } = pbx;
  metrics.counter('cdrd_csv_records_total', 'Records read from the CDR CSV.', () => pbx.csv.lines);
  metrics.counter('cdrd_csv_faults_total', 'Lines of the CDR CSV that are no records.', () => pbx.csv.faults);
  metrics.gauge('cdrd_csv_behind_bytes', 'Bytes of the CDR CSV not read yet.', () => pbx.csv.behind);
  metrics.gauge('cdrd_asterisk_up', 'Whether the AMI connection to Asterisk stands.', () =>
    connection.status.state === 'up' ? 1 : 0,
  );
  metrics.counter('cdrd_asterisk_events_total', 'AMI events received.', () => connection.figures.events);
  metrics.counter(
    'cdrd_asterisk_reconnects_total',
    'Times that the AMI connection was lost.',
    () => connection.figures.reconnects,
  );
  metrics.counter(
    'cdrd_asterisk_faults_total',
    'AMI packets dropped: over a limit, or of no known kind.',
    () => connection.figures.faults,
  );
}
