/** Users and API keys, as an admin uses them: somebody is let in, a program is let in, and both are shown the door again. */
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { announce, axe, type Box, shot, useBox } from './box.ts';

const shown = (page: Page, title: string) =>
  page.getByRole('heading', { level: 1, name: title, exact: true }).waitFor();
const section = (page: Page, name: string) => page.getByRole('region', { name, exact: true });
const row = (page: Page, name: string, text: string) =>
  section(page, name).getByRole('listitem').filter({ hasText: text });
const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true });

async function logIn(box: Box, user: string, password: string): Promise<Page> {
  const page = await box.open({ role: null });
  await page.getByLabel('User name', { exact: true }).fill(user);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await button(page, 'Log in').click();
  return page;
}

const fits = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);

describe.each(['phone', 'desktop'] as const)('on a %s', (size) => {
  const box = useBox({ store: 'empty', alone: true });
  const user = `anna-${size}`;

  test('an account is made, asked for a password of its own at its first log-in and not again', async () => {
    const page = await box.open({ page: 'users', size });
    await button(page, 'New account').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('User name').fill(user);
    const [password, repeat] = [
      dialog.getByLabel('Password', { exact: true }),
      dialog.getByLabel('Password once more'),
    ];
    await password.fill('short');
    await dialog.getByText('At least 8 characters.').waitFor();
    await password.fill('given to anna');
    await repeat.fill('given to ana');
    await button(page, 'Make account').click();
    await dialog.getByText('The two are not the same.').waitFor();
    expect(await axe(page)).toEqual([]);
    await shot(page, `users-account-${size}`);
    await repeat.fill('given to anna');
    await button(page, 'Make account').click();
    await page.getByText(`${user} can log in now.`).waitFor();
    await row(page, 'Accounts', user).getByText('password not yet changed').waitFor();
    expect(await row(page, 'Accounts', user).textContent()).toContain('Has not logged in yet');

    const hers = await logIn(box, user, 'given to anna');
    await shown(hers, 'Choose a password of your own');
    await hers.getByLabel('Password until now').fill('given to anna');
    await hers.getByLabel('New password', { exact: true }).fill('of my own choice');
    await hers.getByLabel('New password once more').fill('of my own choice');
    await button(hers, 'Change password').click();
    await shown(hers, 'Call Recording'); // a monitor’s first page
    await hers.reload();
    await shown(hers, 'Call Recording');

    await page.reload();
    const hersHere = row(page, 'Accounts', user);
    await hersHere.getByText(/^Last log-in \d{4}-\d\d-\d\d \d\d:\d\d$/).waitFor();
    expect(await hersHere.getByText('password not yet changed').count()).toBe(0);
    expect(await axe(page)).toEqual([]);
    expect(await fits(page)).toBe(true);
    await shot(page, `users-${size}`, true);
  });

  test('an account is removed after a question, and its session is over', async () => {
    const hers = await logIn(box, user, 'of my own choice');
    await shown(hers, 'Call Recording');
    const page = await box.open({ page: 'users', size });
    const hersHere = row(page, 'Accounts', user);
    await button(page, `Remove ${user}`).click();
    await page.getByRole('dialog').getByText('can no longer log in').waitFor();
    expect(await axe(page)).toEqual([]);
    await page.keyboard.press('Escape');
    expect(await hersHere.count()).toBe(1);
    await button(page, `Remove ${user}`).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click();
    await page.getByText(`${user} is removed.`).waitFor();
    await hersHere.waitFor({ state: 'detached' });
    announce(hers, /401/);
    await hers.reload();
    await shown(hers, 'Log in');
  });

  test('another role and another password are given, and a suggested one is taken', async () => {
    const page = await box.open({ page: 'users', size });
    await button(page, 'Change monitor').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('radio', { name: /^Administrator/ }).check();
    await button(page, 'Suggest one').click();
    const password = await dialog.getByLabel('Password', { exact: true }).inputValue();
    expect(password).toMatch(/^([a-z2-9]{4}-){3}[a-z2-9]{4}$/);
    await dialog.getByText('Long enough.').waitFor();
    await button(page, 'Save').click();
    await page.getByText('monitor is changed.').waitFor();
    await row(page, 'Accounts', 'Administrator').filter({ hasText: 'monitor' }).waitFor();
    await shown(await logIn(box, 'monitor', password), 'Choose a password of your own');
    await button(page, 'Change monitor').click();
    await dialog.getByRole('radio', { name: /^Monitor/ }).check();
    await dialog.getByLabel('Password', { exact: true }).fill('monitor of the tests');
    await dialog.getByLabel('Password once more').fill('monitor of the tests');
    await button(page, 'Save').click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('monitor is changed.').waitFor();
  });

  test('a key is made for what is ticked, shown once, works for that alone, and opens nothing when revoked', async () => {
    const page = await box.open({ page: 'users', size });
    const name = `CRM ${size}`;
    await button(page, 'New API key').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('What it is for').fill(name);
    await button(page, 'Make key').click();
    await dialog.getByText('Tick at least one.').waitFor();
    await dialog.getByLabel('list, play and download recordings').check();
    await dialog.getByText('Single numbers').click();
    await dialog.getByText('the call report, one row a call').waitFor();
    expect(await axe(page)).toEqual([]);
    await shot(page, `users-key-${size}`);
    await dialog.getByLabel('Good').selectOption('for 90 days');
    await button(page, 'Make key').click();
    await page.getByText('it is shown only this once').waitFor();
    expect(await axe(page)).toEqual([]);
    expect(await fits(page)).toBe(true);
    await shot(page, `users-key-made-${size}`);
    const key = await dialog.getByLabel('Key', { exact: true }).inputValue();
    expect(key).toMatch(/^cdrd-/);
    const curl = await dialog.getByLabel('To try it', { exact: true }).inputValue();
    expect(curl).toContain(`'Authorization: Bearer ${key}'`);
    // What the line asks is what the key is for.
    const address = /'(http:[^']+)'$/.exec(curl)?.[1] ?? '';
    const asked = (url: string) => fetch(url, { headers: { Authorization: `Bearer ${key}` } });
    const answer = await asked(address);
    expect([answer.status, Object.keys((await answer.json()) as object)]).toEqual([
      200,
      ['json_array_recordings', 'json_obj_filter'],
    ]);
    expect((await asked(`${box.url}/cgi/webserve/9006`)).status).toBe(403);
    await button(page, 'I have it').click();
    const shownKey = row(page, 'API keys', name);
    await shownKey.getByText('list, play and download recordings').waitFor();
    expect(await shownKey.textContent()).toMatch(/Monitor.*made by admin on .* good until \d{4}-/);
    expect(await page.content()).not.toContain(key);
    await page.reload();
    await shownKey.getByText(/last used \d{4}-\d\d-\d\d/).waitFor();

    await button(page, `Revoke the key of ${name}`).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke', exact: true }).click();
    await page.getByText(`The key of ${name} is revoked.`).waitFor();
    await shownKey.waitFor({ state: 'detached' });
    expect((await asked(address)).status).toBe(401);
    await page.getByText('There are no keys.').waitFor();
  });

  test('a key for a program of another product is given what no role gives, and not as Monitor', async () => {
    const page = await box.open({ page: 'users', size });
    const name = `Dialler ${size}`;
    const places = 'have Asterisk call somebody, at your cost';
    await button(page, 'New API key').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('What it is for').fill(name);
    await dialog.getByLabel(places).check();
    await dialog.getByRole('radio', { name: 'everything that Monitor may' }).check();
    expect(await dialog.getByLabel(places).count()).toBe(0);
    await dialog.getByRole('radio', { name: 'everything that Administrator may' }).check();
    expect(await dialog.getByLabel(places).isChecked()).toBe(true);
    expect(await axe(page)).toEqual([]);
    expect(await fits(page)).toBe(true);
    await shot(page, `users-key-scopes-${size}`);
    await button(page, 'Make key').click();
    await button(page, 'I have it').click();
    await row(page, 'API keys', name).getByText(`everything that Administrator may · ${places}`).waitFor();
    await button(page, `Revoke the key of ${name}`).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke', exact: true }).click();
    await row(page, 'API keys', name).waitFor({ state: 'detached' });
  });

  test('a session of somebody else is ended, this one is marked', async () => {
    await box.ask(30008, { UserName: 'eva', role: 'monitor', Password: '5'.repeat(32) });
    const hers = await fetch(`${box.url}/cgi/webserve/8404?UserName=eva&Password=${'5'.repeat(32)}`);
    const { token } = (await hers.json()) as { token: string };
    const page = await box.open({ page: 'users', size });
    const sessions = section(page, 'Logged in now');
    await sessions.getByText('this one').waitFor();
    await sessions.getByRole('button', { name: /^End the session of eva/ }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'End', exact: true }).click();
    await page.getByText('One session has ended.').waitFor();
    await row(page, 'Logged in now', 'eva').waitFor({ state: 'detached' });
    const after = await fetch(`${box.url}/cgi/webserve/30037`, { headers: { Authorization: `Bearer ${token}` } });
    expect(after.status).toBe(401);
    await box.ask(30009, { UserName: 'eva' });
  });

  test('who takes the own role away logs in anew with the other one, and can have it back', async () => {
    await box.ask(30008, { UserName: 'boss', role: 'admin', Password: '5'.repeat(32) });
    const page = await box.open({ page: 'users', size, expects: [/401/] });
    await button(page, 'Change admin').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('otherwise it falls back by itself').waitFor();
    await dialog.getByRole('radio', { name: /^Monitor/ }).check();
    expect(await axe(page)).toEqual([]);
    await button(page, 'Save').click();
    await shown(page, 'Log in');
    await page.getByLabel('User name', { exact: true }).fill('admin');
    await page.getByLabel('Password', { exact: true }).fill('admin');
    await button(page, 'Log in').click();
    await page.getByText('Keep this change?').waitFor();
    expect(await page.getByRole('link', { name: 'Users and API Keys' }).count()).toBe(0);
    await button(page, 'Go back now').click();
    await shown(page, 'Log in');
    await page.getByLabel('User name', { exact: true }).fill('admin');
    await page.getByLabel('Password', { exact: true }).fill('admin');
    await button(page, 'Log in').click();
    await row(page, 'Accounts', 'boss').waitFor();
    await box.ask(30009, { UserName: 'boss' });
  });

  test('what the box refuses is said where it was tried, and a failure can be tried again', async () => {
    const page = await box.open({ page: 'users', size, expects: [/status (of )?(409|503)/] });
    await box.ask(30008, { UserName: 'otto', role: 'monitor', Password: '5'.repeat(32) });
    await page.reload();
    await button(page, 'Remove otto').waitFor();
    // Meanwhile somebody else has removed it.
    await box.ask(30009, { UserName: 'otto' });
    announce(page, /404/);
    await button(page, 'Remove otto').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click();
    await page.getByRole('dialog').getByText('there is no account otto').waitFor();
    expect(await axe(page)).toEqual([]);
    await button(page, 'Cancel').click();

    const busy = { error: { code: 'disk_failing', message: 'the disk of the call records fails' } };
    await page.route('**/cgi/webserve/30007', (route) => route.fulfill({ status: 503, json: busy }));
    await page.reload();
    await section(page, 'Accounts').getByText('the disk of the call records fails', { exact: true }).waitFor();
    expect(await axe(page)).toEqual([]);
    await page.unroute('**/cgi/webserve/30007');
    await button(page, 'Try again').click();
    await row(page, 'Accounts', 'monitor').waitFor();
  });
});
