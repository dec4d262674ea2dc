import { join } from 'node:path';
import sqlite from 'node-sqlite3-wasm';
import { BEGINNING, type Chain, hashOf } from '../../../storage/sql/audit-chain.ts';
import { type Box, PASSWORDS } from '../box.ts';
import { md5 } from '../clients.ts';
import type { Row } from '../row.ts';

interface Checked {
  readonly chain: Chain;
  readonly line: number;
  readonly hash: string;
  readonly fault?: { readonly line: number };
}

export const auditLog: Row = {
  name: 'audit-log',
  flaws: [],
  no: 'change of the audit log that goes unseen, by somebody who has the store’s file in hand',
  alone: true,
  async attempt(box, tally) {
    // Of each chain there are some lines: what was done, who came in, who was refused.
    for (let host = 1; host <= 3; host++) {
      await box.number(8404, { UserName: 'admin', Password: md5('x') }, { from: box.address(host) });
      await box.logIn('monitor', PASSWORDS.monitor, { from: box.address(10 + host) });
    }
    const before = await check(box, box.tokens.admin);
    const seen = before.chains.get('refused');
    tally.works(before.result === 'success' && before.chains.size === 3, `a log that is whole: ${before.text}`);
    for (const [chain, { line }] of before.chains) tally.works(line >= 3, `three lines of ${chain}: ${line}`);
    await box.stop();
    tamper(join(box.state, 'cdrd.db'));
    await box.restart();
    const logIn = await box.logIn('admin', PASSWORDS.admin, { from: box.address(20) });
    const token = String(logIn.field('token'));
    const shown = await box.number(30018, { chain: 'act' }, { token });
    tally.works(shown.body.includes('somebody-else'), 'the changed line is in the log');
    const head = `refused:${seen?.line}:${seen?.hash}`;
    const after = await check(box, token, head);
    const faultOf = (chain: Chain) => after.chains.get(chain)?.fault?.line;
    tally.tried(after.result === 'failed', `30036 says ${after.result} of a log with three changes`);
    tally.tried(faultOf('act') === 2, `the changed line 2 of act is not named: ${after.text}`);
    tally.tried(faultOf('use') === 2, `the removed line 2 of use is not named: ${after.text}`);
    tally.tried(after.head === 'differs', `a chain made anew is told from its head by nothing: ${after.text}`);
    const monitor = await box.logIn('monitor', PASSWORDS.monitor, { from: box.address(21) });
    for (const number of [30018, 30036]) {
      const { status } = await box.number(number, {}, { token: String(monitor.field('token')) });
      tally.tried(status === 403, `${number} by a monitor: ${status}`);
    }
  },
};

async function check(box: Box, token: string, head?: string) {
  const answer = await box.number(30036, head === undefined ? {} : { head }, { token });
  const chains = (answer.field('json_array_chains') ?? []) as readonly Checked[];
  return {
    text: answer.body,
    result: answer.field('result'),
    chains: new Map(chains.map((each) => [each.chain, each])),
    head: (answer.field('head') as { state?: string } | undefined)?.state,
  };
}

/** A line of `act` is changed, one of `use` removed, and all of `refused` told of another address, with right hashes. */
function tamper(file: string): void {
  const database = new sqlite.Database(file);
  try {
    database.run('PRAGMA locking_mode = EXCLUSIVE'); // there is no shared memory beside the store
    const triggers = database.all(
      "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name LIKE 'audit%'",
    );
    for (const { name } of triggers) database.run(`DROP TRIGGER ${name}`);
    database.run("UPDATE audit SET who = 'somebody-else' WHERE chain = 'act' AND line = 2");
    database.run("DELETE FROM audit WHERE chain = 'use' AND line = 2");
    let last: { readonly line: number; readonly hash: string } = BEGINNING;
    for (const row of database.all("SELECT * FROM audit WHERE chain = 'refused' ORDER BY line")) {
      const [id, line, at] = [Number(row['id']), Number(row['line']), Number(row['at'])];
      const [who, action] = [String(row['who']), String(row['action'])];
      const [reason, detail] = [String(row['reason']), String(row['detail'])];
      const address = '192.0.2.1';
      const hash = hashOf({ who, address, action, reason, id, chain: 'refused', line, at, detail }, last.hash);
      database.run('UPDATE audit SET address = ?, hash = ? WHERE id = ?', [address, hash, id]);
      last = { line, hash: hash.toString('hex') };
    }
    const head = Buffer.from(last.hash, 'hex');
    database.run("UPDATE audit_chain SET head_hash = ? WHERE name = 'refused'", [head]);
    for (const { sql } of triggers) database.run(String(sql));
  } finally {
    database.close();
  }
}
