/**
 * MOR's missed calls: each that came in and nobody answered, with the tick of the worklist (30040). What is ticked off here is
 * ticked off on the box's own pages, and the other way round.
 */
import { CgiError } from '../../reply.ts';
import { byOf, needs } from '../enter.ts';
import { callPage, commonNodes } from './calls.ts';
import { MISSED_DAYS } from './missed-count.ts';
import { type Asked, LANGUAGE, LANGUAGES, type Page } from './page.ts';
import { periodNode, periodOf } from './period.ts';
import { missedOf, needAsked } from './search.ts';
import type { MorUser } from './users.ts';

const LIKE = { number: 30039, right: 'cdr.read' } as const;
const TICK = { number: 30040, right: 'cdr.process' } as const;

export const missedCalls: Page = { like: LIKE, answer: (asked) => list(asked, needAsked(asked)) };

/** `processed=855` ticks call 855 off; `call_id=855` with `processed=1` or `0` too, or takes the tick away. */
export const processMissed: Page = {
  like: LIKE,
  async answer(asked) {
    const user = needAsked(asked);
    const processed = asked.form.get('processed')?.trim() ?? '';
    if (processed !== '') await tick(asked, user, processed);
    return list(asked, user);
  },
};

function list({ services, form }: Asked, user: MorUser) {
  const period = periodOf(form, services, MISSED_DAYS);
  return callPage(
    {
      pagename: 'Missed calls',
      filter: missedOf(user, period.start),
      about: (total, error) => [
        LANGUAGE,
        ['error_msg', error],
        ['userid', user.id],
        ['missed_total', total],
        ['username', user.name],
        LANGUAGES,
      ],
      before: [periodNode(period)],
      node(call) {
        const { ends, outcome } = commonNodes(call);
        return [['call_id', call.id], ...ends, ...outcome, ['processed', call.processed === undefined ? 0 : 1]];
      },
    },
    services,
  );
}

/** @throws {CgiError} `invalid`; `not_found` for what is no missed call of the user's; `denied`, `busy` */
async function tick({ services, caller, request, form }: Asked, user: MorUser, sent: string): Promise<void> {
  needs(caller, TICK, request, services);
  const named = form.get('call_id')?.trim() ?? '';
  const [id, processed] = named === '' ? [sent, true] : [named, sent === '1'];
  if (!/^[1-9]\d{0,14}$/.test(id) || (named !== '' && sent !== '0' && sent !== '1'))
    throw new CgiError('invalid', 'processed must be the call_id of a missed call', 'processed');
  const page = await services.store.ask('callPage', {
    filter: missedOf(user, {}),
    fields: [['id', 'id']],
    order: 'asc',
    after: null,
    limit: 1,
    scan: 1,
    ids: id,
  });
  if (page.rows === 0) throw new CgiError('not_found', `there is no missed call ${id}`, 'processed');
  services.notes.acts(caller.user, 1);
  const action = processed ? 'calls.processed' : 'calls.unprocessed';
  const audit = { ...byOf(caller, request), action, detail: {} };
  const { removed } = await services.store.write({ kind: 'processed', id: Number(id), processed, audit });
  if (removed === 0) throw new CgiError('not_found', `there is no missed call ${id}`, 'processed');
}
