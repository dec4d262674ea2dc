/**
 * MOR's callback on a real Asterisk: two phones are connected, the first rings first; a number that the owner hasn't written
 * down rings nowhere, nor does one that a key without the scope asks for. And MOR's devices are the phones that there are.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readXml, textAt } from '../support/strict-xml.ts';
import { type AmiStage, openAmiStage } from './ami-stage.ts';
import { eventually, launch, logIn as logInByNumber, ready, setUp } from './daemon-process.ts';
import { openStage, sceneOf } from './stage.ts';

/** @returns the cookie. */
async function logInAt(url: string, u: string, p: string): Promise<string> {
  const answer = await fetch(`${url}/api/login`, { method: 'POST', body: new URLSearchParams({ u, p }) });
  expect(textAt(readXml(await answer.text()), 'status')).toBe('ok');
  return answer.headers.get('set-cookie')?.split(';')[0] ?? '';
}

async function callbackAt(url: string, src: string, dst: string, cookie: string): Promise<(string | null)[]> {
  const query = new URLSearchParams({ src, dst, acc: src });
  const answer = await fetch(`${url}/functions/activate_callback?${query}`, {
    method: 'POST',
    headers: { Cookie: cookie },
  });
  const root = readXml(await answer.text());
  return [textAt(root, 'status'), textAt(root, 'status_message')];
}

describe.each(['SIP', 'PJSIP'] as const)('by %s', (tech) => {
  let ami: AmiStage;
  let admin = '';
  beforeAll(async () => {
    ami = await openAmiStage(tech);
    // The rig has each phone on both drivers, as no box has. PJSIP can't be unloaded, and chan_sip's come first.
    const sip = { Module: 'chan_sip.so', LoadType: 'unload' };
    if (tech === 'PJSIP')
      expect((await ami.stage.asterisk.ami.action('ModuleLoad', sip)).get('Response')).toBe('Success');
    await ami.ask(30017, 'mor.enabled=yes&mor.callback=yes&mor.callback_numbers=100-119,122');
    admin = await logIn('admin', 'admin');
  });
  afterAll(async () => {
    await ami?.stop();
  });

  const logIn = (u: string, p: string) => logInAt(ami.setup.url, u, p);
  const callback = (src: string, dst: string, cookie = admin) => callbackAt(ami.setup.url, src, dst, cookie);

  /** Channels that Asterisk has made since. */
  function channelsSince(from: number): string[] {
    return ami.stage.asterisk.ami.packets.slice(from).flatMap((each) => {
      return each.get('Event') === 'Newchannel' ? [each.get('Channel') ?? ''] : [];
    });
  }

  it('the devices are the phones, each with the context that it has', async () => {
    const answer = await fetch(`${ami.setup.url}/devices/user_devices`, { headers: { Cookie: admin } });
    const devices = readXml(await answer.text()).children.find(({ name }) => name === 'devices')?.children ?? [];
    const own = devices.find((device) => textAt(device, 'extension') === '100');
    expect(own && ['type', 'acc', 'username'].map((name) => textAt(own, name))).toEqual([tech, '100', '100']);
    expect(devices.some((device) => textAt(device, 'password') !== null)).toBe(false);
    expect(devices.map((device) => textAt(device, 'extension'))).not.toContain('96');
  });

  it('src rings, then dst, and both talk', async () => {
    const scene = sceneOf(ami.stage, 100);
    expect(await callback(scene.a, scene.b)).toEqual(['ok', 'Callback activated']);
    const first = await scene.answer(scene.a);
    const second = await scene.answer(scene.b);
    await ami.shows({ state: 'up' });
    const isJoined = (channel: string) =>
      scene.event(
        `${channel} in a bridge`,
        (each) => each.get('Event') === 'BridgeEnter' && each.get('Channel') === channel,
      );
    const [one, other] = [await isJoined(scene.channelOf(scene.a)), await isJoined(scene.channelOf(scene.b))];
    expect(one.get('BridgeUniqueid')).toBe(other.get('BridgeUniqueid'));
    // What the other side sees is the device's number.
    expect(one.get('CallerIDNum')).toBe(scene.a);
    await scene.talk(1);
    await first.hangUp();
    await second.ended();
    await ami.gone();
    const audit = JSON.parse(await ami.ask(30018, 'action=call.placed')) as { json_array_audit: object[] };
    expect(audit.json_array_audit).toMatchObject([{ who: 'admin', detail: { src: '100', dst: '101', acc: '100' } }]);
  });

  it('nobody rings for a number that is not written down, for a phone that is not there, or without the scope', async () => {
    const from = ami.stage.asterisk.ami.packets.length;
    const made = JSON.parse(await ami.ask(30011, 'name=crm&role=admin')) as { key: string };
    const crm = await logIn('crm', made.key);
    expect(await callback('120', '121')).toEqual(['failed', 'dst is not among mor.callback_numbers']);
    expect(await callback('120', '0049301234567')).toEqual(['failed', 'dst is not among mor.callback_numbers']);
    expect(await callback('120', '122&SIP/121')).toEqual(['failed', 'dst must be a number']);
    expect(await callback('120/n', '122')).toEqual(['failed', 'src must be an extension of yours that has a phone']);
    expect(await callback('616', '122')).toEqual(['failed', 'src must be an extension of yours that has a phone']);
    expect(await callback('120', '122', crm)).toEqual([
      'failed',
      'key:crm may not place calls: it takes the scope call.place',
    ]);
    const scoped = JSON.parse(await ami.ask(30011, 'name=dialer&role=admin&scopes=call.place')) as { key: string };
    // Asterisk tells events in order: once this call's are there, those of the others would be.
    const scene = sceneOf(ami.stage, 120);
    expect(await callback(scene.a, scene.c, await logIn('dialer', scoped.key))).toEqual(['ok', 'Callback activated']);
    const bell = await ami.stage.house.ringing(scene.a);
    const talk = await bell.answer();
    const other = await scene.answer(scene.c);
    await other.hangUp();
    await talk.ended();
    await ami.gone();
    const channels = channelsSince(from);
    expect(channels.map((channel) => channel.replace(/-[0-9a-f]+$/, ''))).toEqual([`${tech}/120`, `${tech}/122`]);
  });
});

it('with the rights of our manager.conf no call is placed, and the answer says what is missing', async () => {
  const stage = await openStage('SIP');
  try {
    const setup = await setUp(stage.asterisk, stage.asterisk.masterCsv);
    const daemon = launch(setup);
    try {
      await ready(setup);
      await (await logInByNumber(setup))(30017, 'mor.enabled=yes&mor.callback=yes&mor.callback_numbers=101');
      const cookie = await logInAt(setup.url, 'admin', 'admin');
      let told: (string | null)[] = [];
      await eventually('Asterisk', 10_000, async () => {
        told = await callbackAt(setup.url, '100', '101', cookie);
        return told[1] !== 'Asterisk is away';
      });
      expect(told).toEqual(['failed', 'Asterisk places no calls for cdrd: add originate to write in manager.conf']);
    } finally {
      await daemon.stop();
    }
  } finally {
    await stage.stop();
  }
});
