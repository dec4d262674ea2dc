/** How long deleted calls and recordings can be restored: one rule for both. */
import { jobLimits } from './limits.ts';
import type { BoxSettings } from './settings.ts';

export interface TrashRules {
  /** How long something lies in the trash. */
  seconds(): number;
  /** Whether recordings are deleted at once, without the trash. */
  skip(): boolean;
}

export function trashRules(settings: Pick<BoxSettings, 'value'>): TrashRules {
  return {
    seconds: () => Number(settings.value('trash.days')) * 86_400,
    skip: () => settings.value('trash.skip') === true,
  };
}

/** No trash lies longer, whatever the setting: it takes 365 days at most. */
const SECONDS_MAX = 366 * 86_400;

/**
 * It was deleted by a clock that wasn't right, before it was set or while it was years ahead: its time begins when that is
 * noticed. @param expiresAt Epoch seconds. @param at Epoch seconds of a clock that is right.
 */
export function isUndated({ expiresAt }: { readonly expiresAt: number }, at: number): boolean {
  return expiresAt < jobLimits.saneClock || expiresAt > at + SECONDS_MAX;
}
