/** Call Recording as a person uses it: find, hear, save, delete and bring back, keep; the stick goes and comes. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { zone } from '../../storage/model/local-time.ts';
import { wav } from '../recordings/helper.ts';
import { eventually } from '../support/daemon.ts';
import { temporaryFolder } from '../support/folder.ts';
import { announce, axe, shot, useBox } from './box.ts';

const box = useBox();
const SIZES = ['phone', 'desktop'] as const;

interface Row {
  readonly path: string;
  readonly src: string;
  readonly dst: string;
  readonly keep: string;
}
const EVER = { startdate: '2000-01-01 00:00', more: '1' };
async function listed(values: Readonly<Record<string, string>> = {}): Promise<readonly Row[]> {
  const answer = await box.ask<{ json_array_recordings: Row[] }>(20053, { ...EVER, ...values });
  return answer.json_array_recordings;
}
/** What a person waits for without a thought. */
const soon = <T>(look: () => Promise<T> | T) => expect.poll(look);

const fileOf = (path: string) => join(box.recordings, path);

/** Ten minutes: silence, and from the middle on a tone of 440 Hz. */
const LONG_SECONDS = 600;
const FOUND = { src: '3331', dst: '3332' };
let long = '';
beforeAll(async () => {
  const at = Math.floor(Date.now() / 1000) - 86_400;
  const [day = '', time = ''] = zone(box.zone).text(at).replaceAll(/[-:]/g, '').split(' ');
  long = `${day}/${day}-${time}-${at}-Internal-${FOUND.src}-${FOUND.dst}.wav`;
  const bytes = wav({ sound: LONG_SECONDS * 16_000 });
  for (let sample = 0; sample < LONG_SECONDS * 8_000; sample++) {
    const tone =
      sample < LONG_SECONDS * 4_000 ? 0 : Math.round(12_000 * Math.sin((sample * 440 * 2 * Math.PI) / 8_000));
    bytes.writeInt16LE(tone, 44 + 2 * sample);
  }
  mkdirSync(dirname(fileOf(long)), { recursive: true });
  writeFileSync(fileOf(long), bytes);
  utimesSync(fileOf(long), at + LONG_SECONDS, at + LONG_SECONDS);
  await eventually(async () => (await listed({ src: FOUND.src })).length === 1, 30);
});

const rowsOf = (page: Page) => page.locator('table.recordings tbody tr[aria-rowindex]');
const total = (page: Page) => page.locator('.list-head [role=status]');
/** The filter is folded up on a phone. */
async function filterOf(page: Page): Promise<Locator> {
  const filter = page.getByRole('form', { name: 'Filter' });
  const folded = filter.locator('details').first();
  if ((await folded.getAttribute('open')) === null) await folded.locator('summary').first().click();
  return filter;
}
/** The texts that a row shows, whatever the size. */
const sources = (page: Page) => rowsOf(page).locator('.source .number-of').allTextContents();

async function saved(page: Page, click: () => Promise<void>): Promise<{ name: string; bytes: Buffer; path: string }> {
  const begun = page.waitForEvent('download');
  await click();
  const download = await begun;
  const path = join(temporaryFolder(), 'saved');
  await download.saveAs(path);
  return { name: download.suggestedFilename(), bytes: readFileSync(path), path };
}

describe.each(SIZES)('on a %s', (size) => {
  test('a filter finds, stands in the address, and goes back; what is wrong with it is said at its field', async () => {
    const page = await box.open({ page: 'recordings', size, expects: [/status 400/, /400 \(Bad Request\)/] });
    const all = (await listed()).length;
    await soon(() => total(page).textContent()).toBe(`${all} recordings`);
    expect(await axe(page)).toEqual([]);
    await shot(page, `recordings-${size}`);

    const filter = await filterOf(page);
    await filter.getByLabel('Source').fill('205');
    await filter.getByLabel('Source').press('Enter');
    const found = await listed({ src: '205' });
    expect(found.length).toBeGreaterThan(3);
    await soon(() => total(page).textContent()).toBe(`${found.length} recordings`);
    expect(new URL(page.url()).search).toBe('?src=205');
    expect(new Set(await sources(page))).toEqual(new Set(['205']));

    await filter.getByLabel('Call direction').selectOption('Internal');
    const inside = await listed({ src: '205', calltype: 'Internal' });
    await soon(() => total(page).textContent()).toMatch(new RegExp(`^${inside.length} recording`));
    expect(new URL(page.url()).search).toBe('?src=205&calltype=Internal');
    await page.goBack();
    await soon(() => total(page).textContent()).toBe(`${found.length} recordings`);
    await page.goBack();
    await soon(() => total(page).textContent()).toBe(`${all} recordings`);

    await page.goto('/recordings?src=nobody');
    await page.getByText('No recording matches').waitFor();
    expect(await axe(page)).toEqual([]);
    await page.goto('/recordings?minduration=long');
    const again = page.getByRole('form', { name: 'Filter' }); // it unfolds by itself; a click at that moment would fold it
    await again.getByText('must be whole seconds', { exact: true }).waitFor();
    expect(await again.getByLabel('Minimum duration').getAttribute('aria-invalid')).toBe('true');
    expect(await axe(page)).toEqual([]);
  });

  test('a recording is heard, and from where one wants, fetched by ranges; silence is flat', async () => {
    const page = await box.open({ page: `recordings?src=${FOUND.src}`, size });
    const ranges: string[] = [];
    page.on('request', (request) => {
      if (request.resourceType() === 'media') ranges.push(request.headers()['range'] ?? '');
    });
    await page.getByRole('button', { name: `Play ${FOUND.src} → ${FOUND.dst}` }).click();
    const player = page.getByRole('region', { name: /^Player: 3331/ });
    const audio = player.locator('audio');
    const now = () => audio.evaluate((each: HTMLAudioElement) => each.currentTime);
    await soon(now).toBeGreaterThan(0.2);
    expect(ranges[0]).toBe('bytes=0-');

    const drawn = async () => {
      const bars = (await player.locator('.waveform path').first().getAttribute('d')) ?? '';
      return [...bars.matchAll(/v(\d+)/g)].map(([, height]) => Number(height));
    };
    await soon(drawn).toHaveLength(size === 'phone' ? 150 : 400); // until it is there, a line
    const heights = await drawn();
    const half = heights.length / 2;
    expect(new Set(heights.slice(0, half))).toEqual(new Set([2]));
    expect(Math.min(...heights.slice(half))).toBeGreaterThan(90);
    expect(await loudness(audio)).toBeLessThan(0.001);

    // A click at nine tenths of it.
    const slider = player.getByRole('slider', { name: 'Position' });
    const { width = 0, height = 0 } = (await slider.boundingBox()) ?? {};
    await slider.click({ position: { x: width * 0.9, y: height / 2 } });
    await soon(now).toBeGreaterThan(LONG_SECONDS * 0.89);
    expect(await now()).toBeLessThan(LONG_SECONDS * 0.93);
    const lastAsked = () => Number(/bytes=(\d+)-/.exec(ranges.at(-1) ?? '')?.[1]);
    await soon(lastAsked).toBeGreaterThan(LONG_SECONDS * 16_000 * 0.85);
    await soon(() => loudness(audio)).toBeGreaterThan(0.2);
    await shot(page, `recordings-player-${size}`);
    expect(await axe(page)).toEqual([]);

    await player.getByRole('button', { name: 'Pause' }).click();
    expect(await audio.evaluate((each: HTMLAudioElement) => each.paused)).toBe(true);
    await player.getByLabel('Speed').selectOption('2');
    expect(await audio.evaluate((each: HTMLAudioElement) => [each.playbackRate, each.preservesPitch])).toEqual([
      2,
      true,
    ]);
    // With the choice, and not with a frame to come: a busy machine may have none for long.
    const withoutAFrame = player.getByLabel('Speed').evaluate(async (select: HTMLSelectElement) => {
      select.value = '1.5';
      select.dispatchEvent(new Event('change', { bubbles: true }));
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
      return document.querySelector('audio')?.playbackRate;
    });
    expect(await withoutAFrame).toBe(1.5);
    await player.getByLabel('Speed').selectOption('1');
    await slider.focus();
    await page.keyboard.press('Home');
    await soon(now).toBe(0);
    await page.keyboard.press('PageUp');
    expect(await slider.getAttribute('aria-valuetext')).toBe('0:10 of 10:00');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowLeft');
    await player.getByRole('button', { name: 'On 10 seconds' }).click();
    expect(await slider.getAttribute('aria-valuetext')).toBe('0:20 of 10:00');
    await player.getByRole('button', { name: 'Back 10 seconds' }).click();
    expect(Math.round(await now())).toBe(10);
  });

  test('one is saved, and several as an archive: the files on the disk, byte by byte', async () => {
    const page = await box.open({ page: 'recordings?src=205', size });
    const [first] = await listed({ src: '205' });
    const path = first?.path ?? '';
    await page
      .getByRole('button', { name: /^Play 205/ })
      .first()
      .click();
    const player = page.getByRole('region', { name: /^Player/ });
    const one = await saved(page, () => player.getByRole('link', { name: 'Download' }).click());
    expect(one.name).toBe(basename(path));
    expect(one.bytes.equals(readFileSync(fileOf(path)))).toBe(true);

    // The first, and with Shift all up to the fourth.
    const ticks = page.getByRole('checkbox', { name: /^Select 205/ });
    await ticks.nth(0).click();
    await ticks.nth(3).click({ modifiers: ['Shift'] });
    const paths = (await listed({ src: '205', limit: '4' })).map((row) => row.path);
    await page.getByText(/^4 selected, /).waitFor();
    for (const format of ['tar', 'zip'] as const) {
      await page.getByLabel('Kind of archive').selectOption(format);
      const archive = await saved(page, () => page.getByRole('button', { name: 'Download', exact: true }).click());
      await page.getByText('4 recordings are downloaded.').waitFor(); // said for seconds only
      expect(archive.name).toMatch(new RegExp(`^AutoMonitor-.*\\.${format}$`));
      const [list, read] =
        format === 'tar'
          ? [['tar', 'tf', archive.path], (name: string) => ['tar', 'xOf', archive.path, name]]
          : [
              ['unzip', '-Z1', archive.path],
              (name: string) => ['unzip', '-p', archive.path, name.replaceAll('[', '[[]')],
            ];
      expect(run(list).toString().trim().split('\n')).toEqual(paths);
      for (const each of paths) expect(run(read(each)).equals(readFileSync(fileOf(each))), each).toBe(true);
    }
  });

  test('what is deleted is gone after a question, and comes back as it was', async () => {
    const page = await box.open({ page: 'recordings?src=206', size });
    const [a = '', b = ''] = (await listed({ src: '206', limit: '2' })).map(({ path }) => path);
    const before = [a, b].map((path) => readFileSync(fileOf(path)));
    const count = (await listed({ src: '206' })).length;
    const ticks = page.getByRole('checkbox', { name: /^Select 206/ });
    await ticks.nth(0).click();
    await ticks.nth(1).click();
    await page.getByRole('button', { name: 'Delete …' }).click();
    const dialog = page.getByRole('dialog', { name: 'Delete recordings' });
    await dialog.getByText(/^Delete 2 recordings \(/).waitFor();
    expect(await axe(page)).toEqual([]);
    expect([a, b].every((path) => existsSync(fileOf(path)))).toBe(true); // asked only
    await dialog.getByRole('button', { name: 'Delete 2' }).click();
    await page.getByText(/^2 recordings deleted/).waitFor();
    expect([a, b].some((path) => existsSync(fileOf(path)))).toBe(false);
    expect(await total(page).textContent()).toBe(`${count - 2} recordings`);
    await shot(page, `recordings-deleted-${size}`);
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByText('2 recordings are back.').waitFor();
    expect([a, b].map((path) => readFileSync(fileOf(path)))).toEqual(before);
    expect(await total(page).textContent()).toBe(`${count} recordings`);

    // And a day later, from the list of what was deleted.
    await page
      .getByRole('checkbox', { name: /^Select 206/ })
      .nth(0)
      .click();
    await page.getByRole('button', { name: 'Delete …' }).click();
    await page.getByRole('button', { name: 'Delete it' }).click();
    await page.getByText(/^1 recording deleted/).waitFor();
    await page.getByRole('link', { name: 'Deleted' }).click();
    await page.getByText('in the trash').first().waitFor();
    expect(await axe(page)).toEqual([]);
    await page
      .getByRole('button', { name: /^Bring back what was deleted/ })
      .first()
      .click();
    await page.getByText('1 recording is back.').waitFor();
    expect(readFileSync(fileOf(a)).equals(before[0] as Buffer)).toBe(true);
  });

  test('what is marked to be kept stays so, and is found by its mark', async () => {
    const page = await box.open({ page: 'recordings?src=207', size });
    const [first] = await listed({ src: '207' });
    await page
      .getByRole('checkbox', { name: /^Select 207/ })
      .first()
      .click();
    await page.getByRole('button', { name: 'Keep', exact: true }).click();
    await page.getByText('Kept: retention never removes it.').waitFor();
    expect((await listed({ keep: '1' })).map(({ path }) => path)).toEqual([first?.path]);
    const filter = await filterOf(page);
    await filter.getByText(/^More: trunk/).click();
    await filter.getByLabel('Kept').selectOption('1');
    await soon(() => total(page).textContent()).toBe('1 recording');
    await page
      .getByRole('checkbox', { name: /^Select 207/ })
      .first()
      .click();
    await page.getByRole('button', { name: 'Don’t keep' }).click();
    await page.getByText('No longer kept.').waitFor();
    expect(await listed({ keep: '1' })).toEqual([]);
  });

  test('what belongs to no call, and calls without their recording, are for admin; the rest for both', async () => {
    const page = await box.open({ page: 'recordings?tab=nocall', size });
    await page
      .getByText(/5550142/)
      .first()
      .waitFor();
    expect(await axe(page)).toEqual([]);
    await page.getByRole('link', { name: 'Missing' }).click();
    await page.getByRole('link', { name: 'Show the call' }).first().waitFor();
    expect(await axe(page)).toEqual([]);
    const spanish = await box.open({ page: 'recordings?tab=missing', size, language: 'es-ES' });
    await spanish.getByText('su registro la nombra; nunca se vio en ningún medio').first().waitFor();

    const other = await box.open({ page: 'recordings?tab=nocall', size, role: 'monitor' });
    await rowsOf(other).first().waitFor();
    expect(await other.locator('.tabs a').allTextContents()).toEqual(['Recordings', 'Deleted']);
    await other
      .getByRole('button', { name: /^Play 2/ })
      .first()
      .click();
    const audio = other.locator('audio');
    await soon(() => audio.evaluate((each: HTMLAudioElement) => each.currentTime)).toBeGreaterThan(0.1);
    expect(await other.getByRole('link', { name: 'Show the call' }).count()).toBe(0);
    expect(await axe(other)).toEqual([]);
  });
});

test('a saved view of a long name fits on a phone', async () => {
  const view = { page: 'recordings', name: 'W'.repeat(60), query: 'src=203' };
  const { id } = await box.ask<{ id: number }>(30042, view);
  try {
    const page = await box.open({ page: 'recordings', size: 'phone' });
    await page.locator('.saved-views select').waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
  } finally {
    await box.ask(30043, { id: String(id) });
  }
});

test.each([700, 901, 1024, 1280, 1366])('Spanish words and long numbers have room at %i px', async (width) => {
  const page = await box.open({ page: 'recordings', language: 'es' });
  await page.setViewportSize({ width, height: 800 });
  await page.locator('.recordings tbody .source').first().waitFor();
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
});

test('the end of the list is reached by scrolling, and what is far away is not drawn', async () => {
  const page = await box.open({ page: 'recordings' });
  const all = (await listed()).length;
  await expect
    .poll(async () => {
      await page.mouse.wheel(0, 20_000);
      return rowsOf(page).last().getAttribute('aria-rowindex');
    })
    .toBe(String(all + 1));
  await soon(() => rowsOf(page).count()).toBeLessThan(all);
  await page.evaluate(() => scrollTo(0, 0));
  await soon(() => rowsOf(page).first().getAttribute('aria-rowindex')).toBe('2');
});

test('all of a filter are ticked at once, also those that are not shown yet', async () => {
  const page = await box.open({ page: 'recordings' });
  const all = (await listed()).length;
  await page.getByRole('checkbox', { name: 'Select all that are shown' }).click();
  await page.getByText(/^(30|60|90) selected/).waitFor();
  await page.getByRole('button', { name: `Select all ${all} of this filter` }).click();
  await page.getByText(new RegExp(`^${all} selected`)).waitFor();

  // A download that takes its time says how far it is, and can be given up.
  const control = await page.context().newCDPSession(page);
  await control.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: 0,
    downloadThroughput: 2_000_000,
    uploadThroughput: -1,
  });
  await page.getByRole('button', { name: 'Download', exact: true }).click();
  const progress = page.getByRole('progressbar', { name: 'Download' });
  const share = () => progress.evaluate((each: HTMLProgressElement) => each.position);
  await expect.poll(share).toBeGreaterThan(0.01);
  expect(await share()).toBeLessThan(0.9);
  expect(await axe(page)).toEqual([]);
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByText('The download was stopped.').waitFor();
  await page.getByText(new RegExp(`^${all} selected`)).waitFor();
});

test('a filter is kept under a name, and chosen by it', async () => {
  const page = await box.open({ page: 'recordings?src=205&calltype=Internal', role: 'monitor' });
  const found = (await listed({ src: '205', calltype: 'Internal' })).length;
  const shown = new RegExp(`^${found} recording`);
  await soon(() => total(page).textContent()).toMatch(shown);
  await page.getByRole('button', { name: 'Save view' }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('Front desk, inside');
  await page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.goto('/recordings');
  await page.getByLabel('Saved views').selectOption({ label: 'Front desk, inside' });
  await soon(() => total(page).textContent()).toMatch(shown);
  expect(new URL(page.url()).search).toBe('?src=205&calltype=Internal');
});

test('the stick is pulled and put in again: the page says so, and goes on', async () => {
  const page = await box.open({ page: `recordings?src=${FOUND.src}` });
  announce(page, /status 503|503 \(Service Unavailable\)|ERR_/);
  renameSync(box.recordings, `${box.recordings}.away`);
  try {
    await page.getByText('The recording medium is not there.').waitFor({ timeout: 30_000 });
    await page.getByText('not in place').waitFor();
    expect(await axe(page)).toEqual([]);
    await shot(page, 'recordings-away');
  } finally {
    renameSync(`${box.recordings}.away`, box.recordings);
  }
  await page.getByText('The recording medium is not there.').waitFor({ state: 'detached', timeout: 30_000 });
  await page.getByRole('button', { name: `Play ${FOUND.src} → ${FOUND.dst}` }).click();
  const audio = page.locator('audio');
  await soon(() => audio.evaluate((each: HTMLAudioElement) => each.currentTime)).toBeGreaterThan(0.1);
});

function run([command = '', ...args]: readonly string[]): Buffer {
  return execFileSync(command, args, { maxBuffer: 64 * 1024 * 1024, cwd: temporaryFolder() });
}

/** Of what the page's own audio element gives at this moment: the root of the mean square, 0 to 1. */
function loudness(audio: Locator): Promise<number> {
  return audio.evaluate(async (element: HTMLAudioElement & { heard?: AnalyserNode }) => {
    if (!element.heard) {
      const context = new AudioContext();
      element.heard = new AnalyserNode(context, { fftSize: 2048 });
      context.createMediaElementSource(element).connect(element.heard).connect(context.destination);
      await context.resume();
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
    const samples = new Float32Array(element.heard.fftSize);
    element.heard.getFloatTimeDomainData(samples);
    return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
  });
}
