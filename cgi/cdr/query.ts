/** 9006: the call report, one row a call, newest first (guide 1.3, example 2). */
import * as v from 'valibot';
import type { CallFilter, Field } from '../../storage/filter.ts';
import { csvOptions } from '../csv.ts';
import * as fields from '../fields.ts';
import { listing } from '../listing.ts';
import { bounds, type DateRange, dateRange, epochBounds, ordered } from '../range.ts';
import { type Services, verb } from '../verb.ts';

/** A row's fields in the guide's order, then ours. */
const ROW: readonly Field[] = [
  ['calldate', 'start'],
  ['src', 'src'],
  ['contact', 'contact'],
  ['groupname', 'group'],
  ['dst', 'dst'],
  ['channel', 'srcTrunk'],
  ['dstchannel', 'dstTrunk'],
  ['duration', 'duration'],
  ['billsec', 'billsec'],
  ['disposition', 'disposition'],
  ['userfield', 'callType'],
  ['accountcode', 'accountCode'],
  ['cidname', 'cidName'],
  ['in_route', 'cidName'],
  ['IVR', 'ivr'],
  ['Recording filename', 'recording'],
  ['UniqueID', 'uniqueId'],
  ['port', 'port'],
  ['id', 'id'],
  ['changed', 'changed'],
];

/** The filter that 9006, 9005 and 9004 share. */
export const callFilter = v.strictObject({
  startdate: fields.startDate,
  enddate: fields.endDate,
  src: fields.numbers,
  dst: fields.numbers,
  disposition: fields.dispositions,
  userfield: fields.callTypes,
  minbillsec: fields.seconds,
  maxbillsec: fields.seconds,
  minduration: fields.seconds,
  maxduration: fields.seconds,
  cidname: fields.prefix,
  in_route: fields.prefix,
  ivr: fields.prefix,
  port: fields.port,
  trunk: fields.trunk,
  since: fields.rows(0, 'every call whose `changed` is greater, in the order in which they changed'),
});

export const queryCalls = verb({
  about: 'the call report, one row a call, newest first',
  right: 'cdr.read',
  parameters: v.strictObject({
    ...callFilter.entries,
    limit: fields.rows(1, 'rows at most'),
    offset: fields.rows(0, 'rows to pass over'),
    cursor: fields.cursor,
    sort: fields.oneOf('calldate'),
    order: fields.oneOf('asc', 'desc'),
    format: fields.oneOf('json', 'csv', 'xml'),
    ...csvOptions,
  }),
  handle(parameters, services) {
    const range = rangeOf(parameters, services);
    const filter = filterOf(parameters, range, services);
    const part = { ...parameters, order: orderOf(parameters) };
    return listing(services.store, 'call', 'json_array_astcdrs', ROW, filter, range, part);
  },
});

/** What changed is told in the order in which it changed, so that the last `changed` is the next `since`. */
export function orderOf({ order, since }: { order?: 'asc' | 'desc' | undefined; since?: number | undefined }) {
  return order ?? (since === undefined ? 'desc' : 'asc');
}

type FilterParameters = v.InferOutput<typeof callFilter>;

/** Who asks what changed means every day, unless a day is named. */
export function rangeOf(parameters: FilterParameters, { zone, now }: Services): DateRange {
  const everyDay = parameters.since !== undefined && !parameters.startdate && !parameters.enddate;
  return everyDay ? { startdate: '', enddate: '', wall: {} } : dateRange(parameters, zone, now());
}

export function filterOf(parameters: FilterParameters, range: DateRange, { zone }: Services): CallFilter {
  const { src, dst, disposition, userfield, cidname, in_route, ivr, port, trunk, since } = parameters;
  const { minbillsec, maxbillsec, minduration, maxduration } = parameters;
  ordered('minbillsec', minbillsec, maxbillsec, 'is more than maxbillsec');
  ordered('minduration', minduration, maxduration, 'is more than maxduration');
  const trunks = [trunk, port && 'trunk' in port ? port.trunk : undefined].filter((name) => name !== undefined);
  return {
    start: epochBounds(range.wall, zone),
    billsec: bounds(minbillsec, maxbillsec),
    duration: bounds(minduration, maxduration),
    ...(src && { src }),
    ...(dst && { dst }),
    ...(disposition && { dispositions: disposition }),
    ...(userfield && { callTypes: userfield }),
    ...(cidname !== undefined && { cidName: cidname }),
    ...(in_route !== undefined && { inRoute: in_route }),
    ...(ivr !== undefined && { ivr }),
    ...(port && 'gsm' in port && { port: port.gsm }),
    ...(trunks.length > 0 && { trunks }),
    ...(since !== undefined && { since }),
  };
}
