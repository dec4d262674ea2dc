/**
 * The command line as a technician meets it: the shipped bundle in a process of its own, wrong in every way we know, and
 * each time one clear line a fault and the exit code that an init system acts on.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { get } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { explained } from '../daemon/command/reason.ts';
import { NAME, VERSION } from '../daemon/version.ts';
import { startSimulator } from './simulator/simulator.ts';
import { sqlOn } from './storage/helper.ts';
import { temporaryFolder } from './support/folder.ts';
import { NODE_FLAGS } from './support/production.ts';

const PROGRAM = new URL('.build/cdrd.mjs', import.meta.url).pathname;
const COMMANDS_LINE = /^there are run, setup, .*, doctor; cdrd help tells what they do$/;
const RUN_USAGE = 'usage: cdrd run [--config FILE]';
const USER_USAGE = 'usage: cdrd user set NAME --role admin|monitor < PASSWORD | totp NAME off  [--config FILE]';
/** Milliseconds for a process to start or end: a busy machine takes two or three seconds. */
const PATIENCE_MS = 15_000;

interface Result {
  readonly code: number | null;
  readonly out: string[];
  readonly err: string[];
}

type Env = Record<string, string>;

/** Only what a test gives is in the environment: a developer's own CDRD_ variables are no part of it. */
function begin(args: readonly string[], env: Env): ChildProcess {
  const child = spawn(process.execPath, [...NODE_FLAGS, PROGRAM, ...args], {
    env: { PATH: process.env['PATH'], ...env },
  });
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  return child;
}

async function cdrd(
  args: readonly string[],
  { env = {}, input = '' }: { env?: Env; input?: string } = {},
): Promise<Result> {
  const child = begin(args, env);
  const out = collect(child.stdout);
  const err = collect(child.stderr);
  child.stdin?.on('error', () => {}); // it may end without reading
  child.stdin?.end(input);
  const [code] = (await once(child, 'close', { signal: AbortSignal.timeout(PATIENCE_MS) })) as [number | null];
  return { code, out: out(), err: err() };
}

/** @returns what gives the lines that came so far. */
function collect(stream: NodeJS.ReadableStream | null): () => string[] {
  let text = '';
  stream?.on('data', (chunk: Buffer) => {
    text += chunk;
  });
  return () => text.split('\n').filter((line) => line !== '');
}

/** Folders of a test's own, and no Asterisk. */
function ownEnv(folder = temporaryFolder()): Env {
  mkdirSync(`${folder}/recordings`, { recursive: true });
  return {
    CDRD_STATE_DIR: `${folder}/state`,
    CDRD_RUN_DIR: `${folder}/run`,
    CDRD_HTTP_LISTEN: '127.0.0.1:0',
    CDRD_HTTPS_LISTEN: '',
    CDRD_AMI_LISTEN: '127.0.0.1:0',
    CDRD_RECORDINGS_DIR: `${folder}/recordings`,
    CDRD_RECORDINGS_REQUIRE_MOUNT: 'no',
    CDRD_ASTERISK_HOST: '',
  };
}

/** Starts the daemon and waits until it says where it listens and that it is ready. */
async function daemon(
  env: Env,
  args: readonly string[] = ['run'],
): Promise<{ url: string; secureUrl: string; child: ChildProcess }> {
  const child = begin([...args], env);
  const lines = collect(child.stderr);
  const end = Date.now() + PATIENCE_MS;
  while (!lines().some((line) => line.includes('cdrd is ready'))) {
    if (child.exitCode !== null || Date.now() > end) throw new Error(`the daemon is not ready:\n${lines().join('\n')}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const url = lines()
    .join('\n')
    .match(/http=(http:\S+)/)?.[1];
  if (!url) throw new Error(`it does not say where it listens:\n${lines().join('\n')}`);
  const secureUrl = /https=(https:\S+)/.exec(lines().join('\n'))?.[1] ?? '';
  return { url, secureUrl, child };
}

async function logInStatus(url: string, user: string, password: string): Promise<number> {
  const digest = createHash('md5').update(password).digest('hex');
  return (await fetch(`${url}/cgi/webserve/8404?&UserName=${user}&Password=${digest}`)).status;
}

describe('help', () => {
  test.each(['--help', '-h', 'help'])('%s lists the commands', async (word) => {
    const { code, out, err } = await cdrd([word]);
    expect({ code, err }).toEqual({ code: 0, err: [] });
    expect(out[0]).toBe(`${NAME} ${VERSION}`);
    expect(out.filter((line) => line.startsWith('  cdrd ')).map((line) => line.trim().split(' ')[1])).toEqual([
      'run',
      'setup',
      'user',
      'ami-user',
      'import',
      'export',
      'backup',
      'restore',
      'refold',
      'verify',
      'trace',
      'doctor',
    ]);
  });

  test('a command tells its own usage', async () => {
    expect(await cdrd(['user', '--help'])).toEqual({
      code: 0,
      out: [USER_USAGE, 'makes an account or changes its role and password; takes its second factor away'],
      err: [],
    });
  });

  test('--version', async () => {
    expect(await cdrd(['--version'])).toEqual({ code: 0, out: [`${NAME} ${VERSION}`], err: [] });
  });
});

describe('a wrong command line: exit 64', () => {
  test.each<[string[], string, string | RegExp]>([
    [[], 'say which command', 'cdrd'],
    [['frobnicate'], 'there is no command frobnicate', COMMANDS_LINE],
    [['toString'], 'there is no command toString', COMMANDS_LINE],
    [['run', '--frob'], "Unknown option '--frob'", RUN_USAGE],
    [['run', '--config'], "Option '-c, --config <value>' argument missing", RUN_USAGE],
    [['run', 'now'], "Unexpected argument 'now'. This command does not take positional arguments", RUN_USAGE],
    [['user'], 'say: user set NAME --role ROLE, or user totp NAME off', USER_USAGE],
    [['user', 'get', 'bob', '--role', 'admin'], 'say: user set NAME --role ROLE, or user totp NAME off', USER_USAGE],
    [['user', 'totp', 'bob'], 'say: user totp NAME off', USER_USAGE],
    [['user', 'totp', 'bob', 'on'], 'say: user totp NAME off', USER_USAGE],
    [['user', 'set', '--role', 'admin'], 'say: user set NAME --role ROLE, or user totp NAME off', USER_USAGE],
    [
      ['user', 'set', 'bob', 'secret', '--role', 'admin'],
      'say: user set NAME --role ROLE, or user totp NAME off',
      USER_USAGE,
    ],
    [['user', 'set', 'bob'], '--role is missing', USER_USAGE],
    [['user', 'set', 'bob', '--role', 'root'], 'the role must be admin or monitor', USER_USAGE],
    [['user', 'set', 'b ob', '--role', 'admin'], 'the user name must be 1 to 64 letters, digits, . _ -', USER_USAGE],
  ])('%j', async (args, message, usage) => {
    const { code, out, err } = await cdrd(args, { input: 'password\n' });
    expect({ code, out, first: err[0] }).toEqual({ code: 64, out: [], first: message });
    expect(err[1]).toMatch(usage === 'cdrd' ? /^cdrd \d/ : usage);
  });

  test.each(['', '\n'])('an empty password (%j) makes no account', async (input) => {
    const env = ownEnv();
    expect(await cdrd(['user', 'set', 'bob', '--role', 'admin'], { env, input })).toEqual({
      code: 64,
      out: [],
      err: ['the password on standard input is empty', USER_USAGE],
    });
    expect(existsSync(env['CDRD_STATE_DIR'] ?? '')).toBe(false);
  });
});

describe('a wrong configuration: exit 78', () => {
  test('every fault at once, a line each, whatever the command', async () => {
    const file = `${temporaryFolder()}/cdrd.toml`;
    writeFileSync(file, '[http]\nlisen = ":80"\nlisten = "80"\n[recordings]\nsweep_seconds = 0\n');
    const expected = {
      code: 78,
      out: [],
      err: [
        `${file}:2: http.lisen: unknown key; [http] knows listen, permit, names, redirect`,
        `${file}:3: http.listen: must be HOST:PORT such as "0.0.0.0:80" or "[::]:80" ("" = off), not "80"`,
        `${file}:5: recordings.sweep_seconds: must be a whole number from 1 to 3600`,
        'environment CDRD_TIME_ZON: unknown variable',
      ],
    };
    const env = { CDRD_TIME_ZON: 'UTC' };
    expect(await cdrd(['run', '--config', file], { env })).toEqual(expected);
    expect(await cdrd(['user', 'set', 'bob', '--role', 'admin', '-c', file], { env, input: 'x' })).toEqual(expected);
  });

  test('a file that is not there, or has no name', async () => {
    const file = `${temporaryFolder()}/none.toml`;
    const missing = { code: 78, out: [], err: [`${file}: is not there`] };
    expect(await cdrd(['run', '--config', file])).toEqual(missing);
    expect(await cdrd(['run', '--config', ''])).toEqual({ ...missing, err: [`"": is not there`] });
  });

  test('a file whose secret everybody can read, and the secret is not shown', async () => {
    const file = `${temporaryFolder()}/cdrd.toml`;
    writeFileSync(file, '[asterisk]\nsecret = "hunter2"\n');
    chmodSync(file, 0o644);
    expect(await cdrd(['run', '--config', file])).toEqual({
      code: 78,
      out: [],
      err: [`${file}:2: asterisk.secret: the file's mode must be 0640 or stricter (it is 0644)`],
    });
  });
});

test('the bundle makes its certificate at the first start, keeps it, and ends cleanly', async () => {
  const env: Env = { ...ownEnv(), CDRD_HTTPS_LISTEN: '127.0.0.1:0' };
  const certificate = () => readFileSync(`${env['CDRD_STATE_DIR']}/secret/tls.crt`, 'utf8');
  const made: string[] = [];
  for (let start = 0; start < 2; start++) {
    const { secureUrl, child } = await daemon(env);
    made.push(certificate());
    const status = await new Promise((resolve, reject) => {
      get(`${secureUrl}/healthz`, { ca: certificate() }, (answer) => resolve(answer.resume().statusCode)).on(
        'error',
        reject,
      );
    });
    expect(status).toBe(200);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  }
  expect(made[0]).toBe(made[1]);
});

test('the secret changed on Asterisk’s side: its CSV keeps the records flowing, and SIGHUP takes the new one', async () => {
  const folder = temporaryFolder();
  const config = `${folder}/cdrd.toml`;
  const write = (secret: string) =>
    writeFileSync(config, `[asterisk]\nhost = "127.0.0.1"\nport = ${pbx.port}\nsecret = "${secret}"\n`, {
      mode: 0o640,
    });
  const csvPath = `${folder}/Master.csv`;
  const pbx = await startSimulator({ username: 'cdrd', secret: 'the new one', csvPath, zone: 'UTC' });
  onTestFinished(() => pbx.close());
  write('the old one');
  await Promise.all([pbx.placeCall('failed'), pbx.placeCall('busy', { ring: 0.1 })]);
  const { CDRD_ASTERISK_HOST: _, ...own } = ownEnv(folder);
  const env = { ...own, CDRD_ASTERISK_CDR_CSV: csvPath, CDRD_TIME_ZONE: 'UTC' };
  const { url, child } = await daemon(env, ['run', '--config', config]);
  const health = async () =>
    (await (await fetch(`${url}/healthz`)).json()) as { asterisk: { state: string; why: string } };
  const stored = async () =>
    /cdrd_records_total\{result="stored"\} (\d+)/.exec(await (await fetch(`${url}/metrics`)).text())?.[1];
  const until = async (look: () => Promise<boolean>) => {
    for (const end = Date.now() + PATIENCE_MS; !(await look()); ) {
      if (Date.now() > end) throw new Error(JSON.stringify(await health()));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  await until(async () => (await health()).asterisk.state === 'refused');
  expect((await health()).asterisk.why).toBe('it refuses the log-in of cdrd: Authentication failed');
  const lines = readFileSync(csvPath, 'utf8').trim().split('\n').length;
  await until(async () => (await stored()) === String(lines));
  write('the new one');
  child.kill('SIGHUP');
  await until(async () => (await health()).asterisk.state === 'up');
  await pbx.placeCall('failed');
  await until(async () => (await stored()) === String(lines + 1));
  child.kill('SIGHUP'); // with nothing to mend it changes nothing
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

describe('a start that fails: exit 1, and one line says why', () => {
  const complaint = ({ err }: Result) => err.filter((line) => line.startsWith('<3>'));

  test('the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    onTestFinished(() => void other.close());
    const { port } = other.address() as AddressInfo;
    const env = ownEnv();
    const result = await cdrd(['run'], { env: { ...env, CDRD_HTTP_LISTEN: `127.0.0.1:${port}` } });
    expect(result.code).toBe(1);
    expect(complaint(result)).toEqual([
      `<3>cdrd did not start error="another program listens on 127.0.0.1:${port} already (EADDRINUSE)"`,
    ]);
    expect(existsSync(`${env['CDRD_STATE_DIR']}/pid`)).toBe(false);
    expect(existsSync(`${env['CDRD_STATE_DIR']}/cdrd.db.lock`)).toBe(false);
  });

  test.each([
    ['state.dir', 'CDRD_STATE_DIR'],
    ['run.dir', 'CDRD_RUN_DIR'],
  ])('%s is a file', async (_, variable) => {
    const env = ownEnv();
    const file = `${temporaryFolder()}/file`;
    writeFileSync(file, '');
    const result = await cdrd(['run'], { env: { ...env, [variable]: file } });
    expect(result.code).toBe(1);
    expect(complaint(result)).toEqual([`<3>cdrd did not start error="${file} is not a folder (EEXIST)"`]);
  });

  // Not even root may make a folder in /sys, which a bare chroot may lack.
  test.skipIf(!existsSync('/sys/kernel'))('state.dir may not be made', async () => {
    const env = { ...ownEnv(), CDRD_STATE_DIR: '/sys/cdrd' };
    const said = /E(PERM|ACCES|ROFS): [a-z -]+, mkdir '\/sys\/cdrd'/;
    const run = await cdrd(['run'], { env });
    expect(run.code).toBe(1);
    expect(complaint(run)).toEqual([expect.stringMatching(said)]);
    const user = await cdrd(['user', 'set', 'bob', '--role', 'admin'], { env, input: 'x' });
    expect(user).toEqual({ code: 1, out: [], err: [expect.stringMatching(said)] });
  });

  test('the database is no database: a command says so and leaves it to the daemon, which sets it aside and starts', async () => {
    const env = ownEnv();
    const state = env['CDRD_STATE_DIR'] ?? '';
    mkdirSync(state);
    writeFileSync(`${state}/cdrd.db`, 'x'.repeat(8_192));
    expect(await cdrd(['trace', '1.0'], { env })).toEqual({
      code: 65,
      out: [],
      err: [`file is not a database (opening ${state}/cdrd.db)`],
    });
    const { url } = await daemon(env);
    expect(await (await fetch(`${url}/healthz`)).json()).toMatchObject({
      status: 'ok',
      store: { replaced: { by: 'a new, empty store' } },
    });
    expect(readdirSync(state).filter((name) => name.startsWith('cdrd.db.corrupt-'))).toHaveLength(1);
  });

  test('damage that is met while it runs: exit 65, and the next start sets the store aside', async () => {
    const env = ownEnv();
    const store = `${env['CDRD_STATE_DIR']}/cdrd.db`;
    const first = await daemon(env);
    first.child.kill('SIGTERM');
    await once(first.child, 'exit');
    // Nobody looks there before somebody logs in.
    const [{ rootpage } = {}] = sqlOn(store, "SELECT rootpage FROM sqlite_schema WHERE name = 'user'");
    const content = readFileSync(store);
    content.fill(0xa5, (Number(rootpage) - 1) * 4_096, Number(rootpage) * 4_096);
    writeFileSync(store, content);
    const { url, child } = await daemon(env);
    const ended = once(child, 'exit', { signal: AbortSignal.timeout(PATIENCE_MS) });
    await logInStatus(url, 'admin', 'x').catch(() => {}); // it may end before it answers
    expect(await ended).toEqual([65, null]);
    const next = await daemon(env);
    expect(await (await fetch(`${next.url}/healthz`)).json()).toMatchObject({
      store: { replaced: { because: expect.stringMatching(/^\*\*\* in database main/) } },
    });
  });

  test.each<[NodeJS.ErrnoException & { address?: string; port?: number; hostname?: string }, string]>([
    [
      { name: '', message: '', code: 'EACCES', syscall: 'listen', address: '::', port: 80 },
      'no right to listen on [::]:80: ports under 1024 need root or CAP_NET_BIND_SERVICE (EACCES)',
    ],
    [
      { name: '', message: '', code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: 'box.lan' },
      "no address is known for the host box.lan: can't listen there (ENOTFOUND)",
    ],
    [
      { name: '', message: '', code: 'EACCES', syscall: 'connect', address: '/run/cdrd/control.sock' },
      'only root and the user that cdrd runs as may use /run/cdrd/control.sock (EACCES)',
    ],
    [{ name: '', message: 'EIO: i/o error, fsync', code: 'EIO', syscall: 'fsync' }, 'EIO: i/o error, fsync'],
  ])('%j', (error, message) => {
    expect(explained(error).message).toBe(message);
  });
});

describe('beside a running daemon', () => {
  test('accounts are set before and while it runs; a second daemon is told who holds the state: exit 75', async () => {
    const folder = temporaryFolder();
    const env = ownEnv(folder);
    const set = (role: string, input: string, more: Env = {}) =>
      cdrd(['user', 'set', 'bob', '--role', role], { env: { ...env, ...more }, input });
    expect(await set('monitor', 'first password\n')).toEqual({
      code: 0,
      out: ['user bob is set, role monitor'],
      err: [],
    });

    const { url, child } = await daemon(env);
    expect(await logInStatus(url, 'bob', 'first password')).toBe(200);
    expect(await set('admin', 'second\nnot this line\n')).toEqual({
      code: 0,
      out: ['user bob is set, role admin'],
      err: [],
    });
    expect(await logInStatus(url, 'bob', 'first password')).toBe(401);
    expect(await logInStatus(url, 'bob', 'second')).toBe(200);

    const taken = `another cdrd (pid ${child.pid}) is using ${folder}/state`;
    const second = await cdrd(['run'], { env: { ...env, CDRD_RUN_DIR: `${folder}/other` } });
    expect(second).toEqual({ code: 75, out: [], err: [`<3>cdrd did not start error="${taken}"`] });
    // With another run.dir it doesn't find the daemon, and must not write behind its back.
    expect(await set('admin', 'third', { CDRD_RUN_DIR: `${folder}/other` })).toEqual({
      code: 75,
      out: [],
      err: [taken],
    });
    expect(await logInStatus(url, 'bob', 'second')).toBe(200);

    child.kill('SIGTERM');
    const [code] = (await once(child, 'exit', { signal: AbortSignal.timeout(PATIENCE_MS) })) as [number | null];
    expect(code).toBe(0);
  });
});

test.skipIf(process.getuid?.() !== 0)('run by root, `user set` leaves files of the state folder’s owner', async () => {
  const folder = temporaryFolder();
  const state = `${folder}/state`;
  mkdirSync(state);
  chmodSync(folder, 0o755); // the owner has to get there
  chownSync(state, 65_534, 65_534); // nobody, nogroup
  const { code, err } = await cdrd(['user', 'set', 'admin', '--role', 'admin'], {
    env: { CDRD_STATE_DIR: state, CDRD_RUN_DIR: `${folder}/run` },
    input: 'max123456\n',
  });
  expect([code, err]).toEqual([0, []]);
  const owners = readdirSync(state, { recursive: true }).map((name) => statSync(`${state}/${name}`).uid);
  expect(owners.length).toBeGreaterThan(0);
  expect(new Set(owners)).toEqual(new Set([65_534]));
});

describe('import, verify and refold', () => {
  /** Seventeen records of thirteen calls, as a real Asterisk wrote them. */
  const MASTER = new URL('simulator/real/Master.csv', import.meta.url).pathname;

  test('without room: exit 74, and why', async () => {
    const env = { ...ownEnv(), CDRD_STATE_RESERVE_MB: '10000000' };
    const { code, out, err } = await cdrd(['import', MASTER], { env });
    expect([code, out, err]).toEqual([74, [], ['less than 10000000 MB are free on the disk']]);
  });

  describe('without a daemon', () => {
    const AGREE =
      '13 calls against their records, 6 sums against their calls, 17 lines of the CDR CSV against the store, 0 lines of the audit log: all agree';

    /** A store with the records of the CDR CSV. @returns what runs a command on it, and gives its code and lines. */
    async function imported() {
      const env = { ...ownEnv(), CDRD_ASTERISK_CDR_CSV: MASTER, CDRD_TIME_ZONE: 'UTC' };
      const say = async (args: string[], more: Env = {}) => {
        const { code, out, err } = await cdrd(args, { env: { ...env, ...more } });
        return [code, ...out, ...err];
      };
      expect(await say(['import', MASTER])).toEqual([0, '17 records taken, 0 were there already']);
      return say;
    }

    test('each record once, and the store against the file', async () => {
      const say = await imported();
      expect(await say(['import', MASTER])).toEqual([0, '0 records taken, 0 were there already']);
      const [verified, sum, ...recordings] = await say(['verify']);
      expect([verified, sum]).toEqual([0, AGREE]);
      // What Asterisk had been told to record when these calls were made, nobody wrote down.
      expect(recordings).toEqual([
        'recordings:',
        expect.stringMatching(/^ {2}\d+ calls \(unknown, policy_unknown, unknown\): each names no file/),
      ]);
    });

    test('a call’s records, each with its line', async () => {
      const say = await imported();
      const [code, head, ...lines] = await say(['trace', '1795478108.35']);
      expect([code, head]).toEqual([0, 'call 1795478108.35: 2 records, 1 rows']);
      expect(lines).toEqual([
        'record 1: 1795478108.35 SIP/205-00000011 → SIP/202-00000012 Dial NO ANSWER 2026-11-23 23:55:08 to 2026-11-23 23:55:08',
        `  from ${MASTER} line 10, byte ${readFileSync(MASTER, 'utf8').split('\n').slice(0, 9).join('\n').length + 1}`,
        'record 2: 1795478108.35 SIP/205-00000011 → SIP/204-00000013 Dial ANSWERED 2026-11-23 23:55:08 to 2026-11-23 23:55:10',
        expect.stringMatching(/^ {2}from .*Master\.csv line 11, byte \d+$/),
        expect.stringMatching(/^row \d+: 205 → 920\(204\) ANSWERED$/),
        '  made of records 1, 2, standing on 2: two people talked',
        '  recording: - (none)',
      ]);
      expect(await say(['trace', '1.1'])).toEqual([0, 'no record has the UniqueID or LinkedID 1.1']);
    });

    test('a changed numbering', async () => {
      const say = await imported();
      expect(await say(['refold', '--from', '2026-11-01'])).toEqual([0, '0 calls changed']);
      const numbering = { CDRD_NUMBERING_IVR: '', CDRD_NUMBERING_QUEUE: '' };
      expect((await say(['verify'], numbering)).slice(0, 2)).toEqual([1, AGREE.replace('all agree', '2 differ')]);
      expect(await say(['refold', '--from', '2027-01-01'], numbering)).toEqual([0, '0 calls changed']);
      expect(await say(['refold', '--from', '2026-11-01'], numbering)).toEqual([0, '2 calls changed']);
      expect((await say(['verify'], numbering)).slice(0, 2)).toEqual([0, AGREE]);
    });
  });

  test('verify names a line of the audit log that somebody has changed behind our back, and fails', async () => {
    const folder = temporaryFolder();
    const env = { CDRD_STATE_DIR: `${folder}/state`, CDRD_RUN_DIR: `${folder}/run` };
    const set = await cdrd(['user', 'set', 'eva', '--role', 'monitor'], { env, input: 'max123456\n' });
    expect(set.code).toBe(0);
    const before = await cdrd(['verify'], { env });
    expect([before.code, before.out[0]]).toEqual([0, expect.stringContaining('1 lines of the audit log: all agree')]);
    const file = `${folder}/state/cdrd.db`;
    sqlOn(file, 'DROP TRIGGER audit_change');
    sqlOn(file, "UPDATE audit SET detail = replace(detail, 'monitor', 'admin') WHERE chain = 'act' AND line = 1");
    const after = await cdrd(['verify'], { env });
    expect(after.code).toBe(1);
    expect(after.out.join('\n') + after.err.join('\n')).toMatch(
      /audit log, chain act, line 1: it is not what its hash says/,
    );
  }, 240_000);

  test('verify names a sum that is not that of its calls, and fails', async () => {
    const folder = temporaryFolder();
    const env = { ...ownEnv(folder), CDRD_TIME_ZONE: 'UTC' };
    expect((await cdrd(['import', MASTER], { env })).code).toBe(0);
    sqlOn(`${folder}/state/cdrd.db`, "UPDATE call_sum SET billsec = billsec + 60 WHERE disposition = 'BUSY'");
    const { code, out, err } = await cdrd(['verify'], { env });
    expect([code, out]).toEqual([1, []]);
    expect(err.join('\n')).toMatch(
      /: 1 differ\n {2}sum of 2026-11-23 \(UTC\+0 h\), Internal, BUSY, trunks "" and "", port 0: \d+ calls, \d+ s, 60 s talked, 0 minutes, its calls are \d+ calls, \d+ s, 0 s talked, 0 minutes/,
    );
  });

  test('verify looks at every line that was read, whatever Asterisk has written behind it since', async () => {
    const folder = temporaryFolder();
    const cdr = `${folder}/Master.csv`;
    const lines = readFileSync(MASTER, 'utf8');
    writeFileSync(cdr, lines);
    const env = { ...ownEnv(folder), CDRD_ASTERISK_CDR_CSV: cdr, CDRD_TIME_ZONE: 'UTC' };
    expect((await cdrd(['import', cdr], { env })).code).toBe(0);
    writeFileSync(cdr, lines + lines.trim().split('\n').at(-1)?.replaceAll('1795', '1796').concat('\n'));
    expect((await cdrd(['verify'], { env })).out.slice(0, 1)).toEqual([
      '13 calls against their records, 6 sums against their calls, 17 lines of the CDR CSV against the store, 0 lines of the audit log: all agree',
    ]);
  });

  test('with the daemon: the rows are there at once, and broken lines are told', async () => {
    const folder = temporaryFolder();
    const env = { ...ownEnv(folder), CDRD_TIME_ZONE: 'UTC' };
    const [first = '', ...rest] = readFileSync(MASTER, 'utf8').trim().split('\n');
    const dump = `${folder}/dump.csv`;
    writeFileSync(dump, [first, 'no record at all', ...rest].map((line) => `${line}\n`).join(''));
    const { child } = await daemon(env);
    expect(await cdrd(['import', dump], { env })).toEqual({
      code: 0,
      out: [
        '17 records taken, 0 were there already, 1 lines are no records and were kept aside:',
        "  line 2: 1 columns: neither Master.csv with UniqueID nor cdrd's own",
      ],
      err: [],
    });
    const verified = await cdrd(['verify'], { env: { ...env, CDRD_ASTERISK_CDR_CSV: dump } });
    expect(verified).toMatchObject({ code: 0 });
    expect(verified.out[0]).toContain('13 calls');
    child.kill('SIGTERM');
    await once(child, 'exit', { signal: AbortSignal.timeout(PATIENCE_MS) });
  });

  test('a table of FreePBX is known by its first line', async () => {
    const folder = temporaryFolder();
    const table = `${folder}/cdr.csv`;
    writeFileSync(
      table,
      [
        'calldate,clid,src,dst,dcontext,channel,dstchannel,lastapp,lastdata,duration,billsec,disposition,amaflags,accountcode,uniqueid,userfield,recordingfile,linkedid,sequence',
        '"2021-04-22 09:01:50","""205"" <205>",205,204,from-internal,SIP/205-00000000,SIP/204-00000001,Dial,"SIP/204,30",5,3,ANSWERED,3,,1619082110.0,,,1619082110.0,7',
        '"2021-04-22 09:09:10",,205,204,from-internal,SIP/205-00000002,,Hangup,,1,0,"NO ANSWER",3,,1619082550.2,,,1619082550.2,8',
        '',
      ].join('\n'),
    );
    const env = { ...ownEnv(folder), CDRD_TIME_ZONE: 'UTC', CDRD_ASTERISK_CDR_CSV: table };
    expect((await cdrd(['import', table], { env })).out).toEqual(['2 records taken, 0 were there already']);
    expect((await cdrd(['verify'], { env })).out.slice(0, 1)).toEqual([
      '2 calls against their records, 2 sums against their calls, 2 lines of the CDR CSV against the store, 0 lines of the audit log: all agree',
    ]);
  });

  test.each([
    [['import'], 'say which file', 64],
    [['import', '/nowhere/x.csv'], 'no such file', 1],
    [['trace'], 'say which UniqueID or LinkedID', 64],
    [['refold'], '--from is missing', 64],
    [['refold', '--from', 'May'], '--from must be a date', 1],
  ] as const)('cdrd %j: %s', async (args, message, code) => {
    const result = await cdrd(args, { env: ownEnv(temporaryFolder()) });
    expect(result.code).toBe(code);
    expect(result.err[0]).toContain(message);
  });
});
