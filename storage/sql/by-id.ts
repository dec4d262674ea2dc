/**
 * Calls looked at as they lie in the file, by their ids. Along the index of starts each one has to be sought, and where a
 * step ends is counted first: for a question that looks at most of the calls there are, in no order, this is the quicker by
 * a third to a half. Of a part of them it would look at all the others as well.
 */
import type { CallFilter, CountRequest, Cursor, IdsRequest, IdsStep } from '../filter.ts';
import { exactNumber } from '../model/number-search.ts';
import type { Bind, Database } from './database.ts';
import { whereAsked } from './where.ts';

/** Part of the calls that must lie within a range for it to be asked by id; and ids, fewer of which are not worth asking. */
const MOST = 0.6;
const FEW = 5_000;

/**
 * Whether a filter is one whose calls lie within most of all. By the ids at the ends of its range: calls mostly come in
 * order of their start. Those of an exact number have an index of their own.
 */
export function isMostCalls(database: Database, { start, since, src, dst, number }: CallFilter): boolean {
  if (since !== undefined || [src, dst, number].some((patterns) => exactNumber(patterns) !== null)) return false;
  const { from = Number.MIN_SAFE_INTEGER, to = Number.MAX_SAFE_INTEGER } = start;
  // Of some, for one may have come late.
  const idAt = (outermost: 'min' | 'max', direction: 'ASC' | 'DESC') =>
    database.first(
      `SELECT ${outermost}(id) AS id FROM (SELECT id FROM call INDEXED BY call_start
       WHERE trash IS NULL AND open = 0 AND start_at BETWEEN ? AND ? ORDER BY start_at ${direction}, id ${direction} LIMIT 20)`,
      [from, to],
    )?.['id'] ?? 0;
  const { first, last } = idsOf(database);
  const span = Number(idAt('max', 'DESC')) - Number(idAt('min', 'ASC'));
  return span > FEW && span >= (last - first) * MOST;
}

/** The next `scan` ids. A call's start and its place in the trash are asked last: they stand at the end of its row. */
export function stretchById(database: Database, { filter, after, scan }: CountRequest<CallFilter>) {
  const { first, last } = idsOf(database);
  const begin = after?.id ?? first - 1;
  const end = begin + scan;
  const asked = whereAsked(filter);
  const { from, to } = filter.start;
  const bounds: readonly (readonly [string, Bind])[] = [
    ...(from === undefined ? [] : [['start_at >= ?', from] as const]),
    ...(to === undefined ? [] : [['start_at <= ?', to] as const]),
  ];
  const conditions = ['id > ?', 'id <= ?', ...asked.conditions, ...bounds.map(([text]) => text)];
  const part = {
    from: 'call NOT INDEXED',
    where: [...conditions, 'open = 0', 'trash IS NULL'].join(' AND '),
    binds: [begin, end, ...asked.binds, ...bounds.map(([, bind]) => bind)],
  };
  const cursor: Cursor | null = end < last ? { key: 0, id: end } : null;
  return { parts: [part], column: 'id', end: cursor, gone: null };
}

/** The next calls by their ids: those that a listing shows. */
export function callIds(database: Database, { from, scan, limit }: IdsRequest): IdsStep {
  const { first, last } = idsOf(database);
  const begin = Math.max(from, first);
  const end = begin + scan;
  const ids = database
    .all(
      'SELECT id FROM call NOT INDEXED WHERE id >= ? AND id < ? AND open = 0 AND trash IS NULL ORDER BY id LIMIT ?',
      [...[begin, end, limit]],
    )
    .map(({ id }) => Number(id));
  const next = ids.length === limit ? (ids.at(-1) ?? begin - 1) + 1 : end;
  return { ids, next: next <= last ? next : null };
}

function idsOf(database: Database): { readonly first: number; readonly last: number } {
  const row = database.first('SELECT (SELECT min(id) FROM call) AS first, (SELECT max(id) FROM call) AS last');
  return { first: Number(row?.['first'] ?? 1), last: Number(row?.['last'] ?? 0) };
}
