/** The truth report as somebody uses it: counts, what they mean, the findings, and a repair. */
import { mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { wav } from '../recordings/helper.ts';
import { axe, shot, textOf, useBox } from './box.ts';

const box = useBox();
/** A recording that was never closed: the daemon believes so ten minutes behind its last change. */
function leaveOpen(name: string): string {
  const path = `20210329/20210329-12000${name}-161701200${name}-Internal-205-204.wav`;
  mkdirSync(`${box.recordings}/20210329`, { recursive: true });
  writeFileSync(`${box.recordings}/${path}`, wav({ sound: 32_000, dataLength: 0, fileLength: 44 }));
  return path;
}
type Counts = { json_array_truth: { code: string; count: number }[] };
const EVER = { startdate: '2000-01-01 00:00' };
const found = async (code: string) =>
  (await box.ask<Counts>(30029, EVER)).json_array_truth.find((each) => each.code === code)?.count ?? 0;

describe.each(['phone', 'desktop'] as const)('%s', (size) => {
  test('each kind says how many, what it means and what to do; its findings lead to call and recording', async () => {
    const page = await box.open({ page: 'truth', size, dark: size === 'phone' });
    const missing = page.locator('section', { hasText: 'Recordings that are missing' });
    await missing.getByText('Calls that should have a recording and have none.').waitFor();
    expect(await axe(page)).toEqual([]);
    await shot(page, `truth-${size}`);
    await missing.getByRole('link', { name: 'Show: Recordings that are missing' }).click();
    await page.locator('.finding').first().waitFor();
    expect(new URL(page.url()).search).toBe('?kind=missing');
    expect(await axe(page)).toEqual([]);
    await shot(page, `truth-missing-${size}`);
    const call = page.getByRole('link', { name: /^Call of / }).first();
    expect(await call.getAttribute('href')).toMatch(/^\/calls\?call=\d+$/);
    await page.goBack();
    await missing.waitFor();
  });

  test('a recording without a call is listed by its code, and heard', async () => {
    const page = await box.open({ page: 'truth', size });
    // The office may be younger than the time that a recording is given to get its call.
    const code = page.getByRole('link', { name: /no call agrees with its time|its call may still come/ });
    await code.first().click();
    await page.getByText('Inbound-96-5550142-203').waitFor();
    await page
      .getByRole('button', { name: /^Play / })
      .first()
      .click();
    await page
      .getByLabel(/^Player: /)
      .first()
      .waitFor();
    expect(await axe(page)).toEqual([]);
  });

  test('CSV has the findings that are shown', async () => {
    const page = await box.open({ page: 'truth?kind=match', size });
    await page.locator('.finding').first().waitFor();
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: 'CSV' }).click();
    const text = await textOf(await download);
    const [head = '', ...lines] = text.trim().split('\r\n');
    expect(head).toContain('path');
    expect(lines.length).toBe(
      (await found('named')) + (await found('near')) + (await found('named_apart')) + (await found('shared')),
    );
  });
});

test('a header is repaired after a question, and the finding goes', async () => {
  const path = leaveOpen('1');
  const hourAgo = Date.now() / 1000 - 3_600;
  utimesSync(`${box.recordings}/${path}`, hourAgo, hourAgo);
  await expect.poll(() => found('header_zero')).toBe(1);
  const page = await box.open({ page: 'truth?kind=broken' });
  await page.getByRole('button', { name: `Repair ${path}` }).click();
  const question = page.getByRole('dialog', { name: 'Repair these headers?' });
  expect(await axe(page)).toEqual([]);
  await question.getByRole('button', { name: 'Repair', exact: true }).click();
  await page.getByText('Repaired: 1.').waitFor();
  await expect.poll(() => found('header_zero')).toBe(0);
  const lengthInHeader = () => readFileSync(`${box.recordings}/${path}`).readUInt32LE(40);
  expect(lengthInHeader()).toBe(32_000);
  await page.getByRole('button', { name: 'Put the original back' }).click();
  await page.getByText('The original is back.').waitFor();
  expect(lengthInHeader()).toBe(0);
});
