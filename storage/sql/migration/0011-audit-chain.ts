/**
 * The audit log becomes chains of hashes, and is only appended to from here on, whatever the code above tries: the database
 * itself refuses. What was in it is chained as it stands; from before, nothing shows that nobody has touched it.
 */
import { BEGINNING, canonical, chainOf, hashOf, storable } from '../audit-chain.ts';
import type { Database } from '../database.ts';
import type { Migration } from './migration.ts';

const REFUSES = "BEGIN SELECT RAISE(ABORT, 'the audit log is only appended to'); END";

export const auditChain: Migration = [
  'ALTER TABLE audit RENAME TO audit_before',
  // line: its number in its chain, from 1 on, without a gap. detail: canonical JSON. hash: SHA-256, see sql/audit-chain.ts.
  `CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    chain TEXT NOT NULL, line INTEGER NOT NULL,
    at INTEGER NOT NULL, who TEXT NOT NULL, address TEXT NOT NULL, action TEXT NOT NULL, reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    hash BLOB NOT NULL,
    UNIQUE (chain, line)
  ) STRICT`,
  // anchor: the last line that was cut off; head: the last line of all.
  `CREATE TABLE audit_chain (
    name TEXT PRIMARY KEY,
    anchor_line INTEGER NOT NULL, anchor_hash BLOB NOT NULL,
    head_line INTEGER NOT NULL, head_hash BLOB NOT NULL,
    kept INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `INSERT INTO audit_chain SELECT column1, 0, zeroblob(32), 0, zeroblob(32), column2
     FROM (VALUES ('act', 100000), ('use', 20000), ('refused', 10000))`,

  // A REPLACE would remove a line without asking the trigger of deletions: so its id must be new.
  `CREATE TRIGGER audit_append BEFORE INSERT ON audit
     WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)
       OR NEW.line IS NOT (SELECT head_line + 1 FROM audit_chain WHERE name = NEW.chain) ${REFUSES}`,
  `CREATE TRIGGER audit_head AFTER INSERT ON audit BEGIN
     UPDATE audit_chain SET head_line = NEW.line, head_hash = NEW.hash WHERE name = NEW.chain; END`,
  `CREATE TRIGGER audit_change BEFORE UPDATE ON audit ${REFUSES}`,
  `CREATE TRIGGER audit_cut BEFORE DELETE ON audit
     WHEN OLD.line > (SELECT anchor_line FROM audit_chain WHERE name = OLD.chain) ${REFUSES}`,
  // An anchor goes forward to a line that is there, and leaves as many behind it as are kept; a head to the line just written.
  `CREATE TRIGGER audit_chain_change BEFORE UPDATE ON audit_chain
     WHEN NEW.name <> OLD.name OR NEW.kept <> OLD.kept
       OR (NEW.head_line = OLD.head_line AND NEW.head_hash <> OLD.head_hash)
       OR (NEW.head_line <> OLD.head_line AND NOT EXISTS (SELECT 1 FROM audit
         WHERE chain = NEW.name AND line = NEW.head_line AND hash = NEW.head_hash AND line = OLD.head_line + 1))
       OR (NEW.anchor_line = OLD.anchor_line AND NEW.anchor_hash <> OLD.anchor_hash)
       OR (NEW.anchor_line <> OLD.anchor_line AND NOT EXISTS (SELECT 1 FROM audit
         WHERE chain = NEW.name AND line = NEW.anchor_line AND hash = NEW.anchor_hash AND line > OLD.anchor_line))
       OR NEW.head_line - NEW.anchor_line < min(NEW.kept, OLD.head_line - OLD.anchor_line) ${REFUSES}`,
  `CREATE TRIGGER audit_chain_delete BEFORE DELETE ON audit_chain ${REFUSES}`,
  `CREATE TRIGGER audit_chain_insert BEFORE INSERT ON audit_chain ${REFUSES}`,

  chainAll,
  'DROP TABLE audit_before',
];

/** Lines that are in memory at a time. */
const PAGE = 500;

function chainAll(database: Database): void {
  const heads = new Map<string, { line: number; hash: string }>();
  for (let after = 0; ; ) {
    const rows = database.all('SELECT * FROM audit_before WHERE id > ? ORDER BY id LIMIT ?', [after, PAGE]);
    for (const row of rows) {
      const action = storable(String(row['action']));
      const chain = chainOf(action);
      const before = heads.get(chain) ?? BEGINNING;
      const line = {
        id: Number(row['id']),
        chain,
        line: before.line + 1,
        at: Number(row['at']),
        who: storable(String(row['who'])),
        address: storable(String(row['address'])),
        action,
        reason: '',
        detail: canonical(JSON.parse(String(row['detail']))),
      };
      const hash = hashOf(line, before.hash);
      database.run(
        `INSERT INTO audit (id, chain, line, at, who, address, action, reason, detail, hash)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        [line.id, chain, line.line, line.at, line.who, line.address, action, '', line.detail, hash],
      );
      heads.set(chain, { line: line.line, hash: hash.toString('hex') });
      after = line.id;
    }
    if (rows.length < PAGE) return;
  }
}
