/**
 * What our snippets make of calls on a real Asterisk, without the daemon: records, file names, sound. Each call's
 * records are printed as evidence.
 */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Packet } from './ami.ts';
import { parseCsv } from './csv-line.ts';
import { TONE } from './phones.ts';
import { type CallReport, DEFAULT_SETTINGS, filesBelow, guideName, listen, openRig, type Rig, show } from './rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await openRig();
  await rig.settings({ ...DEFAULT_SETTINGS, dir: rig.asterisk.monitor });
});
afterAll(async () => {
  await rig?.stop();
});

const answered = (report: CallReport): Packet => {
  const found = report.records.filter((r) => r.get('Disposition') === 'ANSWERED' && r.get('Talk Start') !== '');
  expect(found).toHaveLength(1);
  return found[0] as Packet;
};

/** Asserts the file that the answered record names: the guide's name for that moment, complete, and with both voices. */
async function expectRecording(report: CallReport, rest: string, seconds: number): Promise<string> {
  const record = answered(report);
  const talkStart = Number(record.get('Talk Start'));
  expect(Math.abs(Date.now() / 1000 - talkStart)).toBeLessThan(60);
  const relative = guideName(talkStart, rest);
  expect(record.get('Recording File Name')).toBe(join(rig.asterisk.monitor, relative));
  const sound = await listen(join(rig.asterisk.monitor, `${relative}.wav`));
  console.log(`${relative}.wav: ${sound.seconds} s, RMS ${sound.rms.toFixed(4)} (sox ${sound.soxRms})`);
  expect(sound.seconds).toBeGreaterThan(seconds - 0.5);
  expect(sound.seconds).toBeLessThan(seconds + 1);
  expect(sound.rms).toBeGreaterThan(0.05);
  expect(sound.soxRms).toBeGreaterThan(0.05);
  expect(sound.share(TONE.caller)).toBeGreaterThan(0.2);
  expect(sound.share(TONE.answerer)).toBeGreaterThan(0.2);
  return relative;
}

/** Runs `call` and returns its report and which recordings it left. */
async function leaves(call: () => Promise<CallReport>): Promise<{ report: CallReport; files: string[] }> {
  const before = new Set(await filesBelow(rig.asterisk.monitor));
  const report = await call();
  const files = (await filesBelow(rig.asterisk.monitor)).filter((file) => !before.has(file));
  return { report, files };
}

describe('calls that are recorded', () => {
  it('205 → 204, internal', async () => {
    const { report, files } = await leaves(() => rig.call('204', { seconds: 3 }));
    await show('internal', report);
    expect(report.records).toHaveLength(1);
    const name = await expectRecording(report, 'Internal-205-204', 3);
    expect(files).toEqual([`${name}.wav`]);
    const record = answered(report);
    expect(record.headers.map(([header]) => header)).toEqual([
      ...['Event', 'Privilege', 'AccountCode', 'Source', 'Destination', 'DestinationContext', 'CallerID', 'Channel'],
      ...['DestinationChannel', 'LastApplication', 'LastData', 'StartTime', 'AnswerTime', 'EndTime', 'Duration'],
      ...['BillableSeconds', 'Disposition', 'AMAFlags', 'UniqueID', 'UserField', 'Recording File Name', 'CID Prefix'],
      ...['IVR', 'Dialled', 'Call Type', 'Talk Start', 'LinkedID', 'Sequence'],
    ]);
    expect(record.get('Call Type')).toBe('Internal');
    expect(record.get('UserField')).toBe('');
  });

  it('205 → 9513, out by trunk 96', async () => {
    const report = await rig.call('9513', { seconds: 3 });
    await show('outbound', report);
    expect(report.records).toHaveLength(1);
    await expectRecording(report, 'Outbound-96-205-9513', 3);
    expect(answered(report).get('Call Type')).toBe('Outbound');
    expect(answered(report).get('Destination')).toBe('9513');
  });

  it('205 → 8513, out by PJSIP trunk gw-7, whose name keeps its hyphen', async () => {
    const report = await rig.call('8513');
    await show('outbound_pjsip', report);
    await expectRecording(report, 'Outbound-gw-7-205-513', 2);
  });

  it('205 → 301, a PJSIP phone', async () => {
    const report = await rig.call('301');
    await show('internal_pjsip', report);
    await expectRecording(report, 'Internal-205-301', 2);
  });

  it('in by PJSIP trunk gw-7, which names itself', async () => {
    const report = await rig.inbound('506', '204', {
      localPort: rig.asterisk.ports.TRUNK_42,
      pbxPort: rig.asterisk.ports.PJSIP,
    });
    await show('inbound_pjsip', report);
    await expectRecording(report, 'Inbound-gw-7-506-204', 2);
  });

  it('506 → IVR 620 from trunk 42, then 202', async () => {
    const { report, files } = await leaves(() => rig.inbound('506', '620', { seconds: 4 }));
    await show('inbound_ivr', report);
    // One second in the IVR and 1.2 s of ringing pass before a person answers.
    const name = await expectRecording(report, 'Inbound-42-506-620(202)', 1.8);
    expect(files).toEqual([`${name}.wav`]);
    const record = answered(report);
    expect(record.get('CID Prefix')).toBe('FROM42');
    expect(record.get('IVR')).toBe('IVR620');
    expect(record.get('Dialled')).toBe('620');
    expect(record.get('Call Type')).toBe('Inbound');
  });

  it('506 → queue 820 from trunk 42: 210 rings in vain, 202 answers', async () => {
    const { report, files } = await leaves(() => rig.inbound('506', '820', { seconds: 9 }));
    await show('inbound_queue', report);
    expect(files).toHaveLength(1);
    const record = answered(report);
    expect(record.get('DestinationChannel')).toMatch(/^SIP\/202-/);
    expect(record.get('Recording File Name')).toBe(
      join(rig.asterisk.monitor, guideName(Number(record.get('Talk Start')), 'Inbound-42-506-820(202)')),
    );
    for (const other of report.records.filter((r) => r !== record)) {
      expect(other.get('Recording File Name')).toBe('');
      expect(other.get('Dialled')).toBe('820');
    }
  });

  it('506 → queue 821 whose member is a Local channel: one recording, of the phone', async () => {
    const { report, files } = await leaves(() => rig.inbound('506', '821', { seconds: 5 }));
    await show('inbound_queue_local', report);
    expect(files).toHaveLength(1);
    expect(files[0]).toMatch(/-Inbound-42-506-821\(202\)\.wav$/);
  });

  it('205 → ring group 920: 204 answers, 210 does not', async () => {
    const { report, files } = await leaves(() => rig.call('920'));
    await show('ringgroup', report);
    const name = await expectRecording(report, 'Internal-205-920(204)', 2);
    expect(files).toEqual([`${name}.wav`]);
    expect(report.records.length).toBeGreaterThan(1);
    for (const other of report.records.filter((r) => r !== answered(report))) {
      expect(other.get('Recording File Name')).toBe('');
      expect(other.get('Talk Start')).toBe('');
    }
  });

  it('506 → ring group 920 from trunk 42', async () => {
    const report = await rig.inbound('506', '920', { seconds: 4 });
    await show('inbound_ringgroup', report);
    expect(answered(report).get('Recording File Name')).toMatch(/-Inbound-42-506-920\(204\)$/);
  });

  it('205 → IVR 620 → 202 stays internal and has no trunk', async () => {
    const report = await rig.call('620', { seconds: 4 });
    await show('ivr_internal', report);
    await expectRecording(report, 'Internal-205-620(202)', 1.8);
  });

  it('a callback by trunk 42', async () => {
    const report = await rig.inbound('506', '7620', { seconds: 4 });
    await show('callback', report);
    expect(answered(report).get('Recording File Name')).toMatch(/-CallBack-42-506-620\(202\)$/);
    expect(answered(report).get('Call Type')).toBe('CallBack');
  });

  it('two in conference 740: each participant has a recording', async () => {
    const { ports } = rig.asterisk;
    const { report, files } = await leaves(() =>
      rig.watch(async () => {
        const plan = { to: '740', pbxPort: ports.SIP, seconds: 3 };
        const both = await Promise.all([
          rig.phones.call({ ...plan, from: '205', localPort: ports.PHONE_205 }),
          rig.phones.call({ ...plan, from: '506', localPort: ports.TRUNK_42 }),
        ]);
        return Math.max(...both.map((outcome) => outcome.endedAt));
      }),
    );
    await show('conference', report);
    expect(files.map((file) => file.replace(/^.*-\d{10}-/, '')).sort()).toEqual([
      'Conference-205-740.wav',
      'Conference-42-506-740.wav',
    ]);
    for (const record of report.records) expect(record.get('Call Type')).toBe('Conference');
  });
});

describe('calls that are not recorded', () => {
  it('busy: no file, no talk', async () => {
    const { report, files } = await leaves(() => rig.call('209', { expect: 'refused' }));
    await show('busy', report);
    expect(files).toEqual([]);
    expect(report.records[0]?.get('Disposition')).toBe('BUSY');
    expectUntouched(report);
  });

  it('not answered: no file, no talk', async () => {
    const { report, files } = await leaves(() => rig.call('210', { expect: 'refused' }));
    await show('noanswer', report);
    expect(files).toEqual([]);
    expect(report.records[0]?.get('Disposition')).toBe('NO ANSWER');
    expectUntouched(report);
  });

  it.each([
    ['recording is off', { enable: '0' }],
    ['this kind is off', { Internal: '0' }],
    ['the folder is not set', { dir: '' }],
    ['the folder could carry a command', { dir: '/tmp,b,touch /x' }],
  ])('answered, but %s', async (_, settings) => {
    await rig.settings(settings);
    try {
      const { report, files } = await leaves(() => rig.call('204', { seconds: 1 }));
      expect(files).toEqual([]);
      expect(await filesBelow(join(rig.asterisk.root, 'tmp'))).toEqual([]);
      expect(answered(report).get('Recording File Name')).toBe('');
      expect(answered(report).get('Call Type')).toBe('Internal');
    } finally {
      await rig.settings({ ...DEFAULT_SETTINGS, dir: rig.asterisk.monitor });
    }
  });

  it('a dialplan that named no kind: noted as answered only', async () => {
    const { report, files } = await leaves(() => rig.call('299', { seconds: 1 }));
    expect(files).toEqual([]);
    expect(answered(report).get('Call Type')).toBe('');
  });
});

function expectUntouched(report: CallReport): void {
  expect(report.records.length).toBeGreaterThan(0);
  for (const record of report.records) {
    expect(record.get('Recording File Name')).toBe('');
    expect(record.get('Talk Start')).toBe('');
  }
}

describe('prompt', () => {
  /** A second and a half long: a busy machine's recordings differ by some tenths all the same. */
  const PROMPT = 'queue-thankyou';

  it('is heard by the one called outside, and stands in the recording only when that is set', async () => {
    const lengths: number[] = [];
    try {
      for (const record of ['0', '1']) {
        await rig.settings({ 'prompt/Outbound': PROMPT, 'prompt/Outbound/record': record });
        const { report, files } = await leaves(() => rig.call('9513', { seconds: 2 }));
        const played = report.packets.filter(
          (p) => p.get('Event') === 'Newexten' && p.get('Application') === 'Playback',
        );
        expect(played.map((p) => p.get('AppData'))).toEqual([`${PROMPT},`]);
        expect(played[0]?.get('Channel')).toMatch(/^SIP\/96-/);
        lengths.push((await listen(join(rig.asterisk.monitor, files[0] ?? ''))).seconds);
      }
    } finally {
      await rig.settings({ 'prompt/Outbound': '', 'prompt/Outbound/record': '0' });
    }
    console.log(`recording without and with the prompt: ${lengths.join(', ')} s`);
    expect((lengths[1] ?? 0) - (lengths[0] ?? 0)).toBeGreaterThan(0.5);
  });

  it('is heard by an inbound caller without answering his call', async () => {
    try {
      await rig.settings({ 'prompt/Inbound': 'beep' });
      const report = await rig.inbound('506', '209', { expect: 'refused' });
      await show('inbound_busy_prompt', report);
      expect(report.packets.some((p) => p.get('Application') === 'Playback')).toBe(true);
      for (const record of report.records) expect(record.get('Disposition')).toBe('BUSY');
    } finally {
      await rig.settings({ 'prompt/Inbound': '' });
    }
  });
});

it('cdr_custom has a line of 27 columns for every line of Master.csv, which has LinkedID and Sequence', async () => {
  const custom = (await readFile(rig.asterisk.customCsv, 'utf8')).trimEnd().split('\n').map(parseCsv);
  const master = (await readFile(rig.asterisk.masterCsv, 'utf8')).trimEnd().split('\n').map(parseCsv);
  expect(custom.length).toBe(master.length);
  master.forEach((line, i) => {
    const rich = custom[i] ?? [];
    expect(line).toHaveLength(21);
    expect(rich).toHaveLength(27);
    // accountcode, src, dst, dcontext, clid, channel, dstchannel, lastapp, lastdata
    expect(rich.slice(0, 9)).toEqual(line.slice(0, 9));
    for (const time of rich.slice(9, 12)) expect(time).toMatch(/^\d+\.\d{6}$/);
    expect(rich.slice(12, 16)).toEqual(line.slice(12, 16));
    expect([rich[16], rich[17], rich[24], rich[25]]).toEqual([line[16], line[17], line[19], line[20]]);
  });
});
