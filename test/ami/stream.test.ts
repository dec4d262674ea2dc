/**
 * The stream of events through the whole daemon: what the PBX says, what we complete and what we tell ourselves, each once,
 * in order, and no record before it is durable.
 */
import { mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { legOfCdrEvent } from '../../daemon/asterisk/cdr-event.ts';
import { createPacketReader, type Packet } from '../../daemon/wire/packet.ts';
import { zone } from '../../storage/model/local-time.ts';
import { begin, call, openScene, ready, wait } from '../fault/scene.ts';
import { pcmWav } from '../recordings/helper.ts';
import { eventually, type TestDaemon } from '../support/daemon.ts';
import { atFileEnd, temporaryFolder } from '../support/folder.ts';
import { type AmiTestClient, amiPort, GREETING, logInClient, setUser } from './client.ts';
import { type ScriptedPbx, startScene } from './pbx.ts';

const atEnd = atFileEnd();

/** What a real Asterisk said of an internal call. */
const REAL = readFileSync(new URL('../simulator/real/internal.ami', import.meta.url));
const ZONE = zone('Etc/GMT+8');

function realPackets(): Packet[] {
  const packets: Packet[] = [];
  const reader = createPacketReader(
    { line: 65_536, lines: 1_024, bytes: 131_072 },
    { packet: (packet) => packets.push(packet), fault() {}, greeting() {} },
    { greeting: true },
  );
  reader.push(REAL);
  return packets.filter((packet) => packet.first[0] === 'Event' && packet.get('ActionID') === '');
}

let daemon: TestDaemon;
let pbx: ScriptedPbx;
beforeAll(async () => {
  ({ daemon, pbx } = await startScene(atEnd));
  await setUser(daemon, 'plain');
  await setUser(daemon, 'more', { extras: true });
  await setUser(daemon, 'agent', { read: 'agent', extras: true });
});

const logIn = (user: string) => logInClient(amiPort(daemon), user);
/** What came behind the log-in, as text. */
const since = ({ text }: AmiTestClient) => text.slice(text.indexOf('Status: Fully Booted\r\n\r\n') + 24);

test('what a real Asterisk said arrives as it is, in its order, but for the Cdr, which is completed', async () => {
  const packets = realPackets();
  expect(packets.filter(({ first }) => first[1] === 'Cdr').length).toBeGreaterThan(0);
  const client = await logIn('plain');
  await eventually(() => pbx.masks.at(-1)?.includes('security'));
  pbx.send(packets.map(({ raw }) => raw.toString('latin1')).join(''));
  const last = packets.at(-1)?.raw.toString('latin1') ?? '';
  await client.until('the last event', () => client.text.endsWith(last));
  const expected = packets
    .map((packet) => {
      const text = packet.raw.toString('latin1');
      if (packet.first[1] !== 'Cdr') return text;
      return text.replace(/(Recording File Name: .*\r\n)[\s\S]*$/, '$1\r\n');
    })
    .join('');
  expect(since(client)).toBe(expected);
});

const CDR = [
  'Event: Cdr',
  'Privilege: cdr,all',
  'AccountCode: ',
  'Source: 205',
  'Destination: 204',
  'DestinationContext: from-ext-205',
  'CallerID: "205" <205>',
  'Channel: SIP/205-00000018',
  'DestinationChannel: SIP/204-00000019',
  'LastApplication: Dial',
  'LastData: SIP/204,30,TtKkWwXx',
  'StartTime: 2021-04-22 01:01:50',
  'AnswerTime: 2021-04-22 01:01:52',
  'EndTime: 2021-04-22 01:01:55',
  'Duration: 5',
  'BillableSeconds: 3',
  'Disposition: ANSWERED',
  'AMAFlags: DOCUMENTATION',
  'UniqueID: 1619082110.24',
  'UserField: ',
];
const packetOf = (lines: readonly string[]) => `${lines.join('\r\n')}\r\n\r\n`;

test('a PBX that maps nothing: the guide’s last field is there all the same, and extras behind it', async () => {
  const [plain, more] = [await logIn('plain'), await logIn('more')];
  pbx.send(packetOf(CDR));
  for (const client of [plain, more]) await client.find(({ first }) => first[1] === 'Cdr');
  expect(since(plain)).toBe(packetOf([...CDR, 'Recording File Name: ']));
  const sequence = more.events('Cdr')[0]?.get('EventSequence') ?? '';
  expect(sequence).toMatch(/^[1-9]\d*$/);
  expect(since(more)).toBe(
    packetOf([
      ...CDR,
      'Recording File Name: ',
      'CID Prefix: ',
      'IVR: ',
      'Dialled: ',
      'Call Type: ',
      'Talk Start: ',
      'LinkedID: ',
      'Sequence: ',
      `EventSequence: ${sequence}`,
    ]),
  );
});

test('a record that the CDR CSV brought first is told when it brought it, and not twice', async () => {
  const lines = CDR.map((line) => line.replace('1619082110.24', '1619082999.1'));
  const client = await logIn('plain');
  const [record] = packetsOf(packetOf(lines));
  if (!record) throw new Error('no record');
  const legs = [legOfCdrEvent(record, ZONE)];
  const place = { offset: 1, line: 1, tail: '' };
  await daemon.ingest.batch({ signature: 'x', path: '/x.csv', ...place, legs, places: [place], faults: [] });
  pbx.send(`Event: A\r\nPrivilege: call,all\r\n\r\n${packetOf(lines)}Event: B\r\nPrivilege: call,all\r\n\r\n`);
  await client.find(({ first }) => first[1] === 'B');
  expect(client.events().map(({ first }) => first[1])).toEqual(['FullyBooted', 'Cdr', 'A', 'B']);
});

function packetsOf(text: string): Packet[] {
  const packets: Packet[] = [];
  createPacketReader(
    { line: 65_536, lines: 1_024, bytes: 131_072 },
    { packet: (packet) => packets.push(packet), fault() {} },
  ).push(Buffer.from(text));
  return packets;
}

describe('AutoMixMonitorEnd', () => {
  test('once a recording, as the guide has it; none for an empty one, none for those of other days', async () => {
    const client = await logIn('agent');
    const dir = `${daemon.folder}/recordings`;
    const now = Math.floor(Date.now() / 1000);
    const [day = '', time = ''] = ZONE.text(now - 60)
      .replaceAll(/[-:]/g, '')
      .split(' ');
    const name = (kind: string) => `${day}-${time}-${now - 60}-Internal-205-${kind}`;
    mkdirSync(`${dir}/${day}`, { recursive: true });
    mkdirSync(`${dir}/20210422`, { recursive: true });
    const write = (path: string, seconds: number, age: number) => {
      writeFileSync(`${dir}/${path}.wav`, pcmWav(seconds));
      utimesSync(`${dir}/${path}.wav`, now - age, now - age);
    };
    for (let index = 0; index < 20; index++)
      write(`20210422/20210422-01015${index % 10}-161908211${index % 10}-Internal-205-2${index}`, 3, 3 * 86_400);
    write(`${day}/${name('300')}`, 0, 30);
    write(`${day}/${name('204')}`, 3, 30);
    await client.until('the recording', () => client.events('AutoMixMonitorEnd').length > 0);
    await eventually(async () => {
      const page = await daemon.store.ask('outbox', 0);
      return page.events.filter(({ kind }) => kind === 'recording').length === 21;
    });
    await pause(2_500); // further sweeps
    const events = client.events('AutoMixMonitorEnd');
    expect(events.map(({ raw }) => raw.toString())).toEqual([
      packetOf([
        'Event: AutoMixMonitorEnd',
        'Privilege: agent,all',
        `File Name: ${dir}/${day}/${name('204')}`,
        'Source Number: 205',
        'Destination Number: 204',
        'Seconds: 3',
        `EventSequence: ${events[0]?.get('EventSequence')}`,
      ]),
    ]);
    // Told again it is the same, and the others are not told then either.
    client.text = '';
    await client.ask('CdrdReplay', { Since: '0' });
    const end = await client.find(({ first }) => first[1] === 'CdrdReplayComplete');
    expect(end.get('ListItems')).toBe('1');
    const [live, again] = client.events('AutoMixMonitorEnd');
    expect(again?.raw.toString()).toBe(live?.raw.toString());
  });
});

test('nothing passes a Cdr before its commit, and nobody waits for a disk but those events', {
  timeout: 90_000,
}, async () => {
  const scene = await openScene(temporaryFolder(), null);
  onTestFinished(() => scene.close());
  begin(scene, 'failing');
  await ready(scene);
  const place = { folder: scene.place.root };
  await setUser(place, 'ear');
  const port = Number(/listening ami=127\.0\.0\.1:(\d+)/.exec(scene.life.box.log())?.[1]);
  const client = await logInClient(port, 'ear');
  await client.ask('Events', { EventMask: 'cdr' });
  const syncs = () => scene.disk.read().operations.filter(({ kind }) => kind === 'fsync').length;
  call(scene);
  await client.until('the first record', () => client.events('Cdr').length === 1);
  await pause(2_500); // its call is closed

  scene.disk.plan('hold\n');
  const before = syncs();
  call(scene, 2);
  await wait(scene, 'the commit reaches its fsync', () => syncs() > before);
  call(scene, 3);
  const pings: number[] = [];
  for (let index = 0; index < 20; index++) {
    const begun = performance.now();
    expect((await client.ask('Ping')).get('Ping')).toBe('Pong');
    pings.push(performance.now() - begun);
  }
  expect(client.events('Cdr')).toHaveLength(1);
  expect(Math.max(...pings)).toBeLessThan(2_000);

  scene.disk.plan('');
  const ids = scene.ledger.sent.map((name) => name.split('/')[0]);
  await client.until('the others', () => client.events('Cdr').length === ids.length);
  expect(client.events('Cdr').map((event) => event.get('UniqueID'))).toEqual(ids);
});

test('the greeting is the configured one, and the first thing that a client sees', async () => {
  const client = await logIn('plain');
  expect(client.text.startsWith(GREETING)).toBe(true);
});
