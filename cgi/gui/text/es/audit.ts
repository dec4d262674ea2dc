import type { Translated } from '../../text.ts';
import type { audit as english } from '../en/audit.ts';

export const audit: Translated<typeof english> = {
  soon: 'Esta página está en construcción.',
};
