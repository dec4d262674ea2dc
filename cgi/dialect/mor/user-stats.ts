/**
 * MOR's detailed statistics: how calls to a user and from him ended, and his calls of each day, newest first. By the sums
 * that the box keeps where an admin asks. What a user is expected to talk a day, MOR's normative, nobody has told this box:
 * those elements are left out.
 */
import type { CallFilter, Dimension, Sums } from '../../../storage/filter.ts';
import { formatLocal } from '../../../storage/model/local-time.ts';
import { addSums, NO_SUMS } from '../../cdr/sums.ts';
import { CgiError } from '../../reply.ts';
import type { Services } from '../../verb.ts';
import type { XmlNode } from '../xml.ts';
import { countNew } from './new-calls.ts';
import { LANGUAGE, type Page, pageReply } from './page.ts';
import { periodOf } from './period.ts';
import { callsOf, type Direction, needAsked } from './search.ts';

/** Days of one answer: each of them has an element, also those without a call. */
const DAYS_MAX = 366;
const DAY = 86_400;

export const userStats: Page = {
  like: { number: 30002, right: 'cdr.read' },
  async answer(asked) {
    const { services, form } = asked;
    const user = needAsked(asked);
    const period = periodOf(form, services, 'month');
    const [first, last] = [Math.floor(period.from / DAY), Math.floor(period.till / DAY)];
    if (last - first >= DAYS_MAX)
      throw new CgiError('invalid', `the period must have ${DAYS_MAX} days at most`, 'period_start');
    const filter = (direction: Direction) => callsOf(user, { direction, status: 'all', device: 'all' }, period.start);
    const incoming = await outcomes(filter('incoming'), services);
    const outgoing = await outcomes(filter('outgoing'), services);
    const byDay = await sumsBy('day', filter('all'), services);
    const days = Array.from({ length: last - first + 1 }, (_, index) => last - index);
    return pageReply('Detailed statistics', [
      LANGUAGE,
      ['userid', user.id],
      ['start_date', dateOf(first)],
      ['end_date', dateOf(last)],
      [
        'details',
        [
          ['main_details', [['new_calls', await countNew(asked)]]],
          [
            'calls',
            [
              ['incoming', incoming],
              ['outgoing', outgoing],
            ],
          ],
          ['detailed_by_date', days.map((day) => dayNode(day, byDay.get(day)))],
        ],
      ],
    ]);
  },
};

const dateOf = (day: number) => formatLocal(day * DAY, 0).slice(0, 10);

async function outcomes(filter: CallFilter, services: Services): Promise<readonly XmlNode[]> {
  const sums = (await sumsBy(null, filter, services)).get('');
  return [
    ['answered', sums?.answered ?? 0],
    ['no_answer', sums?.noanswer ?? 0],
    ['busy', sums?.busy ?? 0],
    ['failed', sums?.failed ?? 0],
  ];
}

/** Minutes talked, and of an answered call on average; MOR's example has `1.5`. */
function dayNode(day: number, sums: Sums | undefined): XmlNode {
  const { count = 0, answered = 0, talked = 0 } = sums ?? {};
  return [
    'call_by_date',
    [
      ['date', dateOf(day)],
      ['calls_count', count],
      ['duration', minutes(talked)],
      ['avg_time', minutes(answered > 0 ? talked / answered : 0)],
    ],
  ];
}

const minutes = (seconds: number) => Math.round((seconds * 100) / 60) / 100;

/** Sums of all that matches (null: one group, ''), or of each value of a dimension. */
async function sumsBy(
  dimension: Dimension | null,
  filter: CallFilter,
  { store }: Pick<Services, 'store'>,
): Promise<ReadonlyMap<string | number, Sums>> {
  const groups = new Map<string | number, Sums>();
  for await (const step of store.totals(filter, dimension === null ? [] : [dimension]))
    for (const [of, value, sums] of step.groups) {
      if (of !== dimension) continue;
      const key = dimension === null ? '' : value;
      groups.set(key, addSums(groups.get(key) ?? NO_SUMS, sums));
    }
  return groups;
}
