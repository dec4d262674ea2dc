/**
 * Calls in progress, as a person at the box would tell them: who calls whom, over which trunk, since when, and whether it
 * is recorded. Made from the live channels of one LinkedID; a picture of the moment, while the report is made of records.
 */
import type { LiveCall } from '../../cgi/live/port.ts';
import { callType } from '../../storage/model/direction.ts';
import type { NumberPlan } from '../../storage/model/number-plan.ts';
import { parseChannel, type TrunkRules } from '../../storage/model/trunk.ts';
import type { LiveChannel } from './live-channels.ts';

export interface LiveRules {
  readonly plan: NumberPlan;
  readonly trunks: TrunkRules;
}

/** @param channels Of any calls. @returns a call for each LinkedID, oldest first. */
export function liveCalls(channels: readonly LiveChannel[], rules: LiveRules): LiveCall[] {
  const groups = new Map<string, LiveChannel[]>();
  for (const channel of channels) {
    const group = groups.get(channel.linkedId);
    if (group) group.push(channel);
    else groups.set(channel.linkedId, [channel]);
  }
  return [...groups.values()].map((group) => liveCall(group, rules)).sort((a, b) => a.since - b.since);
}

/** @param channels At least one, all of one LinkedID. */
export function liveCall(channels: readonly LiveChannel[], { plan, trunks }: LiveRules): LiveCall {
  // Local channels are wires of the house: people are at the ends of the others, if there are any.
  const real = channels.filter(({ name }) => parseChannel(name).wire === null);
  const people = real.length > 0 ? real : channels;
  const first = people.find(({ uniqueId, linkedId }) => uniqueId === linkedId) ?? people[0];
  if (!first) throw new Error('a call without a channel');
  const others = people.filter((channel) => channel !== first);
  const partner =
    others.find(({ bridge }) => bridge !== '' && bridge === first.bridge) ??
    others.find(({ state }) => state === UP) ??
    others.find(({ state }) => state === RINGING) ??
    others[0];
  const srcTrunk = trunks.trunkOf(first.name);
  const dstTrunk = partner ? trunks.trunkOf(partner.name) : NO_TRUNK;
  const talking = partner?.state === UP && first.state === UP;
  const dst = destinationOf(first, partner, dstTrunk.name !== '', talking === true, plan);
  const recorded = channels.find(({ recording }) => recording !== null);
  return {
    id: first.linkedId,
    src: first.number,
    srcName: first.callerName === first.number ? '' : first.callerName,
    dst,
    srcTrunk: srcTrunk.name,
    dstTrunk: dstTrunk.name,
    port: srcTrunk.port || dstTrunk.port,
    callType: callType({
      callType: null,
      userField: '',
      sourceTrunk: srcTrunk.name,
      destinationTrunk: dstTrunk.name,
      destination: dst,
      plan,
    }),
    state: stateOf(first, others, talking === true),
    since: Math.floor(Math.min(...channels.map(({ since }) => since)) / 1000),
    talkingSince: talking ? Math.floor(Math.max(first.upSince ?? 0, partner?.upSince ?? 0) / 1000) : null,
    recording: recorded ? { channel: recorded.name, paused: recorded.recording === 'paused' } : null,
  };
}

const UP = 6;
const RINGING = 5;
const NO_TRUNK = { name: '', port: 0 } as const;

/** Numbers behind which somebody else answers. */
const ANSWERED_BY_OTHERS = new Set(['ivr', 'queue', 'ringgroup']);

function destinationOf(
  first: LiveChannel,
  partner: LiveChannel | undefined,
  outside: boolean,
  talking: boolean,
  plan: NumberPlan,
): string {
  const dialled = first.dialled;
  const answerer = partner ? numberOf(partner, dialled, plan) : first.connected;
  if (outside) return dialled || answerer;
  if (ANSWERED_BY_OTHERS.has(plan.kindOf(dialled) ?? ''))
    return talking && answerer ? `${dialled}(${answerer})` : dialled;
  return answerer || dialled;
}

/**
 * Who is at a channel that was dialled: its device, where that is an extension, as the report has it. What it is called by
 * may be the number of the queue that rings it (PJSIP's channels bear that).
 */
function numberOf({ name, number }: LiveChannel, dialled: string, plan: NumberPlan): string {
  const { peer } = parseChannel(name);
  return plan.kindOf(peer) === 'extension' || number === '' || number === dialled ? peer : number;
}

function stateOf(first: LiveChannel, others: readonly LiveChannel[], talking: boolean): LiveCall['state'] {
  if (talking) return first.onHold || others.some(({ onHold, state }) => onHold && state === UP) ? 'held' : 'up';
  return others.some(({ state }) => state === RINGING) ? 'ringing' : 'dialling';
}
