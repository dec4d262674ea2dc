/**
 * The state of the simulated PBX between calls: channels, numbering, AstDB, and the two mouths through which it speaks,
 * events and the CDR file. Calls (dial.ts) write to it; the AMI (ami-actions.ts) reads from it.
 */
import type { Zone } from '../../storage/model/local-time.ts';
import { type CdrRecord, cdrHeaders, csvLine, customCsvLine, type Header } from './cdr.ts';
import { type CdrEngine, cdrEngine } from './cdr-engine.ts';
import { type Channel, channelHeaders, type Technology } from './channel.ts';
import type { Clock } from './clock.ts';
import { MAX_HISTORY } from './limits.ts';
import type { Random } from './random.ts';
import type { Recorder } from './wav.ts';

/** Event classes of manager.conf that the simulator uses, as printed after `Privilege: `. */
export type EventClass = 'system' | 'call' | 'agent' | 'dialplan' | 'cdr' | 'reporting';

/** Stands in every record's AccountCode, so that nobody takes simulated calls for real ones. */
export const ACCOUNT_CODE = 'simulation';

/** A phone or trunk that a channel can be opened to. */
export interface Party {
  /** Default SIP. */
  readonly technology?: Technology;
  /** Peer, endpoint or line: `205`, `96`, `2` of `DAHDI/2-1`, `202@extensions` of a Local channel. */
  readonly peer: string;
  readonly context: string;
  /** Caller ID that the peer is configured with; '' = none. */
  readonly number: string;
  readonly name: string;
}

export interface Pbx {
  readonly clock: Clock;
  readonly random: Random;
  readonly zone: Zone;
  readonly recorder: Recorder;
  /** AstDB: `family/key` → value. */
  readonly astdb: Map<string, string>;
  /** Live channels by name, in order of creation. */
  readonly channels: Map<string, Channel>;
  /** The last events as sent, oldest first; at most MAX_HISTORY. */
  readonly history: string[];
  /** When this Asterisk started, milliseconds since 1970 UTC. */
  startedAt: number;
  /** Keeps the records; channel-events.ts tells it what happens. */
  readonly cdr: CdrEngine;
  /** Members of every bridge, in the order in which they came. */
  readonly bridges: Map<string, Channel[]>;
  /**
   * Opens a channel to `party`, whose records go to `ledger`. `linked` is the channel that dialled it, or `half` the first
   * half of the Local channel whose second half this is: the dialled half is `;1`, the one that runs the dialplan `;2`.
   */
  openChannel(party: Party, exten: string, ledger: CdrRecord[], from?: { linked?: Channel; half?: Channel }): Channel;
  /** The channel is gone. Returns its records for `writeRecords`, because Asterisk writes them in a thread of its own. */
  closeChannel(channel: Channel): readonly CdrRecord[];
  /** Writes records of one channel and adds them to its ledger. */
  writeRecords(channel: Channel, records: readonly CdrRecord[]): void;
  /** Sends an event; `blankLines` ends it as Asterisk's TestEvent ends (one more blank line). */
  emit(event: string, eventClass: EventClass, headers: readonly Header[], blankLines?: number): void;
  /** An event about a channel: its block of headers, then `more`. */
  emitChannel(event: string, eventClass: EventClass, channel: Channel, more?: readonly Header[]): void;
  /** Forgets all channels and numbers again from 0, as a restarted Asterisk does. */
  restart(): void;
}

export interface PbxParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly zone: Zone;
  readonly recorder: Recorder;
  /** Puts one event on the wire. */
  readonly broadcast: (text: string, eventClass: EventClass) => void;
  /** Appends to Master.csv and to the CSV of cdr_custom. */
  readonly appendCsv: (line: string, customLine: string) => void;
  /** How often each Cdr event is sent: 1, or more under the repeat fault. */
  readonly cdrCopies: () => number;
  /** `unanswered` of cdr.conf: records of unanswered calls without a DestinationChannel are written too. */
  readonly unanswered: boolean;
}

export function createPbx(parts: PbxParts): Pbx {
  const { clock, random, zone, recorder } = parts;
  let uniqueCount = 0;
  const channelCounts = new Map<string, number>();

  const count = (key: string): number => {
    const next = channelCounts.get(key) ?? 0;
    channelCounts.set(key, next + 1);
    return next;
  };
  const hex = (n: number): string => n.toString(16).padStart(8, '0');
  /** As each channel driver names its channels. */
  const channelName = (technology: Technology, peer: string, half: Channel | undefined): string => {
    if (half !== undefined) return half.name.replace(/;1$/, ';2');
    if (technology === 'Local') return `Local/${peer}-${hex(count('Local'))};1`;
    if (technology === 'SIP' || technology === 'PJSIP') return `${technology}/${peer}-${hex(count(technology))}`;
    // chan_iax2 ends with its call number, which runs from 1 to 32,767 and begins again.
    if (technology === 'IAX2') return `IAX2/${peer}-${1 + (count('IAX2') % 32_767)}`;
    // A line's name ends with the sub-channel: 1, or 2 for a waiting call.
    let sub = 1;
    while (pbx.channels.has(`${technology}/${peer}-${sub}`)) sub += 1;
    return `${technology}/${peer}-${sub}`;
  };
  const sipCallId = (technology: Technology, dialled: boolean): string => {
    if (technology === 'PJSIP') return [8, 4, 4, 4, 12].map((length) => random.hex(length)).join('-');
    if (technology !== 'SIP') return '';
    return dialled ? `${random.hex(32)}@127.0.0.1:5060` : `1-${random.whole(10_000, 32_767)}@127.0.0.1`;
  };
  const writeCdr = (record: CdrRecord): void => {
    for (let copy = 0; copy < parts.cdrCopies(); copy += 1) emit('Cdr', 'cdr', cdrHeaders(record, zone));
    parts.appendCsv(csvLine(record, zone), customCsvLine(record));
    // Each of the two CDR writers with mapped fields takes a number for the dummy channel it prints them with: seen
    // in the gaps between the UniqueIDs of real calls (16 → 20 for two channels and one record).
    uniqueCount += 2;
  };

  const emit: Pbx['emit'] = (event, eventClass, headers, blankLines = 1) => {
    const lines = [`Event: ${event}`, `Privilege: ${eventClass},all`, ...headers.map(([k, v]) => `${k}: ${v}`)];
    const block = `${lines.join('\r\n')}\r\n${'\r\n'.repeat(blankLines)}`;
    pbx.history.push(block);
    if (pbx.history.length > MAX_HISTORY) pbx.history.shift();
    parts.broadcast(block, eventClass);
  };

  const pbx: Pbx = {
    clock,
    random,
    zone,
    recorder,
    astdb: new Map(),
    channels: new Map(),
    bridges: new Map(),
    cdr: cdrEngine(() => clock.now()),
    history: [],
    startedAt: clock.now(),
    openChannel: (party, exten, ledger, { linked, half } = {}) => {
      const { technology = 'SIP' } = party;
      const uniqueId = `${Math.floor(clock.now() / 1000)}.${uniqueCount++}`;
      const channel: Channel = {
        name: channelName(technology, party.peer, half),
        state: 'Down',
        callerNumber: party.number,
        callerName: party.name,
        connectedNumber: '',
        connectedName: '',
        accountCode: ACCOUNT_CODE,
        context: party.context,
        exten,
        priority: 1,
        uniqueId,
        linkedId: linked?.linkedId ?? half?.linkedId ?? uniqueId,
        technology,
        sipCallId: sipCallId(technology, linked !== undefined),
        dialled: linked !== undefined,
        inSubroutine: false,
        hangupCause: 0,
        ledger,
        created: clock.now(),
        application: '',
        applicationData: '',
        bridgeId: '',
      };
      pbx.channels.set(channel.name, channel);
      pbx.cdr.opened(channel);
      return channel;
    },
    closeChannel: (channel) => {
      pbx.channels.delete(channel.name);
      return pbx.cdr.closed(channel);
    },
    writeRecords: (channel, records) => {
      for (const record of records) {
        const told = record.disposition === 'ANSWERED' || record.disposition === 'CONGESTION';
        if (!parts.unanswered && !told && record.destinationChannel === '') continue;
        channel.ledger.push(record);
        writeCdr(record);
      }
    },
    emit,
    emitChannel: (event, eventClass, channel, more = []) =>
      emit(event, eventClass, [...channelHeaders(channel), ...more]),
    restart: () => {
      pbx.channels.clear();
      pbx.bridges.clear();
      pbx.cdr.restart();
      uniqueCount = 0;
      channelCounts.clear();
      pbx.startedAt = clock.now();
    },
  };
  return pbx;
}
