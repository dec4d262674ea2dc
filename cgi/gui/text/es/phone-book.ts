import type { Translated } from '../../text.ts';
import type { phoneBook as english } from '../en/phone-book.ts';

export const phoneBook: Translated<typeof english> = {
  soon: 'Esta página está en construcción.',
};
