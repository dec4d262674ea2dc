/** The crash matrix of a new box. */
import { join } from 'node:path';
import { test } from 'vitest';
import { temporaryFolder } from '../support/folder.ts';
import { expectNoLosses } from './effort.ts';
import { firstDay, OF_THE_FIRST_DAY } from './lives.ts';

test('set up, calls, settings, deletions', async () => {
  const root = temporaryFolder();
  await expectNoLosses(await firstDay(join(root, 'box')), OF_THE_FIRST_DAY, join(root, 'room'));
});
