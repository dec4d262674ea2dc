/**
 * Which records are the same record, and which belong to one call. UniqueID and Sequence restart with Asterisk, so a
 * record is itself only by all that stands in {@link sameContent}; guide-resolved, "Every record is kept as a leg".
 */
import { LEG_SOURCE, type Leg, type LegSource, type Moment } from './leg.ts';

/** A leg as stored: with its row id, the call group it was put into and a bit for each source that brought it. */
export interface StoredLeg extends Leg {
  readonly id: number;
  readonly group: string;
  readonly sources: number;
}

export type LegMatch =
  /** The store has this record from this very source. */
  | { readonly kind: 'duplicate'; readonly id: number }
  /** The store has it from the other source: `leg` is both taken together. */
  | { readonly kind: 'merge'; readonly id: number; readonly leg: StoredLeg }
  | { readonly kind: 'new' };

/**
 * Finds the stored record that an arriving one is.
 *
 * With a Sequence, a record that the source repeats is a duplicate. Without one (stock Master.csv) equal records are
 * counted, not merged: a second equal one from the same source is a second record.
 *
 * @param stored Every stored leg with the arriving one's UniqueID, oldest first.
 */
export function matchLeg(stored: readonly StoredLeg[], leg: Leg, source: LegSource): LegMatch {
  const bit = LEG_SOURCE[source];
  const same = stored.filter((known) => sameContent(known, leg) && !sequencesDiffer(known, leg));
  if (leg.sequence !== null) {
    const repeated = same.find((known) => known.sequence === leg.sequence && known.sources & bit);
    if (repeated) return { kind: 'duplicate', id: repeated.id };
  }
  const other =
    same.find((known) => !(known.sources & bit) && known.sequence === leg.sequence) ??
    same.find((known) => !(known.sources & bit));
  return other ? { kind: 'merge', id: other.id, leg: merge(other, leg, bit) } : { kind: 'new' };
}

function sameContent(a: Leg, b: Leg): boolean {
  const other = contentOf(b);
  return contentOf(a).every((value, index) => value === other[index]);
}

/**
 * What makes a record itself, but for its Sequence: also what is remembered of one that was erased. Its order and its
 * values are kept on disk as a hash (sql/erased.ts): a change would bring erased records back.
 */
export function contentOf(leg: Leg): readonly (string | number | null)[] {
  return [
    leg.uniqueId,
    leg.channel,
    leg.destinationChannel,
    leg.lastApplication,
    leg.disposition,
    epochOf(leg.start),
    epochOf(leg.answer),
    epochOf(leg.end),
  ];
}

function epochOf(moment: Moment | null): number | null {
  return moment?.epoch ?? null;
}

/** A Sequence that one of them lacks is not compared. */
function sequencesDiffer(a: Leg, b: Leg): boolean {
  return a.sequence !== null && b.sequence !== null && a.sequence !== b.sequence;
}

/** The stored record with what it lacked filled in from the arriving one. */
function merge(known: StoredLeg, leg: Leg, bit: number): StoredLeg {
  return {
    ...known,
    sources: known.sources | bit,
    userField: known.userField || leg.userField, // cdr.conf may leave it out of the CSV (loguserfield)
    recordingFile: known.recordingFile || leg.recordingFile,
    linkedId: known.linkedId ?? leg.linkedId,
    sequence: known.sequence ?? leg.sequence,
    cidName: known.cidName ?? leg.cidName,
    ivr: known.ivr ?? leg.ivr,
    dialled: known.dialled ?? leg.dialled,
    callType: known.callType ?? leg.callType,
    talkStart: known.talkStart ?? leg.talkStart,
    extra: [...known.extra, ...leg.extra.filter(([name]) => !known.extra.some(([had]) => had === name))],
  };
}

/** What the legs of one call share: the LinkedID, without it the UniqueID. */
export function groupKey(leg: Leg): string {
  return leg.linkedId ?? leg.uniqueId;
}

/**
 * The call group of a new record: its {@link groupKey}, with `#2`, `#3` … where the same key already means another
 * call. A box without a clock battery gives one LinkedID again after each start; the sign is a record of equal UniqueID
 * and Sequence with other content. Only the newest call of a key is looked at: an older one is over, and its lack of
 * an equal record says nothing.
 *
 * @param stored Every stored leg whose group key is that of `leg`.
 */
export function groupOf(stored: readonly StoredLeg[], leg: Leg): string {
  const key = groupKey(leg);
  const newest = stored.reduce((most, known) => Math.max(most, generationOf(known.group, key)), 1);
  const group = nameOf(key, newest);
  return clashes(stored, leg, group) ? nameOf(key, newest + 1) : group;
}

/**
 * The call group of a stored record after a merge. It moves when the other source brought its LinkedID, which makes it
 * part of another call, or its Sequence, which shows that its group is an earlier call of the same key; otherwise it
 * stays, also in an older generation. After a move both groups are folded again: first the one that it left, whose rows
 * without an anchor then are offered to the one that it joined (`pairMoved`), so that a row keeps its id.
 *
 * @param stored Every stored leg whose group key is that of `merged`; `merged` itself, as it was, may be among them.
 */
export function regroup(stored: readonly StoredLeg[], merged: StoredLeg): string {
  const others = stored.filter(({ id }) => id !== merged.id);
  const key = groupKey(merged);
  const stays = merged.group === key || merged.group.startsWith(`${key}#`);
  return stays && !clashes(others, merged, merged.group) ? merged.group : groupOf(others, merged);
}

/** The key that a group's name was made of. */
export function keyOf(group: string): string {
  return group.replace(/#\d+$/, '');
}

function nameOf(key: string, generation: number): string {
  return generation === 1 ? key : `${key}#${generation}`;
}

/** Whether a group has a record of equal UniqueID and Sequence with other content: Asterisk began to count anew. */
function clashes(stored: readonly StoredLeg[], leg: Leg, group: string): boolean {
  return stored.some(
    (known) =>
      known.group === group &&
      known.uniqueId === leg.uniqueId &&
      known.sequence !== null &&
      known.sequence === leg.sequence &&
      !sameContent(known, leg),
  );
}

/** 1 for the key itself, N for `KEY#N`. */
function generationOf(group: string, key: string): number {
  return group.startsWith(`${key}#`) ? Number(group.slice(key.length + 1)) || 1 : 1;
}

/** Whether a record is among the stored ones, as brought by this source. @param stored Those of its UniqueID. */
export function isStored(stored: readonly StoredLeg[], leg: Leg, source: LegSource): boolean {
  const bit = LEG_SOURCE[source];
  return stored.some((known) => (known.sources & bit) !== 0 && sameContent(known, leg) && !sequencesDiffer(known, leg));
}
