/** What a listing asks for, in the field's words: the floors above fill it in, `sql/where.ts` turns it into SQL. */
import type { CallType, Disposition } from './model/leg.ts';
import type { NumberPattern } from './model/number-pattern.ts';

/** Bounds are inclusive; an absent one is open. */
export interface Bounds {
  readonly from?: number;
  readonly to?: number;
}

export interface CallFilter {
  /** Call start, epoch seconds. */
  readonly start: Bounds;
  readonly src?: readonly NumberPattern[];
  readonly dst?: readonly NumberPattern[];
  readonly dispositions?: readonly Disposition[];
  readonly callTypes?: readonly CallType[];
  /** Seconds. */
  readonly billsec?: Bounds;
  /** Hidden when duration and billsec are both outside (guide, chapter 1 table 1). */
  readonly duration?: Bounds;
  readonly cidName?: string;
  readonly inRoute?: string;
  readonly ivr?: string;
  /** A GSM port's number. */
  readonly port?: number;
  /** Each is the source or destination trunk, by name: `96`, `pstn2`, `GSM3`. */
  readonly trunks?: readonly string[];
  /** Only calls whose `changed` is greater. */
  readonly since?: number;
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
}

/**
 * One step of a listing. `text` holds the rows: JSON objects joined by commas, CSV lines by CRLF, XML elements by line
 * feeds. No row object crosses the thread.
 */
export interface Page {
  readonly text: string;
  readonly rows: number;
  /** null: that was the last. */
  readonly next: Cursor | null;
}

export interface CountRequest<Filter> {
  readonly filter: Filter;
  readonly after: Cursor | null;
  readonly scan: number;
}

export interface Count {
  readonly rows: number;
  readonly next: Cursor | null;
}
