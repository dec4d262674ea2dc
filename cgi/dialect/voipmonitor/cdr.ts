/** Calls as rows of VoIPmonitor's table `cdr`: its names, of them those that this box holds; figures as text, as there. */
import type { CallFilter, Field, Page, SortColumn } from '../../../storage/filter.ts';
import { letGo } from '../../../storage/let-go.ts';
import { keyOf } from '../../../storage/model/identity.ts';
import { splitShown } from '../../../storage/model/number-pattern.ts';
import { pagesOf } from '../../sort.ts';
import type { Services } from '../../verb.ts';
import { responseOf } from './response.ts';

/** Of a call, as the store shows it. */
interface Held {
  readonly id: string;
  readonly start: string;
  readonly end: string;
  readonly duration: string;
  readonly billsec: string;
  readonly src: string;
  readonly dst: string;
  readonly disposition: string;
  readonly callerName: string;
  readonly uniqueId: string;
}

const HELD = [
  'id',
  'start',
  'end',
  'duration',
  'billsec',
  'src',
  'dst',
  'disposition',
  'callerName',
  'uniqueId',
] as const;
const FIELDS: readonly Field[] = HELD.map((name) => [name, name]);

export interface Cdr {
  readonly id: string;
  /** The box's clock. */
  readonly calldate: string;
  readonly callend: string;
  /** Seconds. */
  readonly duration: string;
  readonly connect_duration: string;
  readonly caller: string;
  readonly callername: string;
  /** As it was dialled. */
  readonly called: string;
  /** Who answered, where that is another. */
  readonly called_final: string;
  readonly lastSIPresponseNum: string;
  readonly lastSIPresponse: string;
  /** The UniqueID: there the Call-ID, which Asterisk doesn't record. */
  readonly fbasename: string;
}

function cdrOf({ id, start, end, duration, billsec, src, dst, disposition, callerName, uniqueId }: Held): Cdr {
  const response = responseOf(disposition);
  const [called, answered = called] = splitShown(dst);
  return {
    id,
    calldate: start,
    callend: end,
    duration,
    connect_duration: billsec,
    caller: src,
    callername: callerName,
    called,
    called_final: answered,
    lastSIPresponseNum: response.number,
    lastSIPresponse: response.text,
    fbasename: uniqueId,
  };
}

/** Which calls. */
export interface Question {
  readonly filter: CallFilter;
  /** None but these; null: any. */
  readonly ids: readonly number[] | null;
}

export interface Order {
  readonly sort?: SortColumn | undefined;
  readonly order: 'asc' | 'desc';
  readonly offset?: number;
  readonly limit?: number;
}

/** Calls given at a time: then other requests have their turn. */
export const AT_ONCE = 100;

/** Ids of a question at most: a call has few rows, however often it was passed on. */
const IDS_MAX = 1_000;

/** The calls in their order, some at a time; an empty piece says only that the search goes on. @throws {CgiError} */
export async function* cdrs(
  { store }: Pick<Services, 'store'>,
  { filter, ids }: Question,
  { offset = 0, limit, ...order }: Order,
): AsyncGenerator<readonly Cdr[]> {
  if (ids !== null) {
    const page = await store.ask('callPage', { filter, fields: FIELDS, ...order, ...askedOf(ids) });
    yield cdrsOf(page).slice(offset, limit === undefined ? undefined : offset + limit);
    return;
  }
  const part = { ...order, after: null, offset, ...(limit !== undefined && { limit }) };
  for await (const page of pagesOf(store, 'call', { filter, fields: FIELDS, ...part })) {
    const all = cdrsOf(page);
    for (let at = 0; at === 0 || at < all.length; at += AT_ONCE) {
      if (at > 0) await new Promise((rest) => setImmediate(rest));
      yield all.slice(at, at + AT_ONCE);
    }
  }
}

/** With its clock's seconds east of UTC, when it began and when it ended. */
export interface PlacedCdr extends Cdr {
  readonly offset: number;
  readonly endOffset: number;
}

const PLACED_FIELDS: readonly Field[] = [...FIELDS, ['offset', 'offset'], ['endOffset', 'endOffset']];

/** Those of these ids that there are, in order of id. @param ids As many as one step of the store may look at. */
export async function cdrsById(
  { store }: Pick<Services, 'store'>,
  ids: readonly number[],
): Promise<readonly PlacedCdr[]> {
  const page = await store.ask('callPage', {
    ...{ filter: { start: {} }, fields: PLACED_FIELDS, order: 'asc' as const, ...askedOf(ids) },
    placed: true,
  });
  return rowsOf<Held & { readonly offset: string; readonly endOffset: string }>(page).map((row) => ({
    ...cdrOf(row),
    offset: Number(row.offset),
    endOffset: Number(row.endOffset),
  }));
}

function askedOf(ids: readonly number[]) {
  const most = ids.slice(0, IDS_MAX);
  return { ids: most.join(','), after: null, scan: Math.max(1, most.length), limit: Math.max(1, most.length) };
}

function cdrsOf(page: Page): readonly Cdr[] {
  return rowsOf<Held>(page).map(cdrOf);
}

function rowsOf<Row>({ bytes }: Page): readonly Row[] {
  const rows = JSON.parse(
    `[${Buffer.from(bytes.buffer).toString('utf8', bytes.byteOffset, bytes.byteOffset + bytes.length)}]`,
  );
  letGo(bytes);
  return rows as Row[];
}

/** Ids of the calls that have this UniqueID or LinkedID, which stand here for the Call-ID. @param callId Checked. @see call-id.ts */
export async function idsOf(callId: string, { store }: Pick<Services, 'store'>): Promise<readonly number[]> {
  return (await store.ask('trace', callId)).flatMap(({ group, calls, legs }) => {
    const named = new Set(legs.filter(({ uniqueId }) => uniqueId === callId).map(({ id }) => id));
    const isWhole = keyOf(group) === callId;
    return calls.flatMap(({ id, open, deleted, legs: own }) =>
      id !== null && !open && !deleted && (isWhole || own.some((leg) => named.has(leg))) ? [id] : [],
    );
  });
}
