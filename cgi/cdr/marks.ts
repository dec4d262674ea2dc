/**
 * 30052 (ours): places along a listing of calls, so that any row of a million is near. A page shows its first rows by 9006
 * with `nototal=1` and asks this beside it; from then on it has any row at once: the cursor of the mark before it, `offset`
 * for the few rows in between, `limit` for as many as it shows.
 *
 * It comes as it is found, a mark a line, so that a client may read the lines as they come and know how many calls there
 * are so far. A mark: `row` calls stand before the place of `cursor`, in the order asked for. A filter of parts of
 * numbers that finds 20,000 calls at most has none: with so few `offset` alone is quick.
 */
import * as v from 'valibot';
import * as fields from '../fields.ts';
import type { Reply } from '../reply.ts';
import { verb } from '../verb.ts';
import { callFilter, filterOf, rangeOf } from './filter.ts';

/** Calls between two marks at least: less saves nothing, and ten million calls give some thousand. */
const APART = 1_000;

export const callMarks = verb({
  about: 'places along the call report, from which any row of it is near, and how many match',
  right: 'cdr.read',
  parameters: v.strictObject({ ...callFilter.entries, order: fields.oneOf('asc', 'desc') }),
  handle(parameters, services): Reply {
    const range = rangeOf(parameters, services);
    const filter = filterOf(parameters, range, services);
    const { order = 'desc' } = parameters;

    async function* text(): AsyncGenerator<string> {
      let rows = 0;
      let marked = 0;
      for await (const step of services.store.marks(filter, order)) {
        rows += step.rows;
        const isMark = step.next !== null && rows - marked >= APART;
        // An empty piece all the same: who writes the answer stops asking when the client is gone.
        yield isMark
          ? `${separatorAt(marked)}${JSON.stringify({ row: rows, cursor: `${step.next.key}.${step.next.id}` })}`
          : '';
        if (isMark) marked = rows;
      }
      const about = { startdate: range.startdate, enddate: range.enddate, totalcount: rows };
      yield `${marked === 0 ? BEGIN : '\n'}],"json_obj_filter":${JSON.stringify(about)}}\n`;
    }
    return { kind: 'rows', text: text() };
  },
});

const BEGIN = '{"json_array_marks":[\n';
const separatorAt = (marked: number) => (marked === 0 ? BEGIN : ',\n');
