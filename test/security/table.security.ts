/** The table: each row against cdrd as it is built, and against builds with a bug planted for that row. */
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Box, makeOffice, startBox } from './box.ts';
import { build, buildPlanted, plantedPatches, ROOT } from './build.ts';
import { createTally, type Row, type ShownRow, Through } from './row.ts';
import { ROWS } from './rows.ts';

const work = join(tmpdir(), `cdrd-security-${process.pid}`);
let bundle = '';
let office = '';
/** The box that all rows attack which leave it as it was. */
let shared: Box;

beforeAll(async () => {
  bundle = await build(ROOT, join(work, 'good'));
  office = await makeOffice(bundle);
  shared = await startBox(bundle, { office, row: 0 });
}, 180_000);
afterAll(async () => {
  await shared?.close();
  for (const folder of [work, office]) if (folder) await rm(folder, { recursive: true, force: true });
});

/** Runs the attempts of a row. @param planted The bug in the bundle; null: none. */
async function attack(
  box: Box,
  row: Row,
  planted: string | null,
): Promise<{ through: readonly string[]; shown: ShownRow }> {
  const tally = createTally(planted !== null);
  await row.attempt(box, tally).catch((error: unknown) => {
    if (!(error instanceof Through)) throw error;
  });
  const { name, no, flaws } = row;
  const figures = { tried: tally.count, through: tally.through.length };
  return { through: tally.through, shown: { name, no, cves: flaws.map(({ cve }) => cve), ...figures, planted } };
}

const own = (row: Row, place: number) => ({ row: place, ...(row.fresh ? { fresh: true } : { office }) });
/** Building and starting are work for more than one core, and so are two of them for less than two. */
const TWO = { concurrent: true } as const;
const patches = await plantedPatches();

describe.each(ROWS.map((row, place) => ({ row, place, name: row.name, no: row.no })))(
  '$name: no $no',
  ({ row, place }) => {
    test('in cdrd as it is built', async ({ task }) => {
      const box = row.alone || row.fresh ? await startBox(bundle, own(row, place)) : null;
      try {
        const { through, shown } = await attack(box ?? shared.forRow(place), row, null);
        task.meta.row = shown;
        expect(through).toEqual([]);
        expect(shown.tried).toBeGreaterThan(0);
      } finally {
        await box?.close();
      }
    });

    test.for(patches.filter((patch) => patch.startsWith(`${row.name}.`)))(
      'red with %s',
      TWO,
      async (patch, { task, expect }) => {
        const folder = join(work, patch);
        const box = await startBox(await buildPlanted(patch, folder), own(row, place));
        try {
          const { through, shown } = await attack(box, row, patch);
          task.meta.row = shown;
          expect(through, `${patch} let nothing through in ${shown.tried} attempts`).not.toEqual([]);
        } finally {
          await box.close();
          await rm(folder, { recursive: true, force: true });
        }
      },
    );
  },
);
