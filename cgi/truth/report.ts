/** 30029 (ours): the truth report: calls without their recording, files without their call, damaged files, how sure each match is. */
import * as v from 'valibot';
import type { Field } from '../../storage/filter.ts';
import { codesOf, FINDINGS, TRUTH_KINDS, type TruthKind } from '../../storage/model/truth.ts';
import { csvOptions } from '../csv-listing.ts';
import * as fields from '../fields.ts';
import { listing } from '../listing.ts';
import { dateRange, epochBounds } from '../range.ts';
import { CgiError } from '../reply.ts';
import { verb } from '../verb.ts';
import { summary } from './summary.ts';

const FINDING: readonly Field[] = [
  ['code', 'code'],
  ['sure', 'sure'],
  ['reason', 'reason'],
];
/** A call, in the names of 9006; who took its file away, and when. */
const CALL: readonly Field[] = [
  ['calldate', 'time'],
  ['src', 'src'],
  ['dst', 'dst'],
  ['userfield', 'callType'],
  ['billsec', 'billsec'],
  ['Recording filename', 'path'],
  ['UniqueID', 'uniqueId'],
  ['id', 'call'],
  ...FINDING,
  ['who', 'who'],
  ['when', 'when'],
];
/** A file, in the names of 20053; the call that it is tied to. */
const FILE: readonly Field[] = [
  ['calldate', 'time'],
  ['src', 'src'],
  ['dst', 'dst'],
  ['duration', 'duration'],
  ['size', 'size'],
  ['path', 'path'],
  ...FINDING,
];
const ROWS: Readonly<Record<TruthKind, readonly Field[]>> = {
  missing: CALL,
  unknown: CALL,
  explained: CALL,
  nocall: FILE,
  broken: [...FILE, ['repairable', 'repairable']],
  match: [...FILE, ['UniqueID', 'uniqueId'], ['id', 'call'], ['apart', 'apart']],
};

const code = fields.field('only findings of this code', (text) => {
  if (text === '') return undefined;
  const plain = text.toLowerCase();
  if (!Object.hasOwn(FINDINGS, plain)) throw new fields.Wrong('must be a code that the counts show');
  return plain;
});

export const truthReport = verb({
  about: 'the truth report: how many findings of each kind; with kind the findings themselves',
  right: 'cdr.read',
  parameters: v.strictObject({
    kind: fields.oneOf(...TRUTH_KINDS),
    code,
    startdate: fields.startDate,
    enddate: fields.endDate,
    limit: fields.rows(1, 'rows at most'),
    offset: fields.rows(0, 'rows to pass over'),
    cursor: fields.cursor,
    order: fields.oneOf('asc', 'desc'),
    nototal: fields.flag('without totalcount, which takes a look at everything that matches'),
    format: fields.oneOf('json', 'csv'),
    ...csvOptions,
  }),
  handle(parameters, { store, zone, now }) {
    const { kind, code: only } = parameters;
    const range = dateRange(parameters, zone, now());
    const within = { start: epochBounds(range.wall, zone), wall: range.wall };
    if (kind === undefined) {
      const part =
        (['code', 'limit', 'offset', 'cursor', 'order'] as const).find((name) => parameters[name] !== undefined) ??
        (parameters.nototal ? 'nototal' : undefined);
      if (part) throw new CgiError('invalid', `${part} goes with kind: without it there are only counts`, part);
      return summary(store, within, range, parameters);
    }
    if (only !== undefined && FINDINGS[only]?.kind !== kind)
      throw new CgiError('invalid', `code ${only} is of the kind ${FINDINGS[only]?.kind}`, 'code');
    const filter = { kind, codes: only === undefined ? codesOf(kind) : [only], ...within };
    return listing(store, 'truth', 'json_array_truth', ROWS[kind], filter, range, parameters);
  },
});
