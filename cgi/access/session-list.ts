/** 30031 (ours): the sessions; one's own, for an admin everybody's. */
import * as v from 'valibot';
import { may } from '../../storage/model/rights.ts';
import type { SessionList } from '../contract.ts';
import { json } from '../reply.ts';
import { by, verb } from '../verb.ts';

export const listSessions = verb({
  about: 'the sessions, last used first: one’s own; admin sees everybody’s',
  right: 'session.own',
  parameters: v.strictObject({}),
  handle(_parameters, { sessions, zone }, asking) {
    const { who } = by(asking);
    const all = asking.caller !== null && may(asking.caller.role, 'users');
    const text = (ms: number) => zone.text(Math.floor(ms / 1000));
    return json<SessionList>({
      json_array_sessions: sessions.list(all ? null : who, asking.token).map((session) => ({
        id: session.id,
        user: session.user,
        role: session.role,
        address: session.address,
        agent: session.agent,
        begun: text(session.begun),
        used: text(session.used),
        ends_unused: text(session.idleEnds),
        expires: text(session.ends),
        this: session.isThis,
      })),
    });
  },
});
