/** What a listing asks for, in the field's words: the floors above fill it in, `sql/where.ts` turns it into SQL. */
import type { CallType, Disposition } from './model/leg.ts';
import type { NumberPattern } from './model/number-pattern.ts';
import type { TruthKind } from './model/truth.ts';

/** Bounds are inclusive; an absent one is open. */
export interface Bounds {
  readonly from?: number;
  readonly to?: number;
}

export interface CallFilter {
  /** Call start, epoch seconds. */
  readonly start: Bounds;
  /** Seconds that the box's clock was east of UTC at the start. */
  readonly startOffset?: number;
  readonly src?: readonly NumberPattern[];
  readonly dst?: readonly NumberPattern[];
  /** On either side. */
  readonly number?: readonly NumberPattern[];
  /**
   * These took part as numbers of the box's own: one who calls from outside and shows the same number is none of them, nor
   * is one outside who is called.
   */
  readonly inside?: Inside;
  readonly dispositions?: readonly Disposition[];
  readonly callTypes?: readonly CallType[];
  /** Seconds. */
  readonly billsec?: Bounds;
  /** Hidden when duration and billsec are both outside (guide, chapter 1 table 1). */
  readonly duration?: Bounds;
  /** Seconds from its start to its end, whatever of them was talk. */
  readonly lasted?: Bounds;
  /** Call end, epoch seconds. */
  readonly end?: Bounds;
  /** The name that the caller showed; `*` is any run of characters, `?` any one. Case of A to Z doesn't count. */
  readonly callerName?: string;
  readonly cidName?: string;
  readonly inRoute?: string;
  readonly ivr?: string;
  /** A GSM port's number. */
  readonly port?: number;
  /** Each is the source or destination trunk, by name: `96`, `pstn2`, `GSM3`. */
  readonly trunks?: readonly string[];
  /** Not those that show a recording which is marked to be kept. */
  readonly unkept?: true;
  /** Only calls whose `changed` is greater. */
  readonly since?: number;
}

/** Numbers of the box's own, and where they stand in a call. */
export interface Inside {
  /** To the letter; none of them: no call. */
  readonly numbers: readonly string[];
  /** `from`: they called; `to`: they were called, or answered what another number was called for. */
  readonly side: 'from' | 'to' | 'either';
}

export interface RecordingFilter {
  /** The local clock in the file's name, as if it were UTC. */
  readonly wall: Bounds;
  readonly src?: readonly NumberPattern[];
  readonly dst?: readonly NumberPattern[];
  readonly trunk?: string;
  readonly callTypes?: readonly CallType[];
  /** billsec of the tied call; the sound's length where no call is tied. Seconds. */
  readonly duration?: Bounds;
  /** Whether it is marked to be kept. */
  readonly keep?: boolean;
  /**
   * The medium that is in place, null where none is: rows of others are given with `online` false. Absent: no row says
   * whether its file can be had.
   */
  readonly present?: number | null;
}

/** What of the truth report is wanted. @see model/truth.ts */
export interface TruthFilter {
  readonly kind: TruthKind;
  /** Those wanted, of this kind and of others that run along the same rows. */
  readonly codes: readonly string[];
  /** Of calls: their start, epoch seconds. */
  readonly start: Bounds;
  /** Of recordings: the local clock in the file's name, as if it were UTC. */
  readonly wall: Bounds;
}

/** What of a record can be searched for a text, as Asterisk's own tables call it. */
export const LEG_COLUMNS = ['src', 'dst', 'channel', 'dstchannel', 'accountcode'] as const;
export type LegColumn = (typeof LEG_COLUMNS)[number];

/**
 * Seconds that a record may begin after its own call. A call begins with the first of its records, so that the others are
 * its tries, its talks behind a queue, its transfers: four hours are a long wait. One that begins later still is told when
 * its call is passed, behind older ones, and is missed where dates are asked for that its call lies so far before.
 */
export const LEG_LEAD = 4 * 3600;

/** Which of Asterisk's records are wanted, of the calls that are shown. */
export interface LegFilter {
  /** The record's own start, epoch seconds. */
  readonly start: Bounds;
  /** A text somewhere in a column, capitals or not (of ASCII). */
  readonly text?: { readonly column: LegColumn; readonly part: string };
  readonly dispositions?: readonly Disposition[];
  /** Whether there is a recording of it. */
  readonly recorded?: boolean;
}

/** One step along the calls, newest first. */
export interface LegRequest {
  readonly filter: LegFilter;
  /** Where the step before ended; null: at the beginning. */
  readonly after: Cursor | null;
}

/** Records of the calls that a step has passed, by name: in no order, and each told by one step only. */
export interface LegStep {
  readonly legs: readonly LegName[];
  /** The last call that was passed, by its start; null: there are no more. */
  readonly next: Cursor | null;
}

/** Start in epoch seconds, and id. */
export type LegName = readonly [start: number, id: number];

/** Findings of one step, by code. */
export interface TruthTally {
  readonly codes: readonly (readonly [code: string, count: number])[];
  readonly next: Cursor | null;
}

/** Where the last page ended. */
export interface Cursor {
  readonly key: number;
  readonly id: number;
}

/** A field of an answer: the name on the wire and the column it shows. */
export type Field = readonly [name: string, column: string];

export interface CsvFormat {
  readonly delimiter: ',' | ';';
  /** Whatever holds a digit and is no figure of ours becomes `="…"`, which spreadsheets leave as it is. */
  readonly asText: boolean;
}

/** How rows are written. */
export type Format = 'json' | 'xml' | CsvFormat;

export interface PageRequest<Filter> {
  readonly filter: Filter;
  readonly fields: readonly Field[];
  /** Absent: json. */
  readonly format?: Format;
  readonly order: 'asc' | 'desc';
  /** null: from the beginning. */
  readonly after: Cursor | null;
  /** Rows looked at, at most, matching or not: the bound on the time of one step. */
  readonly scan: number;
  /** Matching rows wanted at most. */
  readonly limit: number;
  /** As in {@link CountRequest}. */
  readonly ids?: string;
  /** Of `ids`: the rows come in the order in which they are named. */
  readonly placed?: true;
}

/**
 * One step of a listing. `bytes` holds the rows as UTF-8: JSON objects joined by commas, CSV lines each with its CRLF, XML
 * elements joined by line feeds. No row object crosses the thread, and no text that would have to be made and encoded.
 */
export interface Page {
  /** In memory of its own, which goes from thread to thread. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly rows: number;
  /** null: that was the last. */
  readonly next: Cursor | null;
  /** How many match in all, where the search found that on its way. */
  readonly total?: number;
}

export interface CountRequest<Filter> {
  readonly filter: Filter;
  readonly after: Cursor | null;
  readonly scan: number;
  /** Look at these rows instead of at the next along the index: ids joined by commas, no more than `scan`. */
  readonly ids?: string;
  /** In which the steps go along the rows; absent: oldest first. */
  readonly order?: 'asc' | 'desc';
  /** Of calls: the steps go along their ids instead, and each looks at `scan` of these. @see sql/by-id.ts */
  readonly byId?: boolean;
}

/** Calls by their ids, lowest first. */
export interface IdsRequest {
  /** The lowest. */
  readonly from: number;
  /** Ids looked at, whatever they hold. */
  readonly scan: number;
  /** Of calls at most. */
  readonly limit: number;
}

export interface IdsStep {
  readonly ids: readonly number[];
  /** The next `from`; null: there are no more. */
  readonly next: number | null;
}

export interface Count {
  readonly rows: number;
  readonly next: Cursor | null;
}

/** A side of a call: who called; who was called, and who answered where that is another: `620(202)`. */
export type NumberSide = 'src' | 'called' | 'answered';

/** The calls of the numbers that match, a stretch of the known numbers at a time. */
export interface NumbersRequest {
  readonly side: NumberSide;
  /** One of them must match. */
  readonly patterns: readonly NumberPattern[];
  readonly start: Bounds;
  /** Where the step before ended; null: from the beginning. */
  readonly after: NumberPlace | null;
  /** Numbers looked at, matching or not. */
  readonly scan: number;
  /** Calls of theirs at most: one number may have a tenth of all. */
  readonly most: number;
  /** Of which calls more is told than that they are there, by their start; null: of none. */
  readonly named: Bounds | null;
}

/** Behind a number, or between two of its calls. */
export interface NumberPlace {
  readonly text: string;
  readonly call?: Cursor;
}

export interface NumbersStep extends Hits {
  /** Calls, closed and not in the trash. */
  readonly rows: number;
  /** null: that was the last. */
  readonly next: NumberPlace | null;
}

/** Calls that match, by name. */
export interface Hits {
  /** `KEY.ID` of each, joined by commas; the key is what the listing runs along. */
  readonly text: string;
}

/** What calls can be put in order by, besides their start. */
export type SortColumn =
  | 'src'
  | 'dst'
  | 'srcTrunk'
  | 'dstTrunk'
  | 'port'
  | 'duration'
  | 'billsec'
  | 'disposition'
  | 'callType'
  | 'accountCode'
  | 'cidName'
  | 'ivr'
  | 'contact'
  | 'callerName'
  /** Answered, busy, taken by nobody, failed. */
  | 'outcome';

export interface SortKeysRequest extends CountRequest<CallFilter> {
  readonly sort: SortColumn;
}

/** What some calls are put in order by. */
export interface SortKeys {
  /** A JSON array of `[key, id]` for each. */
  readonly pairs: string;
  readonly next: Cursor | null;
}

/** What calls can be counted by. */
export type Dimension = 'day' | 'hour' | 'disposition' | 'direction' | 'trunk' | 'port' | 'extension';

export interface TotalsRequest extends CountRequest<CallFilter> {
  readonly by: readonly Dimension[];
  /** These calls instead, known to match: `START.ID` of each, joined by commas. Of what the index of starts holds. */
  readonly starts?: string;
}

/** Sums over some calls; times in seconds. */
export interface Sums {
  readonly count: number;
  readonly answered: number;
  readonly noanswer: number;
  readonly busy: number;
  /** Congestion too. */
  readonly failed: number;
  readonly duration: number;
  readonly billsec: number;
  /** billsec of the answered alone. */
  readonly talked: number;
  /** Of each call its billsec rounded up to whole minutes. */
  readonly minutes: number;
}

/** One step's sums: of all it looked at (dimension null), and of each value of each dimension. */
export interface TotalsStep {
  readonly groups: readonly (readonly [dimension: Dimension | null, value: string | number, sums: Sums])[];
  readonly next: Cursor | null;
}

/** Sums of whole days. */
export interface SumsStep extends TotalsStep {
  /** What to ask besides, of the calls themselves: the parts of days at the ends of the range. Told by the first step. */
  readonly edges: readonly CallFilter[];
}
