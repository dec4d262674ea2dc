/** How much of the matrix is looked at by `make test-crash`, and in the words of its end. */
import { expect } from 'vitest';
import { seededRandom } from '../simulator/random.ts';
import { crash, type Effort, nameOf, tableOf } from './matrix.ts';
import type { Life } from './player.ts';

const SEED = Number(process.env['CDRD_TEST_SEED'] ?? 20261126);
/** Each site, some minutes in all; or, with CDRD_CRASH=every, every single operation: an hour. */
const EFFORT: Effort =
  process.env['CDRD_CRASH'] === 'every'
    ? { kills: Number.POSITIVE_INFINITY, moments: Number.POSITIVE_INFINITY, cuts: 8, starts: 3 }
    : { kills: 20, moments: 4, cuts: 6, starts: 1 };

/** @param must Sites that the life has to have. @param room Where disks are laid out. */
export async function expectNoLosses(life: Life, must: readonly string[], room: string): Promise<void> {
  const { rows, complaints, untouched } = await crash(life, room, seededRandom(SEED), EFFORT);
  console.log(`${life.name}, seed ${SEED}\n${tableOf(rows)}`);
  expect({ complaints, untouched }).toEqual({ complaints: [], untouched: [] });
  expect(rows.map(nameOf)).toEqual(expect.arrayContaining([...must]));
}
