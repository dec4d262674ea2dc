/** Retention and backup as somebody uses them: what a rule would remove is said while it is typed, and before it is saved. */
import { describe, expect, test } from 'vitest';
import { announce, axe, shot, useBox } from './box.ts';

const box = useBox();
type Rules = { json_array_rules: { rule: string; value: number; count: number }[] };
const RESET = { reset: 'retention.recordings.days,retention.calls.days,trash.days,backup.keep' };
const count = async (number: number) =>
  (await box.ask<{ json_obj_filter: { totalcount: number } }>(number, { startdate: '2000-01-01 00:00', limit: '1' }))
    .json_obj_filter.totalcount;

describe.each(['phone', 'desktop'] as const)('%s', (size) => {
  const open = (dark = false) => box.open({ page: 'retention', size, dark });

  test('a rule says what it would remove as it is typed, and saving asks first', async () => {
    const page = await open(size === 'phone');
    const rule = page.locator('.rule', { hasText: 'Recordings: at most so many days old' });
    await rule.getByText('This rule is off.').waitFor();
    await rule.getByRole('spinbutton').fill('2');
    await rule.getByText(/^Would remove \d+ recordings now \(.*B\), from 20.* to 20/).waitFor();
    expect(await axe(page)).toEqual([]);
    await shot(page, `retention-${size}`);
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    const question = page.getByRole('dialog', { name: 'These rules remove much' });
    await question.getByText(/^As they are now \d+ recordings \(.*\) and 0 calls would go/).waitFor();
    await question.getByText('can’t be brought back').waitFor();
    expect(await axe(page)).toEqual([]);
    await shot(page, `retention-question-${size}`);
    await question.getByRole('button', { name: 'Cancel' }).click();
    const rules = (await box.ask<Rules>(30026)).json_array_rules;
    expect(rules.find(({ rule: name }) => name === 'retention.recordings.days')?.value).toBe(0);
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await question.getByRole('button', { name: 'Save these rules' }).click();
    await page.getByText('Saved.', { exact: true }).waitFor();
    await box.ask(30017, RESET);
  });

  test('what removes nothing more is saved at once; a fault is told at its field', async () => {
    const page = await open();
    await page.getByLabel('Days that deleted calls').fill('9');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('Saved.', { exact: true }).waitFor();
    await page.getByLabel('Backups kept').fill('0');
    announce(page, /400/);
    // The browser itself stops what is out of its range; the box would say the same.
    await page.locator('form').evaluateAll((forms) => forms.map((form) => form.setAttribute('novalidate', '')));
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.locator('.field', { hasText: 'Backups kept' }).getByRole('alert').waitFor();
    await box.ask(30017, RESET);
  });

  test('a backup is made now, and stands in the list; how to go back is said', async () => {
    const page = await open();
    const rows = page.locator('.backups tbody tr');
    // Of each day the last one stays, so a second one of today takes the first one's place.
    const newest = async () => ((await rows.count()) > 0 ? rows.first().textContent() : '');
    const before = await newest();
    await page.getByRole('button', { name: 'Make a backup now' }).click();
    await page.getByText('The backup is made.').waitFor({ timeout: 30_000 });
    await expect.poll(newest).not.toBe(before);
    await page.getByText('How to go back to a backup').click();
    expect(await page.getByRole('textbox', { name: 'Commands' }).inputValue()).toContain('cdrd restore --latest');
    expect(await axe(page)).toEqual([]);
    await shot(page, `backups-${size}`);
  });
});

test('run now removes what the saved rules say, after a question', async () => {
  await box.ask(30017, { 'retention.calls.days': '15' });
  const page = await box.open({ page: 'retention' });
  const before = await count(9006);
  await page.getByRole('button', { name: 'Run now' }).click();
  const question = page.getByRole('dialog', { name: 'Remove now?' });
  await question.getByText(/0 recordings \(0 B\) and \d+ calls go now/).waitFor();
  await question.getByRole('button', { name: 'Remove now' }).click();
  await page.getByText(/^Removed: 0 recordings, \d+ calls\.$/).waitFor({ timeout: 30_000 });
  expect(await count(9006)).toBeLessThan(before);
  await page
    .getByText(/^.*Last removed 20/)
    .first()
    .waitFor();
  await box.ask(30017, RESET);
});
