/** The way in and out, as a person takes it: by mouse or by keyboard alone, in their language, with the password they were given. */
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { announce, axe, PASSWORDS, shot, useBox } from './box.ts';

const field = (page: Page, label: string) => page.getByLabel(label, { exact: true });

async function fill(page: Page, user: string, password: string): Promise<void> {
  await field(page, 'User name').fill(user);
  await field(page, 'Password').fill(password);
}

const heading = (page: Page) => page.locator('h1').textContent();

/** Waits for a page's heading. */
const shown = (page: Page, title: string) =>
  page.getByRole('heading', { level: 1, name: title, exact: true }).waitFor();

describe('a box in use', () => {
  const box = useBox();

  test('asks who it is, and then shows what was asked for', async () => {
    const page = await box.open({ page: 'calls?src=202', role: null });
    expect([await heading(page), await page.title()]).toEqual([' Log in', 'Log in · cdrd']);
    await fill(page, 'admin', PASSWORDS.admin);
    await page.getByRole('button', { name: 'Log in' }).click();
    await shown(page, 'CDR Report');
    expect(new URL(page.url()).search).toContain('src=202');
    // Nothing of it is in reach of a script, nor kept where one could find it.
    const kept = await page.evaluate(() => [
      document.cookie,
      JSON.stringify(localStorage),
      JSON.stringify(sessionStorage),
    ]);
    expect(kept).toEqual(['', '{}', '{}']);
    await page.reload();
    await shown(page, 'CDR Report');
  });

  test('says so of a wrong password, the same of an unknown user, and takes the right one then', async () => {
    const page = await box.open({ role: null });
    for (const user of ['monitor', 'nobody-of-this-name']) {
      await fill(page, user, 'wrong');
      await page.getByRole('button', { name: 'Log in' }).click();
      await page.getByRole('alert').waitFor();
      expect(await page.getByRole('alert').textContent()).toBe('Unknown user or wrong password (or code).');
    }
    expect(await axe(page)).toEqual([]);
    await fill(page, 'monitor', PASSWORDS.monitor);
    await page.getByRole('button', { name: 'Log in' }).click();
    await shown(page, 'Call Recording'); // what monitor begins with
    await page.goto('/calls');
    await page.getByText('Your account may not see this.').waitFor();
  });

  test('at an address that is no page’s leads to a page that says so, and a way on', async () => {
    const page = await box.open({ page: '/clals?src=202', role: null, expects: [/404/] });
    await fill(page, 'monitor', PASSWORDS.monitor);
    await page.getByRole('button', { name: 'Log in' }).click();
    await shown(page, 'There is no such page.');
    await page.getByText('/clals', { exact: true }).waitFor();
    expect(await page.title()).toBe('There is no such page. · cdrd');
    expect(await axe(page)).toEqual([]);
    await page.getByRole('link', { name: 'Go to the first page' }).click();
    await shown(page, 'Call Recording');
  });

  test('lets itself be used by keyboard alone, in and out', async () => {
    const page = await box.open({ role: null });
    const focused = () => page.evaluate(() => (document.activeElement as HTMLInputElement | null)?.name ?? '');
    expect(await focused()).toBe('username');
    await page.keyboard.type('admin');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('password');
    await page.keyboard.type(PASSWORDS.admin);
    // What has the focus as soon as there is a new heading: a key that is pressed then must not lose its place later.
    const atOnce = page.evaluate(
      (title) =>
        new Promise<string | null | undefined>((resolve) => {
          new MutationObserver((_, observer) => {
            if (document.querySelector('h1')?.textContent !== title) return;
            observer.disconnect();
            resolve(document.activeElement?.textContent);
          }).observe(document.body, { childList: true, subtree: true, characterData: true });
        }),
      'Dashboard',
    );
    await page.keyboard.press('Enter');
    expect(await atOnce).toBe('Dashboard');
    // From there backwards through the menu to all that stands before it.
    const backTo = async (text: string) => {
      for (let stops = 0; stops < 60; stops++) {
        await page.keyboard.press('Shift+Tab');
        if ((await page.evaluate(() => document.activeElement?.textContent)) === text) return;
      }
      throw new Error(`${text} can't be reached`);
    };
    await backTo('Skip to content');
    expect((await page.getByText('Skip to content').boundingBox())?.y).toBeGreaterThanOrEqual(0); // seen, when it has the focus
    // Who asked for less motion (as these browsers do) sees it at once, by no transition however short.
    const skip = page.getByText('Skip to content');
    expect(await skip.evaluate((link) => getComputedStyle(link).transitionDuration)).toBe('0s');
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('content');
    await backTo('Log out');
    announce(page, /401/);
    await page.keyboard.press('Enter');
    await shown(page, 'Log in');
  });

  test('is left by logging out: neither the way back nor the old session opens it', async () => {
    const page = await box.open({ page: 'recordings', role: 'monitor' });
    const [cookie] = await page.context().cookies();
    await page.getByRole('button', { name: 'Log out' }).click();
    await shown(page, 'Log in');
    expect(await page.context().cookies()).not.toContainEqual(expect.objectContaining({ name: cookie?.name }));
    announce(page, /401/);
    await page.goto('/recordings');
    await shown(page, 'Log in');
    const old = await fetch(`${box.url}/cgi/webserve/30037`, {
      headers: { Cookie: `${cookie?.name}=${cookie?.value}` },
    });
    expect(old.status).toBe(401);
  });

  test('says that a session has ended, and goes on where one was', async () => {
    const page = await box.open({ page: 'recordings', role: 'admin' });
    const [cookie] = await page.context().cookies();
    announce(page, /401/);
    // Ended elsewhere, as by the account page.
    await fetch(`${box.url}/cgi/webserve/30005`, {
      method: 'POST',
      headers: { Cookie: `${cookie?.name}=${cookie?.value}` },
    });
    await page.getByRole('link', { name: 'Phone Book' }).click();
    await page.evaluate(() => fetch('/cgi/webserve/30013', { method: 'POST' }));
    await page.reload();
    await shown(page, 'Log in');
    await fill(page, 'admin', PASSWORDS.admin);
    await page.getByRole('button', { name: 'Log in' }).click();
    await shown(page, 'Phone Book');
  });

  test('speaks the browser’s language, or the one that is chosen, and keeps to it', async () => {
    const spanish = await box.open({ role: null, language: 'es-MX' });
    expect(await spanish.evaluate(() => document.documentElement.lang)).toBe('es');
    expect(await heading(spanish)).not.toContain('Log in');

    const page = await box.open({ role: null, language: 'fr-FR' });
    expect(await heading(page)).toContain('Log in');
    await field(page, 'Language').selectOption({ label: 'Español' });
    await page.waitForFunction(() => document.documentElement.lang === 'es');
    await page.locator('input[name=username]').fill('admin');
    await page.locator('input[name=password]').fill(PASSWORDS.admin);
    await page.locator('button[type=submit]').click();
    await page.locator('nav').waitFor({ state: 'attached' });
    expect(await page.evaluate(() => document.documentElement.lang)).toBe('es');
    expect(await page.getByRole('button', { name: 'Log out' }).count()).toBe(0);
  });

  test.each(['phone', 'desktop'] as const)(
    'has a log-in without serious findings of axe, light and dark, on a %s',
    async (size) => {
      const page = await box.open({ role: null, size });
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        expect(await axe(page)).toEqual([]);
        await shot(page, `login-${size}-${colorScheme}`);
      }
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    },
  );
});

describe('a box as delivered', () => {
  const box = useBox({ store: 'fresh' });
  const firstPasswords = () => readFileSync(`${box.folder}/state/secret/initial-passwords`, 'utf8');
  const firstPassword = (user: string) => new RegExp(`^${user}[: ]+(\\S+)`, 'm').exec(firstPasswords())?.[1] ?? '';

  test('asks for a password of one’s own at the first log-in, and means it', async () => {
    const given = firstPassword('admin');
    expect(given).not.toBe('');
    const page = await box.open({ role: null, size: 'phone' });
    await fill(page, 'admin', given);
    await page.getByRole('button', { name: 'Log in' }).click();
    await shown(page, 'Choose a password of your own');
    expect(await axe(page)).toEqual([]);
    await shot(page, 'initial-phone');
    const submit = page.getByRole('button', { name: 'Change password' });
    const set = async (old: string, fresh: string, repeat: string) => {
      await field(page, 'Password until now').fill(old);
      await field(page, 'New password').fill(fresh);
      await field(page, 'New password once more').fill(repeat);
      await submit.click();
    };
    for (const [old, fresh, repeat, told] of [
      [given, 'short', 'short', 'At least 8 characters.'],
      [given, given, given, 'That is the password until now.'],
      [given, 'of my own choice', 'of my own chioce', 'The two are not the same.'],
    ] as const) {
      await set(old, fresh, repeat);
      await page.getByRole('alert').getByText(told).waitFor();
    }
    announce(page, /status 4\d\d|status of 4\d\d/);
    await set('not the given one', 'of my own choice', 'of my own choice');
    await page.getByRole('alert').first().waitFor();
    await set(given, 'of my own choice', 'of my own choice');
    await shown(page, 'Dashboard');
    expect(firstPasswords()).not.toContain(given);

    const again = await box.open({ role: null });
    await fill(again, 'admin', given);
    await again.getByRole('button', { name: 'Log in' }).click();
    await again.getByRole('alert').waitFor();
    await fill(again, 'admin', 'of my own choice');
    await again.getByRole('button', { name: 'Log in' }).click();
    await shown(again, 'Dashboard');
  });

  test('can be used before that, and asks again the next time', async () => {
    const page = await box.open({ role: null });
    await fill(page, 'monitor', firstPassword('monitor'));
    await page.getByRole('button', { name: 'Log in' }).click();
    await shown(page, 'Choose a password of your own');
    await page.getByRole('button', { name: 'Not now' }).click();
    await shown(page, 'Call Recording');
    await page.reload();
    await shown(page, 'Choose a password of your own');
  });
});
