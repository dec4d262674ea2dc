/**
 * Folds the legs of one call group into the rows that the guide's report has: a row for each answered leg with another
 * party; the unanswered ones lend it their time, or, where nobody answered, make one row with the strongest outcome
 * (guide-resolved, "From Asterisk's records to one row per call"). Pure: the same legs in any order give the same rows.
 */
import type { CallRow } from './call.ts';
import { callType } from './direction.ts';
import type { StoredLeg } from './identity.ts';
import type { Disposition } from './leg.ts';
import type { NumberPlan } from './number-plan.ts';
import { relativeRecording } from './recording-name.ts';
import { parseChannel, type TrunkRules } from './trunk.ts';

/** What folding depends on besides the legs: the box's configuration. */
export interface FoldRules {
  readonly plan: NumberPlan;
  readonly trunks: TrunkRules;
  /** The recordings folder that absolute names in records begin with. */
  readonly recordingsDir: string;
}

export interface FoldedCall {
  readonly row: CallRow;
  /** Id of the leg that the row stands on; a row keeps its id for as long as its anchor stays a row. */
  readonly anchor: number;
}

/** Strongest first. CONGESTION is shown as FAILED, and is the weaker word of the two. */
const STRENGTH: readonly Disposition[] = ['ANSWERED', 'BUSY', 'NO ANSWER', 'FAILED', 'CONGESTION'];

/** @param legs All legs of one group, at least one. */
export function foldLegs(legs: readonly StoredLeg[], rules: FoldRules): FoldedCall[] {
  const ordered = [...legs].sort(byTime);
  const talks = ordered.filter((leg) => leg.disposition === 'ANSWERED' && leg.destinationChannel !== '');
  const anchors = talks.length > 0 ? talks : [...ordered].sort(byStrength).slice(0, 1);
  return anchors.map((anchor) => {
    const own = ordered.filter((leg) => leg === anchor || (!anchors.includes(leg) && owner(leg, anchors) === anchor));
    return { anchor: anchor.id, row: rowOf(anchor, own, rules) };
  });
}

/** A try belongs to the talk that it led to: the first that begins no earlier; what comes after the last, to that. */
function owner(leg: StoredLeg, anchors: readonly StoredLeg[]): StoredLeg | undefined {
  return anchors.find((anchor) => byTime(leg, anchor) <= 0) ?? anchors.at(-1);
}

/** @param own The legs of this row, the anchor among them, in order of time. */
function rowOf(anchor: StoredLeg, own: readonly StoredLeg[], rules: FoldRules): CallRow {
  const [first = anchor] = own;
  const last = own.reduce((a, b) => (b.end.epoch > a.end.epoch ? b : a));
  const answered = anchor.disposition === 'ANSWERED';
  const talkStart = answered ? talkStartOf(anchor) : null;
  const source = rules.trunks.trunkOf(anchor.channel);
  const destination = rules.trunks.trunkOf(anchor.destinationChannel);
  const pick = (field: 'cidName' | 'ivr' | 'dialled' | 'callType' | 'recordingFile') =>
    anchor[field] || own.map((leg) => leg[field]).find((value) => value) || '';
  return {
    start: first.start,
    answer: answered ? (talkStart ?? anchor.answer?.epoch ?? null) : null,
    end: last.end.epoch < first.start.epoch ? first.start : last.end, // the clock was set back during the call
    src: anchor.source,
    dst: shownDestination(anchor, pick('dialled'), rules),
    srcTrunk: source.name,
    dstTrunk: destination.name,
    port: source.port || destination.port,
    duration: Math.max(0, last.end.epoch - first.start.epoch),
    billsec: !answered ? 0 : talkStart === null ? Math.max(0, anchor.billsec) : anchor.end.epoch - talkStart,
    disposition: anchor.disposition,
    callType: callType({
      callType: pick('callType'),
      userField: anchor.userField,
      sourceTrunk: source.name,
      destinationTrunk: destination.name,
      destination: anchor.destination,
      plan: rules.plan,
    }),
    accountCode: anchor.accountCode,
    cidName: withoutDash(pick('cidName')) || (source.name ? prefixOf(anchor) : ''),
    ivr: withoutDash(pick('ivr')),
    uniqueId: anchor.uniqueId,
    recording: relativeRecording(pick('recordingFile'), rules.recordingsDir),
  };
}

/** `CDR(talkstart)`, epoch seconds; null without one, and where a clock that was set makes it lie outside the leg. */
function talkStartOf({ talkStart, start, end }: StoredLeg): number | null {
  return talkStart !== null && talkStart >= start.epoch && talkStart <= end.epoch ? talkStart : null;
}

/** `620(202)` when an IVR, queue or ring-group number was dialled and an extension answered, else the number dialled. */
function shownDestination(anchor: StoredLeg, dialled: string, { plan, trunks }: FoldRules): string {
  const kind = plan.kindOf(anchor.destination);
  const dialledGroup =
    dialled || (kind === 'ivr' || kind === 'queue' || kind === 'ringgroup' ? anchor.destination : '');
  if (!dialledGroup) return anchor.destination;
  // Without another party only Asterisk answered, and Destination may be an IVR's own `t` or `i`.
  if (anchor.disposition !== 'ANSWERED' || anchor.destinationChannel === '') return dialledGroup;
  const peer = trunks.trunkOf(anchor.destinationChannel).name ? '' : parseChannel(anchor.destinationChannel).peer;
  const answerer = peer || (anchor.destination === dialledGroup ? '' : anchor.destination);
  return answerer && answerer !== dialledGroup ? `${dialledGroup}(${answerer})` : dialledGroup;
}

/** `"FROM96-506" <506>` → `FROM96`: an inbound route puts its prefix and a dash before the caller's name. */
function prefixOf({ callerId, source }: StoredLeg): string {
  const end = callerId.lastIndexOf('" <');
  const name = callerId.startsWith('"') && end > 0 ? callerId.slice(1, end) : '';
  return name.endsWith(`-${source}`) ? name.slice(0, -source.length - 1) : '';
}

function withoutDash(text: string): string {
  return text.endsWith('-') ? text.slice(0, -1) : text;
}

function byStrength(a: StoredLeg, b: StoredLeg): number {
  return STRENGTH.indexOf(a.disposition) - STRENGTH.indexOf(b.disposition) || byTime(a, b);
}

/** A total order that no order of arrival can change: row ids only separate what is equal in everything else. */
function byTime(a: StoredLeg, b: StoredLeg): number {
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
  return JSON.stringify({ ...leg, id: 0, sources: 0 });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
