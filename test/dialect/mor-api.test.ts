/** MOR's API over a whole daemon: who comes in by a hash and about whom, in which order it refuses, and what guessing costs. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { morHash } from '../../cgi/dialect/mor/hash.ts';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';
import { type AtEnd, atFileEnd } from '../support/folder.ts';
import { noteSecret } from '../support/log-copy-files.ts';
import { readXml, textAt } from '../support/strict-xml.ts';

const SECRET = 'Very Sercet Key';

async function openMor(env: Record<string, string> = {}, atEnd: AtEnd = onTestFinished): Promise<TestDaemon> {
  const users = '5=shop:201-204 210\n6=till:201\n7=office:211\n';
  const daemon = await startDaemon({ CDRD_MOR_ENABLED: 'yes', CDRD_MOR_USERS: users, ...env }, { atEnd });
  noteSecret(SECRET);
  return daemon;
}

const setSecret = async ({ json }: TestDaemon, secret = SECRET) =>
  json(`/cgi/webserve/30057?dialect=mor&secret=${encodeURIComponent(secret)}`);

/** Asks by POST, with the hash of what is given. @returns the error, or how many calls there are. */
async function asked(
  { url }: TestDaemon,
  form: Record<string, string>,
  { path = '/api/local_calls_get', method = 'POST' } = {},
): Promise<{ status: number; error: string | null; root: string }> {
  const hash = morHash([form['from'], form['till'], form['s_user']], SECRET);
  const body = new URLSearchParams({ hash, ...form });
  const answer =
    method === 'POST' ? await fetch(url + path, { method, body }) : await fetch(`${url}${path}?${body}`, { method });
  const root = readXml(await answer.text());
  return { status: answer.status, error: textAt(root, 'status', 'error'), root: root.children[0]?.name ?? '' };
}

describe('who comes in', () => {
  let daemon: TestDaemon;
  const atEnd = atFileEnd();
  beforeAll(async () => {
    daemon = await openMor({}, atEnd);
    await setSecret(daemon);
  });
  test.each<[string, Record<string, string>, string | null]>([
    ['an admin about himself', { u: 'admin', s_user: '0' }, null],
    ['an admin about a user', { u: 'admin', s_user: '7' }, null],
    ['an admin about an extension', { u: 'admin', s_user: '300' }, null],
    ['a reseller about his user', { u: 'shop', s_user: '6' }, null],
    ['a reseller about another', { u: 'shop', s_user: '7' }, 'User was not found'],
    ['a user about himself', { u: 'till', s_user: '6' }, null],
    ['a user about another', { u: 'till', s_user: '5' }, 'User was not found'],
    ['an admin about nobody', { u: 'admin', s_user: '99' }, 'User was not found'],
    ['an admin without saying about whom', { u: 'admin' }, 'User was not found'],
    ['monitor', { u: 'monitor', s_user: '5' }, 'Access Denied'],
    ['nobody', { u: 'eva', s_user: '5' }, 'Access Denied'],
    ['no name', { s_user: '5' }, 'Access Denied'],
    ['no name and a wrong hash', { s_user: '5', hash: 'x' }, 'Access Denied'],
    ['a wrong hash', { u: 'admin', s_user: '5', hash: 'x' }, 'Incorrect hash'],
    ['nobody with a wrong hash: names can not be tried out', { u: 'eva', s_user: '5', hash: 'x' }, 'Incorrect hash'],
    ['the hash of another user', { u: 'admin', s_user: '5', hash: morHash(['6'], SECRET) }, 'Incorrect hash'],
    [
      'the hash of another period',
      { u: 'admin', s_user: '5', from: '1', till: '2', hash: morHash(['2', '1', '5'], SECRET) },
      'Incorrect hash',
    ],
    ['the hash of the secret alone', { u: 'admin', s_user: '5', hash: morHash([], SECRET) }, 'Incorrect hash'],
    ['a period upside down', { u: 'admin', s_user: '5', from: '1514851200', till: '1514851199' }, 'from is after till'],
    ['all calls up to a moment', { u: 'admin', s_user: '5', from: '0', till: '1514851199' }, null],
    ['a date', { u: 'admin', s_user: '5', from: '2018-01-01' }, 'from must be Unix seconds, such as 1514851199'],
  ])('%s', async (_, form, error) => {
    expect((await asked(daemon, form)).error).toBe(error);
  });

  test.each<[Record<string, string>, Record<string, string>]>([
    [{ s_user: '10' }, { from: '1', s_user: '0' }],
    [{ s_user: '10' }, { till: '1', s_user: '0' }],
    [{ s_user: '0205' }, { from: '0', s_user: '205' }],
    [
      { from: '1514851199', till: '1546300805', s_user: '10' },
      { from: '151485119', till: '9154630080', s_user: '510' },
    ],
    [
      { from: '1514851199', till: '1546300800', s_user: '10' },
      { from: '1514851199', till: '15463008001', s_user: '0' },
    ],
    [
      { till: '1546300800', s_user: '10' },
      { from: '1546300800', till: '1', s_user: '0' },
    ],
  ])('a hash that was seen opens nothing else, cut at another place: %j, %j', async (seen, form) => {
    const hash = morHash([seen['from'], seen['till'], seen['s_user']], SECRET);
    expect(hash).toBe(morHash([form['from'], form['till'], form['s_user']], SECRET));
    expect((await asked(daemon, { u: 'admin', ...form, hash })).error).toMatch(/^(from|till) must be Unix seconds/);
  });

  test('by GET, and by the hash of the secret alone, only where the owner wants it', async () => {
    const form = { u: 'admin', s_user: '5' };
    expect(await asked(daemon, form, { method: 'GET' })).toMatchObject({
      status: 405,
      error: 'GET is not allowed: use POST',
    });
  });

  test('likewise, where he does', async () => {
    await daemon.get('/cgi/webserve/30017?mor.get=yes&mor.sample_hash=yes');
    const form = { u: 'admin', s_user: '5', hash: morHash([], SECRET) };
    expect((await asked(daemon, form, { method: 'GET', path: '/billing/api/local_calls_get' })).root).toBe(
      'local_calls',
    );
  });

  test('nobody before there is a secret, and nobody after it was taken away', async () => {
    await setSecret(daemon, '');
    const disabled = { status: 200, error: 'API Requests are disabled' };
    expect(await asked(daemon, { u: 'admin', s_user: '5' })).toMatchObject(disabled);
    // Not even by the hash of nothing.
    expect(await asked(daemon, { u: 'admin', s_user: '5', hash: morHash(['5'], '') })).toMatchObject(disabled);
    await setSecret(daemon);
    expect((await asked(daemon, { u: 'admin', s_user: '5' })).root).toBe('local_calls');
    expect(await setSecret(daemon, '')).toEqual({ result: 'success', dialect: 'mor', secret: 'none' });
    expect(await asked(daemon, { u: 'admin', s_user: '5' })).toMatchObject(disabled);
  });
});

describe("personal details by user_id and hash, at the address of MOR's document", () => {
  let daemon: TestDaemon;
  const atEnd = atFileEnd();
  beforeAll(async () => {
    daemon = await openMor({}, atEnd);
    await setSecret(daemon);
  });
  const path = '/billing/users/personal_details';
  const told = async (form: Record<string, string>, Cookie = '') => {
    const body = new URLSearchParams(form);
    const answer = await fetch(daemon.url + path, { method: 'POST', body, headers: { Cookie } });
    const root = readXml(await answer.text());
    return textAt(root, 'userid') ?? textAt(root, 'error_msg') ?? textAt(root, 'status', 'error');
  };

  test.each([
    ['5', morHash(['5'], SECRET), '5'],
    ['99', morHash(['99'], SECRET), 'User was not found'],
    ['5', morHash(['6'], SECRET), 'Incorrect hash'],
  ])('%s with %s: %s', async (user_id, hash, answer) => {
    expect(await told({ user_id, hash })).toBe(answer);
  });

  test('by GET only where the owner wants it, and without a hash for who has logged in', async () => {
    const query = new URLSearchParams({ user_id: '5', hash: morHash(['5'], SECRET) });
    expect((await fetch(`${daemon.url}${path}?${query}`)).status).toBe(405);
    const Cookie = `_mor_session=${daemon.sessions.begin({ user: 'admin', role: 'admin' }).token}`;
    expect(await told({ user_id: '5', hash: morHash(['5'], SECRET) }, Cookie)).toBe('5');
    expect(await told({ search_on: '1' }, Cookie)).toBe('0');
    expect(await told({ search_on: '1' })).toBe('Please log in');
  });
});

test('a key with _ in its name is shown as the configuration fixes it', async () => {
  const daemon = await openMor({ CDRD_MOR_SAMPLE_HASH: 'yes', CDRD_MOR_CALLBACK_NUMBERS: '200-299,0049*' });
  const { json_array_settings: settings } = (await daemon.json('/cgi/webserve/30016')) as {
    json_array_settings: object[];
  };
  const fixed = (name: string) => `environment CDRD_MOR_${name}`;
  expect(settings).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ name: 'mor.sample_hash', value: 'yes', fixed: fixed('SAMPLE_HASH') }),
      expect.objectContaining({
        name: 'mor.callback_numbers',
        value: '200-299,0049*',
        fixed: fixed('CALLBACK_NUMBERS'),
      }),
    ]),
  );
});

test('who guesses has to wait, and it is noted', async () => {
  const daemon = await openMor();
  await setSecret(daemon);
  const guess = () => asked(daemon, { u: 'admin', s_user: '5', hash: 'x' });
  const answers = [];
  for (let n = 0; n < 30; n++) answers.push(await guess());
  expect(answers[0]).toMatchObject({ status: 200, error: 'Incorrect hash' });
  expect(answers.at(-1)).toMatchObject({
    status: 429,
    error: expect.stringMatching(/^too many wrong hashes or passwords: wait \d+ s$/),
  });
  // The right one waits as well.
  expect((await asked(daemon, { u: 'admin', s_user: '5' })).status).toBe(429);
  const { json_array_audit: lines } = await daemon.json('/cgi/webserve/30018?action=dialect.refused');
  expect(lines).toMatchObject([{ who: '', chain: 'refused', detail: { dialect: 'mor' } }]);
});

describe('30057', () => {
  test('keeps the secret in its file and nowhere else, over a restart', async () => {
    const first = await openMor();
    expect(await setSecret(first)).toEqual({ result: 'success', dialect: 'mor', secret: 'set' });
    expect(await first.json('/cgi/webserve/30057?dialect=mor')).toMatchObject({ secret: 'set' });
    const file = `${first.folder}/state/secret/dialects`;
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).toContain(SECRET);
    const audit = await first.json('/cgi/webserve/30018?action=dialect.*');
    expect(audit).toMatchObject({
      json_array_audit: [{ who: 'admin', action: 'dialect.secret.set', detail: { dialect: 'mor' } }],
    });
    const support = await (await first.get('/cgi/webserve/30056')).arrayBuffer();
    expect(Buffer.from(support).includes(SECRET)).toBe(false);
    await first.close();
    for (const name of ['cdrd.db', 'cdrd.db-wal'].map((each) => `${first.folder}/state/${each}`))
      expect(existsSync(name) && readFileSync(name).includes(SECRET)).toBe(false);
    const second = await startDaemon({ CDRD_MOR_ENABLED: 'yes' }, { atEnd: onTestFinished, folder: first.folder });
    expect(await second.json('/cgi/webserve/30057?dialect=mor')).toMatchObject({ secret: 'set' });
    expect((await asked(second, { u: 'admin', s_user: '0' })).root).toBe('local_calls');
    expect(second.log.concat(first.log).join('')).not.toContain(SECRET);
  });

  test('takes that of MOR’s own document, and keeps it over a restart', async () => {
    const first = await openMor();
    expect(await setSecret(first, '123456')).toMatchObject({ secret: 'set' });
    await first.close();
    const second = await startDaemon({ CDRD_MOR_ENABLED: 'yes' }, { atEnd: onTestFinished, folder: first.folder });
    expect(await second.json('/cgi/webserve/30057?dialect=mor')).toMatchObject({ secret: 'set' });
  });

  test('refuses what is no secret, and dialects that have none', async () => {
    const daemon = await openMor();
    for (const secret of ['12345', 'x'.repeat(101), 'with "quotes"', 'with \\ this', 'lang\u0007', 'schlüssel'])
      expect(await setSecret(daemon, secret)).toMatchObject({ error: { code: 'invalid', parameter: 'secret' } });
    expect(await daemon.json('/cgi/webserve/30057?dialect=elastix')).toMatchObject({ error: { parameter: 'dialect' } });
  });
});
