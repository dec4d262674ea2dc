/**
 * A migration that is killed, in each of its stages: the next start finishes it, from the old schema or the new one but
 * never from something between, and the copy taken before is whole.
 */
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../daemon/config.ts';
import { storeOptions } from '../../daemon/state.ts';
import { openStoreHere } from '../../storage/here.ts';
import { openDatabase } from '../../storage/sql/database.ts';
import { migrations } from '../../storage/sql/migration/migrations.ts';
import { seededRandom } from '../simulator/random.ts';
import { temporaryFolder } from '../support/folder.ts';
import { leg } from '../support/legs.ts';
import { NODE_FLAGS } from '../support/production.ts';
import { audit } from './audit.ts';
import { boxEnv, type Folders, folders } from './box.ts';
import { type Disk, type How, killAt, type Operation, slowDisk } from './disk.ts';
import { emptyLedger, type Ledger, recordName } from './peer.ts';
import { stageOf, waysOf } from './stage.ts';

const SEED = Number(process.env['CDRD_TEST_SEED'] ?? 20261124);
const CHILD = fileURLToPath(new URL('migrate.child.ts', import.meta.url));
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const OLD = migrations.length;
const CALLS = 40;

/** A store of the released schema with some calls in it. */
async function oldStore(root: string, ledger: Ledger): Promise<Folders> {
  const place = folders(root);
  mkdirSync(place.state);
  const store = openStoreHere(storeOptions(loadConfig(null, boxEnv(place, 0))));
  for (let call = 0; call < CALLS; call++) {
    const record = leg(1_620_000_000 + call * 10, { sequence: call });
    await store.write({ kind: 'leg', leg: record, source: 'ami' });
    ledger.sent.push(recordName(record.uniqueId, call));
    ledger.acknowledged.add(recordName(record.uniqueId, call));
  }
  for (const group of await store.ask('openGroups')) await store.write({ kind: 'close', group });
  await store.close();
  return place;
}

function migrate(
  place: Folders,
  disk: Disk | null,
): Promise<{ code: number | null; signal: string | null; log: string }> {
  const child = spawn(process.execPath, [...NODE_FLAGS, '--import', 'tsx', CHILD, place.state], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'] ?? '', ...disk?.env },
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 30_000,
  });
  let log = '';
  child.stderr.on('data', (text) => {
    log += text;
  });
  return new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal, log })));
}

interface Place {
  readonly operation: Operation;
  readonly nth: number;
  readonly how: How;
}

/** Each stage of a migration that nobody kills, and its places. */
function stagesOf(operations: readonly Operation[]): Map<string, Place[]> {
  const stages = new Map<string, Place[]>();
  operations.forEach((operation, index) => {
    const stage = stageOf(operations, index);
    if (stage === null) return;
    const before = operations.slice(0, index + 1);
    const nth = before.filter(({ kind, path }) => kind === operation.kind && path === operation.path).length;
    const places = stages.get(stage) ?? [];
    stages.set(stage, [...places, ...waysOf(operation).map((how) => ({ operation, nth, how }))]);
  });
  return stages;
}

/** The schema of a database file; opening it recovers it, so it is done on a copy. */
function schemaOf(file: string, copy: string): number {
  cpSync(file, copy);
  const database = openDatabase(copy);
  try {
    expect(database.all('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
    return Number(database.first('PRAGMA user_version')?.['user_version']);
  } finally {
    database.close();
  }
}

describe('a migration killed', () => {
  test('in any of its stages is finished by the next start', { timeout: 240_000 }, async () => {
    const random = seededRandom(SEED);
    const root = temporaryFolder();
    const ledger = emptyLedger();
    const old = await oldStore(join(root, 'old'), ledger);
    const copied = (name: string): Folders => {
      cpSync(old.root, join(root, name), { recursive: true });
      return folders(join(root, name));
    };
    const surveyed = copied('survey');
    const disk = slowDisk(surveyed.state, surveyed.root);
    expect(await migrate(surveyed, disk)).toMatchObject({ code: 0 });
    const stages = stagesOf(disk.read().operations.map(stampless));
    expect([...stages.keys()]).toEqual(expect.arrayContaining(['backup: rename', 'WAL: page', 'WAL: fsync']));

    const rows: string[] = [];
    for (const [stage, places] of stages) {
      const place = copied(`room-${rows.length}`);
      const { operation, nth, how } = random.pick(places);
      const killing = slowDisk(place.state, place.root);
      killing.plan(killAt(operation, place.state, nth, how));
      const killed = await migrate(place, killing);
      expect({ stage, signal: killed.signal, log: killed.log }).toEqual({ stage, signal: 'SIGKILL', log: '' });
      const left = audit(place, ledger);
      expect({ stage, code: (await migrate(place, null)).code }).toEqual({ stage, code: 0 });
      const stays = audit(place, ledger);
      for (const { losses, doubles, faults } of [left, stays])
        expect({ stage, losses, doubles, faults }).toEqual({ stage, losses: [], doubles: [], faults: [] });
      const copy = (name: string) => join(place.root, `opened-${name}`);
      expect(schemaOf(join(place.state, 'cdrd.db'), copy('store.db'))).toBe(OLD + 1);
      const backups = readdirSync(join(place.state, 'backup'));
      expect(backups.length).toBeGreaterThan(0);
      expect({ stage, unfinished: backups.filter((name) => !name.endsWith('.db')) }).toEqual({ stage, unfinished: [] });
      for (const name of backups) expect(schemaOf(join(place.state, 'backup', name), copy(name))).toBe(OLD);
      rows.push(`migration · ${stage} · ${how}`);
    }
    console.log(`seed ${SEED}: killed once, nothing lost, nothing twice:\n${rows.join('\n')}`);
  });
});

/** A backup's name holds its time: a plan can only name its end. */
function stampless(operation: Operation): Operation {
  return { ...operation, path: operation.path.replace(/^backup\/.*(\.db(\.part)?)$/, 'backup/*$1') };
}
