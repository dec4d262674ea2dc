import type { Translated } from '../../text.ts';
import type { retention as english } from '../en/retention.ts';

export const retention: Translated<typeof english> = {
  soon: 'Esta página está en construcción.',
};
