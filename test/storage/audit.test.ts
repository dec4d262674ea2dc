/** The audit log: chained so that a change shows, only appended to whatever the code tries, and with an end. */
import { createHash } from 'node:crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type AuditPlace, audit, auditChains, auditEntries, checkAudit } from '../../storage/sql/audit.ts';
import { CHAINS, type Chain, chainOf, LINES_KEPT } from '../../storage/sql/audit-chain.ts';
import { openDatabase } from '../../storage/sql/database.ts';
import { migrate } from '../../storage/sql/migrate.ts';
import { migrations } from '../../storage/sql/migration/migrations.ts';
import { emptyStore } from '../support/empty-store.ts';
import { temporaryFolder } from '../support/folder.ts';
import { storeOptions } from '../support/legs.ts';

const BEFORE_CHAINS = migrations.findIndex((migration) =>
  migration.some((step) => String(step).includes('audit_chain')),
);

function fresh(schema = migrations.length) {
  const options = storeOptions(temporaryFolder());
  const { file } = schema === migrations.length ? emptyStore(options) : options;
  const database = openDatabase(file);
  onTestFinished(() => database.close());
  migrate(database, file, migrations.slice(0, schema));
  const note = (action: string, lines = 1) => {
    for (let line = 0; line < lines; line++)
      audit(database, { who: 'admin', address: '192.0.2.7', action, detail: { b: 1, a: 'ü' } }, 1_700_000_000);
  };
  const kept = (action: string) =>
    Number(database.first('SELECT count(*) AS lines FROM audit WHERE action = ?', [action])?.['lines']);
  /** What is wrong with a chain, in the words of the check; '' = nothing. */
  const fault = (chain: Chain) => {
    let place: AuditPlace = { chain, line: -1, hash: '' };
    for (;;) {
      const step = checkAudit(database, place);
      if (step.fault) return `${step.fault.line}: ${step.fault.why}`;
      if (!step.next) return '';
      place = step.next;
    }
  };
  const faults = () => CHAINS.map(fault);
  const entries = () => auditEntries(database, { before: null, limit: 1_000 }).entries;
  /** As somebody does it who has the file and no need of our triggers. */
  const tamper = (sql: string) => {
    const triggers = database.all(
      "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name LIKE 'audit%'",
    );
    for (const { name } of triggers) database.run(`DROP TRIGGER ${name}`);
    database.run(sql);
    for (const { sql: trigger } of triggers) database.run(String(trigger));
  };
  return { database, file, note, kept, fault, faults, entries, tamper };
}

/** The documented recipe, written a second time: the line as 30018 gives it, without its hash, as canonical JSON. */
function recomputed({ hash: _, ...line }: object & { hash: string }): string {
  const sorted = (value: unknown): unknown =>
    typeof value === 'object' && value !== null
      ? Object.fromEntries(
          Object.entries(value)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([k, v]) => [k, sorted(v)]),
        )
      : value;
  return createHash('sha256')
    .update(JSON.stringify(sorted(line)))
    .digest('hex');
}

describe('the chains', () => {
  test('each line holds the hash of the one before it, and anybody can recompute its own', () => {
    const { note, entries, faults } = fresh();
    note('calls.delete');
    note('login');
    note('login.failed');
    note('setting.changed');
    const lines = entries();
    expect(lines.map(({ chain, line }) => `${chain} ${line}`)).toEqual(['act 2', 'refused 1', 'use 1', 'act 1']);
    expect(lines[0]?.previous).toBe(lines[3]?.hash);
    expect(lines[3]?.previous).toBe('0'.repeat(64));
    for (const line of lines) expect(line.hash).toBe(recomputed(line));
    expect(faults()).toEqual(['', '', '']);
  });

  test('hold whatever strangers have sent: no NUL, half a surrogate pair or quote breaks them', () => {
    const { database, entries, faults } = fresh();
    const odd = 'a\0b\ud800c"\\\u2028\x7f\n';
    audit(database, { who: odd, address: odd, action: odd, reason: odd, detail: { [odd]: odd, n: -0, yes: true } }, 7);
    expect(entries()[0]?.reason).toBe('ab\ufffdc"\\\u2028\x7f\n');
    for (const line of entries()) expect(line.hash).toBe(recomputed(line));
    expect(faults()).toEqual(['', '', '']);
  });

  test('what was done is in another chain than what was used, and that in another than what was refused', () => {
    const found = [
      'user.set',
      'store.replaced',
      'login',
      'ami.originate',
      'recording.paused',
      'calls.exported',
      'denied',
      'ami.login.failed',
    ];
    expect(found.map(chainOf)).toEqual(['act', 'act', 'use', 'use', 'use', 'use', 'refused', 'refused']);
  });

  test('name the first line at fault', () => {
    const changes = {
      '3: it is not what its hash says': "UPDATE audit SET who = 'nobody' WHERE chain = 'act' AND line = 3",
      '1: it is not what its hash says': "UPDATE audit SET at = at - 1 WHERE chain = 'act' AND line = 1",
      '4: it is not what its hash says': "UPDATE audit SET detail = '{}' WHERE chain = 'act' AND line = 4",
      '2: it is missing': "DELETE FROM audit WHERE chain = 'act' AND line = 2",
      '1: it is missing': "DELETE FROM audit WHERE chain = 'act' AND line = 1",
      '5: it is missing, and all behind it': "DELETE FROM audit WHERE chain = 'act' AND line >= 5",
      '5: it is not the head':
        'UPDATE audit_chain SET head_line = 5, head_hash = (SELECT hash FROM audit WHERE line = 4)',
      '3: the lines before it were cut off too early': `UPDATE audit_chain SET anchor_line = 2,
         anchor_hash = (SELECT hash FROM audit WHERE audit.chain = name AND line = 2) WHERE name = 'act'`,
    };
    for (const [said, sql] of Object.entries(changes)) {
      const { note, fault, tamper } = fresh();
      note('calls.delete', 5);
      expect(fault('act')).toBe('');
      tamper(sql);
      expect(fault('act'), sql).toBe(said);
    }
  });

  test('show a line that two others were put together from, and one moved to another chain', () => {
    const { note, fault, tamper } = fresh();
    note('calls.delete', 3);
    note('login', 3);
    tamper("UPDATE audit SET chain = 'refused' WHERE chain = 'act' AND line = 3");
    tamper(
      "UPDATE audit_chain SET head_line = 3, head_hash = (SELECT hash FROM audit WHERE chain = 'refused') WHERE name = 'refused'",
    );
    expect([fault('act'), fault('use'), fault('refused')]).toEqual([
      '3: it is missing, and all behind it',
      '',
      '1: it is missing',
    ]);
  });
});

describe('the database itself refuses', () => {
  const REFUSED = /only appended to/;

  test.each([
    "UPDATE audit SET who = 'x' WHERE id = 1",
    'DELETE FROM audit WHERE id = 2',
    'DELETE FROM audit',
    "REPLACE INTO audit SELECT id, chain, 4, at, 'x', address, action, reason, detail, hash FROM audit WHERE id = 1",
    "INSERT INTO audit SELECT NULL, chain, 7, at, 'x', address, action, reason, detail, hash FROM audit WHERE id = 1",
    "INSERT INTO audit SELECT NULL, 'other', 1, at, 'x', address, action, reason, detail, hash FROM audit WHERE id = 1",
    'UPDATE audit_chain SET anchor_line = head_line, anchor_hash = head_hash',
    "UPDATE audit_chain SET anchor_line = 1, anchor_hash = (SELECT hash FROM audit WHERE id = 1) WHERE name = 'act'",
    'UPDATE audit_chain SET head_line = 0, head_hash = zeroblob(32)',
    'UPDATE audit_chain SET head_hash = zeroblob(32)',
    'UPDATE audit_chain SET kept = 0',
    'DELETE FROM audit_chain',
    "REPLACE INTO audit_chain VALUES ('act', 0, zeroblob(32), 0, zeroblob(32), 0)",
  ])('%s', (sql) => {
    const { database, note, faults } = fresh();
    note('calls.delete', 3);
    expect(() => database.run(sql)).toThrow(REFUSED);
    expect(faults()).toEqual(['', '', '']);
    note('calls.delete');
    expect(faults()).toEqual(['', '', '']);
  });
});

describe('its end', () => {
  test('of what strangers cause the last 10,000 are kept, and everything else; what is left is a whole chain', () => {
    const { database, note, kept, faults } = fresh();
    database.transaction(() => {
      note('setting.changed', 3);
      note('login', 5);
      note('login.failed', 10_300);
    });
    expect([kept('setting.changed'), kept('login')]).toEqual([3, 5]);
    expect(kept('login.failed')).toBeGreaterThanOrEqual(LINES_KEPT.refused);
    expect(kept('login.failed')).toBeLessThan(LINES_KEPT.refused + 256);
    const [, , refused] = auditChains(database);
    expect(refused?.anchor.line).toBe(10_300 - kept('login.failed'));
    expect(faults()).toEqual(['', '', '']);
    // A check goes on though what it has seen was cut off meanwhile.
    expect(checkAudit(database, { chain: 'refused', line: 1, hash: 'gone' })).toMatchObject({
      lines: 100,
      fault: null,
    });
    // The database holds the code to it: the anchor may not go further.
    expect(() =>
      database.run(
        `UPDATE audit_chain SET anchor_line = 500, anchor_hash = (SELECT hash FROM audit
           WHERE chain = 'refused' AND line = 500) WHERE name = 'refused'`,
      ),
    ).toThrow(/only appended to/);
    note('login.failed');
    expect(faults()).toEqual(['', '', '']);
  }, 120_000);

  test('a version that keeps more holds none for broken that an older one has cut', () => {
    const { database, note, fault } = fresh();
    database.transaction(() => note('login.failed', 10_300));
    const later = LINES_KEPT as Record<Chain, number>;
    const { refused } = later;
    later.refused = 50_000;
    onTestFinished(() => {
      later.refused = refused;
    });
    expect(fault('refused')).toBe('');
  }, 120_000);

  test('a store that says itself that fewer are kept hides no cut', () => {
    const { note, fault, tamper } = fresh();
    note('calls.delete', 5);
    tamper(`UPDATE audit_chain SET kept = 0, anchor_line = 2,
      anchor_hash = (SELECT hash FROM audit WHERE audit.chain = name AND line = 2) WHERE name = 'act'`);
    expect(fault('act')).toBe('3: the lines before it were cut off too early');
  });

  test('as many are kept as the database allows', () => {
    const { database } = fresh();
    const rows = database.all('SELECT name, kept FROM audit_chain');
    expect(Object.fromEntries(rows.map(({ name, kept }) => [name, kept]))).toEqual(LINES_KEPT);
  });
});

describe('a log from before the chains', () => {
  test('is chained as it stands, under its own ids', () => {
    const { database, file, entries, faults, note } = fresh(BEFORE_CHAINS);
    const lines = [
      ['eva', '192.0.2.1', 'calls.delete', '{"src":"205","deletion":3}'],
      ['', '192.0.2.2', 'login.failed', '{"user":"admin"}'],
      ['eva', '192.0.2.1', 'login', '{"user":"eva"}'],
      ['cdrd', '', 'backup.made', '{"name":"x","bytes":12}'],
    ];
    for (const line of lines) database.run('INSERT INTO audit VALUES (NULL, 1700000000, ?, ?, ?, ?)', line);
    database.run("DELETE FROM audit WHERE action = 'login'"); // as they were trimmed then
    migrate(database, file, migrations);
    expect(entries().map(({ id, chain, line, who, reason }) => [id, chain, line, who, reason])).toEqual([
      [4, 'act', 2, 'cdrd', ''],
      [2, 'refused', 1, '', ''],
      [1, 'act', 1, 'eva', ''],
    ]);
    for (const line of entries()) expect(line.hash).toBe(recomputed(line));
    expect(faults()).toEqual(['', '', '']);
    note('login');
    expect(entries()[0]).toMatchObject({ id: 5, chain: 'use', line: 1 });
    expect(faults()).toEqual(['', '', '']);
  });

  test('may be empty, or longer than a page', () => {
    for (const lines of [0, 1_201]) {
      const { database, file, faults } = fresh(BEFORE_CHAINS);
      database.transaction(() => {
        for (let line = 0; line < lines; line++)
          database.run("INSERT INTO audit VALUES (NULL, 0, 'x', '', 'user.set', '{}')");
      });
      migrate(database, file, migrations);
      expect(auditChains(database)[0]?.head.line).toBe(lines);
      expect(faults()).toEqual(['', '', '']);
    }
  });
});

describe('what is asked for', () => {
  test('by chain, by who, by where, by action and by time, and on from where a part ended', () => {
    const { database } = fresh();
    const add = (who: string, address: string, action: string, at: number) =>
      audit(database, { who, address, action, detail: {} }, at);
    database.transaction(() => {
      for (let n = 0; n < 2_500; n++) add('crm', '192.0.2.9', 'ami.originate', 1_000 + n);
      add('eva', '192.0.2.1', 'calls.delete', 50);
      add('eva', '192.0.2.2', 'calls.deleted', 60);
      add('', '192.0.2.2', 'denied', 70);
      for (let n = 0; n < 2_500; n++) add('crm', '192.0.2.9', 'ami.hangup', 5_000 + n);
    });
    const found = (filter: object) => {
      const ids: number[] = [];
      let before: number | null = null;
      for (let part = 0; part < 50; part++) {
        const { entries, next } = auditEntries(database, { before, limit: 1_000, ...filter });
        ids.push(...entries.map(({ id }) => id));
        if (next === null) return ids;
        before = next;
      }
      throw new Error('it has no end');
    };
    expect(found({})).toHaveLength(5_003);
    expect(found({ who: 'eva' })).toEqual([2_502, 2_501]);
    expect(found({ address: '192.0.2.2' })).toEqual([2_503, 2_502]);
    expect(found({ action: 'calls.delete' })).toEqual([2_501]);
    expect(found({ action: 'calls.*' })).toEqual([2_502, 2_501]);
    expect(found({ action: '%' })).toEqual([]);
    expect(found({ chain: 'refused' })).toEqual([2_503]);
    expect(found({ from: 60, to: 1_000 })).toEqual([2_503, 2_502, 1]);
    expect(found({ who: 'nobody' })).toEqual([]);
  });
});
