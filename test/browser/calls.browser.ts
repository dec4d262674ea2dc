/** The CDR Report, as a person uses it: by mouse, by keyboard, on a phone. */
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import type { CallList, CallRow } from '../../cgi/contract.ts';
import { announce, axe, shot, useBox } from './box.ts';

const box = useBox();
const ALL = { startdate: '2000-01-01 00:00' };

const listed = (values: Readonly<Record<string, string>>) => box.ask<CallList>(9006, values);
const rowsOf = async (values: Readonly<Record<string, string>>) => (await listed(values)).json_array_astcdrs;

/** What stands in a column, of the rows in sight. */
async function column(page: Page, name: string): Promise<string[]> {
  return page.locator(`.long-row:not(.waiting) .c-${name}`).allInnerTexts();
}

/** The count that the page shows, when it is certain. */
async function total(page: Page): Promise<number> {
  const count = page.locator('.calls-count');
  await expect.poll(() => count.innerText()).toMatch(/^[\d,]+ calls?$/);
  return Number((await count.innerText()).replace(/\D/g, ''));
}

/** Waits until the page shows so many calls. */
async function shows(page: Page, count: number): Promise<void> {
  const text = count === 0 ? '0 calls' : count === 1 ? '1 call' : `${count.toLocaleString('en')} calls`;
  await expect.poll(() => page.locator('.calls-count').innerText()).toBe(text);
}

describe('the report', () => {
  test.each(['desktop', 'phone', 'wide'] as const)('shows today’s calls and their totals, %s', async (size) => {
    const page = await box.open({ page: 'calls', size });
    const today = await rowsOf({});
    await shows(page, today.length);
    await expect
      .poll(async () => (await column(page, 'calldate')).slice(0, 5))
      .toEqual(today.slice(0, 5).map((row) => row.calldate));
    const { json_obj_totals: sums } = await box.ask<{ json_obj_totals: { answered: number } }>(30002, {});
    await expect.poll(() => page.locator('.calls-totals dd').first().innerText()).toBe(String(sums.answered));
    expect(await axe(page)).toEqual([]);
    await shot(page, `calls-${size}`);
  });

  test.each([700, 901, 1280, 1600, 1920, 3840])('has room for Spanish words at %i px', async (width) => {
    const page = await box.open({ page: 'calls?startdate=2000-01-01+00:00', language: 'es' });
    await page.setViewportSize({ width, height: 800 });
    await page.locator('.long-row:not(.waiting)').first().waitFor();
    const cut = await page.evaluate(() => {
      const end = document.querySelector('.long-body')?.getBoundingClientRect().right ?? 0;
      const words = document.querySelectorAll(
        '.long-head button, .long-row:not(.waiting) :is(.c-calldate, .c-disposition)',
      );
      const rows = document.querySelectorAll('.long-head, .long-row:not(.waiting)');
      return [
        ...[...words].filter((each) => each.scrollWidth > each.clientWidth),
        ...[...rows].flatMap((row) => [...row.children]).filter((each) => each.getBoundingClientRect().right > end),
      ].map((each) => each.textContent);
    });
    expect([...new Set(cut)]).toEqual([]);
  });

  test.each(['desktop', 'phone'] as const)('is as good in the dark, %s', async (size) => {
    const page = await box.open({ page: 'calls?startdate=2000-01-01+00:00', size, dark: true });
    await total(page);
    expect(await axe(page)).toEqual([]);
    await shot(page, `calls-dark-${size}`);
  });

  test('scrolls to its very end, and says which rows are seen', async () => {
    const page = await box.open({ page: 'calls?startdate=2000-01-01+00:00' });
    const all = await rowsOf(ALL);
    await shows(page, all.length);
    await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
    const last = page.locator(`[aria-rowindex="${all.length + 1}"] .c-calldate`);
    await expect.poll(() => last.innerText()).toBe(all.at(-1)?.calldate);
    expect(await page.getByRole('grid').getAttribute('aria-rowcount')).toBe(String(all.length + 1));
    expect(await page.locator('.long-row').count()).toBeLessThan(80);
  });

  test('speaks Spanish', async () => {
    const page = await box.open({ page: 'calls', language: 'es-ES' });
    await page.getByText('Contestada', { exact: true }).first().waitFor();
    await shot(page, 'calls-es');
  });
});

/** Some eight letters. */
const NAME_SEEN = 70;

describe('the filter', () => {
  test('by number, outcome and direction stands in the address; back and forward go through it', async () => {
    const page = await box.open({ page: 'calls' });
    await page.getByLabel('All', { exact: true }).check();
    await shows(page, (await rowsOf(ALL)).length);
    await page.getByLabel('Number').fill('202');
    await shows(page, (await rowsOf({ ...ALL, number: '202' })).length);
    await page.getByLabel('Outcome').selectOption('Answered');
    const answered = await rowsOf({ ...ALL, number: '202', disposition: 'ANSWERED' });
    await shows(page, answered.length);
    await page.getByLabel('Direction').selectOption('Inbound');
    const inbound = await rowsOf({ ...ALL, number: '202', disposition: 'ANSWERED', userfield: 'Inbound' });
    await shows(page, inbound.length);
    expect(inbound.length).toBeLessThan(answered.length);
    const { searchParams } = new URL(page.url());
    expect(Object.fromEntries(searchParams)).toEqual({
      startdate: '2000-01-01 00:00',
      number: '202',
      disposition: 'ANSWERED',
      userfield: 'Inbound',
    });
    await page.goBack();
    await shows(page, answered.length);
    expect(await page.getByLabel('Direction').inputValue()).toBe('');
    await page.goForward();
    await shows(page, inbound.length);
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await shows(page, (await rowsOf({})).length);
    expect(new URL(page.url()).search).toBe('');
  });

  test.each(['yesterday', '7days', 'month', '30days', 'week'])(
    'the time “%s” is that of the box’s clock',
    async (period) => {
      const page = await box.open({ page: `calls?period=${period}` });
      const { zone, now } = await box.ask<{ zone: string; now: number }>(30037);
      const day = (back: number) => new Date(now - back * 86_400_000).toLocaleDateString('en-CA', { timeZone: zone });
      const weekday = new Date(`${day(0)}T00:00:00Z`).getUTCDay();
      const from = {
        yesterday: day(1),
        '7days': day(6),
        '30days': day(29),
        month: `${day(0).slice(0, 8)}01`,
        week: day((weekday + 6) % 7),
      }[period];
      const to = period === 'yesterday' ? day(1) : day(0);
      const expected = await rowsOf({ startdate: `${from} 00:00`, enddate: `${to} 23:59` });
      if (expected.length > 0) await shows(page, expected.length);
      else await page.getByText('No calls match.').waitFor();
    },
  );

  test('of the guide’s table is behind “More filters”; what is wrong is said where it stands', async () => {
    const page = await box.open({ page: 'calls?startdate=2000-01-01+00:00', expects: [/status 400/, /400/] });
    await page.getByText('More filters').click();
    // Side by side: the list stays in sight.
    expect((await page.locator('.more > .fields').boundingBox())?.height).toBeLessThan(320);
    await page.getByLabel('Trunk').fill('96');
    await shows(page, (await rowsOf({ ...ALL, trunk: '96' })).length);
    await page.getByLabel('Minimum duration').fill('10');
    await shows(page, (await rowsOf({ ...ALL, trunk: '96', minduration: '10' })).length);
    await page.getByLabel('Minimum duration').fill('ten');
    await page.getByText('must be whole seconds', { exact: true }).waitFor();
    expect(await page.getByRole('alert').filter({ hasText: 'minduration' }).allTextContents()).not.toContainEqual(
      expect.stringMatching(/minduration\s+minduration/),
    );
    expect(await page.getByLabel('Minimum duration').getAttribute('aria-invalid')).toBe('true');
    expect(await axe(page)).toEqual([]);
    await shot(page, 'calls-wrong');
  });

  test('on a phone has the first calls on the first screen, and what is rarer a touch away', async () => {
    const page = await box.open({ page: 'calls?startdate=2000-01-01+00:00', size: 'phone' });
    const count = await total(page);
    const third = await page.locator('.long-row').nth(2).boundingBox();
    expect((third?.y ?? 9e9) + (third?.height ?? 0)).toBeLessThan(740);
    // Who has a name is called by it, and not by its first letter. CSS pixels that are seen of it, or all of them.
    const seen = await page.locator('.long-row .c-src').evaluateAll((cells) =>
      cells.flatMap((cell) => {
        const name = cell.querySelector('.soft')?.getBoundingClientRect();
        return name ? [Math.min(cell.getBoundingClientRect().right, name.right) - name.left, name.width] : [];
      }),
    );
    expect(seen.length).toBeGreaterThan(0);
    for (let at = 0; at < seen.length; at += 2)
      expect(seen[at]).toBeGreaterThanOrEqual(Math.min(NAME_SEEN, seen[at + 1] ?? 0));
    await page.getByText('More filters').click();
    await page.getByLabel('Outcome').selectOption('Missed');
    const missed = await rowsOf({ ...ALL, disposition: 'NO ANSWER,BUSY,FAILED' });
    await shows(page, missed.length);
    expect(missed.length).toBeLessThan(count);
    await page.getByText('Actions').click();
    await page.getByRole('button', { name: 'CSV' }).waitFor();
    expect(await axe(page)).toEqual([]);
    await shot(page, 'calls-phone-open');
  });

  test('that finds nothing says so, and what to do', async () => {
    const page = await box.open({ page: 'calls?number=999999', size: 'phone' });
    await page.getByText('No calls match.').waitFor();
    expect(await axe(page)).toEqual([]);
    await shot(page, 'calls-none');
  });
});

describe('the order', () => {
  test('follows a press on a column’s name, and back', async () => {
    const page = await box.open({ page: 'calls?startdate=2000-01-01+00:00' });
    await total(page);
    await page.getByRole('button', { name: 'Duration' }).click();
    const longest = await rowsOf({ ...ALL, sort: 'duration' });
    await expect
      .poll(async () => (await column(page, 'calldate')).slice(0, 3))
      .toEqual(longest.slice(0, 3).map((row) => row.calldate));
    const header = page.getByRole('columnheader', { name: 'Duration' });
    expect(await header.getAttribute('aria-sort')).toBe('descending');
    await page.getByRole('button', { name: 'Duration' }).click();
    await expect.poll(() => header.getAttribute('aria-sort')).toBe('ascending');
    const shortest = await rowsOf({ ...ALL, sort: 'duration', order: 'asc' });
    await expect
      .poll(async () => (await column(page, 'calldate')).slice(0, 3))
      .toEqual(shortest.slice(0, 3).map((row) => row.calldate));
    await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
    const last = page.locator(`[aria-rowindex="${shortest.length + 1}"] .c-calldate`);
    await expect.poll(() => last.innerText()).toBe(shortest.at(-1)?.calldate);
    await page.getByRole('button', { name: 'Date' }).click();
    await expect.poll(async () => (await column(page, 'calldate'))[0]).toBe((await rowsOf(ALL))[0]?.calldate);
  });
});

/** A call with a recording that can be played. */
async function recorded(): Promise<CallRow> {
  const rows = await rowsOf(ALL);
  const files = await box.ask<{ json_array_recordings: { path: string }[] }>(20053, ALL);
  const there = new Set(files.json_array_recordings.map(({ path }) => path));
  const row = rows.find((each) => there.has(each['Recording filename']) && /^\d+$/.test(each.src));
  if (!row) throw new Error('no recorded call');
  return row;
}

describe('a call', () => {
  test.each(['desktop', 'phone'] as const)(
    'opens with what happened, its recording, trace and other calls, %s',
    async (size) => {
      const row = await recorded();
      const page = await box.open({ page: `calls?startdate=2000-01-01+00:00&call=${row.id}`, size });
      const dialog = page.getByRole('dialog');
      await dialog.getByText('What happened').waitFor();
      await dialog
        .getByRole('region', { name: /Player|→/ })
        .first()
        .waitFor();
      expect(await dialog.locator('.timeline li').count()).toBeGreaterThan(0);
      await dialog.getByText(`Other calls of ${row.src}`).waitFor();
      await dialog.getByText('Trace: where this comes from').click();
      await dialog.locator('.records li').first().waitFor();
      expect(await axe(page)).toEqual([]);
      await shot(page, `call-${size}`);
      await dialog.getByRole('button', { name: 'Close' }).click();
      await expect.poll(() => new URL(page.url()).searchParams.has('call')).toBe(false);
    },
  );

  test('is opened and closed by keyboard alone; back goes to the list, where one was', async () => {
    const page = await box.open({ page: 'calls?startdate=2000-01-01+00:00' });
    const rows = await rowsOf(ALL);
    await shows(page, rows.length);
    const grid = page.getByRole('grid');
    await grid.focus();
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowUp']) await page.keyboard.press(key);
    const active = () => page.locator('.long-row.active').getAttribute('aria-rowindex');
    expect(await active()).toBe('4');
    await page.keyboard.press('End');
    await expect.poll(active).toBe(String(rows.length + 1));
    await expect.poll(() => page.locator('.long-row.active .c-calldate').innerText()).toBe(rows.at(-1)?.calldate);
    await page.keyboard.press('PageUp');
    await expect.poll(async () => Number(await active())).toBeLessThan(rows.length - 5);
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.getByText('What happened').waitFor();
    expect(new URL(page.url()).searchParams.get('call')).toBe(rows[1]?.id);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(await grid.evaluate((element) => element === document.activeElement)).toBe(true);
    await page.keyboard.press('Enter');
    await dialog.getByText('What happened').waitFor();
    await page.goBack();
    await dialog.waitFor({ state: 'detached' });
  });

  test('is found by its UniqueID, from where a link of another program leads', async () => {
    const row = await recorded();
    const page = await box.open({ page: `calls?startdate=2000-01-01+00:00&uniqueid=${row.UniqueID}` });
    await page.getByRole('dialog').getByText('What happened').waitFor();
    const { searchParams } = new URL(page.url());
    expect([searchParams.get('call'), searchParams.has('uniqueid')]).toEqual([row.id, false]);
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
    await expect.poll(() => new URL(page.url()).searchParams.has('call')).toBe(false);
    const none = await box.open({ page: 'calls?uniqueid=none', expects: [/status 404/, /404/] });
    await none.getByText('This call is not there, or was deleted.').waitFor();
  });

  test('that was deleted says so', async () => {
    const page = await box.open({ page: 'calls?call=99999999', expects: [/status 404/, /404/] });
    await page.getByText('This call is not there, or was deleted.').waitFor();
  });
});

describe('with all calls of the filter', () => {
  test('the CSV has the bytes of 9005', async () => {
    const page = await box.open({ page: 'calls?startdate=2000-01-01+00:00&number=202&sort=duration&order=asc' });
    await total(page);
    await page.getByRole('button', { name: 'CSV' }).click();
    await page.getByText('Semicolons between the columns').click();
    expect(await axe(page)).toEqual([]);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Download' }).click(),
    ]);
    const path = `${box.folder}/saved.csv`;
    await download.saveAs(path);
    const bytes = readFileSync(path);
    const query = new URLSearchParams({
      ...ALL,
      number: '202',
      sort: 'duration',
      order: 'asc',
      bom: '1',
      delimiter: ';',
    });
    const expected = await page.evaluate(async (query) => {
      const answer = await fetch(`/cgi/webserve/9005?${query}`);
      return [...new Uint8Array(await answer.arrayBuffer())];
    }, query.toString());
    expect(bytes.equals(Buffer.from(expected))).toBe(true);
    expect(bytes.length).toBeGreaterThan(500);
    expect(download.suggestedFilename()).toMatch(/^CDR-20\d\d[A-Z][a-z]{2}\d\d\.\d{6}\.csv$/);
  });

  test('“curl for this” gives the very rows', async () => {
    const page = await box.open({ page: 'calls?startdate=2000-01-01+00:00&number=2*&disposition=NO+ANSWER,BUSY' });
    await total(page);
    await page.getByRole('button', { name: 'curl for this' }).click();
    const command = await page
      .getByRole('dialog')
      .locator('code, textarea')
      .first()
      .evaluate((element) => element.textContent || (element as HTMLTextAreaElement).value);
    const address = /'(http[^']+)'/.exec(command)?.[1] ?? '';
    const rows = await page.evaluate(async (address) => (await fetch(address)).json(), address);
    expect(command).toContain("curl -s -H 'Authorization: Bearer KEY' ");
    expect((rows as CallList).json_array_astcdrs).toEqual(
      await rowsOf({ ...ALL, number: '2*', disposition: 'NO ANSWER,BUSY' }),
    );
    await shot(page, 'calls-curl');
  });

  test('deleting those of today names the day', async () => {
    const page = await box.open({ page: 'calls?number=202' });
    await total(page);
    await page.getByRole('button', { name: 'Delete …' }).click();
    const [{ calldate = '' } = {}] = await rowsOf({ number: '202' });
    const words = page.locator('.words li');
    await expect
      .poll(() => words.allInnerTexts())
      .toEqual([`From: ${calldate.slice(0, 10)} 00:00`, `To: ${calldate.slice(0, 10)} 23:59`, 'Number: 202']);
  });

  test('what is deleted is told in the words of the filter, in each language', async () => {
    const wanted = {
      en: ['From: 2000-01-01 00:00', 'Outcome: No answer, Busy, Failed', 'Direction: Inbound', 'CID Prefix: FROM96'],
      es: [
        'Desde: 2000-01-01 00:00',
        'Resultado: Sin respuesta, Ocupado, Fallida',
        'Dirección: Entrante',
        'Prefijo CID: FROM96',
      ],
    };
    for (const [language, words] of Object.entries(wanted)) {
      const query = 'startdate=2000-01-01+00:00&disposition=NO+ANSWER,BUSY,FAILED&userfield=Inbound&cidname=FROM96';
      const page = await box.open({ page: `calls?${query}`, language });
      await page.locator('button.danger').click();
      await expect.poll(() => page.locator('.words li').allInnerTexts()).toEqual(words);
    }
  });

  test('deleting counts first, says why, and is undone', async () => {
    const page = await box.open({ page: 'calls?startdate=2000-01-01+00:00&number=204' });
    const before = await total(page);
    expect(before).toBeGreaterThan(0);
    await page.getByRole('button', { name: 'Delete …' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(`This deletes the ${before} calls`).waitFor();
    expect(await axe(page)).toEqual([]);
    await shot(page, 'calls-delete');
    await dialog.getByLabel('Why').fill('asked for by the front desk');
    await dialog.getByRole('button', { name: `Delete ${before} calls` }).click();
    await page.getByText(`${before} calls are deleted.`).waitFor();
    await page.getByText('No calls match.').waitFor();
    expect(await rowsOf({ ...ALL, number: '204' })).toEqual([]);
    const { json_array_audit: lines } = await box.ask<{ json_array_audit: { action: string; reason?: string }[] }>(
      30018,
      {},
    );
    expect(lines.find(({ action }) => action === 'calls.delete')).toMatchObject({
      reason: 'asked for by the front desk',
    });
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByText(`${before} calls are back.`).waitFor();
    await shows(page, before);
  });
});

describe('a saved view', () => {
  test('brings filter and order back, by its name', async () => {
    const page = await box.open({ page: 'calls?period=7days&userfield=Inbound&sort=duration' });
    const count = await total(page);
    await page.getByRole('button', { name: 'Save view' }).click();
    await page.getByLabel('Name').fill('Inbound, longest');
    expect(await axe(page)).toEqual([]);
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('The view “Inbound, longest” is saved.').waitFor();
    await page.goto(`${box.url}/calls`);
    await page.getByLabel('Saved views').selectOption('Inbound, longest');
    await shows(page, count);
    expect(Object.fromEntries(new URL(page.url()).searchParams)).toEqual({
      period: '7days',
      userfield: 'Inbound',
      sort: 'duration',
    });
    await page.getByRole('button', { name: 'Remove view' }).click();
    await page.getByText('The view “Inbound, longest” is removed.').waitFor();
    await page.getByLabel('Saved views').waitFor({ state: 'detached' });
  });
});

describe('a call that comes while the page is open', () => {
  test('is told, and shown when it is asked for', async () => {
    const page = await box.open({ page: 'calls?number=5550188' });
    await page.getByText('No calls match.').waitFor();
    await box.pbx.placeCall('inbound', { source: '5550188', ring: 0.2, talk: 1 });
    const show = page.getByRole('button', { name: '1 new call: show' });
    await show.waitFor({ timeout: 40_000 });
    await page.getByText('No calls match.').waitFor();
    await show.click();
    await shows(page, 1);
    expect(await column(page, 'src')).toEqual(['5550188']);
    await show.waitFor({ state: 'detached' });
  });
});

test('a session that ends meanwhile asks for the log-in, and goes on where one was', async () => {
  const page = await box.open({ page: 'calls?startdate=2000-01-01+00:00&userfield=Internal', expects: [/401/] });
  await total(page);
  announce(page, /401/);
  await page.context().clearCookies();
  await page.getByLabel('Direction').selectOption('Outbound');
  await page.getByLabel('User name').fill('admin');
  await page.getByLabel('Password', { exact: true }).fill('admin');
  await page.getByRole('button', { name: 'Log in' }).click();
  await shows(page, (await rowsOf({ ...ALL, userfield: 'Outbound' })).length);
});
