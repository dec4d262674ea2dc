/**
 * `Event: Cdr` as a leg. Asterisk writes its eighteen fields always, in one order ({@link FIELDS}), and after them
 * whatever cdr_manager.conf maps (ours: etc/asterisk/cdr_manager.conf). The order is checked, because line breaks in a
 * caller's number put lines of his choice into this stream: a record that he wrote into has some fields twice, and one
 * that he made up must hold them all (the names alone are more than the 80 bytes that PJSIP takes of a number). What fails
 * is refused, never half believed; Asterisk's CDR file still has it.
 */
import { parseDisposition } from '../../storage/model/direction.ts';
import type { Leg, Moment } from '../../storage/model/leg.ts';
import { parseLocal, resolveLocal, uniqueIdEpoch, type Zone } from '../../storage/model/local-time.ts';
import type { Header, Packet } from '../wire/packet.ts';

/** A Cdr event that is no record, or not Asterisk's own: its message names the field. */
export class CdrEventError extends Error {
  override readonly name = 'CdrEventError';
}

/** In wire order (asterisk cdr/cdr_manager.c, manager_log). */
const FIELDS = [
  'AccountCode',
  'Source',
  'Destination',
  'DestinationContext',
  'CallerID',
  'Channel',
  'DestinationChannel',
  'LastApplication',
  'LastData',
  'StartTime',
  'AnswerTime',
  'EndTime',
  'Duration',
  'BillableSeconds',
  'Disposition',
  'AMAFlags',
  'UniqueID',
  'UserField',
] as const;
type Field = (typeof FIELDS)[number];

/** Stand before the fields where `timestampevents`, `debug` or a system name ask for them (main/manager.c). */
const PREAMBLE: ReadonlySet<string> = new Set(['Timestamp', 'SequenceNumber', 'File', 'Line', 'Func', 'SystemName']);

/** A moment and a channel's number come from one clock, each in whole seconds cut at its own time. */
const CUT_SECONDS = 1;
/** Later than any time that a clock shows twice. */
const LATEST = Number.MAX_SAFE_INTEGER;

/**
 * @param zone The zone that Asterisk writes its local times in. Of a time that DST makes ambiguous the start is settled by
 *   the epoch in UniqueID, the end by `Duration`, the answer by `BillableSeconds`.
 * @throws {CdrEventError}
 */
export function legOfCdrEvent(packet: Packet, zone: Zone): Leg {
  const { fields, mapped, extra } = split(packet);
  const text = (field: Field) => fields.get(field) ?? '';
  const bad = (field: Field, what: string) =>
    new CdrEventError(`Cdr event ${text('UniqueID')}: ${field} ${what}: ${text(field)}`);
  /** Negative where the clock was set back during the call. */
  const seconds = (field: Field) => {
    if (!/^-?\d{1,15}$/.test(text(field))) throw bad(field, 'is not a number of seconds');
    return Number(text(field));
  };
  const moment = (field: Field, near: number | null): Moment | null => {
    if (!text(field)) return null;
    const wall = parseLocal(text(field));
    if (wall === null) throw bad(field, 'is not a time');
    return resolveLocal(wall, zone, near ?? undefined);
  };
  const required = (field: Field, near: number | null): Moment => {
    const at = moment(field, near);
    if (!at) throw bad(field, 'is empty');
    return at;
  };
  if (!text('UniqueID')) throw bad('UniqueID', 'is empty');

  const created = uniqueIdEpoch(text('UniqueID'));
  const near = required('StartTime', created);
  // Nothing starts before its channel was made; a later leg of a long call may well be nearer to the wrong hour.
  const start = created !== null && near.epoch < created - CUT_SECONDS ? required('StartTime', LATEST) : near;
  const duration = seconds('Duration');
  const billsec = seconds('BillableSeconds');
  const end = required('EndTime', start.epoch + duration);

  const names = mapped.map(([name]) => name.toLowerCase());
  const read = new Set<number>();
  /** A mapped header, by its name in lower case; what can't be read of it is kept among the extra ones. */
  const take = <T>(name: string, reader: (value: string) => T | null): T | null => {
    const at = names.indexOf(name);
    const value = mapped[at]?.[1] ?? '';
    const taken = value === '' ? null : reader(value);
    if (value === '' || taken !== null) read.add(at);
    return taken;
  };
  const asText = (value: string) => value;
  const asNumber = (value: string) => (/^\d{1,15}$/.test(value) ? Number(value) : null);

  const leg = {
    accountCode: text('AccountCode'),
    source: text('Source'),
    destination: text('Destination'),
    destinationContext: text('DestinationContext'),
    callerId: text('CallerID'),
    channel: text('Channel'),
    destinationChannel: text('DestinationChannel'),
    lastApplication: text('LastApplication'),
    lastData: text('LastData'),
    start,
    answer: moment('AnswerTime', end.epoch - billsec),
    end,
    duration,
    billsec,
    disposition: parseDisposition(text('Disposition')) ?? 'FAILED', // `UNKNOWN`: to the guide's users such a call failed
    amaFlags: text('AMAFlags'),
    uniqueId: text('UniqueID'),
    userField: text('UserField'),
    recordingFile: take('recording file name', asText) ?? '',
    linkedId: take('linkedid', asText),
    sequence: take('sequence', asNumber),
    cidName: take('cid prefix', asText),
    ivr: take('ivr', asText),
    dialled: take('dialled', asText),
    callType: take('call type', asText),
    talkStart: take('talk start', asNumber),
  };
  return { ...leg, extra: [...extra, ...mapped.filter((_, at) => !read.has(at))] };
}

interface CdrHeaders {
  readonly fields: ReadonlyMap<Field, string>;
  /** What cdr_manager.conf maps. */
  readonly mapped: Header[];
  readonly extra: readonly Header[];
}

/** Takes the packet apart by position. @throws {CdrEventError} when a field is missing, out of its place or there twice. */
function split({ headers }: Packet): CdrHeaders {
  const [event, privilege, ...rest] = headers;
  if (event?.[0] !== 'Event' || event[1] !== 'Cdr') throw new CdrEventError('not a Cdr event');
  if (privilege?.[0] !== 'Privilege' || privilege[1] !== 'cdr,all')
    throw new CdrEventError('Cdr event: Privilege is not cdr,all');
  const begin = rest.findIndex(([name]) => !PREAMBLE.has(name));
  const extra = rest.slice(0, Math.max(0, begin));
  const fields = new Map<Field, string>();
  const mapped: Header[] = [];
  let last: Field | null = null;
  for (const [name, value] of begin < 0 ? [] : rest.slice(begin)) {
    const expected = FIELDS[fields.size];
    if (expected === undefined) mapped.push([name, value]);
    else if (name === expected) {
      fields.set(expected, value);
      last = expected;
    } else if (last === null || FIELDS.some((field) => field === name))
      throw new CdrEventError(`Cdr event: ${name} stands where ${expected} should`);
    // A line break inside a value, in an application's data say: the line belongs to the value before it.
    else fields.set(last, `${fields.get(last) ?? ''} ${value === '' ? name : `${name}: ${value}`}`);
  }
  const missing = FIELDS[fields.size];
  if (missing !== undefined) throw new CdrEventError(`Cdr event: ${missing} is missing`);
  return { fields, mapped, extra };
}
