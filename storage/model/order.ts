/** The order of records in which everything is folded: that of time, and one that no order of arrival can change. */
import type { StoredLeg } from './identity.ts';

/** Row ids only separate what is equal in everything else. */
export function byTime(a: StoredLeg, b: StoredLeg): number {
  return (
    a.start.epoch - b.start.epoch ||
    (a.sequence ?? 0) - (b.sequence ?? 0) ||
    compare(a.uniqueId, b.uniqueId) ||
    compare(a.channel, b.channel) ||
    compare(a.destinationChannel, b.destinationChannel) ||
    a.end.epoch - b.end.epoch ||
    compare(content(a), content(b)) ||
    a.id - b.id
  );
}

/** All that Asterisk wrote, as one text. Looked at only where nothing else tells two records apart (no Sequence). */
function content(leg: StoredLeg): string {
  return JSON.stringify({ ...leg, id: 0, group: '', sources: 0 });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
