/** The phone book as somebody uses it: search, add, change, remove and undo, a CSV looked at before it is sent, and out again. */
import { describe, expect, test } from 'vitest';
import { announce, axe, CONTACTS, shot, textOf, useBox } from './box.ts';

const box = useBox();
const contacts = async () =>
  (await box.ask<{ json_array_contacts: { number: string; name: string; group: string }[] }>(30013))
    .json_array_contacts;
const csv = (lines: readonly string[]) => ({
  name: 'book.csv',
  mimeType: 'text/csv',
  buffer: Buffer.from(['number,name,group', ...lines].join('\r\n')),
});

describe.each(['phone', 'desktop'] as const)('%s', (size) => {
  const open = (address = 'phone-book', dark = false) => box.open({ page: address, size, dark });

  test('what is searched for stands in the address, and back leads to all of them', async () => {
    const page = await open();
    await page.getByText(`${CONTACTS.length} contacts in the book.`).waitFor();
    await page.getByLabel('Search').fill('suppl');
    await page.getByText('2 match.').waitFor();
    await page.getByText('Lindqvist & Sons').waitFor();
    expect(new URL(page.url()).search).toBe('?search=suppl');
    expect(await axe(page)).toEqual([]);
    await shot(page, `phone-book-${size}`);
    await page.getByLabel('Search').fill('nobody at all');
    await page.getByText('Nothing matches.').waitFor();
    await page.reload();
    await page.getByText('Nothing matches.').waitFor();
  });

  test('a contact is added, changed to another number, removed, and brought back', async () => {
    const page = await open();
    await page.getByRole('button', { name: 'Add contact' }).click();
    await page.getByLabel('Number').fill('555 0123');
    await page.getByLabel('Name').fill('New Customer');
    announce(page, /400/);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.locator('dialog .field', { hasText: 'Number' }).getByRole('alert').waitFor();
    expect(await axe(page)).toEqual([]);
    await page.getByLabel('Number').fill('5550123');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('New Customer is in the book.').waitFor();
    await page.getByRole('button', { name: 'Change New Customer' }).click();
    await page.getByLabel('Number').fill('5550124');
    await page.getByLabel('Group').fill('Customers');
    await page.keyboard.press('Enter');
    await page.getByText('New Customer is changed.').waitFor();
    await page.getByRole('button', { name: 'Close' }).click();
    expect((await contacts()).filter(({ name }) => name === 'New Customer')).toEqual([
      { number: '5550124', name: 'New Customer', group: 'Customers' },
    ]);
    await page.getByRole('button', { name: 'Remove New Customer' }).click();
    await page.getByText('New Customer is removed.').waitFor();
    expect((await contacts()).map(({ number }) => number)).not.toContain('5550124');
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByText('New Customer is back.').waitFor();
    expect((await contacts()).map(({ number }) => number)).toContain('5550124');
    await box.ask(30015, { numbers: '5550124' });
  });

  test('a CSV is seen before it is sent: faults by line, the first contacts, and what becomes of the book', async () => {
    const page = await open('phone-book', true);
    await page.getByRole('button', { name: 'Import CSV' }).click();
    const file = page.getByLabel('File');
    const send = page.getByRole('button', { name: /^Import .+ contacts?$/ });
    await file.setInputFiles(csv(['301,One,', '3 02,Two,', '301,Again,']));
    await page.getByText('2 lines are at fault.').waitFor();
    await page.getByText('Line 3: number must be a number').waitFor();
    await page.getByText('Line 4: number 301 stands in line 2 already').waitFor();
    expect(await send.isDisabled()).toBe(true);
    expect(await axe(page)).toEqual([]);
    await shot(page, `phone-book-faults-${size}`);
    announce(page, /400/);
    await file.setInputFiles({ name: 'x.csv', mimeType: 'text/csv', buffer: Buffer.from('a;b\n1;2') });
    await page.getByText('must begin with the line number,name,group').waitFor();
    await file.setInputFiles(csv(['301,One,House', '302,"Two, the second",']));
    await page.getByRole('cell', { name: 'Two, the second' }).waitFor();
    await page.getByLabel('Replace it').check();
    await page.getByText(`The ${CONTACTS.length} contacts that are in the book now go.`).waitFor();
    await page.getByLabel('Keep it').check();
    await send.click();
    await page.getByText('Imported: 2 contacts.').waitFor();
    expect(await contacts()).toHaveLength(CONTACTS.length + 2);
    await box.ask(30015, { numbers: '301,302' });
  });

  test('what goes out as CSV comes in again', async () => {
    const page = await open();
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Export CSV' }).click();
    const text = await textOf(await download);
    expect(text.trim().split('\r\n')).toHaveLength(CONTACTS.length + 1);
    await page.getByRole('button', { name: 'Import CSV' }).click();
    await page.getByLabel('File').setInputFiles({ name: 'a.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
    await page.getByRole('button', { name: `Import ${CONTACTS.length} contacts` }).click();
    await page.getByText(`Imported: ${CONTACTS.length} contacts.`).waitFor();
    expect(await contacts()).toHaveLength(CONTACTS.length);
  });
});

describe('a large book', () => {
  const large = useBox({ store: 'empty' });
  test('is empty at first, and is loaded part by part', async () => {
    const page = await large.open({ page: 'phone-book' });
    await page.getByText('The phone book is empty.').waitFor();
    expect(await axe(page)).toEqual([]);
    const lines = Array.from({ length: 5_000 }, (_, i) => `${10_000 + i},Person ${i},`);
    await large.ask(30014, { csv: ['number,name,group', ...lines].join('\n') });
    await page.reload();
    await page.getByText('5,000 contacts in the book.').waitFor();
    expect(await page.locator('.contacts tbody tr').count()).toBeLessThan(400);
    const rows = async () => {
      await page.keyboard.press('End');
      return page.locator('.contacts tbody tr').count();
    };
    await expect.poll(rows).toBeGreaterThan(300);
    await page.getByLabel('Search').fill('Person 4999');
    await page.getByText('1 match.').waitFor();
  });
});
