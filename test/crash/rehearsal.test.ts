/**
 * The crash matrix, rehearsed: of a box's first day each site is looked at once or twice. The whole of it is
 * `make test-crash`. CDRD_TEST_SEED chooses other disks.
 */
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { seededRandom } from '../simulator/random.ts';
import { atFileEnd, temporaryFolder } from '../support/folder.ts';
import { expectItSees } from './effort.ts';
import { OF_THE_FIRST_DAY as LEFT_OUT } from './left-out.ts';
import { firstDay, OF_THE_FIRST_DAY } from './lives.ts';
import { crash, nameOf, tableOf } from './matrix.ts';
import type { Life } from './player.ts';

const SEED = Number(process.env['CDRD_TEST_SEED'] ?? 20261126);
const atEnd = atFileEnd();
let root = '';
let life: Life;
beforeAll(async () => {
  root = temporaryFolder(atEnd);
  life = await firstDay(join(root, 'box'));
}, 60_000);

test('whatever a kill or a power cut leaves: it opens, nothing told is missing, nothing is there twice', async () => {
  const effort = { kills: 1, moments: 1, cuts: 1, starts: 0 };
  const { rows, complaints, untouched } = await crash(life, join(root, 'room'), seededRandom(SEED), effort);
  console.log(`seed ${SEED}\n${tableOf(rows)}`);
  expect({ complaints, untouched }).toEqual({ complaints: [], untouched: [] });
  expect(rows.map(nameOf)).toEqual(expect.arrayContaining(OF_THE_FIRST_DAY));
}, 120_000);

describe('the matrix sees when what must be durable is not: without the fsync of', () => {
  test.each(LEFT_OUT)('$what', (left) => expectItSees(life, left, join(root, 'room')), 120_000);
});
