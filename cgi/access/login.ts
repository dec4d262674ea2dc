/** 8404 (and 8401, the same for the web pages): user name and password digest against a session. */
import * as v from 'valibot';
import { formatLocal } from '../../storage/model/local-time.ts';
import { code, passwordDigest, userName } from '../fields.ts';
import { CgiError, ERROR_STATUS, errorBody } from '../reply.ts';
import { verb } from '../verb.ts';

export const login = verb({
  about: 'log in: a session cookie and a bearer token',
  right: null,
  parameters: v.strictObject({ username: userName, password: passwordDigest, code }),
  async handle({ username, password, code }, { accounts, zone }, { address, agent, device }) {
    const session = await accounts.logIn(username, password, address, { agent, device, code });
    if (!session) {
      const error = new CgiError('login', 'unknown user or wrong password');
      return { kind: 'json', status: ERROR_STATUS.login, body: { result: 'failed', ...errorBody(error) } };
    }
    const { user, role, token, ends } = session;
    const epoch = Math.floor(ends / 1000);
    const expires = formatLocal(epoch, zone.offsetAt(epoch));
    return {
      kind: 'json',
      status: 200,
      body: { result: 'success', user, role, token, expires },
      session: { token, maxAge: Math.floor((ends - Date.now()) / 1000) },
      device: session.device,
    };
  },
});
