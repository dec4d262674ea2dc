/**
 * The alarm before a disk is full: of the medium, where retention makes room, and of the state folder, where nothing does.
 * It is told once when nine tenths are used, and over only when somewhat less are: at the very edge it would come and go.
 */
import { statfs } from 'node:fs/promises';
import type { Bus } from './bus.ts';
import { DISKS, type Disk, type DiskUse } from './disk-use.ts';
import { fullnessLimits } from './limits.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { Space } from './recordings/protocol.ts';

export interface Fullness {
  disks(): readonly DiskUse[];
  close(): void;
}

export interface FullnessOptions {
  /** Room on each; null: not known. */
  readonly space: Readonly<Record<Disk, () => Promise<Space | null>>>;
  readonly bus: Bus;
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>;
  readonly limits?: { readonly [Name in keyof typeof fullnessLimits]: number };
}

export function watchFullness({ space, bus, log, limits = fullnessLimits }: FullnessOptions): Fullness {
  const uses = new Map<Disk, DiskUse>(DISKS.map((disk) => [disk, { disk, used: null, alarm: false }]));
  let closed = false;

  async function look(disk: Disk): Promise<void> {
    const room = await space[disk]();
    if (closed) return;
    const used = room && room.total > 0 ? 1 - room.free / room.total : null;
    const before = uses.get(disk)?.alarm ?? false;
    // Another medium is judged anew.
    const alarm = used !== null && used >= (before ? limits.over : limits.alarm);
    uses.set(disk, { disk, used, alarm });
    if (alarm === before) return;
    const percent = used === null ? null : Math.round(used * 100);
    if (alarm) log.warn('a disk is nearly full', { disk, percent });
    else if (used !== null) log.info('a disk has room again', { disk, percent });
    bus.emit('fullness', { disk, used, alarm });
  }

  const lookAt = (disk: Disk) =>
    void look(disk).catch((error: unknown) => log.error('a disk was not looked at', { disk, error }));
  const beat = setInterval(() => DISKS.forEach(lookAt), limits.lookMs);
  beat.unref();
  const onMedium = () => lookAt('recordings');
  bus.on('medium', onMedium);
  lookAt('state');

  return {
    disks: () => [...uses.values()],
    close() {
      closed = true;
      clearInterval(beat);
      bus.off('medium', onMedium);
    },
  };
}

/** Room on a local disk; null where the system doesn't say. */
export async function spaceOn(dir: string): Promise<Space | null> {
  try {
    const { bavail, blocks, bsize } = await statfs(dir);
    return { free: bavail * bsize, total: blocks * bsize };
  } catch {
    return null; // whoever writes there tells why
  }
}

/** The part `disks` of `/healthz`. */
export function fullnessHealth(fullness: Fullness): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    fullness.disks().map(({ disk, used, alarm }) => [
      disk,
      {
        state: alarm ? 'nearly full' : used === null ? 'not known' : 'ok',
        used_percent: used === null ? null : Math.round(used * 100),
      },
    ]),
  );
}

export function describeFullness(metrics: Metrics, fullness: Fullness): void {
  metrics.gauge('cdrd_disk_used_ratio', 'Part of a disk that is used, where it is known.', () =>
    fullness.disks().flatMap(({ disk, used }) => (used === null ? [] : [[{ disk }, used] as const])),
  );
  metrics.gauge('cdrd_disk_alarm', 'Whether a disk is nearly full.', () =>
    fullness.disks().map(({ disk, alarm }) => [{ disk }, alarm ? 1 : 0]),
  );
}
