/**
 * Three weeks of a small office, drawn by a simulated PBX under a virtual clock that ends now: calls of every kind with their
 * recordings, taken in by a built daemon, with accounts, a phone book, and what goes wrong on real boxes.
 */
import { mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { zone as zoneOf } from '../../storage/model/local-time.ts';
import { pcmWav } from '../recordings/helper.ts';
import { virtualClock } from '../simulator/clock.ts';
import { type Random, seededRandom } from '../simulator/random.ts';
import { type CallKind, type CallOverrides, drawKind } from '../simulator/scenario.ts';
import { startSimulator } from '../simulator/simulator.ts';
import { logIn } from '../support/daemon.ts';
import { command, type ProcessOptions, startProcess } from './process.ts';

const DAYS = 21;
const DAY_S = 86_400;
const HOUR_S = 3_600;
/** Calls between 8 and 18 o'clock: of a working day, of one of the week's end. */
const WORKING = 24;
const RESTING = 5;
/**
 * How many days ago the last week's end was, and when today's last call comes: whatever the day and the hour of the tests, it
 * is the same office. By the calendar it had on some weekdays nobody inside whom 205 had called, and fewer calls by an hour.
 */
const RESTED: readonly number[] = [5, 6];
const LAST_S = 15.9 * HOUR_S;
/** Seconds that taking all of it in may last. */
const SETTLE_S = 300;
/** Longest that a call of the simulator goes on, seconds. */
const TAIL_S = 120;

/** The people outside who call and are called: all made up, numbers too (NANPA 555-01xx). */
export const CONTACTS = [
  ['5550100', 'Harbour Bakery', 'Customers'],
  ['5550101', 'Ibrahim Celik', 'Customers'],
  ['5550102', 'Lindqvist & Sons', 'Suppliers'],
  ['5550103', 'Dr. Okafor', 'Private'],
  ['5550104', 'Maria del Carmen Fernández', 'Customers'],
  ['5550105', 'City Works', 'Suppliers'],
  ['5550106', 'Zoë Ångström', 'Customers'],
  ['202', 'Front desk', 'House'],
  ['204', 'Workshop', 'House'],
] as const;
const OUTSIDE = [
  ...CONTACTS.map(([number]) => number).filter((number) => number.length > 3),
  '5550150',
  '5550151',
  '5550199',
];

export const PASSWORDS = { admin: 'admin', monitor: 'monitor' } as const;

/** Recordings that no call has, by the folder and name behind the day's. */
const ORPHAN = 'Inbound-96-5550142-203';
const ODD_NAME = 'meeting room test';

/** @param folder Where it is made; `ready` lies in it when it is. */
export async function makeOffice(bundle: string, folder: string, zone: string): Promise<void> {
  mkdirSync(`${folder}/recordings`, { recursive: true });
  await play(folder, zone);
  spoil(folder, zone);
  const options: ProcessOptions = { bundle, folder, zone };
  for (const [user, password] of Object.entries(PASSWORDS))
    command(options, ['user', 'set', user, '--role', user], password);
  const box = await startProcess(options);
  try {
    await settle(box.url, `${folder}/recordings`);
  } finally {
    await box.end();
  }
  writeFileSync(`${folder}/ready`, '');
}

/** Lets the three weeks pass. */
async function play(folder: string, zone: string): Promise<void> {
  const end = Math.floor(Date.now() / 1000) - TAIL_S;
  const east = eastOf(zone, end);
  const begin = end - ((end + east) % DAY_S) - (DAYS - 1) * DAY_S;
  const clock = virtualClock(begin * 1000);
  const random = seededRandom(8);
  const simulator = await startSimulator({
    ...{ username: 'cdrd', secret: 'office', seed: 8, clock, zone },
    customCsvPath: `${folder}/cdrd.csv`,
  });
  simulator.astdb.set('cdrd/dir', `${folder}/recordings`);
  for (const name of ['enable', 'Inbound', 'Callback', 'Conference']) simulator.astdb.set(`cdrd/${name}`, '1');
  for (let day = 0; day < DAYS; day++) {
    // Older days have fewer recordings: the folder is copied for each box.
    if (day === DAYS - 10) simulator.astdb.set('cdrd/Outbound', '1');
    if (day === DAYS - 5) simulator.astdb.set('cdrd/Internal', '1');
    const ago = DAYS - 1 - day;
    const midnight = begin + day * DAY_S;
    for (const at of timesOf(midnight, RESTED.includes(ago % 7), random)) {
      if (ago === 0 && at > midnight + LAST_S) break;
      if (at > clock.now() / 1000) clock.advance(at - clock.now() / 1000);
      const kind = drawKind(random);
      void simulator.placeCall(kind, overridesOf(kind, random));
    }
  }
  clock.advance(end - clock.now() / 1000);
  await simulator.close();
}

/** Seconds that a zone's clocks are ahead of UTC. */
function eastOf(zone: string, epoch: number): number {
  return Date.parse(`${zoneOf(zone).text(epoch).replace(' ', 'T')}Z`) / 1000 - epoch;
}

/** When a day's calls begin, in order. */
function timesOf(midnight: number, isRest: boolean, random: Random): number[] {
  const times = Array.from(
    { length: isRest ? RESTING : WORKING },
    () => midnight + 8 * HOUR_S + random.next() * 10 * HOUR_S,
  );
  return times.sort((a, b) => a - b).map(Math.floor);
}

/** Callers from outside, and who is called there, are people of the phone book and some who aren't in it. */
function overridesOf(kind: CallKind, random: Random): CallOverrides {
  if (kind === 'inbound' || kind === 'inboundIvr') return { source: random.pick(OUTSIDE) };
  if (kind === 'outbound') return { destination: `9${random.pick(OUTSIDE)}` };
  return {};
}

/** What a box finds after a year with technicians: a recording without its call, a file of another's making, a call whose recording is gone. */
function spoil(folder: string, zone: string): void {
  const at = Math.floor(Date.now() / 1000) - 3 * DAY_S;
  const [day = '', time = ''] = zoneOf(zone).text(at).replaceAll(/[-:]/g, '').split(' ');
  const into = `${folder}/recordings/${day}`;
  mkdirSync(into, { recursive: true });
  writeFileSync(`${into}/${day}-${time}-${at}-${ORPHAN}.wav`, pcmWav(3));
  writeFileSync(`${into}/${ODD_NAME}.wav`, pcmWav(2));
  utimesSync(`${into}/${ODD_NAME}.wav`, at, at); // its name tells no time
  const [lost] = readdirSync(into).filter((name) => name.includes('-Outbound-'));
  if (lost) rmSync(`${into}/${lost}`);
}

/**
 * Waits until every call and recording is taken in, and fills the phone book. By what there is to take in: a count that stands
 * still for some seconds is on a busy machine no sign of the end.
 */
async function settle(url: string, recordings: string): Promise<void> {
  const token = await logIn(url, 'admin');
  const ask = async (number: number, values: Readonly<Record<string, string>>) => {
    const body = new URLSearchParams(values);
    const headers = { Authorization: `Bearer ${token}` };
    const answer = await fetch(`${url}/cgi/webserve/${number}`, { method: 'POST', body, headers });
    if (!answer.ok) throw new Error(`${number}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as { json_obj_filter: { totalcount: number } };
  };
  const all = { startdate: '2000-01-01 00:00', limit: '1' };
  const countOf = async (number: number) => (await ask(number, all)).json_obj_filter.totalcount;
  const gauge = async (name: string) => {
    const text = await (await fetch(`${url}/metrics`, { headers: { Authorization: `Bearer ${token}` } })).text();
    const [, value] = new RegExp(`^${name} (\\d+)`, 'm').exec(text) ?? [];
    if (value === undefined) throw new Error(`there is no figure ${name}`);
    return Number(value);
  };
  const files = readdirSync(recordings, { recursive: true }).filter((name) => String(name).endsWith('.wav')).length;
  const isIn = async () =>
    (await gauge('cdrd_csv_records_total')) > 0 &&
    (await gauge('cdrd_csv_behind_bytes')) === 0 &&
    (await gauge('cdrd_records_held')) === 0 &&
    (await gauge('cdrd_open_calls')) === 0 &&
    (await countOf(20053)) === files;
  for (let looks = 0; !(await isIn()); looks++) {
    if (looks > SETTLE_S * 4)
      throw new Error(`${files} recordings and their calls are not taken in after ${SETTLE_S} s`);
    await sleep(250);
  }
  const csv = ['number,name,group', ...CONTACTS.map((contact) => contact.join(','))].join('\r\n');
  await ask(30014, { csv });
}
