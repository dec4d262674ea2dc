import type { Translated } from '../../text.ts';
import type { recordings as english } from '../en/recordings.ts';

export const recordings: Translated<typeof english> = {
  soon: 'Esta página está en construcción.',
};
