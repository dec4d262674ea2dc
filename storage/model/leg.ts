/**
 * A leg: one of Asterisk's own call detail records, every field as Asterisk wrote it. Legs are the truth; calls are
 * folded from them and can be folded again at any time (guide-resolved, "From Asterisk's records to one row per call").
 */

/** A moment in whole seconds since 1970 UTC, with the offset from UTC (seconds east) of the local text it was written in. */
export interface Moment {
  readonly epoch: number;
  readonly offset: number;
}

export const DISPOSITIONS = ['ANSWERED', 'BUSY', 'NO ANSWER', 'FAILED', 'CONGESTION'] as const;
/** How Asterisk says a leg ended. */
export type Disposition = (typeof DISPOSITIONS)[number];

export const CALL_TYPES = ['Internal', 'Outbound', 'Inbound', 'CallBack', 'Conference'] as const;
/** Direction of a call in the guide's words (`userfield`, `calltype`). */
export type CallType = (typeof CALL_TYPES)[number];

/**
 * One record. The first nineteen fields are those of `Event: Cdr`, in its order (asterisk cdr/cdr_manager.c); the rest
 * come from `cdr_manager.conf` mappings or cdr_custom and are null where a source lacks them.
 */
export interface Leg {
  readonly accountCode: string;
  readonly source: string;
  readonly destination: string;
  readonly destinationContext: string;
  readonly callerId: string;
  readonly channel: string;
  readonly destinationChannel: string;
  readonly lastApplication: string;
  readonly lastData: string;
  readonly start: Moment;
  readonly answer: Moment | null;
  readonly end: Moment;
  /** Asterisk's own `Duration`, seconds. */
  readonly duration: number;
  /** Asterisk's own `BillableSeconds`, seconds. */
  readonly billsec: number;
  readonly disposition: Disposition;
  readonly amaFlags: string;
  readonly uniqueId: string;
  readonly userField: string;
  /** `Recording File Name` as written: absolute, usually without suffix; '' = not recorded. */
  readonly recordingFile: string;
  readonly linkedId: string | null;
  readonly sequence: number | null;
  /** `CDR(cidname)`: the inbound route's prefix, without the trailing `-`. */
  readonly cidName: string | null;
  /** `CDR(ivr)`: the IVR's prefix, without the trailing `-`. */
  readonly ivr: string | null;
  /** `CDR(dialled)`: the first IVR, queue or ring-group number that the caller reached. */
  readonly dialled: string | null;
  /** `CDR(calltype)`, one of {@link CALL_TYPES} when our dialplan wrote it. */
  readonly callType: string | null;
  /** `CDR(talkstart)`: epoch seconds of the moment that a person answered. */
  readonly talkStart: number | null;
  /** Any other header, name and value as written: kept so that nothing of a record is lost. */
  readonly extra: readonly (readonly [name: string, value: string])[];
}

/** Where a record reached us from. A bit each, because one record may come from both. */
export const LEG_SOURCE = { ami: 1, csv: 2 } as const;
export type LegSource = keyof typeof LEG_SOURCE;
