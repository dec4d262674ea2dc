/** The audit log as somebody reads it who wants to know what happened, and whether the log can be believed. */
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { announce, axe, shot, useBox } from './box.ts';

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
const lines = (page: Page) => page.locator('.audit-line');
const query = (page: Page) => Object.fromEntries(new URL(page.url()).searchParams);

describe.each(['phone', 'desktop'] as const)('on a %s', (size) => {
  const box = useBox({ store: 'empty', alone: true });
  /** More than two answers hold. */
  const CHANGES = 250;
  beforeAll(async () => {
    for (let index = 0; index < CHANGES; index++)
      await box.ask(30014, {
        number: String(5_550_000 + index),
        name: `N${index}`,
        reason: index === 7 ? 'a typo' : '',
      });
    await box.ask(30008, { UserName: 'eva', role: 'monitor', Password: '5'.repeat(32) });
    for (let tries = 0; tries < 2; tries++)
      await fetch(`${box.url}/cgi/webserve/8404?UserName=eva&Password=${'6'.repeat(32)}`);
  });

  test('tells what was done in sentences, newest first, with all that stands in a line behind them', async () => {
    const page = await box.open({ page: 'audit', size });
    await page.getByText('admin set the account eva, monitor.').waitFor();
    const refused = lines(page).filter({ hasText: 'tried to log in eva' });
    expect(await refused.first().textContent()).toMatch(/Somebody unknown.*refused/);
    const first = lines(page).filter({ hasText: 'admin set the account eva' });
    await first.locator('summary').click();
    expect(await first.locator('dl').innerText()).toMatch(
      /user\.set\s+role\s+monitor\s+user\s+eva\s[\s\S]*[0-9a-f]{64}/,
    );
    expect(await axe(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    await shot(page, `audit-${size}`);
  });

  test('goes on to its beginning as one scrolls', async () => {
    const page = await box.open({ page: 'audit', size });
    await lines(page).first().waitFor();
    const before = await lines(page).count();
    expect(before).toBeLessThan(CHANGES);
    await expect
      .poll(async () => {
        await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
        return page.getByText('That is the beginning of the log.').count();
      })
      .toBe(1);
    const times = await lines(page).evaluateAll((all) => all.map((line) => line.querySelector('time')?.textContent));
    expect(times.length).toBeGreaterThan(CHANGES);
    // Each once, and the oldest last.
    expect(await lines(page).filter({ hasText: 'changed the phone book' }).count()).toBe(CHANGES);
    expect(await lines(page).last().textContent()).toContain('The console');
  });

  test('is filtered in the address, back and forward, and says so when nothing matches', async () => {
    const page = await box.open({ page: 'audit?action=user.*', size });
    await page.getByText('admin set the account eva').waitFor();
    expect(await lines(page).filter({ hasText: 'phone book' }).count()).toBe(0);
    expect(await page.getByLabel('Action').inputValue()).toBe('user.*');
    await page.getByLabel('Action').selectOption('Phone book');
    await page.getByLabel('Who').fill('admin');
    await button(page, 'Show').click();
    await lines(page).filter({ hasText: 'changed the phone book' }).first().waitFor();
    expect(query(page)).toEqual({ action: 'contacts.*', who: 'admin' });
    await page.goBack();
    await page.getByText('admin set the account eva').waitFor();
    expect(await page.getByLabel('Who').inputValue()).toBe('');
    await page.getByLabel('From').fill('2001-02-03T04:05');
    await page.getByLabel('To').fill('2001-02-03T04:06');
    await button(page, 'Show').click();
    await page.getByText('No line matches.').waitFor();
    expect(query(page)).toMatchObject({ startdate: '2001-02-03 04:05', enddate: '2001-02-03 04:06' });
    expect(await axe(page)).toEqual([]);
    announce(page, /status (of )?400/);
    await page.getByLabel('To').fill('2000-02-03T04:06');
    await button(page, 'Show').click();
    await page.getByRole('alert').getByText('is after enddate').waitFor();
    expect(await axe(page)).toEqual([]);
    await button(page, 'Clear').click();
    await page.getByText('admin set the account eva').waitFor();
    expect(query(page)).toEqual({});
    // A reason that was given stands beside what was done.
    await page.goto('/audit?action=contacts.put&limit=5');
    await lines(page).first().waitFor();
  });

  test('is checked, and a line that the system log has kept is found again or missed', async () => {
    const page = await box.open({ page: 'audit', size });
    await page.getByText('Is the log whole?').click();
    await button(page, 'Check the log').click();
    await page.getByText('The log is whole.').waitFor();
    expect(await page.locator('.verdict').innerText()).toMatch(/What was done: of 2\d\d lines every one holds\./);
    expect(await axe(page)).toEqual([]);
    await shot(page, `audit-check-${size}`);
    const { json_array_chains: chains } = await box.ask<{
      json_array_chains: { chain: string; line: number; hash: string }[];
    }>(30018);
    const act = chains.find(({ chain }) => chain === 'act');
    await page.getByText('Compare with what the system log has kept').click();
    const head = page.getByLabel('A line CHAIN:LINE:HASH');
    await head.fill(`act:${act?.line}:${act?.hash}`);
    await button(page, 'Check the log').click();
    await page.getByText('The line from the system log still holds.').waitFor();
    await head.fill(`act:${act?.line}:${'0'.repeat(64)}`);
    await button(page, 'Check the log').click();
    await page.getByText('Something is wrong with the log.').waitFor();
    await page.getByText('the log was changed').waitFor();
    expect(await axe(page)).toEqual([]);
  });

  test('says when it can not be read, and tries again', async () => {
    const page = await box.open({ page: 'account', size, expects: [/status (of )?503/] });
    const failing = { error: { code: 'disk_failing', message: 'the disk of the call records fails' } };
    await page.route('**/cgi/webserve/30018', (route) => route.fulfill({ status: 503, json: failing }));
    await page.goto('/audit');
    await page.getByText('the disk of the call records fails', { exact: true }).waitFor();
    expect(await axe(page)).toEqual([]);
    await page.unroute('**/cgi/webserve/30018');
    await button(page, 'Try again').click();
    await page.getByText('admin set the account eva').waitFor();
  });
});
