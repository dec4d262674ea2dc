/** The crash matrix of a box that is switched on again, whose backup is restored, and of one that is updated. */
import { join } from 'node:path';
import { beforeAll, test } from 'vitest';
import { atFileEnd, temporaryFolder } from '../support/folder.ts';
import { expectItSees, expectNoLosses } from './effort.ts';
import * as leftOut from './left-out.ts';
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
  const room = join(root, 'room');
  const second = await secondDay(join(root, 'second'), first);
  for (const left of leftOut.OF_THE_SECOND_DAY) await expectItSees(second, left, room);
  await expectNoLosses(second, OF_THE_SECOND_DAY, room);
  const restored = await restoreLife(join(root, 'restore'), second);
  for (const left of leftOut.OF_THE_RESTORE) await expectItSees(restored, left, room);
  await expectNoLosses(restored, OF_THE_RESTORE, room);
});

test('migration', async () => {
  const room = join(root, 'room');
  const updated = await update(join(root, 'update'), first);
  for (const left of leftOut.OF_THE_UPDATE) await expectItSees(updated, left, room);
  await expectNoLosses(updated, OF_THE_UPDATE, room);
});
