import type { Translated } from '../../text.ts';
import type { truth as english } from '../en/truth.ts';

export const truth: Translated<typeof english> = {
  soon: 'Esta página está en construcción.',
};
