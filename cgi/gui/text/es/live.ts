import type { Translated } from '../../text.ts';
import type { live as english } from '../en/live.ts';

export const live: Translated<typeof english> = {
  soon: 'Esta página está en construcción.',
};
