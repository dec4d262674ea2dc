/** The crash matrix of a box that is switched on again, whose backup is restored, and of one that is updated. */
import { join } from 'node:path';
import { beforeAll, test } from 'vitest';
import { atFileEnd, temporaryFolder } from '../support/folder.ts';
import { expectNoLosses } from './effort.ts';
import { firstDay, OF_THE_RESTORE, OF_THE_SECOND_DAY, OF_THE_UPDATE, restoreLife, secondDay, update } from './lives.ts';
import type { Life } from './player.ts';

const atEnd = atFileEnd();
let root = '';
let first: Life;
beforeAll(async () => {
  root = temporaryFolder(atEnd);
  first = await firstDay(join(root, 'first'));
});

test('catch-up, checkpoint, backup, erasing; and the backup restored', async () => {
  const second = await secondDay(join(root, 'second'), first);
  await expectNoLosses(second, OF_THE_SECOND_DAY, join(root, 'room'));
  await expectNoLosses(await restoreLife(join(root, 'restore'), second), OF_THE_RESTORE, join(root, 'room'));
});

test('migration', async () => {
  await expectNoLosses(await update(join(root, 'update'), first), OF_THE_UPDATE, join(root, 'room'));
});
