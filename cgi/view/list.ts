/** 30041 (ours): the saved views: one's own, and those that are shared. */
import * as v from 'valibot';
import { type SavedViews, VIEW_PAGES } from '../contract.ts';
import { oneOf } from '../fields.ts';
import { json } from '../reply.ts';
import { by, verb } from '../verb.ts';
import { sees, shown } from './view.ts';

export const listViews = verb({
  about: 'saved views, by name: one’s own, and those that are shared',
  right: 'recording.read',
  parameters: v.strictObject({ page: oneOf(...VIEW_PAGES) }),
  async handle({ page }, { store }, asking) {
    const { who } = by(asking);
    const role = asking.caller?.role ?? 'monitor';
    const mine = (await store.ask('views')).filter(
      (view) => sees(view, who, role) && (page === undefined || view.page === page),
    );
    return json<SavedViews>({ json_array_views: mine.map((view) => shown(view, who, role)) });
  },
});
