/** How much of the matrix is looked at by `make test-crash`, and what is expected of it. */
import { expect } from 'vitest';
import { seededRandom } from '../simulator/random.ts';
import { type LeftOut, withoutSyncs } from './left-out.ts';
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

/** The matrix complains of a daemon that leaves these syncs out: it can fail. */
export async function expectItSees(life: Life, { what, paths }: LeftOut, room: string): Promise<void> {
  const effort = { kills: 0, moments: 'ends', cuts: 3, starts: 0, once: true } as const;
  const { complaints } = await crash(life, room, seededRandom(SEED), effort, withoutSyncs(life.happenings, paths));
  expect({ what, seen: complaints.length > 0 }).toEqual({ what, seen: true });
}
