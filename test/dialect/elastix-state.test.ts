/** Elastix's commands about Asterisk and the machine: what is made of the packets, who may, and what is no secret's to tell. */
import { expect, onTestFinished, test } from 'vitest';
import { channelRows } from '../../cgi/dialect/elastix/active-call.ts';
import { isSecret, sectionsOf } from '../../cgi/dialect/elastix/config-sections.ts';
import { roundText } from '../../cgi/dialect/elastix/hard-drivers.ts';
import { eventText } from '../../cgi/dialect/elastix/headers.ts';
import { pjsipProfiles, shown, sipProfiles } from '../../cgi/dialect/elastix/sip-extensions.ts';
import { endpointRow } from '../../cgi/dialect/elastix/sip-peers.ts';
import { ageText } from '../../cgi/dialect/elastix/system-resources.ts';
import { createAskAsterisk } from '../../daemon/asterisk/ask.ts';
import { eventually } from '../support/daemon.ts';
import { type FakeScript, lettingIn, startFakeAmi } from '../support/fake-ami.ts';
import { openElastix } from './elastix-box.ts';

const SECRET = 's3cret';

/** As Asterisk writes it: `Name: value`, a line each. */
const packet = (...lines: string[]) =>
  lines.map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)] as const);

const channel = (name: string, more: Readonly<Record<string, string>> = {}) =>
  Object.entries({
    ...{ Event: 'CoreShowChannel', Channel: name, ChannelStateDesc: 'Up', CallerIDNum: '205', AccountCode: '' },
    ...{ Context: 'from-internal', Exten: '204', Priority: '2', Uniqueid: name, Application: 'Dial' },
    ...{ ApplicationData: 'SIP/204', Duration: '00:00:41', BridgeId: '' },
    ...more,
  });

test.each<[what: string, bridges: string[], to: string[]]>([
  ['nobody', ['', ''], ['(None)', '(None)']],
  ['each other', ['a', 'a'], ['SIP/1', 'SIP/0']],
  ['two others of a conference', ['a', 'a', 'a'], ['SIP/1,SIP/2', 'SIP/0,SIP/2', 'SIP/0,SIP/1']],
  ['nobody, alone in a bridge', ['a', 'b', 'b'], ['(None)', 'SIP/2', 'SIP/1']],
])('a channel is bridged to %s', (_, bridges, to) => {
  const rows = channelRows(
    bridges.map((BridgeId, index) => channel(`SIP/${index}`, { BridgeId })),
    new Map(),
    null,
  );
  expect(rows.slice(0, -3).map((row) => (row as { BridgedTo: string }).BridgedTo)).toEqual(to);
});

test('a call is counted for each channel that runs a dialplan, unless the console tells', () => {
  const dialled = channel('SIP/1', { Application: 'AppQueue', ApplicationData: '(Outgoing Line)' });
  const none = channel('SIP/2', { Application: '', CallerIDNum: '<unknown>' });
  const rows = channelRows([channel('SIP/0'), dialled, none], new Map([['SIP/0', 'sales']]), null);
  expect(rows.slice(-3)).toEqual(['3 active channels', '2 active calls', expect.stringContaining('not told')]);
  expect(rows[0]).toMatchObject({ PeerAccount: 'sales' });
  expect(rows[2]).toMatchObject({ Application: '(None)', CallerID: '' });
  const counts = { active: 1, processed: 1 };
  expect(channelRows([dialled], new Map(), counts).slice(1)).toEqual([
    '1 active channel',
    '1 active call',
    '1 call processed',
  ]);
});

test('what a caller calls himself is text in a page', () => {
  const lines = packet('Event: Status', 'CallerIDName: "A" <b onclick=x>&amp;', 'ConnectedLineName: <unknown>');
  expect(eventText(lines)).toBe(
    'Event: Status\r\nCallerIDName: "A" &lt;b onclick=x&gt;&amp;amp;\r\nConnectedLineName: <unknown>\r\n\r\n',
  );
});

test.each<[contacts: string, contact: string[], row: Readonly<Record<string, string | undefined>>]>([
  ['', [], { IPaddress: '-none-', IPport: '0', Dynamic: 'yes', Status: 'UNKNOWN' }],
  ['100/sip:100@192.0.2.7:5062,', [], { IPaddress: '192.0.2.7', IPport: '5062', Dynamic: 'no', Status: undefined }],
  ['96/sip:192.0.2.9,', ['Status: NonQualified', 'RoundtripUsec: N/A'], { IPport: '5060', Status: 'Unmonitored' }],
  [
    '96/sips:a@[2001:db8::9],',
    ['Status: Unreachable'],
    { IPaddress: '2001:db8::9', IPport: '5061', Status: 'UNREACHABLE' },
  ],
  [
    '96/sip:a@trunk.example;transport=tcp,',
    ['Status: Reachable', 'RoundtripUsec: 5012'],
    { IPaddress: 'trunk.example', Status: 'OK (6 ms)' },
  ],
  ['96/sip:a@trunk.example,', ['Status: Reachable', 'RoundtripUsec: N/A'], { Status: 'OK' }],
])('an endpoint of PJSIP at %j (%j)', (contacts, contact, row) => {
  const endpoint = packet('Event: EndpointList', 'ObjectName: 100', 'Aor: 100', `Contacts: ${contacts}`);
  const told = contact.length === 0 ? null : packet('Event: ContactStatusDetail', ...contact);
  expect({ Status: undefined, ...endpointRow(endpoint, null, told) }).toMatchObject({
    Channeltype: 'PJSIP',
    ObjectName: '100',
    ...row,
  });
});

test('an endpoint that has registered is where it registered from', () => {
  const endpoint = packet('ObjectName: 100', 'Aor: 100', 'Contacts: 100/sip:100@192.0.2.7:5062,100/sip:100@192.0.2.8,');
  const registered = packet(
    'Endpoint: 100',
    'Uri: sip:100@192.0.2.8:1025;ob',
    'Status: Reachable',
    'RoundtripUsec: 88200',
  );
  expect(endpointRow(endpoint, registered, null)).toMatchObject({
    ...{ IPaddress: '192.0.2.8', IPport: '1025', Dynamic: 'yes', Status: 'OK (89 ms)' },
  });
});

/** The answer to GetConfig. */
const config = (...sections: readonly (readonly [name: string, ...lines: string[]])[]) =>
  packet(
    'Response: Success',
    ...sections.flatMap(([name, ...lines], section) => [
      `Category-00000${section}: ${name}`,
      `Templates-00000${section}: phone`,
      ...lines.map((line, index) => `Line-00000${section}-00000${index}: ${line}`),
    ]),
  );

const SIP = config(
  ['general', 'context=nobody', 'register=900:topsecret@192.0.2.9', 'type=x'],
  ['authentication', 'auth=900:topsecret@192.0.2.9'],
  [
    '100',
    'type=friend',
    'context=a',
    'secret=topsecret',
    'md5secret=topsecret',
    'disallow=all',
    'allow=alaw',
    'allow=ulaw',
  ],
  ['100', 'context=b=c', 'type=friend', 'remotesecret=topsecret', 'setvar=PIN=topsecret', 'host=dynamic'],
  ['__proto__', 'type=peer', 'auth=900:topsecret@x', 'insecure=port,invite'],
);

test('profiles of chan_sip: sections with a type, lists joined, of others the last, secrets for whom they are for', () => {
  const profiles = sipProfiles(sectionsOf(SIP));
  expect([...profiles.keys()]).toEqual(['100', '__proto__']);
  const open = shown(sipProfiles(sectionsOf(SIP.slice(0, 20))), true);
  expect(open['100']).toMatchObject({ secret: 'topsecret', disallow: 'all', allow: 'alaw,ulaw', context: 'a' });
  expect(JSON.stringify(shown(profiles, false))).not.toContain('topsecret');
  expect(JSON.stringify(shown(profiles, true)).match(/topsecret/g)).toHaveLength(3);
  expect(Object.entries(shown(profiles, false))).toEqual([
    ['100', { context: 'b=c', type: 'friend', host: 'dynamic' }],
    ['__proto__', { type: 'peer', insecure: 'port,invite' }],
  ]);
});

test('profiles of PJSIP: an endpoint with its address and log-in, whose password is the secret', () => {
  const sections = sectionsOf(
    config(
      ['100', 'type=endpoint', 'auth=100-auth', 'aors=100,x', 'allow=alaw'],
      ['100', 'type=aor', 'max_contacts=1'],
      ['100-auth', 'type=auth', 'auth_type=userpass', 'username=100', 'password=topsecret'],
      ['out', 'type=registration', 'outbound_auth=100-auth', 'client_uri=sip:900@x'],
      ['udp', 'type=transport'],
    ),
  );
  const open = {
    type: 'endpoint',
    auth_type: 'userpass',
    username: '100',
    aors: '100,x',
    allow: 'alaw',
    max_contacts: '1',
  };
  expect(shown(pjsipProfiles(sections), false)).toEqual({ '100': open });
  expect(shown(pjsipProfiles(sections), true)).toEqual({ '100': { ...open, auth: '100-auth', secret: 'topsecret' } });
});

test.each([
  ...[
    'secret',
    'md5secret',
    'remotesecret',
    'vmsecret',
    'auth',
    'password',
    'md5_cred',
    'oauth_secret',
    'refresh_token',
  ],
  ...['register', 'setvar', 'set_var', 'pin', 'Secret'],
])('%s may open something', (name) => expect(isSecret(name)).toBe(true));

test.each(['username', 'insecure', 'callerid', 'permit', 'host', 'auth_type', 'regexten', 'dial', 'mailbox'])(
  '%s opens nothing',
  (name) => expect(isSecret(name)).toBe(false),
);

test.each([
  [59, '0 min'],
  [3_540, '59 min'],
  [12_300, ' 3:25'],
  [86_400, '1 day 0 min'],
  [86_400 + 12_300, '1 day  3:25'],
  [8 * 86_400 + 78_240, '8 days 21:44'],
])('after %i s a machine is up %j', (seconds, text) => expect(ageText(seconds)).toBe(text));

// As GNU's df and du write them.
test.each<[bytes: number, base: 1000 | 1024, text: string]>([
  [0, 1024, '0'],
  [4_096, 1024, '4.0K'],
  [10_000, 1024, '9.8K'],
  [10_240, 1024, '10K'],
  [1_047_553, 1024, '1.0M'],
  [1_047_552, 1024, '1023K'],
  [9_999, 1000, '10k'],
  [31_457_280_000, 1000, '32G'],
])('%i bytes by %i are %s', (bytes, base, text) => expect(roundText(bytes, base)).toBe(text));

/** A box whose Asterisk answers these by action and file; `␊` is a line break inside a value, as some of its errors have one. */
async function openPbx(answers: Readonly<Record<string, string>>) {
  const others = lettingIn();
  const asked: FakeScript['asked'] = (request, session, count) => {
    const action = request.get('Action');
    const found = answers[`${action} ${request.get('Filename')}`.trim()] ?? answers[action];
    const id = `\r\nActionID: ${request.get('ActionID')}\r\n`;
    if (found === undefined) return others(request, session, count);
    const packets = found.split(/(?<=\n\n)/).map((each) => each.replaceAll('\n', '\r\n').replace('\r\n', () => id));
    session.send(packets.join('').replaceAll('␊', '\n'));
  };
  const pbx = await startFakeAmi({ asked }, onTestFinished);
  const box = await openElastix({
    ...{ CDRD_ASTERISK_HOST: '127.0.0.1', CDRD_ASTERISK_PORT: String(pbx.port), CDRD_ASTERISK_SECRET: SECRET },
  });
  await eventually(async () => {
    const { asterisk } = (await box.daemon.json('/healthz')) as { asterisk: { state: string } };
    return asterisk.state === 'up';
  });
  return { ...box, pbx };
}

const refused = (why: string) => `Response: Error\nMessage: ${why}\n\n`;

test('passwords are for keys with the scope extension.secrets, and whoever asks must be admin', async () => {
  const lines = ['Response: Success', 'Category-000000: 100', 'Line-000000-000000: type=friend'];
  const { ask, makeKey } = await openPbx({
    'GetConfig sip.conf': `${[...lines, 'Line-000000-000001: secret=topsecret'].join('\n')}\n\n`,
    'GetConfig pjsip.conf': refused('Config file not found'),
  });
  const plain = await makeKey('admin');
  const scoped = await makeKey('admin', '&scopes=extension.secrets');
  expect((await ask(plain, '?cmd=sipextensions')).text).toBe('{"100":{"type":"friend"}}');
  expect((await ask(scoped, '?cmd=sipextensions')).text).toBe('{"100":{"type":"friend","secret":"topsecret"}}');
  for (const cmd of ['sipextensions', 'systemresources', 'getharddrivers', 'getiptablesstatus', 'activecall']) {
    const { status, text } = await ask(await makeKey('monitor'), `?cmd=${cmd}`);
    expect([cmd, status, text]).toEqual([cmd, 403, expect.stringContaining('may not do this')]);
  }
});

test('a configuration of five hundred extensions is one answer', async () => {
  const section = (number: number) => {
    const at = String(number).padStart(6, '0');
    const lines = ['type=friend', ...Array.from({ length: 25 }, (_, index) => `option${index}=${'x'.repeat(20)}`)];
    return [
      `Category-${at}: ${1_000 + number}`,
      ...lines.map((line, index) => `Line-${at}-${String(index).padStart(6, '0')}: ${line}`),
    ];
  };
  const all = ['Response: Success', ...Array.from({ length: 500 }, (_, number) => section(number)).flat()];
  const { ask, makeKey } = await openPbx({
    'GetConfig sip.conf': `${all.join('\n')}\n\n`,
    'GetConfig pjsip.conf': refused('Config file not found'),
  });
  const { text } = await ask(await makeKey('admin'), '?cmd=sipextensions');
  expect(Object.keys(JSON.parse(text) as object)).toHaveLength(500);
});

test('a file that Asterisk keeps to itself is an error; so are drivers that are not there, and an Asterisk that is away', async () => {
  const answers: Record<string, string> = { GetConfig: refused('Permission denied') };
  const { ask, makeKey, pbx } = await openPbx(answers);
  const key = await makeKey('admin', '&scopes=extension.secrets');
  const error = (why: string) => ({ status: 409, text: `{"status": "Asterisk: ${why}", "code": 409}` });
  expect(await ask(key, '?cmd=sipextensions')).toMatchObject(error('Permission denied'));
  answers['ModuleCheck'] = refused('Module not loaded');
  const none = 'neither chan_sip nor chan_pjsip is loaded';
  for (const cmd of ['sipextensions', 'sippeers']) expect(await ask(key, `?cmd=${cmd}`)).toMatchObject(error(none));
  await pbx.close();
  await eventually(async () => (await ask(key, '?cmd=activecall')).text.includes('Asterisk is away'));
});

test('no endpoint and no contact are no error, though Asterisk has one for them', async () => {
  const { ask, makeKey } = await openPbx({
    SIPpeers: 'Response: Success\nEventList: start\n\nEvent: PeerlistComplete\nEventList: Complete\n\n',
    PJSIPShowEndpoints: refused('No endpoints found␊'),
    PJSIPShowContacts: refused('No Contacts found'),
  });
  expect((await ask(await makeKey('admin'), '?cmd=sippeers')).text).toBe('[]');
});

test('the firewall is for keys with its scope, and a refusal is noted', async () => {
  const { ask, makeKey, daemon } = await openElastix();
  const without = await ask(await makeKey('admin', '&scopes=extension.secrets'), '?cmd=getiptablesstatus');
  expect(without).toMatchObject({
    status: 403,
    text: '{"status": "key:crm1 may not do this without the scope firewall", "code": 403}',
  });
  await eventually(async () => {
    const { json_array_audit: lines } = await daemon.json('/cgi/webserve/30018?limit=1');
    return (lines as { action: string }[])[0]?.action === 'denied';
  });
  const scoped = await ask(await makeKey('admin', '&scopes=firewall'), '?cmd=getiptablesstatus');
  if (scoped.status === 200)
    expect(JSON.parse(scoped.text)).toEqual({ pid: expect.any(String), is_exist: expect.any(Boolean) });
  else expect(scoped).toMatchObject({ status: 409, text: expect.stringContaining('not known') });
});

test('the console is asked no more on a connection on which it was refused', async () => {
  const denied = {
    first: ['Response', 'Error'],
    headers: [],
    get: (name: string) => (name === 'Response' ? 'Error' : ''),
  };
  const status = { state: 'up', why: '', since: 1, version: '' };
  let asked = 0;
  const ask = createAskAsterisk({
    status,
    action: async () => {
      asked++;
      return denied;
    },
    list: async () => {},
  } as unknown as Parameters<typeof createAskAsterisk>[0]);
  expect([await ask.callCounts(), await ask.callCounts(), asked]).toEqual([null, null, 1]);
  status.since = 2;
  expect([await ask.callCounts(), asked]).toEqual([null, 2]);
});
