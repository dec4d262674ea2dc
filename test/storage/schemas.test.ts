/**
 * A store of each schema that there ever was, made by the code of then (fixtures/README.md), meets today's daemon: a copy is
 * made first, every row, recording and setting is there, and it answers what its own version had answered.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { askDaemon } from '../../daemon/control/client.ts';
import { migrations } from '../../storage/sql/migration/migrations.ts';
import { HEADER_BYTES, wavHeader } from '../simulator/wav.ts';
import { eventually, logIn, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { emptyStore } from '../support/empty-store.ts';
import { temporaryFolder } from '../support/folder.ts';
import { storeOptions } from '../support/legs.ts';
import { type Fixture, type Listing, readFixture, unpacked } from './fixtures/fixture.ts';
import { SCHEMAS } from './fixtures/schemas.ts';
import { sqlOn } from './helper.ts';

const ALL = 'startdate=2000-01-01 00:00&limit=1000&order=asc';

test('there is one of each', () => expect(SCHEMAS).toHaveLength(migrations.length));

test.each(SCHEMAS.map((_, index) => index + 1))('schema %i', { timeout: 60_000 }, async (schema) => {
  const fixture = readFixture(schema);
  const folder = temporaryFolder();
  layOut(fixture, folder);
  const deletes = fixture.done.some((deed) => deed.startsWith('9004 '));
  const trashThen = deletes ? sqlOn(join(folder, 'then.db'), IN_TRASH)[0]?.['trash'] : '[]';
  const daemon = await startDaemon({ CDRD_ASTERISK_CDR_CSV: `${folder}/cdrd.csv` }, { folder });

  expectCopy(fixture, folder);
  expect(rowsIn(fixture.calls)).toEqual(await answered(daemon, 9006, 'json_array_astcdrs', fixture.calls));
  await expectRecordings(fixture, daemon);
  await expectDeeds(fixture, daemon);
  const verified = await askDaemon(`${folder}/run`, { command: 'verify' }, async () => {});
  expect(verified).toMatch(/: all agree$/m);

  await daemon.close();
  const tables = KEPT.filter((name) => name in fixture.rows);
  const [left] = sqlOn(
    join(folder, 'state/cdrd.db'),
    `SELECT (${SCHEMA}) AS objects, (SELECT integrity_check FROM pragma_integrity_check) AS integrity,
       (${IN_TRASH}) AS trash, ${tables.map((name) => `(SELECT count(*) FROM ${name}) AS ${name}`).join(', ')}`,
  );
  expect(left).toMatchObject({ objects: today(), integrity: 'ok', trash: trashThen });
  const fewer = tables.filter((name) => Number(left?.[name]) < (fixture.rows[name] ?? 0));
  expect(fewer).toEqual([]);
});

/** Tables that lose no row while a box starts. */
const KEPT = [
  'leg',
  'recording',
  'audit',
  'outbox',
  'user',
  'contact',
  'api_key',
  'saved_view',
  'recording_policy',
  'share',
];

/** Calls that were deleted and may still be brought back. */
const IN_TRASH = 'SELECT json_group_array(id) AS trash FROM (SELECT id FROM call WHERE trash IS NOT NULL ORDER BY id)';

/** Every table, index and trigger as it was declared. */
const SCHEMA =
  "SELECT json_group_array(sql) FROM (SELECT sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name)";

/** That of a new store. */
let objects: unknown;
function today(): unknown {
  objects ??= sqlOn(emptyStore(storeOptions(temporaryFolder())).file, `SELECT (${SCHEMA}) AS objects`)[0]?.['objects'];
  return objects;
}

function layOut({ schema, state, medium, wavs }: Fixture, folder: string): void {
  const put = (path: string, content: string | Buffer, mode: number) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true, mode: 0o750 });
    writeFileSync(join(folder, path), content, { mode });
  };
  for (const [path, text] of Object.entries(state)) put(join('state', path), text, 0o600);
  for (const [path, text] of Object.entries(medium)) put(join('recordings', path), text, 0o640);
  for (const [path, bytes, mtimeMs] of wavs) {
    const data = bytes - HEADER_BYTES;
    put(join('recordings', path), Buffer.concat([wavHeader(data), Buffer.alloc(data)]), 0o640);
    utimesSync(join(folder, 'recordings', path), mtimeMs / 1000, mtimeMs / 1000);
  }
  put('state/cdrd.db', unpacked(schema, 'db.gz'), 0o600);
  put('then.db', unpacked(schema, 'db.gz'), 0o600);
  put('cdrd.csv', unpacked(schema, 'csv.gz'), 0o640);
}

/** It is the store that came, byte for byte, and the only one. */
function expectCopy({ schema }: Fixture, folder: string): void {
  const backups = join(folder, 'state/backup');
  const copies = existsSync(backups) ? readdirSync(backups).filter((name) => name.endsWith('.db')) : [];
  if (schema === migrations.length) expect(copies).toEqual([]);
  else {
    expect(copies).toEqual([expect.stringMatching(new RegExp(`^cdrd-schema${schema}-\\d{8}T\\d{6}\\.db$`))]);
    expect(readFileSync(join(backups, copies[0] ?? '')).equals(unpacked(schema, 'db.gz'))).toBe(true);
  }
}

function rowsIn({ fields, rows }: Listing): Record<string, unknown>[] {
  const filled = (row: readonly unknown[]) =>
    fields.map((name, index) => [name, row[index]]).filter(([, value]) => value !== null);
  return rows.map((row) => Object.fromEntries(filled(row)));
}

/** Those rows and fields of today's answer that the earlier one had, in its order. */
async function answered(daemon: TestDaemon, number: number, list: string, then: Listing) {
  const key = then.fields.includes('id') ? 'id' : 'path';
  const at = then.fields.indexOf(key);
  const rows = (await daemon.json(`/cgi/webserve/${number}?&${ALL}`))[list] as Record<string, unknown>[];
  const known = new Set(then.rows.map((row) => row[at]));
  return rows
    .filter((row) => known.has(row[key]))
    .map((row) => Object.fromEntries(then.fields.filter((name) => name in row).map((name) => [name, row[name]])));
}

/** All those that the earlier version listed; and each one plays, so its file is found. */
async function expectRecordings({ recordings }: Fixture, daemon: TestDaemon): Promise<void> {
  expect(rowsIn(recordings)).toEqual(await answered(daemon, 20053, 'json_array_recordings', recordings));
  const path = String(recordings.rows[0]?.[recordings.fields.indexOf('path')]);
  // A daemon that has just begun may not have looked at its medium yet: until then it plays nothing (503).
  const mounted = async () => ((await daemon.json('/healthz'))['recordings'] as { state: string }).state === 'mounted';
  await eventually(mounted, 30);
  const play = await daemon.get(`/cgi/webserve/20036?&wavefiles=${encodeURIComponent(path)}`);
  expect([play.status, (await play.arrayBuffer()).byteLength > HEADER_BYTES]).toEqual([200, true]);
}

/** What the client had done is still so. */
async function expectDeeds({ done, settings, recordings }: Fixture, daemon: TestDaemon): Promise<void> {
  const did = (number: number) => done.filter((deed) => deed.startsWith(`${number} `));
  const list = async (number: number, name: string) =>
    (await daemon.json(`/cgi/webserve/${number}`))[`json_array_${name}`] as Record<string, unknown>[];
  const now = Object.fromEntries((await list(30016, 'settings')).map(({ name, value }) => [name, value]));
  expect(now).toMatchObject(settings);
  if (did(30008).length > 0) expect(await logIn(daemon.url, 'night.desk', 'admin')).toMatch(/\S{20}/);
  if (did(30011).length > 0) expect(await list(30010, 'keys')).toMatchObject([{ name: 'crm', role: 'monitor' }]);
  if (did(30014).length > 0)
    expect(await list(30013, 'contacts')).toMatchObject([
      { number: '+493012345678', name: 'Åse' },
      { number: '204', name: 'Ærø, "Kontoret"', group: 'office' },
    ]);
  if (did(30042).length > 0) expect(await list(30041, 'views')).toMatchObject([{ name: 'Missed', shared: true }]);
  const deletions = await daemon.json('/cgi/webserve/30004');
  expect(deletions['json_array_deletions']).toHaveLength(did(9004).length + did(20054).length);
  for (const deed of did(20054)) {
    const path = new URLSearchParams(deed.slice(6)).get('wavefiles');
    expect(recordings.rows.map((row) => row[recordings.fields.indexOf('path')])).not.toContain(path);
  }
}
