/** What `GET /healthz` answers. */

import type { Alarms } from '../cgi/alarm/port.ts';
import type { StoreClient } from '../storage/client.ts';
import type { Replacement } from '../storage/replaced.ts';
import { alarmHealth } from './alarm/shown.ts';
import type { AmiServer } from './ami/server.ts';
import type { Pbx } from './asterisk/pbx.ts';
import { healthOfBackups, healthOfReplacement } from './backup/shown.ts';
import type { BoxJobs } from './box-jobs.ts';
import { type Fullness, fullnessHealth } from './fullness.ts';
import type { Certificate } from './http/certificate.ts';
import { mediumHealth } from './recordings/figures.ts';
import type { Recordings } from './recordings/recordings.ts';
import type { BoxSettings } from './settings.ts';
import type { Wanted } from './sockets/listeners.ts';
import { hostAndPort } from './sockets/sockets.ts';
import { storeHealth } from './store-health.ts';

export interface HealthOptions {
  readonly version: string;
  readonly store: Pick<StoreClient, 'disk'>;
  readonly replacement: Replacement | null;
  readonly pbx: Pick<Pbx, 'connection' | 'csv'>;
  readonly recordings: Recordings;
  /** null: HTTPS is off. */
  readonly certificate: Certificate | null;
  readonly ami: Pick<AmiServer, 'trouble'>;
  readonly fullness: Fullness;
  readonly alarms: Pick<Alarms, 'raised' | 'ways'>;
  readonly backups: BoxJobs['backups'];
  readonly settings: Pick<BoxSettings, 'value'>;
  /** Listeners that wait for their address. */
  readonly missing: readonly Wanted<string>[];
}

/** What anybody is told of it: how each part stands, and nothing that helps an attacker (versions, paths, what failed and why). */
export function statesOf(body: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const shown = Object.entries(body).map(([name, part]) => {
    if (name === 'status') return [name, part] as const;
    if (typeof part !== 'object' || part === null) return null;
    if ('state' in part && typeof part.state === 'string') return [name, { state: part.state }] as const;
    return [name, statesOf(part as Readonly<Record<string, unknown>>)] as const;
  });
  return Object.fromEntries(shown.filter((each) => each !== null));
}

/**
 * No stick and no Asterisk are conditions that it shows, not failures: calls are served all the same. A store that takes no
 * records is one: who watches nothing but the status must hear of it.
 * @param ready false while the daemon stops.
 */
export function healthOf(options: HealthOptions, ready: boolean) {
  const { version, store, replacement, pbx, recordings, ami, fullness, alarms, backups, settings } = options;
  const { connection, csv } = pbx;
  const { status } = connection;
  const now = Math.floor(Date.now() / 1000);
  const storing = store.disk.state === 'ok';
  return {
    ok: ready && storing,
    body: {
      status: ready ? (storing ? 'ok' : 'not storing') : 'stopping',
      version,
      store: { ...storeHealth(store.disk), ...healthOfReplacement(replacement, now) },
      asterisk: { state: status.state, why: status.why, since: time(status.since), version: status.version },
      ami: { state: ami.trouble ? 'not listening' : 'ok', why: ami.trouble },
      cdr_csv: { state: csv.trouble ? 'unreadable' : 'ok', why: csv.trouble },
      recordings: mediumHealth(recordings),
      https: tlsHealth(options.certificate),
      listen: listenHealth(options.missing),
      disks: fullnessHealth(fullness),
      alarms: alarmHealth(alarms),
      backup: healthOfBackups(backups, settings.value('backup.enable') === true, now),
    },
  };
}

function tlsHealth(certificate: Certificate | null) {
  if (!certificate) return { state: 'off', why: null };
  const { state, why, selfSigned, ends } = certificate.state();
  return { state, why, self_signed: selfSigned, ends: time(ends) };
}

function listenHealth(missing: HealthOptions['missing']) {
  if (missing.length === 0) return { state: 'ok', why: null };
  const which = missing.map(({ kind, address }) => `${kind} ${hostAndPort(address)}`).join(', ');
  return { state: 'waiting', why: `${which}: this box has no such address yet` };
}

/** States of a part that nobody needs to look after. */
const WELL: ReadonlySet<unknown> = new Set([
  'ok',
  'off',
  'up',
  'mounted',
  'not known',
  'connecting',
  'running',
  'none yet',
]);

/** The parts that are not well, a few words each, such as `asterisk: down`. */
export function troublesOf(body: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.entries(body).flatMap(([name, part]): readonly string[] => {
    if (typeof part !== 'object' || part === null) return [];
    if (!('state' in part) || typeof part.state !== 'string')
      return troublesOf(part as Readonly<Record<string, unknown>>);
    return WELL.has(part.state) ? [] : [`${name}: ${part.state}`];
  });
}

/** @param ms Milliseconds since 1970. */
function time(ms: number): string {
  return new Date(ms).toISOString();
}
