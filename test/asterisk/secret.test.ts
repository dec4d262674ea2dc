/**
 * The daemon's secret changed on the side of a real Asterisk: the session that stands goes on, the next one is refused and
 * says so, records come from the CDR CSV meanwhile, and the new secret is taken without a restart.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AMI_SECRET, replaceOnce } from './asterisk.ts';
import {
  command,
  type Daemon,
  eventually,
  launch,
  logIn,
  type Running,
  ready,
  type Setup,
  setUp,
} from './daemon-process.ts';
import { openRig, type Rig } from './rig.ts';

const NEW_SECRET = 'another-secret';
/** Who was refused comes back after so long at the soonest. */
const AGAIN_SECONDS = 45;

let rig: Rig;
let setup: Setup;
let daemon: Running;
let ask: Daemon['ask'];

beforeAll(async () => {
  rig = await openRig();
  await rig.settings({ dir: rig.asterisk.monitor, enable: '0' });
  setup = await setUp(rig.asterisk, rig.asterisk.customCsv);
  await start();
});

afterAll(async () => {
  await daemon?.stop();
  await rig?.stop();
});

async function start(): Promise<void> {
  daemon = launch(setup);
  await ready(setup);
  ask = await logIn(setup);
}

async function asterisk(): Promise<{ state: string; why: string }> {
  const health = (await (await fetch(`${setup.url}/healthz`)).json()) as { asterisk: { state: string; why: string } };
  return health.asterisk;
}
const becomes = (state: string, ms: number) => eventually(state, ms, async () => (await asterisk()).state === state);

/** So many calls are in the report. */
const shows = (calls: number, ms: number) =>
  eventually(`${calls} calls`, ms, async () => {
    const { json_obj_filter: about } = JSON.parse(await ask(9006, '&startdate=2020-01-01 00:00')) as {
      json_obj_filter: { totalcount: number };
    };
    return about.totalcount === calls;
  });

async function refusals(): Promise<number> {
  return (await rig.asterisk.log()).match(/failed to authenticate as 'cdrd'/g)?.length ?? 0;
}

it('a session that stands goes on', async () => {
  await becomes('up', 20_000);
  const file = join(rig.asterisk.pbx, 'etc/manager.conf');
  await writeFile(file, replaceOnce(await readFile(file, 'utf8'), AMI_SECRET, NEW_SECRET));
  const reloaded = await rig.asterisk.ami.action('Reload', { Module: 'manager' });
  expect(reloaded.get('Response')).toBe('Success');
  await rig.call('204');
  await shows(1, 15_000);
  expect((await asterisk()).state).toBe('up');
});

it('the next one is refused and says so, without a storm, and records come from the CSV', async () => {
  await daemon.stop();
  await rig.call('204');
  const begun = performance.now();
  await start();
  await becomes('refused', 20_000);
  expect((await asterisk()).why).toBe('it refuses the log-in of cdrd: Authentication failed');
  await shows(2, 20_000);
  await rig.call('204');
  await shows(3, 50_000); // the CSV is looked at every 30 s
  console.log(`refused log-ins in Asterisk's log: ${await refusals()}`);
  const seconds = (performance.now() - begun) / 1000;
  expect(await refusals()).toBeGreaterThan(0);
  expect(await refusals()).toBeLessThanOrEqual(1 + Math.floor(seconds / AGAIN_SECONDS));
});

it('the new one is taken from the configuration, without a restart, and every record is there once', async () => {
  await writeFile(setup.config, (await readFile(setup.config, 'utf8')).replace(AMI_SECRET, NEW_SECRET), {
    mode: 0o640,
  });
  await becomes('up', 20_000);
  await rig.call('204');
  await shows(4, 15_000);
  await daemon.stop();
  const { code, output } = await command(setup, 'verify');
  console.log(output);
  expect({ code, output }).toMatchObject({ code: 0, output: expect.stringContaining('4 calls') });
});
