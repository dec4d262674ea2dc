import type { Row } from '../row.ts';
import { cleanUp, places, put } from './parameters.ts';

/** Two texts that differ in nothing but whether a condition in them would hold. */
const PAIRS: readonly (readonly [holds: string, fails: string])[] = [
  ["x' OR '1'='1", "x' OR '1'='2"],
  ['1 OR 1=1', '1 OR 1=2'],
  ["*') OR ('1'='1", "*') OR ('1'='2"],
  ['calldate" DESC, (SELECT 1) --', 'calldate" DESC, (SELECT 2) --'],
];
/** Each once: what would show another table, or change one. */
const SINGLES = ["' UNION SELECT name, hash, 1 FROM user --", "1; DELETE FROM call WHERE 'x' <> '", "[^'] ESCAPE '["];

export const sqlParams: Row = {
  name: 'sql-params',
  flaws: [
    {
      cve: 'CVE-2026-28210',
      was: 'FreePBX before 16.0.49 and 17.0.7: SQL injection in the CDR module by whoever is logged in',
      source: 'https://www.sentinelone.com/vulnerability-database/cve-2026-28210',
    },
    {
      cve: 'CVE-2026-44238',
      was: 'FreePBX before 16.0.50 and 17.0.11: order and sort of the CDR report went into the query as they came',
      source: 'https://www.sentinelone.com/vulnerability-database/cve-2026-44238/',
    },
    {
      cve: 'CVE-2025-57819',
      was: 'FreePBX 15 to 17, endpoint module: SQL injection without log-in by /admin/ajax.php, up to commands run',
      source: 'https://github.com/rapid7/metasploit-framework/pull/20559',
    },
  ],
  no: 'parameter of any number that gets into a query',
  async attempt(box, tally) {
    const { admin, monitor } = box.tokens;
    for (const [role, token] of Object.entries({ admin, monitor }))
      for (const place of await places(box, token)) {
        // Settings are many, and kept as they are: one pair is enough.
        const few = place.number === 30017 || role === 'monitor';
        for (const [holds, fails] of few ? PAIRS.slice(0, 1) : PAIRS) {
          const [yes, no] = [await put(box, place, holds, token), await put(box, place, fails, token)];
          const bare = ({ body }: typeof yes, text: string) =>
            body
              .replaceAll(JSON.stringify(text).slice(1, -1), '')
              .replaceAll(text, '')
              .replace(/'[12]\\?"?/g, '');
          const same = yes.status === no.status && (yes.status >= 400 || bare(yes, holds) === bare(no, fails));
          const what = `${role}: ${place.number} ${place.parameter}=${holds}: ${yes.status}, ${no.status} ${yes.body.slice(0, 80)}`;
          tally.tried(same && [200, 400, 403, 404, 409].includes(yes.status) && !leaks(yes.body, holds), what);
        }
        for (const text of few ? [] : SINGLES) {
          const { status, body } = await put(box, place, text, token);
          const what = `${role}: ${place.number} ${place.parameter}=${text}: ${status} ${body.slice(0, 80)}`;
          tally.tried([200, 400, 403, 404, 409].includes(status) && !leaks(body, text), what);
        }
      }
    await cleanUp(box);
    const left = await box.number(
      9006,
      { startdate: '2026-01-01 00:00', enddate: '2026-12-31 00:00' },
      { token: admin },
    );
    tally.works(left.status === 200, 'the call report');
    tally.tried(
      left.body.includes('"contact":"Reception"'),
      `the report has lost its calls: ${left.body.slice(0, 80)}`,
    );
  },
};

/** Whether an answer shows what only the store knows. @param text What was sent: repeating that tells nothing. */
function leaks(body: string, text: string): boolean {
  return /scrypt\$|sqlite|syntax error|no such column/i.test(body.replaceAll(text, ''));
}
