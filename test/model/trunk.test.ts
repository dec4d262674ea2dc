/** Channel names of real Asterisks, and the trunks that they belong to. */
import { describe, expect, test } from 'vitest';
import { DEFAULT_FXO, parseChannel, TrunkRuleError, trunkRules } from '../../storage/model/trunk.ts';

/** By hand, not by number-plan.ts: what throws while a file loads fails no test. */
const plan = {
  kindOf: (number: string) => (/^([1-5]\d\d|60\d|61[0-6])$/.test(number) ? ('extension' as const) : null),
};

describe('parseChannel', () => {
  test.each([
    ['SIP/96-00000007', 'SIP', '96'],
    ['SIP/my-trunk-0000000c', 'SIP', 'my-trunk'],
    ['SIP/902422277777-00000031', 'SIP', '902422277777'],
    ['SIP/192.168.0.5-0000001a', 'SIP', '192.168.0.5'],
    ['PJSIP/provider-b-00000002', 'PJSIP', 'provider-b'],
    ['PJSIP/anonymous-00000002', 'PJSIP', 'anonymous'],
    ['IAX2/branch-7-11842', 'IAX2', 'branch-7'],
    ['DAHDI/1-1', 'DAHDI', '1'],
    ['DAHDI/i1/5551234-3', 'DAHDI', 'i1/5551234'],
    ['Message/ast_msg_queue', 'Message', 'ast_msg_queue'],
    ['SIP/96-00000007<ZOMBIE>', 'SIP', '96'],
    ['AsyncGoto/SIP/96-00000007', 'SIP', '96'],
    ['SIP/96', 'SIP', '96'],
    ['SIP/', 'SIP', ''],
    ['CBAnn/740-00000003;1', 'CBAnn', '740-00000003;1'],
    ['nonsense', '', 'nonsense'],
    ['', '', ''],
  ])('%s', (channel, tech, peer) => {
    expect(parseChannel(channel)).toEqual({ tech, peer, wire: null, half: null });
  });

  test('the halves of a Local channel share a wire', () => {
    const wire = 'Local/202@from-queue-0000001f';
    const peer = '202@from-queue';
    expect(parseChannel(`${wire};1`)).toEqual({ tech: 'Local', peer, wire, half: 1 });
    expect(parseChannel(`${wire};2`)).toEqual({ tech: 'Local', peer, wire, half: 2 });
    expect(parseChannel('Local/202@ctx-0001;1').wire).toBe('Local/202@ctx-0001');
  });
});

describe('without names: a peer outside the extensions is a trunk', () => {
  const trunkOf = (channel: string) =>
    trunkRules({ names: null, fxo: DEFAULT_FXO, gsm: ['^Dongle/gsm(\\d+)-'], plan }).trunkOf(channel);
  test.each([
    ['SIP/96-0000000b', '96', 0, 'peer'],
    ['SIP/42-0000000c', '42', 0, 'peer'],
    ['PJSIP/my-trunk-0000000c', 'my-trunk', 0, 'peer'],
    ['IAX2/branch-11842', 'branch', 0, 'peer'],
    ['SIP/205-00000014', '', 0, null],
    ['PJSIP/616-00000014', '', 0, null],
    ['PJSIP/617-00000014', '617', 0, 'peer'],
    ['SIP/0205-00000014', '0205', 0, 'peer'],
    ['DAHDI/2-1', 'pstn2', 0, 'fxo'],
    ['DAHDI/12-1', 'pstn12', 0, 'fxo'],
    ['DAHDI/i1/5551234-3', '', 0, null],
    ['Dongle/gsm3-0100000001', 'GSM3', 3, 'gsm'],
    ['Dongle/gsm9999-0100000001', 'GSM9999', 9999, 'gsm'],
    ['Dongle/gsm0-0100000001', '', 0, null],
    ['Dongle/gsm12345-0100000001', '', 0, null],
    ['Local/9513@from-internal-00000001;2', '', 0, null],
    ['Message/ast_msg_queue', '', 0, null],
    ['CBAnn/740-00000003;1', '', 0, null],
    ['SIP/-00000001', '', 0, null],
    ['', '', 0, null],
  ])('%s is %j', (channel, name, port, kind) => {
    expect(trunkOf(channel)).toEqual({ name, port, kind });
  });

  test('an extension’s peer with a fixed remote host is one too', () => {
    const remote = trunkRules({ names: null, fxo: [], gsm: [], plan, isRemote: (peer) => peer === '300' });
    expect(remote.trunkOf('SIP/300-00000001').name).toBe('300');
    expect(remote.trunkOf('SIP/301-00000001').name).toBe('');
  });

  test('an empty list is no list', () => {
    expect(trunkRules({ names: [], fxo: [], gsm: [], plan }).trunkOf('SIP/96-00000001').name).toBe('96');
  });
});

describe('with names: they are the whole list', () => {
  const trunkOf = (channel: string) =>
    trunkRules({
      names: ['96', 'My-Trunk', '300'],
      fxo: ['^DAHDI/([12])-'],
      gsm: ['^DAHDI/(9\\d)-', '^SIP/gsm(\\d+)-'],
      plan,
      isRemote: () => true,
    }).trunkOf(channel);
  test.each([
    ['SIP/96-0000000b', '96', 0, 'peer'],
    ['PJSIP/my-trunk-0000000b', 'My-Trunk', 0, 'peer'],
    ['SIP/300-0000000b', '300', 0, 'peer'], // although an extension's number
    ['SIP/42-0000000c', '', 0, null],
    ['SIP/reception-0000000c', '', 0, null],
    ['DAHDI/2-1', 'pstn2', 0, 'fxo'],
    ['DAHDI/3-1', '', 0, null], // a telephone on the same card
    ['DAHDI/91-1', 'GSM91', 91, 'gsm'],
    ['SIP/gsm4-0000000c', 'GSM4', 4, 'gsm'],
  ])('%s is %j', (channel, name, port, kind) => {
    expect(trunkOf(channel)).toEqual({ name, port, kind });
  });
});

test('GSM patterns come before FXO patterns, and those before names', () => {
  const trunkOf = (channel: string) =>
    trunkRules({ names: ['9'], fxo: ['/(\\d+)-'], gsm: ['^DAHDI/(\\d+)-'], plan }).trunkOf(channel);
  expect(trunkOf('DAHDI/9-1').name).toBe('GSM9');
  expect(trunkOf('SIP/9-00000001').name).toBe('pstn9');
});

test('a pattern sees no more of a name than Asterisk could have written', () => {
  const trunkOf = (channel: string) => trunkRules({ names: null, fxo: ['x(\\d)$'], gsm: [], plan }).trunkOf(channel);
  expect(trunkOf(`A/${'x'.repeat(50)}1`).name).toBe('pstn1');
  expect(trunkOf(`A/${'x'.repeat(500)}1`).name).toBe('');
});

test.each([
  ['^DAHDI/(\\d+', 'not a regular expression'],
  ['^DAHDI/\\d+-', 'exactly one capture group'],
  ['^(DAHDI)/(\\d+)-', 'exactly one capture group'],
  ['', 'exactly one capture group'],
])('the pattern %j is refused', (pattern, message) => {
  expect(() => trunkRules({ names: null, fxo: [pattern], gsm: [], plan })).toThrow(TrunkRuleError);
  expect(() => trunkRules({ names: null, fxo: [], gsm: [pattern], plan })).toThrow(message);
});

test('what a pattern captures is a port only if it is a number', () => {
  const trunkOf = (channel: string) =>
    trunkRules({ names: null, fxo: [], gsm: ['^Dongle/(\\w+)-', '^Dongle/gsm(\\d)'], plan }).trunkOf(channel);
  expect(trunkOf('Dongle/4-01').name).toBe('GSM4');
  expect(trunkOf('Dongle/4a-01').name).toBe('');
  expect(trunkOf('Dongle/gsm4-01').name).toBe('GSM4'); // the next pattern has it
});
