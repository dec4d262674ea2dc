import type { Translated } from '../../text.ts';
import type { preferences as english } from '../en/preferences.ts';

export const preferences: Translated<typeof english> = {
  soon: 'Esta página está en construcción.',
};
