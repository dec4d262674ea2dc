/** The connection to the PBX, against a scripted peer on a real socket that behaves in every way a peer can. */
import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { NoAnswer } from '../../cgi/dialect/port.ts';
import { createAskAsterisk } from '../../daemon/asterisk/ask.ts';
import {
  type AsteriskConnection,
  type AsteriskLimits,
  type AsteriskStatus,
  connectAsterisk,
  retryDelay,
} from '../../daemon/asterisk/connection.ts';
import { asteriskLimits } from '../../daemon/limits.ts';
import { createLog } from '../../daemon/log.ts';
import type { Packet } from '../../daemon/wire/packet.ts';
import { CHALLENGE, type FakeAmi, type FakeScript, lettingIn, startFakeAmi } from '../support/fake-ami.ts';
import { freePort } from '../support/free-port.ts';

const SECRET = 's3cret-in-no-log';
/** Short, so that a silent peer is found out in a test's time. */
const LIMITS: AsteriskLimits = {
  asked: { line: 1_022, lines: 128 },
  line: 4_096,
  lines: 64,
  bytes: 16_384,
  answerMs: 200,
  pingMs: 150,
  retryMs: { first: 20, last: 40 },
  refusedMs: { first: 20, last: 40 },
  secretLookMs: 15,
  goodbyeMs: 150,
  actions: 4,
};

const lines: string[] = [];
afterEach(() => {
  const log = lines.splice(0).join('');
  expect(log).not.toContain(SECRET);
  expect(log).not.toContain(keyFor(CHALLENGE));
});

const keyFor = (challenge: string) =>
  createHash('md5')
    .update(challenge + SECRET)
    .digest('hex');

interface Client extends AsteriskConnection {
  /** What it said and did, in order: states, `up!` for onUp, names of events. */
  readonly story: string[];
  readonly statuses: AsteriskStatus[];
  readonly events: Packet[];
}

function client(
  port: number,
  limits: Partial<AsteriskLimits> = {},
  host = '127.0.0.1',
  currentSecret?: () => string,
): Client {
  const story: string[] = [];
  const statuses: AsteriskStatus[] = [];
  const events: Packet[] = [];
  const connection = connectAsterisk({
    host,
    port,
    username: 'cdrd',
    secret: SECRET,
    ...(currentSecret && { currentSecret }),
    log: createLog({ level: 'debug', write: (line) => lines.push(line), terminal: false }),
    limits: { ...LIMITS, ...limits },
    onEvent(packet) {
      events.push(packet);
      story.push(packet.first[1]);
    },
    onUp: () => story.push('up!'),
    onStatus(status) {
      statuses.push(status);
      story.push(status.state);
    },
  });
  onTestFinished(() => connection.close());
  return Object.defineProperties(
    { story, statuses, events } as unknown as Client,
    Object.getOwnPropertyDescriptors(connection),
  );
}

const fake = (script: FakeScript, port = 0): Promise<FakeAmi> => startFakeAmi(script, onTestFinished, port);

/** Looks every 5 ms, at most 5 s. */
async function until(look: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1_000; tries++) {
    if (look()) return;
    await pause(5);
  }
  expect.unreachable('nothing within 5 s');
}
const state = (connection: AsteriskConnection, wanted: string) => until(() => connection.status.state === wanted);
const ping = [['Action', 'Ping']] as const;
const actionsOf = ({ requests }: FakeAmi) => requests.map((request) => request.get('Action'));

describe('log-in', () => {
  test('by MD5 challenge, and the secret is not sent', async () => {
    const ami = await fake({ asked: lettingIn() });
    const connection = client(ami.port);
    expect(connection.status).toMatchObject({ state: 'connecting', why: '', version: '' });
    await until(() => connection.status.version !== '');
    expect(actionsOf(ami)).toEqual(['Challenge', 'Login', 'Filter', 'CoreSettings']);
    const [challenge, login] = ami.requests;
    expect(challenge?.get('AuthType')).toBe('MD5');
    expect(login?.headers.slice(1, 5)).toEqual([
      ['AuthType', 'MD5'],
      ['Username', 'cdrd'],
      ['Key', keyFor(CHALLENGE)],
      ['Events', 'cdr,call,system'],
    ]);
    expect(Buffer.concat(ami.requests.map(({ raw }) => raw)).toString()).not.toContain(SECRET);
    expect(connection.status).toMatchObject({ state: 'up', why: '', version: '16.28.0' });
    expect(connection.story).toEqual(['up', 'up!', 'up']);
    expect(lines.join('')).toContain('16.28.0');
  });

  test('events in the very bytes of the answer are not lost, and come after onUp, in order', async () => {
    const ami = await fake({ asked: lettingIn('Event: FullyBooted\r\n\r\nEvent: Cdr\r\n\r\nEvent: Hangup\r\n\r\n') });
    const connection = client(ami.port);
    await until(() => connection.events.length === 3);
    expect(connection.story.slice(0, 5)).toEqual(['up', 'up!', 'FullyBooted', 'Cdr', 'Hangup']);
    expect(connection.figures.events).toBe(3);
  });

  test('events before it are not believed', async () => {
    const ami = await fake({ greeting: 'Asterisk Call Manager/5.0.4\r\nEvent: Cdr\r\n\r\n', asked: lettingIn() });
    const connection = client(ami.port);
    await until(() => connection.status.version !== '');
    expect(connection.figures).toEqual({ reconnects: 0, faults: 0, events: 0 });
  });

  test.each(['Success', 'Error'])('has Asterisk withhold what a caller forged; answered %s', async (response) => {
    const letIn = lettingIn();
    const ami = await fake({
      asked(request, session, count) {
        if (request.get('Action') !== 'Filter') return letIn(request, session, count);
        session.answer(request, response, ['Message', 'Permission denied']);
      },
    });
    const connection = client(ami.port);
    await until(() => connection.status.version !== '');
    const filter = ami.requests.find((request) => request.get('Action') === 'Filter');
    expect([filter?.get('Operation'), filter?.get('Filter')]).toEqual(['Add', '![[:cntrl:]]{4}[^[:cntrl:]]']);
    const said = lines.filter((line) => line.includes('a caller could have forged why="Permission denied"'));
    expect(said).toHaveLength(response === 'Success' ? 0 : 1);
  });

  test('refused: it says so, and tries again until it is let in', async () => {
    let refuse = true;
    const ami = await fake({
      asked(request, session, count) {
        if (refuse && request.get('Action') === 'Login') {
          session.answer(request, 'Error', ['Message', 'Authentication failed']);
          session.close();
        } else lettingIn()(request, session, count);
      },
    });
    const connection = client(ami.port);
    await state(connection, 'refused');
    expect(connection.status.why).toBe('it refuses the log-in of cdrd: Authentication failed');
    await until(() => ami.connections.length >= 3);
    expect(connection.statuses).toHaveLength(1); // the same fault is not news
    expect(lines.join('').match(/trying again/g)).toHaveLength(1);
    refuse = false;
    await state(connection, 'up');
    expect(connection.story.slice(0, 2)).toEqual(['refused', 'up']);
  });

  /** One refusal is all there is, and a loaded machine's slow answer is no end of a session. */
  const SELDOM = { refusedMs: { first: 60_000, last: 60_000 }, answerMs: 5_000, pingMs: 60_000 };

  /** An Asterisk whose secret is this one at the moment. */
  function guarded(secret: { now: string }): FakeScript['asked'] {
    return (request, session, count) => {
      const key = createHash('md5').update(`${CHALLENGE}${secret.now}`).digest('hex');
      if (request.get('Action') !== 'Login' || request.get('Key') === key) return lettingIn()(request, session, count);
      session.answer(request, 'Error', ['Message', 'Authentication failed']);
      session.close();
    };
  }

  test('refused, it comes back so seldom that no guard against guessing bans it', async () => {
    const ami = await fake({ asked: guarded({ now: 'another' }) });
    const connection = client(ami.port, SELDOM);
    await state(connection, 'refused');
    await pause(200);
    expect(ami.connections).toHaveLength(1);
    // Ten minutes at the worst of chance: four log-ins, where fail2ban bans for five.
    const { refusedMs } = asteriskLimits;
    let [at, refusals] = [0, 0];
    for (; at < 600_000; refusals++) at += retryDelay(refusedMs, refusals, 0);
    expect(refusals).toBeLessThan(5);
  });

  test('a new secret in the configuration is tried without a restart, and no sooner than it is there', async () => {
    const secret = { now: 'changed by somebody' };
    const ami = await fake({ asked: guarded(secret) });
    let configured: string | Error = SECRET;
    const connection = client(ami.port, SELDOM, undefined, () => {
      if (configured instanceof Error) throw configured;
      return configured;
    });
    await state(connection, 'refused');
    await pause(100);
    expect(ami.connections).toHaveLength(1);
    configured = new Error('cdrd.toml:7: no value'); // it is being edited
    await until(() => lines.some((line) => line.includes('could not be read anew')));
    await pause(60);
    expect(lines.join('').match(/could not be read anew/g)).toHaveLength(1);
    configured = secret.now;
    await state(connection, 'up');
    expect(ami.connections).toHaveLength(2);
    expect(lines.join('')).not.toContain(secret.now);
  });

  test('the secret is changed while a session stands: it stands on, and the next one is refused until it is told', async () => {
    const secret = { now: SECRET };
    const ami = await fake({ asked: guarded(secret) });
    let configured = SECRET;
    const connection = client(ami.port, SELDOM, undefined, () => configured);
    await state(connection, 'up');
    secret.now = 'new';
    await expect(connection.action(ping)).resolves.toBeDefined();
    ami.drop();
    await state(connection, 'refused');
    configured = 'new';
    await state(connection, 'up');
    expect(connection.figures.reconnects).toBe(1);
  });

  test('told to try now, it does: with the secret of this moment, and not while a session stands', async () => {
    const secret = { now: 'another' };
    const ami = await fake({ asked: guarded(secret) });
    const connection = client(ami.port, { ...SELDOM, secretLookMs: 60_000 });
    await state(connection, 'refused');
    secret.now = SECRET; // it was put right in Asterisk
    connection.tryNow();
    await state(connection, 'up');
    connection.tryNow();
    await connection.action(ping);
    expect(ami.connections).toHaveLength(2);
  });

  test('an Asterisk that was upgraded says so at the next log-in', async () => {
    let version = '16.28.0';
    const ami = await fake({
      asked(request, session, count) {
        if (request.get('Action') === 'CoreSettings') session.answer(request, 'Success', ['AsteriskVersion', version]);
        else lettingIn()(request, session, count);
      },
    });
    const connection = client(ami.port);
    await until(() => connection.status.version === '16.28.0');
    version = '22.10.0';
    ami.drop();
    await until(() => connection.status.version === '22.10.0');
    expect(connection.status.state).toBe('up');
  });

  test.each([
    ['an error', 'Error', []],
    ['success without a challenge', 'Success', []],
    ['an empty challenge', 'Success', [['Challenge', '']]],
  ] as const)('%s instead of a challenge: no digest of the secret goes out', async (_, response, more) => {
    const ami = await fake({ asked: (request, session) => session.answer(request, response, ...more) });
    const connection = client(ami.port);
    await state(connection, 'refused');
    await until(() => ami.connections.length >= 2);
    expect(new Set(actionsOf(ami))).toEqual(new Set(['Challenge']));
  });

  test('no answer to the log-in', async () => {
    const ami = await fake({
      asked: (request, session) =>
        request.get('Action') === 'Challenge' && session.answer(request, 'Success', ['Challenge', CHALLENGE]),
    });
    const connection = client(ami.port);
    await state(connection, 'down');
    expect(connection.status.why).toBe('no answer to Login within 0.2 s');
  });

  test('it closes in the middle of the log-in', async () => {
    const ami = await fake({ asked: (_, session) => session.close() });
    const connection = client(ami.port);
    await state(connection, 'down');
    expect(connection.status.why).toBe('it closed the connection at log-in');
    await until(() => ami.connections.length >= 2);
  });
});

describe('what is no AMI', () => {
  test('nothing listens there, until something does', async () => {
    const port = await freePort();
    const connection = client(port);
    await state(connection, 'down');
    expect(connection.status.why).toBe('nothing listens there');
    expect(connection.figures.reconnects).toBe(0);
    await fake({ asked: lettingIn() }, port);
    await state(connection, 'up');
    expect(connection.status.why).toBe('');
  });

  test('another kind of server: it is told nothing', async () => {
    const ami = await fake({ greeting: 'SSH-2.0-OpenSSH_9.2\r\n', asked() {} });
    const connection = client(ami.port);
    await state(connection, 'down');
    expect(connection.status.why).toBe('what answers there is not an Asterisk AMI');
    expect(ami.requests).toEqual([]);
  });

  test('one that says nothing', async () => {
    const ami = await fake({ greeting: '', asked() {} });
    const connection = client(ami.port);
    await state(connection, 'down');
    expect(connection.status.why).toBe('connected, but no greeting came within 0.2 s');
    await until(() => ami.connections.length >= 2);
  });

  test('one that talks without end and never greets', async () => {
    const ami = await fake({ greeting: '', asked() {} });
    const connection = client(ami.port);
    const talk = setInterval(() => ami.send('x'.repeat(1_000)), 10);
    onTestFinished(() => clearInterval(talk));
    await state(connection, 'down');
    expect(connection.status.why).toBe('connected, but no greeting came within 0.2 s');
  });
});

describe('a connection that is up', () => {
  test('is asked for life after silence, and stays while it answers', async () => {
    const ami = await fake({ asked: lettingIn() });
    const connection = client(ami.port);
    await until(() => actionsOf(ami).filter((action) => action === 'Ping').length >= 3);
    expect(connection.status.state).toBe('up');
    expect(ami.connections).toHaveLength(1);
  });

  test('ends when it does not answer any more, and comes back', async () => {
    const ami = await fake({
      asked(request, session, count) {
        if (count > 1 || request.get('Action') !== 'Ping') lettingIn()(request, session, count);
      },
    });
    const connection = client(ami.port);
    await until(() => connection.figures.reconnects === 1);
    expect(connection.statuses.at(-1)).toMatchObject({ state: 'down', why: 'no answer to Ping within 0.2 s' });
    expect(actionsOf(ami).filter((action) => action === 'Ping')).toHaveLength(1); // it waits for the answer to that one
    await state(connection, 'up');
    expect(connection.story.filter((word) => word === 'up!')).toHaveLength(2);
  });

  test('that sends bytes without end, but no packet, is dead too', async () => {
    const ami = await fake({
      asked(request, session, count) {
        if (request.get('Action') !== 'Ping') lettingIn()(request, session, count);
      },
    });
    const connection = client(ami.port);
    await state(connection, 'up');
    const talk = setInterval(() => ami.send('x'.repeat(1_000)), 10);
    onTestFinished(() => clearInterval(talk));
    await until(() => connection.figures.reconnects === 1);
  });

  test('closed in the middle of a packet: half a packet is none, the next ones are whole', async () => {
    const ami = await fake({ asked: lettingIn() });
    const connection = client(ami.port);
    await state(connection, 'up');
    ami.send('Event: Hangup\r\n\r\nEvent: Cdr\r\nSource: 2');
    await until(() => connection.events.length === 1);
    ami.drop();
    await until(() => ami.connections.length === 2 && connection.status.version !== '');
    ami.send('Event: Newchannel\r\n\r\n');
    await until(() => connection.events.length === 2);
    expect(connection.events.map(({ headers }) => headers)).toEqual([[['Event', 'Hangup']], [['Event', 'Newchannel']]]);
    expect(connection.statuses.map((status) => status.why)).toContain('it closed the connection');
    expect(connection.figures).toMatchObject({ reconnects: 1, faults: 0 });
  });

  test('packets over a limit and packets of no kind are counted and cost nothing else', async () => {
    const ami = await fake({ asked: lettingIn() });
    const connection = client(ami.port);
    await until(() => connection.status.version !== '');
    ami.send(`Event: Cdr\r\nA: ${'x'.repeat(5_000)}\r\n\r\nSource: 5\r\nEvent: Cdr\r\n\r\nEvent: Hangup\r\n\r\n`);
    await until(() => connection.events.length === 1);
    expect(connection.figures).toEqual({ reconnects: 0, faults: 2, events: 1 });
    expect(connection.story.at(-1)).toBe('Hangup');
  });
});

describe('actions', () => {
  /** Lets in and keeps what is asked afterwards unanswered. */
  async function holding(limits: Partial<AsteriskLimits> = {}) {
    const held: { request: Packet; answer(response: string, ...more: (readonly [string, string])[]): void }[] = [];
    const ami = await fake({
      asked(request, session, count) {
        if (['Challenge', 'Login', 'Filter', 'CoreSettings', 'Logoff'].includes(request.get('Action')))
          return lettingIn()(request, session, count);
        held.push({ request, answer: (response, ...more) => session.answer(request, response, ...more) });
      },
    });
    const connection = client(ami.port, { pingMs: 60_000, answerMs: 1_000, ...limits });
    await until(() => connection.status.version !== '');
    return { ami, connection, held };
  }
  const named = (name: string) => [['Action', name]] as const;

  test('get their own answers, in whatever order they come, errors too', async () => {
    const { connection, held } = await holding();
    const asked = ['A', 'B', 'C'].map((name) => connection.action(named(name)));
    await until(() => held.length === 3);
    for (const { request, answer } of held.toReversed())
      answer(request.get('Action') === 'B' ? 'Error' : 'Success', ['Message', `to ${request.get('Action')}`]);
    const answers = await Promise.all(asked);
    expect(answers.map((answer) => [answer.get('Response'), answer.get('Message')])).toEqual([
      ['Success', 'to A'],
      ['Error', 'to B'],
      ['Success', 'to C'],
    ]);
  });

  test('events between, and answers to nobody, are no answers', async () => {
    const { ami, connection, held } = await holding();
    const asked = connection.action(ping);
    await until(() => held.length === 1);
    const id = held[0]?.request.get('ActionID');
    ami.send(`Event: Newstate\r\n\r\nEvent: PeerEntry\r\nActionID: ${id}\r\n\r\n`);
    ami.send(
      'Response: Success\r\nMessage: none\r\n\r\nResponse: Success\r\nActionID: cdrd-4\r\nMessage: guess\r\n\r\n',
    );
    held[0]?.answer('Success', ['Message', 'this']);
    expect((await asked).get('Message')).toBe('this');
    expect(connection.story.at(-1)).toBe('Newstate'); // what bears an action's id is for no other
  });

  test('an ActionID can’t be guessed from another session’s', async () => {
    const { ami, connection } = await holding();
    ami.drop();
    await until(() => ami.connections.length === 2 && connection.status.version !== '');
    const ids = ami.requests.map((request) => request.get('ActionID'));
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(ids.map((id) => id.replace(/-\d+$/, ''))).size).toBe(2);
  });

  test('unanswered in time fail, and a late answer is nobody’s', async () => {
    const { connection, held } = await holding({ answerMs: 100 });
    await expect(connection.action(ping)).rejects.toThrow('no answer to Ping within 0.1 s');
    // A dialect knows it from a refusal: what was asked for may be done all the same.
    const asking = createAskAsterisk(connection).action('Ping');
    await expect(asking).rejects.toThrow(new NoAnswer('Asterisk: no answer to Ping within 0.1 s'));
    await expect(asking).rejects.toBeInstanceOf(NoAnswer);
    held[0]?.answer('Success', ['Message', 'late']);
    const second = connection.action(named('B'));
    await until(() => held.length === 3);
    held[2]?.answer('Success', ['Message', 'in time']);
    expect((await second).get('Message')).toBe('in time');
    expect(connection.status.state).toBe('up');
  });

  test('too many at a time are refused at once, and room is made by answers', async () => {
    const { connection, held } = await holding();
    const asked = ['A', 'B', 'C', 'D'].map((name) => connection.action(named(name)));
    await expect(connection.action(named('E'))).rejects.toThrow('too many actions are waiting');
    await until(() => held.length === 4);
    for (const { answer } of held) answer('Success');
    await Promise.all(asked);
    const more = connection.action(named('F'));
    await until(() => held.length === 5);
    held[4]?.answer('Success');
    expect((await more).get('Response')).toBe('Success');
  });

  test('fail when the connection goes away, and while it is away', async () => {
    const { ami, connection, held } = await holding({ retryMs: { first: 60_000, last: 60_000 } });
    const asked = connection.action(ping);
    await until(() => held.length === 1);
    ami.drop();
    await expect(asked).rejects.toThrow('Asterisk: it closed the connection');
    await expect(connection.action(ping)).rejects.toThrow('Asterisk is down');
  });

  test('fail before the log-in is accepted', async () => {
    const ami = await fake({ asked() {} });
    const connection = client(ami.port);
    await expect(connection.action(ping)).rejects.toThrow('Asterisk is connecting');
    await until(() => ami.requests.length === 1);
    await expect(connection.action(ping)).rejects.toThrow('Asterisk is connecting');
    expect(actionsOf(ami)).toEqual(['Challenge']);
  });
});

describe('back-off', () => {
  test('doubles up to the last, shortened by up to a half', () => {
    const wait = { first: 500, last: 30_000 };
    const longest = [0, 1, 2, 3, 4, 5, 6, 7, 50, 5_000].map((tries) => retryDelay(wait, tries, 1));
    expect(longest).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000, 30_000]);
    expect(retryDelay(wait, 2, 0)).toBe(1_000);
    const drawn = Array.from({ length: 200 }, () => retryDelay(wait, 0));
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(250);
    expect(Math.max(...drawn)).toBeLessThanOrEqual(500);
    expect(new Set(drawn).size).toBeGreaterThan(100);
  });

  test('grows while tries fail, and begins anew after a success', async () => {
    const FAILURES = 6;
    const ami = await fake({
      asked(request, session, count) {
        if (count <= FAILURES) session.close();
        else lettingIn()(request, session, count);
      },
    });
    const connection = client(ami.port, { retryMs: { first: 20, last: 60_000 } });
    await until(() => connection.status.version !== '');
    const last = ami.connections.length - 1;
    const gap = (index: number) => (ami.connections[index] ?? 0) - (ami.connections[index - 1] ?? 0);
    for (let tries = 0; tries < FAILURES; tries++) expect(gap(tries + 1)).toBeGreaterThanOrEqual(10 * 2 ** tries - 2);
    expect(last).toBe(FAILURES);
    ami.drop();
    await until(() => ami.connections.length === FAILURES + 2);
    expect(gap(FAILURES + 1)).toBeLessThan(gap(FAILURES));
  });
});

describe('close', () => {
  /** Nobody comes again, and no state is said any more. */
  async function staysClosed(connection: Client, ami: FakeAmi | null): Promise<void> {
    const [said, connections] = [connection.story.length, ami?.connections.length];
    await pause(100);
    expect(connection.story).toHaveLength(said);
    expect(ami?.connections.length).toBe(connections);
    expect(ami?.open ?? 0).toBe(0);
    await connection.close(); // again
  }

  test('when up: says goodbye', async () => {
    const ami = await fake({ asked: lettingIn() });
    const connection = client(ami.port, { goodbyeMs: 5_000 });
    await until(() => connection.status.version !== '');
    const before = performance.now();
    await connection.close();
    expect(performance.now() - before).toBeLessThan(4_000); // it waits for the answer, not for the time
    expect(actionsOf(ami).at(-1)).toBe('Logoff');
    await staysClosed(connection, ami);
  });

  test('when up, with a peer that never says goodbye: within its time', async () => {
    const ami = await fake({
      asked(request, session, count) {
        if (request.get('Action') !== 'Logoff') lettingIn()(request, session, count);
      },
    });
    const connection = client(ami.port, { answerMs: 60_000 });
    await until(() => connection.status.version !== '');
    const waiting = connection.close();
    await expect(Promise.race([waiting.then(() => 'closed'), pause(3_000)])).resolves.toBe('closed');
    await staysClosed(connection, ami);
  });

  test.each<[string, FakeScript, (ami: FakeAmi) => boolean]>([
    ['at once', { asked() {} }, () => true],
    ['before the greeting', { greeting: '', asked() {} }, (ami) => ami.connections.length === 1],
    ['while waiting for the challenge', { asked() {} }, (ami) => ami.requests.length === 1],
  ])('%s', async (_, script, when) => {
    const ami = await fake(script);
    const connection = client(ami.port, { answerMs: 60_000 });
    await until(() => when(ami));
    await connection.close();
    expect(connection.story).toEqual([]);
    await until(() => ami.open === 0);
    await staysClosed(connection, ami);
  });

  test('while waiting for the next try', async () => {
    const port = await freePort();
    const connection = client(port, { retryMs: { first: 200, last: 200 } });
    await state(connection, 'down');
    const ami = await fake({ asked: lettingIn() }, port);
    await connection.close();
    await pause(250); // the next try would have come by now
    await staysClosed(connection, ami);
    expect(ami.connections).toEqual([]);
  });

  test('with no host there is nothing to close, or to ask', async () => {
    const connection = client(1, {}, '');
    expect(connection.status).toMatchObject({ state: 'off', why: '' });
    await expect(connection.action(ping)).rejects.toThrow('Asterisk is off');
    await connection.close();
    await staysClosed(connection, null);
  });

  test('what still waits for an answer fails', async () => {
    const ami = await fake({
      asked(request, session, count) {
        if (request.get('Action') !== 'Ping') lettingIn()(request, session, count);
      },
    });
    const connection = client(ami.port, { pingMs: 60_000, answerMs: 60_000 });
    await until(() => connection.status.version !== '');
    const asked = connection.action(ping);
    const failed = expect(asked).rejects.toThrow(/closed/);
    await connection.close();
    await failed;
  });
});

test('a peer that says much at once leaves everybody else a turn in between', async () => {
  const peer = await fake({ asked: lettingIn() });
  const heard: number[] = [];
  let turn = 0;
  let next = setImmediate(function tick() {
    turn++;
    next = setImmediate(tick);
  });
  onTestFinished(() => clearImmediate(next));
  const connection = connectAsterisk({
    ...{ host: '127.0.0.1', port: peer.port, username: 'cdrd', secret: SECRET, limits: asteriskLimits },
    log: createLog({ level: 'error', write: (line) => lines.push(line), terminal: false }),
    onEvent: () => void heard.push(turn),
    onUp() {},
  });
  onTestFinished(() => connection.close());
  await state(connection, 'up');
  const event = `Event: Newexten\r\nPrivilege: dialplan,all\r\nAppData: ${'x'.repeat(150)}\r\n\r\n`;
  const count = 10_000;
  peer.send(event.repeat(count));
  await until(() => heard.length === count);
  const inTurn = new Map<number, number>();
  for (const at of heard) inTurn.set(at, (inTurn.get(at) ?? 0) + 1);
  // What one read brings, 64 KB, and what came by another behind it.
  expect(Math.max(...inTurn.values()) * event.length).toBeLessThanOrEqual(3 * 65_536);
});

test('while much waits to be stored the peer is heard more slowly, and yet all of it', async () => {
  const peer = await fake({ asked: lettingIn() });
  let heard = 0;
  let reads = 0;
  let rest = 40;
  const connection = connectAsterisk({
    ...{ host: '127.0.0.1', port: peer.port, username: 'cdrd', secret: SECRET, limits: asteriskLimits },
    log: createLog({ level: 'error', write: (line) => lines.push(line), terminal: false }),
    onEvent: () => void heard++,
    onUp() {},
    restMs() {
      reads++;
      return rest;
    },
  });
  onTestFinished(() => connection.close());
  await state(connection, 'up');
  const event = `Event: Newexten\r\nPrivilege: dialplan,all\r\nAppData: ${'x'.repeat(150)}\r\n\r\n`;
  const count = 2_000;
  const before = reads;
  const begun = performance.now();
  peer.send(event.repeat(count));
  await until(() => heard === count);
  const rests = reads - before - 1;
  expect(rests).toBeGreaterThanOrEqual(Math.floor((event.length * count) / 65_536) - 1);
  expect(performance.now() - begun).toBeGreaterThanOrEqual(rests * 38);
  rest = 0;
  expect((await connection.action(ping)).get('Response')).toBe('Success');
});
