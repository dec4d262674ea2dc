/** What becomes of a damaged store, and of those who go on with the one in its place. The daemon's own way in is tested last. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { CgiError } from '../../cgi/reply.ts';
import { knownBackups } from '../../daemon/backup/known.ts';
import type { AskMedium } from '../../daemon/backup/pieces.ts';
import { openOrRecover } from '../../daemon/backup/recover.ts';
import { suspect, suspicion } from '../../daemon/backup/suspicion.ts';
import { createLog } from '../../daemon/log.ts';
import { performBackup } from '../../daemon/recordings/backup-steps.ts';
import { openStoreWorker, type StoreClient } from '../../storage/client.ts';
import { fileWork } from '../../storage/file-work.ts';
import { openStoreHere } from '../../storage/here.ts';
import { backupName } from '../../storage/model/backup-name.ts';
import { rowsOf, sqlOn } from '../storage/helper.ts';
import { eventually, startDaemon, type TestDaemon, WORKERS } from '../support/daemon.ts';
import { atFileEnd, temporaryFolder } from '../support/folder.ts';
import { leg, storeOptions } from '../support/legs.ts';

const CALLS = { backedUp: 30, all: 50 };
const NOW = 1_800_000_000;

const line = (n: number) =>
  `"","205","204","ctx","""205"" <205>","SIP/205-${n}","SIP/204-${n}","Dial","x","2026-11-23 23:49:22","2026-11-23 23:49:22","2026-11-23 23:49:25",3,3,"ANSWERED","DOCUMENTATION","1795477762.${n}","Internal"\n`;
const csvUpTo = (calls: number) => Array.from({ length: calls }, (_, n) => line(n)).join('');

const atEnd = atFileEnd();
let template = '';

/** Until each of these calls is there; more of them is a double. */
async function complete(daemon: TestDaemon, calls: number): Promise<void> {
  const rows = async () => {
    const answer = await daemon.json('/cgi/webserve/9006?&startdate=2026-01-01%2000:00');
    const found = (answer['json_array_astcdrs'] as { UniqueID: string }[]).map(
      ({ UniqueID }) => UniqueID.split('.')[1],
    );
    return found.map(Number).sort((a, b) => a - b);
  };
  await eventually(async () => (await rows()).length >= calls);
  expect(await rows()).toEqual(Array.from({ length: calls }, (_, n) => n));
}

beforeAll(async () => {
  // A box with a backup of its first calls, and the rest of them in its store and in the CSV.
  template = temporaryFolder(atEnd);
  writeFileSync(`${template}/Master.csv`, csvUpTo(CALLS.backedUp));
  const first = await startDaemon({}, { folder: template, atEnd });
  await complete(first, CALLS.backedUp);
  expect(await first.json('/healthz')).toMatchObject({ backup: { state: 'none yet', last: null } });
  expect(await first.json('/cgi/webserve/30028?')).toMatchObject({ result: 'success' });
  expect(await first.json('/cgi/webserve/30027?')).toMatchObject({
    json_array_backups: [{ place: 'medium', checksum: 'same', schema: expect.any(Number) }],
    running: false,
    why: '',
  });
  expect(await first.json('/healthz')).toMatchObject({ backup: { state: 'ok', why: '', last: expect.any(String) } });
  await first.close();
  writeFileSync(`${template}/Master.csv`, csvUpTo(CALLS.all));
  const second = await startDaemon({}, { folder: template, atEnd });
  await complete(second, CALLS.all);
  await second.close();
});

/** A box of its own, as that one is. */
function box() {
  const folder = temporaryFolder();
  cpSync(template, folder, { recursive: true });
  const state = `${folder}/state`;
  const medium = `${folder}/recordings/.cdrd/backup`;
  const [name = ''] = readdirSync(medium);
  return { folder, state, store: `${state}/cdrd.db`, medium, name };
}

/** Its store, opened as the daemon opens it. @param inWorker In a thread of its own, whose answers are looked at for damage. */
async function open(
  { folder, state, store: file }: ReturnType<typeof box>,
  { ask, inWorker = false, waitMs = 0 }: OpenOptions = {},
) {
  const log: string[] = [];
  const onMedium: AskMedium = async (step) => performBackup(`${folder}/recordings`, step);
  const deaths: string[] = [];
  const options = storeOptions(state);
  const store = await openOrRecover({
    file,
    stateDir: state,
    log: createLog({ level: 'info', write: (text) => log.push(text), terminal: false }),
    now: () => NOW,
    media: [ask ?? onMedium],
    open: async (onDeath) => (inWorker ? openStoreWorker(options, WORKERS.store, onDeath) : openStoreHere(options)),
    work: async (operation, argument) => fileWork[operation](argument as never) as never,
    onDeath: ({ code }) => deaths.push(code),
    limits: { mediumMs: waitMs, lookMs: 1 },
  });
  onTestFinished(() => store.close());
  return { store, log: () => log.join('\n'), deaths };
}

interface OpenOptions {
  readonly ask?: AskMedium;
  readonly inWorker?: boolean;
  /** For the medium. */
  readonly waitMs?: number;
}

const callsIn = async (store: StoreClient) => (await rowsOf(store, 'call', [['id', 'id']])).length;
const replacedBy = async (store: StoreClient) =>
  ((await store.ask('setting', 'store.replaced')) as { from: string } | null)?.from;
const aside = (state: string) => readdirSync(state).filter((name) => name.startsWith('cdrd.db.corrupt-'));

function ruin(path: string, from: number, to: number): void {
  const content = readFileSync(path);
  content.fill(0xa5, from, to);
  writeFileSync(path, content);
}

describe('damaged while it was off: set aside as it is, and the backup in its place', () => {
  const damage: readonly (readonly [what: string, act: (store: string) => void])[] = [
    ['a garbage header', (store) => ruin(store, 0, 100)],
    ['zero length', (store) => truncateSync(store, 0)],
    ['cut off', (store) => truncateSync(store, 40_960)],
    ['the page of its tables ruined', (store) => ruin(store, 100, 4_096)],
  ];
  test.each(damage)('%s', async (_, act) => {
    const own = box();
    act(own.store);
    const ruined = readFileSync(own.store);
    const { store, log } = await open(own);
    expect(await replacedBy(store)).toBe(own.name);
    expect(await callsIn(store)).toBe(CALLS.backedUp);
    const [kept = ''] = aside(own.state);
    expect(readFileSync(`${own.state}/${kept}`).equals(ruined)).toBe(true);
    expect(log()).toContain('the store is damaged: it is set aside');
  });
});

test('its log is set aside with it, to the byte: opened for writing, the damaged file would have taken it in', async () => {
  const own = box();
  const files = ['', '-wal'];
  await killInMidLife(own);
  const [{ rootpage } = {}] = sqlOn(
    `${own.medium}/${own.name}`,
    "SELECT rootpage FROM sqlite_schema WHERE name = 'contact'",
  );
  ruin(own.store, (Number(rootpage) - 1) * 4_096, Number(rootpage) * 4_096);
  suspect(own.state, 'met while it was in use', NOW);
  const before = files.map((end) => readFileSync(own.store + end));
  const { store } = await open(own);
  expect(await replacedBy(store)).toBe(own.name);
  const [kept = ''] = aside(own.state);
  const after = files.map((end) => readFileSync(`${own.state}/${kept}${end}`));
  expect(after.map((content, n) => content.equals(before[n] ?? Buffer.of()))).toEqual([true, true]);

  /** A call stands in its log alone. */
  async function killInMidLife({ state, store: file }: typeof own): Promise<void> {
    const living = openStoreHere(storeOptions(state));
    await living.write({ kind: 'leg', leg: leg(NOW), source: 'ami' });
    const killed = files.map((end) => readFileSync(file + end));
    await living.close();
    for (const [n, content] of killed.entries()) writeFileSync(file + files[n], content);
  }
});

test('of damaged stores the last three stay: a failing flash must not be filled by them', async () => {
  const own = box();
  const old = ['20200101T000000', '20200101T000000-2', '20200101T000000-10', '20191231T000000'];
  for (const stamp of old) writeFileSync(`${own.state}/cdrd.db.corrupt-${stamp}`, '');
  writeFileSync(`${own.state}/cdrd.db.corrupt-20191231T000000-wal`, '');
  truncateSync(own.store, 0);
  await open(own);
  const kept = ['20200101T000000-10', '20200101T000000-2', '20270115T080000'];
  expect(aside(own.state).sort()).toEqual(kept.map((stamp) => `cdrd.db.corrupt-${stamp}`));
});

test('a store that is not there at all, on a box that has backups, is lost, not new', async () => {
  const own = box();
  rmSync(own.store);
  const { store } = await open(own);
  expect(await replacedBy(store)).toBe(own.name);
  expect(await callsIn(store)).toBe(CALLS.backedUp);
  expect(aside(own.state)).toEqual([]);
});

test('a store that is not there at all, without any backup, has given out numbers all the same', async () => {
  const own = box();
  rmSync(own.medium, { recursive: true });
  rmSync(`${own.state}/backup`, { recursive: true });
  const before = await open(own);
  const { newest } = await before.store.ask('outbox', 0);
  await before.store.close();
  rmSync(own.store);
  const { store } = await open(own);
  expect(await callsIn(store)).toBe(0);
  expect(await replacedBy(store)).toBe('');
  expect((await store.ask('outbox', 0)).newest).toBeGreaterThan(newest);
});

test('a kill in the middle of it is no second damage', async () => {
  const own = box();
  const note = { aside: 'cdrd.db.corrupt-1', from: own.name, because: 'a test', who: 'cdrd', at: NOW, last: null };
  writeFileSync(`${own.store}.staged`, readFileSync(`${own.medium}/${own.name}`));
  writeFileSync(`${own.store}.replacing`, JSON.stringify(note));
  renameSync(own.store, `${own.state}/${note.aside}`);
  const { store, log } = await open(own);
  expect(await callsIn(store)).toBe(CALLS.backedUp);
  expect(log()).not.toContain('damaged');
  expect(aside(own.state)).toEqual([note.aside]);
});

describe('what takes its place', () => {
  test('a backup that is damaged itself, or lies, is passed over for the one before it', async () => {
    const own = box();
    const { state, medium, name } = own;
    const made = `${state}/backup/made.sha256`;
    const sums = readFileSync(made, 'utf8');
    const [spoilt, lying] = [backupName(NOW + 10, 'b0b0b0'), backupName(NOW + 20, 'b0b0b0')];
    writeFileSync(made, sums + sums.replace(name, spoilt) + sums.replace(name, lying));
    for (const later of [spoilt, lying]) {
      writeFileSync(`${medium}/${later}`, readFileSync(`${medium}/${name}`));
      writeFileSync(`${medium}/${later}.sha256`, readFileSync(`${medium}/${name}.sha256`, 'utf8').replace(name, later));
    }
    ruin(`${medium}/${spoilt}`, 8_192, 12_288);
    writeFileSync(`${medium}/${lying}.sha256`, `${'0'.repeat(64)}  ${lying}\n`);
    truncateSync(own.store, 0);
    const { store, log } = await open(own);
    expect(await replacedBy(store)).toBe(name);
    expect(log()).toMatch(new RegExp(`a backup does not serve.*${spoilt}`));
    expect(log()).not.toContain(lying); // not even asked for
  });

  test('the one that was made last, whatever year its name says; a box’s copy where its schema says', async () => {
    const own = box();
    const made = `${own.state}/backup/made.sha256`;
    const sums = readFileSync(made, 'utf8');
    const ahead = backupName(Date.UTC(2036, 0, 1) / 1000, 'b0b0b0');
    writeFileSync(made, sums.replace(own.name, ahead) + sums);
    writeFileSync(`${own.medium}/${ahead}`, readFileSync(`${own.medium}/${own.name}`));
    const sum = readFileSync(`${own.medium}/${own.name}.sha256`, 'utf8').replace(own.name, ahead);
    writeFileSync(`${own.medium}/${ahead}.sha256`, sum);
    writeFileSync(`${own.state}/backup/cdrd-schema1-20370101T000000.db`, 'older by its schema, newer by its name');
    truncateSync(own.store, 0);
    expect(await replacedBy((await open(own)).store)).toBe(own.name);
  });

  test('of another box’s backups nothing is taken: a new store, then', async () => {
    const own = box();
    rmSync(`${own.state}/backup`, { recursive: true });
    truncateSync(own.store, 0);
    const { store } = await open(own);
    expect(await replacedBy(store)).toBe('');
    expect(await callsIn(store)).toBe(0);
  });

  test('a stick that is mounted only later is waited for', async () => {
    const own = box();
    truncateSync(own.store, 0);
    let asked = 0;
    const ask: AskMedium = async (step) => {
      if (asked++ < 3) throw new CgiError('storage_offline', 'nothing is mounted');
      return performBackup(`${own.folder}/recordings`, step);
    };
    const { store, log } = await open(own, { ask, waitMs: 10_000 });
    expect(await replacedBy(store)).toBe(own.name);
    expect(log().match(/waiting for the medium/g)).toHaveLength(1);
  });

  test('a medium that hangs is done without: the box’s own copies serve', async () => {
    const own = box();
    const copy = 'cdrd-schema6-20260101T000000.db';
    mkdirSync(`${own.state}/backup`, { recursive: true });
    writeFileSync(`${own.state}/backup/${copy}`, readFileSync(`${own.medium}/${own.name}`));
    truncateSync(own.store, 0);
    const { store } = await open(own, {
      ask: () => Promise.reject(new Error('the medium did not answer within 15 s')),
    });
    expect(await replacedBy(store)).toBe(copy);
    expect(await callsIn(store)).toBe(CALLS.backedUp);
  });

  test('with backups that all prove bad it ends with a new store, not with a search without end', async () => {
    const own = box();
    ruin(`${own.medium}/${own.name}`, 0, 100);
    truncateSync(own.store, 0);
    expect(await replacedBy((await open(own)).store)).toBe('');
    expect(aside(own.state)).toHaveLength(1);
    expect(await knownBackups(own.state)).toMatchObject(new Map([[own.name, { former: false }]]));
  });

  test('a backup that wasn’t at hand is remembered as one of the lost store', async () => {
    const own = box();
    truncateSync(own.store, 0);
    const ask = () => Promise.reject(new CgiError('storage_offline', 'nothing is mounted'));
    expect(await replacedBy((await open(own, { ask })).store)).toBe('');
    expect((await knownBackups(own.state)).get(own.name)).toMatchObject({ former: true });
  });
});

describe('damage met while it is in use', () => {
  test('is noted; the next start reads all of it', async () => {
    const own = box();
    // Opening doesn't look there; who asks for the phone book does.
    const [{ rootpage } = {}] = sqlOn(own.store, "SELECT rootpage FROM sqlite_schema WHERE name = 'contact'");
    ruin(own.store, (Number(rootpage) - 1) * 4_096, Number(rootpage) * 4_096);
    const { store, deaths } = await open(own, { inWorker: true });
    expect(await replacedBy(store)).toBeUndefined();
    await expect(store.ask('contactCount')).rejects.toMatchObject({ code: 'corrupt' });
    await expect(store.ask('contactCount')).rejects.toMatchObject({ code: 'corrupt' });
    expect(deaths).toEqual(['corrupt']);
    await store.close();
    const next = await open(own);
    expect(next.log()).toContain('read from end to end');
    expect(await replacedBy(next.store)).toBe(own.name);
    expect(suspicion(own.state)).toBeNull();
  });

  test('in a write, too', async () => {
    const own = box();
    const [{ rootpage } = {}] = sqlOn(own.store, "SELECT rootpage FROM sqlite_schema WHERE name = 'contact'");
    ruin(own.store, (Number(rootpage) - 1) * 4_096, Number(rootpage) * 4_096);
    const { store, deaths } = await open(own, { inWorker: true });
    const audit = { who: 'admin', address: '', action: 'test', detail: {} };
    const contacts = [{ number: '1', name: 'a', group: '' }];
    await expect(store.write({ kind: 'contacts', contacts, audit })).rejects.toMatchObject({ code: 'corrupt' });
    expect(deaths).toEqual(['corrupt']);
  });

  test('that reading finds nothing of is believed when it is met again soon, or it would start and end for ever', async () => {
    const own = box();
    suspect(own.state, 'met once', NOW);
    const first = await open(own);
    expect(first.log()).toContain('whole all the same');
    expect(await replacedBy(first.store)).toBeUndefined();
    await first.store.close();
    suspect(own.state, 'met much later', NOW + 7 * 86_400);
    expect(suspicion(own.state)).toMatchObject({ again: false });
    const second = await open(own);
    expect(await replacedBy(second.store)).toBeUndefined();
    await second.store.close();
    suspect(own.state, 'met again', NOW + 7 * 86_400 + 60);
    const third = await open(own);
    expect(await replacedBy(third.store)).toBe(own.name);
    expect(existsSync(`${own.store}.suspect`)).toBe(false);
  });
});

test('the daemon: with what Asterisk still has every call is there once, and everybody who looks is told', async () => {
  const { folder, state, store, name } = box();
  ruin(store, 0, 100);
  const daemon = await startDaemon({}, { folder });
  expect(await daemon.json('/healthz')).toMatchObject({
    status: 'ok',
    store: { replaced: { by: name, because: expect.stringContaining('not a database') } },
  });
  expect(await (await daemon.get('/metrics')).text()).toMatch(/cdrd_store_replaced_timestamp_seconds \d{10}\n/);
  await complete(daemon, CALLS.all);
  const [kept = ''] = aside(state);
  const { json_array_audit: audit } = await daemon.json('/cgi/webserve/30018?');
  const detail = expect.objectContaining({ from: name, aside: kept });
  expect(audit).toContainEqual(expect.objectContaining({ who: 'cdrd', action: 'store.replaced', detail }));
  await daemon.close();
  const again = await startDaemon({}, { folder });
  await complete(again, CALLS.all);
  expect(aside(state)).toEqual([kept]);
});
