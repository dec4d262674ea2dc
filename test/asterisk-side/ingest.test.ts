/** When a call is closed: by silence, held by live channels, and never later because a record was told twice. */
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { createIngest } from '../../daemon/asterisk/ingest.ts';
import { createBus } from '../../daemon/bus.ts';
import { createLog } from '../../daemon/log.ts';
import type { StoreClient } from '../../storage/client.ts';
import { NOTHING, type Write, type Written } from '../../storage/write.ts';
import { leg } from '../support/legs.ts';

const END = 1_795_477_765;

beforeEach(() => {
  vi.useFakeTimers({ now: END * 1000 });
});
afterEach(() => {
  vi.useRealTimers();
});

function begin() {
  const closed: string[] = [];
  /** When each was closed, milliseconds behind the beginning. */
  const moments: number[] = [];
  const live = new Set<string>();
  let away = false;
  let fresh = true;
  let full = false;
  const write = async (item: Write): Promise<Written> => {
    if (item.kind === 'close') {
      if (full) throw new Error('the disk is full');
      closed.push(item.group);
      moments.push(Date.now() - END * 1000);
      return NOTHING;
    }
    const key = item.kind === 'leg' ? (item.leg.linkedId === `${END - 5}.0` ? 'L' : String(item.leg.linkedId)) : 'L';
    return { ...NOTHING, records: [fresh ? 1 : null], open: [{ key, end: END, fresh }] };
  };
  const ingest = createIngest({
    store: { write } as unknown as StoreClient,
    bus: createBus(),
    log: createLog({ level: 'error', write: () => {}, terminal: false }),
    away: () => away,
    isLive: (linkedId) => live.has(linkedId),
    readsCsv: () => true,
  });
  return {
    ingest,
    closed,
    moments,
    live,
    record: () => ingest.record(leg(END - 5)),
    csv: () => {
      fresh = false;
      const place = { offset: 0, line: 1, tail: '' };
      return ingest.batch({ signature: 's', path: 'p', ...place, legs: [leg(END - 5)], places: [place], faults: [] });
    },
    goAway: () => {
      away = true;
      ingest.asteriskAway();
    },
    fill: (now: boolean) => {
      full = now;
    },
  };
}
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

test('two seconds after its last record', async () => {
  const { record, closed } = begin();
  await record();
  await pass(1_500);
  await record();
  await pass(1_900);
  expect(closed).toEqual([]);
  await pass(200);
  expect(closed).toEqual(['L']);
});

test('found open at a start: ten seconds after it, for its records might still be coming', async () => {
  const { ingest, closed } = begin();
  ingest.resume(['L']);
  await pass(9_900);
  expect(closed).toEqual([]);
  await pass(200);
  expect(closed).toEqual(['L']);
});

test('on a busy box those that end within a tenth of a second are closed together, and none that goes on', async () => {
  const { ingest, closed, moments } = begin();
  for (let call = 0; call < 40; call++) {
    await ingest.record(leg(END - 5, { linkedId: `${END}.${call}` }));
    await pass(2);
  }
  await pass(1_930);
  await ingest.record(leg(END - 5, { linkedId: `${END}.1` })); // its first silence is just over
  await pass(200);
  expect(closed).toHaveLength(39);
  expect(closed).not.toContain(`${END}.1`);
  expect(new Set(moments).size).toBeLessThan(20); // when few are open any more, each by itself
  await pass(2_000);
  expect([closed.length, ingest.figures.open]).toEqual([40, 0]);
});

test('however many calls are open, a hang-up looks at its own alone, and few timers wait', async () => {
  const CALLS = 2_000;
  const { ingest, live, closed } = begin();
  const ids = Array.from({ length: CALLS }, (_, call) => `${END}.${call}`);
  for (const linkedId of ids) live.add(linkedId);
  await Promise.all(ids.map((linkedId) => ingest.record(leg(END - 5, { linkedId }))));
  expect(vi.getTimerCount()).toBeLessThan(5);
  await pass(2_100);
  expect([closed, ingest.figures.open]).toEqual([[], CALLS]);
  const namesTakenApart = vi.spyOn(String.prototype, 'replace');
  onTestFinished(() => namesTakenApart.mockRestore());
  for (const linkedId of ids) {
    live.delete(linkedId);
    ingest.over(linkedId);
  }
  expect(namesTakenApart.mock.calls.length).toBeLessThanOrEqual(CALLS * 4);
  expect(vi.getTimerCount()).toBeLessThan(5);
  await pass(2_200);
  expect(closed.toSorted()).toEqual(ids.toSorted());
});

test('calls that end at once are closed some at a time: a record waits for the closing of these alone', async () => {
  const { ingest, closed } = begin();
  const most = { now: 0, ever: 0 };
  await Promise.all(
    Array.from({ length: 1_000 }, (_, call) => ingest.record(leg(END - 5, { linkedId: `${END}.${call}` }))),
  );
  closed.push = (...groups: string[]) => {
    most.ever = Math.max(most.ever, ++most.now);
    queueMicrotask(() => {
      most.now = 0;
    });
    return Array.prototype.push.apply(closed, groups);
  };
  await pass(2_300);
  expect(closed).toHaveLength(1_000);
  expect(most.ever).toBeLessThanOrEqual(64);
});

test('a record that the CSV tells once more does not put it off', async () => {
  const { record, csv, closed } = begin();
  await record();
  await pass(1_000);
  await csv();
  await pass(1_100);
  expect(closed).toEqual(['L']);
});

test('held by a live channel, and closed two seconds after the last is gone', async () => {
  const { ingest, record, live, closed } = begin();
  live.add('L');
  await record();
  await pass(60_000);
  expect([closed, ingest.figures.open]).toEqual([[], 1]);
  live.delete('L');
  ingest.over('L');
  await pass(2_100);
  expect([closed, ingest.figures.open]).toEqual([['L'], 0]);
});

test('when Asterisk goes, what was held is closed by silence alone', async () => {
  const { record, live, goAway, closed } = begin();
  live.add('L');
  await record();
  await pass(5_000);
  goAway();
  await pass(9_000);
  expect(closed).toEqual([]);
  await pass(2_000);
  expect(closed).toEqual(['L']);
});

test('a late line of the CSV is of a call that has been over for long: closed at once', async () => {
  const { csv, closed } = begin();
  vi.setSystemTime((END + 3_600) * 1000);
  await csv();
  expect(closed).toEqual(['L']);
});

test('one that can not be closed is tried again', async () => {
  const { ingest, record, fill, closed } = begin();
  fill(true);
  await record();
  await pass(4_000);
  expect([closed, ingest.figures.open]).toEqual([[], 1]);
  fill(false);
  await pass(5_000);
  expect([closed, ingest.figures.open]).toEqual([['L'], 0]);
});

test('an import tells its own records, not those that AMI brought meanwhile', async () => {
  const box = begin();
  const [put] = await Promise.all([box.csv(), box.record(), box.record()]);
  expect(put).toEqual({ records: 0, repeated: 1 });
  expect(box.ingest.figures).toMatchObject({ records: 0, repeated: 3 });
});
