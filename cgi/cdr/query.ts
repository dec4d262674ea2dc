/** 9006: the call report, one row a call, newest first (guide 1.3, example 2). */
import * as v from 'valibot';
import type { Field } from '../../storage/filter.ts';
import { csvOptions } from '../csv-listing.ts';
import * as fields from '../fields.ts';
import { listing } from '../listing.ts';
import { CgiError } from '../reply.ts';
import { sortField } from '../sort.ts';
import { type Services, verb } from '../verb.ts';
import { callFilter, filterOf, rangeOf } from './filter.ts';

/** A row's fields in the guide's order, then ours. */
export const CALL_ROW: readonly Field[] = [
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

export const queryCalls = verb({
  about: 'the call report, one row a call, newest first',
  right: 'cdr.read',
  parameters: v.strictObject({
    ...callFilter.entries,
    since: fields.rows(0, 'every call whose `changed` is greater, in the order in which they changed'),
    limit: fields.rows(1, 'rows at most'),
    offset: fields.rows(0, 'rows to pass over'),
    cursor: fields.cursor,
    sort: sortField,
    order: fields.oneOf('asc', 'desc'),
    nototal: fields.flag('without totalcount, which takes a look at everything that matches'),
    format: fields.oneOf('json', 'csv', 'xml'),
    ...csvOptions,
  }),
  async handle(parameters, services) {
    const { since, format = 'json' } = parameters;
    if (since !== undefined && format !== 'json')
      throw new CgiError(
        'invalid',
        'format must be json with since: what was removed has no line in another',
        'format',
      );
    if (since !== undefined && parameters.sort !== undefined)
      throw new CgiError('invalid', 'sort can’t be given with since: what changed comes in that order', 'sort');
    if (since) await needKnown(since, services.store);
    const range = rangeOf(parameters, services);
    // What changed is told in the order in which it changed, so that the last `changed` is the next `since`.
    const order = parameters.order ?? (since === undefined ? 'desc' : 'asc');
    const filter = filterOf(parameters, range, services);
    return listing(services.store, 'call', 'json_array_astcdrs', CALL_ROW, filter, range, { ...parameters, order });
  },
});

/** Who was away for so long may hold calls of whose end nobody can tell him any more. @throws {CgiError} `conflict` */
async function needKnown(since: number, store: Services['store']): Promise<void> {
  if (since < (await store.ask('removalsFrom')))
    throw new CgiError(
      'conflict',
      'since is too old: which calls went is no longer known. Ask for all of them',
      'since',
    );
}
