/** General Preferences as a person uses them, and what keeps one from locking oneself out. */
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import type { Page } from 'playwright-core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { selfSigned } from '../../daemon/http/self-signed.ts';
import { axe, freePort, hold, settled, shot, useBox } from './box.ts';

const card = (page: Page, name: string) => page.getByRole('form', { name });
const save = (page: Page, name: string) => card(page, name).getByRole('button', { name: 'Save' }).click();
const bar = (page: Page) => page.getByRole('region', { name: 'Keep this change?' });

/** Changes go on trial for seconds, not for a minute. */
async function hurry(page: Page, seconds: number): Promise<void> {
  await page.route('**/cgi/webserve/30017', async (route) => {
    const body = (route.request().postData() ?? '').replace('confirm=60', `confirm=${seconds}`);
    await route.continue({ postData: body });
  });
}

const answers = async (url: string) =>
  fetch(`${url}/healthz`).then(
    ({ status }) => status,
    () => 0,
  );

describe('the page', () => {
  const box = useBox({
    store: 'empty',
    alone: true,
    env: { CDRD_NUMBERING_PAGING: '720-729', CDRD_VOIPMONITOR_BASE: '/demo' },
  });

  test.each([
    ['desktop', false],
    ['desktop', true],
    ['phone', false],
    ['phone', true],
  ] as const)('shows all there is, %s, dark %s', async (size, dark) => {
    const page = await box.open({ page: 'preferences', size, dark });
    for (const name of ['Web access', 'Number ranges', 'Trunks', 'Time', 'Dialects']) await card(page, name).waitFor();
    await page.getByText('Your address is 127.0.0.1.').first().waitFor();
    await page.getByText('It agrees with the clock of this device.').waitFor();
    await page.getByText('These are the firmware’s').waitFor();
    expect(await axe(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    await shot(page, `preferences-${size}${dark ? '-dark' : ''}`, true);
  });

  test('what the environment fixes is read-only and says where', async () => {
    const page = await box.open({ page: 'preferences' });
    const paging = page.getByLabel('Paging groups');
    expect(await paging.getAttribute('readonly')).not.toBeNull();
    await card(page, 'Number ranges').getByText('environment variable CDRD_NUMBERING_PAGING').waitFor();
    expect(await page.getByLabel('Port of HTTP', { exact: true }).getAttribute('readonly')).not.toBeNull();
    await card(page, 'Web access').getByText('environment variable CDRD_HTTP_LISTEN').first().waitFor();
    const spanish = await box.open({ page: 'preferences', language: 'es' });
    await spanish.getByText('la variable de entorno CDRD_NUMBERING_PAGING').waitFor();
  });

  test('number ranges are saved, and what clashes is told at its field', async () => {
    const page = await box.open({ page: 'preferences', expects: [/400/] });
    const ivr = page.getByLabel('IVR');
    await ivr.fill('600-639');
    await save(page, 'Number ranges');
    await card(page, 'Number ranges').getByText('overlaps').first().waitFor();
    expect(await axe(page)).toEqual([]);
    await ivr.fill('625-639');
    await save(page, 'Number ranges');
    await page.getByText('Saved.').waitFor();
    const { json_array_settings: rows } = await box.ask<{ json_array_settings: { name: string; value: string }[] }>(
      30016,
    );
    expect(rows.find(({ name }) => name === 'numbering.ivr')?.value).toBe('625-639');
  });

  test('what is saved stands there as it was typed, until the box has told it anew', async () => {
    const page = await box.open({ page: 'preferences' });
    const ivr = page.getByLabel('IVR');
    const tell = await hold(page, 30016);
    await ivr.fill('626-639');
    await save(page, 'Number ranges');
    await page.getByText('Saved.').waitFor();
    expect(await ivr.inputValue()).toBe('626-639');
    expect(await card(page, 'Number ranges').getByRole('button', { name: 'Save' }).isDisabled()).toBe(true);
    tell();
    await settled(page);
    expect(await ivr.inputValue()).toBe('626-639');
  });

  test('a dialect is switched on by the keyboard, and the address that is shown answers', async () => {
    const page = await box.open({ page: 'preferences', size: 'phone' });
    const dialects = card(page, 'Dialects');
    const addresses = dialects.getByRole('textbox', { name: /^Address to give/ });
    expect(await addresses.count()).toBe(0);
    for (const product of ['Elastix', 'MOR', 'VoIPmonitor'])
      await dialects.getByRole('checkbox', { name: `Answer as ${product} does` }).press('Space');
    await dialects.getByText('put passwords into addresses').first().waitFor();
    await dialects.getByLabel('In front of the addresses of MOR').fill('/old');
    const fixed = dialects.getByLabel('In front of the addresses of VoIPmonitor');
    expect(await fixed.getAttribute('readonly')).not.toBeNull();
    await dialects.getByText('environment variable CDRD_VOIPMONITOR_BASE').waitFor();
    expect(await axe(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    const shown = await Promise.all((await addresses.all()).map((each) => each.inputValue()));
    expect(shown).toEqual([
      `${box.url}/api/api.php`,
      `${box.url}/old/billing/api/local_calls_get`,
      `${box.url}/old/api/login`,
      `${box.url}/demo/php/api.php`,
      `${box.url}/demo/php/model/sql.php`,
    ]);
    await save(page, 'Dialects');
    await page.getByText('Saved.').waitFor();
    // Whatever it says to an empty request: it is no longer an address that the box doesn't know.
    for (const address of shown) expect(await (await fetch(address)).text()).not.toContain('"not_found"');
    await dialects.getByLabel('Users of MOR').scrollIntoViewIfNeeded();
    await shot(page, 'preferences-dialects-phone');
  });

  test('the secret of MOR is set, changed and taken away, and never shown', async () => {
    const page = await box.open({ page: 'preferences', size: 'phone', expects: [/400/] });
    const secret = card(page, 'Secret of MOR');
    await secret.getByText('API Requests are disabled').waitFor();
    await secret.getByLabel('Secret', { exact: true }).fill('short');
    await secret.getByRole('button', { name: 'Set it' }).click();
    await secret.getByRole('alert').waitFor();
    expect(await axe(page)).toEqual([]);
    await secret.getByLabel('Secret', { exact: true }).fill('Very Sercet Key');
    await secret.getByRole('button', { name: 'Set it' }).click();
    await page.getByText('The secret is set.').waitFor();
    const another = secret.getByLabel('Another secret');
    expect([await another.inputValue(), await another.getAttribute('type')]).toEqual(['', 'password']);
    expect(await page.content()).not.toContain('Very Sercet Key');
    await shot(page, 'preferences-secret-phone');
    await secret.getByRole('button', { name: 'Take it away' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Take it away' }).press('Enter');
    await page.getByText('The secret is gone.').waitFor();
    await secret.getByText('API Requests are disabled').waitFor();
  });

  test('a base that cannot be one is told at its field', async () => {
    const page = await box.open({ page: 'preferences', language: 'es', expects: [/400/] });
    const dialects = card(page, 'Dialectos');
    await dialects.getByLabel('Delante de las direcciones de Elastix').fill('old/');
    await dialects.getByRole('button', { name: 'Guardar' }).click();
    await dialects.getByRole('alert').waitFor();
    expect(await axe(page)).toEqual([]);
    await shot(page, 'preferences-dialects-es', true);
  });

  test('which trunk is told in Spanish, the direction too', async () => {
    const page = await box.open({ page: 'preferences', size: 'phone', language: 'es-ES' });
    await page.getByLabel('Canal', { exact: true }).fill('SIP/96-0000001a');
    await page.getByRole('button', { name: '¿Qué troncal?' }).click();
    await page.getByText('sería entrante.').waitFor();
  });

  test('a pattern is tried before it is saved', async () => {
    const page = await box.open({ page: 'preferences', size: 'phone', expects: [/400/] });
    const which = card(page, 'Which trunk would this channel be?');
    await which.getByLabel('Channel', { exact: true }).fill('Dongle/gsm2-0100000000');
    await which.getByRole('button', { name: 'Which trunk?' }).click();
    await which.getByText('It is no trunk.').waitFor();
    await page.getByLabel('GSM ports').fill('^Dongle/gsm(\\d+)-');
    await which.getByRole('button', { name: 'Which trunk?' }).click();
    await which.getByText('It is the trunk GSM2.').waitFor();
    await which.getByLabel('Channel', { exact: true }).fill('SIP/96-0000001a');
    await which.getByLabel('The other side').fill('SIP/202-0000001b');
    await which.getByRole('button', { name: 'Which trunk?' }).click();
    await which.getByText('96 is no extension.').waitFor();
    await which.getByText('would be inbound.').waitFor();
    expect(await axe(page)).toEqual([]);
  });

  test('a certificate is put in, and one that does not fit is refused at its field', async () => {
    const page = await box.open({ page: 'preferences', expects: [/400/] });
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const pem = (key: typeof privateKey) => key.export({ type: 'pkcs8', format: 'pem' }).toString();
    const names = { host: 'pbx', listed: ['pbx.example.com'], addresses: [] };
    const region = page.getByRole('region', { name: 'Certificate of HTTPS' });
    await region.getByText('self-signed', { exact: true }).waitFor();
    await region.getByText('Put in another').click();
    await region.getByLabel('Certificate (PEM)').fill(await selfSigned(privateKey, names, Date.now()));
    await region.getByLabel('Private key (PEM)').fill(pem(other));
    await region.getByRole('button', { name: 'Put it in' }).click();
    await region.getByText('is not the key of this certificate').waitFor();
    expect(await axe(page)).toEqual([]);
    await region.getByLabel('Private key (PEM)').fill(pem(privateKey));
    await region.getByRole('button', { name: 'Put it in' }).click();
    await page.getByText('The certificate is in place.').waitFor();
    await region.getByText('pbx.example.com').waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      region.getByRole('link', { name: 'Download it' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('cdrd.pem');
  });
});

describe('a change that may lock one out', () => {
  const box = useBox({ store: 'empty', alone: true, freeListeners: true });
  const ANY = [/./];

  test('of the port falls back when nobody confirms it, and the page with it', async () => {
    const page = await box.open({ page: 'preferences', size: 'phone', expects: ANY });
    await hurry(page, 20);
    const port = await freePort();
    await page.getByLabel('Port of HTTP', { exact: true }).fill(String(port));
    // Said for two seconds, before the page goes there.
    const said = bar(page).getByText(`The pages are at http://127.0.0.1:${port} now`).waitFor();
    await save(page, 'Web access');
    await said;
    await page.waitForURL(`http://127.0.0.1:${port}/preferences*`);
    await bar(page).getByRole('button', { name: 'Keep the change' }).waitFor();
    expect(await axe(page)).toEqual([]);
    await shot(page, 'preferences-confirm-phone');
    await page.waitForURL(`${box.url}/preferences`, { timeout: 40_000 });
    expect([await answers(box.url), await answers(`http://127.0.0.1:${port}`)]).toEqual([200, 0]);
  });

  test('is taken back at once by a press', async () => {
    const page = await box.open({ page: 'preferences', expects: ANY });
    const port = await freePort();
    await page.getByLabel('Port of HTTP', { exact: true }).fill(String(port));
    // The box takes longer to answer than the page waits before it goes to the new address: from where one has pressed it
    // doesn't go.
    let letBack = () => {};
    await page.route('**/cgi/webserve/30038', async (route) => {
      if (/back=/.test(route.request().postData() ?? '')) await new Promise<void>((resolve) => (letBack = resolve));
      await route.continue();
    });
    await page.clock.install();
    const asked = page.waitForRequest((request) => /back=/.test(request.postData() ?? ''));
    const back = bar(page).getByRole('button', { name: 'Go back now' }).click();
    await save(page, 'Web access');
    await back;
    await asked;
    await page.clock.runFor(5_000);
    await shot(page, 'preferences-pending');
    letBack();
    await page.getByText('The change is taken back.').waitFor();
    expect(new URL(page.url()).origin).toBe(box.url);
    await expect.poll(() => answers(`http://127.0.0.1:${port}`)).toBe(0);
    expect(await answers(box.url)).toBe(200);
  });

  test('of the permitted ranges without one’s own address shuts out for as long, and then no more', async () => {
    // Who comes from the box itself is never shut out: this one comes from elsewhere.
    const { port } = new URL(box.url);
    const way = createServer((socket) => {
      const there = connect({ host: '127.0.0.1', port: Number(port), localAddress: '127.0.0.9' });
      socket.pipe(there).pipe(socket);
      for (const [one, other] of [
        [socket, there],
        [there, socket],
      ] as const)
        one.on('error', () => other.destroy()).on('close', () => other.destroy());
    }).listen(0, '127.0.0.1');
    await once(way, 'listening');
    onTestFinished(() => void way.close());
    const there = `http://127.0.0.1:${(way.address() as AddressInfo).port}`;
    const page = await box.open({ page: 'preferences', expects: ANY });
    await page.goto(`${there}/preferences`);
    await page.getByText('Your address is 127.0.0.9.').first().waitFor();
    await hurry(page, 8);
    await page.getByLabel('Who may come by HTTP', { exact: true }).fill('10.0.0.0/8');
    await save(page, 'Web access');
    await bar(page).getByText('who may come by HTTP').waitFor();
    await expect.poll(() => answers(there)).toBe(403);
    expect(await answers(box.url)).toBe(200);
    await expect.poll(() => answers(there)).toBe(200);
    await page.goto(`${there}/preferences`);
    await page.getByLabel('Who may come by HTTP', { exact: true }).waitFor();
    expect((await page.getByLabel('Who may come by HTTP', { exact: true }).inputValue()).trim()).toBe('local');
  });

  test('of one’s own rights is asked about after the next log-in', async () => {
    await box.ask(30008, { UserName: 'other', role: 'admin', Password: '0'.repeat(32) });
    const page = await box.open({ page: 'preferences', expects: ANY });
    await page.evaluate(() =>
      fetch('/cgi/webserve/30008', {
        method: 'POST',
        body: new URLSearchParams({ UserName: 'admin', role: 'monitor', confirm: '60' }),
      }).then((answer) => answer.json()),
    );
    await page.goto(`${box.url}/`);
    await page.getByLabel('User name').fill('admin');
    await page.getByLabel('Password', { exact: true }).fill('admin');
    await page.getByRole('button', { name: 'Log in' }).click();
    await bar(page).getByText('role of admin').waitFor();
    await shot(page, 'preferences-own-rights');
    await bar(page).getByRole('button', { name: 'Go back now' }).click();
    await page.getByLabel('User name').waitFor();
    await page.getByLabel('User name').fill('admin');
    await page.getByLabel('Password', { exact: true }).fill('admin');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('link', { name: 'General Preferences' }).waitFor();
  });

  test('of the port stays once it is kept, at the new address', async () => {
    const page = await box.open({ page: 'preferences', expects: ANY });
    const port = await freePort();
    await page.getByLabel('Port of HTTP', { exact: true }).fill(String(port));
    await save(page, 'Web access');
    await page.waitForURL(`http://127.0.0.1:${port}/preferences*`);
    await bar(page).getByRole('button', { name: 'Keep the change' }).click();
    await page.getByText('The change is kept.').waitFor();
    await expect.poll(() => answers(box.url)).toBe(0);
    await page.reload();
    await page.getByLabel('Port of HTTP', { exact: true }).waitFor();
    expect(await page.getByLabel('Port of HTTP', { exact: true }).inputValue()).toBe(String(port));
    expect(await bar(page).count()).toBe(0);
  });
});
