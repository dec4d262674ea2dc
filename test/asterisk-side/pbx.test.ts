/** What the PBX's beat brings about by itself. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startPbx } from '../../daemon/asterisk/pbx.ts';
import { createBus } from '../../daemon/bus.ts';
import type { Config } from '../../daemon/config.ts';
import { callLimits } from '../../daemon/limits.ts';
import { createLog } from '../../daemon/log.ts';
import type { StoreClient } from '../../storage/client.ts';
import { StoreError } from '../../storage/errors.ts';
import { zone } from '../../storage/model/local-time.ts';
import type { Write } from '../../storage/write.ts';
import { LANES_ONLY } from '../storage/helper.ts';
import { leg } from '../support/legs.ts';

const END = 1_795_477_765;

beforeEach(() => {
  vi.useFakeTimers({ now: END * 1000 });
});
afterEach(() => {
  vi.useRealTimers();
});

/** No Asterisk, no CDR CSV, and a store whose disk refuses without its state ever being told as anything else than ok. */
async function begin() {
  const stored: string[] = [];
  let refuses = false;
  const write = async (item: Write) => {
    if (refuses) throw new StoreError('io', 'disk I/O error');
    if (item.kind === 'leg') stored.push(item.leg.uniqueId);
    return { records: item.kind === 'leg' ? [stored.length] : [], calls: [], open: [] };
  };
  const pbx = await startPbx({
    store: { write, ask: async () => [], disk: LANES_ONLY.disk() } as unknown as StoreClient,
    config: { asterisk: { host: '', port: 0, username: '', secret: '', cdrCsv: '' } } as Config,
    bus: createBus(),
    log: createLog({ level: 'error', write: () => {}, terminal: false }),
    zone: zone('UTC'),
    control: {
      want: async () => {},
      gate: async () => {},
      told: () => false,
      state: () => ({ told: false, since: 0, refusal: '', held: false }),
      up: () => {},
      away: () => {},
      retry: () => {},
    },
    events: { event: () => {}, record: () => {} },
  });
  return {
    pbx,
    stored,
    record: (uniqueId: string) => pbx.ingest.record(leg(END - 5, { uniqueId })),
    refuse: (now: boolean) => {
      refuses = now;
    },
  };
}

test('what is held is tried again by and by, though nobody says that the disk is well again', async () => {
  const { pbx, stored, record, refuse } = await begin();
  refuse(true);
  await record('1');
  refuse(false);
  await record('2'); // behind the first
  expect([stored, pbx.ingest.figures.held]).toEqual([[], 2]);
  await vi.advanceTimersByTimeAsync(callLimits.catchUpMs);
  expect([stored, pbx.ingest.figures.held]).toEqual([['1', '2'], 0]);
  expect(await record('3')).toBe(3);
  await pbx.close();
});
