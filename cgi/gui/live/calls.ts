/** The calls that are shown, as what the box tells changes them. An ended one stays for a moment, so that the eye sees it go. */
import type { LiveMessage, LiveRow } from '../../contract.ts';

export interface ShownCall extends LiveRow {
  /** It is over, and about to be taken away. */
  readonly over: boolean;
}

export interface Shown {
  readonly asterisk: 'up' | 'down';
  /** Oldest first. */
  readonly calls: readonly ShownCall[];
}

export const NOTHING: Shown = { asterisk: 'up', calls: [] };

export function heard(shown: Shown, message: LiveMessage): Shown {
  const { asterisk = shown.asterisk, json_array_live, call, ended } = message;
  if (json_array_live) return { asterisk, calls: json_array_live.map((row) => ({ ...row, over: false })) };
  if (message.asterisk === 'down') return { asterisk, calls: [] };
  if (call) {
    const others = shown.calls.filter(({ id }) => id !== call.id);
    return { asterisk, calls: [...others, { ...call, over: false }].sort((a, b) => a.since - b.since) };
  }
  if (ended !== undefined)
    return { asterisk, calls: shown.calls.map((each) => (each.id === ended ? { ...each, over: true } : each)) };
  return shown;
}

/** Without a call that is over. */
export function without(shown: Shown, id: string): Shown {
  return { ...shown, calls: shown.calls.filter((call) => call.id !== id || !call.over) };
}
