/**
 * The clock by which things are removed for being old. A box's clock may be years ahead: by a bad time server, or a battery
 * that gave out. One that is behind removes nothing; one that is ahead would remove everything, at once and for good. So a
 * leap ahead is believed only when the box has run by it for a whole day, and until then this clock goes on from what was
 * believed last. The price: a box that was off for over a week keeps things for some days longer.
 */
import type { StoreClient } from '../storage/client.ts';
import { trustLimits } from './limits.ts';
import type { Log } from './log.ts';

export interface TrustedClock {
  /** Epoch seconds; 0 while no clock was ever set. Never ahead of the box's clock by more than what that was put back. */
  now(): number;
  /** Why it isn't the box's clock; '' when it is. */
  doubt(): string;
  close(): void;
}

/** What the store keeps of it. */
interface ClockNote {
  /** Epoch seconds that were believed last. */
  readonly at: number;
  /** Seconds that the box has run by a clock that wasn't. */
  readonly stood: number;
}

export interface TrustedClockOptions {
  readonly store: Pick<StoreClient, 'ask' | 'write'>;
  readonly log: Pick<Log, 'info' | 'warn'>;
  /** Epoch milliseconds. */
  now(): number;
  /** Milliseconds that no clock setting changes. */
  mono(): number;
  readonly limits?: { readonly [Name in keyof typeof trustLimits]: number };
}

const NOTE = 'clock';

export async function openTrustedClock(options: TrustedClockOptions): Promise<TrustedClock> {
  const { store, log, mono, limits = trustLimits } = options;
  const note = (await store.ask('setting', NOTE)) as ClockNote | null;
  let stood = note?.stood ?? 0;
  /** What was believed last, and when by `mono`. */
  let believed = note?.at ?? null;
  let since = mono();
  let looked = since;
  let doubt = '';

  function look(): number {
    const at = mono();
    const passed = (at - looked) / 1000;
    looked = at;
    const wall = Math.floor(options.now() / 1000);
    const expected = believed === null ? null : Math.floor(believed + (at - since) / 1000);
    if (wall < limits.saneClock) {
      doubt = 'the clock is not set';
      return expected ?? 0;
    }
    if (expected !== null && wall - expected > limits.leapSeconds) {
      stood += passed;
      if (stood < limits.standSeconds) {
        tellDoubt(wall - expected);
        return expected;
      }
    }
    if (doubt.startsWith(LEAPT)) log.info('the clock is believed again', { clock: text(wall) });
    doubt = '';
    stood = 0;
    believed = wall;
    since = at;
    return wall;
  }

  function tellDoubt(ahead: number): void {
    if (doubt.startsWith(LEAPT)) return;
    doubt = `${LEAPT} by ${Math.round(ahead / 86_400)} days`;
    log.warn('the clock has leapt ahead: nothing is removed by it until it has stood for a day', {
      clock: text(options.now() / 1000),
      days: Math.round(ahead / 86_400),
    });
  }

  async function keep(): Promise<void> {
    const at = look();
    if (at > 0) await store.write({ kind: 'note', name: NOTE, value: { at, stood: Math.round(stood) } });
  }
  const unkept = (error: unknown) => log.warn('what clock is believed could not be kept', { error });

  look();
  const looks = setInterval(look, limits.lookMs);
  const keeps = setInterval(() => void keep().catch(unkept), limits.keepMs);
  for (const timer of [looks, keeps]) timer.unref();

  return {
    now: look,
    doubt: () => doubt,
    close() {
      // Nothing is written at the end: this box's end is its power being cut.
      clearInterval(looks);
      clearInterval(keeps);
    },
  };
}

const LEAPT = 'the clock has leapt ahead';

function text(epoch: number): string {
  return new Date(epoch * 1000).toISOString();
}
