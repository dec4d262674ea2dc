/**
 * VoIPmonitor's tasks on a real Asterisk: the calls that they list are those that Asterisk itself shows, a pause is silence
 * in the recording for as long as it lasted, and the recording that they give is the file, byte for byte.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Packet } from './ami.ts';
import { type AmiStage, expectPaused, openAmiStage, spanOf } from './ami-stage.ts';
import { eventually } from './daemon-process.ts';
import { recordingsBelow } from './rig.ts';
import { channelsOf, sceneOf } from './stage.ts';

type Row = Readonly<Record<string, string>>;

describe.each(['SIP', 'PJSIP'] as const)('by %s', (tech) => {
  let ami: AmiStage;
  beforeAll(async () => {
    ami = await openAmiStage(tech);
    expect(JSON.parse(await ami.ask(30017, 'voipmonitor.enabled=yes'))).toMatchObject({ result: 'success' });
  });
  afterAll(async () => {
    await ami?.stop();
  });

  function asked(task: string, params: object = {}): Promise<Response> {
    const body = JSON.stringify({ task, user: 'admin', password: 'admin', params });
    return fetch(`${ami.setup.url}/php/api.php`, { method: 'POST', body });
  }

  async function listed(): Promise<Row[]> {
    return (await (await asked('listActiveCalls', { sensorId: '1' })).json()) as Row[];
  }

  /** What Asterisk says, past the daemon. */
  const shown = () => channelsOf(ami.stage.asterisk.ami);

  const secondsOf = (text: string | null) =>
    (text ?? '').split(':').reduce((seconds, part) => seconds * 60 + Number(part), 0);

  /** One row for each LinkedID that Asterisk has, of the channel that began it. */
  async function expectSame(rows: readonly Row[], channels: readonly Packet[]): Promise<void> {
    const linked = [...new Set(channels.map((each) => each.get('Linkedid')))];
    expect(rows.map(({ callid }) => callid).sort()).toEqual(linked.sort());
    for (const row of rows) {
      const own = channels.filter((each) => each.get('Linkedid') === row['callid']);
      const first = own.find((each) => each.get('Uniqueid') === row['callid']);
      const others = own.filter((each) => each !== first);
      expect(row['callreference']).toBe(row['callid']);
      expect(row['caller']).toBe(first?.get('CallerIDNum'));
      const isUp = own.every((each) => each.get('ChannelStateDesc') === 'Up');
      expect([row['state'], isUp]).toEqual([isUp ? 'up' : 'ringing', isUp]);
      expect(others.map((each) => each.get('CallerIDNum'))).toEqual([row['called']]);
      expect(Math.abs(Number(row['duration']) - secondsOf(first?.get('Duration') ?? ''))).toBeLessThanOrEqual(2);
      expect(Number(row['connect_duration']) > 0).toBe(isUp);
    }
  }

  it('listActiveCalls is what CoreShowChannels shows, while one call talks and another rings', async () => {
    const [talks, rings] = [sceneOf(ami.stage, 100), sceneOf(ami.stage, 110)];
    const placed = talks.call(talks.b);
    await talks.answer(talks.b);
    const caller = await placed.answered();
    const waiting = rings.call(rings.b);
    const bell = await ami.stage.house.ringing(rings.b);
    await talks.talk(1.5);
    await eventually('two calls', 5_000, async () => {
      const rows = await listed();
      return rows.length === 2 && rows.some(({ state }) => state === 'ringing') && rows[0]?.['recording'] === 'on';
    });
    const [rows, channels] = await Promise.all([listed(), shown()]);
    console.log(`listActiveCalls: ${JSON.stringify(rows)}`);
    console.log(
      `CoreShowChannels: ${channels.map((each) => `${each.get('Channel')} ${each.get('Linkedid')}`).join(', ')}`,
    );
    expect(channels).toHaveLength(4);
    await expectSame(rows, channels);
    await caller.hangUp();
    await bell.answer();
    const second = await waiting.answered();
    await second.hangUp();
    await ami.gone();
    expect(await listed()).toEqual([]);
    expect(await shown()).toEqual([]);
  });

  it('pausecall … unpausecall is silence of that length, and getVoiceRecording is the file', async () => {
    const scene = sceneOf(ami.stage, 120);
    const placed = scene.call(scene.b);
    await scene.answer(scene.b);
    const caller = await placed.answered();
    const answeredAt = performance.now();
    await ami.shows({ state: 'up', recording: 'on' });
    const [call] = await listed();
    const callRef = call?.['callreference'] ?? '';
    const handle = (command: string) =>
      spanOf(async () => {
        const answer = await asked('handleActiveCall', { sensorId: '1', command, callRef });
        expect(await answer.json()).toEqual({ success: true });
      });
    await scene.talk(2);
    const paused = await handle('pausecall');
    expect((await listed())[0]?.['recording']).toBe('paused');
    await scene.talk(3);
    const resumed = await handle('unpausecall');
    expect((await listed())[0]?.['recording']).toBe('on');
    await scene.talk(2);
    const endedAt = performance.now();
    await caller.hangUp();
    await ami.gone();

    let bytes = Buffer.alloc(0);
    await eventually('the recording', 15_000, async () => {
      const answer = await asked('getVoiceRecording', { callId: callRef });
      bytes = Buffer.from(await answer.arrayBuffer());
      return answer.headers.get('Content-Type') === 'audio/wav';
    });
    const path = (await recordingsBelow(ami.stage.asterisk.monitor)).find((each) => each.endsWith('-120-121.wav'));
    console.log(`${path}: ${bytes.length} bytes`);
    expect(bytes.equals(await readFile(join(ami.stage.asterisk.monitor, path ?? '')))).toBe(true);

    expectPaused(bytes, answeredAt, paused, resumed, endedAt);
  });
});
