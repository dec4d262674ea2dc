/** Forwarded actions: who asked gets its own answer and its own list, nobody else does, whatever the PBX or the others do. */
import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type AsteriskConnection, connectAsterisk } from '../../daemon/asterisk/connection.ts';
import { asteriskLimits } from '../../daemon/limits.ts';
import { createLog } from '../../daemon/log.ts';
import type { Packet } from '../../daemon/wire/packet.ts';
import { eventually, type TestDaemon } from '../support/daemon.ts';
import type { FakeSession } from '../support/fake-ami.ts';
import { atFileEnd } from '../support/folder.ts';
import { OUTSIDE } from '../support/outside.ts';
import { amiPort, logInClient, setUser } from './client.ts';
import { listEnd, type ScriptedPbx, startPbx, startScene } from './pbx.ts';

const atEnd = atFileEnd();

let daemon: TestDaemon;
let pbx: ScriptedPbx;
let asked: { request: Packet; session: FakeSession }[];

beforeAll(async () => {
  ({ daemon, pbx } = await startScene(atEnd));
  await setUser(daemon, 'desk', { write: 'call,reporting,originate' });
});
beforeEach(() => {
  asked = [];
  pbx.asked = (request, session) => asked.push({ request, session });
});

const client = () => logInClient(amiPort(daemon), 'desk');
const next = async () => {
  await eventually(() => asked.length > 0);
  return asked.shift() as (typeof asked)[number];
};
const item = (request: Packet, name: string) =>
  `Event: CoreShowChannel\r\nActionID: ${request.get('ActionID')}\r\nChannel: ${name}\r\n\r\n`;
const SHOW = 'Action: CoreShowChannels\r\nActionID: 1\r\n\r\n';
const started = ({ request, session }: (typeof asked)[number]) =>
  session.answer(request, 'Success', ['EventList', 'start'], ['Message', 'Channels will follow']);

describe('two clients', () => {
  test('with the same ActionID get their own answers, in whatever order those come', async () => {
    const [one, other] = [await client(), await client()];
    const send = 'Action: Getvar\r\nVariable: X\r\nActionID: 1\r\n\r\n';
    one.send(send);
    const first = await next();
    other.send(send);
    const second = await next();
    expect(first.request.get('ActionID')).not.toBe(second.request.get('ActionID'));
    second.session.answer(second.request, 'Success', ['Value', 'second']);
    first.session.answer(first.request, 'Success', ['Value', 'first']);
    const answer = (packet: Packet) => packet.get('ActionID') === '1';
    expect((await one.find(answer)).get('Value')).toBe('first');
    expect((await other.find(answer)).get('Value')).toBe('second');
    expect(one.text).not.toContain('cdrd-');
    expect(one.text).not.toContain('second');
  });

  test('lists go to the asker alone, mixed as they may be', async () => {
    const [one, other, third] = [await client(), await client(), await client()];
    one.send(SHOW);
    const first = await next();
    other.send(SHOW);
    const second = await next();
    started(first);
    started(second);
    first.session.send(item(first.request, 'SIP/1'));
    second.session.send(item(second.request, 'SIP/2'));
    pbx.send('Event: Newstate\r\nPrivilege: call,all\r\nChannel: SIP/3\r\n\r\n');
    first.session.send(listEnd('CoreShowChannelsComplete', first.request, 1));
    second.session.send(listEnd('CoreShowChannelsComplete', second.request, 1));
    for (const [each, channel] of [
      [one, 'SIP/1'],
      [other, 'SIP/2'],
    ] as const) {
      await each.find((packet) => packet.first[1] === 'CoreShowChannelsComplete');
      expect(each.events('CoreShowChannel').map((event) => event.get('Channel'))).toEqual([channel]);
      await each.find((packet) => packet.first[1] === 'Newstate');
    }
    await third.find((packet) => packet.first[1] === 'Newstate');
    expect(third.events('CoreShowChannel')).toEqual([]);
    expect(third.events('CoreShowChannelsComplete')).toEqual([]);
  });

  test.skipIf(OUTSIDE)('one that leaves in the middle of its list takes nothing with it', async () => {
    const [one, other] = [await client(), await client()];
    one.send(SHOW);
    const first = await next();
    started(first);
    first.session.send(item(first.request, 'SIP/1'));
    await one.find((packet) => packet.first[1] === 'CoreShowChannel');
    one.end();
    await pause(50);
    first.session.send(item(first.request, 'SIP/2') + listEnd('CoreShowChannelsComplete', first.request, 2));
    expect((await other.ask('Ping')).get('Ping')).toBe('Pong');
    expect(other.events('CoreShowChannel')).toEqual([]);
    await eventually(() => daemon.ami.figures.clients === 1);
  });
});

describe('an ActionID', () => {
  test('that a client gave none is in no answer and no item', async () => {
    const one = await client();
    one.send('Action: CoreShowChannels\r\n\r\n');
    const first = await next();
    started(first);
    first.session.send(item(first.request, 'SIP/1') + listEnd('CoreShowChannelsComplete', first.request, 1));
    await one.find((packet) => packet.first[1] === 'CoreShowChannelsComplete');
    expect(one.text.match(/ActionID/g)).toHaveLength(1); // the log-in's
  });

  test('of an Originate comes back in its OriginateResponse, for everybody, as from Asterisk', async () => {
    const [one, other] = [await client(), await client()];
    one.send('Action: Originate\r\nChannel: SIP/202\r\nExten: 1\r\nAsync: true\r\nActionID: my-call\r\n\r\n');
    const { request, session } = await next();
    session.answer(request, 'Success', ['Message', 'Originate successfully queued']);
    await one.find((packet) => packet.get('ActionID') === 'my-call');
    session.send(
      `Event: OriginateResponse\r\nPrivilege: call,all\r\nActionID: ${request.get('ActionID')}\r\nResponse: Success\r\n\r\n`,
    );
    for (const each of [one, other])
      expect((await each.find((packet) => packet.first[1] === 'OriginateResponse')).get('ActionID')).toBe('my-call');
  });

  test.each([
    ['Success', 'false', 'Success', 'Originate successfully queued'],
    ['Failure', 'false', 'Error', 'Originate failed'],
    ['Success', 'true ', 'Success', 'Originate successfully queued'], // Asterisk takes a blank behind for no
  ])(
    'of an Originate that waits for its call: %s is its answer, and the stream does not stand still (%j)',
    async (outcome, async, response, message) => {
      const [one, other] = [await client(), await client()];
      one.send(`Action: Originate\r\nChannel: SIP/202\r\nExten: 1\r\nasync: ${async}\r\nActionID: my-call\r\n\r\n`);
      const { request, session } = await next();
      expect(request.get('Async')).toBe('true');
      expect(request.headers.filter(([name]) => /async/i.test(name))).toHaveLength(1);
      session.answer(request, 'Success', ['Message', 'Originate successfully queued']);
      pbx.send('Event: Newchannel\r\nPrivilege: call,all\r\n\r\n');
      await one.find((packet) => packet.first[1] === 'Newchannel');
      await other.ask('Ping');
      expect(one.packets.filter((packet) => packet.get('ActionID') === 'my-call')).toEqual([]);
      session.send(
        `Event: OriginateResponse\r\nPrivilege: call,all\r\nActionID: ${request.get('ActionID')}\r\nResponse: ${outcome}\r\n\r\n`,
      );
      const answer = await one.find((packet) => packet.get('ActionID') === 'my-call');
      expect(answer.raw.toString()).toBe(`Response: ${response}\r\nActionID: my-call\r\nMessage: ${message}\r\n\r\n`);
      await other.ask('Ping');
      expect(other.events('OriginateResponse')).toEqual([]); // Asterisk sends none then
    },
  );

  test('of an Originate that is refused at once', async () => {
    const one = await client();
    one.send('Action: Originate\r\nChannel: SIP/202\r\nExten: 1\r\nActionID: my-call\r\n\r\n');
    const { request, session } = await next();
    session.answer(request, 'Error', ['Message', 'Extension does not exist.']);
    expect((await one.find((packet) => packet.get('ActionID') === 'my-call')).get('Message')).toBe(
      'Extension does not exist.',
    );
    expect((await one.ask('Ping')).get('Ping')).toBe('Pong');
  });

  test('guessed by a stranger in an event reaches nobody’s answer', async () => {
    const one = await client();
    one.send('Action: Getvar\r\nVariable: X\r\nActionID: 1\r\n\r\n');
    const { request, session } = await next();
    const [, count] = /-(\d+)$/.exec(request.get('ActionID')) ?? [];
    pbx.send(`Event: Newexten\r\nPrivilege: call,all\r\nActionID: cdrd-0000000000000000-${count}\r\nValue: 1\r\n\r\n`);
    pbx.send(`Response: Success\r\nActionID: cdrd-0000000000000000-${count}\r\nValue: 2\r\n\r\n`);
    session.answer(request, 'Success', ['Value', 'true']);
    expect((await one.find((packet) => packet.get('ActionID') === '1')).get('Value')).toBe('true');
    expect(one.events('Newexten')).toHaveLength(1);
  });
});

test('an action’s lines reach the PBX as they are, in order, repeated ones too', async () => {
  const one = await client();
  one.send(
    'Action: Originate\r\nActionID: 9\r\nChannel: SIP/202\r\nVariable: A=1\r\nVariable: B=ü,C=\r\nX\r\nEmpty:\r\n\r\n',
  );
  const { request, session } = await next();
  expect(request.headers.filter(([name]) => name !== 'ActionID' && name !== 'Async')).toEqual([
    ['Action', 'Originate'],
    ['Channel', 'SIP/202'],
    ['Variable', 'A=1'],
    ['Variable', 'B=ü,C='],
    ['X', ''],
    ['Empty', ''],
  ]);
  session.answer(request, 'Error', ['Message', 'no']);
  await one.find((packet) => packet.get('ActionID') === '9');
});

test.each([
  // A line of 1,023 characters ends Asterisk's message where it ends: what follows would be an action of its own.
  ['a blank that we add', `X:${'x'.repeat(1_020)}`, 'line too long'],
  ['a character that we write with more bytes', Buffer.from(`X: ${'\u00e4'.repeat(510)}`, 'latin1'), 'line too long'],
  ['a header that we add', Array.from({ length: 126 }, (_, n) => `X: ${n}`).join('\r\n'), 'Too many lines'],
])('%s makes no message that Asterisk would read as two', async (_, lines, why) => {
  const one = await client();
  one.socket.write('Action: QueueStatus\r\n');
  one.socket.write(lines);
  one.socket.write('\r\nAction: Command\r\n\r\n');
  const answer = await one.find(({ first }) => first[1] === 'Error');
  expect(answer.get('Message')).toContain(why);
  expect((await one.ask('Ping')).get('Ping')).toBe('Pong');
  expect(asked).toEqual([]);
});

// How many clients there are is known inside only.
test.skipIf(OUTSIDE)('classes that somebody listens to are asked of the PBX, and no others', async () => {
  expect(pbx.masks[0]).toBe('cdr,call,system');
  await setUser(daemon, 'ear', { read: 'dtmf,call' });
  await eventually(() => daemon.ami.figures.clients === 0);
  const before = pbx.masks.length;
  const ear = await logInClient(amiPort(daemon), 'ear');
  await eventually(() => pbx.masks.length > before);
  expect(pbx.masks.at(-1)).toBe('cdr,call,system,dtmf');
  await ear.ask('Events', { EventMask: 'off' });
  await eventually(() => pbx.masks.at(-1) === 'cdr,call,system');
});

describe('the PBX', () => {
  /** Events that go to everybody. */
  let told: string[];
  beforeEach(() => {
    told = [];
  });
  function connection(port: number): AsteriskConnection {
    const made = connectAsterisk({
      host: '127.0.0.1',
      port,
      username: 'cdrd',
      secret: 'x',
      log: createLog({ level: 'error', write() {}, terminal: false }),
      limits: { ...asteriskLimits, answerMs: 300, pingMs: 600, retryMs: { first: 20, last: 40 } },
      onEvent: (event) => void told.push(event.first[1]),
      onUp: () => void made.action([['Action', 'CoreShowChannels']]).catch(() => {}),
    });
    onTestFinished(() => made.close());
    return made;
  }

  async function forwarded(script: (request: Packet, session: FakeSession) => void) {
    const lone = await startPbx(onTestFinished);
    lone.asked = script;
    const made = connection(lone.port);
    await eventually(() => lone.requests.some((request) => request.get('Action') === 'CoreShowChannels'));
    const story: string[] = [];
    made.forward([['Action', 'Status']], 'x', {
      heard: (bytes) => story.push(bytes.toString().split('\r\n')[0] ?? ''),
      done: () => story.push('done'),
      failed: (error) => story.push(error.message),
    });
    return { lone, story, made };
  }

  test('lost in the middle of a list: the asker is told once', async () => {
    const { lone, story } = await forwarded((request, session) => {
      session.answer(request, 'Success', ['EventList', 'start']);
      session.send(`Event: Status\r\nActionID: ${request.get('ActionID')}\r\n\r\n`);
    });
    await eventually(() => story.length === 2);
    lone.drop();
    await eventually(() => story.length > 2);
    await pause(400);
    expect(story).toEqual(['Response: Success', 'Event: Status', 'Asterisk: it closed the connection']);
  });

  test('is told what is listened to until it knows: when it was asked at log-in, and when it did not answer', async () => {
    let answers = false;
    const lone = await startPbx(onTestFinished, (request, session) => {
      if (request.get('Action') !== 'Events') return false;
      if (answers) session.answer(request, 'Success', ['Events', 'On']);
      answers = true;
      return true;
    });
    const made = connection(lone.port);
    await eventually(() => lone.masks.length === 1);
    made.listenTo(['dtmf']); // perhaps before the log-in is answered
    await eventually(() => lone.requests.filter((request) => request.get('Action') === 'Events').length === 2);
    const told = () => lone.requests.filter((request) => request.get('Action') === 'Events');
    expect(told().map((request) => request.get('EventMask'))).toEqual(['cdr,call,system,dtmf', 'cdr,call,system,dtmf']);
    await pause(600);
    expect(told()).toHaveLength(2);
  });

  test('silent: the asker is told once, and what comes too late goes nowhere', async () => {
    let late = () => {};
    const { story } = await forwarded((request, session) => {
      late = () => session.answer(request, 'Success');
    });
    await eventually(() => story.length > 0);
    late();
    await pause(100);
    expect(story).toEqual(['no answer to Status within 0.3 s']);
  });

  test.each(['before its answer', 'in the middle'])(
    'silent %s: a list that comes too late is nobody’s',
    async (when) => {
      let late = () => {};
      const { lone, story } = await forwarded((request, session) => {
        const start = () => session.answer(request, 'Success', ['EventList', 'start']);
        if (when === 'in the middle') start();
        late = () => {
          if (when !== 'in the middle') start();
          // An item of Status bears a privilege, as what is told to everybody does.
          session.send(`Event: Status\r\nPrivilege: Call\r\nActionID: ${request.get('ActionID')}\r\n\r\n`);
          session.send(listEnd('StatusComplete', request, 1));
        };
      });
      await eventually(() => story.some((line) => line.startsWith('no answer')));
      told.length = 0;
      late();
      lone.send('Event: Newstate\r\nPrivilege: call,all\r\n\r\n');
      await eventually(() => told.includes('Newstate'));
      expect(told).toEqual(['Newstate']);
    },
  );

  test('lists what this daemon asks for itself, and nobody else hears of it', async () => {
    const { lone, made } = await forwarded(() => {});
    const items: string[] = [];
    const list = made.list([['Action', 'Status']], (item) => void items.push(item.get('Channel')));
    const request = await eventually(() => lone.requests.filter((each) => each.get('Action') === 'Status')[1]);
    const id = `ActionID: ${request?.get('ActionID')}`;
    told.length = 0;
    lone.send(`Response: Success\r\n${id}\r\nEventList: start\r\n\r\n`);
    lone.send(`Event: Status\r\nPrivilege: Call\r\n${id}\r\nChannel: SIP/1\r\n\r\n`);
    lone.send(`Event: StatusComplete\r\n${id}\r\nEventList: Complete\r\n\r\n`);
    await list;
    expect([items, told]).toEqual([['SIP/1', ''], []]);
    const refused = made.list([['Action', 'Nothing']], () => {});
    await eventually(() => lone.requests.some((each) => each.get('Action') === 'Nothing'));
    const { get } = lone.requests.at(-1) as Packet;
    lone.send(`Response: Error\r\nActionID: ${get('ActionID')}\r\nMessage: Permission denied\r\n\r\n`);
    await expect(refused).rejects.toThrow('Permission denied');
  });

  test('a list goes on as long as its items come', async () => {
    const { story } = await forwarded((request, session) => {
      session.answer(request, 'Success', ['EventList', 'start']);
      void (async () => {
        for (let index = 0; index < 4; index++) {
          await pause(150);
          session.send(`Event: Status\r\nActionID: ${request.get('ActionID')}\r\n\r\n`);
        }
        session.send(listEnd('StatusComplete', request, 4));
      })();
    });
    await eventually(() => story.includes('done'));
    expect(story).toHaveLength(7);
  });

  test('away: said at once, with the ActionID', async () => {
    const { daemon: alone, pbx: gone } = await startScene(onTestFinished);
    await setUser(alone, 'desk', { write: 'call,reporting' });
    const one = await logInClient(amiPort(alone), 'desk');
    await gone.close();
    await eventually(async () => (await one.ask('Status')).get('Message') === 'Asterisk is down');
    const answer = await one.ask('Status');
    expect(answer.headers.map(([name]) => name)).toEqual(['Response', 'ActionID', 'Message']);
    expect((await one.ask('Ping')).get('Ping')).toBe('Pong');
  });
});
