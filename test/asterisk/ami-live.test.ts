/**
 * Calls in progress on a real Asterisk, as 30019 and the WebSocket `/live` show them while they ring and talk, and after
 * the daemon was away in the midst of them; pausing a recording, heard in the WAV itself; calls that a client originates.
 */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import WebSocket from 'ws';
import { PLAIN } from './ami-conversations.ts';
import { type AmiStage, CLIENT, loudness, openAmiStage } from './ami-stage.ts';
import { type AmiStream, headerOf, logInStream } from './ami-stream.ts';
import { eventually, tokenOf } from './daemon-process.ts';
import { type Scene, sceneOf } from './stage.ts';

let ami: AmiStage;
let client: AmiStream;
beforeAll(async () => {
  ami = await openAmiStage();
  client = await logInStream(ami.setup.ami, CLIENT.name, CLIENT.secret);
});
afterAll(async () => {
  client?.close();
  await ami?.stop();
});

type Row = Record<string, string | number | null>;
async function live(): Promise<Row[]> {
  return (JSON.parse(await ami.ask(30019)) as { json_array_live: Row[] }).json_array_live;
}

/** The one call in progress once it is so, without what tells of its moment. */
async function shows(expected: Row): Promise<Row> {
  let row: Row = {};
  const matches = () => Object.entries(expected).every(([name, value]) => row[name] === value);
  await eventually('row of 30019', 5_000, async () => {
    row = (await live())[0] ?? {};
    return matches();
  }).catch(() => expect(row).toMatchObject(expected));
  return row;
}

const gone = () => eventually('end of the call in 30019', 5_000, async () => (await live()).length === 0);

interface Watch {
  /** All that `/live` has said, parsed. */
  readonly said: readonly { call?: Row; ended?: string; json_array_live?: Row[] }[];
}

async function watch(): Promise<Watch> {
  const socket = new WebSocket(`${ami.setup.url.replace('http:', 'ws:')}/live`, {
    headers: { Authorization: `Bearer ${await tokenOf(ami.setup)}` },
  });
  onTestFinished(() => socket.terminate());
  const said: Watch['said'][number][] = [];
  socket.on('message', (data) => void said.push(JSON.parse(String(data))));
  await eventually('first word of /live', 5_000, async () => said.length > 0);
  return { said };
}

const told = (said: Watch['said'], state: string) =>
  eventually(`${state} in /live`, 5_000, async () => said.some(({ call }) => call?.['state'] === state));

/** Sends an action by AMI through the daemon and gives the packet that answers it. */
let ids = 0;
async function act(stream: AmiStream, name: string, headers: Readonly<Record<string, string>>): Promise<string> {
  const id = headers['ActionID'] ?? `act-${++ids}`;
  const lines = Object.entries({ ...headers, ActionID: id }).map(([key, value]) => `${key}: ${value}\r\n`);
  stream.send(`Action: ${name}\r\n${lines.join('')}\r\n`);
  const at = await stream.waitFor(
    `answer to ${name}`,
    (packet) => packet.startsWith('Response:') && headerOf(packet, 'ActionID') === id,
    10_000,
  );
  return stream.packets[at] ?? '';
}

describe('what 30019 shows of a call', () => {
  it('internal: ringing, up, gone, by /live too', async () => {
    const scene = sceneOf(ami.stage, 100);
    const { said } = await watch();
    const placed = scene.call(scene.b);
    const bell = await ami.stage.house.ringing(scene.b);
    const parties = { src: '100', dst: '101', channel: '', dstchannel: '', userfield: 'Internal', port: 0 };
    await shows({ ...parties, state: 'ringing', recording: 'off', talking: null });
    await told(said, 'ringing');
    await bell.answer();
    const caller = await placed.answered();
    const row = await shows({ ...parties, state: 'up', recording: 'on' });
    await told(said, 'up');
    console.log(`internal: ${JSON.stringify(row)}`);
    expect(Math.abs(Number(row['talking']) - Date.now() / 1000)).toBeLessThan(5);
    await caller.hangUp();
    await gone();
    await eventually('end of the call in /live', 5_000, async () => said.at(-1)?.ended === row['id']);
    expect(said.at(-2)?.call).toMatchObject(parties);
  });

  it('outbound by trunk 96', async () => {
    const scene = sceneOf(ami.stage, 110);
    const placed = scene.call(`9${scene.outside}`);
    const bell = await ami.stage.trunk96.ringing(scene.outside);
    const parties = { src: '110', dst: `9${scene.outside}`, channel: '', dstchannel: '96', userfield: 'Outbound' };
    await shows({ ...parties, state: 'ringing', recording: 'off' });
    await bell.answer();
    const caller = await placed.answered();
    console.log(`outbound: ${JSON.stringify(await shows({ ...parties, state: 'up', recording: 'on' }))}`);
    await caller.hangUp();
    await gone();
  });

  it('inbound by trunk 42 through IVR 621', async () => {
    const scene = sceneOf(ami.stage, 130);
    const placed = scene.callIn('621');
    const parties = { src: scene.outside, channel: '42', dstchannel: '', userfield: 'Inbound' };
    await shows({ ...parties, dst: '621', state: 'dialling', recording: 'off' });
    const bell = await ami.stage.house.ringing(scene.b);
    await shows({ ...parties, dst: '621', state: 'ringing', recording: 'off' });
    await bell.answer();
    const caller = await placed.answered();
    console.log(`ivr: ${JSON.stringify(await shows({ ...parties, dst: '621(131)', state: 'up', recording: 'on' }))}`);
    await caller.hangUp();
    await gone();
  });

  it('inbound to queue 822, whose second member answers', async () => {
    const scene = sceneOf(ami.stage, 140);
    const placed = scene.callIn('822');
    const parties = { src: scene.outside, channel: '42', dstchannel: '', userfield: 'Inbound' };
    const first = await ami.stage.house.ringing(scene.b);
    await shows({ ...parties, dst: '822', state: 'ringing', recording: 'off' });
    await first.cancelled();
    await scene.answer(scene.c);
    const caller = await placed.answered();
    console.log(`queue: ${JSON.stringify(await shows({ ...parties, dst: '822(142)', state: 'up', recording: 'on' }))}`);
    await caller.hangUp();
    await gone();
  });
});

describe('pausing a recording', () => {
  /** Pauses by one way and resumes; the WAV is silent in between and loud before and behind. */
  async function pauses(base: number, set: (scene: Scene, paused: boolean, row: Row) => Promise<void>): Promise<void> {
    const scene = sceneOf(ami.stage, base);
    const { said } = await watch();
    const from = client.packets.length;
    const placed = scene.call(scene.b);
    await scene.answer(scene.b);
    const caller = await placed.answered();
    const row = await shows({ state: 'up', recording: 'on' });
    await scene.talk(2);
    await set(scene, true, row);
    await shows({ recording: 'paused' });
    await scene.talk(2);
    await set(scene, false, row);
    await shows({ recording: 'on' });
    await scene.talk(2);
    await caller.hangUp();
    const at = await client.waitFor(
      'AutoMixMonitorEnd',
      (packet) => packet.startsWith('Event: AutoMixMonitorEnd\r\n') && headerOf(packet, 'Source Number') === scene.a,
      15_000,
      from,
    );
    const told = said.flatMap(({ call }) => (call ? [String(call['recording'])] : []));
    expect(told.filter((each, i) => each !== told[i - 1])).toEqual(['off', 'on', 'paused', 'on']);
    const events = client.packets.slice(from).filter((packet) => packet.startsWith('Event: MixMonitor'));
    console.log(events.join(''));
    expect(events.map((packet) => [headerOf(packet, 'Event'), headerOf(packet, 'State')])).toEqual([
      ['MixMonitorStart', ''],
      ['MixMonitorMute', '1'],
      ['MixMonitorMute', '0'],
    ]);
    const stretches = await loudness(`${headerOf(client.packets[at] ?? '', 'File Name')}.wav`, 100);
    console.log(`RMS of each 100 ms: ${stretches.map((rms) => rms.toFixed(3)).join(' ')}`);
    const silent = stretches.flatMap((rms, i) => (rms < 0.001 ? [i] : []));
    const [first = -1, last = -1] = [silent[0], silent.at(-1)];
    // One stretch of about two seconds, whole, after about two seconds; all around it is loud.
    expect(silent).toEqual(Array.from({ length: last - first + 1 }, (_, i) => first + i));
    expect(silent.length).toBeGreaterThan(17);
    expect(silent.length).toBeLessThan(26);
    expect(first).toBeGreaterThan(17);
    const around = stretches.filter((_, i) => i < first - 1 || (i > last + 1 && i < stretches.length - 1));
    expect(Math.min(...around)).toBeGreaterThan(0.05);
    expect(around.length).toBeGreaterThan(34);
  }

  it('by AMI, through the daemon', () =>
    pauses(100, async (scene, paused) => {
      const answer = await act(client, 'MixMonitorMute', {
        Channel: scene.channelOf(scene.b),
        Direction: 'both',
        State: paused ? '1' : '0',
      });
      expect(answer).toMatch(/^Response: Success\r\nActionID: act-\d+\r\n\r\n$/);
    }));

  it('by number 30020', () =>
    pauses(110, async (_, paused, row) => {
      const answer = await ami.ask(30020, `id=${row['id']}&pause=${paused ? 1 : 0}`);
      expect(JSON.parse(answer)).toEqual({ result: 'success', recording: paused ? 'paused' : 'on' });
    }));
});

describe('a client originates', () => {
  const originate = (stream: AmiStream, scene: Scene, more: Readonly<Record<string, string>>) =>
    act(stream, 'Originate', { Channel: `SIP/${scene.a}`, CallerID: scene.a, Timeout: '10000', ...more });

  it('a call between two extensions, and hears of the outcome under its ActionID', async () => {
    const scene = sceneOf(ami.stage, 400);
    const extension = { Context: 'inside', Exten: scene.b, Priority: '1', Async: 'true', ActionID: 'click-1' };
    expect(await originate(client, scene, extension)).toBe(
      'Response: Success\r\nActionID: click-1\r\nMessage: Originate successfully queued\r\n\r\n',
    );
    const first = await scene.answer(scene.a);
    const second = await scene.answer(scene.b);
    const isOutcome = (packet: string) => packet.startsWith('Event: OriginateResponse\r\n');
    const outcome = client.packets[await client.waitFor('OriginateResponse', isOutcome, 10_000)] ?? '';
    console.log(outcome);
    expect(outcome).toMatch(
      /^Event: OriginateResponse\r\nPrivilege: call,all\r\nActionID: click-1\r\nResponse: Success\r\n/,
    );
    await shows({ src: '400', dst: '401', state: 'up', recording: 'on', userfield: 'Internal' });
    await first.hangUp();
    await second.ended();
    await gone();
  });

  it('without Async: is answered when the call is, or has failed, in the words of Asterisk', async () => {
    const own = await logInStream(ami.stage.asterisk.ports.AMI, CLIENT.name, CLIENT.secret, 'off');
    const [asterisk, daemon] = await Promise.all(
      [own, client].map(async (stream, i) => {
        const scene = sceneOf(ami.stage, 420 + 10 * i);
        const extension = { Context: 'inside', Exten: scene.b, Priority: '1', ActionID: 'sync' };
        const answered = originate(stream, scene, extension);
        const first = await scene.answer(scene.a);
        const second = await scene.answer(scene.b);
        const answer = await answered;
        await first.hangUp();
        await second.ended();
        const failed = await originate(stream, scene, { ...extension, Channel: 'SIP/nobody', ActionID: 'failed' });
        const busy = originate(stream, scene, { ...extension, ActionID: 'busy' });
        (await ami.stage.house.ringing(scene.a)).refuse(486, 'Busy Here');
        return [answer, failed, await busy];
      }),
    );
    own.close();
    console.log(daemon?.join(''));
    expect(daemon).toEqual(asterisk);
    await gone();
  });

  it('no application, and nothing at all without the grant', async () => {
    const scene = sceneOf(ami.stage, 410);
    const denied = /^Response: Error\r\nActionID: act-\d+\r\nMessage: Permission denied\r\n\r\n$/;
    expect(await originate(client, scene, { Application: 'System', Data: 'touch /tmp/x' })).toMatch(denied);
    const plain = await logInStream(ami.setup.ami, PLAIN.name, PLAIN.secret, 'off');
    expect(await originate(plain, scene, { Context: 'inside', Exten: scene.b, Priority: '1' })).toMatch(denied);
    plain.close();
    expect(await live()).toEqual([]);
  });
});

it('a restart of the daemon in mid-call: everything is shown again, a pause too', async () => {
  const scene = sceneOf(ami.stage, 130);
  const placed = scene.callIn('621');
  await scene.answer(scene.b);
  const caller = await placed.answered();
  const before = await shows({ dst: '621(131)', state: 'up', recording: 'on' });
  await scene.talk(1.5); // so that "now" is another second
  await ami.restart();
  const after = await shows({ recording: 'on' });
  console.log(`before: ${JSON.stringify(before)}\nafter: ${JSON.stringify(after)}`);
  expect({ ...before, talking: null }).toEqual({ ...after, talking: null });
  expect(Math.abs(Number(after['talking']) - Number(before['talking']))).toBeLessThanOrEqual(1);
  const set = (pause: number) => ami.ask(30020, `id=${after['id']}&pause=${pause}`);
  expect(JSON.parse(await set(1))).toEqual({ result: 'success', recording: 'paused' });
  await ami.restart();
  await shows({ recording: 'paused' });
  expect(JSON.parse(await set(0))).toEqual({ result: 'success', recording: 'on' });
  await shows({ recording: 'on' });
  await caller.hangUp();
  await gone();
});
