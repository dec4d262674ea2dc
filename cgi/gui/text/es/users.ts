import type { Translated } from '../../text.ts';
import type { users as english } from '../en/users.ts';

export const users: Translated<typeof english> = {
  soon: 'Esta página está en construcción.',
};
