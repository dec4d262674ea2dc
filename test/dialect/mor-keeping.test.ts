/** What MOR's clients keep here: new calls that somebody has seen, caller IDs, the phone book; and what they can't have. */
import { beforeAll, describe, expect, test } from 'vitest';
import { CLIS_MAX } from '../../cgi/dialect/mor/clis.ts';
import { NEW_CALLS_MAX } from '../../cgi/dialect/mor/new-calls.ts';
import { NOT_HERE } from '../../cgi/dialect/mor/not-here.ts';
import { atFileEnd } from '../support/folder.ts';
import { textAt } from '../support/strict-xml.ts';
import { all, type MorBox, openMor, textsOf } from './mor-box.ts';

let box: MorBox;
const atEnd = atFileEnd();
beforeAll(async () => {
  box = await openMor(atEnd);
}, 60_000);

const action = async (user: string, path: string, form: Record<string, string> = {}) => {
  const answer = await box.ask(user, path, form);
  const page = answer.xml();
  return { ...textsOf(page), code: answer.status };
};
const ok = (name: string, status_message: string) => ({ name, status: 'ok', status_message, code: 200 });
const failed = (name: string, status_message: string, code = 200) => ({ name, status: 'failed', status_message, code });

describe('new calls', () => {
  /** Noon of today on the box's clock, so that a second more is today too. */
  const today = () => {
    const wall = Math.floor(Date.now() / 1_000) - 28_800;
    return wall - (wall % 86_400) + 43_200 + 28_800;
  };
  const asked = async (user: string, init: RequestInit = {}) => {
    const page = (await box.ask(user, '/stats/new_calls_list', undefined, init)).xml();
    const calls = all(page, 'call').map((call) => textsOf(call)['called_from']);
    expect(textAt(page, 'calls_stat', 'total_calls')).toBe(String(calls.length));
    return [...calls, ...(textAt(page, 'error_msg') ? [textAt(page, 'error_msg')] : [])];
  };
  const stated = async (user: string) => all((await box.ask(user, '/stats/user_stats')).xml(), 'new_calls')[0]?.text;

  test('are those of today at first, then those since the last look, of each reader by himself', async () => {
    const at = today();
    const call = (source: string, destination: string, second: number) =>
      box.call({ at: at + second, source, destination, callType: 'Inbound' });
    await box.call({ at: at - 86_400, source: '0700', destination: '202', callType: 'Inbound' });
    await call('0701', '202', 0);
    await call('0702', '203', 1);
    expect(await stated('shop')).toBe('1');
    expect((await box.ask('shop', '/stats/new_calls_list', undefined, { method: 'HEAD' })).status).toBe(200);
    expect(await asked('shop')).toEqual(['0701']);
    expect(await asked('shop')).toEqual([]);
    expect(await stated('shop')).toBe('0');
    expect(await asked('admin')).toEqual(['0702', '0701']);

    // One that began earlier and ended later.
    const late = await call('0703', '202', -3_600);
    await call('0704', '203', 5);
    expect(await asked('shop')).toEqual(['0703']);
    expect(await asked('admin')).toEqual(['0704', '0703']);
    expect(await asked('office')).toEqual(['0704', '0702']);

    // What changes later isn't new again.
    const tick = await box.daemon.get(`/cgi/webserve/30040?id=${late}&processed=1`);
    expect(tick.status).toBe(200);
    expect(await asked('shop')).toEqual([]);
    // Nor is what is gone.
    expect((await box.daemon.get('/cgi/webserve/9004?src=0704')).status).toBe(200);
    expect(await asked('admin')).toEqual([]);
  });

  test.each(['first', 'later'])('more than a page has come with the next look, at the %s one', async (look) => {
    const at = today();
    const told = { destination: '202', callType: 'Inbound' } as const;
    await Promise.all(
      Array.from({ length: NEW_CALLS_MAX + 2 }, (_, second) =>
        box.put({ at: at + second, source: `08${second}`, ...told }),
      ),
    );
    const first = await asked('both');
    expect(first).toHaveLength(NEW_CALLS_MAX + 1);
    expect(first.at(-1)).toBe(`There are more new calls than these ${NEW_CALLS_MAX}`);
    const rest = await asked('both');
    // Those of the test before are today's too: 0701, 0702 and 0703.
    expect(rest).toHaveLength(look === 'first' ? 5 : 2);
    expect(await asked('both')).toEqual([]);
  });
});

describe('caller IDs', () => {
  const list = async (user: string) => {
    const page = (await box.ask(user, '/devices/user_device_clis')).xml();
    return {
      devices: all(page, 'aval_devices')[0]?.children.map(({ attributes }) => attributes['id']),
      clis: all(page, 'cli').map(textsOf),
      error: textAt(page, 'error_msg'),
    };
  };
  const add = (user: string, device_id: string, cli: string, description = '') =>
    action(user, '/devices/cli_add', { device_id, cli, description });

  test('are kept with their device, told of to whom it belongs, and deleted by him', async () => {
    expect(await list('office')).toEqual({ devices: ['203', '204'], clis: [], error: null });
    expect(await add('office', '203', '5555555', 'Linus <&]]>')).toEqual(ok('add_cli', 'CLI created'));
    expect(await add('shop', 'SIP/202', ' 4930')).toEqual(ok('add_cli', 'CLI created'));
    const { clis } = await list('office');
    const shape = { device: '203', cli_name: '5555555', cli_desc: 'Linus <&]]>' };
    expect(clis).toEqual([{ ...shape, cli_id: '1', added_at: expect.stringMatching(/^20\d\d-/) }]);
    expect((await list('shop')).clis).toMatchObject([{ cli_name: '+4930' }]);
    expect((await list('both')).clis).toHaveLength(2);
    // Of an admin's devices Asterisk alone knows.
    expect(await list('admin')).toMatchObject({
      devices: ['202', '203'],
      clis: [{}, {}],
      error: expect.stringMatching(/^No devices are told of: /),
    });
    expect((await list('both')).error).toBeNull();
    const log = JSON.stringify(await box.daemon.json('/cgi/webserve/30018?limit=2'));
    expect(log).toContain('"cli.added"');

    const none = failed('delete_cli', 'CLI not deleted: there is no such CLI');
    for (const id of ['2', '9', '0', '', '1e0', '2%20', '1/../2'])
      expect([id, await action('office', `/devices/cli_destroy/${id}`)]).toEqual([id, none]);
    expect(await action('office', '/devices/cli_destroy/1')).toEqual(ok('delete_cli', 'CLI deleted'));
    expect(await action('office', '/devices/cli_destroy/1')).toEqual(none);
    expect((await list('both')).clis).toHaveLength(1);
    // An id is never given again.
    expect(await add('office', '204', '7')).toEqual(ok('add_cli', 'CLI created'));
    expect((await list('office')).clis.map(({ cli_id }) => cli_id)).toEqual(['3']);
  });

  test.each([
    ['another’s device', ['205', '1', ''], 'Device was not found'],
    ['a pattern for a device', ['20*', '1', ''], 'Device was not found'],
    ['no device', ['', '1', ''], 'Device was not found'],
    ['no number', ['202', '', ''], 'a value must be a number'],
    ['a number with a slash', ['202', '1/2', ''], 'a value must be a number'],
    ['a control character', ['202', '1', 'a\u0007'], 'a value must not hold line breaks'],
    ['too long a description', ['202', '1', 'x'.repeat(81)], 'a value must be at most 80 characters'],
    ['one that is there', ['202', '+4930', ''], '202 has +4930 already'],
  ] as const)('%s: not created', async (_, [device, number, description], why) => {
    const { status, status_message } = (await add('shop', device, number, description)) as Record<string, unknown>;
    expect(status).toBe('failed');
    expect(status_message).toContain(`CLI not created: ${why}`);
  });

  test('two at once both stay, and there is an end to them', async () => {
    const before = (await list('admin')).clis.length;
    const added = await Promise.all([1, 2, 3, 4, 5].map((number) => add('shop', '202', `77${number}`)));
    expect(added.every(({ code }) => code === 200)).toBe(true);
    expect((await list('admin')).clis).toHaveLength(before + 5);
    const full = Array.from({ length: CLIS_MAX }, (_, index) => ({
      ...{ id: index + 1, device: '202', number: String(index), description: '', added: 0 },
    }));
    const value = { next: CLIS_MAX + 1, clis: full };
    await box.daemon.store.write({ kind: 'note', name: 'mor.clis', value });
    expect(await add('shop', '202', '99999')).toEqual(
      failed('add_cli', `CLI not created: there are ${CLIS_MAX} caller IDs already`),
    );
    await box.daemon.store.write({ kind: 'note', name: 'mor.clis', value: { next: 1, clis: [] } });
  });

  test('want the rights of the phone book', async () => {
    const made = await box.daemon.json('/cgi/webserve/30011?name=reader&role=admin&numbers=30013');
    const headers = { Cookie: `_mor_session=${made['key']}` };
    expect((await box.ask(null, '/devices/user_device_clis', undefined, { headers })).status).toBe(200);
    for (const path of ['/devices/cli_add', '/devices/cli_destroy/1', '/phonebooks/add_new/0', '/phonebooks/destroy/1'])
      expect([path, (await box.ask(null, path, {}, { headers })).status]).toEqual([path, 403]);
  });
});

describe('the phone book', () => {
  const list = async (user: string, id: string) => {
    const page = (await box.ask(user, `/phonebooks/list/${id}`)).xml();
    return textAt(page, 'error_msg') ?? all(page, 'entry').map((entry) => Object.values(textsOf(entry)).join(' '));
  };
  const add = (number: string, name: string, id = '5') => action('shop', `/phonebooks/add_new/${id}`, { number, name });
  const ADD = 'add_phonebook_entry';
  const DELETE = 'delete_phonebook_entry';

  test('is the box’s: what is added stands on its pages, an entry’s number is its id', async () => {
    expect(await list('shop', '5')).toEqual([]);
    // As a + arrives that was not encoded.
    expect(await add(' 12015551234', ' Ex <Girl> & Friend 😀 ')).toEqual(ok(ADD, 'Record added'));
    expect(await add('#31#5', 'Quiet')).toEqual(ok(ADD, 'Record added'));
    expect(await list('shop', '5')).toEqual(['#31#5 Quiet', '+12015551234 Ex <Girl> & Friend 😀']);
    expect(await list('admin', '0')).toHaveLength(2);
    expect(await list('shop', '6')).toBe('User was not found');
    const contacts = (await box.daemon.json('/cgi/webserve/30013'))['json_array_contacts'];
    expect(contacts).toContainEqual({ number: '+12015551234', name: 'Ex <Girl> & Friend 😀', group: '' });

    expect(await action('shop', `/phonebooks/destroy/${encodeURIComponent('#31#5')}`)).toEqual(
      ok(DELETE, 'Record deleted'),
    );
    expect(await action('shop', '/phonebooks/destroy/+12015551234')).toEqual(ok(DELETE, 'Record deleted'));
    expect(await list('shop', '5')).toEqual([]);
  });

  test('what programs of before UTF-8 send is read as they meant it, by the number of ours too', async () => {
    const type = { 'Content-Type': 'application/x-www-form-urlencoded; charset=ISO-8859-1' };
    const latin1 = (text: string) => ({ method: 'POST', headers: type, body: Buffer.from(text, 'latin1') });
    const send = (text: string) => box.ask('admin', '/phonebooks/add_new/0', undefined, latin1(text));
    expect((await send('number=881&name=M%FCller')).status).toBe(200);
    expect((await send('number=882&name=M\xfcller')).status).toBe(200);
    const { token } = box.daemon.sessions.begin({ user: 'admin', role: 'admin' });
    const asked = { ...latin1('number=883&name=M\xfcller'), headers: { ...type, Authorization: `Bearer ${token}` } };
    expect((await fetch(`${box.daemon.url}/cgi/webserve/30014`, asked)).status).toBe(200);
    expect(await list('admin', '0')).toEqual(['881 Müller', '882 Müller', '883 Müller']);
    expect((await box.daemon.get('/cgi/webserve/30015?numbers=881,882,883')).status).toBe(200);
  });

  test('what is there is neither overwritten nor added twice', async () => {
    expect((await box.daemon.get('/cgi/webserve/30014?number=0301&name=Anna&group=VIP')).status).toBe(200);
    expect(await add('0301', 'Anna')).toEqual(ok(ADD, 'Record added'));
    expect(await add('0301', 'Bert')).toEqual(failed(ADD, '0301 is in the phone book already'));
    const contacts = (await box.daemon.json('/cgi/webserve/30013'))['json_array_contacts'];
    expect(contacts).toEqual([{ number: '0301', name: 'Anna', group: 'VIP' }]);
  });

  test.each([
    ['', 'Anna', failed(ADD, 'Please fill all fields')],
    ['0302', ' ', failed(ADD, 'Please fill all fields')],
    ['0302', 'a\nb', failed(ADD, 'name must not hold line breaks or other control characters', 400)],
    [
      '03 02',
      'Anna',
      failed(
        ADD,
        'number must be a number as calls show it: digits, letters, + * # . _ @ - without blanks and brackets',
        400,
      ),
    ],
  ])('%j %j', async (number, name, told) => {
    expect(await add(number, name)).toEqual(told);
  });

  test('another’s id is nobody’s; an entry that isn’t there can’t be deleted', async () => {
    expect(await add('0303', 'Carl', '6')).toEqual(failed(ADD, 'User was not found', 404));
    for (const id of ['4711', '', '%', '%00', '0301%2F..'])
      expect(await action('shop', `/phonebooks/destroy/${id}`)).toEqual(
        failed(DELETE, "We're sorry, but something went wrong"),
      );
    expect(await list('shop', '5')).toEqual(['0301 Anna']);
  });
});

describe('what isn’t here', () => {
  test.each(Object.keys(NOT_HERE))('%s says so', async (asked) => {
    const [method = '', path = ''] = asked.split(' ');
    const answer = await box.ask('shop', `/billing${path}${path.endsWith('/') ? '1' : ''}`, undefined, { method });
    const page = answer.xml();
    expect([answer.status, page.children.map(({ name }) => name)]).toEqual([
      404,
      ['pagename', 'language', 'error_msg', 'userid'],
    ]);
    expect(textAt(page, 'error_msg')).toMatch(/^(This box does not|The PBX is not)/);
    expect((await box.ask(null, path, undefined, { method })).status).toBe(401);
  });
});
