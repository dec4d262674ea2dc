/**
 * Folds the legs of one call group into the rows that the guide's report has: a row for each talk with another party and
 * for each participant of a conference; other legs lend these their time, or, where nobody answered, make one row with
 * the strongest outcome (guide-resolved, "From Asterisk's records to one row per call"). Pure: the same legs in any order
 * give the same rows.
 */
import type { CallRow } from './call.ts';
import { inConference, type Participant, participantsOf } from './conference.ts';
import { callType } from './direction.ts';
import type { StoredLeg } from './identity.ts';
import type { Disposition } from './leg.ts';
import { secondsBetween } from './local-time.ts';
import type { NumberPlan } from './number-plan.ts';
import { byTime } from './order.ts';
import { relativeRecording } from './recording-name.ts';
import { type Talk, talksOf } from './talk.ts';
import { parseChannel, type TrunkRules } from './trunk.ts';
import { otherHalf, plainName, type Wires, wiresOf } from './wire.ts';

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

/**
 * @param legs All legs of one group, at least one.
 * @param kin Legs of other groups that name a conference channel of this one (`conferenceChannels`); any others do no harm.
 * @returns in order of their anchors.
 */
export function foldLegs(legs: readonly StoredLeg[], rules: FoldRules, kin: readonly StoredLeg[] = []): FoldedCall[] {
  return explainFold(legs, rules, kin).map(({ anchor, row }) => ({ anchor, row }));
}

/** Why a row is a row: two people talked, somebody was in a conference, or nobody answered and the strongest outcome won. */
export type FoldRule = 'talk' | 'conference' | 'unanswered';

export interface ExplainedCall extends FoldedCall {
  readonly rule: FoldRule;
  /** Ids of its legs, in order of time; all but the anchor lend it their time and what they know. */
  readonly legs: readonly number[];
}

/** The same with its reasons, for a person who asks. */
export function explainFold(
  legs: readonly StoredLeg[],
  rules: FoldRules,
  kin: readonly StoredLeg[] = [],
): ExplainedCall[] {
  const { plan } = rules;
  const ordered = [...legs].sort(byTime);
  const wires = wiresOf(ordered);
  const inRoom = ordered.filter((leg) => inConference(leg, plan));
  const elsewhere = kin.filter((leg) => inConference(leg, plan));
  const people = participantsOf(inRoom, elsewhere, wires).map((person) => partOf(person));
  // Who was fetched into a room through a wire is at the room's end of it: that record is no talk of its own.
  const rooms = new Set(inRoom.map((leg) => plainName(leg.channel)));
  const leadsToRoom = (channel: string) => rooms.has(otherHalf(channel) ?? '');
  const talks = talksOf(
    ordered.filter((leg) => !inRoom.includes(leg) && !leadsToRoom(leg.channel) && !leadsToRoom(leg.destinationChannel)),
    wires,
  );
  const parts = [...people, ...partsOf(talks, rules)].sort((a, b) => byTime(a.anchor, b.anchor));
  const nobody = parts.length === 0;
  if (nobody) parts.push(unansweredOf(ordered, wires, rules));
  // A caller's record to a Local channel spans all the talks behind it, and ends none but the last.
  const spanning = new Set(parts.flatMap(({ lead, legs }) => (legs.includes(lead) ? [] : [lead])));
  const taken = new Set(parts.flatMap((part) => part.legs));
  return parts.map((part) => {
    const own = ordered.filter((leg) => part.legs.includes(leg) || (!taken.has(leg) && owner(leg, parts) === part));
    const rule = part.conference ? 'conference' : nobody ? 'unanswered' : 'talk';
    return { anchor: part.anchor.id, row: rowOf(part, own, spanning, rules), rule, legs: own.map(({ id }) => id) };
  });
}

/** One row in the making. */
interface Part {
  readonly anchor: StoredLeg;
  readonly lead: StoredLeg;
  /** The leg in which a person answered, where one did; otherwise the anchor. */
  readonly person: StoredLeg;
  readonly legs: readonly StoredLeg[];
  /** The leg with which the talk ended; of a conference it may be another call's. */
  readonly last: StoredLeg;
  /** Channel names; '' = no other party. */
  readonly caller: string;
  readonly answerer: string;
  readonly dst: (dialled: string) => string;
  readonly conference: boolean;
}

/** A try belongs to the talk that it led to: the first that begins no earlier; what comes after the last, to that. */
function owner(leg: StoredLeg, parts: readonly Part[]): Part | undefined {
  return parts.find(({ anchor }) => byTime(leg, anchor) <= 0) ?? parts.at(-1);
}

/** A conference is no other party: whose channels met there is not this row's matter. */
function partOf({ anchor, lead, caller, legs, last }: Participant): Part {
  const dst = () => anchor.destination;
  return { anchor, lead, person: anchor, legs, last, caller, answerer: '', dst, conference: true };
}

/** `CDR(dialled)` as this talk's own records have it. */
function dialledOf({ person, anchor, lead }: Talk): string {
  return person.dialled || anchor.dialled || lead.dialled || '';
}

/** @param talks In order of time. */
function partsOf(talks: readonly Talk[], rules: FoldRules): Part[] {
  const reached = new Map<string, Part['dst']>();
  return talks.map((talk, index) => {
    // A channel is dialled once: who meets it later was connected (an attended transfer), and his own Destination is
    // still the number that he had dialled for somebody else.
    const dst = reached.get(talk.answerer) ?? destinationOf(talk, talks.slice(0, index), talks.slice(index + 1), rules);
    const dialled = dialledOf(talk);
    if (!reached.has(talk.answerer)) reached.set(talk.answerer, () => dst(dialled));
    return { ...talk, dst, conference: false };
  });
}

/**
 * The number shown for a talk. A caller's talks may all have one Destination: a blind transfer writes the new number into
 * the record of the talk before it, an attended one or a parked call the old number into the record after it (captures
 * blind_transfer, parking). Then an extension is shown by its own number. CDR(dialled) likewise stays with the caller: in
 * a later talk it tells where he came in, unless it has changed.
 */
function destinationOf(talk: Talk, before: readonly Talk[], after: readonly Talk[], rules: FoldRules): Part['dst'] {
  const { anchor, person, caller, answerer } = talk;
  const number = anchor.destination || person.destination || numberAt(answerer);
  const shown = (dialled: string) => shownDestination(number, answerer, dialled, rules);
  const own = () => (rules.plan.kindOf(numberAt(answerer)) === 'extension' ? numberAt(answerer) : number);
  const sameCaller = (other: Talk) => other.caller === caller;
  const sameNumber = (other: Talk) => sameCaller(other) && other.anchor.destination === anchor.destination;
  const told = dialledOf(talk);
  const earlier = before.filter(sameCaller);
  if (earlier.length > 0) {
    if (told !== '' && !earlier.some((other) => dialledOf(other) === told)) return () => shown(told);
    return earlier.some(sameNumber) ? own : () => shown('');
  }
  const twins = after.filter(sameNumber);
  const givenToGroup = told !== number && twins.some((twin) => dialledOf(twin) === number);
  return (dialled) => {
    if (twins.length === 0) return shown(dialled);
    return !givenToGroup && (dialled !== '' || isGroup(number, rules.plan)) ? shown(dialled) : own();
  };
}

/** Nobody answered: the one row. An IVR that answered is stronger than the tries after it, any other prompt is not. */
function unansweredOf(ordered: readonly StoredLeg[], wires: Wires, rules: FoldRules): Part {
  const outer = ordered.filter((leg) => !wires.isInner(leg));
  const failed = (legs: readonly StoredLeg[]) =>
    legs.filter((leg) => leg.disposition !== 'ANSWERED' && leg.destinationChannel !== '');
  // Behind a wire that only Asterisk answered (a mailbox, say) the phones that were tried tell the outcome.
  const tries = failed(outer).length > 0 ? failed(outer) : failed(ordered);
  const ivr = ordered.some((leg) => leg.ivr || rules.plan.kindOf(leg.dialled || leg.destination) === 'ivr');
  const candidates = tries.length > 0 && !ivr ? tries : outer.length > 0 ? outer : ordered;
  const anchor = candidates.reduce((a, b) => (byStrength(b, a) < 0 ? b : a));
  const { lead, channel } = wires.callerOf(anchor) ?? { lead: anchor, channel: plainName(anchor.channel) };
  return {
    anchor,
    lead,
    person: anchor,
    legs: [anchor, lead],
    last: anchor,
    caller: channel,
    answerer: wires.reachedBy(anchor) ?? '',
    dst: (dialled) => shownDestination(lead.destination, '', dialled, rules),
    conference: false,
  };
}

/** @param own The legs of this row, the anchor among them, in order of time. */
function rowOf(part: Part, own: readonly StoredLeg[], spanning: ReadonlySet<StoredLeg>, rules: FoldRules): CallRow {
  const { anchor, lead, person } = part;
  const [first = anchor] = own;
  const last = [...own.filter((leg) => !spanning.has(leg)), part.last].reduce((a, b) =>
    b.end.epoch > a.end.epoch ? b : a,
  );
  const answered = anchor.disposition === 'ANSWERED';
  const talkStart = answered ? talkStartOf([person, anchor, ...part.legs]) : null;
  const answer = talkStart ?? person.answer?.epoch ?? null;
  const source = rules.trunks.trunkOf(part.caller);
  const destination = rules.trunks.trunkOf(part.answerer);
  const sources = [person, anchor, lead, ...own];
  const pick = (field: 'cidName' | 'ivr' | 'dialled' | 'recordingFile') =>
    sources.map((leg) => leg[field]).find((value) => value) || '';
  const dst = part.dst(pick('dialled'));
  // A pair's record in a conference has what either of the two brought: only a call from a trunk came in by a route.
  const cidName = part.conference && source.name === '' ? '' : withoutDash(pick('cidName'));
  return {
    start: first.start,
    answer: answered ? answer : null,
    end: last.end.epoch < first.start.epoch ? first.start : last.end, // the clock was set back during the call
    src: lead.source || (part.caller === plainName(lead.channel) ? '' : numberAt(part.caller)),
    dst,
    srcTrunk: source.name,
    dstTrunk: destination.name,
    port: source.port || destination.port,
    duration: secondsBetween(first.start.epoch, last.end.epoch),
    billsec: answered ? billedSeconds(part, talkStart, answer) : 0,
    disposition: anchor.disposition,
    callType: callType({
      callType: sources.map(saidCallType).find((said) => said) || '',
      userField: anchor.userField || lead.userField,
      sourceTrunk: source.name,
      destinationTrunk: destination.name,
      destination: anchor.destination,
      plan: rules.plan,
    }),
    accountCode: lead.accountCode,
    cidName: cidName || (source.name ? prefixOf(lead) : ''),
    ivr: withoutDash(pick('ivr')),
    uniqueId: lead.uniqueId,
    recording: relativeRecording(pick('recordingFile'), rules.recordingsDir),
  };
}

/**
 * `CDR(calltype)`. A record whose talkstart lies before it was written after a transfer, and has kept the words of another
 * talk, perhaps of the other party's: the new parties tell the direction. A callback stays one.
 */
function saidCallType({ callType, talkStart, start }: StoredLeg): string | null {
  return talkStart !== null && talkStart < start.epoch && callType !== 'CallBack' ? null : callType;
}

/** From the person's answer to the talk's end; of a talk that is one record without talkstart, Asterisk's own figure. */
function billedSeconds({ anchor, last }: Part, talkStart: number | null, answer: number | null): number {
  const counted = secondsBetween(answer ?? last.end.epoch, last.end.epoch);
  // Asterisk's own figure goes by the same clock.
  const own = talkStart === null && (last === anchor || answer === null);
  return own && (counted > 0 || answer === null) ? Math.max(0, anchor.billsec) : counted;
}

/**
 * `CDR(talkstart)`, epoch seconds, from the first of these legs that has one; null without, and where it lies outside
 * its leg: the clock was set, or a later record of the channel has kept the value of an earlier talk.
 */
function talkStartOf(legs: readonly StoredLeg[]): number | null {
  const told = legs.find(
    ({ talkStart, start, end }) => talkStart !== null && talkStart >= start.epoch && talkStart <= end.epoch,
  );
  return told?.talkStart ?? null;
}

/** `620(202)` when an IVR, queue or ring-group number was dialled and an extension answered, else the number dialled. */
function shownDestination(called: string, answerer: string, dialled: string, { plan, trunks }: FoldRules): string {
  const group = dialled || (isGroup(called, plan) ? called : '');
  if (group === '') return called;
  // Without another party only Asterisk answered, and Destination may be an IVR's own `t` or `i`.
  if (answerer === '') return group;
  const peer = trunks.trunkOf(answerer).name ? '' : numberAt(answerer);
  const number = peer || (called === group ? '' : called);
  return number && number !== group ? `${group}(${number})` : group;
}

function isGroup(number: string, plan: NumberPlan): boolean {
  const kind = plan.kindOf(number);
  return kind === 'ivr' || kind === 'queue' || kind === 'ringgroup';
}

/** The number at a channel's end; of `Local/202@inside-01;1`, behind which no record goes on, the number it dials. */
function numberAt(channel: string): string {
  const { peer, wire } = parseChannel(channel);
  return wire === null ? peer : (peer.split('@', 1)[0] ?? '');
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
