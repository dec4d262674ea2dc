/** The recording gate on a real Asterisk: a call while the demanded medium is away is not recorded, the next one is. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chownSync, mkdirSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Daemon, eventually, startDaemon } from './daemon-process.ts';
import { openRig, type Rig, recordingsBelow } from './rig.ts';

let rig: Rig;
let daemon: Daemon;
/** What would be on the stick. */
let stick: string;
beforeAll(async () => {
  rig = await openRig();
  const { pbx, root, monitor } = rig.asterisk;
  stick = `${pbx}/stick`;
  mkdirSync(stick);
  const { uid, gid } = statSync(monitor);
  chownSync(stick, uid, gid);
  // Asterisk, which lives in mounts of its own, has it in place all the time: nothing but what it is told keeps it from recording.
  const inside = ['mount', '--bind', root + stick, root + monitor];
  execFileSync('nsenter', ['-m', '-t', String(processIn(root)), ...inside]);
  daemon = await startDaemon(rig.asterisk, rig.asterisk.masterCsv, 'yes');
});
afterAll(async () => {
  const end = await daemon?.stop();
  spawnSync('umount', ['--lazy', rig.asterisk.monitor]);
  await rig?.stop();
  if (daemon !== undefined) expect(end).toBe(0);
});

const settings = async () => JSON.parse(await daemon.ask(30016)) as { json_array_settings: { name: string }[] };
const wavs = () => recordingsBelow(stick);

/** The process whose root folder this is. */
function processIn(root: string): number {
  const found = readdirSync('/proc').find((pid) => /^\d+$/.test(pid) && rootOf(pid) === root);
  if (found === undefined) throw new Error(`nothing runs in ${root}`);
  return Number(found);
}

function rootOf(pid: string): string | null {
  try {
    return readlinkSync(`/proc/${pid}/root`);
  } catch {
    return null;
  }
}

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

  execFileSync('mount', ['--bind', stick, monitor]);
  await enabled('1');
  await rig.call('204', { seconds: 2 });
  await eventually('the recording', 15_000, async () => (await wavs()).length === 1);

  // As a stick is pulled: whoever has a file of it open at that moment, as the daemon the new recording, keeps nothing.
  execFileSync('umount', ['--lazy', monitor]);
  await enabled('0');
  await rig.call('204', { seconds: 2 });
  expect(await wavs()).toHaveLength(1);
});
