/** 9005: the call report as a CSV file (guide 1.2 and figure 4; 1.3, example 3). */
import * as v from 'valibot';
import type { Field } from '../../storage/filter.ts';
import type { Zone } from '../../storage/model/local-time.ts';
import { csv, csvOptions } from '../csv-listing.ts';
import * as fields from '../fields.ts';
import { sortField } from '../sort.ts';
import { by, verb } from '../verb.ts';
import { callFilter, filterOf, filterWords, rangeOf } from './filter.ts';

/** The columns in the guide's words and order (figure 4). `Date` is when the call ended. */
export const CSV_COLUMNS: readonly Field[] = [
  ['Date', 'endUnpadded'],
  ['Source', 'src'],
  ['Destination', 'dst'],
  ['CID Prefix', 'cidName'],
  ['In_Route', 'cidName'],
  ['IVR', 'ivr'],
  ['Src. Trunk', 'srcTrunk'],
  ['Account Code', 'accountCode'],
  ['Dst. Trunk', 'dstTrunk'],
  ['Call Direction', 'callType'],
  ['Status', 'disposition'],
  ['Duration', 'duration'],
  ['Billing Duration', 'billsec'],
  ['UniqueID', 'uniqueId'],
  ['Recording Filename', 'recording'],
];

export const downloadCalls = verb({
  about: 'the call report as a CSV file, newest first',
  right: 'cdr.read',
  parameters: v.strictObject({
    ...callFilter.entries,
    limit: fields.rows(1, 'rows at most'),
    offset: fields.rows(0, 'rows to pass over'),
    sort: sortField,
    order: fields.oneOf('asc', 'desc'),
    ...csvOptions,
  }),
  lines: () => 0, // a use
  handle(parameters, services, asking) {
    const { store, zone, now, notes } = services;
    const { limit, offset = 0, sort, order = 'desc' } = parameters;
    const filter = filterOf(parameters, rangeOf(parameters, services), services);
    notes.done({ ...by(asking), action: 'calls.exported', detail: filterWords(filter, zone) });
    const part = { filter, fields: CSV_COLUMNS, sort, order, offset, ...(limit !== undefined && { limit }) };
    return csv(store, 'call', part, parameters, `CDR-${fileTime(now(), zone)}.csv`);
  },
});

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The box's clock as the guide's file names have it: `2021May07.184654`. @param now Epoch seconds. */
export function fileTime(now: number, zone: Zone): string {
  const [year, month, day, time] = zone.text(now).split(/[- ]/);
  return `${year}${MONTHS[Number(month) - 1]}${day}.${time?.replaceAll(':', '')}`;
}
