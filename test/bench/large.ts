/**
 * The day's report and 200 of them at ten million calls, beside ourselves at one: ten years of as many calls a day, so that
 * both give the same rows and only the store's size differs.
 */
import { dayReport, manyDays } from './calls.ts';
import { dropPageCache } from './cold.ts';
import { agree, compare, comparedOf, type Run } from './measure.ts';
import type { Question } from './question.ts';
import { compared, type Row } from './row.ts';
import { type OpenStage, onCopy, openStage, ROUNDS, SIZES } from './stage.ts';

export const LARGE = { ...SIZES, calls: 10_000_000 };
const AIM = 1.2;

export const largeRows = (): Promise<Row[]> =>
  onCopy(
    (large, largePlace) =>
      onCopy(async (small, smallPlace) => {
        const rows: Row[] = [];
        const both = async (work: (large: OpenStage, small: OpenStage) => Promise<void>) => {
          const one = await openStage(large, largePlace);
          try {
            const other = await openStage(small, smallPlace);
            try {
              await work(one, other);
            } finally {
              await other.close();
            }
          } finally {
            await one.close();
          }
        };
        await both(async (one, other) => {
          for (const question of [dayReport, manyDays]) rows.push(await warm(question, one, other));
        });
        for (const question of [dayReport, manyDays]) {
          const times: [number[], number[]] = [[], []];
          for (let round = 0; round < ROUNDS.cold; round++)
            await both(async (one, other) => {
              times[0].push(await cold(question.ours(one), largePlace.state));
              times[1].push(await cold(question.ours(other), smallPlace.state));
            });
          rows.push(compared(nameOf(question, 'cold'), AIM, comparedOf(times[0], times[1], 0)));
        }
        return rows;
      }),
    LARGE,
  );

async function warm(question: Question, large: OpenStage, small: OpenStage): Promise<Row> {
  const same = (body: Buffer) => withoutIds(body.toString());
  const figures = await compare(question.rounds, question.ours(large), question.ours(small), [same, same]);
  // That of the small one is compared in its own row; here the large one too, with the same rows of its own file.
  agree(
    question.same[0]((await question.ours(large)(true)).body),
    question.same[1]((await question.peer(large.store)(true)).body),
  );
  return compared(nameOf(question, 'warm'), AIM, figures);
}

async function cold(run: Run, state: string): Promise<number> {
  dropPageCache([state]);
  return (await run(false)).ms;
}

const nameOf = ({ name }: Question, how: string) => `${name.split(' |', 1)[0]}, 10 M | ourselves at 1 M, ${how}`;

/** Rows of another year have other numbers. */
const withoutIds = (answer: string) =>
  answer.replace(/"(?:id|changed)":"\d+"/g, '').replace(/"UniqueID":"(\d+)\.\d+"/g, '"UniqueID":"$1"');
