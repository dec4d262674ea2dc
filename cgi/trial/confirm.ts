/**
 * 30038 (ours): the change on trial: shown, confirmed, or taken back. Whoever confirms shows that he still gets in: it must
 * be who asked for the change, over a connection that was opened after it, and where a port has changed by the new one.
 */
import * as v from 'valibot';
import { may } from '../../storage/model/rights.ts';
import type { OnTrial, TrialShown } from '../contract.ts';
import * as fields from '../fields.ts';
import { CgiError, json } from '../reply.ts';
import { type Asking, by, verb } from '../verb.ts';
import type { Trial } from './port.ts';

/** As 30017 tells of it, too. */
export function onTrial({ token, what, by: { who, address }, seconds, byAnother, location }: Trial): OnTrial {
  return { token, what: [...what], user: who, address, seconds, by_another: byAnother, location };
}

/** Whether somebody is told of it: who may change such things, and who has asked for it, be it no longer admin. */
function isFor({ by: { who } }: Trial, { caller }: Asking): boolean {
  return caller !== null && (caller.user === who || may(caller.role, 'settings'));
}

export const confirmChange = verb({
  about: 'the change on trial, if there is one; token: confirm it, over a new connection; back=1: take it back',
  right: 'session.own',
  parameters: v.strictObject({
    token: fields.field('of the change, as the number that began it has told', (text) => {
      if (text === '') return undefined;
      if (!/^[0-9a-f]{24}$/.test(text)) throw new fields.Wrong('must be the 24 characters that were told');
      return text;
    }),
    back: fields.flag('take it back now'),
  }),
  lines: ({ token }) => (token === undefined ? 0 : 1),
  async handle({ token, back }, { trials }, asking) {
    if (token === undefined) {
      if (back) throw new CgiError('invalid', 'token is missing', 'token');
      const { now } = trials;
      return json<TrialShown>({ trial: now && isFor(now, asking) ? onTrial(now) : null });
    }
    const isAdmin = asking.caller !== null && may(asking.caller.role, 'settings') && may(asking.caller.role, 'users');
    const asker = { ...by(asking), isAdmin, door: asking.door };
    const { what } = back ? await trials.takeBack(token, asker) : await trials.confirm(token, asker);
    return json({ result: 'success', what: [...what], state: back ? 'taken back' : 'confirmed' });
  },
});
