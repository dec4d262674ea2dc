/** The clock by which things are removed: it never runs ahead of what the box has stood by for a day. */
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createLog } from '../daemon/log.ts';
import { openTrustedClock } from '../daemon/trusted-clock.ts';
import { openStoreHere } from '../storage/here.ts';
import { emptyStore } from './support/empty-store.ts';
import { temporaryFolder } from './support/folder.ts';
import { storeOptions } from './support/legs.ts';

const DAY = 86_400;
const HOUR = 3_600;
const NOW = Date.UTC(2026, 10, 27, 8) / 1000;
const FAR = Date.UTC(2099, 0, 1) / 1000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A box that is switched on and off over one store. */
function box() {
  const store = openStoreHere(emptyStore(storeOptions(temporaryFolder())));
  onTestFinished(() => store.close());
  const log: string[] = [];
  return {
    log,
    async start(wall: number) {
      const at = { wall, passed: 0 };
      const clock = await openTrustedClock({
        store,
        log: createLog({ level: 'info', write: (line) => log.push(line), terminal: false }),
        now: () => (at.wall + at.passed) * 1000,
        mono: () => at.passed * 1000,
        limits: {
          leapSeconds: 7 * DAY,
          standSeconds: DAY,
          lookMs: 60_000,
          keepMs: 1_800_000,
          saneClock: NOW - 300 * DAY,
        },
      });
      return {
        now: clock.now,
        doubt: clock.doubt,
        /** In whole minutes. */
        async pass(seconds: number) {
          for (let left = seconds; left > 0; left -= 60) {
            at.passed += 60;
            await vi.advanceTimersByTimeAsync(60_000);
          }
        },
        set(to: number) {
          at.wall = to - at.passed;
        },
        off: () => clock.close(),
      };
    },
  };
}

describe('it is the box’s clock', () => {
  test('while that runs on, is put forward by days or goes back, over nights and a weekend', async () => {
    const { start, log } = box();
    let at = NOW;
    for (const off of [14 * HOUR, 62 * HOUR, 5 * DAY]) {
      const on = await start(at);
      await on.pass(10 * HOUR);
      expect(on.now()).toBe(at + 10 * HOUR);
      on.off();
      at += 10 * HOUR + off;
    }
    const on = await start(at);
    on.set(at - 300 * HOUR);
    expect(on.now()).toBe(at - 300 * HOUR);
    expect([on.doubt(), log]).toEqual(['', []]);
  });
});

describe('it goes on from what was believed', () => {
  test('before anything was: nothing is old by it', async () => {
    const on = await box().start(30);
    await on.pass(DAY);
    expect(on.now()).toBe(0);
    on.set(NOW);
    expect(on.now()).toBe(NOW);
  });

  test('while the clock is not set', async () => {
    const { start } = box();
    const first = await start(NOW);
    await first.pass(HOUR);
    first.off();
    const second = await start(20);
    await second.pass(HOUR);
    expect([second.now(), second.doubt()]).toEqual([NOW + 2 * HOUR, 'the clock is not set']);
  });

  test('when the clock leaps years ahead for a while', async () => {
    const { start, log } = box();
    const on = await start(NOW);
    await on.pass(HOUR);
    on.set(FAR);
    await on.pass(23 * HOUR);
    expect([on.now(), on.doubt()]).toEqual([
      NOW + DAY,
      expect.stringMatching(/^the clock has leapt ahead by 26\d\d\d days$/),
    ]);
    on.set(NOW + DAY);
    expect([on.now(), on.doubt()]).toEqual([NOW + DAY, '']);
    // Another leap begins anew.
    on.set(FAR);
    await on.pass(23 * HOUR);
    expect(on.now()).toBe(NOW + DAY + 23 * HOUR);
    expect(log.filter((line) => line.includes('leapt ahead'))).toHaveLength(2);
  });

  test('when it starts so, and until it has stood for a day of all its starts together', async () => {
    const { start, log } = box();
    const first = await start(NOW);
    await first.pass(HOUR);
    first.off();
    // Three weeks of holidays, ten hours a day from then on.
    const back = NOW + 21 * DAY;
    const believed: boolean[] = [];
    for (let day = 0; day < 4; day++) {
      const on = await start(back + day * DAY);
      await on.pass(10 * HOUR);
      believed.push(on.now() === back + day * DAY + 10 * HOUR);
      on.off();
    }
    expect(believed).toEqual([false, false, true, true]);
    expect(log.some((line) => line.includes('believed again'))).toBe(true);
  });
});
