/**
 * The power fails, ten times, at moments drawn by CDRD_TEST_SEED, while calls are made and recorded. What the daemon had
 * announced must be there after the next start, in the same words under the same EventSequence, and nothing twice.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import type { Packet } from '../../daemon/wire/packet.ts';
import { type AmiTestClient, logInClient } from '../ami/client.ts';
import { until } from '../fault/box.ts';
import { seededRandom } from '../simulator/random.ts';
import { integrity } from './audit.ts';
import { Box } from './box.ts';
import { callsAre, csvCalls, memory } from './checks.ts';
import { SECRET } from './places.ts';
import { event } from './shown.ts';
import { makeStick, type Stick } from './sticks.ts';

const CUTS = 10;
const CALLS_PER_MINUTE = 600;
/** What each life of the box announces before the moment of its cut is counted from, and the milliseconds till then at most. */
const [EVENTS, LATEST_MS] = [20, 4_000];

const seed = Number(process.env['CDRD_TEST_SEED'] ?? 1);
const random = seededRandom(seed);

let box: Box;
let stick: Stick;
const cleanUp: (() => void)[] = [];
/** What was announced over all lives of the box: packet by EventSequence. */
const announced = new Map<number, string>();
/** What has gone wrong with that on the way. */
const faults: string[] = [];

beforeAll(async () => {
  box = await Box.make();
  stick = await makeStick(join(box.folder, 'stick.img'), 'vfat', 64);
});
afterAll(async () => {
  for (const clean of cleanUp) clean();
  await box?.end();
});

const logIn = (events: string) =>
  logInClient(box.ami, 'crm', { secret: SECRET, events, atEnd: (clean) => void cleanUp.push(clean) });

/** The two events that are stored and announced. */
const isOurs = ({ first: [, event] }: Packet): boolean => event === 'Cdr' || event === 'AutoMixMonitorEnd';
const sequenceOf = (packet: Packet): number => Number(packet.get('EventSequence'));
const textOf = (packet: Packet): string => packet.raw.toString('utf8');

/** Takes down what was announced: the same number must never be given to something else. */
function takeDown(packets: readonly Packet[]): void {
  for (const packet of packets.filter(isOurs)) {
    const sequence = sequenceOf(packet);
    const before = announced.get(sequence);
    if (before !== undefined && before !== textOf(packet)) faults.push(`${sequence} was given twice`);
    announced.set(sequence, textOf(packet));
  }
}

/** Everything that the store has announced ever, in order. */
async function replay(): Promise<readonly Packet[]> {
  const client: AmiTestClient = await logIn('off');
  const answer = await client.ask('CdrdReplay', { Since: '0', EventMask: 'cdr,agent' });
  expect(answer.get('Response'), answer.get('Message')).toBe('Success');
  await client.find((packet) => packet.first[1] === 'CdrdReplayComplete');
  client.end();
  return client.packets.filter(isOurs);
}

const twice = (items: readonly string[]): string[] => items.filter((item, index) => items.indexOf(item) !== index);
const recordOf = (packet: Packet): string => `${packet.get('UniqueID')} ${packet.get('Sequence')}`;

/** Switches it on, with the stick in, and looks whether everything is there. */
async function on(show: Parameters<Parameters<typeof event>[2]>[0]): Promise<void> {
  const seconds = await show.need('it starts by itself, and answers', () => box.on());
  show.measured(`the first answer ${seconds.toFixed(1)} s after the switch`);
  const told = await replay();
  await show.that('everything announced before is there, in the same words under the same EventSequence', () => {
    const there = new Map(told.map((packet) => [sequenceOf(packet), textOf(packet)]));
    for (const [sequence, text] of announced) expect(there.get(sequence), String(sequence)).toBe(text);
    expect(faults).toEqual([]);
  });
  await show.that('no record and no recording twice', () => {
    expect(twice(told.filter(({ first }) => first[1] === 'Cdr').map(recordOf))).toEqual([]);
    expect(twice(told.filter(({ first }) => first[1] !== 'Cdr').map((packet) => packet.get('File Name')))).toEqual([]);
  });
  await show.that('9006 has every call that was announced or that the CSV has, each once', () =>
    callsAre(box, wantedCalls),
  );
}

/** UniqueIDs of all calls that there must be: the CSV's, and those that were announced and whose line of the CSV the cut took. */
async function wantedCalls(): Promise<Set<string>> {
  const records = (await replay()).filter(({ first }) => first[1] === 'Cdr');
  return new Set([...(await csvCalls(box)), ...records.map((record) => record.get('UniqueID'))]);
}

describe.sequential(`the power fails (seed ${seed})`, () => {
  for (let cut = 1; cut <= CUTS; cut++) {
    const after = random.whole(0, LATEST_MS);
    event(`cut ${cut}: ${after} ms after event ${EVENTS} of this life`, 420, async (show) => {
      await on(show);
      const before = await box.machine.output('ls /sys/block');
      await box.machine.plug(stick.image);
      await box.mount(await box.newDisk(before), stick.type);
      const listener = await logIn('cdr,agent');
      await box.pbx.load(CALLS_PER_MINUTE, seed * 100 + cut);
      await until(`${EVENTS} events`, () => listener.packets.filter(isOurs).length >= EVENTS, 120);
      await sleep(after);
      await box.cut();
      takeDown(listener.packets);
      show.measured(`${announced.size} events announced so far`);
      await show.that('integrity_check of what the cut left: ok', async () =>
        expect(await integrity(box.flash, box.folder)).toBe('ok'),
      );
    });
  }

  event('switched on once more', 420, async (show) => {
    await on(show);
    const { code, output } = await box.machine.run('node /flash/dist/cdrd.mjs verify --config /flash/cdrd.toml', 90);
    await show.that(`cdrd verify finds no difference`, () => expect([code, output]).toEqual([0, output]));
    show.measured((await memory(box)).text);
  });
});
