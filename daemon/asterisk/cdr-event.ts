/**
 * `Event: Cdr` as a leg. Fields in wire order (asterisk cdr/cdr_manager.c): AccountCode, Source, Destination,
 * DestinationContext, CallerID, Channel, DestinationChannel, LastApplication, LastData, StartTime, AnswerTime, EndTime,
 * Duration, BillableSeconds, Disposition, AMAFlags, UniqueID, UserField; after them whatever cdr_manager.conf maps
 * (ours: etc/asterisk/cdr_manager.conf).
 */
import { DISPOSITIONS, type Disposition, type Leg, type Moment } from '../../storage/model/leg.ts';
import { parseLocal, resolveLocal, uniqueIdEpoch, type Zone } from '../../storage/model/local-time.ts';
import type { Packet } from '../wire/packet.ts';

/** A Cdr event without what makes it a record: its message names the field. */
export class CdrEventError extends Error {
  override readonly name = 'CdrEventError';
}

/**
 * @param zone The zone that Asterisk writes its local times in. A time that DST makes ambiguous is settled by the epoch
 *   in UniqueID.
 * @throws {CdrEventError}
 */
export function legOfCdrEvent(packet: Packet, zone: Zone): Leg {
  const taken = new Set(['event', 'privilege']); // these two belong to the packet
  const text = (name: string) => {
    taken.add(name.toLowerCase());
    return packet.get(name);
  };
  const textOrNull = (name: string) => text(name) || null;
  /** A whole number, or null: an unset CDR variable comes as an empty value. */
  const number = (name: string) => (/^\d{1,15}$/.test(text(name)) ? Number(text(name)) : null);
  const uniqueId = text('UniqueID');
  if (!uniqueId) throw new CdrEventError('Cdr event without UniqueID');

  const moment = (name: string, near: number | null): Moment | null => {
    const value = text(name);
    if (!value) return null;
    const wall = parseLocal(value);
    if (wall === null) throw new CdrEventError(`Cdr event ${uniqueId}: ${name} is not a time: ${value}`);
    return resolveLocal(wall, zone, near ?? undefined);
  };
  const required = (name: string, near: number | null): Moment => {
    const at = moment(name, near);
    if (!at) throw new CdrEventError(`Cdr event ${uniqueId}: ${name} is missing`);
    return at;
  };
  const start = required('StartTime', uniqueIdEpoch(uniqueId));
  const duration = number('Duration') ?? 0;

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
    answer: moment('AnswerTime', start.epoch),
    end: required('EndTime', start.epoch + duration), // a call may well last into the hour that comes twice
    duration,
    billsec: number('BillableSeconds') ?? 0,
    disposition: dispositionOf(text('Disposition')),
    amaFlags: text('AMAFlags'),
    uniqueId,
    userField: text('UserField'),
    recordingFile: text('Recording File Name'),
    linkedId: textOrNull('LinkedID'),
    sequence: number('Sequence'),
    cidName: textOrNull('CID Prefix'),
    ivr: textOrNull('IVR'),
    dialled: textOrNull('Dialled'),
    callType: textOrNull('Call Type'),
    talkStart: number('Talk Start'),
  };
  return { ...leg, extra: packet.headers.filter(([name]) => !taken.has(name.toLowerCase())) };
}

/** Asterisk knows a sixth word, `UNKNOWN`; to the guide's users such a call failed. */
function dispositionOf(text: string): Disposition {
  return DISPOSITIONS.find((known) => known === text.toUpperCase()) ?? 'FAILED';
}
