/** `confirm`: a parameter of numbers by which one may shut out oneself. */
import * as fields from '../fields.ts';
import { TRIAL_SECONDS } from './port.ts';

const { least, most } = TRIAL_SECONDS;

/**
 * Only who gives it gets a trial: programs that know nothing of it must not find their changes gone after a minute. The pages
 * always give it.
 */
export const confirmSeconds = fields.field(
  `seconds, ${least} to ${most}: what may shut out who asks falls back by itself unless confirmed (30038) within them`,
  (text) => {
    if (text.trim() === '') return undefined;
    const seconds = /^\d{1,3}$/.test(text.trim()) ? Number(text) : Number.NaN;
    if (!(seconds >= least && seconds <= most)) throw new fields.Wrong(`must be ${least} to ${most} seconds`);
    return seconds;
  },
);
