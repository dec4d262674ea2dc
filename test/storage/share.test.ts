/** Shares as they rest: found by hash alone, counted, and gone some time after their end. */
import { expect, onTestFinished, test } from 'vitest';
import { openStoreHere } from '../../storage/here.ts';
import type { NewShare } from '../../storage/sql/share.ts';
import { emptyStore } from '../support/empty-store.ts';
import { temporaryFolder } from '../support/folder.ts';
import { storeOptions } from '../support/legs.ts';

const NOON = 1_620_417_600;
const DAY = 86_400;

function open() {
  const store = openStoreHere(emptyStore(storeOptions(temporaryFolder(onTestFinished))));
  onTestFinished(() => store.close());
  const audit = { who: 'admin', address: '', action: 'share.made', detail: {} };
  const make = async (change: Partial<NewShare> = {}, most = 10) => {
    const share: NewShare = {
      ...{ kind: 'public', hash: 'a'.repeat(64), calls: [3, 1], recordings: true, who: 'admin' },
      ...{ createdAt: NOON, endsAt: NOON + DAY },
      ...change,
    };
    return (await store.write({ kind: 'share', share, most, audit })).share;
  };
  return { store, make };
}

test('one is found by its hash, as it was made, and listed until its end', async () => {
  const { store, make } = open();
  const id = await make();
  const share = {
    ...{ id, kind: 'public', hash: 'a'.repeat(64), calls: [3, 1], recordings: true, who: 'admin' },
    ...{ createdAt: NOON, endsAt: NOON + DAY, usedAt: null },
  };
  expect(await store.ask('shareByHash', 'a'.repeat(64))).toEqual(share);
  expect(await store.ask('shareByHash', 'b'.repeat(64))).toBeNull();
  expect(await store.ask('shares', NOON + DAY - 1)).toEqual([share]);
  expect(await store.ask('shares', NOON + DAY)).toEqual([]);
  await store.write({ kind: 'shareUsed', id: id ?? 0, at: NOON + 5 });
  expect(await store.ask('shareByHash', 'a'.repeat(64))).toMatchObject({ usedAt: NOON + 5 });
});

test('one too many is not kept, and has no line in the audit log; those whose time is over do not count', async () => {
  const { store, make } = open();
  expect(await make({ hash: '1'.repeat(64) }, 2)).toBe(1);
  expect(await make({ hash: '2'.repeat(64), endsAt: NOON + 2 * DAY }, 2)).toBe(2);
  expect(await make({ hash: '3'.repeat(64) }, 2)).toBeNull();
  const later = { hash: '4'.repeat(64), createdAt: NOON + DAY, endsAt: NOON + 3 * DAY };
  expect(await make(later, 2)).toBe(3);
  const { entries } = await store.ask('auditEntries', { before: null, limit: 10 });
  expect(entries.map(({ detail }) => detail)).toEqual([{ id: 3 }, { id: 2 }, { id: 1 }]);
});

test('a clock that was ahead for some days has taken none', async () => {
  const { store, make } = open();
  const id = await make();
  const ahead = NOON + 20 * DAY;
  expect(await make({ hash: 'b'.repeat(64), createdAt: ahead, endsAt: ahead + DAY })).toBe(2);
  expect(await store.ask('shareByHash', 'a'.repeat(64))).toMatchObject({ id });
});

test.each([
  ['an account', 'anna', { kind: 'userGone', name: 'anna' }],
  ['a key', 'key:crm', { kind: 'apiKeyGone', id: 'k1' }],
] as const)('those of %s go with it, and no others', async (_, who, gone) => {
  const { store, make } = open();
  const audit = { who: 'admin', address: '', action: 'x', detail: {} };
  await store.write({ kind: 'user', user: { name: 'anna', role: 'admin', hash: 'x', isInitial: false }, audit });
  const key = { id: 'k1', name: 'crm', role: 'admin', numbers: null, scopes: [], hash: 'x', who: 'admin' } as const;
  await store.write({ kind: 'apiKey', key: { ...key, createdAt: NOON, endsAt: null, usedAt: null }, audit });
  await make({ who });
  for (const [index, other] of ['admin', 'crm', 'key:anna', 'k1', 'key:crm2'].entries())
    await make({ who: other, hash: String(index).repeat(64) });
  expect((await store.write({ ...gone, audit })).removed).toBe(1);
  expect(await store.ask('shareByHash', 'a'.repeat(64))).toBeNull();
  expect((await store.ask('shares', NOON)).map((share) => share.who)).toHaveLength(5);
});

test('long after its end it is gone when another is made; an id is never given again', async () => {
  const { store, make } = open();
  await make();
  const much = NOON + 40 * DAY;
  expect(await make({ hash: 'b'.repeat(64), createdAt: much, endsAt: much + DAY })).toBe(2);
  expect(await store.ask('shareByHash', 'a'.repeat(64))).toBeNull();
  const gone = {
    kind: 'shareGone',
    id: 2,
    audit: { who: 'admin', address: '', action: 'share.revoked', detail: {} },
  } as const;
  expect((await store.write(gone)).removed).toBe(1);
  expect((await store.write(gone)).removed).toBe(0);
  expect(await make()).toBe(3);
});
