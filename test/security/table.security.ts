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
/** Building and starting are work for more than one core, and what an attempt waits for is work for none. */
const TOGETHER = { concurrent: true } as const;
const patches = await plantedPatches();
const rows = ROWS.map((row, place) => ({ row, place, name: row.name, no: row.no, own: row.alone || row.fresh }));

const attackGood = (box: Box, { row, place }: (typeof rows)[number]) => attack(box.forRow(place), row, null);

function expectHeld({ through, shown }: Awaited<ReturnType<typeof attack>>) {
  expect(through).toEqual([]);
  expect(shown.tried).toBeGreaterThan(0);
}

describe('in cdrd as it is built', () => {
  // One after another: what Asterisk was told is looked at by several.
  test.for(rows.filter(({ own }) => !own))('$name: no $no', async (given, { task }) => {
    const done = await attackGood(shared, given);
    task.meta.row = done.shown;
    expectHeld(done);
  });

  test.for(rows.filter(({ own }) => own))('$name: no $no', TOGETHER, async (given, { task }) => {
    const box = await startBox(bundle, own(given.row, given.place));
    try {
      const done = await attackGood(box, given);
      task.meta.row = done.shown;
      expectHeld(done);
    } finally {
      await box.close();
    }
  });
});

describe('red', () => {
  test.for(patches)('with %s', TOGETHER, async (patch, { task, expect }) => {
    const place = ROWS.findIndex(({ name }) => patch.startsWith(`${name}.`));
    const row = ROWS[place];
    if (!row) throw new Error('it belongs to no row');
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
  });
});
