/**
 * `cdrreport`: Asterisk's own records, newest first, in the columns of an Elastix box's table. Its source put what it was
 * sent into SQL as it came, and left out whatever had the destination `s`; here each parameter is looked at, `custom` is
 * refused, and every record of a call that is shown is there.
 */
import { LEG_COLUMNS, type LegFilter } from '../../../storage/filter.ts';
import { parseLocal, type Zone } from '../../../storage/model/local-time.ts';
import { bounds, epochBounds, ordered } from '../../range.ts';
import { CgiError } from '../../reply.ts';
import type { Form } from '../form-of.ts';
import { cdrRow } from './cdr-row.ts';
import { type Command, JSON_TYPE, phpJson } from './command.ts';

/** Rows without `limit`, as in its source. */
const LIMIT = 100;
/** Characters of a text to look for: channels have up to 80. */
const PATTERN_MAX = 100;

const STATUSES = {
  ANSWERED: ['ANSWERED'],
  BUSY: ['BUSY'],
  // Asterisk's fifth outcome is a failure to whoever knows four.
  FAILED: ['FAILED', 'CONGESTION'],
  'NO ANSWER': ['NO ANSWER'],
} as const;

const RECORDINGS = { all: undefined, only: true, without: false } as const;

export const cdrReport: Command = {
  like: { number: 9006, right: 'cdr.read' },
  async answer(_, { store, zone }, __, form) {
    const pages = store.legs({ filter: filterOf(form, zone), limit: limitOf(form) });
    // A store that can't answer is told of in the dialect's form: so nothing is begun before it has.
    const first = await pages.next();
    return { kind: 'rows', type: JSON_TYPE, text: rowsOf(first, pages) };
  },
};

type Pages = ReturnType<Parameters<Command['answer']>[1]['store']['legs']>;

async function* rowsOf(first: Awaited<ReturnType<Pages['next']>>, pages: Pages): AsyncGenerator<string> {
  let rows = 0;
  try {
    for (let page = first; !page.done; page = await pages.next()) {
      let text = '';
      for (const leg of page.value.legs) text += `${rows++ === 0 ? '[' : ','}${phpJson(cdrRow(leg))}`;
      yield text;
    }
    yield rows === 0 ? '[]' : ']';
  } finally {
    await pages.return(undefined);
  }
}

/** @throws {CgiError} `invalid`, naming the parameter. */
function filterOf(form: Form, zone: Zone): LegFilter {
  // It went into SQL as it was, behind AND: nobody's text does here.
  if (sent(form, 'custom') !== '') throw wrong('custom', 'is not taken: no SQL is from outside');
  const [from, to] = [dateOf(form, 'start_date'), dateOf(form, 'end_date')];
  ordered('start_date', from, to, 'is after end_date');
  const text = textOf(form);
  const status = sent(form, 'status').toUpperCase();
  const recorded =
    RECORDINGS[oneOf(form, 'recordings', Object.keys(RECORDINGS) as (keyof typeof RECORDINGS)[]) ?? 'all'];
  return {
    start: epochBounds(bounds(from, to), zone),
    ...(text && { text }),
    ...(status !== '' && status !== 'ALL' && { dispositions: STATUSES[statusOf(form)] }),
    ...(recorded !== undefined && { recorded }),
  };
}

function statusOf(form: Form): keyof typeof STATUSES {
  const known = Object.keys(STATUSES) as (keyof typeof STATUSES)[];
  const found = known.find((status) => status === sent(form, 'status').toUpperCase());
  if (!found) throw wrong('status', `must be ALL, ${known.join(', ')}`);
  return found;
}

const DATE = /^(\d{4})[-/](\d\d?)[-/](\d\d?)(?:[ T](\d\d?):(\d\d?)(?::(\d\d?))?)?$/;

/** As MySQL reads one: what isn't there is nought, so that a day alone is its midnight. @returns seconds of the wall clock. */
function dateOf(form: Form, name: string): number | undefined {
  const text = sent(form, name);
  if (text === '') return undefined;
  const [, year = '', ...rest] = DATE.exec(text) ?? [];
  const [month, day, hour, minute, second] = ['', '', '', '', ''].map((_, at) => (rest[at] ?? '').padStart(2, '0'));
  const wall = parseLocal(`${year}-${month}-${day} ${hour}:${minute}:${second}`);
  if (wall === null) throw wrong(name, 'must be a date such as 2017-12-05 00:00:00');
  return wall;
}

function textOf(form: Form): LegFilter['text'] {
  const column = oneOf(form, 'field_name', LEG_COLUMNS);
  const pattern = sent(form, 'field_pattern');
  // The source puts one at either end itself, so that programs may have put one there, too.
  const part = pattern.replace(/^%+|%+$/g, '');
  if (part === '') return undefined;
  if (!column) throw wrong('field_name', `must say what field_pattern is looked for in: ${LEG_COLUMNS.join(', ')}`);
  if (part.length > PATTERN_MAX) throw wrong('field_pattern', `must have ${PATTERN_MAX} characters at most`);
  if (part.includes('%')) throw wrong('field_pattern', 'is looked for as it is: it may have % at its ends only');
  return { column, part };
}

function limitOf(form: Form): number {
  const text = sent(form, 'limit');
  if (text === '') return LIMIT;
  if (!/^\d{1,9}$/.test(text)) throw wrong('limit', 'must be a whole number');
  return Number(text);
}

/** One word of a few, any case; undefined: nothing was sent. */
function oneOf<const Word extends string>(form: Form, name: string, known: readonly Word[]): Word | undefined {
  const text = sent(form, name).toLowerCase();
  if (text === '') return undefined;
  const found = known.find((word) => word === text);
  if (!found) throw wrong(name, `must be one of ${known.join(', ')}`);
  return found;
}

function sent(form: Form, name: string): string {
  return (form.get(name) ?? '').trim();
}

function wrong(name: string, message: string): CgiError {
  return new CgiError('invalid', `${name} ${message}`, name);
}
