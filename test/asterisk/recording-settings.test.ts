/**
 * The Recording Settings page and a real Asterisk: what the page sends is what the next call goes by. The prompts are
 * listened to by phones that hear: a caller before his call is answered, the recording afterwards.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Tech } from './asterisk.ts';
import { eventually, launch, logIn, type Running, ready, type Setup, setUp } from './daemon-process.ts';
import { listen, recordingsBelow } from './rig.ts';
import { openSettingsPage } from './settings-page.ts';
import { openStage, type Scene, type Stage, sceneOf } from './stage.ts';

/** A sound of Asterisk's own that lasts about a second and a half: what it says is told from silence by its length. */
const PROMPT = 'queue-thankyou';
const PROMPT_SECONDS = 2;
/** Asterisk writes records and files within some ms of the hang-up; on two busy cores it may take longer. */
const SETTLED_MS = 1_500;

interface Settled {
  /** Recordings that the call left. */
  readonly files: string[];
  readonly record: (header: string) => string;
  /** Channel, application and arguments that ran, in order, of those that matter here. */
  readonly ran: readonly string[];
}

describe.each<Tech>(['SIP', 'PJSIP'])('settings of recording by %s', (tech) => {
  let stage: Stage;
  let setup: Setup;
  let daemon: Running;
  let ask: Awaited<ReturnType<typeof logIn>>;
  beforeAll(async () => {
    stage = await openStage(tech);
    setup = await setUp(stage.asterisk, stage.asterisk.customCsv);
    daemon = launch(setup);
    await ready(setup);
    ask = await logIn(setup);
    await eventually('the settings in Asterisk', 10_000, async () => (await pending()).length === 0);
  });
  afterAll(async () => {
    const end = await daemon?.stop();
    await stage?.stop();
    if (daemon !== undefined) expect(end).toBe(0);
  });

  async function pending(): Promise<string[]> {
    const rows = JSON.parse(await ask(30016)) as { json_array_settings: { name: string; pending: boolean }[] };
    return rows.json_array_settings.filter((row) => row.pending).map(({ name }) => name);
  }

  /** As the page does on "Save": everything that was changed in one request. */
  async function save(values: Readonly<Record<string, string>>): Promise<void> {
    const answer = JSON.parse(await ask(30017, new URLSearchParams(values).toString()));
    expect(answer).toMatchObject({ result: 'success' });
    // It waits a second for Asterisk; a busy machine may need longer.
    await eventually('the settings in Asterisk', 10_000, async () => (await pending()).length === 0);
  }

  /** Plays a call to its end. */
  async function played(base: number, play: (scene: Scene) => Promise<void>): Promise<Settled> {
    const before = new Set(await recordingsBelow(stage.asterisk.monitor));
    const { ami } = stage.asterisk;
    const from = ami.packets.length;
    await play(sceneOf(stage, base));
    await ami.waitFor('Event: Cdr', (packet) => packet.get('Event') === 'Cdr', 10_000, from);
    await sleep(SETTLED_MS);
    const packets = ami.packets.slice(from);
    const records = packets.filter((packet) => packet.get('Event') === 'Cdr');
    const last = records.find((packet) => packet.get('Disposition') === 'ANSWERED') ?? records[0];
    return {
      files: (await recordingsBelow(stage.asterisk.monitor)).filter((file) => !before.has(file)),
      record: (header) => last?.get(header) ?? `(no ${header})`,
      ran: packets
        .filter((packet) => packet.get('Event') === 'Newexten')
        .filter((packet) => ['Playback', 'MixMonitor', 'Dial'].includes(packet.get('Application') ?? ''))
        .map((packet) => {
          const peer = packet.get('Channel')?.replace(/-[^-]*$/, '');
          const sound = packet.get('Application') === 'Playback' ? ` ${packet.get('AppData')}` : '';
          return `${peer} ${packet.get('Application')}${sound}`;
        }),
    };
  }

  const internal = async (s: Scene) => {
    const placed = s.call(s.b);
    await s.answer(s.b);
    const dialogue = await placed.answered();
    await s.talk(1.5);
    await dialogue.hangUp();
  };
  /** @returns packets of sound that the caller heard before he was answered. */
  const inbound = (heard: (packets: number) => void) => async (s: Scene) => {
    const placed = s.callIn(s.b);
    await s.answer(s.b);
    const dialogue = await placed.answered();
    heard(placed.heardEarly());
    await s.talk(PROMPT_SECONDS + 2);
    await dialogue.hangUp();
  };
  const outbound = async (s: Scene) => {
    const placed = s.call(`9555${s.base}`);
    await s.answer(`555${s.base}`, stage.trunk96);
    const dialogue = await placed.answered();
    await s.talk(PROMPT_SECONDS + 2);
    await dialogue.hangUp();
  };

  it('internal calls off in the page: no file and an empty Recording File Name; on again: recorded', async () => {
    const before = await played(100, internal);
    expect(before.files).toHaveLength(1);

    const page = await openSettingsPage(setup);
    onTestFinished(() => page.close());
    await page.save('Internal Calls', false);
    const off = await played(100, internal);
    expect(off.record('Disposition')).toBe('ANSWERED');
    expect(off.record('Recording File Name')).toBe('');
    expect(off.files).toEqual([]);

    await page.save('Internal Calls', true);
    const on = await played(100, internal);
    expect(on.files).toHaveLength(1);
    expect(on.files[0]).toMatch(/-Internal-100-101\.wav$/);
    expect(on.record('Recording File Name')).toBe(
      join(stage.asterisk.monitor, on.files[0] ?? '').replace(/\.wav$/, ''),
    );
  });

  it('an inbound prompt is heard before anybody answers, and a busy call stays a busy one', async () => {
    await save({ 'recording.prompt.inbound': PROMPT, 'recording.prompt.inbound.record': 'no' });
    let heard = 0;
    const busy = await played(190, async (s) => {
      const placed = s.callIn(s.b);
      (await s.stage.house.ringing(s.b)).refuse(486, 'Busy Here');
      expect(await placed.refused()).toBe(486);
      heard = placed.heardEarly();
    });
    console.log(`${tech}: the caller heard ${heard * 20} ms before the busy tone`);
    expect(heard).toBeGreaterThan(20);
    expect(busy.record('Disposition')).toBe('BUSY');
    expect(busy.record('AnswerTime')).toBe('');
    expect(busy.record('Recording File Name')).toBe('');
    expect(busy.files).toEqual([]);
    expect(busy.ran.slice(0, 2)).toEqual([`${tech}/42 Playback ${PROMPT},noanswer`, `${tech}/42 Dial`]);
  });

  it('inbound, not written: the recording begins at once, without the prompt', async () => {
    let heard = 0;
    const call = await played(
      120,
      inbound((packets) => (heard = packets)),
    );
    expect(heard).toBeGreaterThan(20);
    expect(call.ran).toEqual([`${tech}/42 Playback ${PROMPT},noanswer`, `${tech}/42 Dial`, `${tech}/121 MixMonitor`]);
    const sound = await listen(join(stage.asterisk.monitor, call.files[0] ?? ''));
    expect(sound.seconds).toBeLessThan(PROMPT_SECONDS + 3);
  });

  it('inbound, written: once more for the person called, into the recording', async () => {
    await save({ 'recording.prompt.inbound.record': 'yes' });
    const call = await played(
      120,
      inbound(() => {}),
    );
    expect(call.ran).toEqual([
      `${tech}/42 Playback ${PROMPT},noanswer`,
      `${tech}/42 Dial`,
      `${tech}/121 MixMonitor`,
      `${tech}/121 Playback ${PROMPT},`,
    ]);
    expect(call.files).toHaveLength(1);
    await save({ 'recording.prompt.inbound': '', 'recording.prompt.inbound.record': 'no' });
  });

  it('outbound: heard first and then recorded; written: recorded with it', async () => {
    await save({ 'recording.prompt.outbound': PROMPT });
    const plain = await played(110, outbound);
    expect(plain.ran).toEqual([`${tech}/110 Dial`, `${tech}/96 Playback ${PROMPT},`, `${tech}/96 MixMonitor`]);
    await save({ 'recording.prompt.outbound.record': 'yes' });
    const written = await played(110, outbound);
    expect(written.ran).toEqual([`${tech}/110 Dial`, `${tech}/96 MixMonitor`, `${tech}/96 Playback ${PROMPT},`]);
    const length = async ({ files }: Settled) => (await listen(join(stage.asterisk.monitor, files[0] ?? ''))).seconds;
    const [without, withIt] = [await length(plain), await length(written)];
    console.log(`${tech}: recording without and with the prompt: ${without}, ${withIt} s`);
    expect(withIt - without).toBeGreaterThan(0.5);
    await save({ 'recording.prompt.outbound': '', 'recording.prompt.outbound.record': 'no' });
  });

  it('recording switched off as a whole: no prompt is played either', async () => {
    await save({ 'recording.enable': 'no', 'recording.prompt.inbound': PROMPT });
    const call = await played(
      120,
      inbound(() => {}),
    );
    expect(call.ran).toEqual([`${tech}/42 Dial`]);
    expect(call.files).toEqual([]);
    await save({ reset: 'recording.enable,recording.prompt.inbound' });
    const again = await played(
      120,
      inbound(() => {}),
    );
    expect(again.files).toHaveLength(1);
  });
});
