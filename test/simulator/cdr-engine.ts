/**
 * Which records a call leaves, and what stands in them: the rules of Asterisk's CDR engine (main/cdr.c, 12 and later) told
 * again. Every channel has a chain of records in which it is party A. A record begins with the channel, finds its party B
 * by a Dial or in a bridge, and is closed when the two part; all of a chain are written when its channel is gone. So a
 * scenario never says what its records are: they follow from what happened, as on a real box.
 */
import type { Disposition } from '../../storage/model/leg.ts';
import type { CdrRecord } from './cdr.ts';
import type { Channel } from './channel.ts';

/** Fields that the dialplan sets by `CDR(name)`; read by cdr_manager.conf and cdr_custom.conf. */
export type CdrVariable = 'recordingfile' | 'cidname' | 'ivr' | 'dialled' | 'calltype' | 'talkstart';
type Variables = Partial<Record<CdrVariable, string>>;

/** The names of cdr.c. `pending`: the dialled party has answered, and the two are not in a bridge yet. */
type State = 'single' | 'dial' | 'pending' | 'bridge' | 'parked' | 'finalized';

interface Open {
  state: State;
  partyA: Channel;
  partyB: Channel | null;
  readonly variablesA: Variables;
  variablesB: Variables;
  readonly sequence: number;
  readonly start: number;
  answer: number | null;
  end: number | null;
  disposition: Disposition | null;
  linkedId: string;
  bridge: string;
  context: string;
  exten: string;
  application: string;
  data: string;
  /** Application and data change no more: a Dial has begun, or the channel is parked. */
  locked: boolean;
}

/** Where a channel last stood in the dialplan. A step away from it after a closed record begins a new one. */
interface Place {
  readonly context: string;
  readonly exten: string;
  readonly priority: number;
  readonly application: string;
}

export interface CdrEngine {
  opened(channel: Channel): void;
  /** Something about the channel changed: state, place in the dialplan, caller ID, LinkedID. */
  changed(channel: Channel): void;
  dialBegin(caller: Channel, callee: Channel): void;
  /** `status` is Asterisk's DIALSTATUS for this callee. */
  dialEnd(caller: Channel, callee: Channel, status: string): void;
  /** `members`: all that are in the bridge, the one who entered last. */
  bridgeEnter(bridge: string, channel: Channel, members: readonly Channel[]): void;
  bridgeLeave(bridge: string, channel: Channel): void;
  /** The channel enters the parking bridge; `data` is LOT:SPACE. */
  parked(channel: Channel, data: string): void;
  unparked(channel: Channel): void;
  /** As `Set(CDR(name)=value)` on the channel: reaches its own records and those in which it is party B. */
  setVariable(channel: Channel, name: CdrVariable, value: string): void;
  /** The channel is gone: its records, in the order in which Asterisk writes them. */
  closed(channel: Channel): CdrRecord[];
  /** Sequence begins at 0 again, and what was open is lost. */
  restart(): void;
}

const DISPOSITION_OF_STATUS: Readonly<Record<string, Disposition>> = {
  ANSWER: 'ANSWERED',
  BUSY: 'BUSY',
  CANCEL: 'NO ANSWER',
  NOANSWER: 'NO ANSWER',
  // `congestion = yes` in etc/asterisk/cdr.conf; without it Asterisk says FAILED.
  CONGESTION: 'CONGESTION',
};

/** Disposition of a record that no Dial settled, from the Q.850 cause of the hang-up; 0 = there is none. */
function dispositionOfCause(cause: number): Disposition {
  if (cause === 17) return 'BUSY';
  if (cause === 34) return 'CONGESTION';
  // Any other cause leaves it unsettled, which is written as NO ANSWER (seen: 26, answered elsewhere).
  return cause === 0 || cause === 3 || cause === 20 ? 'FAILED' : 'NO ANSWER';
}

/** Who of two is party A: never a dialled channel beside one that called; else the older; else the first named. */
function pickPartyA(left: Channel, right: Channel): Channel {
  if (left.dialled !== right.dialled) return left.dialled ? right : left;
  return older(right, left) ? right : left;
}

/** By the moment of creation; within one millisecond, by the order in which UniqueIDs were given. */
function older(one: Channel, other: Channel): boolean {
  if (one.created !== other.created) return one.created < other.created;
  const serial = ({ uniqueId }: Channel): number => Number(uniqueId.slice(uniqueId.lastIndexOf('.') + 1));
  return serial(one) < serial(other);
}

/** An engine whose clock is `now`, milliseconds since 1970 UTC. */
export function cdrEngine(now: () => number): CdrEngine {
  /** By UniqueID of party A. */
  const chains = new Map<string, Open[]>();
  const places = new Map<string, Place>();
  let nextSequence = 0;

  const chainOf = (channel: Channel): Open[] => chains.get(channel.uniqueId) ?? [];
  /** Records in which the channel is party B; there are few channels, and fewer that share a call. */
  function* withPartyB(channel: Channel): Generator<Open> {
    for (const chain of chains.values()) {
      for (const record of chain) if (record.partyB?.uniqueId === channel.uniqueId) yield record;
    }
  }

  const noteAnswer = (record: Open): void => {
    if (record.partyA.state === 'Up') record.answer ??= now();
  };
  /** Sets the end; the record may come back to life in a bridge as long as its state is not `finalized`. */
  const finalize = (record: Open): void => {
    if (record.end !== null) return;
    record.end = now();
    record.disposition ??=
      record.answer !== null
        ? 'ANSWERED'
        : dispositionOfCause(record.partyA.hangupCause || (record.partyB?.hangupCause ?? 0));
  };
  /** Closes the record for good: what happens to its channels from now on does not change it. */
  const close = (record: Open): void => {
    record.state = 'finalized';
    finalize(record);
    record.partyA = { ...record.partyA };
    record.partyB = record.partyB === null ? null : { ...record.partyB };
  };
  const append = (channel: Channel): Open => {
    const chain = chainOf(channel);
    const last = chain.at(-1);
    const record: Open = {
      state: 'single',
      partyA: channel,
      partyB: null,
      variablesA: { ...last?.variablesA },
      variablesB: {},
      sequence: nextSequence++,
      start: now(),
      answer: null,
      end: null,
      disposition: null,
      linkedId: last?.linkedId ?? channel.linkedId,
      bridge: '',
      context: last?.context ?? channel.context,
      exten: last?.exten ?? channel.exten,
      application: last?.application ?? '',
      data: last?.data ?? '',
      locked: false,
    };
    noteAnswer(record);
    chain.push(record);
    chains.set(channel.uniqueId, chain);
    return record;
  };

  /** Takes over what the channel says now, as base_process_party_a. */
  const update = (record: Open, channel: Channel): void => {
    if (!channel.inSubroutine) {
      record.context = channel.context;
      record.exten = channel.exten;
    }
    const { application } = channel;
    const outgoing = application.startsWith('AppDial') && record.application !== '';
    if (!record.locked && application !== '' && !outgoing) {
      record.application = application;
      record.data = channel.applicationData;
      if (application === 'Dial') record.locked = true;
    }
    record.linkedId = channel.linkedId;
    noteAnswer(record);
  };
  const stepped = (channel: Channel): boolean => {
    const last = places.get(channel.uniqueId);
    if (last === undefined || channel.application === last.application) return false;
    if (channel.application.startsWith('AppDial')) return false;
    return channel.context !== last.context || channel.exten !== last.exten || channel.priority !== last.priority;
  };
  /** Tells every record of the channel; true = none wants to go on with it. */
  const tellAll = (channel: Channel): boolean => {
    let refused = true;
    for (const record of chainOf(channel)) {
      if (record.state === 'finalized') continue;
      if (record.state === 'pending' && stepped(channel)) {
        if (record.partyB !== null) {
          close(record);
          continue;
        }
        record.state = 'single';
      }
      update(record, channel);
      refused = false;
    }
    return refused;
  };
  const keepPlace = ({ uniqueId, context, exten, priority, application }: Channel): void => {
    places.set(uniqueId, { context, exten, priority, application });
  };

  const takePartyB = (record: Open, channel: Channel): void => {
    record.partyB = channel;
    record.variablesB = { ...chainOf(channel).at(-1)?.variablesA };
  };
  /** A record for a pair that met in a bridge. */
  const pair = (partyA: Channel, partyB: Channel, bridge: string): void => {
    const record = append(partyA);
    takePartyB(record, partyB);
    record.bridge = bridge;
    record.state = 'bridge';
  };

  /** The record `mine` enters a bridge where others are: finds its party B among them. False = it is nobody's party A. */
  const meet = (mine: Open, others: readonly Channel[], bridge: string): boolean => {
    const wanted = mine.state === 'single' ? null : mine.partyB;
    mine.bridge = bridge;
    if (mine.state !== 'single' && wanted === null) return false;
    for (const other of others) {
      for (const theirs of chainOf(other)) {
        if (theirs.state !== 'bridge' || theirs.bridge !== bridge) continue;
        const wins =
          wanted === null
            ? pickPartyA(mine.partyA, theirs.partyA).uniqueId === mine.partyA.uniqueId
            : wanted.uniqueId === theirs.partyA.uniqueId;
        if (wins) {
          // What the dialplan set on the dialled one while it rang stays.
          if (wanted === null) takePartyB(mine, other);
          if (theirs.partyB === null) finalize(theirs);
          return true;
        }
        const { partyB } = theirs;
        if (wanted !== null || partyB === null || partyB.uniqueId === mine.partyA.uniqueId) continue;
        if (pickPartyA(mine.partyA, partyB).uniqueId === mine.partyA.uniqueId) {
          takePartyB(mine, partyB);
          return true;
        }
      }
    }
    return false;
  };
  /** Pairs `mine` with everyone in the bridge that it is not paired with yet. */
  const pairWithAll = (mine: Open, others: readonly Channel[], bridge: string): void => {
    for (const other of others) {
      const theirs = chainOf(other).find((record) => record.bridge === bridge);
      if (theirs === undefined || mine.partyB?.uniqueId === other.uniqueId) continue;
      if (pickPartyA(mine.partyA, theirs.partyA).uniqueId === mine.partyA.uniqueId) {
        pair(mine.partyA, theirs.partyA, bridge);
      } else if (theirs.partyB !== null && theirs.partyB.uniqueId !== mine.partyA.uniqueId) {
        pair(theirs.partyA, mine.partyA, bridge);
      } else {
        takePartyB(theirs, mine.partyA);
        // It was closed when it met nobody; now it goes on.
        theirs.end = null;
      }
    }
  };

  return {
    opened: (channel) => {
      append(channel);
      keepPlace(channel);
    },
    changed: (channel) => {
      if (tellAll(channel) && channel.application !== '' && stepped(channel)) update(append(channel), channel);
      keepPlace(channel);
    },
    dialBegin: (caller, callee) => {
      let refused = true;
      for (const record of chainOf(caller)) {
        if (record.state === 'pending') close(record);
        if (record.state !== 'single') continue;
        update(record, caller);
        record.partyB = callee;
        record.locked = true;
        record.state = 'dial';
        refused = false;
      }
      if (!refused) return;
      const record = append(caller);
      update(record, caller);
      Object.assign(record, { partyB: callee, locked: true, state: 'dial' });
    },
    dialEnd: (caller, callee, status) => {
      for (const record of chainOf(caller)) {
        if (record.state !== 'dial' || record.partyB?.uniqueId !== callee.uniqueId) continue;
        record.disposition = DISPOSITION_OF_STATUS[status] ?? 'FAILED';
        if (record.disposition === 'ANSWERED') record.state = 'pending';
        else close(record);
      }
    },
    bridgeEnter: (bridge, channel, members) => {
      const others = members.filter(({ uniqueId }) => uniqueId !== channel.uniqueId);
      let handled: Open | undefined;
      const chain = chainOf(channel);
      const enter = (): void => {
        tellAll(channel);
        for (const record of [...chain]) {
          if (record.state !== 'single' && record.state !== 'dial' && record.state !== 'pending') continue;
          handled ??= record;
          if (others.length === 0) record.bridge = bridge;
          else if (!meet(record, others, bridge)) finalize(chain[0] ?? record);
          record.state = 'bridge';
        }
      };
      enter();
      if (handled === undefined) {
        // All are closed: the channel comes from another bridge, or from a parking space.
        append(channel);
        enter();
      }
      if (handled !== undefined) pairWithAll(handled, others, bridge);
    },
    bridgeLeave: (bridge, channel) => {
      for (const record of chainOf(channel)) {
        if (record.state === 'bridge' && record.bridge === bridge) {
          close(record);
          record.bridge = '';
        }
      }
      for (const record of withPartyB(channel))
        if (record.state === 'bridge' && record.bridge === bridge) finalize(record);
    },
    parked: (channel, data) => {
      const free = chainOf(channel).find(
        ({ state, partyB }) => state === 'single' || (state === 'pending' && partyB === null),
      );
      const record = free ?? append(channel);
      update(record, channel);
      Object.assign(record, { state: 'parked', application: 'Park', data, locked: true });
    },
    unparked: (channel) => {
      for (const record of chainOf(channel)) if (record.state === 'parked') close(record);
    },
    setVariable: (channel, name, value) => {
      const chain = chainOf(channel);
      for (const record of chain) {
        if (record.state !== 'finalized' || record === chain.at(-1)) record.variablesA[name] = value;
      }
      for (const record of withPartyB(channel)) {
        if (record.state !== 'finalized') record.variablesB[name] = value;
      }
    },
    closed: (channel) => {
      const chain = chainOf(channel);
      for (const record of chain) finalize(record);
      chains.delete(channel.uniqueId);
      places.delete(channel.uniqueId);
      for (const record of withPartyB(channel)) {
        if (record.state === 'dial' || record.state === 'bridge') close(record);
        else finalize(record);
      }
      return chain
        .filter(({ partyA, partyB }) => !partyA.dialled || partyB !== null)
        .map((record) => written(record, now()));
    },
    restart: () => {
      chains.clear();
      places.clear();
      nextSequence = 0;
    },
  };
}

/** The record as the backends get it; what is set on party A beats what is set on party B. */
function written(record: Open, now: number): CdrRecord {
  const { partyA, partyB } = record;
  const variable = (name: CdrVariable): string => record.variablesA[name] || record.variablesB[name] || '';
  return {
    accountCode: partyA.accountCode,
    source: partyA.callerNumber,
    destination: record.exten,
    destinationContext: record.context,
    callerId: `"${partyA.callerName}" <${partyA.callerNumber}>`,
    channel: partyA.name,
    destinationChannel: partyB?.name ?? '',
    lastApplication: record.application,
    lastData: record.data,
    start: record.start,
    answer: record.answer,
    end: record.end ?? now,
    disposition: record.disposition ?? 'FAILED',
    uniqueId: partyA.uniqueId,
    userField: '',
    recordingFile: variable('recordingfile'),
    cidName: variable('cidname'),
    ivr: variable('ivr'),
    dialled: variable('dialled'),
    callType: variable('calltype'),
    talkStart: variable('talkstart'),
    linkedId: record.linkedId,
    sequence: record.sequence,
  };
}
