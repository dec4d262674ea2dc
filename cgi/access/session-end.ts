/** 30032 (ours): ends a session by its id, or all of one's own but the one that asks. What was opened with it ends too. */
import * as v from 'valibot';
import { may } from '../../storage/model/rights.ts';
import { flag } from '../fields.ts';
import { CgiError, json } from '../reply.ts';
import { by, verb } from '../verb.ts';

export const endSessions = verb({
  about: 'end a session: one’s own, admin anybody’s; all=1: all one’s own but this',
  right: 'session.own',
  parameters: v.strictObject({
    id: v.optional(
      v.pipe(
        v.string(),
        v.description('of the session, as 30031 gives it'),
        v.regex(/^[0-9a-f]{16}$/, 'must be the 16 characters that 30031 gives'),
      ),
    ),
    all: flag('all of one’s own sessions but the one that asks'),
  }),
  async handle({ id, all }, { sessions, store }, asking) {
    const who = by(asking);
    if ((id === undefined) === !all) throw new CgiError('invalid', 'id is missing, or all=1: one of the two', 'id');
    let user: string | null = who.who;
    let ended: number;
    if (id === undefined) ended = sessions.endUser(user, asking.token);
    else {
      user = sessions.endById(id, asking.caller !== null && may(asking.caller.role, 'users') ? null : who.who);
      if (user === null) throw new CgiError('not_found', 'there is no such session', 'id');
      ended = 1;
    }
    if (ended > 0)
      await store.write({ kind: 'audit', audit: { ...who, action: 'session.ended', detail: { user, count: ended } } });
    return json({ result: 'success', ended });
  },
});
