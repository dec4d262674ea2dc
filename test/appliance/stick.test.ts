/**
 * USB sticks on the box: none, one of vfat, pulled out in the middle of a recording, put in again, another one of exfat in
 * its place, and one that is full. Whatever becomes of recordings, no call is lost and none is there twice.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { Box } from './box.ts';
import { callsAreTheCsvs, medium, memory, recordingIs } from './checks.ts';
import type { Placed } from './pbx.ts';
import { MOUNT } from './places.ts';
import { online, record, refused, served, tied } from './recordings.ts';
import { event } from './shown.ts';
import { makeStick, type Stick } from './sticks.ts';

let box: Box;
let first: Stick;
let second: Stick;
/** What the daemon calls the first. */
let firstId: unknown;
/** The stick that is in, to pull it by. */
let inside = '';
/** Calls recorded on each. */
let onFirst: readonly Placed[] = [];
let onSecond: readonly Placed[] = [];

beforeAll(async () => {
  box = await Box.make();
  first = await makeStick(join(box.folder, 'first.img'), 'vfat', 48);
  second = await makeStick(join(box.folder, 'second.img'), 'exfat', 48);
  await box.on();
});
afterAll(() => box?.end());

/** Puts a stick in and mounts it, as the box's automounter does. */
async function plug(stick: Stick): Promise<void> {
  const before = await box.machine.output('ls /sys/block');
  inside = await box.machine.plug(stick.image);
  await box.mount(await box.newDisk(before), stick.type);
}

/** Pulled out without a word. It stays in the mount table until the automounter takes it out. */
const pull = (): Promise<void> => box.machine.pull(inside);
const unmount = (): Promise<string> => box.machine.output(`umount -l ${MOUNT}`);

/** Three calls that are recorded, and on the stick for good: half a minute later the kernel would do that by itself. */
async function recordForGood(): Promise<readonly Placed[]> {
  const calls = await record(box);
  await box.machine.output('sync');
  return calls;
}

describe.sequential('a stick', () => {
  event('switched on without a stick', 90, async (show) => {
    await show.that('the medium is absent', () => medium(box, ({ state }) => state === 'absent', 20));
    await show.that('Asterisk is told not to record', () => recordingIs(box, false, 20));
    const call = await box.pbx.call('internal', 1);
    await show.that('a call is not recorded', () => expect(call.recordings).toEqual([]));
    await show.that('9006 has each call of the CSV once', () => callsAreTheCsvs(box));
  });

  event('a vfat stick is put in', 90, async (show) => {
    await plug(first);
    const seconds = await show.need('the medium is mounted', () => medium(box, ({ state }) => state === 'mounted', 30));
    show.measured(`noticed ${seconds.toFixed(1)} s after the mount`);
    await show.that('Asterisk is told to record', () => recordingIs(box, true, 20));
    onFirst = await show.need('three calls are recorded and tied', recordForGood);
    await show.that('9006 has each call of the CSV once', () => callsAreTheCsvs(box));
    await show.that('they are served', () => served(box, onFirst));
    firstId = (await box.health()).recordings['medium'];
  });

  event('pulled out in the middle of a recording', 120, async (show) => {
    const talk = box.pbx.call('internal', 8);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    await pull();
    const seconds = await show.need('the medium is dead, though still in the mount table', () =>
      medium(box, ({ state }) => state === 'dead', 60),
    );
    show.measured(`noticed after ${seconds.toFixed(1)} s`);
    await show.that('Asterisk is told not to record', () => recordingIs(box, false, 20));
    await show.that('20053 keeps every row, each with online:false', () => online(box, onFirst, false));
    await show.that('/recordings and 20036 answer 503 storage_offline', () => refused(box, onFirst));
    const [held, later] = [await talk, await box.pbx.call('inbound', 1)];
    await show.that('the call goes on to its end', () => expect(held.records).toBe(1));
    await show.that('the next one is not recorded', () => expect(later.recordings).toEqual([]));
    await show.that('9006 has each call of the CSV once', () => callsAreTheCsvs(box));
    await unmount();
    await show.that('unmounted, it is absent', () => medium(box, ({ state }) => state === 'absent', 30));
  });

  event('put in again', 90, async (show) => {
    await plug(first);
    const seconds = await show.need('the medium is mounted', () => medium(box, ({ state }) => state === 'mounted', 30));
    show.measured(`noticed ${seconds.toFixed(1)} s after the mount`);
    await show.that('Asterisk is told to record', () => recordingIs(box, true, 20));
    await show.that('what was recorded before is online again, tied and served', async () => {
      await tied(box, onFirst);
      await online(box, onFirst, true);
      await served(box, onFirst);
    });
    onFirst = [...onFirst, ...(await show.need('three calls are recorded and tied', recordForGood))];
    await show.that('9006 has each call of the CSV once', () => callsAreTheCsvs(box));
  });

  event('another one, of exfat, in its place', 120, async (show) => {
    await pull();
    await unmount();
    await plug(second);
    await show.need('another medium is mounted', () =>
      medium(box, ({ state, medium: id }) => state === 'mounted' && id !== firstId, 30),
    );
    await show.that('Asterisk is told to record', () => recordingIs(box, true, 20));
    onSecond = await show.need('three calls are recorded and tied', recordForGood);
    await show.that('its recordings are beside those of the first, which are offline', async () => {
      await online(box, onSecond, true);
      await online(box, onFirst, false);
    });
    await show.that('a recording of the first is refused: 503 storage_offline', () => refused(box, onFirst));
    await show.that('9006 has each call of the CSV once', () => callsAreTheCsvs(box));
  });

  event('the first one again', 120, async (show) => {
    const before = (await box.recordings()).length;
    await pull();
    await unmount();
    await plug(first);
    await show.need('the first medium is mounted', () =>
      medium(box, ({ state, medium: id }) => state === 'mounted' && id === firstId, 30),
    );
    await show.that('the recordings of the first are online, those of the second are not', async () => {
      await online(box, onFirst, true);
      await online(box, onSecond, false);
    });
    await show.that('not one more and not one less', async () => expect((await box.recordings()).length).toBe(before));
    await show.that('its recordings are served', () => served(box, onFirst));
  });

  event('the stick is full', 120, async (show) => {
    await box.machine.run(`dd if=/dev/zero of=${MOUNT}/full bs=64k; sync`, 60);
    const seconds = await show.need('the medium is mounted, and not writable: full', () =>
      medium(box, ({ state, writable, why }) => state === 'mounted' && writable === false && /full/.test(why), 60),
    );
    show.measured(`noticed after ${seconds.toFixed(1)} s`);
    await show.that('Asterisk is told not to record', () => recordingIs(box, false, 20));
    const call = await box.pbx.call('outbound', 1);
    await show.that('calls go on, unrecorded', () => expect([call.records, call.recordings]).toEqual([1, []]));
    await show.that('9006 has each call of the CSV once', () => callsAreTheCsvs(box));
    await show.that('recordings are served', () => served(box, onFirst));
    await box.machine.output(`rm ${MOUNT}/full; sync`);
    await show.that('with room again, it is writable', () =>
      medium(box, ({ state, writable }) => state === 'mounted' && writable === true, 60),
    );
    await show.that('Asterisk is told to record', () => recordingIs(box, true, 20));
    await show.that('three calls are recorded and tied', recordForGood);
  });

  event('after all that', 60, async (show) => {
    await show.that('the daemon is the one that was started', async () =>
      expect((await box.machine.run('cat /run/cdrd.ended')).code).not.toBe(0),
    );
    show.measured((await memory(box)).text);
  });
});
