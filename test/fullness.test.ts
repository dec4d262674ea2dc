/** The alarm before a disk is full: once at nine tenths, over below that, and anew for another medium. */
import { expect, onTestFinished, test } from 'vitest';
import { createBus } from '../daemon/bus.ts';
import type { DiskUse } from '../daemon/disk-use.ts';
import { fullnessHealth, spaceOn, watchFullness } from '../daemon/fullness.ts';
import { createLog } from '../daemon/log.ts';
import type { Space } from '../daemon/recordings/protocol.ts';

function watched() {
  const bus = createBus();
  const log: string[] = [];
  const told: [string, boolean][] = [];
  bus.on('fullness', ({ disk, alarm }) => void told.push([disk, alarm]));
  const rooms: Record<DiskUse['disk'], Space | null> = { recordings: null, state: { free: 50, total: 100 } };
  const fullness = watchFullness({
    space: { recordings: async () => rooms.recordings, state: async () => rooms.state },
    bus,
    log: createLog({ level: 'info', write: (line) => log.push(line), terminal: false }),
    limits: { alarm: 0.9, over: 0.87, lookMs: 1e9 },
  });
  onTestFinished(() => fullness.close());
  return {
    fullness,
    log,
    told,
    /** The medium has so many percent free; null: it is away. */
    async medium(free: number | null) {
      rooms.recordings = free === null ? null : { free, total: 100 };
      bus.emit('medium', { state: 'mounted', why: '', writable: true, since: 0 });
      await new Promise((resolve) => setImmediate(resolve));
      return fullness.disks()[0]?.alarm;
    },
  };
}

test('it is raised once at nine tenths, and is over only when there is somewhat more room', async () => {
  const { medium, told, log, fullness } = watched();
  const alarms = [];
  for (const free of [50, 11, 10, 5, 11, 12, 14, 12, 9]) alarms.push(await medium(free));
  expect(alarms).toEqual([false, false, true, true, true, true, false, false, true]);
  expect(told).toEqual([
    ['recordings', true],
    ['recordings', false],
    ['recordings', true],
  ]);
  expect(log.filter((line) => line.includes('nearly full'))).toHaveLength(2);
  expect(fullnessHealth(fullness)).toEqual({
    recordings: { state: 'nearly full', used_percent: 91 },
    state: { state: 'ok', used_percent: 50 },
  });
});

test('a medium that is away has none, and the next one is judged anew', async () => {
  const { medium, fullness } = watched();
  expect([await medium(5), await medium(null), await medium(12)]).toEqual([true, false, false]);
  await medium(null);
  expect(fullnessHealth(fullness)).toMatchObject({ recordings: { state: 'not known', used_percent: null } });
});

test('room on a disk is what the system says, and nothing where it says none', async () => {
  const space = await spaceOn('/');
  expect(space?.total).toBeGreaterThan(space?.free ?? 0);
  expect(await spaceOn('/nowhere')).toBeNull();
});
