/** Dashboard: who waits is called back and ticked off, the day's and the month's calls, and the box well and unwell. */
import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { MissedRows } from '../../cgi/contract.ts';
import { axe, hold, type Size, shot, useBox } from './box.ts';

const CALLERS: Readonly<Record<string, string>> = { phone: '0791112233', desktop: '0442223344' };
const SIZES: readonly Size[] = ['phone', 'desktop'];

describe('an office', () => {
  const box = useBox();
  const waiting = async () => (await box.ask<MissedRows>(30039, { limit: '500' })).json_array_missed;

  beforeAll(async () => {
    // Two who give up in the queue: one for each size.
    await Promise.all(Object.values(CALLERS).map((source) => box.pbx.placeCall('queueAbandoned', { source })));
    await vi.waitFor(
      async () => {
        const sources = (await waiting()).map(({ src }) => src);
        expect(sources).toEqual(expect.arrayContaining(Object.values(CALLERS)));
      },
      { timeout: 20_000, interval: 250 },
    );
  }, 60_000);

  test.each(SIZES)('shows what there is, each figure in a table as well (%s)', async (size) => {
    const page = await box.open({ size });
    expect(await page.title()).toContain('Dashboard');
    for (const title of ['Missed calls to return', 'Today', 'Last 30 days', 'Trunks and ports', 'Asterisk'])
      await page.getByRole('heading', { name: title, exact: true }).waitFor();
    await page.getByText(/are free \(/).waitFor();
    expect(await axe(page)).toEqual([]);
    await shot(page, `dashboard-${size}`);

    const month = page.locator('.tile', { hasText: 'Last 30 days' });
    await month.getByText('Figures').click();
    const rows = month.locator('tbody tr');
    expect(await rows.count()).toBe(30);
    const today = await box.ask<{ json_obj_totals: { count: number } }>(30002, {});
    expect(await rows.last().locator('td').last().textContent()).toBe(String(today.json_obj_totals.count));
    await month.locator('tbody').getByRole('button').nth(22).click();
    await expect.poll(() => page.url()).toMatch(/\?day=\d{4}-\d\d-\d\d$/);
    const day = new URL(page.url()).searchParams.get('day') ?? '';
    const then = await box.ask<{ json_obj_totals: { count: number } }>(30002, {
      startdate: `${day} 00:00`,
      enddate: `${day} 23:59`,
    });
    await expect.poll(() => page.locator('.figures dd').first().textContent()).toBe(String(then.json_obj_totals.count));
    expect(await axe(page)).toEqual([]);
    await page.goBack();
    await page.getByRole('heading', { name: 'Today', exact: true }).waitFor();
  });

  test.each(SIZES)('a caller is called by a tap, ticked off, and put back (%s)', async (size) => {
    const page = await box.open({ size });
    const before = await waiting();
    const first = before.find(({ src }) => src === CALLERS[size]);
    if (!first) throw new Error('nobody waits');
    const row = page.locator(`[data-caller="${first.src}"]`);
    expect(await row.getByRole('link').first().getAttribute('href')).toBe(`tel:${first.src}`);
    await row.getByRole('button', { name: /^Done: / }).click();
    await page.getByText('is ticked off.').waitFor();
    await row.waitFor({ state: 'detached' });
    expect((await waiting()).length).toBe(before.length - 1);
    await page.getByText('Ticked off lately').click();
    const done = page.locator('details .missed li', { hasText: first.contact || first.src });
    await done.getByText('admin,').waitFor();
    await page.getByRole('button', { name: 'Undo' }).focus(); // what has just happened stays while somebody is at it
    expect(await axe(page)).toEqual([]);
    await shot(page, `missed-${size}`);
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByText('is on the list again.').waitFor();
    await expect.poll(async () => (await waiting()).length).toBe(before.length);
    await row.getByRole('button', { name: /^Done: / }).waitFor();
  });

  test('calls of this moment are told when they are known, and not as none before', async () => {
    const page = await box.open();
    const tell = await hold(page, 30019);
    await page.reload();
    const tile = page.locator('.tile', { hasText: 'Trunks and ports' });
    await page.locator('.figures dd').first().waitFor();
    expect(await tile.getByText('at the moment').count()).toBe(0);
    tell();
    await tile.getByText('No calls at the moment.').waitFor();
  });

  test('leads to the calls of a caller, and to the pages that tell more', async () => {
    const page = await box.open({ size: 'desktop' });
    const tile = page.locator('.tile', { hasText: 'Recording medium' });
    await tile.getByRole('link', { name: 'Retention' }).click();
    await expect.poll(() => new URL(page.url()).pathname).toBe('/retention');
    await page.goBack();
    await page.locator('.missed-when a').first().click();
    await expect.poll(() => page.url()).toMatch(/\/calls\?number=/);
  });

  test('in the dark and in Spanish', async () => {
    const page = await box.open({ size: 'phone', dark: true, language: 'es' });
    await page.getByText('Llamadas perdidas por devolver').waitFor();
    expect(await axe(page)).toEqual([]);
    await shot(page, 'dashboard-dark');
  });

  test('asks again by itself while it is seen', async () => {
    const page = await box.open({});
    const asked: string[] = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await expect.poll(() => asked.filter((path) => path === '/healthz').length).toBeGreaterThan(1);
    // A month of calls is not asked for again.
    expect(asked.filter((path) => path.endsWith('/30002'))).toHaveLength(0);
  });
});

describe('a page that nobody is at', () => {
  const box = useBox({ store: 'empty' });

  test('asks no more, says so, and goes on at a touch', async () => {
    const page = await box.open({});
    await page.clock.install();
    await page.reload();
    await page.getByText('Nobody waits to be called back.').waitFor();
    let asked = 0;
    page.on('request', () => {
      asked++;
    });
    await page.clock.runFor(9 * 60_000);
    expect(asked).toBeGreaterThan(5);
    await page.clock.runFor(2 * 60_000);
    await page.getByText('nobody has been here since').waitFor();
    expect(await axe(page)).toEqual([]);
    const then = asked;
    await page.clock.runFor(30 * 60_000);
    expect(asked).toBe(then);
    await page.mouse.move(200, 200);
    await page.clock.runFor(5_000);
    await expect.poll(() => asked).toBeGreaterThan(then);
    await page.getByText('nobody has been here since').waitFor({ state: 'detached' });
  });
});

describe('a box without Asterisk, calls and stick', () => {
  const box = useBox({ store: 'empty', alone: true, env: { CDRD_RECORDINGS_REQUIRE_MOUNT: 'yes' } });

  test.each(SIZES)('says so, tile by tile (%s)', async (size) => {
    const page = await box.open({ size, expects: [/409/] });
    await page.getByText('Nobody waits to be called back.').waitFor();
    await page.getByText('Asterisk is away: nothing is known of calls at the moment.').waitFor();
    await page.getByText('Not there', { exact: true }).waitFor();
    await page.getByText('not known: nothing was recorded lately').waitFor();
    expect(await axe(page)).toEqual([]);
    await shot(page, `dashboard-bare-${size}`);
  });

  test('a tile whose number fails leaves the others alone, and can be tried again', async () => {
    const page = await box.open({ expects: [/409/, /500/] });
    await page.route('**/cgi/webserve/30051', (route) =>
      route.fulfill({ status: 500, json: { error: { code: 'internal', message: 'broken for the test' } } }),
    );
    await page.reload();
    const tile = page.locator('.tile', { hasText: 'Recording medium' });
    await tile.getByText('broken for the test').waitFor();
    await page.getByText('Nobody waits to be called back.').waitFor();
    await page.unroute('**/cgi/webserve/30051');
    await tile.getByRole('button', { name: 'Try again' }).click();
    await tile.getByText('Not there', { exact: true }).waitFor();
  });

  test('where nothing is known, nothing is said to be empty', async () => {
    const page = await box.open({ expects: [/409/, /429/], language: 'es-ES' });
    const busy = { status: 429, json: { error: { code: 'busy', message: 'too many requests: wait 1 s' } } };
    await page.route(/webserve\/(30039|30019|30002)/, (route) => route.fulfill(busy));
    await page.reload();
    const missed = page.locator('.tile', { hasText: 'Llamadas perdidas por devolver' });
    await missed.getByText('Fue demasiado a la vez.').waitFor();
    await missed.locator('summary').click();
    await expect.poll(() => missed.getByRole('alert').count()).toBe(2);
    await page.getByText('La central no dice qué llamadas hay en este momento.').waitFor();
    const told = await page.locator('main').innerText();
    for (const empty of ['Nadie espera que le llamen', 'Ninguna llamada en este momento', 'Hoy no hubo llamadas'])
      expect(told).not.toContain(empty);
  });
});
