/** 30042 (ours): saves a view, or changes one; its id never changes, so that whatever names it follows. */
import * as v from 'valibot';
import type { View } from '../../storage/store.ts';
import { type SavedViewSet, VIEW_PAGES } from '../contract.ts';
import { flag, oneOf, required, rows } from '../fields.ts';
import { CgiError, json } from '../reply.ts';
import { by, type Verb, verb } from '../verb.ts';
import {
  checkedQuery,
  mayChange,
  mayShare,
  type ParametersOf,
  SHARED_MAX,
  sees,
  seesPage,
  VIEWS_MAX,
  viewName,
} from './view.ts';

export function setView(parametersOf: ParametersOf): Verb {
  /** Looks and writes, one after the other: two at the same moment must not be one too many. */
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work, work);
    last = turn.catch(() => {});
    return turn;
  };

  return verb({
    about: 'save a view: a filter of a page under a name; with id: change that one',
    right: 'recording.read',
    parameters: v.strictObject({
      id: rows(1, 'of the view to be changed, as 30041 gives it; none: a new one'),
      page: v.pipe(oneOf(...VIEW_PAGES), v.description(`the page: ${VIEW_PAGES.join(' or ')}`)),
      name: required('1 to 60 characters', viewName),
      query: v.optional(
        v.pipe(
          v.string(),
          v.description('its filter, name=value&…, as 9006 or 20053 takes it; period in place of dates'),
        ),
        '',
      ),
      shared: flag('everybody who sees the page sees it; for admin'),
    }),
    lines: () => 2, // with its removal, which costs none
    handle: ({ id, page, name, query: text, shared }, { store, keys }, asking) =>
      inTurn(async () => {
        const who = by(asking);
        const role = asking.caller?.role ?? 'monitor';
        if (page === undefined) throw new CgiError('invalid', 'page is missing', 'page');
        if (!seesPage(role, page) || (shared && !mayShare(role)))
          throw new CgiError('denied', `${who.who} may not do this`);
        if (!shared && asking.token !== null && keys.find(asking.token))
          throw new CgiError('conflict', 'an API key has no views of its own: shared=1', 'shared');
        const query = checkedQuery(page, text, parametersOf);
        const all = await store.ask('views');
        const before = id === undefined ? null : (all.find((view) => view.id === id) ?? null);
        if (id !== undefined && (!before || !sees(before, who.who, role)))
          throw new CgiError('not_found', `there is no view ${id}`, 'id');
        if (before && !mayChange(before, who.who, role)) throw new CgiError('denied', `${who.who} may not do this`);
        const owner = shared && before ? before.owner : who.who; // whose it was may be gone
        refuseTooMany(all, { before, page, name, owner, shared });
        const view = { page, name, query, owner, isShared: shared };
        const audit = { ...who, action: 'view.set', detail: { page, name, query, shared } };
        const written = await store.write({ kind: 'view', id: before?.id ?? null, view, audit });
        if (written.view === null) throw new CgiError('not_found', `there is no view ${id}`, 'id');
        return json<SavedViewSet>({ result: 'success', id: written.view, query });
      }),
  });
}

interface Wanted {
  readonly before: View | null;
  readonly page: string;
  readonly name: string;
  readonly owner: string;
  readonly shared: boolean;
}

/** Names tell the views of a list apart. @throws {CgiError} `conflict` */
function refuseTooMany(all: readonly View[], { before, page, name, owner, shared }: Wanted): void {
  const others = all
    .filter(({ id, isShared }) => id !== before?.id && isShared === shared)
    .filter((view) => shared || view.owner === owner);
  const same = others.find((view) => view.page === page && view.name.toLowerCase() === name.toLowerCase());
  if (same) throw new CgiError('conflict', `there is a view ${same.name} already, with the id ${same.id}`, 'name');
  const most = shared ? SHARED_MAX : VIEWS_MAX;
  if (others.length >= most) throw new CgiError('conflict', `there are ${most} views already: remove one first`);
}
