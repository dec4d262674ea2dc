/** What is shown of a call in progress, from the channels that it has; those of real calls on Asterisk 16.28. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { liveRows } from '../../cgi/live/calls.ts';
import { liveCalls } from '../../daemon/asterisk/live-calls.ts';
import { createLiveChannels, type LiveChannel } from '../../daemon/asterisk/live-channels.ts';
import { parsePacket } from '../../daemon/wire/packet.ts';
import { zone } from '../../storage/model/local-time.ts';
import { GUIDE_NUMBERING, numberPlan } from '../../storage/model/number-plan.ts';
import { DEFAULT_FXO, trunkRules } from '../../storage/model/trunk.ts';

const plan = numberPlan(GUIDE_NUMBERING);
const rules = { plan, trunks: trunkRules({ names: ['96', '42'], fxo: DEFAULT_FXO, gsm: [], plan }) };

const channel = (uniqueId: string, name: string, more: Partial<LiveChannel> = {}): LiveChannel => ({
  uniqueId,
  name,
  linkedId: '1.0',
  state: 6,
  number: '',
  callerName: '',
  connected: '',
  dialled: '',
  since: 1_000_000,
  upSince: 1_002_000,
  bridge: 'b',
  onHold: false,
  recording: null,
  ...more,
});
const shown = (...channels: LiveChannel[]) =>
  liveCalls(channels, rules).map(({ src, dst, srcTrunk, dstTrunk, callType, state }) =>
    [src, dst, srcTrunk, dstTrunk, callType, state].join(' | '),
  );

test.each([
  [
    'internal',
    'SIP/100-0',
    { number: '100', dialled: '101' },
    'SIP/101-1',
    { number: '101' },
    '100 | 101 |  |  | Internal | up',
  ],
  [
    'outbound',
    'SIP/110-0',
    { number: '110', dialled: '95550110' },
    'SIP/96-1',
    { number: '95550110' },
    '110 | 95550110 |  | 96 | Outbound | up',
  ],
  [
    'by an IVR',
    'SIP/42-0',
    { number: '5550130', dialled: '621' },
    'SIP/131-1',
    { number: '131' },
    '5550130 | 621(131) | 42 |  | Inbound | up',
  ],
  [
    'a queue',
    'SIP/42-0',
    { number: '5550140', dialled: '822' },
    'SIP/142-1',
    { number: '' },
    '5550140 | 822(142) | 42 |  | Inbound | up',
  ],
  [
    'a queue of PJSIP phones',
    'PJSIP/42-0',
    { number: '5550140', dialled: '822' },
    'PJSIP/142-1',
    { number: '822' },
    '5550140 | 822(142) | 42 |  | Inbound | up',
  ],
  [
    'a phone with a name',
    'SIP/100-0',
    { number: '100', dialled: '822' },
    'SIP/reception-1',
    { number: '130' },
    '100 | 822(130) |  |  | Internal | up',
  ],
])('%s', (_, caller, ofCaller, called, ofCalled, expected) => {
  expect(shown(channel('1.0', caller, ofCaller), channel('1.1', called, ofCalled))).toEqual([expected]);
});

test('a Local channel between them is a wire', () => {
  const wire = (half: 1 | 2) => channel(`1.${half}`, `Local/161@kinds-0;${half}`, { number: '824' });
  const ends = [
    channel('1.0', 'SIP/42-0', { number: '5550160', dialled: '824' }),
    channel('1.3', 'SIP/161-1', { number: '161' }),
  ];
  expect(shown(...ends, wire(1), wire(2))).toEqual(['5550160 | 824(161) | 42 |  | Inbound | up']);
});

test('ringing is told from dialling, and nothing is answered yet', () => {
  const caller = channel('1.0', 'SIP/100-0', { number: '100', dialled: '822', state: 4, upSince: null, bridge: '' });
  const member = channel('1.1', 'SIP/142-1', { number: '822', state: 5, upSince: null, bridge: '' });
  expect(shown(caller)).toEqual(['100 | 822 |  |  | Internal | dialling']);
  expect(shown(caller, member)).toEqual(['100 | 822 |  |  | Internal | ringing']);
  const [call] = liveCalls([caller, member], rules);
  expect(call).toMatchObject({ talkingSince: null, recording: null, since: 1_000 });
});

/** A caller's number and name come with line breaks where a SIP address is written so: behind them he writes lines of his own. */
test('whatever lines a caller writes into the events of channels, the calls in progress can be told', async () => {
  const events = ['Newchannel', 'Newstate', 'CoreShowChannel', 'Status', 'BridgeEnter', 'MixMonitorMute', 'Hangup'];
  const names = [
    'Duration',
    'ChannelState',
    'Channel',
    'CallerIDNum',
    'DNID',
    'Variable',
    'Uniqueid',
    'Linkedid',
    'State',
  ];
  const values = [
    '999999999999999:00:00',
    '99999:59:59',
    '-1',
    '1e999',
    '',
    'Local/1@x-0;2',
    '9999999999.9',
    'CDR(answer,u)=1e999',
  ];
  const line = fc.tuple(fc.constantFrom(...names), fc.oneof(fc.constantFrom(...values), fc.string({ maxLength: 12 })));
  const heard = fc.record({
    event: fc.constantFrom(...events),
    lines: fc.array(line, { maxLength: 4 }),
    uniqueId: fc.constantFrom('1.0', '9999999999.1'),
  });
  const nobody = { of: async () => new Map() };
  const told = async (
    history: readonly { event: string; lines: readonly (readonly string[])[]; uniqueId: string }[],
  ) => {
    const live = createLiveChannels({ over() {} });
    for (const { event, lines, uniqueId } of history) {
      const own = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
      const raw = `Event: ${event}\r\nChannel: SIP/1-0\r\n${own}Uniqueid: ${uniqueId}\r\nLinkedid: 1.0\r\n\r\n`;
      live.hear(parsePacket(Buffer.from(raw)));
    }
    await liveRows(liveCalls(live.list(), rules), nobody, zone('Etc/GMT+8').text);
  };
  await fc.assert(fc.asyncProperty(fc.array(heard, { maxLength: 8 }), told), { numRuns: 500 });
});
