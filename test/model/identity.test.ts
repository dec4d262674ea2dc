/** Which records are the same record, from one source or two, and which make one call. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { groupKey, groupOf, matchLeg, regroup, type StoredLeg } from '../../storage/model/identity.ts';
import { LEG_SOURCE, type Leg, type LegSource } from '../../storage/model/leg.ts';
import { leg as base } from '../support/legs.ts';

const START = 1_620_377_388;
const at = (seconds: number, offset = -28_800) => ({ epoch: START + seconds, offset });
const leg = (change: Partial<Leg> = {}) => base(START, change);

/** What the store does with each arriving record, on a list. Gives what became of it too. */
function arrive(stored: StoredLeg[], record: Leg, source: LegSource): 'duplicate' | 'merge' | 'new' {
  const known = stored.filter((each) => each.uniqueId === record.uniqueId);
  const match = matchLeg(known, record, source);
  if (match.kind === 'new') {
    const group = groupOf(
      stored.filter((each) => each.group === groupKey(record) || each.group.startsWith(`${groupKey(record)}#`)),
      record,
    );
    stored.push({ ...record, id: stored.length + 1, group, sources: LEG_SOURCE[source] });
  } else if (match.kind === 'merge') {
    stored[stored.findIndex(({ id }) => id === match.id)] = match.leg;
  }
  return match.kind;
}

function arriveAll(records: readonly (readonly [Leg, LegSource])[]) {
  const stored: StoredLeg[] = [];
  const kinds = records.map(([record, source]) => arrive(stored, record, source));
  return { stored, kinds };
}

describe('one record', () => {
  test('is new once, then a duplicate', () => {
    const { stored, kinds } = arriveAll([
      [leg(), 'ami'],
      [leg(), 'ami'],
      [leg(), 'ami'],
    ]);
    expect(kinds).toEqual(['new', 'duplicate', 'duplicate']);
    expect(stored).toHaveLength(1);
  });

  test('from both sources is one, whichever comes first', () => {
    for (const [first, second] of [
      ['ami', 'csv'],
      ['csv', 'ami'],
    ] as const) {
      const { stored, kinds } = arriveAll([
        [leg(), first],
        [leg(), second],
        [leg(), first],
        [leg(), second],
      ]);
      expect(kinds).toEqual(['new', 'merge', 'duplicate', 'duplicate']);
      expect(stored).toMatchObject([{ id: 1, sources: 3 }]);
    }
  });

  test.each<[string, Partial<Leg>]>([
    ['UniqueID', { uniqueId: `${START}.1` }],
    ['Sequence', { sequence: 1 }],
    ['Channel', { channel: 'SIP/205-00000009' }],
    ['DestinationChannel', { destinationChannel: 'SIP/204-00000009' }],
    ['start', { start: at(1) }],
    ['answer', { answer: at(3) }],
    ['no answer', { answer: null }],
    ['end', { end: at(6) }],
    ['LastApplication', { lastApplication: 'Queue' }],
    ['Disposition', { disposition: 'BUSY' }],
  ])('of another %s is another', (_, change) => {
    for (const source of ['ami', 'csv'] as const) {
      expect(
        arriveAll([
          [leg(), 'ami'],
          [leg(change), source],
        ]).kinds,
      ).toEqual(['new', 'new']);
    }
  });

  test.each<[string, Partial<Leg>]>([
    ['the offset its local time was written in', { start: at(0, 0), answer: at(2, 0), end: at(5, 0) }],
    ['Duration and BillableSeconds', { duration: 6, billsec: 4 }],
    ['caller and callee', { source: 'x', destination: 'y', callerId: 'z' }],
    ['LinkedID', { linkedId: '1.1' }],
    ['LastData, UserField, AccountCode', { lastData: 'x', userField: 'y', accountCode: 'z' }],
    ['what the dialplan set', { cidName: 'a', ivr: 'b', dialled: 'c', callType: 'd', talkStart: START }],
  ])('is not told by %s', (_, change) => {
    expect(
      arriveAll([
        [leg(), 'ami'],
        [leg(change), 'csv'],
      ]).kinds,
    ).toEqual(['new', 'merge']);
  });

  test('no answer equals no answer', () => {
    const unanswered = leg({ answer: null, disposition: 'BUSY' });
    expect(
      arriveAll([
        [unanswered, 'ami'],
        [unanswered, 'csv'],
      ]).kinds,
    ).toEqual(['new', 'merge']);
  });
});

describe('without a Sequence (stock Master.csv)', () => {
  const bare = leg({ sequence: null, linkedId: null });

  test('equal records are counted: the store holds as many as the file', () => {
    const { stored, kinds } = arriveAll([
      [bare, 'csv'],
      [bare, 'csv'],
      [bare, 'csv'],
    ]);
    expect(kinds).toEqual(['new', 'new', 'new']);
    expect(stored).toHaveLength(3);
  });

  test('each takes one of the other source’s, in either order', () => {
    const [one, two] = [leg({ sequence: 1 }), leg({ sequence: 2 })];
    const events = [
      [one, 'ami'],
      [two, 'ami'],
    ] as const;
    const lines = [
      [bare, 'csv'],
      [bare, 'csv'],
    ] as const;
    for (const order of [
      [...events, ...lines],
      [...lines, ...events],
      [events[0], lines[0], events[1], lines[1]],
      [lines[0], events[0], lines[1], events[1]],
    ] as const) {
      const { stored } = arriveAll(order);
      expect(stored.map(({ sources, sequence }) => [sources, sequence])).toEqual([
        [3, 1],
        [3, 2],
      ]);
    }
    expect(arriveAll([...events, ...lines, lines[0]]).kinds.at(-1)).toBe('new'); // the file has a third
  });

  test('a Sequence that equals is preferred to one that is missing', () => {
    const { stored } = arriveAll([
      [leg({ sequence: null }), 'csv'],
      [leg({ sequence: 5 }), 'csv'],
      [leg({ sequence: 5 }), 'ami'],
    ]);
    expect(stored.map(({ sources, sequence }) => [sources, sequence])).toEqual([
      [LEG_SOURCE.csv, null],
      [3, 5],
    ]);
  });
});

describe('a merge fills in what was missing and changes nothing else', () => {
  const poor = leg({ linkedId: null, sequence: null, extra: [['PeerAccount', '']] });
  const rich = leg({
    sequence: 7,
    userField: 'Internal',
    recordingFile: '/media/a',
    cidName: 'FROM96',
    ivr: 'IVR620',
    dialled: '620',
    callType: 'Inbound',
    talkStart: START + 3,
    lastData: 'other',
    start: at(0, 3_600),
    extra: [
      ['PeerAccount', 'other'],
      ['Codec', 'alaw'],
    ],
  });

  test('from the second source into the first', () => {
    const { stored } = arriveAll([
      [poor, 'csv'],
      [rich, 'ami'],
    ]);
    expect(stored).toEqual([
      {
        ...rich,
        lastData: poor.lastData,
        start: poor.start,
        id: 1,
        group: poor.uniqueId, // the group was made before the LinkedID was known
        sources: 3,
        extra: [
          ['PeerAccount', ''],
          ['Codec', 'alaw'],
        ],
      },
    ]);
  });

  test('the first source’s own words stay', () => {
    const other = leg({ ...rich, recordingFile: '/b', cidName: 'x', talkStart: 1, callType: 'y', linkedId: '1.1' });
    const { stored } = arriveAll([
      [rich, 'ami'],
      [other, 'csv'],
    ]);
    expect(stored).toEqual([{ ...rich, id: 1, group: rich.linkedId, sources: 3 }]);
  });
});

describe('one call', () => {
  test('has one LinkedID, without it one UniqueID', () => {
    expect(groupKey(leg({ linkedId: '1.1' }))).toBe('1.1');
    expect(groupKey(leg({ linkedId: null }))).toBe(`${START}.0`);
  });

  const groups = (...records: Leg[]) =>
    arriveAll(records.map((record) => [record, 'ami'] as const)).stored.map(({ group }) => group);
  const key = `${START}.0`;

  test('keeps its records together', () => {
    expect(groups(leg(), leg({ sequence: 1 }), leg({ uniqueId: 'box-1.7', linkedId: key }))).toEqual([key, key, key]);
  });

  test('of an Asterisk that began to count anew is another call, with all its records', () => {
    expect(
      groups(
        leg({ sequence: 0 }),
        leg({ sequence: 0, end: at(9) }), // the same numbers, other content: Asterisk restarted, the clock stood still
        leg({ sequence: 1, lastApplication: 'Hangup' }), // no record of the first call has this Sequence
        leg({ sequence: 0, end: at(11) }), // a third start
        leg({ sequence: 1, lastApplication: 'Hangup', end: at(11) }),
      ),
    ).toEqual([key, `${key}#2`, `${key}#2`, `${key}#3`, `${key}#3`]);
  });

  test('a call whose key merely begins alike is none of its kin', () => {
    const other = { ...leg(), id: 1, group: `${key}7`, sources: 1 };
    expect(groupOf([other], leg())).toBe(key);
  });

  test('records without Sequence never tell a restart', () => {
    const bare = { sequence: null, linkedId: null };
    expect(groups(leg(bare), leg({ ...bare, end: at(9) }))).toEqual([key, key]);
  });
});

describe('a merge moves a record to another call', () => {
  const key = `${START}.0`;
  const stored = (id: number, group: string, change: Partial<Leg> = {}): StoredLeg => ({
    ...leg(change),
    id,
    group,
    sources: 1,
  });
  const other = stored(1, key, { sequence: 3 });

  test('when its LinkedID comes', () => {
    const bare = stored(2, `${START}.5`, { uniqueId: `${START}.5`, linkedId: null });
    expect(regroup([other], { ...bare, linkedId: key })).toBe(key);
    expect(regroup([], { ...bare, linkedId: key })).toBe(key);
  });

  test('not without one, nor when it says what was known', () => {
    const bare = stored(2, key, { linkedId: null, sequence: 4 });
    expect(regroup([other, bare], bare)).toBe(key);
    expect(regroup([other, bare], { ...bare, linkedId: key })).toBe(key);
  });

  test('not out of an older generation', () => {
    const newer = stored(3, `${key}#2`, { sequence: 3, end: at(9) });
    const bare = stored(2, key, { linkedId: null, sequence: 4 });
    expect(regroup([other, bare, newer], { ...bare, linkedId: key })).toBe(key);
    const inNewer = { ...bare, group: `${key}#2` };
    expect(regroup([other, inNewer, newer], { ...inNewer, linkedId: key })).toBe(`${key}#2`);
  });

  test('to the newest generation of its LinkedID', () => {
    const newer = stored(3, `${key}#2`, { sequence: 3, end: at(9) });
    const bare = stored(2, `${START}.5`, { uniqueId: `${START}.5`, linkedId: null });
    expect(regroup([other, newer], { ...bare, linkedId: key })).toBe(`${key}#2`);
  });

  test('when its Sequence shows that Asterisk had begun to count anew', () => {
    const bare = stored(2, key, { linkedId: null, sequence: null, end: at(9) });
    expect(regroup([other, bare], { ...bare, sequence: 4 })).toBe(key);
    expect(regroup([other, bare], { ...bare, sequence: 3 })).toBe(`${key}#2`);
  });

  test('it does not clash with itself as it was', () => {
    const was = stored(2, key, { sequence: 3, end: at(9) });
    expect(regroup([was], { ...was, lastApplication: 'Queue' })).toBe(key);
  });
});

// ---- any order, any repetition -------------------------------------------------------------------------------------

const RECORD = fc
  .record({ call: fc.integer({ min: 0, max: 2 }), sequence: fc.integer({ min: 0, max: 3 }) })
  .map(({ call, sequence }) =>
    leg({ uniqueId: `${START}.${call}`, linkedId: `${START}.0`, sequence: call * 4 + sequence }),
  );
const ARRIVALS = fc.array(fc.tuple(RECORD, fc.constantFrom<LegSource>('ami', 'csv')), { maxLength: 20 });

test('repeated records with a Sequence never add, in any order and from any source', () => {
  fc.assert(
    fc.property(ARRIVALS, (arrivals) => {
      const { stored } = arriveAll([...arrivals, ...arrivals.toReversed()]);
      expect(stored.length).toBe(new Set(arrivals.map(([{ sequence }]) => sequence)).size);
      for (const each of stored) {
        const sources = arrivals.filter(([{ sequence }]) => sequence === each.sequence).map(([, source]) => source);
        expect(each.sources).toBe([...new Set(sources)].reduce((bits, source) => bits | LEG_SOURCE[source], 0));
      }
    }),
  );
});

test('without a Sequence there are as many as the source that has more', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom<LegSource>('ami', 'csv'), { maxLength: 12 }), (sources) => {
      const { stored } = arriveAll(sources.map((source) => [leg({ sequence: null }), source] as const));
      const count = (wanted: LegSource) => sources.filter((source) => source === wanted).length;
      expect(stored.length).toBe(Math.max(count('ami'), count('csv')));
    }),
  );
});
