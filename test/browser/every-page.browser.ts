/**
 * What holds for each page, loaded, empty and refused by the box, on a phone and on a desk, by day and by night: axe finds
 * nothing serious, nothing hangs over the edge, fingers and keys reach everything, and a first load is small.
 */
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { PAGES } from '../../cgi/contract.ts';
import { announce, axe, settled, shot, useBox } from './box.ts';

const office = useBox();
const empty = useBox({ store: 'empty' });

/** 30037, whoami: without it there is no page to look at. */
const WHOAMI = /30037/;
const NUMBERS = /\/cgi\/webserve\/\d+/;

const CASES = PAGES.flatMap((name) => (['phone', 'desktop'] as const).map((size) => ({ name, size })));

/** In both lights. */
async function looked(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await shot(page, `${name}-${colorScheme}`);
    expect(await axe(page), `${name}, ${colorScheme}`).toEqual([]);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  expect(await tooWide(page), `${name} hangs over`).toEqual([]);
}

/** What is wider than the window, but for what scrolls by itself. */
function tooWide(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    if (document.documentElement.scrollWidth <= innerWidth) return [];
    const all = [...document.querySelectorAll('body *')].filter(
      (each) => each.getBoundingClientRect().right > innerWidth + 1,
    );
    return [
      `${document.documentElement.scrollWidth} > ${innerWidth}`,
      ...all.slice(0, 5).map((each) => each.outerHTML.slice(0, 120)),
    ];
  });
}

/** One heading, which the title repeats; one main part; nothing still on its way. */
async function orderly(page: Page): Promise<void> {
  await settled(page);
  const found = await page.evaluate(() => ({
    headings: document.querySelectorAll('h1').length,
    mains: document.querySelectorAll('main').length,
    title: document.title,
    heading: document.querySelector('h1')?.textContent?.trim(),
    order: [...document.querySelectorAll('[tabindex]')].filter((each) => (each as HTMLElement).tabIndex > 0).length,
    language: document.documentElement.lang,
  }));
  expect(found).toEqual({
    ...{ headings: 1, mains: 1, order: 0, language: 'en', heading: expect.stringMatching(/\w/) },
    title: `${found.heading} · cdrd`,
  });
}

/** What a screen reader has been told at once. */
async function alerts(page: Page): Promise<string[]> {
  return (await page.getByRole('alert').allTextContents()).filter((text) => text.trim() !== '');
}

/** What a finger can't well hit, in CSS pixels. What is hidden is left out. */
function smallTargets(page: Page): Promise<string[]> {
  const LEAST = 44;
  return page.evaluate((least) => {
    const small: string[] = [];
    for (const each of document.querySelectorAll<HTMLElement>(
      'button, select, input, textarea, summary, a[href], [role=button]',
    )) {
      if (
        each.closest('p, [hidden], .skip') ||
        !each.checkVisibility({ visibilityProperty: true, opacityProperty: true })
      )
        continue;
      // A link among words is as high as they are.
      if (each.matches('a') && getComputedStyle(each).display === 'inline') continue;
      // A box and its words are one target.
      const words = each instanceof HTMLInputElement && /^(checkbox|radio)$/.test(each.type) ? each.labels?.[0] : null;
      const { width, height } = (words ?? each).getBoundingClientRect();
      if (width === 0 || height === 0) continue;
      if (height < least - 0.5)
        small.push(`${Math.round(width)}×${Math.round(height)} ${each.outerHTML.slice(0, 100)}`);
    }
    return [...new Set(small)].slice(0, 10);
  }, LEAST);
}

/** Goes through a page by Tab. @returns what is wrong with any stop: not seen, without a mark that it has the focus, or never left. */
async function stopsByTab(page: Page): Promise<string[]> {
  const STOPS = 60;
  /** A field of a date and a time has a stop for each of its parts. */
  const PARTS = 6;
  const wrong: string[] = [];
  await page.evaluate(() => {
    document.documentElement.scrollTop = 0;
    (document.activeElement as HTMLElement | null)?.blur();
  });
  let before = '';
  let stays = 0;
  for (let stop = 0; stop < STOPS; stop++) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(() => {
      const each = document.activeElement as HTMLElement | null;
      if (!each || each === document.body) return null;
      const { width, height } = each.getBoundingClientRect();
      const style = getComputedStyle(each);
      const index = [...document.querySelectorAll('*')].indexOf(each);
      return {
        text: `${index} ${each.outerHTML.slice(0, 100)}`,
        seen: width > 0 && height > 0 && style.visibility === 'visible',
        marked: (style.outlineStyle !== 'none' && style.outlineWidth !== '0px') || style.boxShadow !== 'none',
      };
    });
    if (!at) return wrong;
    if (!at.seen) wrong.push(`not seen: ${at.text}`);
    if (!at.marked) wrong.push(`not marked: ${at.text}`);
    stays = at.text === before ? stays + 1 : 0;
    if (stays > PARTS) return [...wrong, `never left: ${at.text}`];
    before = at.text;
  }
  return wrong;
}

describe.each(CASES)('$name on a $size', ({ name, size }) => {
  test('loaded', async () => {
    const page = await office.open({ page: name, size });
    await orderly(page);
    expect(await alerts(page)).toEqual([]);
    await looked(page, `every/${name}-${size}`);
    if (size === 'phone') expect(await smallTargets(page)).toEqual([]);
    else {
      expect(await stopsByTab(page)).toEqual([]);
      await page.setViewportSize({ width: 3840, height: 2160 });
      expect(await tooWide(page)).toEqual([]);
      await shot(page, `every/${name}-wide`);
    }
  });

  test('empty', async () => {
    const page = await empty.open({ page: name, size });
    await orderly(page);
    expect(await alerts(page)).toEqual([]);
    await looked(page, `every/${name}-empty-${size}`);
  });

  test('refused by the box, and tried again', async () => {
    const page = await office.open({ page: 'account', size });
    announce(page, /\b503\b/);
    let refused = 0;
    await page.route(NUMBERS, (route) => {
      if (WHOAMI.test(route.request().url())) return route.continue();
      refused++;
      const error = { code: 'storage_offline', message: 'the recording disk is not there' };
      return route.fulfill({ status: 503, json: { error } });
    });
    await page.goto(`/${name}`);
    await page.locator('h1').waitFor();
    await settled(page);
    await orderly(page);
    if (name === 'live-calls') return; // told by its WebSocket: what it shows without one, live.browser.ts looks at
    expect(refused).toBeGreaterThan(0);
    await page.getByText('the recording disk is not there').first().waitFor();
    await looked(page, `every/${name}-refused-${size}`);
    await page.unroute(NUMBERS);
    // Each part that was refused has its own way to try again; one may do so for others, and take their buttons away.
    const again = page.getByRole('button', { name: 'Try again' });
    for (let tries = 0; tries < 20 && (await again.count()) > 0; tries++) {
      await again
        .first()
        .click({ timeout: 1_000 })
        .catch(() => {});
      await settled(page);
    }
    expect(await page.getByText('the recording disk is not there').count()).toBe(0);
    await orderly(page);
  });
});

test.each(PAGES)('%s as the first page to be opened takes at most 120 kB', async (name) => {
  const page = await office.open({ page: name });
  const loaded = await page.evaluate(() =>
    [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
      .map((each) => each as PerformanceResourceTiming)
      .filter((each) => !each.name.includes('/cgi/') && !each.name.includes('/recordings/'))
      .map((each) => ({ name: each.name, bytes: each.transferSize })),
  );
  const bytes = loaded.reduce((sum, each) => sum + each.bytes, 0);
  expect(loaded.length).toBeGreaterThan(3);
  expect(bytes).toBeGreaterThan(5_000);
  expect(bytes).toBeLessThanOrEqual(120_000);
});
