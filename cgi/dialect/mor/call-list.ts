/** MOR's list of calls: today's by GET, by POST those of a period, a direction and a device. */
import { callPage, commonNodes, destinationOf } from './calls.ts';
import { LANGUAGE, LANGUAGES, type Page } from './page.ts';
import { periodNode, periodOf } from './period.ts';
import { callsOf, needAsked, searchOf } from './search.ts';

export const callList: Page = {
  like: { number: 9006, right: 'cdr.read' },
  answer(asked) {
    const { services, form } = asked;
    const user = needAsked(asked);
    const search = searchOf(form, user, services);
    const period = periodOf(form, services, 1);
    return callPage(
      {
        pagename: 'Calls',
        filter: callsOf(user, search, period.start),
        about: (total, error) => [
          LANGUAGE,
          ['error_msg', error],
          ['userid', user.id],
          ['show_device', search.device],
          ['status', search.status],
          ['direction', search.direction],
          ['total_calls', total],
          ['username', user.name],
          LANGUAGES,
        ],
        before: [periodNode(period)],
        node(call) {
          const { ends, outcome } = commonNodes(call);
          return [...ends, ['destination', destinationOf(call)], ...outcome];
        },
      },
      services,
    );
  },
};
