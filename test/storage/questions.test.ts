/** What other products ask of calls and our pages don't: how long in all, when it ended, under which name, by its id. */
import { expect, onTestFinished, test } from 'vitest';
import type { CallFilter, SortColumn } from '../../storage/filter.ts';
import { openStoreHere } from '../../storage/here.ts';
import type { Disposition } from '../../storage/model/leg.ts';
import { temporaryFolder } from '../support/folder.ts';
import { leg, storeOptions } from '../support/legs.ts';
import { textOf } from '../support/page.ts';
import { countOf, put, rowsOf, shut } from './helper.ts';

const AT = 1_620_000_000;

/** Seconds until the answer and in all, the outcome, and what the caller showed; named by their places. */
const CALLS: readonly (readonly [answer: number | null, seconds: number, Disposition, callerId: string])[] = [
  [2, 5, 'ANSWERED', '"Mario Rossi" <205>'],
  [30, 40, 'ANSWERED', '"[Bar] mario" <205>'],
  [null, 12, 'BUSY', '205'],
  [null, 60, 'NO ANSWER', '"Anna" <205>'],
  [null, 1, 'CONGESTION', '"" <205>'],
];

async function store() {
  const opened = openStoreHere(storeOptions(temporaryFolder(onTestFinished)));
  onTestFinished(() => opened.close());
  for (const [index, [answer, seconds, disposition, callerId]] of CALLS.entries()) {
    const start = AT + index * 100;
    const at = (epoch: number) => ({ epoch, offset: -28_800 });
    const made = leg(start, {
      ...{ callerId, disposition, channel: `SIP/205-0000000${index}`, destinationChannel: `SIP/204-0000001${index}` },
      ...{ answer: answer === null ? null : at(start + answer), end: at(start + seconds) },
      ...{ duration: seconds, billsec: answer === null ? 0 : seconds - answer },
    });
    await put(opened, made);
    await shut(opened, made);
  }
  const placeOf = ({ at = '' }) => (Date.parse(`${at.replace(' ', 'T')}Z`) / 1_000 + 28_800 - AT) / 100;
  return { opened, placeOf };
}

test('each filter finds its own, listed and counted alike', async () => {
  const { opened, placeOf } = await store();
  const found = async (filter: Partial<CallFilter>) => {
    const rows = await rowsOf(opened, 'call', [['at', 'start']], filter);
    expect(await countOf(opened, 'call', { start: {}, ...filter })).toBe(rows.length);
    return rows.map(placeOf);
  };
  expect(await found({ lasted: { from: 12, to: 40 } })).toEqual([1, 2]);
  expect(await found({ lasted: { to: 10 } })).toEqual([0, 4]); // not the one that was talked in for ten
  expect(await found({ duration: { to: 10 } })).toContain(1);
  expect(await found({ end: { from: AT + 140, to: AT + 212 } })).toEqual([1, 2]);
  expect(await found({ callerName: 'mario rossi' })).toEqual([0]);
  expect(await found({ callerName: '*mario*' })).toEqual([0, 1]);
  expect(await found({ callerName: '[bar]*' })).toEqual([1]);
  expect(await found({ callerName: '' })).toEqual([2, 4]);
});

test('names are shown without their number, and put calls in order, as outcomes do', async () => {
  const { opened, placeOf } = await store();
  const names = await rowsOf(opened, 'call', [['name', 'callerName']]);
  expect(names.map(({ name }) => name)).toEqual(['Mario Rossi', '[Bar] mario', '', 'Anna', '']);
  const sorted = async (sort: SortColumn) => {
    const rows: { at: string }[] = [];
    const pages = opened.pages('call', { filter: { start: {} }, fields: [['at', 'start']], order: 'asc', sort });
    for await (const page of pages) rows.push(...JSON.parse(`[${textOf(page)}]`));
    return rows.map(placeOf);
  };
  expect(await sorted('outcome')).toEqual([1, 0, 2, 3, 4]); // equal ones newest first
  expect(await sorted('callerName')).toEqual([4, 2, 3, 0, 1]);
});

test('by their ids, so many at a time and so many ids looked at', async () => {
  const { opened } = await store();
  const all = (await rowsOf(opened, 'call', [['id', 'id']])).map(({ id }) => Number(id));
  const last = Number(all.at(-1));
  expect(await opened.ask('callIds', { from: 0, scan: 100, limit: 100 })).toEqual({ ids: all, next: null });
  expect(await opened.ask('callIds', { from: Number(all[1]), scan: 100, limit: 2 })).toEqual({
    ids: [all[1], all[2]],
    next: Number(all[2]) + 1,
  });
  expect(await opened.ask('callIds', { from: Number(all[1]), scan: 1, limit: 9 })).toEqual({
    ids: [all[1]],
    next: Number(all[1]) + 1,
  });
  expect(await opened.ask('callIds', { from: last + 1, scan: 100, limit: 9 })).toEqual({ ids: [], next: null });
});
