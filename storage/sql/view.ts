/** Saved views: a filter of a page under a name. Few, so they are read all at once; who sees which is decided above. */
import type { Database, Row } from './database.ts';

export interface NewView {
  /** `calls`, `recordings`. */
  readonly page: string;
  readonly name: string;
  /** The filter, as the page's number takes it: `name=value&…`. */
  readonly query: string;
  /** The account that made it. */
  readonly owner: string;
  /** Whether everybody who sees the page sees it. */
  readonly isShared: boolean;
}

export interface View extends NewView {
  /** Never given again. */
  readonly id: number;
  /** Epoch seconds. */
  readonly changedAt: number;
}

/** In the order of their names. */
export function views(database: Database): View[] {
  return database.all('SELECT * FROM saved_view ORDER BY name COLLATE NOCASE, id').map(toView);
}

/** @param id Of the one that is changed; null: it is new. @param now Epoch seconds. @returns its id; null: there is none. */
export function putView(database: Database, id: number | null, view: NewView, now: number): number | null {
  const { page, name, query, owner } = view;
  const shared = view.isShared ? 1 : 0;
  if (id === null) {
    const sql = `INSERT INTO saved_view (page, name, query, owner, shared, created_at, changed_at)
      VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id`;
    return Number(database.first(sql, [page, name, query, owner, shared, now, now])?.['id']);
  }
  const { changes } = database.run(
    'UPDATE saved_view SET page = ?, name = ?, query = ?, owner = ?, shared = ?, changed_at = ? WHERE id = ?',
    [page, name, query, owner, shared, now, id],
  );
  return changes > 0 ? id : null;
}

/** @returns whether there was one. */
export function removeView(database: Database, id: number): boolean {
  return database.run('DELETE FROM saved_view WHERE id = ?', [id]).changes > 0;
}

/** An account is gone: the next of its name is somebody else. What it shared stays. */
export function removeViewsOf(database: Database, owner: string): void {
  database.run('DELETE FROM saved_view WHERE owner = ? AND shared = 0', [owner]);
}

function toView(row: Row): View {
  return {
    id: Number(row['id']),
    page: String(row['page']),
    name: String(row['name']),
    query: String(row['query']),
    owner: String(row['owner']),
    isShared: row['shared'] === 1,
    changedAt: Number(row['changed_at']),
  };
}
