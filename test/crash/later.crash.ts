/** The crash matrix of a box that is switched on again, and of one that is updated. */
import { join } from 'node:path';
import { beforeAll, test } from 'vitest';
import { atFileEnd, temporaryFolder } from '../support/folder.ts';
import { expectNoLosses } from './effort.ts';
import { firstDay, OF_THE_SECOND_DAY, OF_THE_UPDATE, secondDay, update } from './lives.ts';
import type { Life } from './player.ts';

const atEnd = atFileEnd();
let root = '';
let first: Life;
beforeAll(async () => {
  root = temporaryFolder(atEnd);
  first = await firstDay(join(root, 'first'));
});

test('catch-up, checkpoint, backup, erasing', async () => {
  await expectNoLosses(await secondDay(join(root, 'second'), first), OF_THE_SECOND_DAY, join(root, 'room'));
});

test('migration', async () => {
  await expectNoLosses(await update(join(root, 'update'), first), OF_THE_UPDATE, join(root, 'room'));
});
