/**
 * One call detail record in the three spellings of Asterisk: `Event: Cdr` (cdr/cdr_manager.c), a line of Master.csv
 * (cdr/cdr_csv.c) and a line of the CSV that etc/asterisk/cdr_custom.conf lays out. All are written from the same record.
 */
import type { Disposition } from '../../storage/model/leg.ts';
import type { Zone } from '../../storage/model/local-time.ts';

/** Times in milliseconds since 1970 UTC; strings as Asterisk would print them, '' = empty. */
export interface CdrRecord {
  readonly accountCode: string;
  readonly source: string;
  readonly destination: string;
  readonly destinationContext: string;
  readonly callerId: string;
  readonly channel: string;
  readonly destinationChannel: string;
  readonly lastApplication: string;
  readonly lastData: string;
  readonly start: number;
  readonly answer: number | null;
  readonly end: number;
  readonly disposition: Disposition;
  readonly uniqueId: string;
  readonly userField: string;
  /** Absolute path without `.wav`, '' = not recorded. */
  readonly recordingFile: string;
  readonly cidName: string;
  readonly ivr: string;
  readonly dialled: string;
  readonly callType: string;
  /** Epoch seconds as text, '' = nobody answered. */
  readonly talkStart: string;
  readonly linkedId: string;
  readonly sequence: number;
}

export type Header = readonly [name: string, value: string];

/** `2026-11-23 23:54:43` in the box's zone, from milliseconds. */
const localText = (zone: Zone, ms: number): string => zone.text(Math.floor(ms / 1000));

/** Whole seconds between two moments, the fraction cut off (ast_tvdiff_sec): 1.9 s is 1. */
const seconds = (from: number, to: number): number => Math.floor((to - from) / 1000);
const duration = (record: CdrRecord): number => seconds(record.start, record.end);
const billsec = (record: CdrRecord): number => (record.answer === null ? 0 : seconds(record.answer, record.end));

/**
 * Headers of `Event: Cdr` in wire order: Asterisk's own, then those of cdr_manager.conf's `[mappings]`. A mapped header
 * is written even when it is empty.
 */
export function cdrHeaders(record: CdrRecord, zone: Zone): readonly Header[] {
  return [
    ['AccountCode', record.accountCode],
    ['Source', record.source],
    ['Destination', record.destination],
    ['DestinationContext', record.destinationContext],
    ['CallerID', record.callerId],
    ['Channel', record.channel],
    ['DestinationChannel', record.destinationChannel],
    ['LastApplication', record.lastApplication],
    ['LastData', record.lastData],
    ['StartTime', localText(zone, record.start)],
    ['AnswerTime', record.answer === null ? '' : localText(zone, record.answer)],
    ['EndTime', localText(zone, record.end)],
    ['Duration', String(duration(record))],
    ['BillableSeconds', String(billsec(record))],
    ['Disposition', record.disposition],
    ['AMAFlags', 'DOCUMENTATION'],
    ['UniqueID', record.uniqueId],
    ['UserField', record.userField],
    ['Recording File Name', record.recordingFile],
    ['CID Prefix', record.cidName],
    ['IVR', record.ivr],
    ['Dialled', record.dialled],
    ['Call Type', record.callType],
    ['Talk Start', record.talkStart],
    ['LinkedID', record.linkedId],
    ['Sequence', String(record.sequence)],
  ];
}

const quoted = (value: string): string => `"${value.replaceAll('"', '""')}"`;

/**
 * A line of Master.csv with its newline: `loguniqueid`, `loguserfield` and `newcdrcolumns` on, so PeerAccount, LinkedID
 * and Sequence follow the UserField. Numbers and an absent answer time stand without quotes.
 */
export function csvLine(record: CdrRecord, zone: Zone): string {
  const columns = [
    quoted(record.accountCode),
    quoted(record.source),
    quoted(record.destination),
    quoted(record.destinationContext),
    quoted(record.callerId),
    quoted(record.channel),
    quoted(record.destinationChannel),
    quoted(record.lastApplication),
    quoted(record.lastData),
    quoted(localText(zone, record.start)),
    record.answer === null ? '' : quoted(localText(zone, record.answer)),
    quoted(localText(zone, record.end)),
    String(duration(record)),
    String(billsec(record)),
    quoted(record.disposition),
    quoted('DOCUMENTATION'),
    quoted(record.uniqueId),
    quoted(record.userField),
    quoted(''),
    quoted(record.linkedId),
    String(record.sequence),
  ];
  return `${columns.join(',')}\n`;
}

/** `${CDR(start,u)}`: epoch seconds with six decimals; none is 0.000000. */
const microseconds = (ms: number | null): string => `${((ms ?? 0) / 1000).toFixed(3)}000`;

/** A line of cdrd.csv with its newline: the 27 columns of etc/asterisk/cdr_custom.conf, all quoted. */
export function customCsvLine(record: CdrRecord): string {
  const columns = [
    record.accountCode,
    record.source,
    record.destination,
    record.destinationContext,
    record.callerId,
    record.channel,
    record.destinationChannel,
    record.lastApplication,
    record.lastData,
    microseconds(record.start),
    microseconds(record.answer),
    microseconds(record.end),
    String(duration(record)),
    String(billsec(record)),
    record.disposition,
    'DOCUMENTATION',
    record.uniqueId,
    record.userField,
    record.recordingFile,
    record.cidName,
    record.ivr,
    record.dialled,
    record.callType,
    record.talkStart,
    record.linkedId,
    String(record.sequence),
    '',
  ];
  return `${columns.map(quoted).join(',')}\n`;
}
