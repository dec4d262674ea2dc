/**
 * What a guesser has coming to him, reckoned as he can do it himself: behind the free ones each wrong guess that was looked
 * at has the next try wait, a second at first and then twice as long each time. A try that is answered before that time is
 * over must have been refused; one that a busy machine has answered later proves nothing, and is made again.
 */
import { until } from '../box.ts';

/** Wrong guesses of one account from one address without a wait, and the longest wait. */
const FREE = 5;
const LONGEST_S = 60;
/** Milliseconds that the first try has at least, each further one twice as many; and tries. */
const ROOM_MS = 250;
const TRIES = 7;

export type Outcome = 'right' | 'wrong' | 'refused';

export interface Pace {
  /** Wrong guesses that were looked at. */
  readonly wrong: number;
  /** Takes a guess, or a try, into account. */
  made(ask: () => Promise<Outcome>): Promise<Outcome>;
  /** What comes of a try while it must wait. */
  within(attempt: () => Promise<Outcome>): Promise<Outcome>;
}

/** @param guess A wrong one, of the account and from the address that the tries are of. */
export function createPace(guess: () => Promise<Outcome>): Pace {
  let wrong = 0;
  /** When the last of them was sent: it was looked at later, and the wait began then. */
  let since = 0;
  const end = () => (wrong > FREE ? since + Math.min(LONGEST_S, 2 ** (wrong - FREE - 1)) * 1000 : 0);

  async function made(ask: () => Promise<Outcome>): Promise<Outcome> {
    const sent = performance.now();
    const outcome = await ask();
    if (outcome === 'wrong') {
      wrong++;
      since = Math.max(since, sent);
    }
    if (outcome === 'right') wrong = 0;
    return outcome;
  }

  /** Guesses until the next try must wait so long. */
  async function wait(ms: number): Promise<void> {
    const waits = () => performance.now() + ms < end();
    await until('wait behind a wrong guess', async () => {
      if (!waits()) await made(guess);
      return waits();
    });
  }

  return {
    get wrong() {
      return wrong;
    },
    made,
    async within(attempt) {
      for (let tries = 0; tries < TRIES; tries++) {
        await wait(ROOM_MS * 2 ** tries);
        const over = end();
        const outcome = await made(attempt);
        if (performance.now() < over) return outcome;
      }
      throw new Error(`none of ${TRIES} tries was answered before its wait was over`);
    },
  };
}
