/** The pictures of the README (`make pictures`): some pages of the office, as they stand at this moment. */
import { fileURLToPath } from 'node:url';
import { test } from 'vitest';
import { shot, useBox } from './box.ts';

process.env['CDRD_SHOTS'] = fileURLToPath(new URL('pictures', import.meta.url));
const box = useBox();

test('the dashboard', async () => {
  const page = await box.open({ page: 'dashboard' });
  await shot(page, 'dashboard');
});

test('the report', async () => {
  const page = await box.open({ page: 'calls?period=7days' });
  await page.waitForFunction(() => !/\n…\n/.test(document.querySelector('main')?.innerText ?? '')); // the totals
  await shot(page, 'calls');
});

test('calls in progress, on a phone by night', async () => {
  const calls = [
    box.pbx.placeCall('inbound', { source: '5550100', talk: 60 }),
    box.pbx.placeCall('internal', { talk: 60 }),
    box.pbx.placeCall('outbound', { destination: '95550103', talk: 60 }),
  ];
  for (const call of calls) call.catch(() => {});
  const page = await box.open({ page: 'live-calls', size: 'phone', dark: true });
  await page.waitForTimeout(8_000);
  await shot(page, 'live-calls');
});

test('recordings, on a phone', async () => {
  const page = await box.open({ page: 'recordings?period=7days', role: 'monitor', size: 'phone' });
  await shot(page, 'recordings');
});

test('what is recorded, on a phone', async () => {
  const page = await box.open({ page: 'recording-settings', role: 'monitor', size: 'phone' });
  await shot(page, 'recording-settings');
});

test('what is wrong with the box, on a phone', async () => {
  const page = await box.open({ page: 'doctor', size: 'phone' });
  await page.locator('.loading').waitFor({ state: 'hidden' });
  await shot(page, 'doctor');
});
