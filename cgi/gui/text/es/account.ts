import type { Translated } from '../../text.ts';
import type { account as english } from '../en/account.ts';

export const account: Translated<typeof english> = {
  soon: 'Esta página está en construcción.',
};
