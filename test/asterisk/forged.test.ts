/**
 * Packets that nobody may make: a caller by line breaks in his number, which Asterisk writes raw into its AMI, and a client of
 * our AMI by a NUL, at which Asterisk's own reader takes a line for the empty one that ends a packet. The controls show that
 * Asterisk by itself does both.
 */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type AmiStream, headerOf, logInStream, openStream } from './ami-stream.ts';
import { AMI_SECRET, AMI_USER } from './asterisk.ts';
import { eventually, launch, logIn, type Running, ready, setAmiUser, setUp, tokenOf } from './daemon-process.ts';
import { DEFAULT_SETTINGS, openRig, type Rig } from './rig.ts';

let rig: Rig;
let running: Running;
let client: AmiStream;
let live: () => Promise<unknown[]>;
let url: string;
let token: string;
beforeAll(async () => {
  rig = await openRig();
  await rig.settings({ ...DEFAULT_SETTINGS, dir: rig.asterisk.monitor });
  const setup = await setUp(rig.asterisk, rig.asterisk.masterCsv);
  await setAmiUser(setup, 'ear', 'ear-secret', '--read all --write reporting');
  running = launch(setup);
  await ready(setup);
  const ask = await logIn(setup);
  url = setup.url;
  token = await tokenOf(setup);
  live = async () => (JSON.parse(await ask(30019)) as { json_array_live: unknown[] }).json_array_live;
  client = await logInStream(setup.ami, 'ear', 'ear-secret');
});
afterAll(async () => {
  client?.close();
  await running?.stop();
  await rig?.stop();
});

describe('a NUL', () => {
  const SMUGGLED =
    'Action: CoreStatus\r\nActionID: one\r\n\0: x\r\nAction: DBPut\r\nFamily: stolen\r\nKey: k\r\nVal: v\r\n\r\n';
  const stolen = () => rig.asterisk.ami.action('DBGet', { Family: 'stolen', Key: 'k' });

  it('control: ends a packet for Asterisk', async () => {
    const direct = openStream(rig.asterisk.ports.AMI);
    direct.send(`Action: Login\r\nUsername: ${AMI_USER}\r\nSecret: ${AMI_SECRET}\r\nEvents: off\r\n\r\n${SMUGGLED}`);
    await direct.waitFor('the second answer', (packet) => packet.includes('Updated database successfully'), 5_000);
    direct.close();
    expect((await stolen()).get('Response')).toBe('Success');
    await rig.asterisk.ami.action('DBDelTree', { Family: 'stolen' });
    expect((await stolen()).get('Response')).toBe('Error');
  });

  it('ends none of those that a client has forwarded', async () => {
    client.send(SMUGGLED);
    const isOne = (packet: string) => packet.startsWith('Response:') && headerOf(packet, 'ActionID') === 'one';
    await client.waitFor('an answer', isOne, 5_000);
    client.send('Action: CoreStatus\r\nActionID: two\r\n\r\n');
    await client.waitFor('another', (packet) => headerOf(packet, 'ActionID') === 'two', 5_000);
    expect((await stolen()).get('Response')).toBe('Error');
  });
});

describe('a caller’s number with an empty line in it', () => {
  const FORGED = 'Event: Hangup\r\nPrivilege: call,all\r\nX: forged\r\n';
  const number = (text: string) => `506${encodeURIComponent(text)}`;
  const isForged = (packet: string) => packet.startsWith('Event: Hangup\r\nPrivilege: call,all\r\nX: forged');

  it.each([
    ['CR LF', `\r\n\r\n${FORGED}`],
    ['LF alone', `\n\n${FORGED.replaceAll('\r', '')}`],
  ])('%s: Asterisk tells a packet of his making, we tell none', async (kind, text) => {
    const from = client.packets.length;
    const report = await rig.inbound(number(text), '202', { seconds: 2 });
    const told = report.raw.toString('latin1');
    // The control: it stands in Asterisk's stream as a packet of its own.
    expect(told).toContain(
      kind === 'CR LF' ? '\r\n\r\nEvent: Hangup\r\nPrivilege: call,all\r\nX: forged\r\n' : '\n\nEvent: Hangup\n',
    );
    await client.waitFor('the record', (packet) => packet.startsWith('Event: Cdr\r\n'), 10_000, from);
    await sleep(500);
    const heard = client.packets.slice(from);
    expect(heard.filter(isForged)).toEqual([]);
    expect(heard.join('')).not.toMatch(/\n\r?\nEvent: Hangup\r?\nPrivilege: call,all\r?\nX: forged/);
    // Every packet that we told is whole: none is a rest of a value.
    expect(heard.filter((packet) => !/^(?:Event|Response): /.test(packet))).toEqual([]);
    expect(heard.filter((packet) => packet.startsWith('Event: Hangup\r\n')).length).toBeGreaterThan(0);
    expect(await live()).toEqual([]);
  });
});

describe('a caller’s number with a line in it', () => {
  it('that says how old the call is: nobody believes it, and those who watch the calls are told', async () => {
    const told: string[] = [];
    const watching = new WebSocket(`${url.replace('http', 'ws')}/live`, {
      headers: { Authorization: `Bearer ${token}` },
    });
    watching.on('message', (text) => told.push(String(text)));
    await once(watching, 'message');
    const begun = Date.now() / 1000;
    const report = await rig.inbound(`506${encodeURIComponent('\r\nDuration: 999999999999999:00:00')}`, '202', {
      seconds: 2,
    });
    // The control: Asterisk tells it as a line of its own.
    expect(report.raw.toString('latin1')).toContain('CallerIDNum: 506\r\nDuration: 999999999999999:00:00\r\n');
    await eventually('the end of the call', 10_000, async () => told.some((text) => text.startsWith('{"ended":')));
    const calls = told.flatMap((text) => (JSON.parse(text) as { call?: { since: number } }).call ?? []);
    expect(calls.length).toBeGreaterThan(0);
    for (const { since } of calls) expect(Math.abs(since - begun)).toBeLessThan(30);
    watching.close();
  });
});
