/** 30004 (ours): deletions, newest first, each with how far it is; or one of them, to watch it. */
import * as v from 'valibot';
import type { DeletionRow, DeletionRows } from '../contract.ts';
import * as fields from '../fields.ts';
import { json } from '../reply.ts';
import { verb } from '../verb.ts';
import { deletionOf, kindsOf, shown, undoToken } from './show.ts';

const LIMIT = 100;
const LIMIT_MAX = 1_000;

export const listDeletions = verb({
  about: 'deletions, newest first; with undo the one of that token',
  right: 'recording.delete', // which both roles have; each sees what it may undo
  parameters: v.strictObject({
    undo: undoToken('only the deletion of this token'),
    limit: fields.rows(1, `deletions at most, ${LIMIT} without it, ${LIMIT_MAX} at most`),
  }),
  async handle({ undo, limit = LIMIT }, services, asking) {
    if (undo !== undefined) return listed([shown(await deletionOf(undo, services, asking), services)]);
    const most = Math.min(limit, LIMIT_MAX);
    const kinds = asking.caller ? kindsOf(asking.caller.role) : [];
    const lists = await Promise.all(kinds.map((kind) => services.store.ask('deletions', { kind, limit: most })));
    const newest = lists.flat().sort((a, b) => b.id - a.id);
    return listed(newest.slice(0, most).map((deletion) => shown(deletion, services)));
  },
});

function listed(deletions: readonly DeletionRow[]) {
  return json<DeletionRows>({ json_array_deletions: deletions });
}
