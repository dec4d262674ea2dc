/**
 * A share on the box (Samba, mounted by cifs) whose server freezes: what has to do with recordings stops, with an answer,
 * and everything else goes on as if nothing were.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { type AmiTestClient, logInClient } from '../ami/client.ts';
import { until } from '../fault/box.ts';
import { Box, START_SECONDS } from './box.ts';
import { callsAreTheCsvs, medium, memory, recordingIs } from './checks.ts';
import { type Latencies, measure, summary } from './latency.ts';
import type { Placed } from './pbx.ts';
import { MOUNT, RECORDINGS, SECRET } from './places.ts';
import { online, record, refused, served } from './recordings.ts';
import { type Share, startShare } from './share.ts';
import { event } from './shown.ts';

/** How long the server is frozen. */
const FROZEN_MS = 120_000;
/** How long the same is measured before. */
const NORMAL_MS = 20_000;

let box: Box;
let share: Share;
let ami: AmiTestClient;
let recorded: readonly Placed[] = [];
let normal: Latencies = new Map();
const cleanUp: (() => void)[] = [];

beforeAll(async () => {
  box = await Box.make();
  share = await startShare(join(box.folder, 'share'));
  await box.on();
  await box.machine.output('modprobe cifs');
  const options = `ip=10.0.2.2,port=${share.port},guest,sec=none,vers=3.1.1,uid=101,gid=101,file_mode=0664,dir_mode=0775`;
  await box.machine.output(`mount -t cifs -o ${options} //10.0.2.2/rec ${MOUNT} && mkdir ${RECORDINGS}`);
  ami = await logInAmi();
});
afterAll(async () => {
  for (const clean of cleanUp) clean();
  share?.thaw();
  await box?.end();
  await share?.end();
});

const logInAmi = () => logInClient(box.ami, 'crm', { secret: SECRET, atEnd: (clean) => void cleanUp.push(clean) });
describe.sequential('a share', () => {
  event('mounted', 120, async (show) => {
    await show.that('the medium is mounted', () => medium(box, ({ state }) => state === 'mounted', 30));
    await show.that('Asterisk is told to record', () => recordingIs(box, true, 20));
    recorded = await show.need('three calls are recorded and tied', () => record(box));
    await show.that('9006 has each call of the CSV once', () => callsAreTheCsvs(box));
    await box.pbx.load(20, 1);
    const end = performance.now() + NORMAL_MS;
    normal = await measure(box, ami, () => performance.now() > end);
  });

  event('its server freezes for two minutes, in the middle of recordings', 300, async (show) => {
    const began = performance.now();
    share.freeze();
    const measured = measure(box, ami, () => performance.now() - began > FROZEN_MS);
    const slow = await show.need('the medium is slow', () => medium(box, ({ state }) => state === 'slow', 60));
    const dead = await show.need('then dead', () => medium(box, ({ state }) => state === 'dead', 60));
    show.measured(`slow after ${slow.toFixed(1)} s, dead after ${(slow + dead).toFixed(1)} s`);
    await show.that('Asterisk is told not to record', () => recordingIs(box, false, 20));
    await show.that('/recordings and 20036 answer 503 storage_offline', () => refused(box, recorded));
    await show.that('20053 keeps every row, each with online:false', () => online(box, recorded, false));
    const before = (await box.calls()).length;
    await show.that('calls go on', () => until('more calls', async () => (await box.calls()).length > before, 60));
    const frozen = await show.need('/healthz, 9006 and AMI Ping answer all the time', () => measured);
    for (const [name, times] of frozen)
      show.measured(`${name}: ${summary(times)}; before the freeze ${summary(normal.get(name) ?? [])}`);
    await box.pbx.load(0, 1);
    await show.that('9006 has each call of the CSV once', () => callsAreTheCsvs(box));
  });

  event('its server goes on', 180, async (show) => {
    share.thaw();
    const seconds = await show.need('the medium is mounted', () => medium(box, ({ state }) => state === 'mounted', 90));
    show.measured(`noticed after ${seconds.toFixed(1)} s`);
    await show.that('Asterisk is told to record', () => recordingIs(box, true, 20));
    await show.that('what was recorded before is online', () => online(box, recorded, true));
    await show.that('and served', () => served(box, recorded));
    recorded = [...recorded, ...(await show.need('three calls are recorded and tied', () => record(box)))];
    await show.that('9006 has each call of the CSV once', () => callsAreTheCsvs(box));
    show.measured((await memory(box)).text);
  });

  event('SIGTERM while its server is frozen', 420, async (show) => {
    share.freeze();
    await show.need('the medium is slow or dead', () =>
      medium(box, ({ state }) => state === 'slow' || state === 'dead', 60),
    );
    const began = performance.now();
    await box.machine.output('kill -TERM $(cat /run/cdrd.pid)');
    await until('the end of the daemon', async () => (await box.machine.run('[ -f /run/cdrd.ended ]')).code === 0, 40);
    const seconds = (performance.now() - began) / 1000;
    const code = (await box.machine.output('cat /run/cdrd.ended')).trim();
    show.measured(`ended after ${seconds.toFixed(1)} s with ${code}`);
    await show.that('it ends within 10 s', () => expect(seconds).toBeLessThan(10));
    await show.that('by exit 0, or by SIGKILL to itself', () => expect(['0', '137']).toContain(code));
    await box.machine.output('/flash/service cdrd >/dev/console 2>&1 &');
    const again = performance.now();
    await show.need('started again meanwhile, it answers', () =>
      until('/healthz', () => box.health().catch(() => null), START_SECONDS),
    );
    show.measured(`the first answer ${((performance.now() - again) / 1000).toFixed(1)} s after the start`);
    await show.that('9006 has each call of the CSV once', () => callsAreTheCsvs(box));
    share.thaw();
    await show.that('when the server goes on, the medium is mounted', () =>
      medium(box, ({ state }) => state === 'mounted', 90),
    );
    await show.that('its recordings are online', () => online(box, recorded, true));
  });
});
