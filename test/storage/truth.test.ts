/** The truth report over a store: which finding each call and each file is, that what can't be known is told as unknown. */
import { expect, onTestFinished, test } from 'vitest';
import type { StoreClient } from '../../storage/client.ts';
import type { Field } from '../../storage/filter.ts';
import { openStoreHere } from '../../storage/here.ts';
import type { CallType, Leg } from '../../storage/model/leg.ts';
import { codesOf, FINDINGS, TRUTH_KINDS, type TruthKind } from '../../storage/model/truth.ts';
import { openDatabase } from '../../storage/sql/database.ts';
import type { RecordingFile } from '../../storage/sql/recording.ts';
import { keepPolicy } from '../../storage/sql/recording-policy.ts';
import { emptyStore } from '../support/empty-store.ts';
import { temporaryFolder } from '../support/folder.ts';
import { FIRST_MEDIUM, leg, storeOptions } from '../support/legs.ts';
import { textOf } from '../support/page.ts';
import { put, shut } from './helper.ts';

const START = 1_719_082_110;
const BY = { who: 'admin', address: '192.0.2.7' };
const RECORDED: readonly CallType[] = ['Internal', 'Inbound', 'Outbound'];
const CALL_FIELDS: readonly Field[] = [
  ['uniqueid', 'uniqueId'],
  ['code', 'code'],
  ['sure', 'sure'],
  ['who', 'who'],
  ['when', 'when'],
];
const FILE_FIELDS: readonly Field[] = [
  ['path', 'path'],
  ['code', 'code'],
  ['sure', 'sure'],
  ['uniqueid', 'uniqueId'],
  ['apart', 'apart'],
  ['repairable', 'repairable'],
];
const ofCalls = (kind: TruthKind) => ['missing', 'unknown', 'explained'].includes(kind);

/** @param told When Asterisk was told to record what, before the store is opened. */
function fresh(...told: readonly (readonly [at: number, kinds: readonly CallType[]])[]) {
  const options = emptyStore(storeOptions(temporaryFolder()));
  const database = openDatabase(options.file);
  for (const [at, kinds] of told) keepPolicy(database, kinds, at);
  database.close();
  const store = openStoreHere(options);
  onTestFinished(() => store.close());
  return store;
}

async function findings(store: StoreClient, kind: TruthKind): Promise<Record<string, string>[]> {
  const rows: Record<string, string>[] = [];
  const filter = { kind, codes: codesOf(kind), start: {}, wall: {} };
  const fields = ofCalls(kind) ? CALL_FIELDS : FILE_FIELDS;
  for await (const page of store.pages('truth', { filter, fields, order: 'asc' }))
    rows.push(...(JSON.parse(`[${textOf(page)}]`) as Record<string, string>[]));
  let counted = 0;
  for await (const step of store.count('truth', filter)) counted += step.rows;
  const tally = new Map<string, number>();
  for await (const { codes } of store.tally(filter))
    for (const [code, count] of codes) tally.set(code, (tally.get(code) ?? 0) + count);
  expect(counted).toBe(rows.length);
  expect([...tally.values()].reduce((sum, count) => sum + count, 0)).toBe(rows.length);
  for (const { code = '' } of rows) expect(FINDINGS[code]?.kind).toBe(kind);
  return rows;
}

const codes = async (store: StoreClient, kind: TruthKind) =>
  (await findings(store, kind)).map((row) => [row['uniqueid'] || row['path'], row['code']]);

/** A call of its own, `n` minutes after the first. */
function call(n: number, change: Partial<Leg> = {}): Leg {
  const start = START + n * 60;
  return leg(start, { callType: 'Internal', talkStart: start + 2, ...change });
}
const path = (n: number, shift = 0) => {
  const answer = START + n * 60 + 2 + shift;
  return `20240622/20240622-010000-${answer}-Internal-205-204.wav`;
};
const naming = (n: number) => ({ recordingFile: `/media/usbStorage/monitor/${path(n).replace(/\.wav$/, '')}` });
const file = (of: string, change: Partial<RecordingFile> = {}): RecordingFile => ({
  path: of,
  size: 48_044,
  mtimeMs: START * 1_000,
  seconds: 3,
  state: 'ok',
  ...change,
});

async function calls(store: StoreClient, ...legs: readonly Leg[]) {
  for (const each of legs) {
    await put(store, each);
    await shut(store, each);
  }
}
const found = (store: StoreClient, ...files: readonly RecordingFile[]) =>
  store.write({ kind: 'recordings', medium: FIRST_MEDIUM, files });
const medium = (store: StoreClient, state: string, id: number | null) =>
  store.write({ kind: 'mediumChanged', change: { state, why: '', writable: true, device: '8:1', medium: id } });

async function deleted(store: StoreClient, of: string, state: 'deleted' | 'erased') {
  const { deletion } = await store.write({
    kind: 'deletion',
    deletion: { kind: 'recording', ...BY, expiresAt: START, content: [of], medium: FIRST_MEDIUM },
    audit: { ...BY, action: 'recordings.delete', detail: {} },
  });
  const id = deletion?.id ?? 0;
  await store.write({ kind: 'trash', step: { id, from: 'deleting', state, progress: null, hide: [of] } });
}

test('a call whose record names a file: where that file is', async () => {
  const store = fresh([START - 100, RECORDED]);
  await calls(store, ...[0, 1, 2, 3, 4].map((n) => call(n, naming(n))));
  await found(store, file(path(0)), file(path(2)), file(path(3)), file(path(4)));
  await store.write({ kind: 'gone', medium: FIRST_MEDIUM, paths: [path(2)] });
  await deleted(store, path(3), 'deleted');
  await deleted(store, path(4), 'erased');
  expect(await codes(store, 'missing')).toEqual([
    [`${START + 60}.0`, 'missing'],
    [`${START + 120}.0`, 'gone'],
  ]);
  const explained = await findings(store, 'explained');
  expect(explained).toMatchObject([
    { uniqueid: `${START + 180}.0`, code: 'in_trash', who: 'admin', sure: 'certain' },
    { uniqueid: `${START + 240}.0`, code: 'erased', who: 'admin' },
  ]);
  expect(explained[0]?.['when']).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  expect(await codes(store, 'unknown')).toEqual([]);
});

test('a file on a medium that is not in place is explained, not missing', async () => {
  const store = fresh();
  await calls(store, call(0, naming(0)));
  await found(store, file(path(0)));
  await medium(store, 'mounted', FIRST_MEDIUM);
  expect(await codes(store, 'explained')).toEqual([]);
  await medium(store, 'absent', null);
  expect(await codes(store, 'explained')).toEqual([[`${START}.0`, 'elsewhere']]);
  const { medium: other } = await store.write({ kind: 'mediumSeen', mark: 'the first one' });
  const { medium: another } = await store.write({ kind: 'mediumSeen', mark: 'another stick' });
  await medium(store, 'mounted', another);
  expect(await codes(store, 'explained')).toEqual([[`${START}.0`, 'elsewhere']]);
  await store.write({ kind: 'recordings', medium: another ?? 0, files: [file(path(0))] });
  expect(await codes(store, 'explained')).toEqual([]);
  await medium(store, 'mounted', other);
  expect(await codes(store, 'explained')).toEqual([]);
  expect(await codes(store, 'missing')).toEqual([]);
});

test('a call that has just ended is waited for; one from when the medium was away says so', async () => {
  const store = fresh();
  const now = Math.floor(Date.now() / 1000);
  const recent = leg(now - 60, { recordingFile: '/media/usbStorage/monitor/20240622/new' });
  const old = leg(now - 3_600, { recordingFile: '/media/usbStorage/monitor/20240622/old' });
  await calls(store, old, recent);
  expect(await codes(store, 'unknown')).toEqual([[recent.uniqueId, 'awaited']]);
  expect(await codes(store, 'missing')).toEqual([[old.uniqueId, 'missing']]);
  await medium(store, 'absent', null);
  const away = leg(now + 3_600, { recordingFile: '/media/usbStorage/monitor/20240622/away' });
  await calls(store, away);
  expect(await codes(store, 'missing')).toEqual([
    [old.uniqueId, 'missing'],
    [away.uniqueId, 'medium_away'],
  ]);
});

test('a call that names none: by what Asterisk had been told to record when it was answered', async () => {
  const store = fresh([START + 90, RECORDED], [START + 590, []]);
  await calls(
    store,
    call(0), // before anything was told
    call(2), // asked, and its kind was recorded
    call(3, { callType: 'Conference' }), // its kind was not
    call(4, { callType: null, talkStart: null }), // the dialplan never asked
    call(5, { disposition: 'NO ANSWER', answer: null, talkStart: null }), // nothing to record
    call(20), // nothing was recorded any more
  );
  expect(await codes(store, 'missing')).toEqual([
    [`${START + 120}.0`, 'not_named'],
    [`${START + 240}.0`, 'not_asked'],
  ]);
  expect(await codes(store, 'unknown')).toEqual([[`${START}.0`, 'policy_unknown']]);
});

test('a change of the policy within seconds of the answer, and a clock that was not set, leave it unknown', async () => {
  const store = fresh([100, RECORDED], [START, RECORDED], [START + 60 * 10, []]);
  const in1970 = leg(1_000, { callType: 'Internal', talkStart: 1_002 });
  await calls(store, in1970, call(10));
  expect(await codes(store, 'unknown')).toEqual([
    [in1970.uniqueId, 'policy_unknown'],
    [`${START + 600}.0`, 'policy_unknown'],
  ]);
  expect(await codes(store, 'missing')).toEqual([]);
});

test('a transfer’s second talk without a file of its own may stand in the first one’s', async () => {
  const store = fresh([START - 100, RECORDED]);
  const first = call(0, naming(0));
  const second = leg(START + 5, {
    linkedId: first.linkedId,
    uniqueId: `${START + 5}.7`,
    sequence: 7,
    channel: 'SIP/205-00000000',
    destinationChannel: 'SIP/206-00000009',
    destination: '206',
    callType: 'Internal',
    talkStart: START + 7,
  });
  await put(store, first);
  await put(store, second);
  await shut(store, first);
  await found(store, file(path(0)));
  expect((await findings(store, 'unknown')).map(({ code }) => code)).toEqual(['other_part']);
  expect(await codes(store, 'missing')).toEqual([]);
});

test('a record that names a file where no recording lies says so, whatever was to be recorded', async () => {
  const store = fresh([START - 100, RECORDED]);
  await calls(store, call(0, { recordingFile: '/var/spool/asterisk/monitor/out-205-204' }));
  expect(await codes(store, 'unknown')).toEqual([[`${START}.0`, 'foreign']]);
  expect(await codes(store, 'missing')).toEqual([]);
});

test('files of no call; those from before the first call are none of ours', async () => {
  const store = fresh();
  await found(
    store,
    file(path(-1)),
    file(path(5)),
    file('20240622/strange.wav', { mtimeMs: (START + 86_400) * 1_000 }),
  );
  expect(await codes(store, 'nocall')).toEqual([]);
  await calls(store, call(0));
  // The store says that it has just found them: their call may still be coming.
  expect((await codes(store, 'nocall')).map(([, code]) => code)).toEqual(['call_awaited', 'call_awaited']);
});

test('files of no call, found long ago', async () => {
  const options = emptyStore(storeOptions(temporaryFolder()));
  const store = openStoreHere(options);
  await calls(store, call(0));
  await found(store, file(path(5)), file('20240622/strange.wav', { mtimeMs: (START + 86_400) * 1_000 }));
  await store.close();
  const database = openDatabase(options.file);
  database.run('UPDATE recording SET found_at = ?', [START]);
  database.close();
  const again = openStoreHere(options);
  onTestFinished(() => again.close());
  expect(await codes(again, 'nocall')).toEqual([
    [path(5), 'no_call'],
    ['20240622/strange.wav', 'no_moment'],
  ]);
});

test('empty and damaged files, each with what is wrong and whether it can be mended', async () => {
  const store = fresh();
  await found(
    store,
    file(path(1)),
    file(path(2), { state: 'empty', fault: 'no_sound' }),
    file(path(3), { state: 'damaged', fault: 'header_zero' }),
    file(path(4), { state: 'damaged' }),
  );
  expect(await findings(store, 'broken')).toMatchObject([
    { path: path(2), code: 'no_sound', repairable: 'no' },
    { path: path(3), code: 'header_zero', repairable: 'yes' },
    { path: path(4), code: 'not_noted', repairable: 'no' },
  ]);
  await found(store, file(path(3)));
  expect((await codes(store, 'broken')).map(([of]) => of)).toEqual([path(2), path(4)]);
});

test('how sure each match is', async () => {
  const store = fresh();
  await calls(
    store,
    call(0, naming(0)),
    call(1),
    call(2, naming(3)), // a name that is a minute off
    call(4, naming(4)),
    call(5, naming(4)), // two records name one file
  );
  await found(store, file(path(0)), file(path(1, 1)), file(path(3)), file(path(4)));
  expect(await findings(store, 'match')).toMatchObject([
    { path: path(0), code: 'named', sure: 'certain', apart: '0', uniqueid: `${START}.0` },
    { path: path(1, 1), code: 'near', sure: 'likely', apart: '1', uniqueid: `${START + 60}.0` },
    { path: path(3), code: 'named_apart', sure: 'doubtful', apart: '60' },
    { path: path(4), code: 'shared', sure: 'doubtful' },
  ]);
});

test('every code is of a kind, with words that tell it from the others', () => {
  expect(TRUTH_KINDS.flatMap((kind) => codesOf(kind)).sort()).toEqual(Object.keys(FINDINGS).sort());
  const reasons = Object.values(FINDINGS).map(({ reason }) => reason);
  expect(new Set(reasons).size).toBe(reasons.length);
});
