/** 30005 (ours): ends the session that asks. */
import * as v from 'valibot';
import { CgiError } from '../reply.ts';
import { by, verb } from '../verb.ts';

export const logout = verb({
  about: 'log out: the session and its cookie end',
  right: 'session.own',
  parameters: v.strictObject({}),
  handle(_parameters, { sessions, keys }, asking) {
    const { token } = asking;
    if (token === null || keys.find(token)) throw new CgiError('conflict', 'an API key has no session: revoke it');
    sessions.end(token);
    return { kind: 'json', status: 200, body: { result: 'success', user: by(asking).who }, session: null };
  },
});
