/** Records told while the disk of the store refuses: held, stored and announced in order, and `lost` says what is lost. */
import { expect, test } from 'vitest';
import { createIngest } from '../../daemon/asterisk/ingest.ts';
import { createBus } from '../../daemon/bus.ts';
import { createLog } from '../../daemon/log.ts';
import type { StoreClient } from '../../storage/client.ts';
import { StoreError, type StoreErrorCode } from '../../storage/errors.ts';
import type { Write } from '../../storage/write.ts';
import { leg } from '../support/legs.ts';

const END = 1_795_477_765;

/** A store that refuses as it is told, and takes in what it doesn't. */
function begin({ csv = true, heldMax = 5 } = {}) {
  const stored: string[] = [];
  const log: string[] = [];
  const told: string[] = [];
  let refusal: StoreErrorCode | null = null;
  /** Records that it takes before it refuses once more. */
  let takes = Number.POSITIVE_INFINITY;
  const write = async (item: Write) => {
    if (item.kind === 'leg' && takes-- <= 0) refusal = 'disk_full';
    if (refusal) throw new StoreError(refusal, 'no');
    if (item.kind === 'close') stored.push(`closed ${item.group}`);
    if (item.kind !== 'leg') return { records: [], calls: [], open: [] };
    stored.push(item.leg.uniqueId);
    return { records: [stored.length], calls: [], open: [] };
  };
  const bus = createBus();
  bus.on('leg', ({ uniqueId }, sequence) => void told.push(`${uniqueId} ${sequence}`));
  const ingest = createIngest({
    store: { write } as unknown as StoreClient,
    bus,
    log: createLog({ level: 'info', write: (line) => log.push(line), terminal: false }),
    away: () => false,
    isLive: () => false,
    readsCsv: () => csv,
    heldMax,
  });
  let records = 0;
  return {
    ingest,
    stored,
    told,
    log,
    record: () => ingest.record(leg(END - 5, { uniqueId: String(++records) })),
    refuse: (code: StoreErrorCode | null, after = Number.POSITIVE_INFINITY) => {
      refusal = code;
      takes = after;
    },
  };
}

test('are held at once, and stored and announced in order when the disk takes them', async () => {
  const { ingest, record, refuse, stored, told, log } = begin();
  expect(await record()).toBe(1);
  refuse('io');
  expect([await record(), await record()]).toEqual([null, null]);
  refuse(null);
  // One that comes before anybody has said that all is well again doesn't overtake the others.
  expect(await record()).toBeNull();
  expect(ingest.figures).toMatchObject({ records: 1, held: 3, lost: 0 });
  await ingest.goOn();
  expect(stored).toEqual(['1', '2', '3', '4']);
  expect(told).toEqual(['1 1', '2 2', '3 3', '4 4']);
  expect(ingest.figures).toMatchObject({ records: 4, held: 0, lost: 0 });
  expect(await record()).toBe(5);
  expect(log.join()).toContain('the records that were held are stored held=3 turned_away=0');
});

test('stay held when the disk refuses once more in the midst of it', async () => {
  const { ingest, record, refuse, stored } = begin();
  refuse('disk_full');
  for (let count = 0; count < 4; count++) await record();
  refuse(null, 2);
  await ingest.goOn();
  expect(stored).toEqual(['1', '2']);
  expect(ingest.figures).toMatchObject({ held: 2, lost: 0 });
  refuse(null);
  await Promise.all([ingest.goOn(), ingest.goOn()]);
  expect(stored).toEqual(['1', '2', '3', '4']);
});

test('beyond the bound are the CDR CSV’s to bring, and said once', async () => {
  const { ingest, record, refuse, log } = begin({ csv: true });
  refuse('disk_full');
  for (let count = 0; count < 8; count++) await record();
  expect(ingest.figures).toMatchObject({ held: 5, lost: 0 });
  expect(log).toEqual([expect.stringContaining('next="the CDR CSV brings it"')]);
  ingest.stop();
  expect(ingest.figures.lost).toBe(0);
});

test('beyond the bound are lost without a CDR CSV, as are those held when the daemon stops', async () => {
  const { ingest, record, refuse, log } = begin({ csv: false });
  refuse('read_only');
  for (let count = 0; count < 8; count++) await record();
  expect(ingest.figures).toMatchObject({ held: 5, lost: 3 });
  expect(log).toEqual([expect.stringContaining('it is lost')]);
  ingest.stop();
  expect(ingest.figures.lost).toBe(8);
  expect(log.at(-1)).toContain('records that were held in memory are lost held=5');
});

test.each([
  ['internal', true, 1],
  ['busy', true, 0],
  ['busy', false, 1],
] as const)('refused as %s are not held; with a CDR CSV (%s) so many are lost: %i', async (code, csv, lost) => {
  const { ingest, record, refuse } = begin({ csv });
  refuse(code);
  expect(await record()).toBeNull();
  expect(ingest.figures).toMatchObject({ held: 0, lost });
});
