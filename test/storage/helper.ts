/** What the store's tests share: listings and counts taken together, and a look into the file. */
import sqlite from 'node-sqlite3-wasm';
import type { ClientParts, StoreClient } from '../../storage/client.ts';
import type { CallFilter, Field, RecordingFilter } from '../../storage/filter.ts';
import type { Leg } from '../../storage/model/leg.ts';
import { textOf } from '../support/page.ts';

/** How many match. */
export async function countOf(
  store: StoreClient,
  kind: 'call' | 'recording',
  filter: CallFilter | RecordingFilter,
): Promise<number> {
  let rows = 0;
  for await (const step of store.count(kind, filter as CallFilter & RecordingFilter)) rows += step.rows;
  return rows;
}

/** All rows of a listing. */
export async function rowsOf(
  store: StoreClient,
  kind: 'call' | 'recording',
  fields: readonly Field[],
  filter: Partial<CallFilter & RecordingFilter> = {},
): Promise<Record<string, string>[]> {
  const rows: Record<string, string>[] = [];
  const whole = { start: {}, wall: {}, ...filter };
  for await (const page of store.pages(kind, { filter: whole, fields, order: 'asc' }))
    rows.push(...(JSON.parse(`[${textOf(page)}]`) as Record<string, string>[]));
  return rows;
}

/** A leg comes in. @returns what the store says of it. */
export function put(store: StoreClient, leg: Leg) {
  return store.write({ kind: 'leg', leg, source: 'ami' });
}

/** The leg's call is over. */
export function shut(store: StoreClient, leg: Leg) {
  return store.write({ kind: 'close', group: leg.linkedId ?? leg.uniqueId });
}

/** Runs SQL on a file that no store has open, as another program would. @returns the rows of the last statement. */
export function sqlOn(file: string, sql: string): Record<string, unknown>[] {
  const database = new sqlite.Database(file);
  try {
    database.exec('PRAGMA locking_mode=EXCLUSIVE');
    return database.all(sql) as Record<string, unknown>[];
  } finally {
    database.close();
  }
}

/** For a client of which only the lanes matter. */
export const LANES_ONLY: ClientParts = {
  disk: () => ({ state: 'ok', why: '', since: 0, free: null, reserve: 0, refused: 0 }),
  onDisk: () => {},
  onCommit: () => {},
  pulse: async () => {},
  close: async () => {},
};
