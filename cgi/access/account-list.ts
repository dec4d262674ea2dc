/** 30007 (ours): the accounts and their roles. */
import * as v from 'valibot';
import type { AccountList } from '../contract.ts';
import { json } from '../reply.ts';
import { verb } from '../verb.ts';

export const listAccounts = verb({
  about: 'the accounts',
  right: 'users',
  parameters: v.strictObject({}),
  async handle(_parameters, { accounts, zone }) {
    const list = await accounts.list();
    return json<AccountList>({
      json_array_accounts: list.map(({ user, role, hasFactor, isInitial, usedAt }) => ({
        user,
        role,
        totp: hasFactor,
        initial: isInitial,
        used: usedAt === null ? '' : zone.text(usedAt),
      })),
    });
  },
});
