/**
 * 30039 and 30040: the list of missed calls over a store, held against its rule over all calls at once; the tick, which
 * belongs to the call; and what a step of it costs among many calls.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { MissedRow } from '../../cgi/contract.ts';
import type { CallType, Disposition, Leg } from '../../storage/model/leg.ts';
import { GUIDE_NUMBERING, numberPlan } from '../../storage/model/number-plan.ts';
import { leg } from '../support/legs.ts';
import { type TableCall, waitingOf } from '../support/missed-table.ts';
import { NOW, openBox } from './box.ts';

const HOUR = 3_600;

interface Told {
  readonly at: number;
  readonly src: string;
  readonly dst: string;
  readonly callType: CallType;
  readonly disposition: Disposition;
}

function legOf({ at, src, dst, callType, disposition }: Told): Leg {
  const isIn = callType === 'Inbound';
  const answered = disposition === 'ANSWERED';
  const channel = (peer: string) => `SIP/${peer}-${String(at).slice(-8)}`;
  return leg(at, {
    source: src,
    destination: dst,
    channel: channel(isIn ? '96' : src || '204'),
    destinationChannel: channel(isIn ? '202' : '96'),
    answer: answered ? { epoch: at + 2, offset: -28_800 } : null,
    billsec: answered ? 3 : 0,
    disposition,
    callType,
    callerId: `"FROM96-${src}" <${src}>`,
  });
}

function box() {
  const opened = openBox();
  const call = async (told: Partial<Told> = {}) => {
    const made = legOf({
      at: NOW - HOUR,
      src: '0791234567',
      dst: '202',
      callType: 'Inbound',
      disposition: 'NO ANSWER',
      ...told,
    });
    await opened.store.write({ kind: 'leg', leg: made, source: 'ami' });
    await opened.store.write({ kind: 'close', group: made.linkedId ?? '' });
    return made;
  };
  const missed = async (query = '') => {
    const { status, body } = await opened.ask(30039, query);
    expect(status).toBe(200);
    return body['json_array_missed'] as MissedRow[];
  };
  return { ...opened, call, missed };
}

test('a row a caller, with name, tries and the way in; a talk since takes it off', async () => {
  const { call, missed, ask, store } = box();
  const audit = { who: 'admin', address: '', action: 'contacts.set', detail: {} };
  const contacts = [{ number: '0791234567', name: 'Ana', group: 'Customers' }];
  await store.write({ kind: 'contacts', contacts, audit });
  await call({ at: NOW - 3 * HOUR });
  await call({ at: NOW - 2 * HOUR, disposition: 'BUSY' });
  await call({ at: NOW - HOUR, src: '0441112233' });
  expect(await missed()).toMatchObject([
    { src: '0441112233', tries: 1 },
    {
      src: '0791234567',
      contact: 'Ana',
      groupname: 'Customers',
      tries: 2,
      calldate: '2021-05-07 10:00:00',
      first: '2021-05-07 09:00:00',
      channel: '96',
      in_route: 'FROM96',
      dst: '202',
    },
  ]);
  expect((await ask(30039, 'limit=1')).body).toMatchObject({
    json_array_missed: [{ src: '0441112233' }],
    json_obj_filter: { totalcount: 2, startdate: '2021-04-07 12:00:00' },
  });
  await call({ at: NOW - 60, src: '202', dst: '90791234567', callType: 'Outbound', disposition: 'ANSWERED' });
  expect(await missed()).toMatchObject([{ src: '0441112233' }]);
});

test('it looks back a month, and less if asked', async () => {
  const { call, missed } = box();
  await call({ at: NOW - 31 * 24 * HOUR });
  await call({ at: NOW - 3 * 24 * HOUR, src: '0441112233' });
  expect(await missed()).toMatchObject([{ src: '0441112233' }]);
  expect(await missed('days=2')).toEqual([]);
  expect(await missed('days=300')).toHaveLength(1);
});

test('a tick covers the tries before it, stands in the call and the audit log, and can be taken back', async () => {
  const { call, missed, ask, list, store } = box();
  await call({ at: NOW - 3 * HOUR });
  const late = await call({ at: NOW - 2 * HOUR });
  const [row] = await missed();
  const id = row?.id;
  const before = (await list(9006, '')).rows.find((each) => each['id'] === id);
  expect(before).not.toHaveProperty('processed');
  expect((await ask(30040, `id=${id}&processed=1&reason=by mail`)).body).toEqual({
    result: 'success',
    processed: true,
  });
  expect(await missed()).toEqual([]);
  expect(await missed('processed=1')).toMatchObject([
    { id, tries: 2, by: 'admin', processed: expect.stringMatching(/:/) },
  ]);
  const since = (await list(9006, `since=${before?.['changed']}`)).rows;
  expect(since).toMatchObject([
    { id, src: '0791234567', processed: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/) },
  ]);
  expect((await store.ask('auditEntries', { before: null, limit: 1 })).entries).toMatchObject([
    { who: 'admin', action: 'calls.processed', reason: 'by mail', detail: { call: id } },
  ]);

  // A record that comes late amends the call and leaves the tick.
  await store.write({
    kind: 'leg',
    leg: { ...late, sequence: 9, end: { ...late.end, epoch: late.end.epoch + 9 } },
    source: 'ami',
  });
  expect(await missed()).toEqual([]);
  await call({ at: NOW - HOUR });
  expect(await missed()).toMatchObject([{ tries: 1 }]);

  await ask(30040, `id=${id}&processed=0`);
  expect(await missed()).toMatchObject([{ tries: 3 }]);
  const audited = (await store.ask('auditEntries', { before: null, limit: 9 })).entries.length;
  await ask(30040, `id=${id}&processed=0`); // it is so already
  expect((await store.ask('auditEntries', { before: null, limit: 9 })).entries).toHaveLength(audited);
});

test('deleted and brought back, a call is ticked off as it was', async () => {
  const { call, missed, ask } = box();
  await call();
  const [row] = await missed();
  await ask(30040, `id=${row?.id}&processed=1`);
  const { body } = await ask(9004);
  expect(await missed('processed=1')).toEqual([]);
  expect((await ask(30040, `id=${row?.id}&processed=0`)).status).toBe(404);
  await ask(30003, `undo=${body['undo']}`);
  expect(await missed('processed=1')).toHaveLength(1);
  expect(await missed()).toEqual([]);
});

test.each([
  ['id=99&processed=1', 404, undefined],
  ['id=x&processed=1', 400, 'id'],
  ['processed=1', 400, 'id'],
  ['id=1', 400, 'processed'],
  ['id=1&processed=yes', 400, 'processed'],
])('30040 refuses %s', async (query, status, parameter) => {
  const answer = await box().ask(30040, query);
  expect([answer.status, (answer.body['error'] as { parameter?: string }).parameter]).toEqual([status, parameter]);
});

test.each(['days=0', 'limit=0', 'limit=x', 'processed=2'])('30039 refuses %s', async (query) => {
  const { status, body } = await box().ask(30039, query);
  expect([status, (body['error'] as { parameter: string }).parameter]).toEqual([400, query.split('=')[0]]);
});

test('any calls: what the steps find is what the rule says over all of them', { timeout: 60_000 }, async () => {
  const plan = numberPlan(GUIDE_NUMBERING);
  const numbers = ['0791234567', '+41791234567', '90791234567', '0441112233', '5551234', '95551234', '110', ''];
  const told = fc.record({
    outside: fc.constantFrom(...numbers),
    callType: fc.constantFrom<CallType>('Inbound', 'Inbound', 'Outbound', 'CallBack', 'Internal'),
    inside: fc.constantFrom('202', '620', '820'),
    disposition: fc.constantFrom<Disposition>('ANSWERED', 'NO ANSWER', 'BUSY', 'FAILED'),
    tick: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(told, { maxLength: 25 }), async (made) => {
      const { call, missed, ask, list } = box();
      for (const [index, { outside, inside, callType, disposition }] of made.entries()) {
        const isIn = callType === 'Inbound';
        const [src, dst] = isIn ? [outside, inside] : ['204', outside || '7'];
        await call({ at: NOW - HOUR + index * 10, src, dst, callType, disposition });
      }
      const { rows } = await list(9006, 'order=asc');
      const table: TableCall[] = [];
      for (const [index, row] of rows.entries()) {
        const processed = made[index]?.tick === true && row['disposition'] !== 'ANSWERED';
        if (processed) await ask(30040, `id=${row['id']}&processed=1`);
        table.push({
          at: index,
          src: String(row['src']),
          dst: String(row['dst']),
          srcTrunk: String(row['channel']),
          callType: row['userfield'] as CallType,
          disposition: row['disposition'] as Disposition,
          processed,
        });
      }
      const expected = waitingOf(table, plan).map(({ last, tries }) => `${last.src}×${tries}`);
      expect((await missed()).map(({ src, tries }) => `${src}×${tries}`)).toEqual(expected);
    }),
    { numRuns: 40 },
  );
});
