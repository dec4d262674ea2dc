/** What the tests of the pages rely on: a box with an office in it, and pages that let nothing pass. */
import { describe, expect, test } from 'vitest';
import { axe, shot, useBox } from './box.ts';
import { watch } from './watch.ts';

const box = useBox();
const EVER = { startdate: '2000-01-01 00:00', limit: '1' };

test('the office has calls of weeks and of today, recordings, and people', async () => {
  type Listing = { json_obj_filter: { totalcount: number } };
  const count = async (number: number, values: Readonly<Record<string, string>>) =>
    (await box.ask<Listing>(number, values)).json_obj_filter.totalcount;
  expect(await count(9006, EVER)).toBeGreaterThan(300);
  expect(await count(20053, EVER)).toBeGreaterThan(100);
  expect(await count(9006, { limit: '1' })).toBeGreaterThan(5);
  expect(await box.ask(30013)).toMatchObject({ json_array_contacts: expect.arrayContaining([expect.anything()]) });
});

test('a call that is placed appears', async () => {
  await box.pbx.placeCall('inbound', { source: '5550777', ring: 0.2, talk: 1 });
  await expect.poll(async () => JSON.stringify(await box.ask(9006, { src: '5550777' }))).toContain('"src":"5550777"');
});

describe('a page', () => {
  test('is opened by whom it is told, in the size and the light it is told', async () => {
    const page = await box.open({ size: 'phone', dark: true, role: 'monitor' });
    expect(await page.evaluate(() => [innerWidth, matchMedia('(prefers-color-scheme: dark)').matches])).toEqual([
      360,
      true,
    ]);
    expect(
      await page.evaluate(() => fetch('/cgi/webserve/30037', { method: 'POST' }).then((answer) => answer.json())),
    ).toMatchObject({
      user: 'monitor',
    });
    expect(await axe(page)).toEqual([]);
    await shot(page, 'box');
  });

  test('that does what it must not is caught', async () => {
    const page = await box.open({ expects: [/./] });
    const { all, faults } = watch(page, box.url);
    const elsewhere = watch(page, 'http://192.0.2.1');
    await page.evaluate(async () => {
      console.error('of the test');
      setTimeout(() => {
        throw new Error('thrown by the test');
      });
      const style = document.createElement('style');
      style.textContent = 'body{color:red}';
      document.head.append(style);
      try {
        document.body.insertAdjacentHTML('beforeend', '<i>');
      } catch {}
      await fetch('/nowhere').catch(() => {});
      await fetch('http://192.0.2.1/').catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 200));
    });
    for (const each of [/of the test/, /thrown by the test/, /style-src/, /TrustedHTML/, /status 404/, /connect-src/])
      await expect.poll(all, { message: String(each) }).toContainEqual(expect.stringMatching(each));
    await expect.poll(elsewhere.all).toContainEqual(expect.stringMatching(/^request elsewhere: .*nowhere$/));
    expect(faults()).toEqual([]);
  });

  test('is looked at by axe, whose serious findings are told', async () => {
    const page = await box.open();
    await page.evaluate(() => {
      const nameless = document.createElement('button');
      nameless.id = 'nameless';
      document.querySelector('main')?.append(nameless);
    });
    expect(await axe(page)).toEqual([expect.stringMatching(/button-name.*\n.*#nameless/)]);
  });
});
