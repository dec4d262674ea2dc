/** Deletions of calls in the store: trash, undo, erasing, and what comes late for a call that somebody deleted. */
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { StoreClient } from '../../storage/client.ts';
import type { CallFilter, Field } from '../../storage/filter.ts';
import { openStoreHere } from '../../storage/here.ts';
import type { Leg, LegSource } from '../../storage/model/leg.ts';
import { openDatabase, type Row } from '../../storage/sql/database.ts';
import type { StoreOptions, Walk } from '../../storage/store.ts';
import { emptyStore } from '../support/empty-store.ts';
import { temporaryFolder } from '../support/folder.ts';
import { FIRST_MEDIUM, leg, storeOptions } from '../support/legs.ts';
import { textOf } from '../support/page.ts';
import { countOf, put, rowsOf, shut } from './helper.ts';

const NOON = 1_619_082_110;
const FIELDS: readonly Field[] = [
  ['src', 'src'],
  ['dst', 'dst'],
  ['billsec', 'billsec'],
  ['duration', 'duration'],
  ['recording', 'recording'],
  ['id', 'id'],
  ['changed', 'changed'],
];
const AUDIT = { who: 'admin', address: '192.0.2.7', action: 'test', detail: {} };

function fresh(change: Partial<StoreOptions['rules']> = {}, folder = temporaryFolder()) {
  const options = emptyStore(storeOptions(folder));
  const rules = { ...options.rules, ...change };
  const store = openStoreHere({ ...options, rules });
  let closed = false;
  const close = async () => {
    if (!closed) await store.close();
    closed = true;
  };
  onTestFinished(close);
  return { store, folder, file: options.file, close };
}

const rows = (store: StoreClient, filter: Partial<CallFilter> = {}) => rowsOf(store, 'call', FIELDS, filter);

async function call(store: StoreClient, ...legs: Leg[]): Promise<void> {
  for (const each of legs) await put(store, each);
  const [first] = legs;
  if (first) await shut(store, first);
}

const bySrc = (value: string): CallFilter => ({ start: {}, src: [{ kind: 'literal', value }] });

async function begin(store: StoreClient, filter: CallFilter = { start: {} }): Promise<number> {
  const content = { filter, what: {} };
  const deletion = { kind: 'call' as const, who: 'admin', address: '', expiresAt: 9e9, content };
  return (await store.write({ kind: 'deletion', deletion, audit: AUDIT })).deletion?.id ?? 0;
}

/** Steps until it is under way no longer. @returns what it has come to. */
async function workOff(store: StoreClient, id: number) {
  for (let steps = 0; steps < 10_000; steps++) {
    const { stepped } = await store.step({ kind: 'deletion', id });
    if (stepped && !stepped.deletion.state.endsWith('ing')) return stepped.deletion;
  }
  throw new Error('this never ends');
}

const remove = async (store: StoreClient, filter?: CallFilter) => workOff(store, await begin(store, filter));

async function turn(store: StoreClient, id: number, to: 'restoring' | 'erasing') {
  await store.write({ kind: 'turnDeletion', id, from: ['deleting', 'deleted'], to, audit: AUDIT });
  return workOff(store, id);
}

/** Every group that differs from its records, in the trash too. */
async function verify(store: StoreClient): Promise<string[]> {
  const wrong: string[] = [];
  for (let next: Walk = { at: Number.MIN_SAFE_INTEGER, id: 0 }; next; ) {
    const step: Awaited<ReturnType<typeof store.ask<'verifyStep'>>> = await store.ask('verifyStep', next);
    wrong.push(...step.wrong);
    next = step.next;
  }
  return wrong;
}

async function refold(store: StoreClient): Promise<void> {
  for (let next: Walk = { at: Number.MIN_SAFE_INTEGER, id: 0 }; next; )
    next = (await store.write({ kind: 'refold', after: next })).next;
}

/** Looks into a file that no store has open. */
function sqlOn(file: string, sql: string): Row[] {
  const database = openDatabase(file);
  try {
    return database.all(sql);
  } finally {
    database.close();
  }
}

const count = (file: string, table: string) => Number(sqlOn(file, `SELECT count(*) AS n FROM ${table}`)[0]?.['n']);
/** The numbers that the search knows. */
const inSearch = (file: string) =>
  sqlOn(file, 'SELECT side, text FROM number').map(({ side, text }) => `${side} ${text}`);
/** Those that calls outside the trash show. */
const shownNumbers = (file: string) =>
  sqlOn(
    file,
    `SELECT 0 AS side, src AS text FROM call WHERE trash IS NULL UNION SELECT 1, dst_outer FROM call WHERE trash IS NULL
     UNION SELECT 2, dst_inner FROM call WHERE trash IS NULL AND dst_inner <> dst_outer ORDER BY side, text`,
  ).map(({ side, text }) => `${side} ${text}`);

/** A call that 204 passed on to 206: two rows. */
const transfer = [
  leg(NOON + 50, { source: '301' }),
  leg(NOON + 60, {
    source: '301',
    linkedId: `${NOON + 50}.0`,
    uniqueId: `${NOON + 50}.0`,
    sequence: 1,
    destination: '206',
    destinationChannel: 'SIP/206-00000009',
    lastData: 'SIP/206,30',
  }),
];

describe('in the trash', () => {
  test('a call is out of listings and search, and its recording stays listed and tied', async () => {
    const { store, file, close } = fresh();
    const name = `20210422/20210422-010152-${NOON + 2}-Internal-205-204`;
    const recorded = leg(NOON, { recordingFile: `/media/usbStorage/monitor/${name}`, billsec: 3 });
    await call(store, recorded);
    await call(store, leg(NOON + 9, { source: '209' }));
    const sound = { path: `${name}.wav`, size: 1, mtimeMs: 0, seconds: 99, state: 'ok' as const };
    await store.write({ kind: 'recordings', medium: FIRST_MEDIUM, files: [sound] });
    const listed = () =>
      rowsOf(store, 'recording', [
        ['path', 'path'],
        ['duration', 'duration'],
      ]);
    const before = await listed();
    const { id, count: gone, state } = await remove(store, bySrc('205'));
    expect([gone, state]).toEqual([1, 'deleted']);
    expect((await rows(store)).map(({ src }) => src)).toEqual(['209']);
    expect(await countOf(store, 'call', { start: {} })).toBe(1);
    expect(await listed()).toEqual(before);
    expect(await store.ask('trace', recorded.uniqueId)).toMatchObject([{ calls: [{ tie: 'named', deleted: true }] }]);
    await turn(store, id, 'restoring');
    expect((await rows(store)).map(({ recording }) => recording)).toEqual([`${name}.wav`, '']);
    expect(await store.ask('trace', recorded.uniqueId)).toMatchObject([{ calls: [{ tie: 'named', deleted: false }] }]);
    await remove(store, bySrc('209'));
    await close();
    expect(inSearch(file)).toEqual(shownNumbers(file));
    expect(inSearch(file)).toContain('0 205');
    expect(inSearch(file)).not.toContain('0 209');
  });

  test('what comes while a deletion works is not deleted, nor what was open when it began', async () => {
    const { store } = fresh();
    await call(store, leg(NOON));
    await put(store, leg(NOON + 1, { source: '206' }));
    const id = await begin(store);
    await call(store, leg(NOON + 2, { source: '207' }));
    await shut(store, leg(NOON + 1));
    expect(await workOff(store, id)).toMatchObject({ count: 1 });
    expect((await rows(store)).map(({ src }) => src)).toEqual(['206', '207']);
  });

  test('a late record amends a call unseen, and undoing shows what it made', async () => {
    const { store } = fresh();
    const busy = leg(NOON, { disposition: 'BUSY', answer: null, billsec: 0 });
    await call(store, busy);
    const [before] = await rows(store);
    const { id } = await remove(store);
    const seen = (await rows(store, { since: 0 })).at(-1);
    expect(seen).toMatchObject({ id: before?.['id'], removed: true });
    const later = leg(NOON + 6, { uniqueId: `${NOON}.2`, linkedId: `${NOON}.0`, sequence: 3 });
    expect(await put(store, later)).toMatchObject({ records: [expect.any(Number)], calls: [], open: [] });
    expect(await rows(store)).toEqual([]);
    expect(await rows(store, { since: Number(seen?.['changed']) })).toEqual([]);
    expect(await verify(store)).toEqual([]);
    expect(await turn(store, id, 'restoring')).toMatchObject({ count: 1, progress: { done: 1 } });
    expect(await rows(store)).toMatchObject([{ id: before?.['id'], billsec: '3', duration: '11' }]);
    expect(await verify(store)).toEqual([]);
  });

  test('a late record that makes a second row of such a call makes it there', async () => {
    const { store } = fresh();
    const [first, second] = transfer as [Leg, Leg];
    await call(store, first);
    const { id } = await remove(store);
    await put(store, second);
    expect(await rows(store)).toEqual([]);
    expect(await store.ask('openGroups')).toEqual([]);
    expect(await turn(store, id, 'restoring')).toMatchObject({ count: 2, progress: { done: 2 } });
    expect((await rows(store)).map(({ dst }) => dst)).toEqual(['204', '206']);
    expect(await verify(store)).toEqual([]);
  });

  test('with a row that is shown beside it, a new row of the call is shown', async () => {
    const { store } = fresh();
    await call(store, ...transfer);
    await remove(store, { start: {}, dst: [{ kind: 'literal', value: '204' }] });
    const third = { ...(transfer[1] as Leg), sequence: 2, destination: '207', destinationChannel: 'SIP/207-0000000a' };
    await put(store, leg(NOON + 70, { ...third, start: { epoch: NOON + 70, offset: -28_800 } }));
    expect((await rows(store)).map(({ dst }) => dst)).toEqual(['206', '207']);
    expect(await verify(store)).toEqual([]);
  });

  test('refolding reaches it: undoing shows what the rules of now make of its records', async () => {
    const { store, folder, close } = fresh();
    const ivr = leg(NOON, { destination: '640' });
    await call(store, ivr);
    await call(store, leg(NOON + 9));
    expect((await rows(store)).map(({ dst }) => dst)).toEqual(['640', '204']);
    const { id } = await remove(store);
    await close();
    const { rules } = storeOptions(folder);
    const changed = fresh({ numbering: { ...rules.numbering, ivr: '620-649' } }, folder);
    expect(await verify(changed.store)).toEqual([`${NOON}.0`]);
    await refold(changed.store);
    expect(await verify(changed.store)).toEqual([]);
    expect(await rows(changed.store)).toEqual([]);
    await turn(changed.store, id, 'restoring');
    expect((await rows(changed.store)).map(({ dst }) => dst)).toEqual(['640(204)', '204']);
  });

  test('a row that refolding does away with is told as removed', async () => {
    const { store } = fresh();
    // By the rich source the second record has another LinkedID: its own call until then.
    const alone = leg(NOON + 3, { uniqueId: '7.7', linkedId: null, sequence: null, disposition: 'BUSY', answer: null });
    await call(store, leg(NOON));
    await call(store, alone);
    const before = await rows(store, { since: 0 });
    await store.write({ kind: 'leg', leg: { ...alone, linkedId: `${NOON}.0`, sequence: 5 }, source: 'csv' });
    const after = await rows(store, { since: Number(before.at(-1)?.['changed']) });
    expect(after).toContainEqual({ id: before[1]?.['id'], changed: expect.any(String), removed: true });
  });
});

describe('erased', () => {
  test('a call does not come back by either source, by an import or by verifying', async () => {
    const { store, file, close } = fresh();
    const record = leg(NOON, { sequence: 4 });
    const plain = leg(NOON + 9, { sequence: null, linkedId: null });
    await call(store, record);
    await call(store, plain);
    const { id } = await remove(store);
    expect(await turn(store, id, 'erasing')).toMatchObject({ state: 'erased', progress: { done: 2 } });
    for (const source of ['ami', 'csv'] as const)
      for (const again of [record, { ...record, sequence: null }, plain, { ...plain, sequence: 9 }])
        expect(await store.write({ kind: 'leg', leg: again, source })).toMatchObject({ records: [null], open: [] });
    expect(await store.ask('missingRecords', [record, plain])).toEqual([]);
    expect(await rows(store)).toEqual([]);
    // Equal in everything but its Sequence, or in a second of its end: that is another record.
    const other = { ...record, sequence: 5 };
    const longer = { ...plain, end: { epoch: NOON + 77, offset: -28_800 } };
    expect(await store.ask('missingRecords', [other, longer])).toEqual([0, 1]);
    await call(store, other);
    await call(store, longer);
    expect(await rows(store)).toHaveLength(2);
    // Told as removed ever after.
    expect((await rows(store, { since: 0 })).filter((row) => 'removed' in row)).toHaveLength(2);
    await close();
    expect([count(file, 'call'), count(file, 'leg'), inSearch(file)]).toEqual([2, 2, shownNumbers(file)]);
  });

  test('a recording of an erased call stays listed, tied to nobody', async () => {
    const { store, file, close } = fresh();
    const name = `20210422/20210422-010152-${NOON + 2}-Internal-205-204`;
    // Both name it: the tie passes from the one to the other, and neither may be left in it.
    for (const start of [NOON, NOON + 9])
      await call(store, leg(start, { recordingFile: `/media/usbStorage/monitor/${name}` }));
    await store.write({
      kind: 'recordings',
      medium: FIRST_MEDIUM,
      files: [{ path: `${name}.wav`, size: 1, mtimeMs: 0, seconds: 99, state: 'ok' }],
    });
    const { id } = await remove(store);
    await turn(store, id, 'erasing');
    expect(await rowsOf(store, 'recording', [['duration', 'duration']])).toEqual([{ duration: '99' }]);
    await close();
    expect(sqlOn(file, 'SELECT call_id FROM recording')).toEqual([{ call_id: null }]);
  });

  test('half a transfer goes out of sight at once, and for good with the other half', async () => {
    const { store, file, close } = fresh();
    await call(store, ...transfer);
    const half = await remove(store, { start: {}, dst: [{ kind: 'literal', value: '204' }] });
    expect(await turn(store, half.id, 'erasing')).toMatchObject({ state: 'erased', progress: { done: 0 } });
    await refold(store);
    for (const each of transfer) await put(store, each);
    expect((await rows(store)).map(({ dst }) => dst)).toEqual(['206']);
    expect(await verify(store)).toEqual([]);
    const rest = await remove(store);
    expect(rest.count).toBe(1);
    // While the rest may still be undone, its records must be there.
    expect(await turn(store, rest.id, 'restoring')).toMatchObject({ progress: { done: 1 } });
    expect((await rows(store)).map(({ dst }) => dst)).toEqual(['206']);
    const again = await remove(store);
    expect(await turn(store, again.id, 'erasing')).toMatchObject({ progress: { done: 2 } });
    await close();
    expect([count(file, 'call'), count(file, 'leg'), count(file, 'leg_erased')]).toEqual([0, 0, 2]);
  });

  test('a participant of a conference keeps his records until those whose rows they end have gone', async () => {
    const { store, file, close } = fresh();
    const room = { destination: '740', lastApplication: 'ConfBridge', lastData: '740' };
    const at = (epoch: number) => ({ epoch, offset: -28_800 });
    // 201 is there first; his record for the pair with 202 ends after 202's own.
    const first = leg(NOON, {
      ...room,
      source: '201',
      channel: 'SIP/201-1',
      destinationChannel: '',
      end: at(NOON + 10),
    });
    const second = leg(NOON + 10, {
      ...room,
      source: '202',
      channel: 'SIP/202-2',
      destinationChannel: '',
      answer: at(NOON + 10),
      end: at(NOON + 11),
    });
    const pair = leg(NOON + 10, {
      ...first,
      start: at(NOON + 10),
      answer: at(NOON + 10),
      sequence: 1,
      destinationChannel: 'SIP/202-2',
      end: at(NOON + 60),
    });
    for (const each of [first, second, pair]) await put(store, each);
    for (const each of [first, second]) await shut(store, each);
    const shown = () => rows(store).then((all) => all.map(({ src, duration }) => `${src} ${duration}`));
    expect(await shown()).toEqual(['201 60', '202 50']);
    const one = await remove(store, bySrc('201'));
    expect(await turn(store, one.id, 'erasing')).toMatchObject({ progress: { done: 0 } });
    await refold(store);
    expect(await shown()).toEqual(['202 50']);
    expect(await verify(store)).toEqual([]);
    const other = await remove(store);
    expect(await turn(store, other.id, 'erasing')).toMatchObject({ state: 'erased', progress: { done: 2 } });
    await close();
    expect([count(file, 'call'), count(file, 'leg')]).toEqual([0, 0]);
  });
});

test('an undo in the middle of a deletion brings back what has gone and lets the rest be', async () => {
  const { store } = fresh();
  // More than a step takes.
  const many = Array.from({ length: 2_500 }, (_, index) =>
    leg(NOON + index, { uniqueId: `${NOON}.${index}`, linkedId: `${NOON}.${index}` }),
  );
  await Promise.all(many.map((each) => put(store, each)));
  await Promise.all(many.map((each) => shut(store, each)));
  const id = await begin(store);
  const { stepped } = await store.step({ kind: 'deletion', id });
  expect(stepped?.deletion.state).toBe('deleting');
  expect(stepped?.calls.length).toBe(stepped?.deletion.count);
  const { count: gone, progress } = await turn(store, id, 'restoring');
  expect(progress).toMatchObject({ done: gone });
  expect(gone).toBeLessThan(2_500);
  expect(await countOf(store, 'call', { start: {} })).toBe(2_500);
});

// ---- a model ---------------------------------------------------------------------------------------------------------

/** What may happen, in small numbers, so that it happens to the same calls. */
type Event =
  | { readonly kind: 'call' | 'late' | 'again'; readonly call: number; readonly source: LegSource }
  | { readonly kind: 'delete'; readonly from: number; readonly to: number }
  | { readonly kind: 'undo' | 'erase'; readonly which: number }
  | { readonly kind: 'step' | 'restart' | 'refold' };

const CALLS = 12;
const EVENT: fc.Arbitrary<Event> = fc.oneof(
  { weight: 6, arbitrary: record('call') },
  { weight: 4, arbitrary: record('late') },
  { weight: 2, arbitrary: record('again') },
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.nat(CALLS - 1), fc.nat(CALLS - 1))
      .map(([a, b]) => ({ kind: 'delete' as const, from: Math.min(a, b), to: Math.max(a, b) })),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('undo' as const, 'erase' as const), which: fc.nat(5) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('step' as const, 'restart' as const, 'refold' as const) }),
  },
);

function record(kind: 'call' | 'late' | 'again') {
  return fc.record({
    kind: fc.constant(kind),
    call: fc.nat(CALLS - 1),
    source: fc.constantFrom<LegSource>('ami', 'csv'),
  });
}

const firstLeg = (call: number) => leg(NOON + call * 10, { source: String(200 + call) });
/** It makes the call longer. */
const lateLeg = (call: number) =>
  leg(NOON + call * 10 + 100, {
    source: String(200 + call),
    uniqueId: `${NOON + call * 10}.9`,
    linkedId: `${NOON + call * 10}.0`,
    sequence: 9,
    disposition: 'NO ANSWER',
    answer: null,
    billsec: 0,
  });

interface ModelCall {
  legs: number;
  /** The deletion that it lies in; null: it's shown. */
  trash: number | null;
  /** Its records that must never be taken again. */
  erased: number;
}

/** The plain model: what is shown, what lies where, what is gone. */
class Model {
  readonly calls = Array.from({ length: CALLS }, (): ModelCall => ({ legs: 0, trash: null, erased: 0 }));
  readonly deletions: { from: number; to: number; state: string }[] = [];

  tell(call: number, bit: 1 | 2): void {
    const one = this.calls[call] as ModelCall;
    if (one.erased & bit) return;
    one.legs |= bit;
  }
  shown(): string[] {
    return this.calls.flatMap(({ legs, trash }, call) =>
      legs > 0 && trash === null ? [`${200 + call} ${legs === 1 ? 5 : legs === 2 ? 5 : 105}`] : [],
    );
  }
}

test('calls, late records, deletions, undos, erasing, restarts and refolding in any order: as a plain model has it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(EVENT, { minLength: 5, maxLength: 40 }), async (events) => {
      const ended: (() => void | Promise<void>)[] = [];
      const folder = temporaryFolder((remove) => ended.push(remove));
      let store = openStoreHere(emptyStore(storeOptions(folder)));
      const model = new Model();
      const ids: number[] = [];
      /** A program that polls: what it holds of the box. */
      const mirror = new Map<string, string>();
      let since = 0;
      const poll = async () => {
        for (;;) {
          const page: Record<string, unknown>[] = [];
          const request = { filter: { start: {}, since }, fields: FIELDS, order: 'asc' as const, limit: 2 };
          for await (const found of store.pages('call', request)) page.push(...JSON.parse(`[${textOf(found)}]`));
          for (const row of page) {
            if (row['removed']) mirror.delete(String(row['id']));
            else mirror.set(String(row['id']), `${row['src']} ${row['duration']}`);
            since = Number(row['changed']);
          }
          if (page.length === 0) return;
        }
      };
      const under = async () => {
        for (const deletion of await store.ask('unfinishedDeletions')) await workOff(store, deletion.id);
      };
      try {
        for (const event of events) {
          switch (event.kind) {
            case 'call':
            case 'again':
            case 'late': {
              await under();
              const bit = event.kind === 'late' ? 2 : 1;
              const record = bit === 2 ? lateLeg(event.call) : firstLeg(event.call);
              const { open } = await store.write({ kind: 'leg', leg: record, source: event.source });
              for (const { key } of open) await store.write({ kind: 'close', group: key });
              model.tell(event.call, bit);
              break;
            }
            case 'delete': {
              await under();
              const pattern = {
                kind: 'range' as const,
                low: `${200 + event.from}`,
                high: `${200 + event.to}`,
                digits: 3,
              };
              ids.push(await begin(store, { start: {}, src: [pattern] }));
              const number = model.deletions.push({ ...event, state: 'deleted' }) - 1;
              for (const one of model.calls.slice(event.from, event.to + 1))
                if (one.legs > 0 && one.trash === null) one.trash = number;
              break;
            }
            case 'undo':
            case 'erase': {
              await under();
              const deletion = model.deletions[event.which];
              const id = ids[event.which];
              if (deletion?.state !== 'deleted' || id === undefined) break;
              const to = event.kind === 'undo' ? 'restoring' : 'erasing';
              await store.write({ kind: 'turnDeletion', id, from: ['deleted'], to, audit: AUDIT });
              deletion.state = to;
              for (const one of model.calls) {
                if (one.trash !== event.which) continue;
                one.trash = null;
                if (event.kind === 'erase') {
                  one.erased |= one.legs;
                  one.legs = 0;
                }
              }
              break;
            }
            case 'step':
              for (const { id } of (await store.ask('unfinishedDeletions')).slice(0, 1))
                await store.step({ kind: 'deletion', id });
              break;
            case 'restart':
              await store.close();
              store = openStoreHere(storeOptions(folder));
              break;
            case 'refold':
              await refold(store);
              break;
          }
          if (event.kind === 'step') await poll();
        }
        await under();
        await poll();
        const listed = (await rows(store)).map(({ src, duration }) => `${src} ${duration}`);
        expect(listed.sort()).toEqual(model.shown().sort());
        expect([...mirror.values()].sort()).toEqual(model.shown().sort());
        expect(await verify(store)).toEqual([]);
        await store.close();
        expect(inSearch(`${folder}/cdrd.db`)).toEqual(shownNumbers(`${folder}/cdrd.db`));
        expect(sqlOn(`${folder}/cdrd.db`, 'PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
      } finally {
        await store.close().catch(() => {});
        for (const remove of ended) await remove();
      }
    }),
    { numRuns: 25 },
  );
}, 120_000);

test('a call in the trash whose record was moved to one still under way is open when it comes back', async () => {
  const { store } = fresh();
  const early = leg(NOON, { uniqueId: `${NOON}.1`, linkedId: null, sequence: 1 });
  await call(store, early);
  const { id } = await remove(store);
  const still = leg(NOON + 1, { uniqueId: `${NOON}.2`, linkedId: `${NOON}.2`, sequence: 2 });
  await put(store, still);
  // The other source tells what the record was linked to.
  await store.write({ kind: 'leg', leg: { ...early, linkedId: `${NOON}.2` }, source: 'csv' });
  await turn(store, id, 'restoring');
  expect(await rows(store)).toEqual([]);
  expect(await store.ask('openGroups')).toEqual([`${NOON}.2`]); // so that a restart closes it
  await shut(store, still);
  expect(await rows(store)).toHaveLength(1);
  expect(await verify(store)).toEqual([]);
});
