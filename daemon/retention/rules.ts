/** The rules of what is kept for how long, as the settings have them; and which times tell an age at all. */
import type { RetentionRule } from '../../cgi/retention/port.ts';
import type { BoxSettings } from '../settings.ts';

/** In the order in which they are obeyed. */
export const RULES = [
  'retention.recordings.days',
  'retention.recordings.mb',
  'retention.recordings.free',
  'retention.calls.days',
  'retention.calls.count',
] as const satisfies readonly RetentionRule[];

/** The settings' values; 0: the rule is off. */
export type RetentionRules = Readonly<Record<RetentionRule, number>>;

export function retentionRules(settings: Pick<BoxSettings, 'value'>): RetentionRules {
  const values = RULES.map((rule) => [rule, Number(settings.value(rule))]);
  return Object.fromEntries(values) as Record<RetentionRule, number>;
}

/** Those by which room is made. */
export function forRoom(rules: RetentionRules): RetentionRules {
  return { ...rules, 'retention.recordings.days': 0, 'retention.calls.days': 0, 'retention.calls.count': 0 };
}

export const DAY = 86_400;
/** Bytes of what the settings call MB. */
export const MB = 1_000_000;

/**
 * 2001-01-01, epoch seconds: what bears an earlier time was recorded by a clock that had not been set. It has no age, so
 * no rule of days removes it, and others come to it last. On the wall it is the same to half a day, which is near enough.
 */
export const DATED = 978_307_200;
