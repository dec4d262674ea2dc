/** Recording Settings in Chromium, on the very daemon that stands beside the real Asterisk. */
import { chromium } from 'playwright-core';
import { type Setup, tokenOf } from './daemon-process.ts';

export interface SettingsPage {
  /** Ticks or unticks one, presses Save, and waits until the page says that it is in force. */
  save(label: string, on: boolean): Promise<void>;
  close(): Promise<void>;
}

export async function openSettingsPage(setup: Setup): Promise<SettingsPage> {
  const browser = await chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  });
  const context = await browser.newContext({ baseURL: setup.url, locale: 'en-GB' });
  await context.addCookies([{ name: 'cdrd_session', value: await tokenOf(setup), url: setup.url }]);
  const page = await context.newPage();
  await page.goto('/recording-settings');
  return {
    async save(label, on) {
      await page.getByRole('checkbox', { name: label }).setChecked(on);
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByText(new RegExp(`^Saved.* in force: ${label}: ${on ? 'on' : 'off'}\\.$`)).waitFor();
      // Said again once Asterisk has it, where that took longer than the answer waits.
      await page.locator('.in-asterisk').getByText('In force', { exact: true }).waitFor();
    },
    close: () => browser.close(),
  };
}
