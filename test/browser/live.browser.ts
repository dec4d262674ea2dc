/** Live: a call comes, rings, talks and ends before one's eyes; its recording is paused; the connection is lost and found. */
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { announce, axe, type Size, shot, useBox } from './box.ts';

const SIZES: readonly Size[] = ['phone', 'desktop'];

/** Milliseconds: by the connection's end, and not by the 25 s of silence that count as one. */
const NOTICED_MS = 10_000;

/** Seconds for calls that go on until they are told: longer than anybody looks at them. */
const LONG = 600;

const card = (page: Page, source: string) => page.locator('.live-call', { hasText: source });

describe('with a PBX', () => {
  const box = useBox();
  const muted = () => box.pbx.events.filter((event) => event.startsWith('Event: MixMonitorMute'));

  test.each(SIZES)('a call appears, rings, talks, is paused and resumed, and ends (%s)', async (size) => {
    const page = await box.open({ page: 'live-calls', size });
    await page.getByText('They appear here by themselves').waitFor();
    expect(await axe(page)).toEqual([]);
    const source = size === 'phone' ? '5550111' : '5550222';
    const before = muted().length;
    const placed = box.pbx.placeCall('inbound', { source, ring: LONG, talk: LONG });
    const call = card(page, source);
    await call.getByText('Ringing').waitFor();
    await call.getByText('Not recorded').waitFor();
    const answered = Date.now();
    box.pbx.goOn();
    await call.getByText('Talking', { exact: true }).waitFor();
    await call.getByText('Recording', { exact: true }).waitFor();
    const seconds = async () => {
      const [, minutes = '', rest = ''] = /(\d+):(\d\d)$/.exec((await call.locator('time').textContent()) ?? '') ?? [];
      return Number(minutes) * 60 + Number(rest);
    };
    const early = await seconds();
    await expect.poll(seconds).toBeGreaterThan(early);
    expect(await seconds()).toBeLessThanOrEqual((Date.now() - answered) / 1000 + 1); // not since it rang
    expect(await axe(page)).toEqual([]);
    await shot(page, `live-${size}`);

    await call.getByRole('button', { name: 'Pause' }).click();
    await call.getByText('Recording paused').waitFor();
    await page.getByText('The recording is paused').waitFor();
    expect(muted().slice(before)).toEqual([expect.stringContaining('State: 1\r\n')]);
    expect(await axe(page)).toEqual([]);
    await call.getByRole('button', { name: 'Resume' }).click();
    await call.getByText('Recording', { exact: true }).waitFor();
    expect(muted().slice(before)[1]).toContain('State: 0\r\n');

    // It stays for seconds: what is seen of it then is looked at as it comes.
    const ended = call.filter({ hasText: 'Ended' }).evaluate((each) => (each as HTMLElement).innerText);
    box.pbx.goOn();
    expect(await ended).not.toMatch(/^Recording$/m);
    await call.waitFor({ state: 'detached' });
    await placed;
  });

  test('whom the phone book knows bears that name', async () => {
    const page = await box.open({ page: 'live-calls' });
    void box.pbx.placeCall('inbound', { source: '5550100', ring: 1, talk: LONG });
    await card(page, '5550100').getByText('Harbour Bakery').waitFor();
  });

  test('the connection is lost and found: said at once, what is shown is of then, and it comes back by itself', async () => {
    const page = await box.open({ page: 'live-calls', size: 'phone' });
    announce(page, /WebSocket|ERR_|request failed|401/);
    void box.pbx.placeCall('inbound', { source: '5550333', ring: 1, talk: LONG });
    const call = card(page, '5550333');
    await call.getByText('Talking', { exact: true }).waitFor();
    await box.stop('SIGKILL');
    await page.getByText('The connection to the box is lost.').waitFor({ timeout: NOTICED_MS });
    const time = await call.locator('time').textContent();
    expect(await call.getByRole('button', { name: 'Pause' }).isDisabled()).toBe(true);
    expect(await axe(page)).toEqual([]);
    await shot(page, 'live-lost');
    await page.getByText(/Next try in \d+ s/).waitFor();
    expect(await call.locator('time').textContent()).toBe(time);
    await box.start();
    // The box has forgotten its sessions: whoever watched is asked to log in.
    await page.getByText('Your session has ended').waitFor({ timeout: 40_000 });
    await page.getByLabel('User name').fill('admin');
    await page.getByLabel('Password', { exact: true }).fill('admin');
    await page.getByRole('button', { name: 'Log in' }).click();
    await call.getByText('Talking', { exact: true }).waitFor();
  });

  test('cut on its way, the connection is regained with the session it has; by a button at once', async () => {
    const page = await box.open({ page: 'live-calls' });
    announce(page, /WebSocket|ERR_|request failed/);
    await page.getByText('Live', { exact: true }).first().waitFor();
    await page.context().setOffline(true);
    await page.getByText('The connection to the box is lost.').waitFor({ timeout: NOTICED_MS });
    await page.context().setOffline(false);
    await page.getByText('The connection to the box is lost.').waitFor({ state: 'detached' });
    await page.context().setOffline(true);
    await page.getByText('The connection to the box is lost.').waitFor();
    await page.evaluate(() => Object.defineProperty(navigator, 'onLine', { value: true }));
    await page.context().setOffline(false);
    await page.getByText('The connection to the box is lost.').waitFor({ state: 'detached' });
  });

  test('a session that is ended elsewhere leads to the log-in', async () => {
    const page = await box.open({ page: 'live-calls', expects: [/401/] });
    await page.getByText('Live', { exact: true }).first().waitFor();
    await box.ask(30032, { all: '1' });
    await page.getByText('Your session has ended').waitFor();
  });

  test('in Spanish and in the dark', async () => {
    const page = await box.open({ page: 'live-calls', dark: true, language: 'es', size: 'phone' });
    void box.pbx.placeCall('internal', { ring: 1, talk: LONG });
    await page.getByText('Hablando', { exact: true }).first().waitFor();
    expect(await axe(page)).toEqual([]);
    await shot(page, 'live-dark');
  });

  test('Asterisk goes away and comes back', async () => {
    const page = await box.open({ page: 'live-calls' });
    await box.stopPbx();
    await page.getByText('Asterisk is not there.').waitFor();
    expect(await axe(page)).toEqual([]);
    await box.startPbx();
    await page.getByText('They appear here by themselves').waitFor({ timeout: 40_000 });
  });
});
