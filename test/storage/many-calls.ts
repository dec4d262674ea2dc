/** Closed calls by SQL, a second apart from 2021-04-22 09:01:50 UTC on: as records they would take minutes. */
export function manyCalls(count: number): string {
  return `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${count - 1})
    INSERT INTO call (call_group, anchor, open, changed, start_at, start_offset, answer_at, end_at, end_offset, src, dst,
      src_trunk, dst_trunk, port, duration, billsec, disposition, calltype, accountcode, cidname, ivr, uniqueid, recording)
    SELECT 'L' || i, i, 0, i + 1, 1619082110 + i, -28800, 1619082110 + i, 1619082110 + i + 9, -28800, 200 + i % 50,
      300 + i % 50, '', '', 0, 9, 9, 'ANSWERED', 'Internal', '', '', '', '1.' || i, '' FROM n`;
}
