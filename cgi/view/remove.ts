/** 30043 (ours): removes a saved view. What was filtered by it stays as it is. */
import * as v from 'valibot';
import { required, Wrong } from '../fields.ts';
import { CgiError, json } from '../reply.ts';
import { by, verb } from '../verb.ts';
import { mayChange, sees } from './view.ts';

const id = required('of the view, as 30041 gives it', (text) => {
  if (!/^[1-9]\d{0,11}$/.test(text)) throw new Wrong('must be the number that 30041 gives');
  return Number(text);
});

export const removeView = verb({
  about: 'remove a saved view',
  right: 'recording.read',
  parameters: v.strictObject({ id }),
  lines: () => 0, // what was made at that pace can always be taken away
  async handle({ id }, { store }, asking) {
    const who = by(asking);
    const role = asking.caller?.role ?? 'monitor';
    const view = (await store.ask('views')).find((each) => each.id === id);
    if (!view || !sees(view, who.who, role)) throw new CgiError('not_found', `there is no view ${id}`, 'id');
    if (!mayChange(view, who.who, role)) throw new CgiError('denied', `${who.who} may not do this`);
    const { page, name } = view;
    await store.write({ kind: 'viewGone', id, audit: { ...who, action: 'view.removed', detail: { page, name } } });
    return json({ result: 'success', id });
  },
});
