import type { Translated } from '../../text.ts';
import type { recordingSettings as english } from '../en/recording-settings.ts';

export const recordingSettings: Translated<typeof english> = {
  soon: 'Esta página está en construcción.',
};
