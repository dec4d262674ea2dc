/** The users of our AMI: made and changed while the daemon runs and while it doesn't, where they may come from, their secrets. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type AmiUserDefinition, openAmiUsers, secretMatches } from '../../daemon/ami/users.ts';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';
import { temporaryFolder } from '../support/folder.ts';
import { NODE_FLAGS } from '../support/production.ts';
import { amiPort, connectClient, keyOf, logInClient, removeUser, SECRET, setUser } from './client.ts';

const PROGRAM = new URL('../.build/cdrd.mjs', import.meta.url).pathname;

async function cdrd(folder: string, args: readonly string[], input = '') {
  const child = spawn(process.execPath, [...NODE_FLAGS, PROGRAM, ...args], {
    env: {
      PATH: process.env['PATH'],
      CDRD_STATE_DIR: `${folder}/state`,
      CDRD_RUN_DIR: `${folder}/run`,
      CDRD_RECORDINGS_DIR: `${folder}/recordings`,
      CDRD_RECORDINGS_REQUIRE_MOUNT: 'no',
      CDRD_ASTERISK_HOST: '',
      CDRD_AMI_LISTEN: '127.0.0.1:0',
    },
  });
  let out = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      out += chunk;
    });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [code] = (await once(child, 'close', { signal: AbortSignal.timeout(15_000) })) as [number | null];
  return { code, out: out.trim() };
}

describe('by command', () => {
  test('while the daemon runs: at once, without a session dropped', async () => {
    const daemon = await startDaemon();
    const { folder } = daemon;
    const set = ['ami-user', 'set', 'crm', '--read', 'cdr,call', '--write', 'call', '--permit', '127.0.0.0/8'];
    expect(await cdrd(folder, set, `${SECRET}\n`)).toEqual({ code: 0, out: 'AMI user crm is set' });
    const client = await logInClient(amiPort(daemon), 'crm');
    expect((await client.ask('Filter')).get('Message')).toBe('Permission denied');

    const more = ['ami-user', 'set', 'crm', '--read', 'cdr', '--write', 'system', '--extras', 'on'];
    expect((await cdrd(folder, more, SECRET)).code).toBe(0);
    expect((await client.ask('Filter')).get('Message')).toBe('Unknown operation'); // may, now
    expect(client.closed).toBe(false);
  });

  test('while the daemon runs: one who is listed is removed, and dropped', async () => {
    const daemon = await startDaemon();
    const { folder } = daemon;
    const set = ['ami-user', 'set', 'crm', '--read', 'cdr', '--write', 'system', '--extras', 'on'];
    expect((await cdrd(folder, set, SECRET)).code).toBe(0);
    const client = await logInClient(amiPort(daemon), 'crm');
    expect((await cdrd(folder, ['ami-user', 'list'])).out).toBe(
      'crm  read=cdr  write=system  permit=the box itself  extras=on',
    );
    expect((await cdrd(folder, ['ami-user', 'remove', 'crm'])).out).toBe('AMI user crm is removed');
    await client.until('it is dropped', () => client.closed);
    const again = await cdrd(folder, ['ami-user', 'remove', 'crm']);
    expect(again.code).not.toBe(0);
    expect(again.out).toContain('there is no AMI user crm');
    expect((await cdrd(folder, ['ami-user', 'list'])).out).toBe('there are no AMI users');
  });

  test('while it does not run: the next start has them', async () => {
    const folder = temporaryFolder();
    mkdirSync(`${folder}/recordings`);
    expect((await cdrd(folder, ['ami-user', 'set', 'crm', '--read', 'all'], SECRET)).out).toBe('AMI user crm is set');
    expect((await cdrd(folder, ['ami-user', 'set', 'other'], SECRET)).code).toBe(0);
    expect((await cdrd(folder, ['ami-user', 'remove', 'other'])).code).toBe(0);
    const daemon = await startDaemon({}, { folder });
    await logInClient(amiPort(daemon), 'crm');
    await expect(logInClient(amiPort(daemon), 'other')).rejects.toThrow('Authentication failed');
  });

  test.each([
    [['set', 'a b'], SECRET, /name/],
    [['set', 'x'.repeat(65)], SECRET, /name/],
    [['set'], SECRET, /which user/],
    [['set', 'crm'], '', /secret/],
    [['set', 'crm'], 'x'.repeat(81), /secret/],
    [['set', 'crm', '--read', 'cdr,nonsense'], SECRET, /read: nonsense/],
    [['set', 'crm', '--write', 'call,a-b'], SECRET, /./],
    [['set', 'crm', '--permit', '10.0.0.0/33'], SECRET, /permit: 10\.0\.0\.0\/33/],
    [['set', 'crm', '--permit', 'lan'], SECRET, /permit: lan/],
    [['set', 'crm', '--extras', 'yes'], SECRET, /extras/],
    [['forget', 'crm'], SECRET, /set, remove or list/],
    [['list', 'crm', 'more'], '', /more/],
  ])('cdrd ami-user %j is refused and says why', async (args, input, why) => {
    const folder = temporaryFolder();
    mkdirSync(`${folder}/recordings`);
    const { code, out } = await cdrd(folder, ['ami-user', ...args], input);
    expect(code).not.toBe(0);
    expect(out).toMatch(why);
    if (input) expect(out).not.toContain(input);
  });
});

describe('by number', () => {
  const NUMBERS = { list: 30021, set: 30022, remove: 30023, audit: 30018 };

  async function box() {
    const daemon = await startDaemon();
    const call = async (what: keyof typeof NUMBERS, fields: Readonly<Record<string, string>> = {}) => {
      const answer = await daemon.get(`/cgi/webserve/${NUMBERS[what]}`, {
        method: 'POST',
        body: new URLSearchParams(fields).toString(),
        headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      });
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    };
    return { daemon, call };
  }

  test('makes one, changes only what is given, without a session dropped, and shows who is there', async () => {
    const { daemon, call } = await box();
    const made = { name: 'crm', secret: SECRET, read: 'cdr, call', permit: '127.0.0.0/8' };
    expect((await call('set', made)).body).toEqual({ result: 'success', name: 'crm', by_name: '' });
    const client = await logInClient(amiPort(daemon), 'crm');
    expect((await client.ask('Filter')).get('Message')).toBe('Permission denied');

    const changed = await call('set', { name: 'crm', write: 'system,Hangup', extras: '1', permit: '' });
    expect(changed.body['by_name']).toBe('');
    expect((await client.ask('Filter')).get('Message')).toBe('Unknown operation'); // may, now
    expect(client.closed).toBe(false);
    const { body } = await call('list');
    expect(body['json_array_ami_users']).toEqual([
      { name: 'crm', read: 'cdr,call', write: 'system,Hangup', permit: '', extras: 1 },
    ]);
    expect(body['json_array_ami_clients']).toMatchObject([{ user: 'crm', address: '127.0.0.1' }]);
    expect(JSON.stringify(body)).not.toContain(SECRET);

    expect((await call('remove', { name: 'crm' })).body).toEqual({ result: 'success', name: 'crm' });
    await client.until('it is dropped', () => client.closed);
    expect((await call('remove', { name: 'crm' })).body).toMatchObject({
      error: { code: 'not_found', message: 'there is no AMI user crm', parameter: 'name' },
    });
    const audit = await call('audit');
    const lines = audit.body['json_array_audit'] as { action: string; who: string; detail: object }[];
    const changes = lines.filter(({ action }) => action.startsWith('ami-user.'));
    expect(changes.slice(0, 3)).toMatchObject([
      { action: 'ami-user.removed', who: 'admin' },
      { action: 'ami-user.set', who: 'admin', detail: { secret: 'kept' } },
      { action: 'ami-user.set', who: 'admin', detail: { secret: 'set' } },
    ]);
    expect(JSON.stringify(lines)).not.toContain(SECRET);
  });

  test('grants nothing that could start a program, and gives no one who may another secret: that is the console’s', async () => {
    const { daemon, call } = await box();
    const denied = (parameter: string) => ({ status: 403, body: { error: { code: 'denied', parameter } } });
    const crm = { name: 'crm', secret: SECRET };
    for (const word of [
      ...[
        'MixMonitor',
        'mixmonitor',
        'ModuleLoad',
        'GetConfig',
        'UpdateConfig',
        'DBPut',
        'Setvar',
        'DialplanExtensionAdd',
      ],
      ...[
        'OriginateApplication',
        'Getvar',
        'Status',
        'MessageSend',
        'DongleSendSMS',
        'command',
        'Command',
        'AGI',
        'Reload',
      ],
    ])
      expect(await call('set', { ...crm, write: `call,${word}` }), word).toMatchObject(denied('write'));
    expect((await call('list')).body['json_array_ami_users']).toEqual([]);
    expect((await call('set', { ...crm, write: 'all,originate,config,Hangup,Filter,MixMonitorMute' })).status).toBe(
      200,
    );

    await setUser(daemon, 'root', { write: 'call,MixMonitor,DongleSendSMS', permit: '10.0.0.0/8' });
    expect(await call('set', { name: 'root', secret: 'mine' })).toMatchObject(denied('secret'));
    expect(await call('set', { name: 'root', permit: '' })).toMatchObject(denied('permit'));
    expect(await call('set', { name: 'root', permit: '0.0.0.0/0' })).toMatchObject(denied('permit'));
    expect(await call('set', { name: 'root', write: 'MixMonitor,ModuleLoad' })).toMatchObject(denied('write'));
    // What isn't more than it was is anybody's who may change users; and without its powers it is a user like others.
    const kept = { name: 'root', read: 'cdr', extras: '1', permit: '10.0.0.0/8', write: 'MixMonitor' };
    expect(await call('set', kept)).toMatchObject({ status: 200 });
    expect(await call('set', { name: 'root', write: 'call', secret: 'mine', permit: '' })).toMatchObject({
      status: 200,
    });
    expect((await call('remove', { name: 'root' })).status).toBe(200);
  });

  test('refuses what is wrong and names the parameter', async () => {
    const { call } = await box();
    const wrong: readonly [Readonly<Record<string, string>>, string][] = [
      [{ name: 'a b' }, 'name'],
      [{ name: 'crm' }, 'secret'],
      [{ name: 'crm', secret: 'x\ny' }, 'secret'],
      [{ name: 'crm', secret: SECRET, read: 'cdr,nonsense' }, 'read'],
      [{ name: 'crm', secret: SECRET, write: 'call,a-b' }, 'write'],
      [{ name: 'crm', secret: SECRET, permit: 'lan' }, 'permit'],
      [{ name: 'crm', secret: SECRET, extras: 'yes' }, 'extras'],
    ];
    for (const [fields, parameter] of wrong)
      expect(await call('set', fields)).toMatchObject({ status: 400, body: { error: { code: 'invalid', parameter } } });
    expect((await call('list')).body['json_array_ami_users']).toEqual([]);
  });
});

async function usersWith(...definitions: Partial<AmiUserDefinition>[]) {
  const users = await openAmiUsers(temporaryFolder(onTestFinished));
  for (const each of definitions)
    await users.set({ name: 'x', secret: SECRET, read: [], write: [], permit: [], extras: false, ...each });
  return users;
}

describe('permitted ranges', () => {
  test.each<[permit: string, allowed: string, refused: string]>([
    ['', '127.0.0.1 127.9.9.9 ::1 ::ffff:127.0.0.1', '10.0.0.1 fe80::1 ::2 ::ffff:10.0.0.1 unknown 128.0.0.1'],
    ['192.168.1.0/24', '192.168.1.0 192.168.1.255 ::ffff:192.168.1.7', '192.168.2.1 127.0.0.1 ::1 fe80::1 unknown'],
    ['192.168.1.7', '192.168.1.7 ::ffff:192.168.1.7', '192.168.1.8'],
    ['0.0.0.0/0', '1.2.3.4 255.255.255.255 ::ffff:1.2.3.4', 'fe80::1 unknown'],
    ['fd00::/8', 'fd00::1 fdff::1', 'fe00::1 10.0.0.1'],
    ['::/0', 'fd00::1 ::1', '10.0.0.1'],
    ['10.0.0.0/8,fd00::/8', '10.1.2.3 fd00::1', '11.0.0.1 fe00::1'],
    ['::1', '::1', '127.0.0.1'],
  ])('%s', async (permit, allowed, refused) => {
    const user = (await usersWith({ permit: permit.split(',').filter(Boolean) })).get('x');
    expect(allowed.split(' ').filter((address) => !user?.permits(address))).toEqual([]);
    expect(refused.split(' ').filter((address) => user?.permits(address))).toEqual([]);
    expect(user?.permits('')).toBe(true); // the local socket
  });

  test.each([
    '10.0.0.0/',
    '/8',
    '10.0.0.0/8/8',
    '10.0.0/8',
    '::/129',
    '10.0.0.1-10.0.0.9',
    '10.0.0.0/-1',
    ' ',
    '010.0.0.1',
  ])('%j is refused', async (range) => {
    await expect(usersWith({ permit: [range] })).rejects.toThrow(`permit: ${range}`);
  });

  test('hold at log-in: elsewhere refused as a wrong secret is, by the unix socket let in', async () => {
    const daemon = await startDaemon();
    await setUser(daemon, 'far', { permit: '10.1.2.0/24' });
    await expect(logInClient(amiPort(daemon), 'far')).rejects.toThrow('Authentication failed');
    const local = await logInClient(daemon.ami.socketPath, 'far');
    expect((await local.ask('Ping')).get('Ping')).toBe('Pong');
    expect(statSync(daemon.ami.socketPath).mode & 0o777).toBe(0o660);
  });
});

describe('secrets', () => {
  let daemon: TestDaemon;
  let contents = '';
  beforeAll(async () => {
    const ends: (() => void | Promise<void>)[] = [];
    const atEnd = (work: () => void | Promise<void>) => void ends.push(work);
    daemon = await startDaemon({}, { atEnd });
    await setUser(daemon, 'crm');
    const client = await logInClient(amiPort(daemon), 'crm', { atEnd });
    await client.ask('Ping');
    await expect(logInClient(amiPort(daemon), 'crm', { secret: `${SECRET}!`, atEnd: () => {} })).rejects.toThrow();
    const [removeFolder, ...stops] = ends;
    for (const stop of stops.reverse()) await stop();
    const state = join(daemon.folder, 'state');
    for (const name of readdirSync(state, { recursive: true }) as string[])
      if (statSync(join(state, name)).isFile() && !name.startsWith('secret/'))
        contents += readFileSync(join(state, name), 'latin1');
    return removeFolder;
  });

  test('lie in a file for the daemon alone, and in no log and no store', () => {
    const folder = join(daemon.folder, 'state', 'secret');
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, 'ami-users.json')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(folder, 'ami-users.json'), 'utf8')).toContain(SECRET);
    expect(contents).toContain('ami-user.set'); // the audit line was looked at
    expect(contents).not.toContain(SECRET);
    expect(daemon.log.join('\n')).toContain('an AMI log-in was refused');
    expect(daemon.log.join('\n')).not.toContain(SECRET);
  });

  test('are compared as they are: case counts, nobody has an empty one, a challenge has its key', async () => {
    const user = (await usersWith({})).get('x');
    expect(secretMatches(user, { secret: SECRET })).toBe(true);
    for (const secret of ['', SECRET.toUpperCase(), `${SECRET} `, SECRET.slice(1)])
      expect(secretMatches(user, { secret })).toBe(false);
    expect(secretMatches(undefined, { secret: '' })).toBe(false);
    expect(secretMatches(user, { challenge: '12', key: keyOf('12', SECRET) })).toBe(true);
    expect(secretMatches(user, { challenge: '12', key: keyOf('12', SECRET).toUpperCase() })).toBe(true);
    expect(secretMatches(user, { challenge: '12', key: keyOf('13', SECRET) })).toBe(false);
    expect(secretMatches(undefined, { challenge: '12', key: keyOf('12', '') })).toBe(false);
  });

  test('a key of another session’s challenge is worth nothing', async () => {
    const live = await startDaemon();
    await setUser(live, 'crm');
    const [one, other] = [await connectClient(amiPort(live)), await connectClient(amiPort(live))];
    const challenge = (await one.ask('Challenge', { AuthType: 'MD5' })).get('Challenge');
    expect((await other.ask('Challenge', { AuthType: 'MD5' })).get('Challenge')).not.toBe(challenge);
    const logIn = { AuthType: 'MD5', Username: 'crm', Key: keyOf(challenge, SECRET) };
    expect((await other.ask('Login', logIn)).get('Message')).toBe('Authentication failed');
    expect((await one.ask('Login', logIn)).get('Message')).toBe('Authentication accepted');
  });
});

describe('the file', () => {
  test.each([
    ['cut off', '[{"name": "crm", "sec'],
    ['no list', '{}'],
    ['a user without a secret', '[{"name":"crm","read":[],"write":[],"permit":[],"extras":false}]'],
    ['a strange field', '[{"name":"crm","secret":"x","read":[],"write":[],"permit":[],"extras":false,"x":1}]'],
    ['a range that is none', '[{"name":"crm","secret":"x","read":[],"write":[],"permit":["x"],"extras":false}]'],
    ['empty', ''],
  ])('damaged (%s): the start says which file, and what to do', async (_, text) => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'secret'));
    writeFileSync(join(folder, 'secret', 'ami-users.json'), text);
    await expect(openAmiUsers(folder)).rejects.toThrow(/ami-users\.json is damaged: remove it/);
    expect(readFileSync(join(folder, 'secret', 'ami-users.json'), 'utf8')).toBe(text);
  });

  test('fifty users are taken, one more is refused, a change of one is not', async () => {
    const users = await usersWith(...Array.from({ length: 50 }, (_, index) => ({ name: `u${index}` })));
    const more = { name: 'more', secret: 'x', read: [], write: [], permit: [], extras: false };
    await expect(users.set(more)).rejects.toThrow('50 AMI users');
    await users.set({ ...more, name: 'u7', extras: true });
    expect(users.get('u7')?.extras).toBe(true);
    expect(users.list()).toHaveLength(50);
  });

  test('changes at the same time are all kept', async () => {
    const folder = temporaryFolder();
    const users = await openAmiUsers(folder);
    const name = (index: number) => `u${index}`;
    const definition = { secret: 'x', read: ['cdr'], write: ['call'], permit: ['::1'], extras: true };
    await Promise.all(Array.from({ length: 20 }, (_, index) => users.set({ name: name(index), ...definition })));
    await Promise.all([users.remove('u3'), users.remove('u4'), users.remove('u4')]).then((removed) =>
      expect(removed).toEqual([true, true, false]),
    );
    const again = await openAmiUsers(folder);
    expect(again.list().map((user) => user.name)).toEqual(users.list().map((user) => user.name));
    expect(again.list()).toHaveLength(18);
    expect(again.get('u5')).toMatchObject({ name: 'u5', ...definition });
    expect(existsSync(join(folder, 'secret', 'ami-users.json'))).toBe(true);
  });
});

describe('rights changed at run time', () => {
  test('read classes and extras hold from the next event on', async () => {
    const daemon = await startDaemon();
    await setUser(daemon, 'crm', { read: 'cdr' });
    const client = await logInClient(amiPort(daemon), 'crm');
    const { leg } = await import('../support/legs.ts');
    const say = (sequence: number) => daemon.bus.emit('leg', leg(1_619_082_110 + sequence), sequence, 'csv');
    say(1);
    await client.until('the first', () => client.events('Cdr').length === 1);
    await setUser(daemon, 'crm', { read: 'cdr', extras: true });
    say(2);
    await client.until('the second', () => client.events('Cdr').length === 2);
    await setUser(daemon, 'crm', { read: 'call' });
    say(3);
    await client.ask('Ping');
    await setUser(daemon, 'crm', { read: 'cdr', extras: true });
    say(4);
    await client.until('the fourth', () => client.events('Cdr').length === 3);
    expect(client.events('Cdr').map((event) => event.get('EventSequence'))).toEqual(['', '2', '4']);
    expect(client.closed).toBe(false);
  });

  test('of a removed user every session ends, of others none', async () => {
    const daemon = await startDaemon();
    await setUser(daemon, 'one');
    await setUser(daemon, 'two');
    const port = amiPort(daemon);
    const [first, second, other] = [
      await logInClient(port, 'one'),
      await logInClient(port, 'one'),
      await logInClient(port, 'two'),
    ];
    expect(daemon.ami.clients.map(({ user }) => user)).toEqual(['one', 'one', 'two']);
    await removeUser(daemon, 'one');
    await first.until('the end', () => first.closed);
    await second.until('the end', () => second.closed);
    expect((await other.ask('Ping')).get('Ping')).toBe('Pong');
    expect(daemon.ami.clients.map(({ user }) => user)).toEqual(['two']);
  });
});
