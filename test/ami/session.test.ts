/** A session by itself: what it hears and when, by mask, filter and replay; a store that answers when the test says. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createThrottle } from '../../cgi/access/throttle.ts';
import { classesOf } from '../../daemon/ami/classes.ts';
import type { Replay, SessionServices } from '../../daemon/ami/conversation.ts';
import { type AmiEvent, createRelay, type Relay } from '../../daemon/ami/relay.ts';
import { type AmiSession, createAmiSession } from '../../daemon/ami/session.ts';
import { type AmiUserDefinition, openAmiUsers } from '../../daemon/ami/users.ts';
import { amiLimits, sessionLimits } from '../../daemon/limits.ts';
import { createLog } from '../../daemon/log.ts';
import { parsePacket } from '../../daemon/wire/packet.ts';
import type { AuditLine } from '../../storage/sql/audit.ts';
import { temporaryFolder } from '../support/folder.ts';

type Page = Awaited<ReturnType<Replay['after']>>;

/** A store of events that is asked page by page; `answer` lets the oldest question go. */
function fakeStore() {
  const rows: AmiEvent[] = [];
  const asked: { after: number; resolve: (page: Page) => void }[] = [];
  return {
    rows,
    asked,
    oldest: 1,
    pageRows: 3,
    after: (after: number) => new Promise<Page>((resolve) => void asked.push({ after, resolve })),
    answer() {
      const question = asked.shift();
      if (!question) throw new Error('nothing was asked');
      const page = rows.filter((row) => (row.sequence ?? 0) > question.after).slice(0, this.pageRows);
      question.resolve({
        events: page.filter((row) => row.bytes?.length !== 0), // one without bytes stands for a call's row
        last: page.at(-1)?.sequence ?? question.after,
        oldest: rows.length === 0 ? null : this.oldest,
        newest: rows.at(-1)?.sequence ?? 0,
      });
    },
    async answerAll() {
      await settled();
      for (let index = 0; index < 20 && asked.length > 0; index++) {
        this.answer();
        await settled();
      }
    },
  };
}

let relay: Relay;
afterEach(() => relay.close());

const settled = async () => {
  for (let index = 0; index < 4; index++) await new Promise((resolve) => setImmediate(resolve));
};

async function scene(change: Partial<AmiUserDefinition> = {}) {
  relay = createRelay(amiLimits);
  const lines: string[] = [];
  const noted: AuditLine[] = [];
  const store = fakeStore();
  const users = await openAmiUsers(temporaryFolder());
  const definition = { name: 'x', secret: 'x', read: ['all'], write: ['system'], permit: [], extras: true, ...change };
  await users.set(definition);
  let text = '';
  let ended = false;
  const services: SessionServices = {
    users,
    relay,
    upstream: {
      forward: (_, __, asker) => asker.failed(new Error('off')),
      uptime: () => null,
      commands: async () => [],
      pause: async () => {},
    },
    replay: store,
    limits: { ...amiLimits, refusedMs: 1 },
    throttle: createThrottle(sessionLimits),
    log: createLog({ level: 'warn', write: (line) => void lines.push(line), terminal: false }),
    notes: { done: (line) => void noted.push(line), refused: (line) => void noted.push(line) },
    onListening() {},
  };
  const wire = {
    address: '127.0.0.1',
    send: (bytes: Buffer | string) => {
      text += bytes.toString();
    },
    unread: 0,
    end: () => {
      ended = true;
    },
  };
  const session: AmiSession = createAmiSession(wire, services);
  const say = (...lines: string[]) => session.packet(parsePacket(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`)));
  say('Action: Login', 'Username: x', 'Secret: x');
  await settled();
  text = '';
  return {
    lines,
    noted,
    services,
    session,
    say,
    store,
    users,
    wire,
    definition,
    get ended() {
      return ended;
    },
    /** What came since the last look: names of events with their sequence, and answers. */
    async heard() {
      await settled();
      const found = text
        .split('\r\n\r\n')
        .filter(Boolean)
        .map((packet) => {
          const parsed = parsePacket(Buffer.from(`${packet}\r\n\r\n`));
          const sequence = parsed.get('EventSequence');
          return `${parsed.first[1]}${parsed.get('Message') && ` ${parsed.get('Message')}`}${sequence && ` ${sequence}`}`;
        });
      text = '';
      return found;
    },
  };
}

function ours(sequence: number, classes = 'cdr'): AmiEvent {
  const text = `Event: ${classes}\r\nPrivilege: ${classes},all\r\n`;
  return {
    bytes: Buffer.from(`${text}\r\n`),
    extras: Buffer.from(`${text}EventSequence: ${sequence}\r\n\r\n`),
    classes: classesOf(classes),
    sequence,
  };
}
const callRow = (sequence: number): AmiEvent => ({ ...ours(sequence), bytes: Buffer.alloc(0) });
const hear = (name: string, privilege = 'call,all') =>
  relay.event(parsePacket(Buffer.from(`Event: ${name}\r\nPrivilege: ${privilege}\r\n\r\n`)));

describe('masks', () => {
  test('hold from the very next event on, off and on', async () => {
    const { say, heard } = await scene();
    hear('A');
    say('Action: Events', 'EventMask: off');
    await settled();
    hear('B');
    hear('C');
    say('Action: Events', 'EventMask: call');
    await settled();
    hear('D');
    hear('E', 'dtmf,all');
    hear('F', 'call,dtmf,all');
    expect(await heard()).toEqual(['A', 'Success', 'Success', 'D']);
  });

  test('an answer comes behind the events that were before it', async () => {
    const { say, heard } = await scene();
    hear('A');
    say('Action: Ping');
    await settled();
    hear('B');
    expect(await heard()).toEqual(['A', 'Success', 'B']);
  });

  test('a user who may read nothing hears nothing, whatever the mask', async () => {
    const { say, heard } = await scene({ read: [] });
    say('Action: Events', 'EventMask: on');
    hear('A');
    hear('B', '<none>');
    expect(await heard()).toEqual(['Success']);
  });
});

describe('filters', () => {
  const add = (filter: string) => ['Action: Filter', 'Operation: Add', `Filter: ${filter}`];
  test('of those that include one must match, of those that exclude none', async () => {
    const { say, heard } = await scene();
    say(...add('Event: (A|B|C)'));
    say(...add('Event: D'));
    say(...add('!Event: B'));
    await heard();
    for (const name of ['A', 'B', 'C', 'D', 'E']) hear(name);
    expect(await heard()).toEqual(['A', 'C', 'D']);
  });
  test('excluding ones alone let the others through', async () => {
    const { say, heard } = await scene();
    say(...add('!Privilege: dtmf'));
    await heard();
    hear('A');
    hear('B', 'dtmf,all');
    expect(await heard()).toEqual(['A']);
  });
  test('are bounded together in what they may cost an event', async () => {
    const { say, heard } = await scene();
    for (let index = 0; index < 4; index++) say(...add(`${index}.{0,140}zzz`)); // 285 states each
    expect(await heard()).toEqual([
      'Success Success',
      'Success Success',
      'Success Success',
      'Error Filter did not compile.  Check the syntax of the filter given.',
    ]);
  });
  test('are bounded in number and length', async () => {
    const { say, heard } = await scene();
    say(...add('x'.repeat(257)));
    for (let index = 0; index < 33; index++) say(...add('x'));
    const answers = await heard();
    expect(answers.filter((answer) => answer === 'Success Success')).toHaveLength(32);
    expect(answers.filter((answer) => answer === 'Error Failed to add filter')).toHaveLength(2);
  });
});

describe('WaitEvent', () => {
  test('answers with the next event, in between', async () => {
    const { say, heard } = await scene();
    hear('before');
    say('Action: WaitEvent', 'Timeout: 600');
    expect(await heard()).toEqual(['before']);
    hear('A');
    hear('B');
    expect(await heard()).toEqual(['Success Waiting for Event completed.', 'A', 'B', 'WaitEventComplete']);
    hear('C');
    expect(await heard()).toEqual(['C']);
  });
  test('waits for what the mask lets through, and for ever without a Timeout', async () => {
    const { say, heard } = await scene();
    say('Action: Events', 'EventMask: cdr');
    say('Action: WaitEvent');
    await settled();
    hear('A');
    expect(await heard()).toEqual(['Success']);
    relay.own(ours(1));
    expect(await heard()).toEqual(['Success Waiting for Event completed.', 'cdr 1', 'WaitEventComplete']);
  });
  test('ends with the session', async () => {
    const { say, heard, session } = await scene();
    say('Action: WaitEvent');
    await heard();
    session.close();
    say('Action: Ping');
    expect(await heard()).toEqual([]);
  });
  test('what is asked meanwhile is answered afterwards', async () => {
    const { say, heard } = await scene();
    say('Action: WaitEvent', 'Timeout: 0');
    say('Action: Ping');
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(await heard()).toEqual(['Success Waiting for Event completed.', 'WaitEventComplete', 'Success']);
  });
});

describe('CdrdReplay', () => {
  test('page by page, over pages that hold calls alone, up to the last', async () => {
    const { say, store, heard } = await scene();
    store.rows.push(ours(1), ours(2), callRow(3), callRow(4), callRow(5), callRow(6), ours(7), ours(8, 'agent'));
    say('Action: CdrdReplay', 'Since: 1');
    await store.answerAll();
    expect(await heard()).toEqual(['Success Events will follow', 'cdr 2', 'cdr 7', 'agent 8', 'CdrdReplayComplete 8']);
    expect(store.asked).toEqual([]);
  });

  test('goes through the filters of the session, as live events do', async () => {
    const { say, store, heard } = await scene();
    store.rows.push(ours(1), ours(2, 'agent'), ours(3));
    say('Action: Filter', 'Operation: Add', 'Filter: !Privilege: agent');
    say('Action: CdrdReplay', 'Since: 0');
    await store.answerAll();
    expect(await heard()).toEqual([
      'Success Success',
      'Success Events will follow',
      'cdr 1',
      'cdr 3',
      'CdrdReplayComplete 3',
    ]);
  });

  test('live events of ours come once and in their turn, Asterisk’s at once', async () => {
    const { say, store, heard } = await scene();
    const live = (sequence: number) => {
      store.rows.push(ours(sequence));
      relay.own(ours(sequence));
    };
    live(1);
    await heard();
    say('Action: CdrdReplay', 'Since: 0');
    await settled();
    live(2); // before the first answer of the store
    await settled();
    store.answer();
    await settled();
    hear('A');
    live(3);
    expect(await heard()).toEqual([
      'Success Events will follow',
      'cdr 1',
      'cdr 2',
      'CdrdReplayComplete 2',
      'A',
      'cdr 3',
    ]);
  });

  test('comes to its end beside traffic that never ends', async () => {
    const { say, store, heard } = await scene();
    const live = (sequence: number) => {
      store.rows.push(ours(sequence));
      relay.own(ours(sequence));
    };
    for (let sequence = 1; sequence <= 8; sequence++) live(sequence);
    await heard();
    say('Action: CdrdReplay', 'Since: 0');
    await settled();
    store.answer(); // 1 to 3, of 8
    live(9);
    await settled();
    store.answer(); // 4 to 6, of 9
    live(10);
    await settled();
    live(11);
    store.answer(); // 7 to 9, of 11
    live(12);
    await settled();
    store.answer(); // 10 to 12, of 12
    live(13);
    const numbers = (from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, index) => `cdr ${from + index}`);
    expect(await heard()).toEqual(['Success Events will follow', ...numbers(1, 13), 'CdrdReplayComplete 13']);
    live(14);
    expect(await heard()).toEqual(numbers(14, 14));
  });

  test('brings the mask with it, without a gap', async () => {
    const { say, store, heard } = await scene();
    say('Action: Events', 'EventMask: off');
    await heard();
    store.rows.push(ours(1));
    relay.own(ours(1));
    say('Action: CdrdReplay', 'Since: 0', 'EventMask: cdr');
    await settled();
    store.answer();
    store.rows.push(ours(2)); // stored after the page was read, told before it has arrived
    relay.own(ours(2));
    await settled();
    hear('A');
    relay.own(ours(3));
    expect(await heard()).toEqual(['Success Events will follow', 'cdr 1', 'cdr 2', 'CdrdReplayComplete 2', 'cdr 3']);
  });

  test.each([
    ['11', 'Error What came before EventSequence 13 is kept no longer: ask Since: 12', 13],
    ['12', 'Success Events will follow', 13],
    ['15', 'Error There is no EventSequence 15 yet: the newest is 14', 1],
    ['-1', 'Error Since must be an EventSequence', 1],
    ['x', 'Error Since must be an EventSequence', 1],
    ['', 'Error Since must be an EventSequence', 1],
    ['1e3', 'Error Since must be an EventSequence', 1],
  ])('Since %s: %s', async (since, answer, oldest) => {
    const { say, store, heard } = await scene();
    store.oldest = oldest;
    store.rows.push(ours(13), ours(14));
    say('Action: CdrdReplay', `Since: ${since}`);
    await settled();
    if (store.asked.length > 0) {
      relay.own(ours(16)); // held back while it isn't known whether there can be a replay
      store.answer();
    } else relay.own(ours(16));
    const [first, ...more] = await heard();
    expect(first).toBe(answer);
    if (answer.startsWith('Error')) expect(more).toEqual(['cdr 16']);
  });

  test('follows the rights, those changed meanwhile too', async () => {
    const { say, store, heard, users, definition } = await scene({ read: ['cdr'] });
    store.rows.push(ours(1), ours(2, 'agent'), ours(3), ours(4), ours(5, 'agent'), ours(6));
    say('Action: CdrdReplay', 'Since: 0');
    await settled();
    store.answer();
    await settled();
    await users.set({ ...definition, read: ['agent'], extras: false });
    store.answer();
    expect(await heard()).toEqual(['Success Events will follow', 'cdr 1', 'cdr 3', 'agent', 'CdrdReplayComplete 6']);
  });

  test('ends where a slow reader’s next events are kept no longer: it sees no gap', async () => {
    const scened = await scene();
    const { say, store, heard } = scened;
    store.rows.push(ours(1), ours(2), ours(3), ours(4), ours(5), ours(6));
    say('Action: CdrdReplay', 'Since: 0');
    await settled();
    store.answer();
    await settled();
    store.rows.splice(0, 4); // trimmed meanwhile
    store.oldest = 5;
    store.answer();
    expect(await heard()).toEqual(['Success Events will follow', 'cdr 1', 'cdr 2', 'cdr 3']);
    expect(scened.ended).toBe(true);
  });

  test('waits for its reader', async () => {
    const { say, store, wire } = await scene();
    store.rows.push(ours(1), ours(2), ours(3), ours(4));
    wire.unread = 10_000_000;
    say('Action: CdrdReplay', 'Since: 0');
    await settled();
    store.answer();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(store.asked).toEqual([]);
    wire.unread = 0;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(store.asked).toHaveLength(1);
  });
});

test('a flood of actions is answered in many turns, in order, and says when it is too much', async () => {
  const { say, heard, session } = await scene();
  for (let index = 0; index < 200; index++) say('Action: Ping', `ActionID: ${index}`);
  expect(session.full).toBe(true);
  await new Promise((resolve) => setImmediate(resolve));
  expect(session.full).toBe(true); // one turn of the loop is not enough for them
  let answers = 0;
  for (let turns = 0; turns < 20; turns++) answers += (await heard()).length;
  expect(answers).toBe(200);
  expect(session.full).toBe(false);
});

test('a user removed in the middle of an action ends the session, and nothing comes after', async () => {
  const { say, store, heard, users, session } = await scene();
  store.rows.push(ours(1));
  say('Action: CdrdReplay', 'Since: 0');
  await settled();
  await users.remove('x');
  session.userChanged();
  store.answer();
  hear('A');
  expect(await heard()).toEqual([]);
});

test('a client that is dropped while its log-in is answered listens to nothing', async () => {
  const { services, session, wire } = await scene();
  session.close();
  const late: AmiSession = createAmiSession({ ...wire, send: () => late.close() }, services);
  late.packet(parsePacket(Buffer.from('Action: Login\r\nUsername: x\r\nSecret: x\r\n\r\n')));
  await settled();
  expect(relay.wanted).toBe(0);
});

test('a session whose address is permitted no more ends', async () => {
  const scened = await scene();
  const { session, users, definition } = scened;
  await users.set({ ...definition, permit: ['127.0.0.0/8'] });
  session.userChanged();
  expect(scened.ended).toBe(false);
  await users.set({ ...definition, permit: ['192.168.1.0/24'] });
  session.userChanged();
  expect(scened.ended).toBe(true);
});

test('a flood of refused actions is no flood of the log', async () => {
  const { say, lines, heard } = await scene({ write: [] });
  for (let index = 0; index < 100; index++) say('Action: Command', 'Command: core stop now');
  let answers = 0;
  for (let looks = 0; answers < 100 && looks < 100; looks++) answers += (await heard()).length;
  expect(answers).toBe(100);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('Command');
});

test('the audit log is told who came in, what was refused and what was asked to be done', async () => {
  const { say, noted } = await scene();
  say('Action: Hangup', 'Channel: SIP/205-1', 'Reason: stuck');
  say('Action: Ping');
  say('Action: Originate', 'Channel: SIP/205');
  await settled();
  const told = noted.map(({ who, action, reason = '', detail }) => [who, action, reason, detail]);
  expect(told).toEqual([
    ['ami:x', 'ami.login', '', {}],
    ['ami:x', 'ami.hangup', 'stuck', { channel: 'SIP/205-1' }],
    ['ami:x', 'ami.denied', '', { action: 'Originate' }],
  ]);
  const stranger = await scene();
  stranger.noted.length = 0;
  const session = createAmiSession({ ...stranger.wire }, stranger.services);
  session.packet(parsePacket(Buffer.from('Action: Login\r\nUsername: x\r\nSecret: wrong\r\n\r\n')));
  await vi.waitFor(() => expect(stranger.noted).toHaveLength(1), { timeout: 10_000 });
  expect(stranger.noted[0]).toMatchObject({ who: '', action: 'ami.login.failed', detail: { user: 'x' } });
});
