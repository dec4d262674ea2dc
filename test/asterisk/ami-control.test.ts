/**
 * What a client does to calls through the daemon's AMI, on a real Asterisk: pausing a recording, heard in the WAV itself,
 * and calls that it originates.
 */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PLAIN } from './ami-conversations.ts';
import { type AmiStage, CLIENT, expectPaused, openAmiStage, type Row, spanOf } from './ami-stage.ts';
import { type AmiStream, headerOf, logInStream } from './ami-stream.ts';
import { watch } from './live-watch.ts';
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

describe('pausing a recording', () => {
  /** Pauses by one way and resumes; the WAV is silent in between and loud before and behind. */
  async function pauses(base: number, set: (scene: Scene, paused: boolean, row: Row) => Promise<void>): Promise<void> {
    const scene = sceneOf(ami.stage, base);
    const { said } = await watch(ami.setup);
    const from = client.packets.length;
    const placed = scene.call(scene.b);
    await scene.answer(scene.b);
    const caller = await placed.answered();
    const answeredAt = performance.now();
    const row = await ami.shows({ state: 'up', recording: 'on' });
    await scene.talk(2);
    const paused = await spanOf(() => set(scene, true, row));
    await ami.shows({ recording: 'paused' });
    await scene.talk(2);
    const resumed = await spanOf(() => set(scene, false, row));
    await ami.shows({ recording: 'on' });
    await scene.talk(2);
    const endedAt = performance.now();
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
    const wav = await readFile(`${headerOf(client.packets[at] ?? '', 'File Name')}.wav`);
    expectPaused(wav, answeredAt, paused, resumed, endedAt);
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
    await ami.shows({ src: '400', dst: '401', state: 'up', recording: 'on', userfield: 'Internal' });
    await first.hangUp();
    await second.ended();
    await ami.gone();
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
    await ami.gone();
  });

  it('no application, and nothing at all without the grant', async () => {
    const scene = sceneOf(ami.stage, 410);
    const denied = /^Response: Error\r\nActionID: act-\d+\r\nMessage: Permission denied\r\n\r\n$/;
    expect(await originate(client, scene, { Application: 'System', Data: 'touch /tmp/x' })).toMatch(denied);
    const plain = await logInStream(ami.setup.ami, PLAIN.name, PLAIN.secret, 'off');
    expect(await originate(plain, scene, { Context: 'inside', Exten: scene.b, Priority: '1' })).toMatch(denied);
    plain.close();
    expect(await ami.live()).toEqual([]);
  });
});
