/**
 * Calls as MOR's pages list them. A list is written while its calls are found; it ends after {@link SHOWN_MAX}, and then says
 * in error_msg that there are more: `total_calls` counts all.
 */
import type { CallFilter, Field } from '../../../storage/filter.ts';
import type { Reply } from '../../reply.ts';
import type { Services } from '../../verb.ts';
import { XML_DECLARATION, XML_TYPE, type XmlNode, xmlElement } from '../xml.ts';
import { clockOf } from './page.ts';
import { hangupCause } from './search.ts';

/** Calls of one page: half a megabyte. */
export const SHOWN_MAX = 2_000;

const FIELDS: readonly Field[] = [
  ['id', 'id'],
  ['start', 'start'],
  ['src', 'src'],
  ['dst', 'dst'],
  ['duration', 'duration'],
  ['billsec', 'billsec'],
  ['disposition', 'disposition'],
  ['callType', 'callType'],
  ['contact', 'contact'],
  ['changed', 'changed'],
];

/** A call as the store tells it; texts. */
export interface Call {
  readonly id: string;
  readonly start: string;
  readonly src: string;
  readonly dst: string;
  readonly duration: string;
  readonly billsec: string;
  readonly disposition: string;
  readonly callType: string;
  /** The phone book's word on the other party. */
  readonly contact: string;
  readonly changed: string;
  /** When it was ticked off; absent: nobody did. */
  readonly processed?: string;
  /** Since the last look it went. */
  readonly removed?: true;
}

/** Calls given at a time: what is made of them takes a millisecond or two, and then other requests have their turn. */
const AT_ONCE = 100;

/** Calls newest first, some at a time; none at times, so that whoever writes them hears that the client is gone. */
export async function* callsIn(
  { store }: Pick<Services, 'store'>,
  filter: CallFilter,
  { limit, order = 'desc' }: { readonly limit?: number; readonly order?: 'asc' | 'desc' } = {},
): AsyncGenerator<readonly Call[]> {
  const listing = { filter, fields: FIELDS, order, ...(limit !== undefined && { limit }) };
  for await (const page of store.pages('call', listing)) {
    yield* inParts(JSON.parse(`[${Buffer.from(page.bytes).toString('utf8')}]`) as readonly Call[]);
  }
}

/** Some at a time, and other requests have their turn between; none once where there are none. */
export async function* inParts<Row>(rows: readonly Row[]): AsyncGenerator<readonly Row[]> {
  for (let at = 0; at === 0 || at < rows.length; at += AT_ONCE) {
    if (at > 0) await new Promise((rest) => setImmediate(rest));
    yield rows.slice(at, at + AT_ONCE);
  }
}

/** Seconds: how long was talked; of a call that nobody answered how long it rang. */
export function secondsOf({ disposition, billsec, duration }: Call): number {
  return Number(disposition === 'ANSWERED' ? billsec : duration);
}

/**
 * Whom an outgoing call went to, by the phone book; '' where it knows nobody. MOR's destinations are a price list's, which
 * isn't here.
 */
export function destinationOf({ callType, contact }: Call): string {
  return callType === 'Outbound' ? contact : '';
}

/** What each of MOR's lists tells of a call. */
export function commonNodes(call: Call): { readonly ends: XmlNode[]; readonly outcome: XmlNode[] } {
  return {
    ends: [
      ['date', call.start],
      ['called_from', call.src],
      ['called_to', call.dst],
    ],
    outcome: [
      ['duration', clockOf(secondsOf(call))],
      ['hangup_cause', hangupCause(call.disposition)],
    ],
  };
}

/** How many calls match. Nothing else is told meanwhile. */
export async function* counted({ store }: Pick<Services, 'store'>, filter: CallFilter): AsyncGenerator<'', number> {
  let rows = 0;
  for await (const step of store.count('call', filter)) {
    rows += step.rows;
    yield '';
  }
  return rows;
}

export interface CallPage {
  readonly pagename: string;
  readonly filter: CallFilter;
  /** Before `calls_stat`. @param error What is to be said of the list; '' = nothing. */
  about(total: number, error: string): readonly XmlNode[];
  /** In `calls_stat`, before its calls. */
  readonly before: readonly XmlNode[];
  node(call: Call): readonly XmlNode[];
}

/** `<page>…<calls_stat>…<calls><call>…` with the newest calls that match. */
export function callPage({ pagename, filter, about, before, node }: CallPage, services: Services): Reply {
  async function* text(): AsyncGenerator<string> {
    const total = yield* counted(services, filter);
    const error =
      total > SHOWN_MAX ? `${total} calls: the newest ${SHOWN_MAX} are shown. Ask for a shorter period` : '';
    // The head waits for the first calls: a store that can't answer still gets a proper error.
    let head = pageHead([['pagename', pagename], ...about(total, error)], before);
    for await (const calls of callsIn(services, filter, { limit: SHOWN_MAX })) {
      yield calls.length > 0 ? head + callNodes(calls, node) : '';
      if (calls.length > 0) head = '';
    }
    yield `${head}${PAGE_END}`;
  }
  return { kind: 'rows', text: text(), type: XML_TYPE };
}

function pageHead(nodes: readonly XmlNode[], before: readonly XmlNode[]): string {
  const page = nodes.map((node) => xmlElement(node, 1)).join('');
  const inside = before.map((node) => xmlElement(node, 2)).join('');
  return `${XML_DECLARATION}<page>\n${page}  <calls_stat>\n${inside}    <calls>\n`;
}

const PAGE_END = '    </calls>\n  </calls_stat>\n</page>';

function callNodes(calls: readonly Call[], node: CallPage['node']): string {
  return calls.map((call) => xmlElement(['call', node(call)], 3)).join('');
}
