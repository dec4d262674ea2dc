/**
 * The period that a page is asked for: `period_start` and `period_end`, or `date_from` and `date_till`, as a text or, as
 * Rails' forms send them, in parts: `date_from[year]`, `[month]`, `[day]`, `[hour]`, `[minute]`. By the box's clock, both
 * ends inclusive. A day without a time is the whole day.
 */
import type { Bounds } from '../../../storage/filter.ts';
import { formatLocal, parseLocal } from '../../../storage/model/local-time.ts';
import { epochBounds } from '../../range.ts';
import { CgiError } from '../../reply.ts';
import type { Services } from '../../verb.ts';
import type { Form } from '../form-of.ts';
import type { XmlNode } from '../xml.ts';

const DAY = 86_400;

export interface Period {
  /** Seconds of the wall clock, as if it were UTC. */
  readonly from: number;
  readonly till: number;
  /** The same as moments. */
  readonly start: Bounds;
}

const FROM = { names: ['period_start', 'date_from'], time: '00:00:00' };
const TILL = { names: ['period_end', 'date_till'], time: '23:59:59' };

/**
 * With one end only: up to the end of today, or from the beginning of the other end's day.
 * @param days Days up to today that are meant where neither is given; 'month': those of this month.
 * @throws {CgiError} `invalid`
 */
export function periodOf(form: Form, { zone, now }: Pick<Services, 'zone' | 'now'>, days: number | 'month'): Period {
  const at = now();
  const clock = at + zone.offsetAt(at);
  const today = clock - (clock % DAY);
  const sent = { from: endOf(form, FROM), till: endOf(form, TILL) };
  const till = sent.till ?? today + DAY - 1;
  const first = today - (days === 'month' ? new Date(today * 1_000).getUTCDate() - 1 : days - 1) * DAY;
  const from = sent.from ?? (sent.till === null ? first : till - (till % DAY));
  if (from > till) throw new CgiError('invalid', 'the period ends before it begins', FROM.names[0]);
  return { from, till, start: epochBounds({ from, to: till }, zone) };
}

/** As pages tell it. */
export function periodNode({ from, till }: Period): XmlNode {
  return [
    'period',
    [
      ['period_start', formatLocal(from, 0)],
      ['period_end', formatLocal(till, 0)],
    ],
  ];
}

const TIME = /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T](\d{1,2}):(\d{1,2})(?::(\d{1,2}))?)?$/;
const PARTS = ['year', 'month', 'day', 'hour', 'minute', 'second'];

/** One end, seconds of the wall clock; null: it isn't given. */
function endOf(form: Form, { names, time }: typeof FROM): number | null {
  for (const name of names) {
    const text = form.get(name)?.trim() ?? '';
    const parts = PARTS.map((part) => form.get(`${name}[${part}]`)?.trim() ?? '');
    if (text === '' && parts.every((part) => part === '')) continue;
    const read = text === '' ? parts : (TIME.exec(text)?.slice(1) ?? []);
    const wall = read.every((part = '') => /^\d{0,4}$/.test(part)) ? wallOf(read, time) : null;
    if (wall === null) throw new CgiError('invalid', `${name} must be a time such as 2008-03-10 05:41:31`, name);
    return wall;
  }
  return null;
}

/** What is left out of a time is that of `time`. */
function wallOf(
  [year = '', month = '', day = '', ...given]: readonly (string | undefined)[],
  time: string,
): number | null {
  const clock = time.split(':').map((part, index) => given[index] || part);
  const two = (part: string) => part.padStart(2, '0');
  return parseLocal(`${year}-${two(month)}-${two(day)} ${clock.map(two).join(':')}`);
}
