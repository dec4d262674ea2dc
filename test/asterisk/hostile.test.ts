/**
 * A caller chooses his number. Here he writes programs, paths and dialplan expressions into it, and into his name and the
 * number he dials; nothing may run and nothing may leave the day's folder. The first test shows that this rig would see
 * a command run: the dialplan that everybody writes first does run it.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CallReport, DEFAULT_SETTINGS, filesBelow, openRig, type Rig, show } from './rig.ts';

let rig: Rig;
/** What was there before (Asterisk's own), and what the control left; the tests must add nothing. */
let control: string[] = [];
beforeAll(async () => {
  rig = await openRig();
  await rig.settings({ ...DEFAULT_SETTINGS, dir: rig.asterisk.monitor });
});
afterAll(async () => {
  await rig?.stop();
});

/** Files of the whole chroot and of the part shared with the daemon that are no log, record, database or recording. */
async function strangers(): Promise<string[]> {
  const { root, pbx } = rig.asterisk;
  const shared = (await filesBelow(pbx)).filter((file) => !/^(etc|log|lib|run)\//.test(file) && !RECORDING.test(file));
  return [...(await filesBelow(root)).filter((file) => !file.startsWith('etc/')), ...shared];
}

/** A recording in its place: the guide's name with nothing but what FILTER lets through, below monitor/DAY. */
const RECORDING =
  /^monitor\/(\d{8})\/\1-\d{6}-\d{10}-(Internal|Outbound|Inbound)(-42|-96)?-[0-9A-Za-z+*#_.]{1,40}-[0-9A-Za-z+*#_.]{1,40}(\([0-9A-Za-z+*#_.]{1,40}\))?\.wav$/;

const isMarker = (file: string): boolean => file.startsWith('control');

/** What Asterisk understood the caller's number to be. */
const callerNumber = (report: CallReport): string | null =>
  report.packets
    .find((p) => p.get('Event') === 'Newchannel' && p.get('Channel')?.startsWith('SIP/42-'))
    ?.get('CallerIDNum') ?? null;

it('control: an unguarded MixMonitor does run what stands in the caller number', async () => {
  const before = await strangers();
  expect(before.filter(isMarker)).toEqual([]);
  const report = await rig.inbound('a,,touch$IFS/control,b', '298', { seconds: 2 });
  expect(callerNumber(report)).toBe('a,,touch$IFS/control,b');
  const until = Date.now() + 5_000;
  while (!(await strangers()).some(isMarker) && Date.now() < until) await sleep(100);
  control = await strangers();
  // The command was what followed the second comma, to the end of the file's name.
  expect(control.filter(isMarker)).toEqual(['control,b-298.wav,b']);
});

/** Marker names differ, so that a failure says which way led out. */
const NUMBERS: readonly (readonly [what: string, from: string])[] = [
  ['a third argument', 'a,,touch$IFS/n1,b'],
  ['a third argument with its comma escaped', 'a%2C%2Ctouch$IFS/n2%2Cb'],
  ['a path upwards', '../../../../n3'],
  ['an escaped path upwards', '..%2F..%2F..%2F..%2Fn4'],
  ['dots alone', '..'],
  ['one dot', '.'],
  ['a shell substitution', '$(touch$IFS/n5)'],
  ['back quotes', '`touch$IFS/n6`'],
  ['a dialplan function', '$%7BSHELL(touch%20/n7)%7D'],
  ['a function in MixMonitor’s own quoting', 'a,,%5E%7BSHELL(touch$IFS/n8)%7D,b'],
  ['an end to the argument list', 'a),System(touch$IFS/n9'],
  ['an expression', '$%5B1+1%5D%22%20|%20%22'],
  ['quotes and a backslash', '%22%5C%5C%22,,touch$IFS/n10'],
  ['a ternary and a separator', '1?2:3&4%5E5;6|7'],
  ['a name longer than a file name may be', 'x'.repeat(250)],
  ['nothing that passes', '$()'],
];

describe('a caller number that is', () => {
  it.each(NUMBERS)('%s: %s', async (_, from) => {
    const recordings = async (): Promise<string[]> =>
      (await filesBelow(rig.asterisk.pbx)).filter((file) => RECORDING.test(file));
    const before = new Set(await recordings());
    const report = await rig.inbound(from, '202', { seconds: 1 });
    const added = (await recordings()).filter((file) => !before.has(file));
    console.log(`reached the dialplan as ${JSON.stringify(callerNumber(report))}, recorded as ${added.join(' ')}`);
    expect(callerNumber(report)).not.toBeNull();
    expect(added).toHaveLength(1);
    expect(await strangers()).toEqual(control);
  });
});

it('a display name that is a program', async () => {
  const report = await rig.inbound('506', '202', { name: 'a,,touch$IFS/d1,b $(touch /d2) ../../d3', seconds: 1 });
  await show('hostile_name', report);
  expect(await strangers()).toEqual(control);
});

it.each([
  ['a third argument', '9513,,touch$IFS/e1,b'],
  ['a path upwards', '9513/../../../../e2'],
  ['a dialplan function', '9513$%7BSHELL(touch%20/e3)%7D'],
  ['an end to the argument list', '9513),System(touch$IFS/e4'],
])('a dialled number that is %s', async (_, to) => {
  const report = await rig.call(to, { seconds: 1 });
  console.log(`recorded as ${report.records.map((r) => r.get('Recording File Name')).join(' ')}`);
  expect(report.records[0]?.get('Recording File Name')).not.toBe('');
  expect(await strangers()).toEqual(control);
});

it('the same through IVR, queue and ring group', async () => {
  for (const to of ['620', '821', '920']) {
    const report = await rig.inbound('a,,touch$IFS/g,b', to, { seconds: 5 });
    expect(report.records.some((r) => r.get('Recording File Name')?.includes('-Inbound-42-atouchIFSgb-'))).toBe(true);
  }
  expect(await strangers()).toEqual(control);
});

it('a caller number with line breaks: the record has none', async () => {
  // Asterisk decodes them and writes them raw into AMI (Newchannel comes before any dialplan) and into the INVITE to the
  // phone. From our subroutine on the number is clean, so the call arrives and its record is one record.
  const report = await rig.inbound('506%0D%0AUserField%3A%20Outbound', '202', { seconds: 1 });
  expect(report.raw.toString('latin1')).toContain('CallerIDNum: 506\r\nUserField: Outbound\r\n');
  expect(report.records).toHaveLength(1);
  expect(report.records[0]?.get('Source')).toBe('506UserField: Outbound');
  expect(report.records[0]?.get('UserField')).toBe('');
  expect(report.records[0]?.get('Recording File Name')).toMatch(/-Inbound-42-506UserFieldOutbound-202$/);
  expect(await strangers()).toEqual(control);
});

describe('a setting in Asterisk’s database that no page lets through', () => {
  const recorded = async (): Promise<number> =>
    (await filesBelow(rig.asterisk.pbx)).filter((file) => RECORDING.test(file)).length;
  const DIR = ['dir', (text: string) => `${rig.asterisk.monitor}${text}`, 0] as const;
  const PROMPT = ['prompt/Inbound', (text: string) => text, 1] as const;

  it.each([
    ['a folder with a command', DIR, ',,touch$IFS/s1,x'],
    ['a folder with a shell’s substitution', DIR, '/$(touch$IFS/s2)'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the dialplan's
    ['a folder with a dialplan function', DIR, '/${SHELL(touch /s3)}'],
    ['a folder with an end to the argument list', DIR, '),System(touch /s4'],
    ['a sound with options', PROMPT, 'beep,skip&beep'],
    ['a sound with an end to the argument list', PROMPT, 'beep),System(touch /s5'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the dialplan's
    ['a sound with a dialplan function', PROMPT, '${SHELL(touch /s6)}'],
    ['a sound that leads out', PROMPT, '../../../../../../../../etc/passwd'],
  ] as const)('%s', async (_, [key, of, more], text) => {
    await rig.settings({ [key]: of(text) });
    const before = await recorded();
    try {
      const report = await rig.inbound('506', '202', { seconds: 1 });
      expect(report.records).toHaveLength(1);
      expect(await recorded()).toBe(before + more);
      expect(await strangers()).toEqual(control);
    } finally {
      await rig.settings({ ...DEFAULT_SETTINGS, dir: rig.asterisk.monitor });
    }
  });
});

/** Our dialplan with a guard taken out, a patch each: what these tests look at must then be seen to give. */
const PLANTED = fileURLToPath(new URL('planted', import.meta.url));
const patches = (await readdir(PLANTED)).filter((name) => name.endsWith('.patch'));

it.each(patches)('planted: %s lets the caller run a program or leave the folder', async (patch) => {
  const loaded = join(rig.asterisk.pbx, 'etc', 'extensions_cdrd.conf');
  const own = readFileSync(loaded, 'utf8');
  const load = async (text: string) => {
    await writeFile(loaded, text);
    const answer = await rig.asterisk.ami.action('Reload', { Module: 'pbx_config' });
    expect(answer.get('Response')).toBe('Success');
  };
  const before = await strangers();
  try {
    await load(planted(patch));
    await rig.inbound('a,,touch$IFS/planted,b', '202', { seconds: 2 });
    const until = Date.now() + 10_000;
    while (String(await strangers()) === String(before) && Date.now() < until) await sleep(100);
    expect(await strangers()).not.toEqual(before);
  } finally {
    await load(own);
  }
});

/** @returns etc/asterisk/extensions_cdrd.conf with a bug in it. */
function planted(patch: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'cdrd-planted-'));
  try {
    const path = 'etc/asterisk/extensions_cdrd.conf';
    mkdirSync(join(folder, 'etc/asterisk'), { recursive: true });
    cpSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), join(folder, path));
    const env = { ...process.env, GIT_DIR: '/dev/null' };
    execFileSync('git', ['apply', '-C1', join(PLANTED, patch)], { cwd: folder, env });
    return readFileSync(join(folder, path), 'utf8');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
