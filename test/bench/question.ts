/**
 * A question to the daemon that has a peer: asked warm (the same answer again and again, by turns with the peer), and cold
 * (the first of a fresh daemon and of a fresh peer, with nothing in the page cache), each a row of its own. Parts export
 * theirs, so that the stall's probe and the growth's fit ask the very same.
 */
import { COLDNESS, dropPageCache } from './cold.ts';
import type { BenchStore } from './generate.ts';
import { agree, compare, comparedOf, type Run, type Same } from './measure.ts';
import { compared, type Row } from './row.ts';
import { onCopy, onStage, openStage, ROUNDS, SIZES, type Stage } from './stage.ts';

export interface Question {
  readonly name: string;
  /** Times the peer's time at most. */
  readonly most: number;
  /** Warm ones. */
  readonly rounds: number;
  ours(stage: Stage): Run;
  peer(store: BenchStore): Run;
  readonly same: Same;
}

/** Rows of questions on one copy of the store: each warm in one daemon, then each cold. */
export const questionRows = (questions: readonly Question[], sizes = SIZES): Promise<Row[]> =>
  onCopy(async (store, place) => {
    const warm = await onStage(store, place, [(stage) => inTurn(questions, (question) => warmRow(question, stage))]);
    const cold = await inTurn(questions, (question) => coldRow(question, store, place));
    return warm.flatMap((row, at) => [row, ...cold.slice(at, at + 1)]);
  }, sizes);

export async function warmRow({ name, most, rounds, ours, peer, same }: Question, stage: Stage): Promise<Row> {
  try {
    return compared(`${name}, warm`, most, await compare(rounds, ours(stage), peer(stage.store), same));
  } catch (error) {
    return failed(`${name}, warm`, most, error);
  }
}

/** Logging in comes before the cache is dropped: it isn't what is asked about. */
async function coldRow(
  { name, most, ours, peer, same }: Question,
  store: BenchStore,
  place: Stage['place'],
): Promise<Row> {
  const times: [number[], number[]] = [[], []];
  let bytes = 0;
  try {
    for (let round = 0; round < ROUNDS.cold; round++) {
      const stage = await openStage(store, place);
      try {
        // That both say the same is looked at once: it may take longer than the answers.
        const keep = round === 0;
        dropPageCache([place.state]);
        const mine = await ours(stage)(keep);
        dropPageCache([store.native]);
        const theirs = await peer(store)(keep);
        if (keep) agree(same[0](mine.body), same[1](theirs.body));
        times[0].push(mine.ms);
        times[1].push(theirs.ms);
        bytes = mine.bytes;
      } finally {
        await stage.close();
      }
    }
    return compared(`${name}, cold`, most, comparedOf(times[0], times[1], bytes));
  } catch (error) {
    return failed(`${name}, cold (${COLDNESS})`, most, error);
  }
}

const failed = (name: string, most: number, error: unknown): Row => ({
  name,
  result: `error: ${(error as Error).message}`,
  aim: `≤ ${most.toFixed(2)} × peer`,
  met: false,
});

async function inTurn<T>(questions: readonly Question[], row: (question: Question) => Promise<T>): Promise<T[]> {
  const rows: T[] = [];
  for (const question of questions) rows.push(await row(question));
  return rows;
}
