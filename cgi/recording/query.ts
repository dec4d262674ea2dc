/**
 * 20053: the recordings, newest first by the time in their names (guide 2.3, example 2). Those of a medium that is away
 * stay in the list and say so: `online` false behind the guide's fields, which all others have alone.
 */
import * as v from 'valibot';
import type { Field } from '../../storage/filter.ts';
import * as fields from '../fields.ts';
import { listing } from '../listing.ts';
import { bounds, dateRange, ordered } from '../range.ts';
import { verb } from '../verb.ts';

/** A row's fields in the guide's order. */
export const RECORDING_ROW: readonly Field[] = [
  ['calldate', 'time'],
  ['src', 'src'],
  ['dst', 'dst'],
  ['trunk', 'trunk'],
  ['duration', 'duration'],
  ['calltype', 'callType'],
  ['path', 'path'],
];

/** Behind them, for who asks for more: bytes, whether it is marked to be kept, and the id of its call in 9006. */
const MORE: readonly Field[] = [
  ['size', 'size'],
  ['keep', 'keep'],
  ['call', 'call'],
];

export const queryRecordings = verb({
  about: 'the recordings, newest first',
  right: 'recording.read',
  parameters: v.strictObject({
    startdate: fields.startDate,
    enddate: fields.endDate,
    src: fields.numbers,
    dst: fields.numbers,
    trunk: fields.trunk,
    calltype: fields.callTypes,
    minduration: fields.seconds,
    maxduration: fields.seconds,
    keep: fields.oneOf('0', '1'),
    limit: fields.rows(1, 'rows at most'),
    offset: fields.rows(0, 'rows to pass over'),
    cursor: fields.cursor,
    order: fields.oneOf('asc', 'desc'),
    nototal: fields.flag('without totalcount, which takes a look at everything that matches'),
    more: fields.flag('each row with its size, keep and call as well'),
  }),
  handle(parameters, { store, medium, zone, now }) {
    const range = dateRange(parameters, zone, now());
    const { src, dst, trunk, calltype, minduration, maxduration, keep, more } = parameters;
    ordered('minduration', minduration, maxduration, 'is more than maxduration');
    const filter = {
      wall: range.wall,
      present: medium.state().medium ?? null,
      duration: bounds(minduration, maxduration),
      ...(src && { src }),
      ...(dst && { dst }),
      ...(trunk !== undefined && { trunk }),
      ...(calltype && { callTypes: calltype }),
      // Not a field of each row: the guide's rows stay the guide's.
      ...(keep !== undefined && { keep: keep === '1' }),
    };
    return listing(
      store,
      'recording',
      'json_array_recordings',
      more ? [...RECORDING_ROW, ...MORE] : RECORDING_ROW,
      filter,
      range,
      parameters,
    );
  },
});
