/**
 * An older cdrd on the store of a newer one: it says so, ends with 78 and touches nothing, whatever it was asked; and how
 * a technician goes back. The newer one is today's with a migration more.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { COMMANDS } from '../daemon/command/all.ts';
import { loadConfig } from '../daemon/config.ts';
import { storeOptions } from '../daemon/state.ts';
import { openStoreHere } from '../storage/here.ts';
import { migrations } from '../storage/sql/migration/migrations.ts';
import { NEXT } from './fault/next-schema.ts';
import { put } from './storage/helper.ts';
import { atFileEnd, temporaryFolder } from './support/folder.ts';
import { leg } from './support/legs.ts';
import { NODE_FLAGS } from './support/production.ts';

const PROGRAM = new URL('.build/cdrd.mjs', import.meta.url).pathname;
const NOON = 1_619_082_110;
const OURS = migrations.length;
const SAYS = `the store has schema ${OURS + 1}, this cdrd knows up to ${OURS}: install the newer cdrd again, or go back by cdrd restore --latest`;

/** Every command that opens the store, as somebody would give it. */
const ASKED: Readonly<Record<string, readonly (readonly string[])[]>> = {
  run: [[]],
  user: [
    ['set', 'admin', '--role', 'admin'],
    ['totp', 'admin', 'off'],
  ],
  'ami-user': [['set', 'crm', '--read', 'cdr'], ['remove', 'crm'], ['list']],
  import: [['FOLDER/Master.csv']],
  export: [[], ['recordings'], ['contacts', '--format', 'json']],
  backup: [[], ['--to', 'FOLDER/copy.db']],
  refold: [['--from', '2021-04-01']],
  verify: [[]],
  trace: [[`${NOON}.0`]],
};
/** Those that look at a box whatever state it is in, or bring the older store back. */
const OTHERS = ['restore', 'doctor', 'setup'];

const atEnd = atFileEnd();
let folder = '';
let env: Record<string, string> = {};

/** Our store with a call in it, brought to the next schema by the newer one. */
beforeAll(async () => {
  folder = temporaryFolder(atEnd);
  for (const name of ['state', 'recordings']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'Master.csv'), '');
  env = {
    CDRD_STATE_DIR: join(folder, 'state'),
    CDRD_RUN_DIR: join(folder, 'run'),
    CDRD_HTTP_LISTEN: '127.0.0.1:0',
    CDRD_HTTPS_LISTEN: '',
    CDRD_AMI_LISTEN: '127.0.0.1:0',
    CDRD_RECORDINGS_DIR: join(folder, 'recordings'),
    CDRD_RECORDINGS_REQUIRE_MOUNT: 'no',
    CDRD_ASTERISK_HOST: '',
    CDRD_TIME_ZONE: 'Etc/GMT+8',
  };
  const options = storeOptions(loadConfig(null, env));
  const ours = openStoreHere(options);
  await put(ours, leg(NOON));
  for (const group of await ours.ask('openGroups')) await ours.write({ kind: 'close', group });
  await ours.close();
  const newer = openStoreHere({ ...options, migrations: [...migrations, NEXT] });
  await put(newer, leg(NOON + 60));
  await newer.close();
});

function cdrd(args: readonly string[], input = '') {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...NODE_FLAGS, PROGRAM, ...args], {
    env: { PATH: process.env['PATH'], ...env },
    input,
    encoding: 'utf8',
    timeout: 15_000,
  });
  return { status, stdout, stderr };
}

/** Every file below state.dir and what is in it. */
function state(): Record<string, string> {
  const files = readdirSync(join(folder, 'state'), { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const digest = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');
  return Object.fromEntries(
    files.map(({ parentPath, name }) => [join(parentPath, name), digest(join(parentPath, name))]),
  );
}

describe('a store that a newer cdrd wrote', () => {
  test('is known to each command', () =>
    expect([...Object.keys(ASKED), ...OTHERS]).toEqual(expect.arrayContaining(['run', ...Object.keys(COMMANDS)])));

  const cases = Object.entries(ASKED).flatMap(([verb, asked]) => asked.map((args) => [verb, ...args]));
  for (const args of cases)
    test(`${args.join(' ')}: says so, ends with 78 and changes nothing`, () => {
      const before = state();
      const done = cdrd(
        args.map((arg) => arg.replace('FOLDER', folder)),
        'a-new-password',
      );
      expect(done).toEqual({ status: 78, stdout: '', stderr: expect.stringContaining(SAYS) });
      expect(done.stderr.trimEnd().split('\n')).toHaveLength(1);
      expect(state()).toEqual(before);
      expect(existsSync(join(folder, 'copy.db'))).toBe(false);
    });

  test('doctor says so, and changes nothing', () => {
    const before = state();
    const { status, stdout } = cdrd(['doctor', '--json']);
    expect(status).toBe(1);
    expect(stdout).toContain(`schema ${OURS + 1}`);
    expect(state()).toEqual(before);
  });

  test('restore refuses a copy of it with 78', () => {
    const copy = join(folder, 'newer.db');
    writeFileSync(copy, readFileSync(join(folder, 'state/cdrd.db')));
    const refused = cdrd(['restore', copy]);
    expect({ status: refused.status, stderr: refused.stderr }).toEqual({
      status: 78,
      stderr: expect.stringContaining(
        `it has schema ${OURS + 1}, this cdrd knows up to ${OURS}: install the newer cdrd first`,
      ),
    });
  });

  test('restore --latest takes the copy from before the update, and all goes on', { timeout: 60_000 }, () => {
    const restored = cdrd(['restore', '--latest']);
    expect(restored).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(
        new RegExp(`^cdrd-schema${OURS}-\\S+\\.db is in place \\(schema ${OURS}, calls up to 2021-04-22 01:01:55\\)\n`),
      ),
    });
    expect(cdrd(['verify'])).toMatchObject({ status: 0, stderr: '' });
    expect(cdrd(['export', 'calls']).stdout.trimEnd().split('\n')).toHaveLength(2); // the names, and the call from before
  });
});
