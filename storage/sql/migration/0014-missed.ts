/**
 * The list of missed calls (sql/missed.ts): a call may be ticked off, and two indexes find what the list is made of among
 * any number of calls: what was missed, and the talks with a number outside, by its end.
 */
import type { Migration } from './migration.ts';

export const missed: Migration = [
  // When somebody ticked it off, epoch seconds, and who; null: nobody did.
  'ALTER TABLE call ADD COLUMN processed_at INTEGER',
  'ALTER TABLE call ADD COLUMN processed_by TEXT',
  `CREATE INDEX call_missed ON call (start_at)
     WHERE trash IS NULL AND open = 0 AND calltype = 'Inbound' AND disposition <> 'ANSWERED'`,
  `CREATE INDEX call_talk ON call (
     substr(CASE calltype WHEN 'Inbound' THEN src WHEN 'Outbound' THEN dst ELSE iif(src_trunk = '', dst, src) END, -7),
     start_at
   ) WHERE trash IS NULL AND open = 0 AND disposition = 'ANSWERED' AND calltype IN ('Inbound', 'Outbound', 'CallBack')`,
];
