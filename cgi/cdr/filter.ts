/** The filter that 9006, 9005 and 9004 share: from parameters to what the store is asked. */
import * as v from 'valibot';
import type { Bounds, CallFilter } from '../../storage/filter.ts';
import type { Zone } from '../../storage/model/local-time.ts';
import type { NumberPattern } from '../../storage/model/number-pattern.ts';
import * as fields from '../fields.ts';
import { bounds, type DateRange, dateRange, epochBounds, ordered } from '../range.ts';
import type { Services } from '../verb.ts';

export const callFilter = v.strictObject({
  startdate: fields.startDate,
  enddate: fields.endDate,
  src: fields.numbers,
  dst: fields.numbers,
  number: fields.eitherNumbers,
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
});

/** `since` is 9006's alone: what changed is a question of who polls. */
type FilterParameters = v.InferOutput<typeof callFilter> & { readonly since?: number | undefined };

/** Who asks what changed means every day, unless a day is named. */
export function rangeOf(parameters: FilterParameters, { zone, now }: Services): DateRange {
  const everyDay = parameters.since !== undefined && !parameters.startdate && !parameters.enddate;
  return everyDay ? { startdate: '', enddate: '', wall: {} } : dateRange(parameters, zone, now());
}

export function filterOf(parameters: FilterParameters, range: DateRange, { zone }: Services): CallFilter {
  const { src, dst, number, disposition, userfield, cidname, in_route, ivr, port, trunk, since } = parameters;
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
    ...(number && { number }),
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

/**
 * A filter as parameters that give it again: for people, in the list of deletions and in the audit log. Dates are the
 * box's clock; of a day that was meant by giving none the very day is told.
 */
export function filterWords(filter: CallFilter, zone: Zone): Readonly<Record<string, string>> {
  const { start, src, dst, number, dispositions, callTypes, billsec, duration, cidName, inRoute, ivr, port, trunks } =
    filter;
  const clock = (epoch: number | undefined) => epoch !== undefined && zone.text(epoch);
  const [trunk, portTrunk] = trunks ?? [];
  const words: Readonly<Record<string, string | false | undefined>> = {
    startdate: clock(start.from),
    enddate: clock(start.to),
    src: src?.map(patternText).join(','),
    dst: dst?.map(patternText).join(','),
    number: number?.map(patternText).join(','),
    disposition: dispositions?.filter((word) => word !== 'CONGESTION').join(','),
    userfield: callTypes?.join(','),
    ...boundWords('billsec', billsec),
    ...boundWords('duration', duration),
    cidname: cidName,
    in_route: inRoute,
    ivr,
    port: port?.toString() ?? portTrunk,
    trunk,
  };
  return Object.fromEntries(
    Object.entries(words).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function patternText(pattern: NumberPattern): string {
  if (pattern.kind === 'range') return `${pattern.low}-${pattern.high}`;
  return pattern.kind === 'literal' ? pattern.value : pattern.pattern;
}

function boundWords(name: string, { from, to }: Bounds = {}): Record<string, string | undefined> {
  return { [`min${name}`]: from?.toString(), [`max${name}`]: to?.toString() };
}
