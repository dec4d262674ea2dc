/** The support archive of a running daemon: for the page, and what `cdrd doctor --bundle` adds its own findings to. */
import type { Alarms } from '../../cgi/alarm/port.ts';
import type { Doctor } from '../../cgi/doctor/port.ts';
import type { Settings } from '../../cgi/settings/port.ts';
import type { Support } from '../../cgi/support/port.ts';
import type { Vitals } from '../../cgi/vitals/port.ts';
import type { Config } from '../config.ts';
import type { DaemonKnows } from './bundle.ts';

export interface SupportParts {
  readonly version: string;
  /** As the file and the environment give it. */
  readonly config: Config;
  readonly doctor: Doctor;
  readonly settings: Pick<Settings, 'list'>;
  readonly alarms: Pick<Alarms, 'raised' | 'ways'>;
  readonly vitals: Pick<Vitals, 'uptime' | 'complaints'>;
  /** The body of /healthz. */
  health(): unknown;
  /** The text of /metrics. */
  metrics(): string;
}

export interface RunningSupport extends Support {
  /** What only the daemon knows, not masked: for a command of the same box. */
  known(): DaemonKnows;
}

export function createSupport(parts: SupportParts): RunningSupport {
  const { version, config, doctor, settings, alarms, vitals } = parts;
  let underWay: ReturnType<Support['archive']> | null = null;

  const known = (): DaemonKnows => ({
    health: parts.health(),
    metrics: parts.metrics(),
    log: vitals.complaints(),
    settings: settings.list('admin').map(({ name, value, fallback, fixed, pending }) => ({
      ...{ name, value, fallback, fixed, pending },
    })),
    alarms: { raised: alarms.raised(), ways: alarms.ways() },
    uptime: vitals.uptime(),
  });

  async function archive(): ReturnType<Support['archive']> {
    const { archiveName, archiveOf, supportFiles } = await import('./bundle.ts'); // seldom needed
    const findings = await doctor.examine();
    const now = Date.now();
    const files = await supportFiles({ version, config, findings, daemon: known(), now });
    return { filename: archiveName(now), bytes: await archiveOf(files, now) };
  }

  return {
    known,
    archive() {
      underWay ??= archive().finally(() => {
        underWay = null;
      });
      return underWay;
    },
  };
}
