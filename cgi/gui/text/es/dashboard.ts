import type { Translated } from '../../text.ts';
import type { dashboard as english } from '../en/dashboard.ts';

export const dashboard: Translated<typeof english> = {
  soon: 'Esta página está en construcción.',
};
