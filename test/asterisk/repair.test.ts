/**
 * A real Asterisk killed in the midst of a recorded call: it writes no record of it, and leaves a WAV whose header says 0. The
 * truth report finds the file, 30030 mends it, and it can be heard.
 */
import { readFile, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Daemon, eventually, launch, logIn, type Running, ready, setUp } from './daemon-process.ts';
import { DEFAULT_SETTINGS, filesBelow, listen, openRig, type Rig } from './rig.ts';

let rig: Rig;
let daemon: Running;
let ask: Daemon['ask'];
let file = '';
let original: Buffer;

beforeAll(async () => {
  rig = await openRig();
  const { asterisk, phones } = rig;
  await rig.settings({ dir: asterisk.monitor, ...DEFAULT_SETTINGS });
  await rig.call('204'); // a whole one first: earlier files than the first call are none of ours
  const whole = await filesBelow(asterisk.monitor);
  const plan = {
    from: '205',
    name: '205',
    to: '204',
    localPort: asterisk.ports.PHONE_205,
    pbxPort: asterisk.ports.SIP,
  };
  const lost = phones.call({ ...plan, seconds: 9 }).catch(() => {}); // sipp complains: nobody answers its BYE
  await pause(7_000);
  await asterisk.crash();
  file = (await filesBelow(asterisk.monitor)).find((path) => !whole.includes(path)) ?? '';
  const path = join(asterisk.monitor, file);
  original = await readFile(path);
  // Untouched for an hour: sooner than after ten minutes no file that may still grow is called damaged.
  const old = Date.now() / 1000 - 3_600;
  await utimes(path, old, old);
  await asterisk.revive();
  await lost;
  const setup = await setUp(asterisk, asterisk.customCsv);
  daemon = launch(setup);
  await ready(setup);
  ask = await logIn(setup);
});

afterAll(async () => {
  await daemon?.stop();
  await rig?.stop();
});

const findings = async (kind: string): Promise<Record<string, string>[]> => {
  const answer = JSON.parse(await ask(30029, `&kind=${kind}&startdate=2020-01-01 00:00`)) as Record<string, unknown>;
  return answer['json_array_truth'] as Record<string, string>[];
};

it('the file is reported as damaged, and as one of no call; the call before it is tied by name', async () => {
  await eventually(
    'both files',
    30_000,
    async () => (await findings('broken')).length + (await findings('match')).length === 2,
  );
  expect(original.readUInt32LE(40)).toBe(0);
  expect(await findings('broken')).toMatchObject([{ path: file, code: 'header_zero', repairable: 'yes' }]);
  expect(await findings('nocall')).toMatchObject([{ path: file }]);
  expect(await findings('match')).toMatchObject([{ code: 'named', sure: 'certain', apart: '0' }]);
  expect(await findings('missing')).toEqual([]);
});

it('30030 mends it, and what was said is heard', async () => {
  const path = join(rig.asterisk.monitor, file);
  await expect(listen(path)).rejects.toThrow('header says 0');
  const mended = JSON.parse(await ask(30030, `&wavefiles=${encodeURIComponent(file)}`)) as { files: object[] };
  console.log(JSON.stringify(mended));
  expect(mended).toMatchObject({ repaired: 1, files: [{ path: file, result: 'repaired', was: 'header_zero' }] });
  const sound = await listen(path);
  console.log(`${sound.seconds} s, rms ${sound.rms.toFixed(3)}, by sox ${sound.soxRms}`);
  expect(sound.seconds).toBeGreaterThan(2);
  expect(sound.soxRms).toBeGreaterThan(0.01);
  expect(await findings('broken')).toEqual([]);
});

it('and puts the original back, to the byte', async () => {
  await ask(30030, `&wavefiles=${encodeURIComponent(file)}&original=1`);
  expect((await readFile(join(rig.asterisk.monitor, file))).equals(original)).toBe(true);
  expect(await findings('broken')).toMatchObject([{ path: file, code: 'header_zero' }]);
});
