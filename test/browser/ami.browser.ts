/** AMI Settings as a person uses them: a program is given a user, and logs in by it. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Page } from 'playwright-core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { connectClient } from '../ami/client.ts';
import { axe, shot, useBox } from './box.ts';

const box = useBox({ store: 'empty', alone: true, freeListeners: true });
const users = (page: Page) => page.getByRole('region', { name: 'Users' });

async function logIn(user: string, secret: string) {
  const client = await connectClient(box.ami);
  const answer = await client.ask('Login', { Username: user, Secret: secret });
  return { client, response: answer.headers.find(([name]) => name === 'Response')?.[1] };
}

describe('a user', () => {
  test.each(['desktop', 'phone'] as const)('is made with a secret that is shown once, %s', async (size) => {
    const name = `crm-${size}`;
    const page = await box.open({ page: 'ami-settings', size });
    if (size === 'desktop') await page.getByText('There is no user yet').waitFor();
    await shot(page, `ami-first-${size}`, true);
    await page.getByRole('button', { name: 'Add a user' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name', { exact: true }).fill(name);
    await dialog.getByLabel('Make a new one').check();
    await dialog.getByLabel('originate place calls').check();
    expect(await axe(page)).toEqual([]);
    await shot(page, `ami-user-${size}`);
    await dialog.getByRole('button', { name: 'Save' }).click();
    const shown = page.getByRole('dialog', { name: `The secret of ${name}` });
    const secret = await shown.getByLabel('Secret').first().inputValue();
    expect(secret).toMatch(/^[\w-]{24}$/);
    expect(await axe(page)).toEqual([]);
    await shot(page, `ami-secret-${size}`);
    await shown.getByRole('button', { name: 'I have it' }).click();
    await users(page).getByText(name).waitFor();
    expect(await page.content()).not.toContain(secret);

    const { client, response } = await logIn(name, secret);
    expect(response).toBe('Success');
    const ping = await client.ask('Ping');
    expect(ping.headers.find(([each]) => each === 'Response')?.[1]).toBe('Success');
    await page.getByRole('button', { name: 'Look again' }).click();
    await page.getByRole('region', { name: 'Connected now' }).getByText(name).waitFor();
    expect(await axe(page)).toEqual([]);
    await shot(page, `ami-${size}`, true);

    await page.getByRole('button', { name: `Remove ${name}` }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click();
    await page.getByText(`${name} is removed.`).waitFor();
    await client.until('the end', () => client.closed);
  });

  test('is changed: a secret of one’s own, other classes, ranges; what is wrong is told at its field', async () => {
    const page = await box.open({ page: 'ami-settings', dark: true, expects: [/400/, /403/] });
    await page.getByRole('button', { name: 'Add a user' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name', { exact: true }).fill('wallboard');
    await dialog.getByLabel('Type one').check();
    await dialog.getByLabel('The secret').fill('first-secret');
    await dialog.getByLabel('Ranges').fill('nonsense');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.locator('[aria-invalid=true]').first().waitFor();
    await dialog.getByLabel('Ranges').fill('127.0.0.0/8');
    await dialog.getByLabel('Single actions').fill('MixMonitor');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByText('console').last().waitFor();
    expect(await axe(page)).toEqual([]);
    await dialog.getByLabel('Single actions').fill('');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByText('wallboard is saved.').waitFor();
    expect((await logIn('wallboard', 'first-secret')).response).toBe('Success');

    await page.getByRole('button', { name: 'Change wallboard' }).click();
    await page.getByRole('dialog').getByLabel('dtmf keys pressed').check();
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await users(page).getByText('keys pressed').waitFor();
    expect((await logIn('wallboard', 'first-secret')).response).toBe('Success'); // it has kept its secret
    await shot(page, 'ami-dark', true);
  });
});

test('the AMI is opened towards the network, and closed again', async () => {
  const lan = Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
  const reaches = async (host: string) => {
    const socket = connect({ host, port: box.ami });
    onTestFinished(() => void socket.destroy());
    return Promise.race([
      once(socket, 'data').then(([data]) => String(data)),
      new Promise<string>((resolve) => socket.once('error', () => resolve('refused'))),
      new Promise<string>((resolve) => socket.once('close', () => resolve('closed'))),
    ]);
  };
  const page = await box.open({ page: 'ami-settings' });
  const access = page.getByRole('form', { name: 'From where it can be reached' });
  const wide = access.getByLabel('Reachable from the network (LAN)');
  expect(await wide.isChecked()).toBe(false);
  await wide.check();
  await access.getByLabel('Who may come').fill('all'); // the address of a machine that tests may be of any network
  await page.getByText('The AMI has no encryption').waitFor();
  await access.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved.').waitFor();
  expect(await reaches('127.0.0.1')).toContain('Asterisk Call Manager');
  if (lan) expect(await reaches(lan)).toContain('Asterisk Call Manager');
  expect(await axe(page)).toEqual([]);
  await wide.uncheck();
  await access.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Nothing is changed.').waitFor();
  if (lan) await expect.poll(() => reaches(lan)).toBe('refused');
  expect(await reaches('127.0.0.1')).toContain('Asterisk Call Manager');
});
