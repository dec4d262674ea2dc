import type { Translated } from '../../text.ts';
import type { ami as english } from '../en/ami.ts';

export const ami: Translated<typeof english> = {
  soon: 'Esta página está en construcción.',
};
