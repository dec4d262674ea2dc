/** Which calls have a live channel, told by events as Asterisk sends them, and by its own list. */
import { expect, test } from 'vitest';
import { createLiveChannels, type LiveChannels } from '../../daemon/asterisk/live-channels.ts';
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
type Lists = Parameters<LiveChannels['resync']>[0];

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

test('an event into which a caller has written an id of his own tells nothing; a list does', () => {
  const { live, hear } = begin();
  hear('Newchannel', '1', 'A');
  for (const forged of ['Uniqueid: 1', 'LinkedID: A'])
    live.hear(
      parsePacket(
        Buffer.from(
          `Event: Newchannel\r\nChannel: SIP/x-2\r\nCallerIDNum: 506\r\n${forged}\r\nUniqueid: 2\r\nLinkedid: B\r\n\r\n`,
        ),
      ),
    );
  expect([live.channels, live.isLive('A'), live.isLive('B')]).toEqual([1, true, false]);
  hear('CoreShowChannel', '2', 'B');
  expect([live.channels, live.isLive('B')]).toEqual([2, true]);
});

test('how old a channel is says the list alone, and not what a caller has written', () => {
  const now = 1_700_000_000_000;
  const live = createLiveChannels({ over: () => {} }, () => now);
  const forged = (event: string, uniqueId: string, duration: string, behind = '') =>
    live.hear(
      parsePacket(
        Buffer.from(
          `Event: ${event}\r\nChannel: SIP/x-1\r\nCallerIDNum: 506\r\nDuration: ${duration}\r\nUniqueid: ${uniqueId}\r\nLinkedid: L\r\n${behind}\r\n`,
        ),
      ),
    );
  forged('Newchannel', '1', '999999999999999:00:00'); // from then on no date could be told
  forged('Newchannel', '2', '00:01:00');
  forged('CoreShowChannel', '3', '00:01:00', 'Duration: 00:00:09\r\n');
  forged('CoreShowChannel', '4', '999999999999999:00:00');
  forged('CoreShowChannel', '5', '00:00:09');
  expect(live.list().map(({ since }) => now - since)).toEqual([0, 0, 0, 0, 9_000]);
});

test('a channel is as old by the event that told of it as by a list: since the second in its id', () => {
  const created = 1_700_000_000;
  const heard = (event: string, duration: string, ago: number) => {
    const live = createLiveChannels({ over: () => {} }, () => created * 1_000 + ago);
    const headers = [
      ['Event', event],
      ['Channel', 'SIP/x-1'],
      ['Duration', duration],
    ] as const;
    live.hear(packet([...headers, ['Uniqueid', `${created}.7`], ['Linkedid', `${created}.7`]]));
    return live.list()[0]?.since;
  };
  // Made at the very end of a second, told of in the next one; the daemon came back a minute later.
  expect(heard('Newchannel', '', 1_001)).toBe(created * 1_000);
  expect(heard('CoreShowChannel', '00:01:00', 61_001)).toBe(created * 1_000);
  // The id is of another clock: one that was set since, or of another machine.
  expect(heard('Newchannel', '', 9_000)).toBe(created * 1_000 + 9_000);
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

/** Asterisk's own list, told step by step. */
function lister() {
  let asked = 0;
  let heard: (item: Packet) => void = () => {};
  let end: (error?: Error) => void = () => {};
  const list: Lists = (_, each) => {
    asked++;
    heard = each;
    return new Promise((resolve, reject) => {
      end = (error) => (error ? reject(error) : resolve());
    });
  };
  return {
    list,
    get asked() {
      return asked;
    },
    item: (uniqueId: string, linkedId: string) => heard(event('CoreShowChannel', uniqueId, linkedId)),
    complete: () => end(),
    fail: () => end(new Error('gone')),
  };
}

test('Asterisk’s own list adds what was missed and takes away what is gone', async () => {
  const { live, over, hear } = begin();
  const { list, item, complete } = lister();
  hear('Newchannel', '1', 'gone');
  hear('Newchannel', '2', 'stays');
  hear('Newchannel', '5', 'moves');
  const listed = live.resync(list);
  item('2', 'stays');
  item('3', 'missed');
  hear('Newchannel', '4', 'new');
  hear('Newstate', '5', 'moves'); // alive, whatever the list says
  complete();
  await listed;
  expect(['gone', 'stays', 'missed', 'new', 'moves'].map(live.isLive)).toEqual([false, true, true, true, true]);
  expect(over).toEqual(['gone']);
});

test('a list that breaks off takes nothing away, and forgetting reports nothing over', async () => {
  const { live, over, hear } = begin();
  const { list, fail } = lister();
  hear('Newchannel', '1');
  const listed = live.resync(list);
  fail();
  await expect(listed).rejects.toThrow('gone');
  expect(live.isLive('L')).toBe(true);
  live.forget();
  expect([live.isLive('L'), live.channels, over]).toEqual([false, 0, []]);
});

test('a second look during the first ends no call that the first has shown already', async () => {
  const { live, over, hear } = begin();
  const lists = lister();
  hear('Newchannel', '1', 'shown');
  const first = live.resync(lists.list);
  lists.item('1', 'shown');
  const second = live.resync(lists.list);
  lists.complete();
  await Promise.all([first, second]);
  expect([over, lists.asked]).toEqual([[], 1]);
  void live.resync(lists.list);
  expect(lists.asked).toBe(2);
});

test('a channel that is renamed is known by its new name', () => {
  const { live, hear } = begin();
  hear('Newchannel', '1');
  live.hear(
    packet([
      ['Event', 'Rename'],
      ['Channel', 'SIP/x-1'],
      ['Newname', 'SIP/y-2'],
      ['Uniqueid', '1'],
    ]),
  );
  expect(live.list().map(({ name }) => name)).toEqual(['SIP/y-2']);
});

test('channels are bounded: the oldest goes first', () => {
  const { live, hear } = begin();
  for (let n = 0; n < 5_001; n++) hear('Newchannel', String(n), `L${n}`);
  expect([live.channels, live.isLive('L0'), live.isLive('L1')]).toEqual([5_000, false, true]);
});

/** An Asterisk that answers each action by a list at once. */
function answering(lists: Readonly<Record<string, () => readonly Packet[]>>) {
  const asked: string[] = [];
  const list: Lists = async (headers, heard) => {
    asked.push(headers.map((header) => header.join('=')).join(' '));
    for (const item of lists[headers[0]?.[1] ?? '']?.() ?? []) heard(item);
  };
  return { asked, list };
}

test('of channels that only the list told of, Asterisk is asked what they have been through', async () => {
  const now = 1_795_698_100_000;
  const live = createLiveChannels({ over: () => {} }, () => now);
  const channel = (event: string, name: string, uniqueId: string, more: readonly (readonly [string, string])[]) =>
    packet([
      ['Event', event],
      ['Channel', name],
      ['ChannelState', '6'],
      ['Context', 'inside'],
      ['Exten', '131'],
      ['Uniqueid', uniqueId],
      ['Linkedid', '1795698080.0'],
      ...more,
    ]);
  // As a real Asterisk says it, in the order of its answers.
  const { asked, list } = answering({
    CoreShowChannels: () => [
      channel('CoreShowChannel', 'SIP/42-0', '1795698080.0', [['Duration', '00:00:19']]),
      channel('CoreShowChannel', 'SIP/131-1', '1795698081.1', [['Duration', '00:00:18']]),
      packet([['Event', 'CoreShowChannelsComplete']]),
    ],
    Status: () => [
      channel('Status', 'SIP/131-1', '1795698081.1', [
        ['DNID', ''],
        ['Variable', 'CDRD_KIND=Inbound'],
        ['Variable', 'CDRD_DIALLED=621'],
        ['Variable', 'CDRD_MONITOR=0x7f581403bdd0'],
        ['Variable', 'CDR(answer,u)=1795698082.331204'],
      ]),
      channel('Status', 'SIP/42-0', '1795698080.0', [
        ['DNID', '621'],
        ['Variable', 'CDRD_KIND=Inbound'],
        ['Variable', 'CDRD_MONITOR=(null)'],
        ['Variable', 'MIXMONITOR_FILENAME=/an/old/one.wav'],
        ['Variable', 'CDR(answer,u)=1795698080.100878'],
      ]),
      packet([['Event', 'StatusComplete']]),
    ],
  });
  await live.resync(list);
  expect(asked).toEqual([
    'Action=CoreShowChannels',
    'Action=Status Variables=CDRD_KIND,CDRD_DIALLED,CDRD_DST,CDRD_MONITOR,MIXMONITOR_FILENAME,CDR(answer,u)',
  ]);
  expect(live.list()).toMatchObject([
    { name: 'SIP/42-0', dialled: '621', since: 1_795_698_080_000, upSince: 1_795_698_080_100, recording: null },
    { name: 'SIP/131-1', dialled: '131', since: 1_795_698_081_000, upSince: 1_795_698_082_331, recording: 'on' },
  ]);
  const phone = live.find('sip/131-1');
  if (!phone) throw new Error('it is not found by its name');
  live.paused(phone, true);
  await live.resync(list);
  expect(asked.slice(2)).toEqual(['Action=CoreShowChannels']); // nobody new
  expect(live.list()[1]?.recording).toBe('paused');
});

test('what was paused before the daemon began is paused still', async () => {
  const live = createLiveChannels({ over: () => {} });
  const wasPaused = (linkedId: string, channel: string) => linkedId === 'L' && channel === 'SIP/x-1';
  const { list } = answering({
    CoreShowChannels: () => ['1', '2'].map((id) => listed(id)),
    Status: () =>
      ['1', '2'].map((id) => packet([...event('Status', id, 'L').headers, ['Variable', 'CDRD_MONITOR=0x1']])),
  });
  await live.resync(list, wasPaused);
  expect(live.list().map(({ recording }) => recording)).toEqual(['paused', 'on']);
});

/** Of the list, which alone tells how long a channel is there. */
function listed(uniqueId: string): Packet {
  return packet([...event('CoreShowChannel', uniqueId, 'L').headers, ['Duration', '00:00:09']]);
}

test('a phone that was dialled shows no number dialled, and a recording of another dialplan is seen', async () => {
  const live = createLiveChannels({ over: () => {} });
  const status = (more: readonly (readonly [string, string])[]) =>
    packet([
      ['Event', 'Status'],
      ['Channel', 'SIP/1-1'],
      ['ChannelState', '6'],
      ['Uniqueid', '2'],
      ['Linkedid', '1'],
      ...more,
    ]);
  live.hear(event('Newchannel', '2', '1'));
  live.hear(
    status([
      ['DNID', ''],
      ['Variable', 'CDRD_KIND=(null)'],
      ['Variable', 'CDRD_DIALLED=621'],
      ['Variable', 'MIXMONITOR_FILENAME=/tmp/a.wav'],
      ['Variable', 'CDR(answer,u)=0.000000'],
    ]),
  );
  const [channel] = live.list();
  expect(channel).toMatchObject({ dialled: '', recording: 'on' });
  expect(channel?.upSince).toBeGreaterThan(0);
});
