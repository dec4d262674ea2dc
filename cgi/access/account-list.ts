/** 30007 (ours): the accounts and their roles. */
import * as v from 'valibot';
import { json } from '../reply.ts';
import { verb } from '../verb.ts';

export const listAccounts = verb({
  about: 'the accounts',
  right: 'users',
  parameters: v.strictObject({}),
  async handle(_parameters, { accounts }) {
    const list = await accounts.list();
    return json({ json_array_accounts: list.map(({ user, role, hasFactor }) => ({ user, role, totp: hasFactor })) });
  },
});
