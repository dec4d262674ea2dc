/** `Event: Cdr` as a leg: a real Asterisk's records field by field, clocks that change, and packets that are no records. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CdrEventError, legOfCdrEvent } from '../../daemon/asterisk/cdr-event.ts';
import { createPacketReader, formatPacket, type Header, type Packet, parsePacket } from '../../daemon/wire/packet.ts';
import type { Leg } from '../../storage/model/leg.ts';
import { zone } from '../../storage/model/local-time.ts';

const UTC = zone('UTC');
const BOX = zone('Etc/GMT+8');

function captured(folder: 'plain' | 'cdrd', name: string): Packet[] {
  const packets: Packet[] = [];
  const listener = {
    packet: (packet: Packet) => packets.push(packet),
    fault: (fault: string) => expect.unreachable(fault),
  };
  const bytes = readFileSync(new URL(`cdr/${folder}/${name}.ami`, import.meta.url));
  createPacketReader({ line: 65_536, lines: 64, bytes: 65_536 }, listener).push(bytes);
  return packets;
}

describe('a real Asterisk 16.28', () => {
  test('every field of an outbound call, with the mappings of its own dialplan', () => {
    const [packet] = captured('plain', 'outbound');
    const at = (epoch: number) => ({ epoch, offset: 0 });
    expect(packet && legOfCdrEvent(packet, UTC)).toEqual({
      accountCode: '',
      source: '205',
      destination: '9513',
      destinationContext: 'from-ext-205',
      callerId: '"205" <205>',
      channel: 'SIP/205-0000000a',
      destinationChannel: 'SIP/96-0000000b',
      lastApplication: 'Dial',
      lastData: 'SIP/513@96,30,TtKkWwXx',
      start: at(1_795_478_083),
      answer: at(1_795_478_083),
      end: at(1_795_478_085),
      duration: 2,
      billsec: 2,
      disposition: 'ANSWERED',
      amaFlags: 'DOCUMENTATION',
      uniqueId: '1795478083.20',
      userField: 'Outbound',
      recordingFile: '/media/usbStorage/monitor/20261123/20261123-235443-1795478083-Outbound-96-205-513',
      linkedId: '1795478083.20',
      sequence: 10,
      cidName: null,
      ivr: null,
      dialled: null,
      callType: null,
      talkStart: null,
      extra: [],
    } satisfies Leg);
  });

  test('what our own dialplan adds', () => {
    const [packet] = captured('cdrd', 'inbound_ivr');
    expect(packet && legOfCdrEvent(packet, BOX)).toMatchObject({
      callerId: '"FROM42-506" <506>',
      start: { epoch: 1_795_486_092, offset: -28_800 },
      answer: { epoch: 1_795_486_092, offset: -28_800 },
      cidName: 'FROM42',
      ivr: 'IVR620',
      dialled: '620',
      callType: 'Inbound',
      talkStart: 1_795_486_094,
      sequence: 10,
      extra: [],
    });
  });

  test('busy: two records, neither answered, the second without a destination channel', () => {
    const legs = captured('plain', 'busy').map((packet) => legOfCdrEvent(packet, UTC));
    expect(legs.map((leg) => [leg.lastApplication, leg.destinationChannel, leg.answer, leg.disposition])).toEqual([
      ['Dial', 'SIP/209-00000017', null, 'BUSY'],
      ['Hangup', '', null, 'BUSY'],
    ]);
    expect(legs.map(({ sequence }) => sequence)).toEqual([24, 26]);
  });

  test.each(['plain', 'cdrd'] as const)('every record in %s', (folder) => {
    const names = readdirSync(new URL(`cdr/${folder}`, import.meta.url)).map((name) => name.replace('.ami', ''));
    expect(names.length).toBeGreaterThan(8);
    for (const packet of names.flatMap((name) => captured(folder, name))) {
      const leg = legOfCdrEvent(packet, folder === 'plain' ? UTC : BOX);
      // The numbers that Asterisk worked out from its own clock agree with the times that we read.
      expect(Math.abs(leg.end.epoch - leg.start.epoch - leg.duration)).toBeLessThanOrEqual(1);
      if (leg.disposition === 'ANSWERED')
        expect(Math.abs(leg.end.epoch - (leg.answer?.epoch ?? 0) - leg.billsec)).toBeLessThanOrEqual(1);
      expect(leg.linkedId).toMatch(/^\d{10}\.\d+$/);
      expect(Math.abs(leg.start.epoch - Number.parseInt(leg.uniqueId, 10))).toBeLessThanOrEqual(30);
      expect(leg.extra).toEqual([]);
      if (leg.talkStart !== null) {
        expect(leg.talkStart).toBeGreaterThanOrEqual(leg.start.epoch);
        expect(leg.talkStart).toBeLessThanOrEqual(leg.end.epoch);
      }
    }
  });
});

// ---- records written by hand ---------------------------------------------------------------------------------------

const HEAD: readonly Header[] = [
  ['Event', 'Cdr'],
  ['Privilege', 'cdr,all'],
];
const FIELDS: readonly Header[] = [
  ['AccountCode', ''],
  ['Source', '205'],
  ['Destination', '204'],
  ['DestinationContext', 'inside'],
  ['CallerID', '"205" <205>'],
  ['Channel', 'SIP/205-01'],
  ['DestinationChannel', 'SIP/204-02'],
  ['LastApplication', 'Dial'],
  ['LastData', 'SIP/204,30'],
  ['StartTime', '2026-03-02 10:00:00'],
  ['AnswerTime', '2026-03-02 10:00:02'],
  ['EndTime', '2026-03-02 10:00:05'],
  ['Duration', '5'],
  ['BillableSeconds', '3'],
  ['Disposition', 'ANSWERED'],
  ['AMAFlags', 'DOCUMENTATION'],
  ['UniqueID', '1772474400.7'],
  ['UserField', ''],
];
const packetOf = (headers: readonly Header[]) => parsePacket(Buffer.from(formatPacket(headers)));
const read = (headers: readonly Header[], where = BOX) => legOfCdrEvent(packetOf([...HEAD, ...headers]), where);
/** The record with some of its fields changed, and mapped headers after them. */
function record(change: Readonly<Record<string, string>>, ...mapped: Header[]): Header[] {
  return [...FIELDS.map(([name, value]) => [name, change[name] ?? value] as const), ...mapped];
}

describe('values', () => {
  test('mapped headers: an empty one is none, an unknown or unreadable one is kept as it is', () => {
    const leg = read(
      record(
        {},
        ['Recording File Name', ''],
        ['Talk Start', 'soon'],
        ['Sequence', '-1'],
        ['LinkedID', ''],
        ['PeerAccount', 'x'],
        ['Empty', ''],
        ['Dialled', '620'],
        ['Dialled', '621'],
      ),
    );
    expect(leg).toMatchObject({ recordingFile: '', talkStart: null, sequence: null, linkedId: null, dialled: '620' });
    expect(leg.extra).toEqual([
      ['Talk Start', 'soon'],
      ['Sequence', '-1'],
      ['PeerAccount', 'x'],
      ['Empty', ''],
      ['Dialled', '621'],
    ]);
  });

  test.each([
    ['ANSWERED', 'ANSWERED'],
    ['NO ANSWER', 'NO ANSWER'],
    ['BUSY', 'BUSY'],
    ['FAILED', 'FAILED'],
    ['CONGESTION', 'CONGESTION'],
    ['UNKNOWN', 'FAILED'],
    ['', 'FAILED'],
  ])('Disposition %j is %s', (text, disposition) => {
    expect(read(record({ Disposition: text })).disposition).toBe(disposition);
  });

  test('the clock was set back during the call: Asterisk’s negative numbers stand', () => {
    const set = { EndTime: '2026-03-02 09:00:05', Duration: '-3595', BillableSeconds: '-3597' };
    expect(read(record(set))).toMatchObject({
      duration: -3_595,
      billsec: -3_597,
      end: { epoch: 1_772_470_805, offset: -28_800 },
    });
  });

  test('what manager.conf and a system name put before the fields is kept, and no field', () => {
    const leg = read([
      ['Timestamp', '1772474405.123'],
      ['SequenceNumber', '4'],
      ['File', 'manager.c'],
      ['Line', '7'],
      ['Func', 'f'],
      ['SystemName', 'box'],
      ...record({ UniqueID: 'box-1772474400.7' }),
    ]);
    expect(leg.uniqueId).toBe('box-1772474400.7');
    expect(leg.extra.map(([name]) => name)).toEqual([
      'Timestamp',
      'SequenceNumber',
      'File',
      'Line',
      'Func',
      'SystemName',
    ]);
    expect(leg.sequence).toBeNull();
  });
});

describe('what is no record says which field', () => {
  test.each(FIELDS.map(([name]) => name))('%s is missing', (name) => {
    const without = FIELDS.filter(([each]) => each !== name);
    expect(() => read(without)).toThrow(CdrEventError);
    expect(() => read(without)).toThrow(name);
  });

  test.each([
    ['StartTime', ''],
    ['StartTime', '2026-02-30 10:00:00'],
    ['StartTime', '2026-03-02T10:00:00'],
    ['AnswerTime', '1772474400'],
    ['EndTime', ''],
    ['EndTime', 'never'],
    ['UniqueID', ''],
    ['Duration', ''],
    ['Duration', '5.5'],
    ['Duration', '1e3'],
    ['BillableSeconds', 'three'],
    ['BillableSeconds', '1'.repeat(16)],
  ])('%s is %j', (name, value) => {
    expect(() => read(record({ [name]: value }))).toThrow(CdrEventError);
    expect(() => read(record({ [name]: value }))).toThrow(name);
  });

  test.each<[string, readonly Header[]]>([
    ['another event', [['Event', 'Newchannel'], ['Privilege', 'cdr,all'], ...FIELDS]],
    ['an answer', [['Response', 'Success'], ['Event', 'Cdr'], ...FIELDS]],
    ['another privilege', [['Event', 'Cdr'], ['Privilege', 'user,all'], ...FIELDS]],
    ['no privilege', [['Event', 'Cdr'], ...FIELDS]],
    ['nothing else', [...HEAD]],
    ['a preamble alone', [...HEAD, ['Timestamp', '1.0']]],
  ])('%s', (_, headers) => {
    expect(() => legOfCdrEvent(packetOf(headers), BOX)).toThrow(CdrEventError);
  });
});

describe('a caller with line breaks in his number', () => {
  /** The packet in which a value is written raw, as Asterisk does. */
  const raw = (change: Readonly<Record<string, string>>) =>
    parsePacket(
      Buffer.from(`${[...HEAD, ...record(change)].map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`),
    );

  test.each([
    ['another UniqueID', '506\r\nUniqueID: 1.1'],
    ['another destination', '506\r\nDestination: 000'],
    [
      'all that follows, in order',
      `506\r\n${FIELDS.slice(2)
        .map(([name]) => `${name}: 1`)
        .join('\r\n')}`,
    ],
    ['another account', '506\r\nAccountCode: boss'],
    ['another event', '506\r\nEvent: Cdr\r\nPrivilege: cdr,all\r\nAccountCode: '],
  ])('can’t write %s into a record: it is refused', (_, number) => {
    for (const field of ['Source', 'CallerID', 'LastData'])
      expect(() => legOfCdrEvent(raw({ [field]: number }), BOX)).toThrow(CdrEventError);
  });

  test('can’t make up a record in 80 bytes of a Newchannel, nor in what PJSIP and the rest of it give together', () => {
    const packets: Packet[] = [];
    const reader = createPacketReader(
      { line: 65_536, lines: 64, bytes: 65_536 },
      { packet: (packet) => packets.push(packet), fault: (fault) => expect.unreachable(fault) },
    );
    const number = '\n\nEvent: Cdr\nPrivilege: cdr,all\nUniqueID: 1.1\nStartTime: 2026-03-02 10:00:00';
    reader.push(
      Buffer.from(
        `Event: Newchannel\r\nPrivilege: call,all\r\nCallerIDNum: ${number}\r\nExten: \nEndTime: 2026-03-02 10:00:00\r\n\r\n`,
      ),
    );
    const [newchannel, forged] = packets;
    expect(newchannel?.first).toEqual(['Event', 'Newchannel']);
    expect(forged?.first).toEqual(['Event', 'Cdr']);
    expect(() => forged && legOfCdrEvent(forged, BOX)).toThrow(CdrEventError);
  });

  test('a line break that names no field is a blank in the value: the record counts', () => {
    expect(legOfCdrEvent(raw({ LastData: 'SendText\r\nhello: you\r\nbye', Source: '506\r\nX' }), BOX)).toMatchObject({
      source: '506 X',
      lastData: 'SendText hello: you bye',
      uniqueId: '1772474400.7',
      extra: [],
    });
  });

  test('names are taken as they are: nothing in them is code', () => {
    const hostile = 'a,,touch$IFS/x,b"; DROP TABLE leg; --\u0007';
    expect(read(record({ Source: hostile, CallerID: `"${hostile}" <${hostile}>` }))).toMatchObject({
      source: hostile,
      callerId: `"${hostile}" <${hostile}>`,
    });
  });
});

describe('the hour that comes twice', () => {
  // 2026-10-25, Berlin: 03:00 CEST becomes 02:00 CET at 01:00 UTC.
  const berlin = zone('Europe/Berlin');
  const CHANGE = Date.UTC(2026, 9, 25, 1) / 1000;
  const minutes = (count: number) => CHANGE + count * 60;
  const call = (unique: number, start: string, answer: string, end: string, duration: number, billsec: number) => {
    const leg = read(
      record({
        UniqueID: `${unique}.7`,
        StartTime: `2026-10-25 ${start}`,
        AnswerTime: answer && `2026-10-25 ${answer}`,
        EndTime: `2026-10-25 ${end}`,
        Duration: String(duration),
        BillableSeconds: String(billsec),
      }),
      berlin,
    );
    return [leg.start, leg.answer, leg.end].map((at) => at && [(at.epoch - CHANGE) / 60, at.offset / 3600]);
  };

  test('the start is settled by the UniqueID', () => {
    expect(call(minutes(-30), '02:30:00', '', '02:31:00', 60, 0)).toEqual([[-30, 2], null, [-29, 2]]);
    expect(call(minutes(30), '02:30:00', '', '02:31:00', 60, 0)).toEqual([[30, 1], null, [31, 1]]);
  });

  test('the end is settled by Duration, the answer by BillableSeconds', () => {
    // Waits 50 minutes in a queue over the change, talks for 35.
    expect(call(minutes(-45), '02:15:00', '02:05:00', '02:40:00', 5_100, 2_100)).toEqual([
      [-45, 2],
      [5, 1],
      [40, 1],
    ]);
    // Waits a minute, talks for 80: the answer is nearer to the start than it looks.
    expect(call(minutes(-45), '02:15:00', '02:16:00', '02:36:00', 4_860, 4_800)).toEqual([
      [-45, 2],
      [-44, 2],
      [36, 1],
    ]);
    // Waits 59 minutes and talks for one; the first 02:14 is nearer to the start.
    expect(call(minutes(-45), '02:15:00', '02:14:00', '02:15:00', 3_600, 60)).toEqual([
      [-45, 2],
      [14, 1],
      [15, 1],
    ]);
    // Waits 65 minutes: 02:20 stands nearer to the start when read as five minutes later.
    expect(call(minutes(-45), '02:15:00', '02:20:00', '02:21:00', 3_960, 60)).toEqual([
      [-45, 2],
      [20, 1],
      [21, 1],
    ]);
  });

  test('a call that lasts into the hour or over it', () => {
    expect(call(minutes(-120), '01:00:00', '01:01:00', '02:30:00', 9_000, 8_940)).toEqual([
      [-120, 2],
      [-119, 2],
      [30, 1],
    ]);
    expect(call(minutes(-10), '02:50:00', '02:51:00', '03:10:00', 4_800, 4_740)).toEqual([
      [-10, 2],
      [-9, 2],
      [70, 1],
    ]);
  });

  test('nothing starts before its channel was made', () => {
    // The channel is made ten minutes before the change; 50 minutes later, at 02:40 CET, its second record starts.
    expect(call(minutes(-10), '02:40:00', '', '02:41:00', 60, 0)).toEqual([[40, 1], null, [41, 1]]);
    // A start that is a second older by the clock is of the same hour.
    expect(call(minutes(-10) + 1, '02:50:00', '', '02:51:00', 60, 0)).toEqual([[-10, 2], null, [-9, 2]]);
  });

  test('a UniqueID that says no time leaves the first', () => {
    const leg = read(
      record({ UniqueID: 'x', StartTime: '2026-10-25 02:30:00', EndTime: '2026-10-25 02:30:05' }),
      berlin,
    );
    expect(leg.start.epoch).toBe(minutes(-30));
  });

  test('the hour that does not come is read on', () => {
    const leg = read(
      record({ StartTime: '2026-03-29 02:30:00', AnswerTime: '', EndTime: '2026-03-29 03:31:00', UniqueID: 'x' }),
      berlin,
    );
    expect(leg.start).toEqual({ epoch: Date.UTC(2026, 2, 29, 1, 30) / 1000, offset: 7_200 });
  });
});
