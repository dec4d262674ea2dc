/** Backups on the medium: whole or not there, whatever happens to the medium, the store and the process meanwhile. */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { forgetFormer, knownBackups, markFormer } from '../../daemon/backup/known.ts';
import type { AskMedium } from '../../daemon/backup/pieces.ts';
import { healthOfBackups } from '../../daemon/backup/shown.ts';
import type { BackupsThere } from '../../daemon/recordings/backup-protocol.ts';
import { performBackup } from '../../daemon/recordings/backup-steps.ts';
import { BACKUP_PIECE_BYTES } from '../../daemon/recordings/limits.ts';
import { workOnFile } from '../../storage/client.ts';
import { StoreError } from '../../storage/errors.ts';
import { backupName, overdue } from '../../storage/model/backup-name.ts';
import { sqlOn } from '../storage/helper.ts';
import { WORKERS } from '../support/daemon.ts';
import { mountDisk, remount, whyNoMounts } from '../support/mount.ts';
import { ADMIN, BOX, openBackupRig } from './rig.ts';

const NAME = 'cdrd-20270115T080000-b0b0b0.db';

test('made while calls come in: the store of its moment, checked by plain tools, listed, audited', async () => {
  const rig = openBackupRig();
  await rig.calls(10);
  const whileCalling: AskMedium = async (step) => {
    const answer = await rig.ask(step);
    if (step.kind === 'backupCopy') await rig.calls(5);
    return answer;
  };
  const backups = await rig.make({ ask: whileCalling });
  expect(backups.state()).toEqual({ running: false, last: null, why: '', failures: 0, former: '' });
  const made = await backups.make(ADMIN);
  expect(made).toMatchObject({ name: NAME, at: rig.clock });
  expect(rig.names()).toEqual([NAME, `${NAME}.sha256`]);
  const check = execFileSync('sha256sum', ['-c', `${NAME}.sha256`], { cwd: rig.folder, encoding: 'utf8' });
  expect(check).toBe(`${NAME}: OK\n`);
  const copy = `${rig.stateDir}/copy.db`;
  writeFileSync(copy, readFileSync(`${rig.folder}/${NAME}`));
  expect(sqlOn(copy, 'PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  expect(sqlOn(copy, 'SELECT count(*) AS n FROM call')).toEqual([{ n: 10 }]);
  expect(await backups.list()).toMatchObject([
    { name: NAME, at: rig.clock, bytes: made.bytes, schema: made.schema, place: 'medium', checksum: 'same' },
  ]);
  expect(await rig.audited()).toEqual(['admin backup.made']);
  // What comes next still knows it.
  expect((await rig.make()).state().last).toEqual(made);
});

test('two that are asked for at one time are one', async () => {
  const rig = openBackupRig();
  const backups = await rig.make();
  const [one, other] = await Promise.all([backups.make(ADMIN), backups.make(ADMIN)]);
  expect(one).toBe(other);
  expect(await rig.audited()).toEqual(['admin backup.made']);
});

describe('what is left of a kill', () => {
  test('is cleared away by the next, and no backup that is whole', async () => {
    const rig = openBackupRig();
    const backups = await rig.make();
    await backups.make(ADMIN);
    const half = backupName(rig.clock + 1, BOX);
    for (const name of [`${half}.part`, `${half}.sha256`, 'mine.part']) writeFileSync(`${rig.folder}/${name}`, 'half');
    rig.clock += 86_400;
    await backups.make(ADMIN);
    const next = 'cdrd-20270116T080000-b0b0b0.db';
    expect(rig.names()).toEqual([NAME, `${NAME}.sha256`, next, `${next}.sha256`, 'mine.part']);
  });

  test('of another box on the same share stays for a day: it may be under way', async () => {
    const rig = openBackupRig();
    const theirs = backupName(rig.clock, 'a11a11');
    const share = join(rig.stateDir, 'monitor');
    const source = join(rig.stateDir, 'theirs.db');
    const bytes = BACKUP_PIECE_BYTES + 1;
    writeFileSync(source, Buffer.alloc(bytes));
    performBackup(share, { kind: 'backupCopy', source, name: theirs, at: 0, bytes });
    const backups = await rig.make();
    await backups.make(ADMIN);
    const went = performBackup(share, { kind: 'backupCopy', source, name: theirs, at: BACKUP_PIECE_BYTES, bytes });
    expect(went).toMatchObject({ at: bytes, sum: expect.any(String) });
    performBackup(share, { kind: 'backupSeal', name: theirs, sum: '0'.repeat(64) });
    expect(rig.names()).toEqual([theirs, `${theirs}.sha256`, NAME, `${NAME}.sha256`]);
    const old = `${backupName(rig.clock - 90_000, 'a11a11')}.part`;
    writeFileSync(join(rig.folder, old), 'half');
    utimesSync(join(rig.folder, old), 0, 0);
    rig.clock += 86_400;
    await backups.make(ADMIN);
    expect(rig.names()).not.toContain(old);
  });

  test('in the same second begins anew', async () => {
    const rig = openBackupRig();
    await rig.ask({ kind: 'backupCopy', source: `${rig.stateDir}/cdrd.db`, name: NAME, at: 0, bytes: 4096 });
    expect(rig.names()).toEqual([`${NAME}.part`]);
    await (await rig.make()).make(ADMIN);
    expect(rig.names()).toEqual([NAME, `${NAME}.sha256`]);
  });
});

describe('not made, and said why', () => {
  /** What is done instead of a step, or behind it. */
  const faults: readonly (readonly [what: string, code: string, through: (ask: AskMedium, rig: Rig) => AskMedium])[] = [
    [
      'no room',
      'disk_full',
      (ask) => async (step) =>
        step.kind === 'backupCopy' ? ({ refused: 'the medium is full', as: 'full' } as never) : ask(step),
    ],
    [
      'the stick keeps other bytes than it was given',
      'conflict',
      (ask, rig) => async (step) => {
        const answer = await ask(step);
        if (step.kind === 'backupCopy') spoil(`${rig.folder}/${NAME}.part`);
        return answer;
      },
    ],
    [
      'another worker takes over in mid-copy',
      'conflict',
      (ask) => async (step) => (step.kind === 'backupRead' ? ask({ ...step, at: 4096 } as never) : ask(step)),
    ],
    [
      'too much is written meanwhile',
      'conflict',
      (ask, rig) => async (step) => {
        if (step.kind === 'backupCopy') await rig.store.work('copyBegin');
        return ask(step);
      },
    ],
  ];
  type Rig = ReturnType<typeof openBackupRig>;

  test.each(faults)('%s: %s', async (_, code, through) => {
    const rig = openBackupRig();
    const backups = await rig.make({ ask: through(rig.ask, rig) });
    await expect(backups.make(ADMIN)).rejects.toMatchObject({ code });
    expect(backups.state()).toMatchObject({ running: false, last: null, failures: 1 });
    expect(backups.state().why).not.toBe('');
    expect(await rig.audited()).toEqual(['admin backup.failed']);
    await rig.ask({ kind: 'backupCopy', source: `${rig.stateDir}/cdrd.db`, name: NAME, at: 0, bytes: 4096 });
    expect(rig.names()).toEqual([`${NAME}.part`]); // of this try alone
    // The next goes well.
    await (await rig.make()).make(ADMIN);
    expect(rig.names()).toEqual([NAME, `${NAME}.sha256`]);
  });

  test('so little room that it would leave less than it must: before a byte is written', async () => {
    const rig = openBackupRig();
    const steps: string[] = [];
    const ask: AskMedium = (step) => {
      steps.push(step.kind);
      return rig.ask(step);
    };
    const backups = await rig.make({ ask, leaveFree: Number.MAX_SAFE_INTEGER });
    await expect(backups.make(ADMIN)).rejects.toMatchObject({ code: 'disk_full' });
    expect(steps).toEqual(['backups', 'backups', 'backupClear']);
    // It holds nothing still that would keep the store from its checkpoints.
    expect(await rig.store.work('copyEnd', 1)).toBe('it has ended');
  });

  test.skipIf(whyNoMounts() !== '')('a medium that is full in mid-copy, and one that is read-only', async () => {
    const rig = openBackupRig();
    mountDisk(dirname(dirname(rig.folder)), 96 * 1024, onTestFinished);
    const backups = await rig.make({ leaveFree: Number.NEGATIVE_INFINITY });
    await expect(backups.make(ADMIN)).rejects.toMatchObject({ code: 'disk_full', message: 'the medium is full' });
    expect(rig.names()).toEqual([]);
    remount(dirname(dirname(rig.folder)), 'ro');
    await expect(backups.make(ADMIN)).rejects.toMatchObject({
      code: 'storage_offline',
      message: 'the medium is read-only',
    });
  });

  test('no medium: at once', async () => {
    const rig = openBackupRig();
    rig.medium.state = 'absent';
    const backups = await rig.make();
    await expect(backups.make(ADMIN)).rejects.toMatchObject({ code: 'storage_offline' });
    await expect(backups.list()).rejects.toMatchObject({ code: 'storage_offline' });
    expect(await backups.ofBox()).toEqual([]);
  });

  function spoil(path: string): void {
    const content = readFileSync(path);
    content[5_000] = (content[5_000] ?? 0) ^ 1;
    writeFileSync(path, content);
  }
});

test('a stop waits for no step of it: the medium may hang', async () => {
  const rig = openBackupRig();
  let hangs = () => {};
  const hanging = new Promise<void>((resolve) => {
    hangs = resolve;
  });
  const ask: AskMedium = (step) => {
    if (step.kind !== 'backupCopy') return rig.ask(step);
    hangs();
    return new Promise(() => {});
  };
  const backups = await rig.make({ ask });
  const making = backups.make(ADMIN);
  await hanging;
  backups.close();
  await expect(making).rejects.toMatchObject({ code: 'conflict', message: 'cdrd stops' });
});

describe('rotation', () => {
  test('goes by days: of each the last, of those the newest', () => {
    const names = ['03T010000', '03T230000', '04T030000', '05T030000', '05T120000'].map((at) => `cdrd-202601${at}.db`);
    const dayOf = (at: number) => new Date(at * 1000).toISOString().slice(0, 10);
    expect(overdue(names, 7, dayOf)).toEqual(['cdrd-20260105T030000.db', 'cdrd-20260103T010000.db']);
    expect(overdue(names, 2, dayOf).sort()).toEqual([
      'cdrd-20260103T010000.db',
      'cdrd-20260103T230000.db',
      'cdrd-20260105T030000.db',
    ]);
    expect(overdue(['medium', 'cdrd-20260103T010000.db.part', 'cdrd-2026.db'], 1, dayOf)).toEqual([]);
  });

  test('goes by the order of making: a week by a clock of 2036 pushes out nothing that is made after it', async () => {
    const rig = openBackupRig();
    const backups = await rig.make({ keep: () => 2 });
    const today = rig.clock;
    for (const at of [Date.UTC(2036, 0, 1) / 1000, Date.UTC(2036, 0, 2) / 1000, today, today + 86_400]) {
      rig.clock = at;
      await backups.make(ADMIN);
      expect(rig.names()).toContain(backupName(at, BOX));
    }
    expect(rig.names().filter((name) => name.endsWith('.db'))).toEqual([NAME, 'cdrd-20270116T080000-b0b0b0.db']);
    rig.clock = 0;
    await expect(backups.make(ADMIN)).rejects.toMatchObject({ code: 'conflict', message: 'the clock is not set' });
  });

  test('on a medium that has no more room old ones give way before, but never the last that proved whole', async () => {
    const rig = openBackupRig();
    const [leaveFree, room] = [1_000_000, 2.5];
    let bytes = 0;
    let capacity = Number.MAX_SAFE_INTEGER;
    const ask: AskMedium = async (step) => {
      const answer = await rig.ask(step);
      if (step.kind !== 'backups') return answer;
      const there = answer as BackupsThere;
      return { ...there, free: capacity - there.backups.reduce((sum, each) => sum + each.bytes, 0) } as never;
    };
    const backups = await rig.make({ ask, leaveFree });
    for (let night = 0; night < 4; night++, rig.clock += 86_400) {
      ({ bytes } = await backups.make(ADMIN));
      capacity = leaveFree + room * bytes;
    }
    const there = () => rig.names().filter((name) => name.endsWith('.db'));
    expect(there()).toEqual(['cdrd-20270117T080000-b0b0b0.db', 'cdrd-20270118T080000-b0b0b0.db']);
    capacity = leaveFree + bytes / 2;
    await expect(backups.make(ADMIN)).rejects.toMatchObject({ code: 'disk_full' });
    expect(there()).toHaveLength(2);
  });

  test('follows a new one that is whole; what is not ours stays', async () => {
    const rig = openBackupRig();
    const backups = await rig.make({ keep: () => 2 });
    for (let day = 0; day < 4; day++, rig.clock += 86_400) {
      await backups.make(ADMIN);
      writeFileSync(`${rig.folder}/of-mine.db`, '');
    }
    const days = ['cdrd-20270117T080000-b0b0b0.db', 'cdrd-20270118T080000-b0b0b0.db'];
    expect(rig.names()).toEqual([...days.flatMap((name) => [name, `${name}.sha256`]), 'of-mine.db']);
    expect(await rig.audited()).toContain('admin backup.removed');
    rig.medium.state = 'absent';
    await expect(backups.make(ADMIN)).rejects.toMatchObject({ code: 'storage_offline' });
    expect(rig.names()).toHaveLength(5);
  });
});

test('when the box’s disk takes nothing it is made all the same, and noted with the next', async () => {
  const rig = openBackupRig();
  const warned: string[] = [];
  const log = { info() {}, warn: (text: string) => warned.push(text), error() {} };
  const failing = { ...rig.store, write: () => Promise.reject(new StoreError('disk_full', 'no room')) };
  const backups = await rig.make({ log, store: failing });
  const blocked = `${rig.stateDir}/backup/made.sha256`;
  mkdirSync(`${blocked}.new`); // where its list is written anew
  await backups.make(ADMIN);
  expect(rig.names()).toEqual([NAME, `${NAME}.sha256`]);
  expect(backups.state()).toMatchObject({ why: '', failures: 0, last: { name: NAME } });
  expect(warned).toHaveLength(2);
  expect((await knownBackups(rig.stateDir)).size).toBe(0);
  rmdirSync(`${blocked}.new`);
  rig.clock += 86_400;
  await backups.make(ADMIN);
  expect([...(await knownBackups(rig.stateDir)).keys()]).toEqual([NAME, 'cdrd-20270116T080000-b0b0b0.db']);
});

test('its checksum is noted before it has its name: a kill in between leaves nothing that recovery doesn’t trust', async () => {
  const rig = openBackupRig();
  const known: string[] = [];
  const ask: AskMedium = async (step) => {
    if (step.kind === 'backupSeal') known.push(...(await knownBackups(rig.stateDir)).keys());
    return rig.ask(step);
  };
  await (await rig.make({ ask })).make(ADMIN);
  expect(known).toEqual([NAME]);
});

describe('a copy can be exact and yet one of a damaged store', () => {
  test('the store is read meanwhile; damaged, it makes no backup, and old ones stay', async () => {
    const rig = openBackupRig();
    await rig.calls(3);
    const met: string[] = [];
    const file = `${rig.stateDir}/cdrd.db`;
    const prove = (still: string) => workOnFile(WORKERS.store, 'faultInStill', still);
    const whileCalling: AskMedium = async (step) => {
      if (step.kind === 'backupCopy') await rig.calls(2); // in its log, which is no part of the copy
      return rig.ask(step);
    };
    const backups = await rig.make({ prove, keep: () => 1, ask: whileCalling, onDamage: ({ code }) => met.push(code) });
    expect(await backups.make(ADMIN)).toMatchObject({ proven: true });
    expect(await backups.list()).toMatchObject([{ name: NAME, proven: true }]);
    // A page of which nobody has asked since.
    await rig.store.work('copyEnd', (await rig.store.work('copyBegin')).holder);
    const [{ rootpage } = {}] = sqlOn(
      `${rig.folder}/${NAME}`,
      "SELECT rootpage FROM sqlite_schema WHERE name = 'contact'",
    );
    patch(file, (Number(rootpage) - 1) * 4_096, 4_096);
    rig.clock += 86_400;
    await expect(backups.make(ADMIN)).rejects.toMatchObject({ code: 'corrupt' });
    expect(rig.names()).toEqual([NAME, `${NAME}.sha256`]);
    expect(met).toEqual(['corrupt']);
    expect(readdirSync(rig.stateDir).filter((name) => name.includes('proof'))).toEqual([]);
  });

  test('what last proved whole is never rotated out by what did not', async () => {
    const rig = openBackupRig();
    let able = true;
    const prove = async () => (able ? '' : Promise.reject(new Error('no memory')));
    const backups = await rig.make({ prove, keep: () => 2 });
    for (let day = 0; day < 4; day++, rig.clock += 86_400) {
      expect(await backups.make(ADMIN)).toMatchObject({ proven: able });
      able = false;
    }
    const there = () => rig.names().filter((name) => name.endsWith('.db'));
    expect(there()).toEqual([NAME, 'cdrd-20270117T080000-b0b0b0.db', 'cdrd-20270118T080000-b0b0b0.db']);
    able = true;
    await backups.make(ADMIN);
    expect(there()).toEqual(['cdrd-20270118T080000-b0b0b0.db', 'cdrd-20270119T080000-b0b0b0.db']);
  });

  /** In place: who has it open goes on with it. */
  function patch(path: string, at: number, length: number): void {
    const fd = openSync(path, 'r+');
    writeSync(fd, Buffer.alloc(length, 0xa5), 0, length, at);
    closeSync(fd);
  }
});

test('backups of a lost store stay beside those of the new, empty one; the medium that brings them is told of loudly', async () => {
  const rig = openBackupRig();
  const told: unknown[] = [];
  const backups = await rig.make({ keep: () => 1, log: { info() {}, warn() {}, error: (...said) => told.push(said) } });
  const nights = async (count: number) => {
    for (let night = 0; night < count; night++, rig.clock += 86_400) await backups.make(ADMIN);
  };
  await nights(1);
  await backups.look();
  expect(told).toEqual([]);
  await markFormer(rig.stateDir, []);
  await nights(3);
  const there = () => rig.names().filter((name) => name.endsWith('.db'));
  expect(there()).toEqual([NAME, 'cdrd-20270118T080000-b0b0b0.db']);
  await backups.look();
  await backups.look();
  expect(told).toEqual([[expect.stringContaining('the store that was lost'), { name: NAME }]]);
  expect(healthOfBackups(backups, true, rig.clock)).toMatchObject({ lost_store: NAME });
  // Restored, it is one as any other.
  await forgetFormer(rig.stateDir, NAME);
  await backups.look();
  expect(healthOfBackups(backups, true, rig.clock)).not.toHaveProperty('lost_store');
  await nights(1);
  expect(there()).toEqual(['cdrd-20270119T080000-b0b0b0.db']);
});

test('another box’s backups, on one share with ours, are never taken for old ones of ours', async () => {
  const rig = openBackupRig();
  const backups = await rig.make({ keep: () => 1 });
  await backups.make(ADMIN);
  const others = ['cdrd-20200101T000000.db', 'cdrd-20200102T000000.db'];
  for (const name of others) writeFileSync(`${rig.folder}/${name}`, 'another’s');
  rig.clock += 86_400;
  await backups.make(ADMIN);
  const own = 'cdrd-20270116T080000-b0b0b0.db';
  expect(rig.names()).toEqual([...others, own, `${own}.sha256`]);
});

test('backups of another box, without a checksum, or with another one are told apart', async () => {
  const rig = openBackupRig();
  const backups = await rig.make();
  await backups.make(ADMIN);
  const sum = (name: string) => `${'0'.repeat(64)}  ${name}\n`;
  writeFileSync(`${rig.folder}/cdrd-20270114T080000.db`, 'no database');
  writeFileSync(`${rig.folder}/cdrd-20270113T080000.db`, 'no database');
  writeFileSync(`${rig.folder}/cdrd-20270113T080000.db.sha256`, sum('cdrd-20270113T080000.db'));
  writeFileSync(`${rig.folder}/${NAME}.sha256`, sum(NAME));
  expect((await backups.list()).map(({ at: _, bytes: __, ...backup }) => backup)).toMatchObject([
    { name: NAME, checksum: 'different' },
    { name: 'cdrd-20270114T080000.db', checksum: 'none', schema: null },
    { name: 'cdrd-20270113T080000.db', checksum: 'unknown', schema: null },
  ]);
});
