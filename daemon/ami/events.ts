/**
 * The events that we make or complete, field by field in wire order. Each exists in two forms: the guide's fields alone,
 * and the same with further headers behind them, for users with extras on.
 *
 * `Event: Cdr` (guide 3.2), one for each of Asterisk's records, Privilege `cdr,all`: the eighteen fields of Asterisk's own
 * event (cdr/cdr_manager.c), then `Recording File Name`: absolute path of the recording without its suffix, empty where
 * there is none. With extras: `CID Prefix`, `IVR`, `Dialled`, `Call Type`, `Talk Start`, `LinkedID`, `Sequence`, whatever
 * else the PBX maps, and `EventSequence`.
 *
 * `Event: AutoMixMonitorEnd` (guide 3.3), when a recording is complete on disk, Privilege `agent,all`: `File Name` as
 * above, `Source Number`, `Destination Number`. With extras: `Seconds` (length of the sound) and `EventSequence`.
 *
 * `Event: CdrdMediumState` (ours), when the medium of the recordings changes, Privilege `system,all`, for users with extras
 * on alone: `State` (absent, mounted, slow, dead), `Writable` (Yes, No), `Why` (for people; empty when all is well),
 * `Device` (`MAJ:MIN`, empty where none is known), `Medium` (its id in 30024, likewise) and `EventSequence`.
 *
 * `Event: CdrdDiskAlarm` (ours), when a disk has come to be nearly full or has room again, Privilege `system,all`, for
 * users with extras on alone: `Disk` (recordings, state), `State` (Nearly full, Ok), `Used` (percent, empty where it isn't
 * known). No replay tells it: how things stand is in `/healthz`.
 */
import type { Leg, Moment } from '../../storage/model/leg.ts';
import { formatLocal } from '../../storage/model/local-time.ts';
import { absoluteRecording, parseRecordingName } from '../../storage/model/recording-name.ts';
import type { MediumChange } from '../../storage/store.ts';
import type { DiskUse } from '../disk-use.ts';
import { formatPacket } from '../wire/packet.ts';
import { classesOf } from './classes.ts';
import type { AmiEvent } from './relay.ts';

type Headers = (readonly [name: string, value: string | number])[];

/** @param sequence EventSequence. */
export function cdrEvent(leg: Leg, sequence: number): AmiEvent {
  const guide: Headers = [
    ['Event', 'Cdr'],
    ['Privilege', 'cdr,all'],
    ['AccountCode', leg.accountCode],
    ['Source', leg.source],
    ['Destination', leg.destination],
    ['DestinationContext', leg.destinationContext],
    ['CallerID', leg.callerId],
    ['Channel', leg.channel],
    ['DestinationChannel', leg.destinationChannel],
    ['LastApplication', leg.lastApplication],
    ['LastData', leg.lastData],
    ['StartTime', local(leg.start)],
    ['AnswerTime', leg.answer ? local(leg.answer) : ''],
    ['EndTime', local(leg.end)],
    ['Duration', leg.duration],
    ['BillableSeconds', leg.billsec],
    ['Disposition', leg.disposition],
    ['AMAFlags', leg.amaFlags],
    ['UniqueID', leg.uniqueId],
    ['UserField', leg.userField],
    ['Recording File Name', leg.recordingFile.replace(/\.wav$/i, '')],
  ];
  return event(guide, 'cdr', sequence, [
    ['CID Prefix', leg.cidName ?? ''],
    ['IVR', leg.ivr ?? ''],
    ['Dialled', leg.dialled ?? ''],
    ['Call Type', leg.callType ?? ''],
    ['Talk Start', leg.talkStart ?? ''],
    ['LinkedID', leg.linkedId ?? ''],
    ['Sequence', leg.sequence ?? ''],
    ...leg.extra,
  ]);
}

/** A recording that is complete. */
export interface EndedRecording {
  /** Relative to the recordings folder. */
  readonly path: string;
  /** Length of the sound. */
  readonly seconds: number;
}

/** @param dir The recordings folder. @param trunks Trunk names that may hold dashes. @param sequence EventSequence. */
export function recordingEvent(
  { path, seconds }: EndedRecording,
  dir: string,
  trunks: readonly string[],
  sequence: number,
): AmiEvent {
  const { src, dst } = parseRecordingName(path, trunks);
  const guide: Headers = [
    ['Event', 'AutoMixMonitorEnd'],
    ['Privilege', 'agent,all'],
    ['File Name', absoluteRecording(path, dir)],
    ['Source Number', src ?? ''],
    ['Destination Number', dst ?? ''],
  ];
  return event(guide, 'agent', sequence, [['Seconds', Math.round(seconds)]]);
}

/** @param sequence EventSequence. */
export function mediumEvent({ state, writable, why, device, medium }: MediumChange, sequence: number): AmiEvent {
  const headers: Headers = [
    ['Event', 'CdrdMediumState'],
    ['Privilege', 'system,all'],
    ['State', state],
    ['Writable', writable ? 'Yes' : 'No'],
    ['Why', why],
    ['Device', device],
    ['Medium', medium ?? ''],
    ['EventSequence', sequence],
  ];
  return { bytes: null, extras: Buffer.from(formatPacket(headers)), classes: classesOf('system'), sequence };
}

export function diskEvent({ disk, used, alarm }: DiskUse): AmiEvent {
  const headers: Headers = [
    ['Event', 'CdrdDiskAlarm'],
    ['Privilege', 'system,all'],
    ['Disk', disk],
    ['State', alarm ? 'Nearly full' : 'Ok'],
    ['Used', used === null ? '' : Math.round(used * 100)],
  ];
  return { bytes: null, extras: Buffer.from(formatPacket(headers)), classes: classesOf('system'), sequence: null };
}

function event(guide: Headers, classes: string, sequence: number, extras: Headers): AmiEvent {
  let [plain, full]: (Buffer | undefined)[] = [];
  // Each form when somebody listens who is to have it, and once for all of them.
  return {
    get bytes() {
      plain ??= Buffer.from(formatPacket(guide));
      return plain;
    },
    get extras() {
      full ??= Buffer.from(formatPacket([...guide, ...extras, ['EventSequence', sequence]]));
      return full;
    },
    classes: classesOf(classes),
    sequence,
  };
}

/** As Asterisk wrote it: on the clock of its own moment. */
function local({ epoch, offset }: Moment): string {
  return formatLocal(epoch, offset);
}
