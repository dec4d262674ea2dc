/**
 * The state of the simulated PBX between calls: channels, numbering, AstDB, and the two mouths through which it speaks,
 * events and the CDR file. Calls (dial.ts) write to it; the AMI (ami-actions.ts) reads from it.
 */
import type { Zone } from '../../storage/model/local-time.ts';
import { type CdrRecord, cdrHeaders, csvLine, customCsvLine, type Header } from './cdr.ts';
import { type Channel, channelHeaders } from './channel.ts';
import type { Clock } from './clock.ts';
import { MAX_HISTORY } from './limits.ts';
import type { Random } from './random.ts';

/** Event classes of manager.conf that the simulator uses, as printed after `Privilege: `. */
export type EventClass = 'system' | 'call' | 'dialplan' | 'cdr' | 'reporting';

/** Stands in every record's AccountCode, so that nobody takes simulated calls for real ones. */
export const ACCOUNT_CODE = 'simulation';

/** A phone or trunk that a channel can be opened to. */
export interface Party {
  /** chan_sip peer name: `205`, `96`. */
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
  /** AstDB: `family/key` → value. */
  readonly astdb: Map<string, string>;
  /** Live channels by name, in order of creation. */
  readonly channels: Map<string, Channel>;
  /** The last events as sent, oldest first; at most MAX_HISTORY. */
  readonly history: string[];
  /** When this Asterisk started, milliseconds since 1970 UTC. */
  startedAt: number;
  /** Opens a channel to `party`; `linked` is the channel that dialled it. */
  openChannel(party: Party, exten: string, linked?: Channel): Channel;
  closeChannel(channel: Channel): void;
  /** The next CDR sequence number. */
  nextSequence(): number;
  /** Sends an event; `blankLines` ends it as Asterisk's TestEvent ends (one more blank line). */
  emit(event: string, eventClass: EventClass, headers: readonly Header[], blankLines?: number): void;
  /** An event about a channel: its block of headers, then `more`. */
  emitChannel(event: string, eventClass: EventClass, channel: Channel, more?: readonly Header[]): void;
  /** Writes a finished record to both of its places: the event, then the CSV file. */
  writeCdr(record: CdrRecord): void;
  /** Forgets all channels and numbers again from 0, as a restarted Asterisk does. */
  restart(): void;
}

export interface PbxParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly zone: Zone;
  /** Puts one event on the wire. */
  readonly broadcast: (text: string, eventClass: EventClass) => void;
  /** Appends to Master.csv and to the CSV of cdr_custom. */
  readonly appendCsv: (line: string, customLine: string) => void;
  /** How often each Cdr event is sent: 1, or more under the repeat fault. */
  readonly cdrCopies: () => number;
}

export function createPbx(parts: PbxParts): Pbx {
  const { clock, random, zone } = parts;
  let uniqueCount = 0;
  let channelCount = 0;
  let sequenceCount = 0;

  const nextSequence = (): number => sequenceCount++;
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
    astdb: new Map(),
    channels: new Map(),
    history: [],
    startedAt: clock.now(),
    openChannel: (party, exten, linked) => {
      const uniqueId = `${Math.floor(clock.now() / 1000)}.${uniqueCount++}`;
      const channel: Channel = {
        name: `SIP/${party.peer}-${(channelCount++).toString(16).padStart(8, '0')}`,
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
        linkedId: linked?.linkedId ?? uniqueId,
        sipCallId: linked ? `${random.hex(32)}@127.0.0.1:5060` : `1-${random.whole(10_000, 32_767)}@127.0.0.1`,
        sequence: nextSequence(),
        created: clock.now(),
        application: '',
        applicationData: '',
        bridgeId: '',
      };
      pbx.channels.set(channel.name, channel);
      return channel;
    },
    closeChannel: (channel) => {
      pbx.channels.delete(channel.name);
    },
    nextSequence,
    emit,
    emitChannel: (event, eventClass, channel, more = []) =>
      emit(event, eventClass, [...channelHeaders(channel), ...more]),
    writeCdr: (record) => {
      for (let copy = 0; copy < parts.cdrCopies(); copy += 1) emit('Cdr', 'cdr', cdrHeaders(record, zone));
      parts.appendCsv(csvLine(record, zone), customCsvLine(record));
      // Each of the two CDR writers with mapped fields takes a number for the dummy channel it prints them with: seen
      // in the gaps between the UniqueIDs of real calls (16 → 20 for two channels and one record).
      uniqueCount += 2;
    },
    restart: () => {
      pbx.channels.clear();
      uniqueCount = 0;
      channelCount = 0;
      sequenceCount = 0;
      pbx.startedAt = clock.now();
    },
  };
  return pbx;
}
