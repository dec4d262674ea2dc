/** Calls of numbers of the box's own: found on the side where they stand, and never mistaken for a stranger who shows one. */
import { expect, onTestFinished, test } from 'vitest';
import type { CallFilter, Inside } from '../../storage/filter.ts';
import { openStoreHere } from '../../storage/here.ts';
import type { CallType, Leg } from '../../storage/model/leg.ts';
import { parseNumberPattern } from '../../storage/model/number-pattern.ts';
import { openDatabase } from '../../storage/sql/database.ts';
import { emptyStore } from '../support/empty-store.ts';
import { temporaryFolder } from '../support/folder.ts';
import { leg, storeOptions } from '../support/legs.ts';
import { countOf, put, rowsOf, shut } from './helper.ts';
import { manyCalls } from './many-calls.ts';

const AT = 1_620_000_000;

/** Who called whom over which channels; named by their places. */
const CALLS: readonly (readonly [
  source: string,
  destination: string,
  from: string,
  to: string,
  type: CallType,
  change?: Partial<Leg>,
])[] = [
  ['205', '202', 'SIP/205', 'SIP/202', 'Internal'],
  ['202', '0791234567', 'SIP/202', 'SIP/96', 'Outbound'],
  ['0791234567', '202', 'SIP/96', 'SIP/202', 'Inbound'],
  // A stranger who shows 202, and a number outside that is 202 too.
  ['202', '205', 'SIP/96', 'SIP/205', 'Inbound'],
  ['205', '202', 'SIP/205', 'SIP/42', 'Outbound'],
  // The ring group was called, 202 answered.
  ['0791234567', '920', 'SIP/96', 'SIP/202', 'Inbound', { dialled: '920' }],
];

async function store() {
  const opened = openStoreHere(storeOptions(temporaryFolder(onTestFinished)));
  onTestFinished(() => opened.close());
  for (const [index, [source, destination, from, to, callType, change]] of CALLS.entries()) {
    const made = leg(AT + index * 100, {
      ...{ source, destination, callType, callerId: `"" <${source}>` },
      channel: `${from}-0000000${index}`,
      destinationChannel: `${to}-0000001${index}`,
      ...change,
    });
    await put(opened, made);
    await shut(opened, made);
  }
  return opened;
}

test('each side finds its own, whatever else is asked', async () => {
  const opened = await store();
  const found = async (inside: Inside, more: Partial<CallFilter> = {}) => {
    const filter = { start: {}, inside, ...more };
    const rows = await rowsOf(opened, 'call', [['at', 'start']], filter);
    expect(await countOf(opened, 'call', filter)).toBe(rows.length);
    let summed = 0;
    for await (const { groups } of opened.totals(filter, ['day']))
      for (const [dimension, , { count }] of groups) if (dimension === null) summed += count;
    expect(summed).toBe(rows.length);
    return rows.map(({ at = '' }) => (Date.parse(`${at.replace(' ', 'T')}Z`) / 1_000 + 28_800 - AT) / 100);
  };
  const number = parseNumberPattern('202');
  for (const more of [{}, { number }] as const) {
    expect(await found({ numbers: ['202'], side: 'either' }, more)).toEqual([0, 1, 2, 5]);
    expect(await found({ numbers: ['202'], side: 'from' }, more)).toEqual([1]);
    expect(await found({ numbers: ['202'], side: 'to' }, more)).toEqual([0, 2, 5]);
  }
  expect(await found({ numbers: ['202', '205'], side: 'from' })).toEqual([0, 1, 4]);
  expect(await found({ numbers: ['920'], side: 'to' })).toEqual([5]);
  expect(await found({ numbers: ['202'], side: 'to' }, { callTypes: ['Inbound'] })).toEqual([2, 5]);
  expect(await found({ numbers: ['202'], side: 'either' }, { since: 0 })).toHaveLength(4);
  expect(await found({ numbers: [], side: 'either' })).toEqual([]);
});

test('among many calls too, where numbers are looked for by themselves', async () => {
  const options = emptyStore(storeOptions(temporaryFolder(onTestFinished)));
  const database = openDatabase(options.file);
  database.run(manyCalls(12_000));
  // Every seventh has its caller outside.
  database.run("UPDATE call SET src_trunk = '96', calltype = 'Inbound' WHERE id % 7 = 0");
  // What the store itself notes with each call.
  database.run('INSERT INTO number SELECT DISTINCT 0, src FROM call');
  database.run('INSERT INTO number SELECT DISTINCT 1, dst_outer FROM call');
  database.close();
  const opened = openStoreHere(options);
  onTestFinished(() => opened.close());
  for (const [numbers, side] of [
    [['207'], 'from'],
    [['207', '303', '249'], 'from'],
    [['207', '303', '249'], 'to'],
    [['207', '303', '249'], 'either'],
  ] as const) {
    const patterns = parseNumberPattern(numbers.join(','));
    const inside = { numbers, side };
    const by = { from: { src: patterns }, to: { dst: patterns }, either: { number: patterns } }[side];
    const plain = await rowsOf(opened, 'call', [['id', 'id']], { inside });
    expect(plain.length).toBeGreaterThan(200);
    expect(await rowsOf(opened, 'call', [['id', 'id']], { inside, ...by })).toEqual(plain);
    expect(await countOf(opened, 'call', { start: {}, inside, ...by })).toBe(plain.length);
  }
});
