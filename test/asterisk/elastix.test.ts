/**
 * Elastix's commands on a real Asterisk: channels as `CoreShowChannels` and the console show them at the same moment, phones
 * and their configuration as Asterisk has them, parked calls. Where phones are by chan_sip the daemon may use the console,
 * where they are by PJSIP it may not.
 */
import { createSocket } from 'node:dgram';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Packet } from './ami.ts';
import { type AmiStage, openAmiStage } from './ami-stage.ts';
import { sceneOf } from './stage.ts';

interface Channel {
  readonly Channel: string;
  readonly Duration: string;
  readonly BridgedTo: string;
}
type Told = readonly (Channel | string)[];
type Row = Readonly<Record<string, string>>;

describe.each(['SIP', 'PJSIP'] as const)('by %s', (tech) => {
  const mayAsk = tech === 'SIP';
  let ami: AmiStage;
  let key = '';
  let scoped = '';
  beforeAll(async () => {
    ami = await openAmiStage(tech, mayAsk ? ',command' : '');
    expect(JSON.parse(await ami.ask(30017, 'elastix.enabled=yes'))).toMatchObject({ result: 'success' });
    const made = async (query: string) => (JSON.parse(await ami.ask(30011, query)) as { key: string }).key;
    key = await made('name=plain&role=admin');
    scoped = await made('name=scoped&role=admin&scopes=extension.secrets');
  });
  afterAll(async () => {
    await ami?.stop();
  });

  async function asked(cmd: string, by = key): Promise<string> {
    const url = `${ami.setup.url}/api/api.php?cmd=${cmd}`;
    const answer = await fetch(url, { method: 'POST', headers: { Authorization: by } });
    expect([cmd, answer.status]).toEqual([cmd, 200]);
    return answer.text();
  }
  const activeCall = async () => JSON.parse(await asked('activecall')) as Told;

  /** Events of a list, past the daemon. */
  async function listed(action: string, event: string, headers: Readonly<Record<string, string>> = {}) {
    const { ami: direct } = ami.stage.asterisk;
    const from = direct.packets.length;
    const answer = await direct.action(action, headers);
    if (answer.get('Response') !== 'Success') return [];
    await direct.waitFor('the list', (each) => /Complete$/.test(each.get('Event') ?? ''), 5_000, from);
    return direct.packets.slice(from).filter((each) => each.get('Event') === event);
  }

  async function consoleLines(command: string): Promise<string[]> {
    const answer = await ami.stage.asterisk.ami.action('Command', { Command: command });
    return answer.headers.filter(([name]) => name === 'Output').map(([, line]) => line);
  }

  const secondsOf = (text: string | null) =>
    (text ?? '').split(':').reduce((seconds, part) => seconds * 60 + Number(part), 0);
  const known = (text: string | null) => (text === '<unknown>' ? '' : (text ?? ''));

  /** What the dialect must tell of these channels. */
  function expected(channels: readonly Packet[]): object[] {
    return channels.map((channel) => {
      const value = (name: string) => known(channel.get(name));
      const bridge = value('BridgeId');
      const others = channels.filter((each) => each !== channel && bridge !== '' && each.get('BridgeId') === bridge);
      return {
        Channel: value('Channel'),
        Context: value('Context'),
        Extension: value('Exten'),
        Prio: value('Priority'),
        State: value('ChannelStateDesc'),
        Application: value('Application') || '(None)',
        Data: value('ApplicationData'),
        CallerID: value('CallerIDNum'),
        Duration: expect.stringMatching(/^\d\d:\d\d:\d\d$/),
        Accountcode: value('AccountCode'),
        PeerAccount: '',
        BridgedTo: others.map((each) => each.get('Channel')).join(',') || '(None)',
      };
    });
  }

  /** activecall against what Asterisk says at the same moment, by AMI and, where it may be asked, on its console. */
  async function expectSame(count: number): Promise<readonly Channel[]> {
    const [told, channels] = await Promise.all([activeCall(), listed('CoreShowChannels', 'CoreShowChannel')]);
    console.log(`activecall: ${JSON.stringify(told, null, 1)}`);
    const rows = told.slice(0, -3) as Channel[];
    const byName = (one: Channel, other: Channel) => (one.Channel < other.Channel ? -1 : 1);
    expect(channels).toHaveLength(count);
    expect(rows.toSorted(byName)).toEqual((expected(channels) as Channel[]).toSorted(byName));
    for (const { Channel, Duration } of rows) {
      const own = channels.find((each) => each.get('Channel') === Channel);
      expect(Math.abs(secondsOf(Duration) - secondsOf(own?.get('Duration') ?? null))).toBeLessThanOrEqual(1);
    }
    if (!mayAsk) {
      expect(told.slice(-3)).toEqual([
        `${count} active channels`,
        expect.stringMatching(/^\d active calls?$/),
        expect.stringContaining('not told'),
      ]);
      return rows;
    }
    const lines = await consoleLines('core show channels verbose');
    console.log(lines.join('\n'));
    expect(told.slice(-3)).toEqual(lines.slice(-3));
    for (const [index, row] of rows.entries()) {
      const line = lines[index + 1] ?? '';
      const { Context, State, Application, CallerID } = row as unknown as Row;
      expect(line.startsWith(row.Channel.slice(0, 20))).toBe(true);
      for (const part of [Context?.slice(0, 20), State, Application?.slice(0, 12), CallerID])
        expect([line, part, line.includes(part ?? '')]).toEqual([line, part, true]);
    }
    return rows;
  }

  it('activecall is empty without a call', async () => {
    const [channels, calls] = await activeCall();
    expect([channels, calls]).toEqual(['0 active channels', '0 active calls']);
  });

  it('activecall during an internal call', async () => {
    const scene = sceneOf(ami.stage, 100);
    const placed = scene.call(scene.b);
    const bell = await ami.stage.house.ringing(scene.b);
    await ami.shows({ state: 'ringing' });
    const ringing = await expectSame(2);
    expect(ringing.map(({ BridgedTo }) => BridgedTo)).toEqual(['(None)', '(None)']);
    await bell.answer();
    const caller = await placed.answered();
    await scene.connected(2);
    const [one, other] = await expectSame(2);
    expect([one?.BridgedTo, other?.BridgedTo]).toEqual([other?.Channel, one?.Channel]);
    await caller.hangUp();
    await ami.gone();
  });

  it('activecall during a call through a queue whose member is a Local channel, and its calls counted as Asterisk does', async () => {
    const scene = sceneOf(ami.stage, 160);
    const placed = scene.call('824');
    const caller = await placed.answered();
    await scene.answer(scene.b);
    await scene.connected(4);
    const rows = await expectSame(4);
    expect(rows.filter(({ Channel }) => Channel.startsWith('Local/161@kinds-'))).toHaveLength(2);
    expect(rows.every(({ BridgedTo }) => BridgedTo !== '(None)')).toBe(true);
    const [calls] = (await activeCall()).slice(-2);
    if (mayAsk) expect(calls).toBe((await consoleLines('core show calls'))[0]);
    expect(calls).toBe('2 active calls');
    await caller.hangUp();
    await ami.gone();
  });

  it('parkedcalls and channelstatus while a call is parked', async () => {
    const scene = sceneOf(ami.stage, 110);
    const placed = scene.call(scene.b);
    await scene.answer(scene.b);
    const caller = await placed.answered();
    await ami.shows({ state: 'up' });
    await scene.action('Park', { Channel: scene.channelOf(scene.a), Timeout: '60000' });
    const [parked] = await (async () => {
      await scene.event('the parked call', (each) => each.get('Event') === 'ParkedCall');
      return listed('ParkedCalls', 'ParkedCall');
    })();
    const text = await asked('parkedcalls');
    console.log(text);
    expect(parked?.get('ParkeeChannel')).toBe(scene.channelOf(scene.a));
    for (const name of ['ParkeeChannel', 'ParkeeCallerIDNum', 'Parkinglot', 'ParkingSpace'])
      expect(text).toContain(`${name}: ${parked?.get(name)}\r\n`);
    expect(text).toMatch(/^Event: ParkedCall\r\n[\s\S]*\r\n\r\nEvent: ParkedCallsComplete\r\n[\s\S]*Total: 1\r\n\r\n$/);
    expect(await asked('channelstatus')).toMatch(
      new RegExp(`^Event: Status\\r\\n[\\s\\S]*Channel: ${scene.channelOf(scene.a)}\\r\\n`),
    );
    await caller.hangUp();
    await ami.gone();
    expect(await asked('parkedcalls')).toContain('Total: 0\r\n');
  });

  it('sippeers is SIPpeers, then the endpoints of PJSIP', async () => {
    const rows = JSON.parse(await asked('sippeers')) as Row[];
    const peers = await listed('SIPpeers', 'PeerEntry');
    const own = rows.filter(({ Channeltype }) => Channeltype === 'SIP');
    expect(own).toEqual(
      peers.map(({ headers }) => Object.fromEntries(headers.filter(([name]) => name !== 'ActionID'))),
    );
    expect(own.find(({ ObjectName }) => ObjectName === '398')).toMatchObject({ IPaddress: '-none-', Dynamic: 'yes' });
    const endpoints = await listed('PJSIPShowEndpoints', 'EndpointList');
    const others = rows.filter(({ Channeltype }) => Channeltype === 'PJSIP');
    expect(others.map(({ ObjectName }) => ObjectName).sort()).toEqual(
      endpoints.map((each) => each.get('ObjectName')).sort(),
    );
    const row = (name: string) => others.find(({ ObjectName }) => ObjectName === name);
    const gateway = { IPaddress: '127.0.0.1', IPport: String(ami.stage.asterisk.ports.TRUNK_GW7), Dynamic: 'no' };
    console.log(JSON.stringify([row('gw-7'), row('397')]));
    expect(row('gw-7')).toMatchObject({ ...gateway, Status: 'Unmonitored' });
    expect(row('397')).toMatchObject({ IPaddress: '-none-', Dynamic: 'yes', Status: 'UNKNOWN' });
  });

  it('sippeers has a phone of PJSIP where it registered from', async () => {
    const phone = createSocket('udp4');
    try {
      await new Promise<void>((resolve) => phone.bind(0, '127.0.0.1', resolve));
      const at = `127.0.0.1:${phone.address().port}`;
      const answered = new Promise<string>((resolve) => phone.once('message', (bytes) => resolve(bytes.toString())));
      const lines = [
        'REGISTER sip:127.0.0.1 SIP/2.0',
        `Via: SIP/2.0/UDP ${at};branch=z9hG4bK396`,
        'From: <sip:396@127.0.0.1>;tag=396',
        'To: <sip:396@127.0.0.1>',
        'Call-ID: 396',
        'CSeq: 1 REGISTER',
        `Contact: <sip:396@${at}>`,
        'Expires: 60',
        'Max-Forwards: 70',
        'Content-Length: 0',
      ];
      phone.send(`${lines.join('\r\n')}\r\n\r\n`, ami.stage.asterisk.ports.PJSIP, '127.0.0.1');
      expect(await answered).toMatch(/^SIP\/2\.0 200 /);
      const [contact] = await listed('PJSIPShowContacts', 'ContactList');
      console.log(JSON.stringify(contact?.headers));
      const rows = JSON.parse(await asked('sippeers')) as Row[];
      expect(rows.find(({ ObjectName }) => ObjectName === '396')).toMatchObject({
        ...{ IPaddress: '127.0.0.1', IPport: String(phone.address().port), Dynamic: 'yes', Status: 'Unmonitored' },
      });
    } finally {
      phone.close();
    }
  });

  it('sipextensions has passwords for a key with the scope, and for no other', async () => {
    const plain = await asked('sipextensions');
    expect(plain).not.toContain('password');
    const profiles = JSON.parse(plain) as Readonly<Record<string, Row>>;
    const all = JSON.parse(await asked('sipextensions', scoped)) as Readonly<Record<string, Row>>;
    const peers = await listed('SIPpeers', 'PeerEntry');
    const endpoints = await listed('PJSIPShowEndpoints', 'EndpointList');
    const names = new Set([...peers, ...endpoints].map((each) => each.get('ObjectName')));
    expect(Object.keys(profiles).sort()).toEqual([...names].sort());
    // What the templates say is in it.
    expect(profiles['202']).toMatchObject({ type: 'friend', host: '127.0.0.1', context: 'from-ext-202' });
    expect(all['398']).toMatchObject({ host: 'dynamic', secret: 'rig-sip-password' });
    expect(all['397']).toMatchObject({ username: '397', secret: 'rig-pjsip-password', max_contacts: '1' });
    expect(profiles['397']).toMatchObject({ username: '397', context: 'nobody' });
    expect(profiles['phone']).toBeUndefined();
    expect(profiles['general']).toBeUndefined();
  });
});
