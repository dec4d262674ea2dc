/** The Doctor page and the alarms on General Preferences, as an admin uses them. */
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { DoctorReport } from '../../cgi/contract.ts';
import { axe, shot, useBox } from './box.ts';

const fits = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);

/** Findings of every kind, for the looks of the page. */
const REPORT: DoctorReport = {
  time: '2026-11-27 10:20:30',
  json_array_findings: [
    { check: 'daemon.running', state: 'ok', says: 'cdrd 0.1.0 runs', mend: null },
    { check: 'asterisk.reachable', state: 'ok', says: "Asterisk's AMI at 127.0.0.1:5039 lets cdrd in", mend: null },
    {
      check: 'asterisk.mappings',
      state: 'warning',
      says: 'cdr_manager.conf has no mapping of LinkedID: legs of a transfer are joined by their times alone',
      mend: 'cdrd setup --yes --reload',
    },
    { check: 'medium.kind', state: 'ok', says: 'exfat, 12.4 MB/s, lasts for 212 days', mend: null },
    {
      check: 'recordings.writable',
      state: 'fault',
      says: 'Asterisk can not write to /media/usbStorage/monitor: calls are not recorded',
      mend: `chgrp asterisk /media/usbStorage/monitor && chmod 2775 /media/usbStorage/monitor && systemctl restart asterisk # ${'a long one '.repeat(8)}`,
    },
    { check: 'unheard.of', state: 'ok', says: 'a group that this page has no title for', mend: null },
  ],
};

describe('the doctor', () => {
  const box = useBox({ alone: true });

  const withReport = async (size: 'phone' | 'desktop', dark: boolean, language = 'en-GB') => {
    const page = await box.open({ page: 'account', size, dark, language });
    await page.route('**/cgi/webserve/30054*', (route) => route.fulfill({ json: REPORT }));
    await page.goto('/doctor');
    await page.locator('.doctor-finding').first().waitFor();
    return page;
  };

  test.each([
    ['desktop', false],
    ['desktop', true],
    ['phone', false],
    ['phone', true],
  ] as const)('says what is wrong first, and how it is mended, %s, dark %s', async (size, dark) => {
    const page = await withReport(size, dark);
    await page.getByText('Something is wrong').waitFor();
    await page.getByText('1 fault, 1 warning, 4 ok').waitFor();
    const groups = await page.locator('section.card h2').allTextContents();
    expect(groups).toEqual(['Recordings', 'Asterisk', 'cdrd itself', 'Medium', 'unheard']);
    const asterisk = page.getByRole('region', { name: 'Asterisk' }).locator('.doctor-finding');
    expect(await asterisk.locator('.badge').allTextContents()).toEqual(['! warning', '✓ ok']);
    expect(await page.getByLabel('Command that mends asterisk.mappings', { exact: true }).inputValue()).toBe(
      'cdrd setup --yes --reload',
    );
    expect(await axe(page)).toEqual([]);
    expect(await fits(page)).toBe(true);
    await shot(page, `doctor-${size}${dark ? '-dark' : ''}`, true);
  });

  test('in Spanish, with the box’s own words marked as English', async () => {
    const page = await withReport('phone', false, 'es-ES');
    await page.getByRole('heading', { name: 'Diagnóstico' }).waitFor();
    await page.getByText('1 fallo, 1 aviso, 4 en orden').waitFor();
    expect(await page.locator('.doctor-finding p[lang=en]').count()).toBe(6);
    expect(await axe(page)).toEqual([]);
    await shot(page, 'doctor-phone-es', true);
  });

  test('a command is copied', async () => {
    const page = await withReport('desktop', false);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.getByRole('button', { name: 'Copy: Command that mends asterisk.mappings' }).click();
    await page.getByText('Copied.').waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('cdrd setup --yes --reload');
  });

  test('stands in the menu, examines this very box, and again when it is told to', async () => {
    const page = await box.open({ page: 'account' });
    await page.getByRole('link', { name: 'Doctor' }).click();
    await page.locator('.doctor-finding').first().waitFor();
    const asked = page.waitForResponse(/30054/);
    await page.getByRole('button', { name: 'Run again' }).click();
    expect((await asked).status()).toBe(200);
    await page
      .getByText(/\d+ ok/)
      .first()
      .waitFor();
    expect(await axe(page)).toEqual([]);
    await shot(page, 'doctor-itself', true);
  });

  test('gives the support archive', async () => {
    const page = await box.open({ page: 'doctor' });
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Support archive' }).click();
    const path = `${box.folder}/support.tar.gz`;
    await (await download).saveAs(path);
    const text = gunzipSync(readFileSync(path)).toString('latin1');
    expect(text).toMatch(/^cdrd-support\/README\.txt\0/);
    expect(text).toContain('cdrd-support/doctor.txt');
  });

  test('is for admin alone', async () => {
    const page = await box.open({ page: 'recordings', role: 'monitor' });
    expect(await page.getByRole('link', { name: 'Doctor' }).count()).toBe(0);
  });
});

describe('alarms', () => {
  const box = useBox({ store: 'empty', alone: true, env: { CDRD_ALARM_LOCAL_WEBHOOK: 'yes' } });
  const card = (page: Page) => page.getByRole('form', { name: 'Alarms' });

  test.each(['desktop', 'phone'] as const)('are set, tried and shown, %s', async (size) => {
    const told = { status: 204, bodies: [] as string[] };
    const receiver = createServer((request, response) => {
      request.on('data', (piece) => told.bodies.push(String(piece)));
      request.on('end', () => response.writeHead(told.status).end());
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void receiver.close());
    await once(receiver, 'listening');
    const { port } = receiver.address() as AddressInfo;
    const page = await box.open({ page: 'preferences', size, expects: [/400/] });
    const tryIt = card(page).getByRole('button', { name: 'Send a test: Webhook' });
    await card(page).getByLabel('Webhook', { exact: true }).fill('ftp://example.com');
    await card(page).getByRole('button', { name: 'Save' }).click();
    await card(page).getByText('must be an address such as').waitFor();
    expect(await axe(page)).toEqual([]);
    await card(page).getByLabel('Webhook', { exact: true }).fill(`http://127.0.0.1:${port}/alarms`);
    expect(await tryIt.isDisabled()).toBe(true); // it would try what is not saved yet
    await card(page).getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.').waitFor();
    await tryIt.click();
    await page.getByText('Webhook: the test has been handed over.').waitFor();
    await card(page).getByText('arrives', { exact: true }).waitFor();
    expect(JSON.parse(told.bodies[0] ?? '')).toMatchObject({ event: 'test' });
    told.status = 500;
    await tryIt.click();
    await card(page).getByText(`127.0.0.1:${port} answered 500`).waitFor();
    await card(page).getByText('does not arrive').waitFor();
    expect(await axe(page)).toEqual([]);
    expect(await fits(page)).toBe(true);
    await card(page).scrollIntoViewIfNeeded();
    const picture = process.env['CDRD_SHOTS'];
    if (picture) writeFileSync(`${picture}/alarms-${size}.png`, await card(page).screenshot());
    await card(page).getByLabel('Webhook', { exact: true }).fill('');
    await card(page).getByRole('button', { name: 'Save' }).click();
    await card(page).getByText('off', { exact: true }).nth(1).waitFor();
  });
});
