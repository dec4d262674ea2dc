import { createHash } from 'node:crypto';
import { readXml } from '../../support/strict-xml.ts';
import { EVER, STRANGERS_CALL, total } from '../box.ts';
import type { Answer } from '../clients.ts';
import type { Row } from '../row.ts';
import { DIALECT_PLACES, MOR_SECRET, putInto, speaker } from './dialect-places.ts';

/** Two texts that differ in nothing but whether a condition in them would hold. */
const PAIRS: readonly (readonly [holds: string, fails: string])[] = [
  ["x' OR '1'='1", "x' OR '1'='2"],
  ['1 OR 1=1', '1 OR 1=2'],
  ["%') OR ('1'='1", "%') OR ('1'='2"],
];
/** Each once: what would show another table, or end an element, a text or a header. */
const SINGLES = [
  "' UNION SELECT name, hash, 1 FROM user --",
  "1; DELETE FROM call WHERE 'x' <> '",
  '</page><page><error>x</error>',
  '"},{"success":true,"x":"',
  'x\r\nX-Injected: yes\r\n\r\n',
  '\u0001\u0000\ufffe<![CDATA[',
];
/** All that may be answered to what is no request of anybody's. */
const STATUSES = [200, 303, 400, 401, 403, 404, 405, 409, 413, 429, 501];

/** Where callers' names come out: each holds every call of the office. */
const LISTINGS = [
  ['elastix', '/api/api.php?cmd=cdrreport&start_date=2026-01-01&end_date=2026-12-31&limit=1000'],
  ['mor', '/stats/call_list?period_start=2026-01-01&period_end=2026-12-31'],
  ['mor', '/stats/call_list_to_csv/0?period_start=2026-01-01&period_end=2026-12-31'],
  ['mor', '/stats/missed_calls?period_start=2026-01-01&period_end=2026-12-31'],
  ['voipmonitor', '/php/model/sql.php?task=LISTING&module=CDR&fdatefrom=2026-01-01T00:00:00&limit=100'],
  ['voipmonitor', '/php/api.php?task=getVoipCalls&params=%7B%22startTime%22:%222026-01-01%22%7D'],
] as const;

export const dialectParams: Row = {
  name: 'dialect-params',
  // elastix-api (tarek-aec), in every version: custom and field_pattern of cdrreport stood in the query as they came.
  flaws: [],
  no: 'parameter or caller’s name that gets into a query, a header, or another form than a text’s, by a dialect',
  alone: true,
  async attempt(box, tally) {
    const speak = await speaker(box);
    const calls = total(await box.ask(`/cgi/webserve/9006?${EVER}`, { token: box.tokens.admin }));
    for (const [dialect, target] of LISTINGS) {
      const answer = await speak.ask(dialect, target);
      tally.works(answer.status === 200 && answer.body.length > 50, `${target}: ${answer.status} ${answer.body}`);
      tally.tried(isSound(answer), `${target}: ${answer.body.slice(0, 300)}`);
      if (answer.headers['content-type']?.startsWith('text/csv'))
        tally.tried(!/(^|,|\n)"?[=@\t]/.test(answer.body), `a cell that would run: ${answer.body.slice(0, 300)}`);
    }
    const own = { from: '1767225600', till: '1798761600', s_user: '0' };
    const hash = createHash('sha1').update(`${own.from}${own.till}${own.s_user}${MOR_SECRET}`).digest('hex');
    const body = new URLSearchParams({ u: 'admin', ...own, hash }).toString();
    const local = await speak.ask('mor', '/billing/api/local_calls_get', { method: 'POST', body });
    tally.works(local.body.includes('<local_calls>'), `the local calls: ${local.body}`);
    tally.tried(isSound(local), `the local calls: ${local.body.slice(0, 300)}`);
    await box.number(30014, { number: '998', name: '</entry>&<entry_name>]]>' }, { token: box.tokens.admin });
    const book = await speak.ask('mor', '/phonebooks/list/0');
    tally.works(book.body.includes('998'), `the phone book: ${book.body}`);
    tally.tried(isSound(book), `the phone book: ${book.body.slice(0, 300)}`);
    const listed = await speak.ask(...LISTINGS[4]);
    tally.tried(listed.field('total') === String(calls), `a call more or less: ${listed.body.slice(0, 80)}`);
    for (const place of DIALECT_PLACES) {
      for (const [holds, fails] of place.acts ? [] : PAIRS) {
        const [yes, no] = [await putInto(speak, place, holds), await putInto(speak, place, fails)];
        const same = yes.status === no.status && (yes.status >= 400 || bare(yes, holds) === bare(no, fails));
        const what = `${place.path} ${place.name}=${holds}: ${yes.status}, ${no.status} ${bare(yes, holds).slice(0, 80)}`;
        tally.tried(same && held(yes, holds) && held(no, fails), what);
      }
      for (const text of SINGLES) {
        const answer = await putInto(speak, place, text);
        tally.tried(
          held(answer, text),
          `${place.path} ${place.name}=${JSON.stringify(text)}: ${answer.bytes.slice(0, 400)}`,
        );
      }
    }
    const left = await speak.ask(
      'elastix',
      `/api/api.php?cmd=cdrreport&field_name=dst&field_pattern=${STRANGERS_CALL}`,
    );
    tally.works(left.status === 200, 'the report at the end');
    const now = total(await box.ask(`/cgi/webserve/9006?${EVER}`, { token: box.tokens.admin }));
    tally.tried(now === calls, `there were ${calls} calls, and are ${now}`);
  },
};

function held(answer: Answer, sent: string): boolean {
  const shown = answer.body.replaceAll(sent, '').replaceAll(JSON.stringify(sent).slice(1, -1), '');
  const tells = /scrypt\$|sqlite|syntax error|no such column/i.test(shown);
  const head = answer.bytes.slice(0, answer.bytes.indexOf('\r\n\r\n'));
  return STATUSES.includes(answer.status) && !tells && !/^x-injected/im.test(head) && isSound(answer);
}

/** Whether an answer can be read as what it says it is, by a reader that takes nothing else. */
function isSound({ headers, body, status }: Answer): boolean {
  const type = headers['content-type'] ?? '';
  if (status === 303) return /^\/(calls|live-calls)?(\?|$)/.test(headers['location'] ?? '');
  try {
    if (/html/.test(type)) return !/[<>]/.test(body);
    if (/json/.test(type)) JSON.parse(body);
    else if (/xml/.test(type)) readXml(body);
    return true;
  } catch {
    return false;
  }
}

/** Without what was sent, in which the two differ. Headers are read in lower case. */
function bare({ body, headers }: Answer, sent: string): string {
  const spellings = [JSON.stringify(sent).slice(1, -1), sent, new URLSearchParams({ x: sent }).toString().slice(2)];
  return spellings
    .reduce(
      (text, spelled) => text.replaceAll(spelled.toLowerCase(), ''),
      `${headers['location'] ?? ''} ${body}`.toLowerCase(),
    )
    .replace(/('|=|%27|%3d|&apos;)[12]/g, '');
}
