/**
 * `sql.php?task=LISTING&module=CDR`: the call report in VoIPmonitor's names, filtered by its parameters. With
 * `suppress_results=1` it is only counted; with `group=lastSIPresponse` (ours: the documents show such an answer and not how
 * it is asked for) it is summed up by response.
 */
import { CgiError, type Reply } from '../../reply.ts';
import { cdrs, idsOf, type Question } from './cdr.ts';
import { callsAsked, filterOf, isFilter } from './filter.ts';
import { isOrder, orderOf } from './order.ts';
import { summary } from './summary.ts';
import type { Asked, Task } from './task.ts';

/** Those of other matters; the last three are sent by browsers' scripts. */
const OTHERS: ReadonlySet<string> = new Set([
  ...['task', 'module', 'user', 'password', 'auditReason', 'suppress_results', 'group'],
  ...['_dc', '_', 'query'],
]);

export const listCdrs: Task = { like: { number: 9006, right: 'cdr.read' }, handle };

async function handle({ services, sent, note }: Asked): Promise<Reply> {
  const { texts, text } = sent;
  for (const name of texts.keys())
    if (!OTHERS.has(name) && !isFilter(name) && !isOrder(name))
      throw new CgiError('invalid', `${name.slice(0, 64)} is not a parameter here`, name.slice(0, 64));
  if (sent.isList || sent.params.some(({ size }) => size > 0))
    throw new CgiError('invalid', 'params is not a parameter here: its names stand beside it', 'params');
  if (text('fdatefrom') === '' && text('fdateto') === '')
    throw new CgiError('invalid', 'fdatefrom or fdateto is required', 'fdatefrom');

  const asked = callsAsked(text);
  const filter = filterOf(asked, services.zone);
  const order = orderOf(texts, sent.bare);
  const isCounted = ['1', 'true'].includes(text('suppress_results'));
  note(new Map([...texts].filter(([name]) => isFilter(name))));
  if (text('group') !== '') {
    if (!['lastSIPresponse', 'lastSIPresponseNum'].includes(text('group')))
      throw new CgiError('invalid', 'group must be lastSIPresponse', 'group');
    if (asked.callId !== '') throw new CgiError('invalid', 'group: not with fcallid', 'group');
    if (order.sort !== undefined)
      throw new CgiError('invalid', 'group: comes with most calls first, without sort', 'sort');
    return { kind: 'rows', text: summedUp() };
  }
  if (asked.callId !== '' && order.sort !== undefined)
    throw new CgiError('invalid', 'sort: the calls of one fcallid come in the order of their start', 'sort');
  const ids = asked.callId === '' ? null : await idsOf(asked.callId, services);
  return { kind: 'rows', text: isCounted ? counted({ filter, ids }) : rows({ filter, ids }) };

  async function* summedUp(): AsyncGenerator<string> {
    const { rows } = yield* summary(services, filter);
    const total = String(rows.length);
    yield JSON.stringify(
      isCounted ? { total } : { total, results: rows.slice(order.offset, order.offset + order.limit) },
    );
  }

  async function* counted(question: Question): AsyncGenerator<string> {
    yield JSON.stringify({ total: String(yield* countOf(question)) });
  }

  /** Counted first, because the total stands first. */
  async function* rows(question: Question): AsyncGenerator<string> {
    let separator = `{"total":"${yield* countOf(question)}","results":[`;
    for await (const page of cdrs(services, question, order)) {
      yield page.length === 0 ? '' : `${separator}${page.map((cdr) => JSON.stringify(cdr)).join(',')}`;
      if (page.length > 0) separator = ',';
    }
    yield `${separator === ',' ? '' : separator}]}`;
  }

  async function* countOf(question: Question): AsyncGenerator<'', number> {
    let total = 0;
    if (question.ids !== null) {
      for await (const page of cdrs(services, question, { order: 'asc' })) total += page.length;
      return total;
    }
    for await (const { rows } of services.store.count('call', question.filter)) {
      total += rows;
      yield '';
    }
    return total;
  }
}
