/**
 * What a store that has taken another's place has to know of it, so that those who follow it neither miss nor mix up
 * anything: numbers that the other has given out since are never given to something else, and calls that only the other
 * knew are told as gone (the CDR CSV brings them back, under ids of their own).
 */
import { REPLACED, type Replacement } from '../replaced.ts';
import { audit } from './audit.ts';
import type { Database } from './database.ts';
import { lastNumbers, rememberJump, setLast } from './sequence.ts';
import { readSetting, writeSetting } from './setting.ts';

/** Numbers passed over where nothing tells how far the store set aside was: a year of the busiest box. */
const MARGIN = 10_000_000;
/** Calls told as gone at most, the newest: years of a small office. */
const GONE_MAX = 100_000;

/** In one transaction, once, whatever dies behind it. */
export function tellReplacement(database: Database, replacement: Replacement): void {
  if ((readSetting(database, REPLACED) as Replacement | null)?.aside === replacement.aside) return;
  const { aside, from, because, who, at, last, audit: heads } = replacement;
  database.transaction(() => {
    const own = lastNumbers(database);
    const outbox = last ? Math.max(last.outbox, own.outbox) : own.outbox + MARGIN;
    const call = last ? Math.max(last.call, own.call) : own.call + MARGIN;
    // A new store says of no call that it has gone: what others hold of it may be all there is.
    const gone = last && from !== '' ? Math.min(call - own.call, GONE_MAX) : 0;
    database.run(
      `WITH RECURSIVE step (n) AS (SELECT 1 WHERE ?1 > 0 UNION ALL SELECT n + 1 FROM step WHERE n < ?1)
       INSERT OR REPLACE INTO call_removed (id, changed) SELECT ?2 + n, ?3 + n FROM step`,
      [gone, call - gone, outbox],
    );
    setLast(database, 'call', call);
    // Of no kind that is told: it only holds the place, so that `Since` the last number of the other is understood.
    const place = outbox + gone + 1;
    database.run("INSERT INTO outbox (id, kind, ref, at) VALUES (?, 'replaced', 0, ?)", [place, at]);
    rememberJump(database, { from: own.outbox, to: place }, at);
    // Its own chains go on from where this store was: lines between there and these heads are those of the one set aside.
    const cut = heads ? { heads } : {};
    const detail = { from: from || 'a new, empty store', because, aside, ...cut };
    audit(database, { who, address: '', action: 'store.replaced', detail }, at);
    writeSetting(database, REPLACED, replacement, at);
  });
}
