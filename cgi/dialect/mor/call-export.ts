/** MOR's list of calls to be kept: all of a period as CSV, and as PDF what somebody may still want to read. */
import type { CallFilter } from '../../../storage/filter.ts';
import { formatLocal } from '../../../storage/model/local-time.ts';
import { fileTime } from '../../cdr/download.ts';
import { csvLine } from '../../csv.ts';
import type { Reply } from '../../reply.ts';
import { byOf } from '../enter.ts';
import { type Call, callsIn, counted, destinationOf, secondsOf } from './calls.ts';
import { type Asked, clockOf, type Page } from './page.ts';
import { type Period, periodOf } from './period.ts';
import { callsOf, hangupCause, needUser, type Search, searchOf } from './search.ts';
import type { MorUser } from './users.ts';

const LIKE = { number: 9005, right: 'cdr.read' } as const;

/** Calls in one PDF: some hundred pages. */
export const PDF_CALLS_MAX = 5_000;

const COLUMNS = ['Date', 'Called from', 'Called to', 'Destination', 'Duration', 'Hangup cause'];

const cellsOf = (call: Call): readonly string[] => [
  call.start,
  call.src,
  call.dst,
  destinationOf(call),
  clockOf(secondsOf(call)),
  hangupCause(call.disposition),
];

export const callCsv: Page = {
  like: LIKE,
  answer(asked): Reply {
    const { filter, filename } = exported(asked, 'csv');
    async function* text(): AsyncGenerator<string> {
      let head = csvLine(COLUMNS);
      for await (const calls of callsIn(asked.services, filter)) {
        yield calls.length > 0 ? head + calls.map((call) => csvLine(cellsOf(call))).join('') : '';
        if (calls.length > 0) head = '';
      }
      yield head;
    }
    return { kind: 'rows', text: text(), type: 'text/csv; charset=utf-8', filename };
  },
};

export const callPdf: Page = {
  like: LIKE,
  async answer(asked): Promise<Reply> {
    const { PDF_TABLE_WIDTH, pdfTable } = await import('./pdf.ts');
    const { filter, filename, user, period, search } = exported(asked, 'pdf');
    const { services } = asked;
    const widths = [92, 92, 96, 130, 50];
    const last = PDF_TABLE_WIDTH - widths.reduce((sum, width) => sum + width);
    const columns = COLUMNS.map((name, index) => ({
      name,
      width: widths[index] ?? last,
    }));
    async function* bytes(): AsyncGenerator<Uint8Array> {
      if (asked.request.method === 'HEAD') return;
      const count = counted(services, filter);
      let step = await count.next();
      for (; !step.done; step = await count.next()) yield new Uint8Array();
      const total = step.value;
      async function* rows() {
        for await (const calls of callsIn(services, filter, { limit: PDF_CALLS_MAX })) yield calls.map(cellsOf);
      }
      const about = [
        `${formatLocal(period.from, 0)} to ${formatLocal(period.till, 0)}`,
        `Direction: ${search.direction}   Status: ${search.status}   Device: ${search.device}   Calls: ${total}`,
      ];
      yield* pdfTable({ title: `Calls of ${user.name}`, about, columns }, rows(), (replaced) => [
        ...(total > PDF_CALLS_MAX
          ? [`These are the newest ${PDF_CALLS_MAX} of ${total} calls: the CSV has all of them.`]
          : []),
        ...(replaced ? ['Characters that this font has not are shown as ?: the CSV has them.'] : []),
      ]);
    }
    return { kind: 'archive', type: 'application/pdf', filename, bytes: bytes() };
  },
};

interface Exported {
  readonly user: MorUser;
  readonly search: Search;
  readonly period: Period;
  readonly filter: CallFilter;
  readonly filename: string;
}

/** What is asked for; it is noted, as with 9005. The id in the address is that of whose calls are wanted. */
function exported({ request, services, caller, user: asker, form, rest }: Asked, kind: 'csv' | 'pdf'): Exported {
  const user = needUser(rest, asker, services);
  const search = searchOf(form, user, services);
  const period = periodOf(form, services, 1);
  const detail = {
    startdate: formatLocal(period.from, 0),
    enddate: formatLocal(period.till, 0),
    user: user.id,
    ...search,
  };
  if (request.method !== 'HEAD') services.notes.done({ ...byOf(caller, request), action: 'calls.exported', detail });
  const filename = `CDR-${fileTime(services.now(), services.zone)}.${kind}`;
  return { user, search, period, filter: callsOf(user, search, period.start), filename };
}
