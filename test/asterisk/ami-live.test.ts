/**
 * Calls in progress on a real Asterisk, as 30019 and the WebSocket `/live` show them while they ring and talk, and after
 * the daemon was away in the midst of them; by either driver, since the two tell different things of a channel.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AmiStage, openAmiStage } from './ami-stage.ts';
import { eventually } from './daemon-process.ts';
import { told, watch } from './live-watch.ts';
import { sceneOf } from './stage.ts';

describe.each(['SIP', 'PJSIP'] as const)('by %s', (tech) => {
  let ami: AmiStage;
  beforeAll(async () => {
    ami = await openAmiStage(tech);
  });
  afterAll(async () => {
    await ami?.stop();
  });

  it('internal: ringing, up, gone, by /live too', async () => {
    const scene = sceneOf(ami.stage, 100);
    const { said } = await watch(ami.setup);
    const placed = scene.call(scene.b);
    const bell = await ami.stage.house.ringing(scene.b);
    const parties = { src: '100', dst: '101', channel: '', dstchannel: '', userfield: 'Internal', port: 0 };
    await ami.shows({ ...parties, state: 'ringing', recording: 'off', talking: null });
    await told(said, 'ringing');
    await bell.answer();
    const caller = await placed.answered();
    const row = await ami.shows({ ...parties, state: 'up', recording: 'on' });
    await told(said, 'up');
    console.log(`internal: ${JSON.stringify(row)}`);
    expect(Math.abs(Number(row['talking']) - Date.now() / 1000)).toBeLessThan(5);
    await caller.hangUp();
    await ami.gone();
    await eventually('end of the call in /live', 5_000, async () => said.at(-1)?.ended === row['id']);
    expect(said.at(-2)?.call).toMatchObject(parties);
  });

  it('outbound by trunk 96', async () => {
    const scene = sceneOf(ami.stage, 110);
    const placed = scene.call(`9${scene.outside}`);
    const bell = await ami.stage.trunk96.ringing(scene.outside);
    const parties = { src: '110', dst: `9${scene.outside}`, channel: '', dstchannel: '96', userfield: 'Outbound' };
    await ami.shows({ ...parties, state: 'ringing', recording: 'off' });
    await bell.answer();
    const caller = await placed.answered();
    console.log(`outbound: ${JSON.stringify(await ami.shows({ ...parties, state: 'up', recording: 'on' }))}`);
    await caller.hangUp();
    await ami.gone();
  });

  it('inbound by trunk 42 through IVR 621', async () => {
    const scene = sceneOf(ami.stage, 130);
    const placed = scene.callIn('621');
    const parties = { src: scene.outside, channel: '42', dstchannel: '', userfield: 'Inbound' };
    await ami.shows({ ...parties, dst: '621', state: 'dialling', recording: 'off' });
    const bell = await ami.stage.house.ringing(scene.b);
    await ami.shows({ ...parties, dst: '621', state: 'ringing', recording: 'off' });
    await bell.answer();
    const caller = await placed.answered();
    console.log(
      `ivr: ${JSON.stringify(await ami.shows({ ...parties, dst: '621(131)', state: 'up', recording: 'on' }))}`,
    );
    await caller.hangUp();
    await ami.gone();
  });

  it('inbound to queue 822, whose second member answers', async () => {
    const scene = sceneOf(ami.stage, 140);
    const placed = scene.callIn('822');
    const parties = { src: scene.outside, channel: '42', dstchannel: '', userfield: 'Inbound' };
    const first = await ami.stage.house.ringing(scene.b);
    await ami.shows({ ...parties, dst: '822', state: 'ringing', recording: 'off' });
    await first.cancelled();
    await scene.answerAtOnce(scene.c);
    const caller = await placed.answered();
    console.log(
      `queue: ${JSON.stringify(await ami.shows({ ...parties, dst: '822(142)', state: 'up', recording: 'on' }))}`,
    );
    await caller.hangUp();
    await ami.gone();
  });

  it('a restart of the daemon in mid-call: everything is shown again, a pause too', async () => {
    const scene = sceneOf(ami.stage, 130);
    const placed = scene.callIn('621');
    await scene.answer(scene.b);
    const caller = await placed.answered();
    const before = await ami.shows({ dst: '621(131)', state: 'up', recording: 'on' });
    await scene.talk(1.5); // so that "now" is another second
    await ami.restart();
    // Asterisk tells of one channel after the other: the row is whole with the last of them.
    const { talking, ...rest } = before;
    const after = await ami.shows(rest);
    console.log(`before: ${JSON.stringify(before)}\nafter: ${JSON.stringify(after)}`);
    expect(Object.keys(after)).toEqual(Object.keys(before));
    expect(Math.abs(Number(after['talking']) - Number(talking))).toBeLessThanOrEqual(1);
    const set = (pause: number) => ami.ask(30020, `id=${after['id']}&pause=${pause}`);
    expect(JSON.parse(await set(1))).toEqual({ result: 'success', recording: 'paused' });
    await ami.restart();
    await ami.shows({ recording: 'paused' });
    expect(JSON.parse(await set(0))).toEqual({ result: 'success', recording: 'on' });
    await ami.shows({ recording: 'on' });
    await caller.hangUp();
    await ami.gone();
  });
});
