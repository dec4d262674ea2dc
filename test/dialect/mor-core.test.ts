/** MOR's way in, its main page, details, devices and callback: who may, whose calls he is told of, and what breaks nothing. */
import { beforeAll, describe, expect, test } from 'vitest';
import { FUNCTIONS } from '../../cgi/dialect/mor/functions.ts';
import { morHash } from '../../cgi/dialect/mor/hash.ts';
import { settingOf, valueFrom } from '../../cgi/settings/schema.ts';
import { atFileEnd } from '../support/folder.ts';
import { noteSecret } from '../support/log-copy-files.ts';
import { readXml, textAt } from '../support/strict-xml.ts';
import { all, type MorAnswer, type MorBox, openMor, textsOf } from './mor-box.ts';

const SECRET = 'correct horse battery';

let box: MorBox;
const atEnd = atFileEnd();

beforeAll(async () => {
  box = await openMor(atEnd);
  noteSecret(SECRET);
  const now = Math.floor(Date.now() / 1000);
  const call = (source: string, destination: string, callType: 'Inbound' | 'Internal', answered: boolean) =>
    box.put({ at: now, source, destination, callType, ...(!answered && { disposition: 'NO ANSWER' }) });
  await call('0791', '202', 'Inbound', true);
  await call('0792', '202', 'Inbound', false);
  await call('0793', '204', 'Inbound', false);
  await call('202', '203', 'Internal', true);
  // A stranger who shows an extension's number, and who calls himself by what breaks XML.
  await box.put({
    ...{ at: now, source: '202', destination: '205', callType: 'Inbound' },
    change: { callerId: '"\u0007</page>&\ufffe]]>" <202>' },
  });
  await box.put({
    ...{ at: now, source: '205', destination: '204', callType: 'Internal' },
    change: { callerId: '"\u0007</page>&\ufffe]]>" <205>' },
  });
}, 60_000);

const statusOf = ({ status, ...answer }: MorAnswer) => [status, textAt(answer.xml(), 'status_message')];

test.each([
  ['GET', '/billing/api/user_calls_get'],
  ['POST', '/billing/api/user_calls_get'],
  ['GET', '/api/simple_balance_get'],
  ['GET', '/callc/logout'],
  ['POST', '/billing//api/login'],
  ['GET', '/billing/'],
  ['GET', '/billing/nothing/here'],
])('%s %s, which is not here, is told in XML', async (method, path) => {
  const answer = await box.ask(null, path, method === 'POST' ? {} : undefined);
  expect([answer.status, all(answer.xml(), 'error').map(({ text }) => text)]).toEqual([
    ...[404, ['there is no such page here']],
  ]);
});

test('a trailing slash makes no other page, and no other method is known', async () => {
  expect((await box.ask(null, '/callc/login/')).xml().children.length).toBeGreaterThan(0);
  expect((await box.ask(null, '/callc/login/')).status).toBe(200);
  const answer = await box.ask(null, '/billing/api/user_calls_get', undefined, { method: 'DELETE' });
  expect([answer.status, answer.headers.get('content-type')]).toEqual([405, expect.stringMatching(/xml/)]);
  expect((await box.ask(null, '/api/login')).xml().children.length).toBeGreaterThan(0);
});

describe('log-in', () => {
  const logIn = (u: string, p: string) => box.ask(null, '/api/login', { u, p });
  const failed = 'Unknown user or wrong password';

  test.each([
    ['admin', 'admin', 'Succesfully logged in'],
    ['admin', '', failed],
    ['', 'admin', failed],
    ['nobody', 'admin', failed],
    ["' OR 1=1 --", 'x', failed],
    ['admin', '21232f297a57a5a743894a0e4a801fc3', failed],
  ])('%j with %j', async (u, p, message) => {
    const answer = await logIn(u, p);
    expect(statusOf(answer)).toEqual([200, message]);
    expect(answer.headers.get('set-cookie') !== null).toBe(message !== failed);
  });

  test('by an API key under its own name, which then may what the key may', async () => {
    const made = await box.daemon.json('/cgi/webserve/30011?name=wallboard&role=admin&numbers=30002');
    const key = String(made['key']);
    expect(statusOf(await logIn('other', key))).toEqual([200, failed]);
    const answer = await logIn('wallboard', key);
    expect(answer.headers.get('set-cookie')).toContain(`_mor_session=${key};`);
    const headers = { Cookie: `_mor_session=${key}` };
    expect((await box.ask(null, '/callc/main', undefined, { headers })).status).toBe(200);
    const denied = await box.ask(null, '/users/personal_details', undefined, { headers });
    expect([denied.status, textAt(denied.xml(), 'error_msg')]).toEqual([403, 'key:wallboard may not do this']);
    expect(await box.daemon.json('/cgi/webserve/30018?action=denied')).toMatchObject({
      json_array_audit: [{ who: 'key:wallboard', detail: { number: 30013 } }],
    });
  });

  test('who may see no page is told so, gets no cookie, and keeps no session', async () => {
    const { daemon, ask } = await openMor();
    const make = async (more: string) => String((await daemon.json(`/cgi/webserve/30011?${more}`))['key']);
    const before = daemon.sessions.count;
    for (const [u, p] of [
      ['monitor', 'monitor'],
      ['files', await make('name=files&role=monitor')],
      // A listed user's name gives no right.
      ['shop', await make('name=shop&role=monitor')],
      ['other', await make('name=other&role=admin&numbers=30029')],
    ] as const) {
      const answer = await ask(null, '/api/login', { u, p });
      const who = u === 'monitor' ? u : `key:${u}`;
      const message = `${who} may not do this: no page is open to it; log in by the role admin, or by a key of that role for the numbers of the pages`;
      expect(statusOf(answer)).toEqual([200, message]);
      expect(textAt(answer.xml(), 'status')).toBe('failed');
      expect(answer.headers.get('set-cookie')).toBe(null);
    }
    expect(daemon.sessions.count).toBe(before);
    expect(await daemon.json('/cgi/webserve/30018?action=denied&who=monitor')).toMatchObject({
      json_array_audit: [{ who: 'monitor', detail: { dialect: 'mor' } }],
    });
  });

  test("nothing is had by a session of the pages' own cookie, by a made-up one, or without any", async () => {
    const { token } = box.daemon.sessions.begin({ user: 'admin', role: 'admin' });
    for (const Cookie of [`cdrd_session=${token}`, `_mor_session-x=${token}`, '_mor_session=x', '']) {
      const answer = await box.ask(null, '/callc/main', undefined, { headers: { Cookie } });
      expect([answer.status, textAt(answer.xml(), 'error_msg')]).toEqual([401, 'Please log in']);
    }
    const action = await box.ask(null, '/functions/activate_callback', {});
    expect(statusOf(action)).toEqual([401, 'Please log in']);
  });

  test('a base has a cookie of its own', async () => {
    const { daemon, ask } = box;
    await daemon.get('/cgi/webserve/30017?mor.base=/mor');
    const answer = await ask(null, '/mor/billing/api/login', { u: 'admin', p: 'admin' });
    await daemon.get('/cgi/webserve/30017?reset=mor.base');
    expect(answer.headers.get('set-cookie')).toMatch(/^_mor_session-mor=/);
  });

  test('who guesses has to wait', async () => {
    const answers = [];
    for (let n = 0; n < 8; n++) answers.push(await logIn('eva', `guess ${n}`));
    expect(statusOf(answers[0] as MorAnswer)).toEqual([200, failed]);
    expect(statusOf(answers.at(-1) as MorAnswer)).toEqual([429, expect.stringMatching(/^too many wrong passwords/)]);
  });
});

test.each([
  // Missed today and in all; calls; seconds.
  ['admin', '0', '2', '6'],
  ['shop', '5', '1', '3'],
  ['office', '6', '1', '3'],
  ['both', '7', '2', '5'],
])('the main page tells %s of his own calls', async (user, id, missed, calls) => {
  const root = (await box.ask(user, '/callc/main')).xml();
  expect(textsOf(root)).toMatchObject({ username: user, userid: id });
  expect(all(root, 'missed_calls').map(textsOf)).toEqual([{ missed_today: missed, missed_total: missed }]);
  expect(all(root, 'calls').map((each) => [textAt(each, 'period'), textAt(each, 'call_counts')])).toEqual([
    ['Month', calls],
    ['Day', calls],
  ]);
  expect(all(root, 'finances')).toEqual([]);
});

test('what only tells is told by POST too, what does something by POST alone', async () => {
  for (const path of [
    '/callc/main',
    '/billing/users/personal_details',
    '/devices/user_device_clis',
    '/phonebooks/list/0',
  ])
    expect([path, (await box.ask('admin', path, { search_on: '1' })).status]).toEqual([path, 200]);
  for (const path of ['/devices/cli_add', '/phonebooks/destroy/1', '/functions/activate_callback', '/api/login'])
    expect([path, (await box.ask('admin', path)).status]).toEqual([path, 405]);
});

test('by HEAD a page has its head', async () => {
  const answer = await box.ask('admin', '/callc/main', undefined, { method: 'HEAD' });
  const type = answer.headers.get('content-type');
  expect([answer.status, type, answer.text]).toEqual([200, 'application/xml; charset=utf-8', '']);
});

test('what a stranger calls himself breaks no answer of local_calls_get, and is no call of an extension', async () => {
  await box.daemon.get(`/cgi/webserve/30057?dialect=mor&secret=${encodeURIComponent(SECRET)}`);
  const told = async (s_user: string) => {
    const form = { u: 'admin', s_user, hash: morHash([s_user], SECRET) };
    return all((await box.ask(null, '/api/local_calls_get', form)).xml(), 'call').map(textsOf);
  };
  const internal = { originator_device: '202', terminator_device: '203', terminator_user: 'office' };
  const strange = { originator_device: '205', originator_caller_id: '"\ufffd</page>&\ufffd]]>" <205>' };
  expect(await told('0')).toMatchObject([internal, strange]);
  expect(await told('5')).toMatchObject([internal]);
  expect(await told('205')).toMatchObject([strange]);
  expect(await told('616')).toEqual([]);
});

describe('details', () => {
  const edit = async (user: string, id: string, form: Record<string, string>) =>
    statusOf(await box.ask(user, `/users/update_personal_details/${id}`, form));

  test.each([
    ['shop', '5', 'Personal details changed'],
    ['both', '6', 'Personal details changed'],
    ['admin', '300', 'Personal details changed'],
    ['shop', '6', 'User was not found'],
    ['office', '7', 'User was not found'],
    ['shop', '0', 'User was not found'],
    ['admin', '', 'User was not found'],
    ['admin', "5'", 'User was not found'],
  ])('%s changes those of %j: %s', async (user, id, message) => {
    expect((await edit(user, id, { surname: 'M' }))[1]).toBe(message);
  });

  test.each([
    [{}, /^nothing is given of username, surname/],
    [{ balance: '100' }, /^nothing is given/],
    [{ surname: 'x'.repeat(201) }, /^surname must be 200 characters at most/],
    [{ surname: 'a\nb' }, /^surname must be one line/],
    [{ surname: '\u0007' }, /^surname must be one line/],
    [{ agreement_date: '11.3.2008' }, /^agreement_date must be a date/],
  ])('%j is none', async (form, message) => {
    expect(await edit('admin', '5', form as Record<string, string>)).toEqual([400, expect.stringMatching(message)]);
  });

  test('what is sent is kept, the rest stays, also of two at once, and who changed it is known', async () => {
    const fields = ['personalid', 'reg_address', 'reg_city', 'reg_email'];
    await Promise.all(fields.map((field) => edit('admin', '7', { [field]: 'x' })));
    const both = (await box.ask('both', '/users/personal_details')).xml();
    expect(fields.map((field) => all(both, field).map(({ text }) => text))).toEqual(fields.map(() => ['x']));
    await edit('admin', '6', { surname: 'Mazunin', reg_city: 'Tashkent' });
    await edit('admin', '6', { reg_city: '' });
    const root = (await box.ask('office', '/users/personal_details')).xml();
    expect(all(root, 'surname').map(({ text }) => text)).toEqual(['Mazunin']);
    expect(all(root, 'reg_city').map(({ text }) => text)).toEqual(['']);
    expect(all(root, 'main_details').map(textsOf)).toEqual([{ alias: 'office' }]);
    const { json_array_audit: lines } = await box.daemon.json('/cgi/webserve/30018?action=details.changed&limit=1');
    expect(lines).toMatchObject([{ who: 'admin', detail: { user: '6', fields: 'reg_city' } }]);
  });
});

test('without Asterisk there are no devices, which is told', async () => {
  const answer = await box.ask('admin', '/devices/user_devices');
  expect([answer.status, textAt(answer.xml(), 'error_msg')]).toEqual([409, 'Asterisk is away']);
});

test('a callback is refused by GET, switched off, and without the scope', async () => {
  const query = '?src=202&dst=203&acc=202';
  expect((await box.ask('admin', `/functions/activate_callback${query}`)).status).toBe(405);
  expect(statusOf(await box.ask('admin', `/functions/activate_callback${query}`, {}))).toEqual([
    403,
    'mor.callback is switched off',
  ]);
  await box.daemon.get('/cgi/webserve/30017?mor.callback=yes&mor.callback_numbers=200-299');
  expect(statusOf(await box.ask('shop', `/functions/activate_callback${query}`, {}))).toEqual([
    403,
    'key:shop may not place calls: it takes the scope call.place',
  ]);
  expect(statusOf(await box.ask('admin', `/functions/activate_callback${query}`, {}))).toEqual([
    409,
    'Asterisk is away',
  ]);
  const { json_array_audit: lines } = await box.daemon.json('/cgi/webserve/30018?action=call.placed');
  expect(lines).toEqual([]);
});

test.each([
  ['mor.users', '5=shop:201-204 210,6=till:201', null],
  ['mor.users', 'shop', /^entry 1 must be ID=NAME:EXTENSIONS/],
  ['mor.users', '5=shop:201,5=till:202', 'has the id 5 twice'],
  ['mor.users', '5=shop:201,6=till:204-202', /^entry 2 .*upside down/],
  ['mor.callback_numbers', '200-299,0049*,+493012345,??', null],
  ['mor.callback_numbers', '200-199', /^entry 1 holds "200-199": .*upside down/],
  ['mor.callback_numbers', '200,SIP/x', /^entry 2 must be a number, a range/],
])('%s=%s', (name, value, fault) => {
  const setting = settingOf(name);
  const found = setting?.fault(valueFrom(setting, value));
  expect(found).toEqual(fault instanceof RegExp ? expect.stringMatching(fault) : fault);
});

test('every function that is told to work is there, by each of its methods', async () => {
  const there = FUNCTIONS.filter(({ works }) => works !== 'no').flatMap(({ name }) => {
    const [, methods = '', path = ''] = /^([A-Z, ]+) (\/[^\s?,]+)/.exec(name) ?? [];
    return methods.split(', ').map((method) => [method, path.replace(/ID$/, '1')] as const);
  });
  expect(there.length).toBeGreaterThan(20);
  for (const [method, path] of there) {
    const answer = await box.ask('admin', path, undefined, { method });
    const text = answer.headers.get('content-type')?.includes('xml')
      ? textAt(readXml(answer.text), 'status', 'error')
      : '';
    expect([method, path, text]).not.toEqual([method, path, 'there is no such page here']);
  }
});
