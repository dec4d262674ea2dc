/**
 * `task=listCdrIds`: so many calls from an id on, in the order of their ids, for a program that reads all of them bit by
 * bit. `flags`: 1, the ids alone; 2, times in ISO 8601 with the offset
 * from UTC that the box's clock had then.
 */
import { CgiError, json, type Reply } from '../../reply.ts';
import { AT_ONCE, cdrsById } from './cdr.ts';
import { oneOf } from './names.ts';
import { textIn, wholeIn } from './request.ts';
import type { Asked, Task } from './task.ts';

const SIZE = 100;
const SIZE_MAX = 10_000;
/** Ids looked at in a step. */
const SCAN = 1_000;
const SIMPLE = 0x01;
const ISO_8601 = 0x02;

export const listCdrIds: Task = { like: { number: 9006, right: 'cdr.read' }, handle };

async function handle({ services, sent, note }: Asked): Promise<Reply> {
  const params = oneOf(sent, ['offset', 'size', 'flags']);
  const flags = flagsOf(sent.text('flags') || textIn(params, 'flags'));
  const size = wholeIn(params, 'size') ?? SIZE;
  if (size < 1 || size > SIZE_MAX) throw new CgiError('invalid', `size must be 1 to ${SIZE_MAX}`, 'size');

  note(params);
  const rows: unknown[] = [];
  for (let from: number | null = wholeIn(params, 'offset') ?? 0; from !== null && rows.length < size; ) {
    const limit = Math.min(AT_ONCE, size - rows.length);
    const step: { readonly ids: readonly number[]; readonly next: number | null } = await services.store.ask(
      'callIds',
      {
        from,
        scan: SCAN,
        limit,
      },
    );
    if (flags & SIMPLE) rows.push(...step.ids.map(String));
    else if (step.ids.length > 0)
      for (const cdr of await cdrsById(services, step.ids)) {
        const { id, duration, connect_duration, caller, called } = cdr;
        rows.push({
          ...{ cdrId: id, calldate: timeOf(cdr.calldate, cdr.offset), callend: timeOf(cdr.callend, cdr.endOffset) },
          ...{ duration, connect_duration, caller, called },
        });
      }
    from = step.next;
  }
  return json({ success: true, cdr: rows });

  function timeOf(clock: string, offset: number): string {
    return flags & ISO_8601 ? iso(clock, offset) : clock;
  }
}

/** @param offset Seconds east of UTC. */
function iso(clock: string, offset: number): string {
  const minutes = Math.round(Math.abs(offset) / 60);
  const two = (number: number) => String(number).padStart(2, '0');
  return `${clock.replace(' ', 'T')}${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

function flagsOf(text: string): number {
  const flags = text === '' ? 0 : /^(0x0?)?[0-3]$/i.test(text) ? Number(text) : null;
  if (flags === null) throw new CgiError('invalid', 'flags must be 0, 1, 2 or 3', 'flags');
  return flags;
}
