/** Which calls have a live channel, told by events as Asterisk sends them, and by its own list. */
import { expect, test } from 'vitest';
import { createLiveChannels } from '../../daemon/asterisk/live-channels.ts';
import { formatPacket, type Packet, parsePacket } from '../../daemon/wire/packet.ts';

const packet = (headers: readonly (readonly [string, string])[]): Packet =>
  parsePacket(Buffer.from(formatPacket(headers)));
const event = (name: string, uniqueId: string, linkedId: string) =>
  packet([
    ['Event', name],
    ['Channel', `SIP/x-${uniqueId}`],
    ['Uniqueid', uniqueId],
    ['Linkedid', linkedId],
  ]);
const success = packet([['Response', 'Success']]);
const listEnd = packet([['Event', 'CoreShowChannelsComplete']]);

function begin() {
  const over: string[] = [];
  const live = createLiveChannels({ over: (linkedId) => over.push(linkedId) });
  const hear = (name: string, uniqueId: string, linkedId = 'L') => live.hear(event(name, uniqueId, linkedId));
  return { live, over, hear };
}

test('a call is over with its last channel', () => {
  const { live, over, hear } = begin();
  hear('Newchannel', '1');
  hear('Newchannel', '2');
  hear('Newstate', '2');
  hear('Hangup', '2');
  expect([live.isLive('L'), over]).toEqual([true, []]);
  hear('Hangup', '1');
  expect([live.isLive('L'), live.channels, over]).toEqual([false, 0, ['L']]);
});

test('a channel that moves to another call takes its life along', () => {
  const { live, over, hear } = begin();
  hear('Newchannel', '1', 'A');
  hear('Newchannel', '2', 'B');
  hear('BridgeEnter', '2', 'A');
  expect([live.isLive('A'), live.isLive('B'), over]).toEqual([true, false, ['B']]);
  hear('Hangup', '1', 'A');
  expect(live.isLive('A')).toBe(true);
  hear('Hangup', '2', 'A');
  expect(over).toEqual(['B', 'A']);
});

test('what is told of a channel after its Hangup does not bring it back', () => {
  const { live, over, hear } = begin();
  hear('Newchannel', '1');
  hear('Newchannel', '2');
  hear('Hangup', '2');
  hear('NewConnectedLine', '2'); // as a queue's member that did not answer
  hear('Hangup', '1');
  expect([live.isLive('L'), live.channels, over]).toEqual([false, 0, ['L']]);
});

test('Asterisk’s own list adds what was missed and takes away what is gone', async () => {
  const { live, over, hear } = begin();
  hear('Newchannel', '1', 'gone');
  hear('Newchannel', '2', 'stays');
  await live.resync(async () => success);
  hear('CoreShowChannel', '2', 'stays');
  hear('CoreShowChannel', '3', 'missed');
  hear('Newchannel', '4', 'new');
  live.hear(listEnd);
  expect(['gone', 'stays', 'missed', 'new'].map((linkedId) => live.isLive(linkedId))).toEqual([
    false,
    true,
    true,
    true,
  ]);
  expect(over).toEqual(['gone']);
  live.hear(listEnd); // one that nobody asked for
  expect(live.channels).toBe(3);
});

test('a list that is refused takes nothing away, and forgetting reports nothing over', async () => {
  const { live, over, hear } = begin();
  hear('Newchannel', '1');
  await live.resync(async () => packet([['Response', 'Error']]));
  live.hear(listEnd);
  expect(live.isLive('L')).toBe(true);
  live.forget();
  expect([live.isLive('L'), live.channels, over]).toEqual([false, 0, []]);
});

test('channels are bounded: the oldest goes first', () => {
  const { live, hear } = begin();
  for (let n = 0; n < 5_001; n++) hear('Newchannel', String(n), `L${n}`);
  expect([live.channels, live.isLive('L0'), live.isLive('L1')]).toEqual([5_000, false, true]);
});
