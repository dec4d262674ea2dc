/**
 * The daemon's AMI beside Asterisk's own, in one run: three clients from npm as they are published log in on both, see the
 * same call, ask the same things; raw listeners with the same mask keep every byte of both, and each packet that differs is
 * one of the differences that stand here with their reasons (and in README, "The AMI").
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { conversations, type Difference, hold } from './ami-conversations.ts';
import { type AmiStage, CLIENT, EXTRAS, openAmiStage } from './ami-stage.ts';
import { type AmiStream, headerOf, logInStream, openStream } from './ami-stream.ts';
import { eventually } from './daemon-process.ts';
import { KINDS } from './kinds.ts';
import { type Fields, type PublicClient, publicClients } from './public-clients.ts';
import { listen } from './rig.ts';
import { type Scene, sceneOf } from './stage.ts';

/** Why the stream of events is not the same on both ports. Everything else is, to the byte. */
const STREAM_DIFFERENCES = {
  'Cdr cut': 'the guide names nineteen fields; what else the PBX maps follows for users with extras on alone',
  'Cdr with EventSequence': 'with extras on: the number from which CdrdReplay goes on',
  ActionID: 'an event that bears the ActionID of a forwarded action has the one that the client gave',
  AutoMixMonitorEnd: 'the event of the guide that Asterisk does not have',
} as const;
type StreamDifference = keyof typeof STREAM_DIFFERENCES;

/** Calls at a time, and how long after them the last record and recording are there. */
const LANES = 10;
const LATE_MS = 4_000;

let ami: AmiStage;
let theirs: AmiStream;
let ours: AmiStream;
let extras: AmiStream;
const clients = new Map<string, { asterisk: PublicClient; daemon: PublicClient }>();

beforeAll(async () => {
  ami = await openAmiStage();
  const asteriskPort = ami.stage.asterisk.ports.AMI;
  theirs = await logInStream(asteriskPort, CLIENT.name, CLIENT.secret);
  ours = await logInStream(ami.setup.ami, CLIENT.name, CLIENT.secret);
  extras = await logInStream(ami.setup.ami, EXTRAS.name, EXTRAS.secret);
});
afterAll(async () => {
  for (const { asterisk, daemon } of clients.values()) for (const client of [asterisk, daemon]) client.close();
  for (const stream of [theirs, ours, extras]) stream?.close();
  await ami?.stop();
});

/** Sends a mark that every listener sees, and gives its place in each stream. */
let marks = 0;
async function mark(): Promise<number[]> {
  const name = `mark-${++marks}`;
  ours.send(`Action: UserEvent\r\nUserEvent: ${name}\r\nActionID: ${name}\r\n\r\n`);
  const isMark = (packet: string) =>
    packet.startsWith('Event: UserEvent\r\n') && headerOf(packet, 'UserEvent') === name;
  return Promise.all([theirs, ours, extras].map((stream) => stream.waitFor(name, isMark, 10_000)));
}

/** One call from `a` to `b` of a scene, up for as long as `during` takes. */
async function call(scene: Scene, during: () => Promise<void>): Promise<void> {
  const placed = scene.call(scene.b);
  await scene.answer(scene.b);
  const caller = await placed.answered();
  await scene.connected(2);
  await during();
  await caller.hangUp();
}

const isRecord = (packet: string): boolean => packet.startsWith('Event: Cdr\r\n');
const byName = (events: readonly Fields[], name: string) => events.filter((event) => event['event'] === name);

/** Asterisk's own record as the guide has it: nothing behind the nineteenth field. */
function asGuide(record: string): string {
  const at = record.indexOf('\r\n', record.indexOf('\r\nRecording File Name: ') + 2);
  return `${record.slice(0, at)}\r\n\r\n`;
}

/** Lays two streams side by side. @returns the differences met. @throws at one that has no reason. */
function compareStreams(asterisk: readonly string[], daemon: readonly string[]): StreamDifference[] {
  const met: StreamDifference[] = [];
  let at = 0;
  for (const packet of daemon) {
    const own = asterisk[at] ?? '(the end)';
    const sequence = headerOf(packet, 'EventSequence');
    if (packet === own) at++;
    else if (isRecord(own) && packet === asGuide(own)) {
      met.push('Cdr cut');
      at++;
    } else if (isRecord(own) && packet === `${own.slice(0, -2)}EventSequence: ${sequence}\r\n\r\n`) {
      met.push('Cdr with EventSequence');
      at++;
    } else if (
      packet ===
      own.replace(/\r\nActionID: cdrd-[0-9a-f]{16}-\d+\r\n/, `\r\nActionID: ${headerOf(packet, 'UserEvent')}\r\n`)
    ) {
      met.push('ActionID');
      at++;
    } else if (packet.startsWith('Event: AutoMixMonitorEnd\r\nPrivilege: agent,all\r\n')) met.push('AutoMixMonitorEnd');
    else expect(packet).toBe(own);
  }
  expect(asterisk.slice(at)).toEqual([]);
  return met;
}

/** Lays what came since a mark side by side, up to a mark that it makes. */
async function compareSince(from: readonly number[]) {
  const to = await mark();
  const [asterisk = [], daemon = [], further = []] = [theirs, ours, extras].map((stream, i) =>
    // The marks were asked by one of them, which has the answers too.
    stream.packets.slice(from[i], (to[i] ?? 0) + 1).filter((packet) => packet.startsWith('Event: ')),
  );
  // An empty line too many, as some of Asterisk's packets end with, is not relayed.
  expect(ours.afterEmptyLine).toEqual([]);
  expect(asterisk.length).toBeGreaterThan(50);
  const [met, withExtras] = [compareStreams(asterisk, daemon), compareStreams(asterisk, further)];
  return { events: asterisk.length, met, withExtras };
}

it('greets and logs in as Asterisk does', async () => {
  expect([ours.greeting, theirs.greeting]).toEqual(['Asterisk Call Manager/1.1', 'Asterisk Call Manager/5.0.4']);
  await theirs.waitFor('SuccessfulAuth', (packet) => packet.startsWith('Event: SuccessfulAuth'), 5_000);
  const plain = (packet: string) => packet.replaceAll(/: \d+\r/g, ': N\r');
  expect(ours.packets.slice(0, 2).map(plain)).toEqual(theirs.packets.slice(0, 2).map(plain));
  for (const header of ['Uptime', 'LastReload']) {
    const [asterisk, daemon] = [theirs, ours].map((stream) => Number(headerOf(stream.packets[1] ?? '', header)));
    expect(Math.abs((asterisk ?? 0) - (daemon ?? 99))).toBeLessThanOrEqual(2); // they logged in one after the other
  }
});

it('takes an MD5 challenge as Asterisk does', async () => {
  const answers = await Promise.all(
    [ami.stage.asterisk.ports.AMI, ami.setup.ami].map(async (port) => {
      const stream = openStream(port);
      stream.send('Action: Challenge\r\nAuthType: MD5\r\nActionID: 1\r\n\r\n');
      const at = await stream.waitFor('challenge', (packet) => headerOf(packet, 'Challenge') !== '', 5_000);
      const challenge = headerOf(stream.packets[at] ?? '', 'Challenge');
      const key = createHash('md5').update(`${challenge}${CLIENT.secret}`).digest('hex');
      stream.send(
        `Action: Login\r\nAuthType: MD5\r\nUsername: ${CLIENT.name}\r\nKey: ${key}\r\nEvents: off\r\nActionID: 2\r\n\r\n`,
      );
      stream.send('Action: Logoff\r\n\r\n');
      await stream.ended(5_000);
      return stream.packets.map((packet) => packet.replace(challenge, 'N'));
    }),
  );
  expect(answers[1]).toEqual(answers[0]);
  expect(answers[1]?.[1]).toBe('Response: Success\r\nActionID: 2\r\nMessage: Authentication accepted\r\n\r\n');
});

describe.each(Object.entries(publicClients))('%s', (name, open) => {
  it('logs in on both', async () => {
    clients.set(name, {
      asterisk: await open(ami.stage.asterisk.ports.AMI, CLIENT.name, CLIENT.secret),
      daemon: await open(ami.setup.ami, CLIENT.name, CLIENT.secret),
    });
  });

  it('gets the same to Ping, SIPpeers and DBGet', async () => {
    const both = clients.get(name);
    if (!both) throw new Error(`${name} has not logged in`);
    const asked: string[] = [];
    for (const [action, headers] of [
      ['Ping', {}],
      ['SIPpeers', {}],
      ['DBGet', { Family: 'cdrd', Key: 'dir' }],
      ['Hangup', { Channel: 'SIP/none-1' }],
    ] as const) {
      const [asterisk, daemon] = await Promise.all([
        both.asterisk.action(action, headers),
        both.daemon.action(action, headers),
      ]);
      const plain = ({ response, list }: typeof asterisk) =>
        [response, ...list].map(({ actionid: _, timestamp: __, ...rest }) => rest);
      expect(plain(daemon)).toEqual(plain(asterisk));
      asked.push(`${action}: ${daemon.response['response']}, ${daemon.list.length} listed`);
    }
    console.log(`${name}: ${asked.join('; ')}`);
    expect(asked[1]).toMatch(/^SIPpeers: Success, [1-9]\d+ listed$/);
    expect(asked[3]).toBe('Hangup: Error, 0 listed');
  });
});

it('one call: every client gets its Cdr and, of the daemon, its AutoMixMonitorEnd; the streams are the same', async () => {
  const scene = sceneOf(ami.stage, 100);
  const from = await mark();
  const seen = [...clients].map(([name, { asterisk, daemon }]) => ({
    name,
    asterisk: { client: asterisk, from: asterisk.events.length },
    daemon: { client: daemon, from: daemon.events.length },
  }));
  await call(scene, async () => {
    const lists = await Promise.all(
      seen.flatMap(({ asterisk, daemon }) => [asterisk, daemon].map(({ client }) => client.action('CoreShowChannels'))),
    );
    const plain = lists.map(({ list }) => list.map(({ actionid: _, duration: __, ...rest }) => rest));
    for (const list of plain) {
      expect(list).toEqual(plain[0]);
      expect(byName(list, 'CoreShowChannel')).toHaveLength(2);
    }
    await scene.talk(2);
  });
  for (const { name, asterisk, daemon } of seen) {
    const news = ({ client, from }: typeof asterisk) => client.events.slice(from);
    // ami-io loses what follows an empty line too many, which Asterisk writes behind MIXMONITOR_END.
    const lost = () =>
      name.startsWith('ami-io') && theirs.afterEmptyLine.some((i) => isRecord(theirs.packets[i] ?? ''));
    await eventually(
      `Cdr at ${name} on Asterisk`,
      5_000,
      async () => byName(news(asterisk), 'Cdr').length > 0 || lost(),
    );
    await eventually(`Cdr at ${name}`, 5_000, async () => byName(news(daemon), 'Cdr').length > 0);
    await eventually(`AutoMixMonitorEnd at ${name}`, 15_000, async () =>
      news(daemon).some(({ event }) => event === 'AutoMixMonitorEnd'),
    );
    const [record] = byName(news(daemon), 'Cdr');
    const [end] = byName(news(daemon), 'AutoMixMonitorEnd');
    const file = Object.entries(end ?? {}).find(([header]) => /^file.?name$/.test(header))?.[1] ?? '';
    expect(record).toMatchObject({ source: '100', destination: '101', disposition: 'ANSWERED' });
    expect(Object.values(record ?? {})).toContain(file);
    expect(byName(news(asterisk), 'AutoMixMonitorEnd')).toEqual([]);
    const sound = await listen(`${file}.wav`);
    console.log(
      `${name}: ${file.slice(ami.stage.asterisk.monitor.length + 1)}, ${sound.seconds} s, RMS ${sound.soxRms}`,
    );
    expect(file.startsWith(join(ami.stage.asterisk.monitor, '2'))).toBe(true);
    expect(sound.seconds).toBeGreaterThan(1.8);
    expect(sound.soxRms).toBeGreaterThan(0.05);
  }
  const { events, met, withExtras } = await compareSince(from);
  console.log(`${events} events of Asterisk; differences: ${met.join(', ')}; with extras: ${withExtras.join(', ')}`);
  expect(met).toEqual(['ActionID', 'Cdr cut', 'AutoMixMonitorEnd', 'ActionID']);
  expect(withExtras).toEqual(['ActionID', 'Cdr with EventSequence', 'AutoMixMonitorEnd', 'ActionID']);
});

describe('conversations', () => {
  const held = async (each: (typeof conversations)[number]) => {
    const daemon = hold(each, ami.setup.ami);
    // Of a session of its own Asterisk tells all others, whose events the daemon relays.
    if (each.alone) await daemon;
    const asterisk = await hold(each, ami.stage.asterisk.ports.AMI, each.until);
    compareTalk(asterisk, await daemon, each.differences ?? []);
    return `${each.name}: ${asterisk.length} packets`;
  };

  it.each(conversations.filter(({ alone }) => alone))('$name', async (each) => {
    console.log(await held(each));
  });

  it('all others', async () => {
    console.log((await Promise.all(conversations.filter(({ alone, call }) => !alone && !call).map(held))).join('\n'));
  });

  it('while a call is up', async () => {
    await call(sceneOf(ami.stage, 400), async () => {
      for (const each of conversations.filter((one) => one.call)) console.log(await held(each));
    });
  });
});

/** In Asterisk a class grants them, or nothing is needed; here each must be named (`--write call,Reload`). */
const NOT_BY_CLASS =
  'BridgeDestroy BridgeKick BridgeTechnologySuspend BridgeTechnologyUnsuspend ChangeMonitor ConfbridgeStartRecord ' +
  'ConfbridgeStopRecord DBDel DBDelTree DBPut DialplanExtensionAdd DialplanExtensionRemove GetConfig GetConfigJSON ' +
  'MixMonitor ModuleLoad Monitor PJSIPNotify PJSIPRegister PJSIPShowAuths PJSIPShowEndpoint PJSIPShowRegistrationsOutbound PJSIPUnregister QueueChangePriorityCaller ' +
  'QueueReload QueueReset QueueWithdrawCaller Reload Setvar SIPnotify SorceryMemoryCacheExpire ' +
  'SorceryMemoryCacheExpireObject SorceryMemoryCachePopulate SorceryMemoryCacheStale SorceryMemoryCacheStaleObject';

/** Packet by packet; each that differs must be foreseen, and each that is foreseen must come. */
function compareTalk(asterisk: readonly string[], daemon: readonly string[], differences: readonly Difference[]): void {
  const left = [...differences];
  const expected = asterisk.flatMap((packet) => {
    const foreseen = left.findIndex((difference) => difference.asterisk.test(packet));
    if (foreseen < 0) return [packet];
    const [difference] = left.splice(foreseen, 1);
    return difference?.daemon == null ? [] : [difference.daemon];
  });
  expect(daemon).toEqual(expected);
  expect(left).toEqual([]);
}

it('hangs up a channel for each client, on both', async () => {
  const calls = await Promise.all(
    [...clients].flatMap(([name, { asterisk, daemon }], i) =>
      [asterisk, daemon].map(async (client, which) => {
        const scene = sceneOf(ami.stage, 110 + 20 * i + 10 * which);
        const placed = scene.call(scene.b);
        const answerer = await scene.answer(scene.b);
        await placed.answered();
        return { name, client, scene, answerer };
      }),
    ),
  );
  for (const { name, client, scene, answerer } of calls) {
    const { response } = await client.action('Hangup', { Channel: scene.channelOf(scene.b) });
    expect(response, name).toMatchObject({ response: 'Success', message: 'Channel Hungup' });
    await answerer.ended();
    // Its MIXMONITOR_END would cost ami-io, on Asterisk's own port, an answer that comes directly behind it.
    const file = `-${scene.a}-${scene.b}`;
    await scene.event('MIXMONITOR_END', (p) => p.get('State') === 'MIXMONITOR_END' && !!p.get('File')?.endsWith(file));
  }
});

it('lists the actions that this user may use, in Asterisk order', async () => {
  const lists = await Promise.all(
    [theirs, ours].map(async (stream) => {
      stream.send('Action: ListCommands\r\nActionID: lc\r\n\r\n');
      const at = await stream.waitFor('ListCommands', (packet) => /\r\nActionID: lc\r\n/.test(packet), 10_000);
      return (stream.packets[at] ?? '').split('\r\n');
    }),
  );
  const [asterisk = [], daemon = []] = lists;
  const missing = asterisk.filter((line) => !daemon.includes(line)).map((line) => line.split(':')[0]);
  const added = daemon.filter((line) => !asterisk.includes(line));
  expect(missing.join(' ')).toBe(NOT_BY_CLASS);
  expect(daemon.filter((line) => asterisk.includes(line))).toEqual(asterisk.filter((line) => daemon.includes(line)));
  expect(added).toEqual(['CdrdReplay: Tell events with a higher EventSequence than Since again.  (Priv: <none>)']);
});

it('every kind of call: the streams are the same', async () => {
  const from = await mark();
  const queue = [...KINDS].reverse(); // the longest first
  // Whether a kind's script goes through is kinds.test.ts's matter; here both streams must tell the same of what happened.
  const lane = async (): Promise<void> => {
    for (let kind = queue.shift(); kind; kind = queue.shift()) {
      const { name, base, play } = kind;
      await play(sceneOf(ami.stage, base)).catch((error: Error) => console.log(`${name}: ${error.message}`));
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  await new Promise((resolve) => setTimeout(resolve, LATE_MS));
  const { events, met, withExtras } = await compareSince(from);
  const count = (list: readonly string[]) => (name: string) => list.filter((each) => each === name).length;
  const [cut, sequenced] = [count(met)('Cdr cut'), count(withExtras)('Cdr with EventSequence')];
  const ends = count(met)('AutoMixMonitorEnd');
  console.log(`${KINDS.length} kinds, ${events} events of Asterisk; ${cut} Cdr, ${ends} AutoMixMonitorEnd`);
  expect(cut).toBeGreaterThan(KINDS.length);
  expect(sequenced).toBe(cut);
  expect(ends).toBeGreaterThan(10);
  expect(count(withExtras)('AutoMixMonitorEnd')).toBe(ends);
}, 90_000);

it('a restart of the daemon: every client comes back by itself and gets the next call', async () => {
  const before = new Map([...clients].map(([name, { daemon }]) => [name, daemon.connections]));
  await ami.restart();
  const at = performance.now();
  const back = [...clients].map(async ([name, { daemon }]) => {
    await eventually(`${name} again`, 30_000, async () => daemon.connections > (before.get(name) ?? 0));
    const { response } = await daemon.action('Ping');
    expect(response).toMatchObject({ response: 'Success', ping: 'Pong' });
    return `${name}: ${((performance.now() - at) / 1000).toFixed(1)} s`;
  });
  const fresh = await logInStream(ami.setup.ami, CLIENT.name, CLIENT.secret);
  console.log(
    `a new connection: ${((performance.now() - at) / 1000).toFixed(1)} s; ${(await Promise.all(back)).join('; ')}`,
  );
  const from = new Map([...clients].map(([name, { daemon }]) => [name, daemon.events.length]));
  await call(sceneOf(ami.stage, 100), async () => {});
  for (const [name, { daemon }] of clients)
    await eventually(`Cdr at ${name}`, 5_000, async () =>
      daemon.events.slice(from.get(name)).some((event) => event['event'] === 'Cdr' && event['source'] === '100'),
    );
  await fresh.waitFor('Cdr', (packet) => packet.startsWith('Event: Cdr\r\n'), 5_000);
  fresh.close();
});
