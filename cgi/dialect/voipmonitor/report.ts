/**
 * `task=reportSummary`: the figures of a saved view that is shared (30041), over a time of one's own. A report there is a
 * filter under a name, too. `json` gives them as JSON, otherwise they are a small page.
 */
import type { CallFilter } from '../../../storage/filter.ts';
import type { View } from '../../../storage/store.ts';
import { callFilter, filterOf } from '../../cdr/filter.ts';
import { checkParameters, readParameters } from '../../params.ts';
import { bounds, type DateRange, dateRange, ordered } from '../../range.ts';
import { CgiError, type Reply } from '../../reply.ts';
import { sees } from '../../view/view.ts';
import { type XmlNode, xmlElement } from '../xml.ts';
import { wallOf } from './moment.ts';
import { oneOf } from './names.ts';
import { type Params, textIn, yesIn } from './request.ts';
import { figures, type Summary, summary } from './summary.ts';
import type { Asked, Task } from './task.ts';

export const reportSummary: Task = { like: { number: 30002, right: 'cdr.read' }, handle };

async function handle({ services, sent, caller, note }: Asked): Promise<Reply> {
  const params = oneOf(sent, ['report_name', 'datetime_from', 'datetime_to', 'json']);
  const view = await viewOf(textIn(params, 'report_name').trim(), { services, caller });
  const { filter, range } = questionOf(view, params, services);
  const isJson = yesIn(params, 'json') ?? false;
  note(params);

  async function* text(): AsyncGenerator<string> {
    const found = yield* summary(services, filter);
    yield isJson ? JSON.stringify({ success: true, ...bodyOf(view, range, found) }) : pageOf(view, range, found);
  }
  return { kind: 'rows', text: text(), ...(!isJson && { type: 'text/html; charset=utf-8' }) };
}

/** @throws {CgiError} `not_found`, `invalid` */
async function viewOf(name: string, { services, caller }: Pick<Asked, 'services' | 'caller'>): Promise<View> {
  if (name === '') throw new CgiError('invalid', 'report_name is missing', 'report_name');
  const shared = (await services.store.ask('views')).filter(
    (view) => view.page === 'calls' && view.isShared && sees(view, caller.user, caller.role),
  );
  const found =
    shared.find((view) => view.name === name) ?? shared.find((view) => view.name.toLowerCase() === name.toLowerCase());
  if (!found)
    throw new CgiError('not_found', `no shared view of the calls page is called ${name.slice(0, 64)}`, 'report_name');
  return found;
}

/** The view's filter; its time only where none is sent. @throws {CgiError} `invalid` */
function questionOf(
  view: View,
  params: Params,
  services: Asked['services'],
): { readonly filter: CallFilter; readonly range: DateRange } {
  const kept = [...readParameters(view.query)].filter(([plain]) => Object.hasOwn(callFilter.entries, plain));
  const parameters = checkParameters(callFilter, new Map(kept));
  const [from, to] = [textIn(params, 'datetime_from').trim(), textIn(params, 'datetime_to').trim()];
  let range: DateRange;
  if (from !== '' || to !== '') {
    const [begin, end] = [wallOf(['datetime_from', from]), wallOf(['datetime_to', to], '23:59:59')];
    ordered('datetime_from', begin, end, 'is after datetime_to');
    range = { startdate: from, enddate: to, wall: bounds(begin, end) };
  } else if (parameters.startdate || parameters.enddate) range = dateRange(parameters, services.zone, services.now());
  else throw new CgiError('invalid', 'datetime_from is missing: the view has no dates of its own', 'datetime_from');
  return { range, filter: filterOf(parameters, range, services) };
}

function bodyOf({ name }: View, { startdate, enddate }: DateRange, { all, rows }: Summary) {
  return { report_name: name, datetime_from: startdate, datetime_to: enddate, total: figures(all), results: rows };
}

function pageOf(view: View, { startdate, enddate }: DateRange, { all, rows }: Summary): string {
  const row = (name: string, cells: readonly string[]): XmlNode => ['tr', cells.map((cell) => [name, cell])];
  const cellsOf = ({ cnt_all, asr_all, acd_all, duration_all }: ReturnType<typeof figures>) => [
    ...[cnt_all, asr_all, acd_all ?? '-', duration_all],
  ];
  const page: XmlNode = [
    'html',
    [
      ['head', [['title', view.name]]],
      [
        'body',
        [
          ['h1', view.name],
          ['p', `${startdate || '…'} – ${enddate || '…'}`],
          [
            'table',
            [
              row('th', ['Last SIP response', 'Calls', 'ASR %', 'ACD s', 'Talked s']),
              ...rows.map((each) => row('td', [each.lastSIPresponse, ...cellsOf(each)])),
              row('th', ['Total', ...cellsOf(figures(all))]),
            ],
          ],
        ],
      ],
    ],
  ];
  return `<!DOCTYPE html>\n${xmlElement(page).trimEnd()}`;
}
