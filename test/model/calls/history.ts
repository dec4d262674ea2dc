/**
 * Made-up call histories: records of every kind of call as Asterisk 16 writes them (captured.txt shows the real ones), with
 * numbers drawn from a list, so that a test library can shrink them.
 */
import type { Leg } from '../../../storage/model/leg.ts';
import { leg } from '../../support/legs.ts';

export const EPOCH = 1_772_474_400;
const at = (seconds: number) => ({ epoch: EPOCH + seconds, offset: -28_800 });

/** What one Asterisk counts from its start: UniqueIDs, channels and Sequences. */
export interface Counters {
  unique: number;
  channel: number;
  sequence: number;
}

type Change = Partial<Omit<Leg, 'start' | 'answer' | 'end'>>;

/** The tools with which a kind of call is written. Times are seconds after EPOCH. */
function writer(counters: Counters) {
  const legs: Leg[] = [];
  const id = () => {
    counters.unique += 1;
    return `${EPOCH}.${counters.unique - 1}`;
  };
  const channel = (peer: string) => {
    counters.channel += 1;
    return `${peer}-${String(counters.channel).padStart(8, '0')}`;
  };
  const record = (start: number, answer: number | null, end: number, change: Change) => {
    const answered = answer === null ? null : at(answer);
    const disposition = answer === null ? 'NO ANSWER' : 'ANSWERED';
    const numbers = { duration: end - start, billsec: answer === null ? 0 : end - answer, sequence: counters.sequence };
    counters.sequence += 1;
    legs.push(leg(EPOCH, { disposition, ...numbers, ...change, start: at(start), answer: answered, end: at(end) }));
  };
  return { legs, id, channel, record };
}

type Kind = (write: ReturnType<typeof writer>, t: number, a: number, b: number) => void;

const answeredOnce =
  (from: string, to: string, change: Change = {}): Kind =>
  ({ id, channel, record }, t, a, b) => {
    const uniqueId = id();
    const ends = { channel: channel(from), destinationChannel: channel(to), uniqueId, linkedId: uniqueId };
    record(t, t + a, t + a + b, { ...ends, talkStart: EPOCH + t + a, ...change });
  };

export const KINDS: Readonly<Record<string, Kind>> = {
  internal: answeredOnce('SIP/205', 'SIP/204', { callType: 'Internal', recordingFile: '/m/20260302/a' }),
  outbound: answeredOnce('SIP/205', 'SIP/96', { destination: '9513' }),
  ivr: answeredOnce('SIP/96', 'SIP/202', { destination: '202', dialled: '620', ivr: 'IVR620-', cidName: 'FROM96-' }),
  analogue: answeredOnce('DAHDI/2', 'SIP/204', {}),
  gsm: answeredOnce('GSM/3', 'SIP/204', { callType: 'CallBack' }),

  busy({ id, channel, record }, t, a) {
    const uniqueId = id();
    const same = { channel: channel('SIP/205'), uniqueId, linkedId: uniqueId, disposition: 'BUSY' } as const;
    record(t, null, t + a, { ...same, destinationChannel: channel('SIP/209') });
    record(t + a, null, t + a, { ...same, destinationChannel: '', lastApplication: 'Hangup' });
    // Written twice, but for the Sequence: without one they are counted.
    record(t + a, null, t + a, { ...same, destinationChannel: '', lastApplication: 'Hangup' });
  },

  queue({ id, channel, record }, t, a, b) {
    const uniqueId = id();
    const same = { channel: channel('SIP/96'), destination: '820', uniqueId, linkedId: uniqueId, dialled: '820' };
    const app = { lastApplication: 'Queue' };
    record(t, t, t + a, { ...same, ...app, destinationChannel: channel('SIP/202'), disposition: 'NO ANSWER' });
    if (b % 2 === 0) {
      record(t + a, t + a, t + a + b, { ...same, ...app, destinationChannel: channel('SIP/204') });
    } else {
      record(t + a, t + a, t + a, { ...same, destinationChannel: '', lastApplication: 'Hangup' });
    }
  },

  ringGroup({ id, channel, record }, t, a, b) {
    const uniqueId = id();
    const same = { channel: channel('SIP/205'), destination: '920', uniqueId, linkedId: uniqueId };
    record(t, null, t + a, { ...same, destinationChannel: channel('SIP/202') });
    record(t, t + a, t + a + b, { ...same, destinationChannel: channel('SIP/204') });
  },

  local({ id, channel, record }, t, a, b) {
    const linkedId = id();
    const inner = id();
    const [caller, wire, phone] = [channel('SIP/96'), channel('Local/202@in'), channel('SIP/202')];
    const [out, back] = [
      { channel: caller, uniqueId: linkedId, linkedId },
      { uniqueId: inner, linkedId },
    ];
    record(t, t, t + a + b, { ...out, destinationChannel: `${wire};1`, lastApplication: 'Queue', destination: '820' });
    record(t, t + a, t + a + b, { ...back, channel: `${wire};2`, destinationChannel: phone, destination: '202' });
    // Without /n Asterisk takes the Local channel out, and a third record goes on.
    if (b % 2 === 0) {
      record(t + a + b, t + a + b, t + a + b + 7, { ...out, destinationChannel: phone, destination: '820' });
    }
  },

  clickToCall({ id, channel, record }, t, a, b) {
    const linkedId = id();
    const wire = channel('Local/205@in');
    record(t, t + a, t + a + b, {
      ...{ channel: `${wire};1`, destinationChannel: channel('SIP/204'), uniqueId: linkedId, linkedId, source: '' },
    });
    record(t, t, t + a + b, {
      ...{ channel: `${wire};2`, destinationChannel: channel('SIP/205'), uniqueId: id(), linkedId, source: '' },
    });
  },

  blindTransfer({ id, channel, record }, t, a, b) {
    const uniqueId = id();
    const same = { channel: channel('SIP/96'), destination: '203', uniqueId, linkedId: uniqueId };
    record(t, t + a, t + a + b, { ...same, destinationChannel: channel('SIP/204'), talkStart: EPOCH + t + a });
    record(t + a + b, t + a + b, t + a + b + 9, {
      ...{ ...same, destinationChannel: channel('SIP/203'), talkStart: EPOCH + t + a, callType: 'Internal' },
    });
  },

  /** The consultation and what follows in one LinkedID, as AMI's Atxfer makes them; UniqueIDs differ. */
  attendedTransfer({ id, channel, record }, t, a, b) {
    const [linkedId, asking] = [id(), id()];
    const [caller, third] = [channel('SIP/96'), channel('SIP/203')];
    record(t, t + a, t + a + b, {
      channel: caller,
      destinationChannel: channel('SIP/204'),
      uniqueId: linkedId,
      linkedId,
    });
    record(t + a, t + a, t + a + b, {
      ...{ channel: channel('SIP/204'), destinationChannel: third, uniqueId: asking, linkedId, destination: '203' },
    });
    record(t + a + b, t + a + b, t + a + b + 5, {
      ...{ channel: caller, destinationChannel: third, uniqueId: linkedId, linkedId },
    });
  },

  parking({ id, channel, record }, t, a, b) {
    const linkedId = id();
    const [caller, fetcher] = [channel('SIP/96'), channel('SIP/203')];
    const same = { channel: caller, uniqueId: linkedId, linkedId };
    record(t, t, t + a, { ...same, destinationChannel: channel('SIP/204') });
    record(t + a, t + a, t + a + b, { ...same, destinationChannel: '', lastApplication: 'Park' });
    record(t + a + b, t + a + b, t + a + b + 5, { ...same, destinationChannel: fetcher });
    record(t + a + b, t + a + b, t + a + b, {
      ...{ channel: fetcher, destinationChannel: '', uniqueId: id(), linkedId, lastApplication: 'ParkedCall' },
    });
  },

  /** Each has a LinkedID of his own; a record for each pair, under the one who was there first. */
  conference({ id, channel, record }, t, a, b) {
    const people = ['SIP/205', 'SIP/204', 'SIP/96'].map((peer) => ({ channel: channel(peer), uniqueId: id() }));
    const room = { destination: '740', lastApplication: 'ConfBridge' };
    for (const [index, { channel: mine, uniqueId }] of people.entries()) {
      const same = { ...room, channel: mine, uniqueId, linkedId: uniqueId };
      record(t + index, t + index, t + index, { ...same, destinationChannel: '' });
      for (const [later, other] of people.entries()) {
        if (later > index)
          record(t + later, t + later, t + 3 + a + index * b, { ...same, destinationChannel: other.channel });
      }
    }
  },
};

/** One call of a history. */
export interface Plan {
  readonly kind: string;
  /** Begins so long after EPOCH; time to the answer; length of the talk: seconds. */
  readonly t: number;
  readonly a: number;
  readonly b: number;
}

/** The records of a call, the caller's first one first, by an Asterisk that has counted so far. */
export function recordsOf({ kind, t, a, b }: Plan, counters: Counters): Leg[] {
  const write = writer(counters);
  const make = KINDS[kind];
  if (!make) throw new Error(`no kind ${kind}`);
  make(write, t, a, b);
  return write.legs;
}
