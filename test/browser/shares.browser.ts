/** Shared links as they are opened: by somebody who was sent one, and by somebody who must log in; and their revocation. */
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { axe, type Box, shot, useBox } from './box.ts';

const fits = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { level: 1, name }).waitFor();

interface Call {
  readonly id: string;
  readonly src: string;
  readonly dst: string;
  readonly 'Recording filename': string;
}

/** @returns `/share/…` */
async function share(box: Box, subType: string, id: readonly string[]): Promise<string> {
  const params = { type: 'share_cdr_show', type2: 'rtp', subType, id, emailFields: null };
  const body = JSON.stringify({ task: 'shareCdr', user: 'admin', password: 'admin', params });
  const answer = await fetch(`${box.url}/php/model/utilities.php`, { method: 'POST', body });
  const { url } = (await answer.json()) as { url: string };
  return new URL(url).pathname;
}

describe.each(['phone', 'desktop'] as const)('on a %s', (size) => {
  const box = useBox({ env: { CDRD_VOIPMONITOR_ENABLED: 'yes' } });
  let recorded: Call;
  let other: Call;
  beforeAll(async () => {
    const { json_array_astcdrs: calls } = await box.ask<{ json_array_astcdrs: Call[] }>(9006, {
      startdate: '2000-01-01 00:00',
      limit: '50',
    });
    const found = calls.find((call) => call['Recording filename'] !== '');
    const unlike = calls.find((call) => call['Recording filename'] === '');
    if (!found || !unlike) throw new Error('the office has no such calls');
    [recorded, other] = [found, unlike];
  });

  test('a link is opened without a log-in, read, and its recording played', async () => {
    const path = await share(box, 'self_protected_link', [recorded.id, other.id]);
    const page = await box.open({ page: path, role: null, size });
    await heading(page, '2 shared calls');
    const call = page.getByRole('article', { name: `${recorded.src} to ${recorded.dst}` }).first();
    await call.getByText('answered').first().waitFor();
    expect(await fits(page)).toBe(true);
    expect(await axe(page)).toEqual([]);
    const audio = call.locator('audio');
    const seconds = await audio.evaluate(async (element) => {
      const sound = element as HTMLAudioElement;
      sound.muted = true;
      await sound.play();
      const { duration } = sound;
      sound.pause();
      return duration;
    });
    expect(seconds).toBeGreaterThan(0);
    const [saved] = await Promise.all([page.waitForEvent('download'), call.getByText('Download').click()]);
    expect(recorded['Recording filename']).toContain(saved.suggestedFilename());
    await shot(page, `share-${size}`, true);
    const dark = await box.open({ page: path, role: null, size, dark: true, language: 'es-ES' });
    await heading(dark, '2 llamadas compartidas');
    expect(await axe(dark)).toEqual([]);
  });

  test('one that asks for a log-in comes back to it from there', async () => {
    const path = await share(box, 'self_login_link', [recorded.id]);
    const page = await box.open({ page: path, role: null, size });
    expect(new URL(page.url()).pathname).toBe('/');
    await page.getByLabel('User name', { exact: true }).fill('monitor');
    await page.getByLabel('Password', { exact: true }).fill('monitor');
    await page.getByRole('button', { name: 'Log in', exact: true }).click();
    await heading(page, 'A shared call');
    expect(new URL(page.url()).pathname).toBe(path);
    const known = await box.open({ page: path, role: 'monitor', size });
    await heading(known, 'A shared call');
  });

  test('it is revoked on the page Users, and opens nothing from then on', async () => {
    const path = await share(box, 'self_protected_link', [other.id]);
    const page = await box.open({ page: 'users', size });
    const links = page.getByRole('region', { name: 'Shared links', exact: true });
    const row = links.getByRole('listitem').first();
    await row.getByText('never opened').waitFor();
    expect(await axe(page)).toEqual([]);
    expect(await fits(page)).toBe(true);
    await shot(page, `users-shares-${size}`, true);
    const name = await row.getByRole('strong').textContent();
    await row.getByRole('button', { name: /^Revoke link/ }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke', exact: true }).click();
    await page.getByText(`${name} is revoked.`).waitFor();
    const gone = await box.open({ page: path, role: null, size, expects: [/404/] });
    await heading(gone, 'There is nothing here');
    expect(await axe(gone)).toEqual([]);
    expect(await fits(gone)).toBe(true);
  });
});
