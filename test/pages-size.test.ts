/** What the pages weigh, and that they bring all they need: held for each page in each language. */
import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { PAGES } from '../cgi/contract.ts';
import { buildPages, FIRST_LOAD_MAX, firstLoads } from '../cgi/gui/build.ts';
import { openStatic } from '../daemon/http/static.ts';
import { temporaryFolder } from './support/folder.ts';

test('no page takes more than 120 kB when it is the first to be opened, and each file can be had', async () => {
  const folder = temporaryFolder();
  const built = await buildPages(folder);
  const loads = firstLoads(built);
  // A page's folder may be called less than its address.
  for (const page of PAGES)
    expect(
      [...loads.keys()].some((name) => page.startsWith(name)),
      page,
    ).toBe(true);
  for (const [page, { bytes, own }] of loads) {
    expect(bytes, page).toBeLessThanOrEqual(FIRST_LOAD_MAX);
    expect(own, page).toBeGreaterThan(0);
    expect(own, page).toBeLessThan(bytes);
  }
  expect(FIRST_LOAD_MAX).toBe(120_000);

  const served = await openStatic(folder);
  const lying = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.gz'));
  expect(lying.length).toBe(built.length);
  for (const { path, size } of built) {
    const found = served.find(path === 'index.html' ? '/' : `/${path}`);
    expect(found, path).toMatchObject({ packed: true });
    const packed = readFileSync(found?.path ?? '');
    expect(packed.length, path).toBe(size);
    // Nothing from off the box, not even a map of the sources. SVG's own name is no address that is asked.
    const text = gunzipSync(packed)
      .toString()
      .replaceAll(/http:\/\/www\.w3\.org\/\d{4}\/(svg|xlink|1998\/Math\/MathML)/g, '');
    expect([path, text.match(/(?:https?:)?\/\/[a-z0-9-]+\.[a-z]{2,}[^\s"'`]*|sourceMappingURL/gi)]).toEqual([
      path,
      null,
    ]);
  }
});
