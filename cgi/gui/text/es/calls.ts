import type { Translated } from '../../text.ts';
import type { calls as english } from '../en/calls.ts';

export const calls: Translated<typeof english> = {
  soon: 'Esta página está en construcción.',
};
