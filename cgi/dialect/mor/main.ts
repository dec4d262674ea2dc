/**
 * MOR's main page: calls that nobody has answered, and how many calls there were and how long they took, this month and
 * today. What MOR's has besides, account and balance, nobody has here: it is left out.
 */
import type { CallFilter } from '../../../storage/filter.ts';
import { dateRange, epochBounds } from '../../range.ts';
import type { Services } from '../../verb.ts';
import type { XmlNode } from '../xml.ts';
import { countMissed } from './missed-count.ts';
import { clockOf, LANGUAGE, type Page, pageReply } from './page.ts';
import { insideOf, type MorUser } from './users.ts';

export const mainPage: Page = {
  like: { number: 30002, right: 'cdr.read' },
  async answer({ services, user }) {
    const missed = await countMissed(user, services);
    const month = await callsOf(user, 'Month', services);
    const day = await callsOf(user, 'Day', services);
    return pageReply('Main page', [
      ['username', user.name],
      ['userid', user.id],
      LANGUAGE,
      [
        'stats',
        [
          [
            'missed_calls',
            [
              ['missed_today', missed.today],
              ['missed_total', missed.total],
            ],
          ],
          ['call_history', [month, day]],
        ],
      ],
    ]);
  },
};

/** How many calls somebody had, and how long he talked, from the beginning of the month or day on. */
async function callsOf(user: MorUser, period: 'Month' | 'Day', services: Services): Promise<XmlNode> {
  const filter: CallFilter = { start: since(period, services) };
  const inside = insideOf(user, 'either');
  let [count, seconds] = [0, 0];
  for await (const { groups } of services.store.totals({ ...filter, ...(inside && { inside }) }, []))
    for (const [, , sums] of groups) {
      count += sums.count;
      seconds += sums.billsec;
    }
  return [
    'calls',
    [
      ['call_counts', count],
      ['period', period],
      ['call_duration', clockOf(seconds)],
    ],
  ];
}

function since(period: 'Month' | 'Day', { zone, now }: Services) {
  const { from = 0, to } = dateRange({}, zone, now()).wall;
  const first = period === 'Day' ? from : from - (new Date(from * 1000).getUTCDate() - 1) * 86_400;
  return epochBounds({ from: first, ...(to !== undefined && { to }) }, zone);
}
