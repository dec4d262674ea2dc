/** The recording gate on a real Asterisk: a call while the demanded medium is away is not recorded, the next one is. */
import { execFileSync, spawnSync } from 'node:child_process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Daemon, eventually, startDaemon } from './daemon-process.ts';
import { openRig, type Rig, recordingsBelow } from './rig.ts';

let rig: Rig;
let daemon: Daemon;
beforeAll(async () => {
  rig = await openRig();
  daemon = await startDaemon(rig.asterisk, rig.asterisk.masterCsv, 'yes');
});
afterAll(async () => {
  const end = await daemon?.stop();
  spawnSync('umount', [rig.asterisk.monitor]);
  await rig?.stop();
  if (daemon !== undefined) expect(end).toBe(0);
});

const settings = async () => JSON.parse(await daemon.ask(30016)) as { json_array_settings: { name: string }[] };
const wavs = () => recordingsBelow(rig.asterisk.monitor);

async function enabled(value: string): Promise<void> {
  await eventually(`cdrd/enable = ${value}`, 20_000, async () => {
    const from = rig.asterisk.ami.packets.length;
    const answer = await rig.asterisk.ami.action('DBGet', { Family: 'cdrd', Key: 'enable' });
    if (answer.get('Response') !== 'Success') return false;
    const isIt = (p: { get(name: string): string | null }) => p.get('Event') === 'DBGetResponse';
    return (await rig.asterisk.ami.waitFor('DBGetResponse', isIt, 5_000, from)).get('Val') === value;
  });
}

it('a call is recorded while the medium is there, and only then; the setting stays', async () => {
  const { monitor } = rig.asterisk;
  await enabled('0');
  await rig.call('204', { seconds: 2 });
  expect(await wavs()).toEqual([]);
  const setting = (await settings()).json_array_settings.find(({ name }) => name === 'recording.enable');
  expect(setting).toMatchObject({ value: 'yes', pending: false });

  // A medium of its own, as far as the mount table goes; Asterisk, which lives in another one, writes in the same folder.
  execFileSync('mount', ['--bind', monitor, monitor]);
  await enabled('1');
  await rig.call('204', { seconds: 2 });
  await eventually('the recording', 15_000, async () => (await wavs()).length === 1);

  execFileSync('umount', [monitor]);
  await enabled('0');
  await rig.call('204', { seconds: 2 });
  expect(await wavs()).toHaveLength(1);
});
