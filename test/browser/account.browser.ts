/** One's own account: the password, a second factor by an app that the test plays, sessions elsewhere, and the language. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { BrowserContext, Page } from 'playwright-core';
import { encode } from 'uqr';
import { describe, expect, test } from 'vitest';
import { codeOf, fromBase32, otpauthUri, stepAt } from '../../cgi/access/totp.ts';
import { announce, axe, type Box, shot, useBox } from './box.ts';

const shown = (page: Page, title: string) =>
  page.getByRole('heading', { level: 1, name: title, exact: true }).waitFor();
const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true });

/** Seconds that a code may take from here to the box: typed, pressed and sent on a busy machine. */
const ON_ITS_WAY_S = 15;

/**
 * The app of one secret. The box takes the code of the step of 30 s that it is and those beside it, each once, and none that
 * is older than the last: so each is the oldest that is good when it arrives, and the next one is waited for where all that
 * are good by now have been used.
 */
function app(secret: string): () => Promise<string> {
  const now = () => Date.now() / 1000;
  let last = 0;
  return async () => {
    last = Math.max(last + 1, stepAt(now() + ON_ITS_WAY_S) - 1);
    while (stepAt(now()) < last - 1) await sleep(100);
    return codeOf(fromBase32(secret) ?? Buffer.alloc(0), last);
  };
}

/** The dashboard, an admin's first page, asks for calls in progress; here no Asterisk knows of any. */
async function logIn(box: Box, user: string, password: string, code?: () => Promise<string>): Promise<Page> {
  const page = await box.open({ role: null, expects: [/401/, /status (of )?409.*30019/] });
  await page.getByLabel('User name', { exact: true }).fill(user);
  await page.getByLabel('Password', { exact: true }).fill(password);
  if (code) {
    await page.getByText('This account has a second factor').click();
    await page.getByLabel('Code of the authenticator app').fill(await code());
  }
  await button(page, 'Log in').click();
  return page;
}

/** The modules that a picture shows, read back from what is drawn: rows of `#` and `.`, the margin with them. */
async function modulesOf(page: Page): Promise<string[]> {
  const { size, path, ground } = await page.locator('svg.qr').evaluate((svg) => ({
    size: Number(svg.getAttribute('viewBox')?.split(' ')[2]),
    path: svg.querySelector('path')?.getAttribute('d') ?? '',
    ground: [svg.querySelector('rect'), svg.querySelector('path')].map((part) => part && getComputedStyle(part).fill),
  }));
  expect(ground).toEqual(['rgb(255, 255, 255)', 'rgb(0, 0, 0)']);
  const rows = Array.from({ length: size }, () => Array.from({ length: size }, () => '.'));
  for (const [, x, y, width] of path.matchAll(/M(\d+) (\d+)h(\d+)v1H\d+z/g))
    rows[Number(y)]?.fill('#', Number(x), Number(x) + Number(width));
  return rows.map((row) => row.join(''));
}

describe.each(['phone', 'desktop'] as const)('on a %s', (size) => {
  const box = useBox({ store: 'empty', alone: true });

  /** Of the first test, whose session goes on; with the second factor set, the harness can't log in. */
  let session: Awaited<ReturnType<BrowserContext['cookies']>> = [];
  let code = app('');

  test('a second factor is set up from the picture or by typing, and asked for at the log-in', async () => {
    const page = await box.open({ page: 'account', role: 'monitor', size });
    const other = await box.open({ page: 'recordings', role: 'monitor' });
    session = await page.context().cookies();
    await page.getByText('What if I lose the phone?').click();
    expect(await page.getByLabel('Command for the console', { exact: true }).inputValue()).toBe(
      'cdrd user totp monitor off',
    );
    await page.getByText('Set up a second factor').click();
    announce(page, /status (of )?400/);
    await page.getByLabel('Your password', { exact: true }).fill('wrong');
    await button(page, 'Next').click();
    await page.getByRole('alert').getByText('Password or code is not right').waitFor();
    await page.getByLabel('Your password', { exact: true }).fill('monitor');
    await button(page, 'Next').click();
    await page.locator('svg.qr').waitFor();
    await page.getByText('It can not be scanned: type it in').click();
    const secret = (await page.getByLabel('Secret', { exact: true }).inputValue()).replaceAll(' ', '');
    expect(secret).toMatch(/^[A-Z2-7]{32}$/);
    code = app(secret);
    // The picture is that of the address with this very secret, dark on light, with a margin of four.
    const drawn = await modulesOf(page);
    const host = (await box.ask<{ host: string }>(30037)).host;
    const { data } = encode(otpauthUri(`cdrd ${host}`, 'monitor', secret), { ecc: 'M', border: 4 });
    expect(drawn).toEqual(data.map((row) => row.map((dark) => (dark ? '#' : '.')).join('')));
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await axe(page)).toEqual([]);
      await shot(page, `account-factor-${size}-${colorScheme}`, true);
    }
    await page.getByLabel('Code that the app shows').fill('000 000');
    await button(page, 'Switch on').click();
    await page.getByRole('alert').getByText('code is not the one of now').waitFor();
    await page.getByLabel('Code that the app shows').fill(await code());
    await button(page, 'Switch on').click();
    await page.getByText('From now on a log-in needs a code.').waitFor();
    await page.getByRole('heading', { name: 'Second factor on' }).waitFor();
    announce(other, /401/);
    await other.reload();
    await shown(other, 'Log in');

    const without = await logIn(box, 'monitor', 'monitor');
    await without.getByText('Unknown user or wrong password (or code).').waitFor();
    await shown(await logIn(box, 'monitor', 'monitor', code), 'Call Recording');
  });

  test('it is switched off by password and code', async () => {
    const page = await box.open({ page: 'account', role: null, expects: [/401/] });
    await page.getByLabel('User name', { exact: true }).waitFor();
    await page.context().addCookies(session);
    await page.reload();
    await page.getByText('Switch off the second factor').first().click();
    await page.getByLabel('Your password', { exact: true }).fill('monitor');
    await page.getByLabel('Code that the app shows').fill(await code());
    expect(await axe(page)).toEqual([]);
    await button(page, 'Switch off the second factor').click();
    await page.getByText('Log-ins need no code any more.').waitFor();
    await page.getByRole('heading', { name: 'Second factor off' }).waitFor();
    await shown(await logIn(box, 'monitor', 'monitor'), 'Call Recording');
  });

  test('who has lost the phone is let in by an admin, who shows the own password', async () => {
    const hers = await box.open({ page: 'account', role: 'monitor' });
    await hers.getByText('Set up a second factor').click();
    await hers.getByLabel('Your password', { exact: true }).fill('monitor');
    await button(hers, 'Next').click();
    await hers.getByText('It can not be scanned: type it in').click();
    const secret = (await hers.getByLabel('Secret', { exact: true }).inputValue()).replaceAll(' ', '');
    await hers.getByLabel('Code that the app shows').fill(await app(secret)());
    await button(hers, 'Switch on').click();
    await hers.getByText('From now on a log-in needs a code.').waitFor();

    const page = await box.open({ page: 'users', size });
    await page
      .getByRole('listitem')
      .filter({ hasText: 'second factor' })
      .getByRole('button', { name: 'Change monitor' })
      .click();
    await page.getByText('The phone with the authenticator app is lost').click();
    await page.getByLabel('Your own password').fill('admin');
    expect(await axe(page)).toEqual([]);
    await button(page, 'Remove the second factor').click();
    await page.getByText('monitor logs in by password alone now.').waitFor();
    await shown(await logIn(box, 'monitor', 'monitor'), 'Call Recording');
  });

  test('the own password is changed with the old one, and the other sessions end', async () => {
    const page = await box.open({ page: 'account', size });
    const other = await box.open({ page: 'account' });
    await page.getByText('Change password').first().click();
    const set = async (old: string, fresh: string) => {
      await page.getByLabel('Password until now').fill(old);
      await page.getByLabel('New password', { exact: true }).fill(fresh);
      await page.getByLabel('New password once more').fill(fresh);
      await button(page, 'Change password').click();
    };
    announce(page, /status (of )?400/);
    await set('wrong', 'of my own choice');
    await page.getByText('is not your password').waitFor();
    expect(await axe(page)).toEqual([]);
    await set('admin', 'of my own choice');
    await page.getByText('The password is changed, and your other sessions have ended.').waitFor();
    announce(other, /401/);
    await other.reload();
    await shown(other, 'Log in');
    // Nobody but the owner has chosen it: it isn't asked for again.
    await page.reload();
    await shown(page, 'Account');
    await page.getByText('Change password').first().click();
    await set('of my own choice', 'admin of the tests');
    await page.getByText('The password is changed').waitFor();
    await page.getByText('Change password').first().click();
  });

  test('all other sessions are ended at once', async () => {
    const password = 'admin of the tests';
    const page = await logIn(box, 'admin', password);
    await shown(page, 'Dashboard');
    const others = [await logIn(box, 'admin', password), await logIn(box, 'admin', password)];
    for (const other of others) await shown(other, 'Dashboard');
    await page.goto('/account');
    await page.getByRole('region', { name: 'Logged in now' }).getByText('Chrome · Linux').first().waitFor();
    await button(page, 'End all my other sessions').click();
    expect(await axe(page)).toEqual([]);
    await page.getByRole('dialog').getByRole('button', { name: 'End', exact: true }).click();
    await page.getByText(/sessions have ended\./).waitFor();
    await expect.poll(() => page.getByRole('region', { name: 'Logged in now' }).getByRole('listitem').count()).toBe(1);
    for (const other of others) {
      await other.reload();
      await shown(other, 'Log in');
    }
  });

  test('speaks Spanish from here, and shows well in it', async () => {
    const page = await box.open({ page: 'account', role: 'monitor', size });
    await page.getByLabel('Language').selectOption({ label: 'Español' });
    await shown(page, 'Cuenta');
    await page.getByText('Usted es monitor').waitFor();
    expect(await axe(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    await shot(page, `account-es-${size}`, true);
  });
});
