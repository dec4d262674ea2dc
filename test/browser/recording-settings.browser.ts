/** Recording Settings as somebody uses them: what is saved reaches Asterisk, at once or when it is back, and says so. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, describe, expect, test } from 'vitest';
import { announce, axe, hold, shot, useBox } from './box.ts';

const folder = join(tmpdir(), `cdrd-browser-places-${process.pid}`);
const sounds = `${folder}/sounds`;
for (const dir of [`${sounds}/custom`, `${sounds}/en`, `${folder}/usb`, `${folder}/nas`])
  mkdirSync(dir, { recursive: true });
for (const file of ['custom/recorded.wav', 'en/beep.gsm']) writeFileSync(`${sounds}/${file}`, '');

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const box = useBox({
  env: {
    CDRD_ASTERISK_SOUNDS: sounds,
    // As where neither the file nor the environment names it: then the page chooses the place.
    CDRD_RECORDINGS_DIR: undefined as unknown as string,
    CDRD_RECORDINGS_PLACES: `USB=${folder}/usb,NAS=${folder}/nas,Gone=${folder}/gone`,
  },
});

/** What the page has asked for, by number. */
function asked(page: Page, number: number): string[] {
  const bodies: string[] = [];
  page.on('request', (request) => {
    if (request.url().endsWith(`/${number}`)) bodies.push(request.postData() ?? '');
  });
  return bodies;
}
const open = (how: Parameters<typeof box.open>[0] = {}) => box.open({ page: 'recording-settings', ...how });
const state = (page: Page) => page.locator('.in-asterisk');
/** Says what was saved, and that it is in force: at once, or a moment later where the machine has much else to do. */
async function saved(page: Page, what: string): Promise<void> {
  await page
    .getByText(/^Saved.* in force: /)
    .filter({ hasText: what })
    .waitFor();
  await state(page).getByText('In force', { exact: true }).waitFor();
}
const save = (page: Page) => page.getByRole('button', { name: 'Save' }).click();

describe.each(['phone', 'desktop'] as const)('%s', (size) => {
  test('internal calls off is one request, and holds in Asterisk; on again likewise', async () => {
    const page = await open({ size, role: 'monitor' });
    await state(page).getByText('In force').waitFor();
    const sent = asked(page, 30017);
    await page.getByLabel('Internal Calls').uncheck();
    await page.getByText('One change is not saved yet.').waitFor();
    await save(page);
    await saved(page, 'Internal Calls: off');
    expect(sent).toEqual(['recording.internal=no']);
    expect(box.pbx.astdb.get('cdrd/Internal')).toBe('0');
    await page.reload();
    await page.getByLabel('Internal Calls').check();
    await save(page);
    await saved(page, 'Internal Calls: on');
    expect(box.pbx.astdb.get('cdrd/Internal')).toBe('1');
    expect(await axe(page)).toEqual([]);
  });

  test('a prompt is None at first, chosen from the sounds, and written to the file where that is wanted', async () => {
    const page = await open({ size });
    const prompt = page.getByRole('combobox', { name: 'Inbound Calls Prompt' });
    expect(await prompt.inputValue()).toBe('');
    await expect
      .poll(() => prompt.locator('option').allTextContents())
      .toEqual(['None', 'custom/recorded', 'beep', 'Another sound …']);
    await prompt.selectOption('custom/recorded');
    await page.getByLabel('Write to the recording file').check();
    await page.getByRole('combobox', { name: 'Outbound Calls Prompt' }).selectOption('…');
    await page.getByLabel('Name of the sound').fill('own/we record');
    announce(page, /400/);
    await save(page);
    // The box says what is wrong, at the field, and nothing of it is changed.
    await page.locator('.field', { hasText: 'Name of the sound' }).getByRole('alert').waitFor();
    expect(await page.getByLabel('Name of the sound').evaluate((field) => field === document.activeElement)).toBe(true);
    expect(box.pbx.astdb.get('cdrd/prompt/Inbound')).toBe('');
    expect(await axe(page)).toEqual([]);
    await shot(page, `recording-settings-fault-${size}`);
    await page.getByLabel('Name of the sound').fill('own/we-record');
    await save(page);
    await saved(page, 'Inbound Calls Prompt: custom/recorded');
    expect(box.pbx.astdb.get('cdrd/prompt/Inbound')).toBe('custom/recorded');
    expect(box.pbx.astdb.get('cdrd/prompt/Inbound/record')).toBe('1');
    expect(box.pbx.astdb.get('cdrd/prompt/Outbound')).toBe('own/we-record');
    await box.ask(30017, {
      reset: 'recording.prompt.inbound,recording.prompt.inbound.record,recording.prompt.outbound',
    });
  });

  test('while Asterisk is away what is saved is pending, and turns to in force by itself', async () => {
    const page = await open({ size });
    await state(page).getByText('In force').waitFor();
    await box.stopPbx();
    await state(page).getByText('Pending').waitFor();
    await page.getByLabel('Conference Calls').uncheck();
    await save(page);
    await page.getByText('Saved, not yet in force: Conference Calls: off.').waitFor();
    await state(page).getByText('Asterisk can’t be reached.').waitFor();
    expect(await axe(page)).toEqual([]);
    await shot(page, `recording-settings-pending-${size}`);
    await box.startPbx();
    await state(page).getByText('In force').waitFor();
    expect(box.pbx.astdb.get('cdrd/Conference')).toBe('0');
    await box.ask(30017, { reset: 'recording.conference' });
  });

  test('each storage location says how it is; one that is away warns before it is saved', async () => {
    const page = await open({ size, dark: true });
    const place = page.getByLabel('Storage Location', { exact: true });
    const status = page.locator('.place-state');
    await status.getByText('Mounted').waitFor();
    await page.getByText('All storage locations').click();
    expect(await page.locator('.places li').count()).toBe(3);
    await place.selectOption('Gone');
    await status.getByText('Not there').waitFor();
    await page.getByText('There is nothing to record to at this location now').waitFor();
    expect(await axe(page)).toEqual([]);
    await shot(page, `recording-settings-places-${size}`);
    await place.selectOption('NAS');
    await status.getByText('Mounted').waitFor();
    await save(page);
    await saved(page, 'Storage Location: NAS');
    expect(box.pbx.astdb.get('cdrd/dir')).toBe(`${folder}/nas`);
    await box.ask(30017, { reset: 'recording.place' });
  });
});

test('what was in force before a change is not said of the change', async () => {
  const page = await open();
  await state(page).getByText('In force', { exact: true }).waitFor();
  const tell = await hold(page, 30050);
  await box.stopPbx();
  await expect.poll(async () => (await box.ask<{ state: string }>(30050)).state).toBe('pending');
  await page.getByLabel('Conference Calls').uncheck();
  await save(page);
  await page.getByText('Saved, not yet in force: Conference Calls: off.').waitFor();
  expect(await state(page).getByText('In force', { exact: true }).count()).toBe(0);
  tell();
  await state(page).getByText('Pending').waitFor();
  await box.startPbx();
  await state(page).getByText('In force', { exact: true }).waitFor();
  await box.ask(30017, { reset: 'recording.conference' });
});

test('by keyboard alone, and in Spanish', async () => {
  const page = await open({ language: 'es' });
  await page.getByText('En vigor').waitFor();
  await page.getByRole('checkbox', { name: 'Llamadas salientes' }).focus();
  await page.keyboard.press('Space');
  await page.keyboard.press('Enter');
  await page.getByText('Guardado y en vigor: Llamadas salientes: no.').waitFor();
  await box.ask(30017, { reset: 'recording.outbound' });
});

describe('a value that the configuration fixes', () => {
  const fixed = useBox({ store: 'empty' });
  test('is shown read-only, with where it stands', async () => {
    const page = await fixed.open({ page: 'recording-settings' });
    await page.getByText('Fixed in the environment variable CDRD_RECORDINGS_DIR').waitFor();
    expect(await page.getByLabel('Storage Location', { exact: true }).isDisabled()).toBe(true);
  });
});
